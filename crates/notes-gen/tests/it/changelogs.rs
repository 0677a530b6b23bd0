use std::fs;

use notes_gen::changelog::{
    ArchNames, BEGIN_MARKER, ChangelogError, ChangelogFile, DownloadFile, Downloads, Draft, END_MARKER, ImageTable,
    MAX_CHANGELOG, Outcome, Section, WhenDifferent, update, update_with,
};
use notes_gen::{Document, Note, Notes, compat};
use proptest::prelude::*;

use crate::{number, shared};

fn section(tag: &str, text: &str) -> Section {
    Section::new(tag, &format!("# {tag}\n\n{text}")).unwrap()
}

fn tags(text: &str) -> Vec<String> {
    ChangelogFile::parse(text).unwrap().sections().map(|section| section.tag.to_owned()).collect()
}

/// The recorded changelogs by name.
fn recorded() -> Vec<(String, String)> {
    let Some(folder) = shared("changelogs") else { return Vec::new() };
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn recorded_files_keep_their_bytes() {
    for (name, text) in recorded() {
        let file = ChangelogFile::parse(text.as_str()).unwrap();
        assert_eq!(file.render(), text, "{name}");
        let lines: Vec<&str> = text.lines().collect();
        for section in file.sections() {
            assert_eq!(lines[section.line - 1], format!("# {}", section.tag), "{name}");
        }
        let titles = lines.iter().filter(|line| line.starts_with("# v")).count();
        assert_eq!(file.sections().count(), titles, "{name}");

        // A section of the file, written again, changes nothing; edited, it is kept.
        let newest = file.sections().next().unwrap();
        let again = Section::new(newest.tag, newest.text).unwrap();
        let outcome = update(Some(&text), &again).unwrap();
        assert_eq!((outcome.outcome, outcome.text == text), (Outcome::Unchanged, true), "{name}");

        // The next version goes on top, and nothing else below the table of contents moves.
        let next = section("v99.0.0-alpha.1", "## Changes\n\n- a");
        let updated = update(Some(&text), &next).unwrap();
        assert_eq!(updated.outcome, Outcome::Inserted, "{name}");
        let title = format!("# {}\n", newest.tag);
        let body = text.split_once(END_MARKER).unwrap().1;
        let (above, below) = body.split_at(body.find(&title).unwrap());
        let expected = format!("{above}{}\n\n\n{below}", next.markdown());
        assert_eq!(updated.text.split_once(END_MARKER).unwrap().1, expected, "{name}");
        let toc = ChangelogFile::parse(updated.text).unwrap().table_of_contents().unwrap().to_owned();
        assert!(
            toc.starts_with("\n\n- [v99.0.0-alpha.1](#v9900-alpha1)\n  - [Changes](#changes)\n- ["),
            "{name}: {toc}"
        );
    }
}

#[test]
fn recorded_tables_of_contents_are_made_again() {
    // What differs from the recorded table, and why.
    let known = [(
        "CHANGELOG-1.9.md",
        vec![(
            // The tool of that time kept `&` in anchors; GitHub does not, so its link led nowhere.
            "- [**API & API server**](#api-&-api-server)".to_owned(),
            "- [**API & API server**](#api--api-server)".to_owned(),
        )],
    )];
    for (name, text) in recorded() {
        let file = ChangelogFile::parse(text).unwrap();
        let (found, made) = (file.table_of_contents().unwrap().trim(), file.expected_table_of_contents());
        assert_eq!(found.lines().count(), made.lines().count(), "{name}");
        let differences: Vec<_> = found
            .lines()
            .zip(made.lines())
            .filter(|(found, made)| found != made)
            .map(|(found, made)| (found.trim().to_owned(), made.trim().to_owned()))
            .collect();
        println!("{name}: {} entries, {} differ", made.lines().count(), differences.len());
        let expected = known.iter().find(|(known, _)| *known == name).map(|(_, known)| known.clone());
        assert_eq!(differences, expected.unwrap_or_default(), "{name}");
    }
}

#[test]
fn the_golden_document_is_made_again() {
    let Some(folder) = shared("goldens") else { return };
    let sum = "27864cc5219a951a7a6e52b8c8dddf6981d098da1658d96258c870b2c88dfbcb51841aea172a28bafa6a79731165584677066045c959ed0f9929688d04defc29";
    let platforms = [
        ("client", "darwin-386 darwin-amd64 linux-386 linux-amd64 linux-arm linux-arm64 linux-ppc64le linux-s390x"),
        ("client", "windows-386 windows-amd64 windows-arm64"),
        ("server", "linux-amd64 linux-arm64 linux-ppc64le linux-s390x"),
        ("node", "linux-amd64 linux-arm64 linux-ppc64le linux-s390x windows-amd64"),
    ];
    let binaries = platforms.iter().flat_map(|(group, platforms)| {
        platforms.split(' ').map(move |platform| format!("kubernetes-{group}-{platform}.tar.gz"))
    });
    let mut names: Vec<String> = binaries.chain(["kubernetes-src.tar.gz".into(), "kubernetes.tar.gz".into()]).collect();
    names.reverse();
    let files = names.into_iter().map(|name| DownloadFile::new(name, sum).unwrap());
    let mut downloads = Downloads::by_name("https://dl.k8s.io".parse().unwrap(), "kubernetes", files);
    let archs = ["s390x", "ppc64le", "arm64", "amd64"].map(str::to_owned);
    let images =
        ["kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl", "conformance"];
    let pages = "https://console.cloud.google.com/artifacts/docker/k8s-artifacts-prod/southamerica-east1/images/";
    downloads.images = Some(ImageTable {
        registry: "registry.k8s.io".into(),
        browse: Some(pages.parse().unwrap()),
        arch_names: ArchNames::Suffixed,
        images: images.map(|image| (image.to_owned(), archs.clone().into())).into(),
    });

    let rows: [(&str, &str); 14] = [
        ("", "Action required note."),
        ("deprecation", "Deprecation #1."),
        ("deprecation", "This note is duplicated across SIGs."),
        ("feature", "A feature."),
        ("design", "Design change."),
        ("documentation", "Update docs."),
        ("failing-test", "Fix a failing test."),
        ("bug", "Bugfix."),
        ("bug", "- This note was prepended with a dash (-) initially."),
        ("regression", "* This note was prepended with a star (*) initially."),
        ("cleanup", "Clean up."),
        ("flake", "Fix a flakey test."),
        ("", "Uncategorized note."),
        ("hidden", "Not published."),
    ];
    let notes = rows.iter().zip(1..).map(|((kind, text), at)| {
        let mut note = Note::new(number(at), *text);
        note.markdown = (*text).into();
        note.kinds = (!kind.is_empty()).then(|| (*kind).to_owned()).into_iter().collect();
        note.action_required = at == 1;
        note.do_not_publish = *kind == "hidden";
        note
    });
    // The recorded files end in a newline, the documents do not.
    let notes = compat::render_notes(&notes.collect::<Notes>()) + "\n";
    let golden = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(notes, golden("document_without_downloads.md.golden"));
    assert_eq!(downloads.render("v1.28.1") + &notes, golden("document.md.golden"));
}

#[test]
fn a_cycle_grows_from_the_top() {
    let sum = "ab".repeat(64);
    let file = DownloadFile::new("tool.tar.gz", sum.as_str()).unwrap();
    let downloads = Downloads::by_name("https://dl.example".parse().unwrap(), "tool", [file]);
    let mut note = Note::new(number(7), "fix `x`");
    note.kinds = ["bug".to_owned()].into();
    let mut alpha = Document::new("v1.2.0-alpha.1", [note].into_iter().collect());
    alpha.previous = Some("v1.1.0".into());
    let alpha = Section::compose(&alpha, None).unwrap();
    let first = update(None, &alpha).unwrap();
    assert_eq!(first.outcome, Outcome::Created);
    insta::assert_snapshot!("first_of_cycle.md", first.text);
    // As the published ones do; snapshots say nothing of it.
    assert!(first.text.ends_with("(#7)\n"), "{}", first.text);

    let mut candidate = Document::new("v1.2.0-rc.0", Notes::new());
    candidate.previous = Some("v1.2.0-alpha.1".into());
    candidate.repository = Some("https://github.com/example/tool".parse().unwrap());
    let candidate = Section::compose(&candidate, Some(&downloads)).unwrap();
    let second = update(Some(&first.text), &candidate).unwrap();
    let draft = Draft {
        tag: "v1.2.0",
        previous: "v1.1.0",
        documentation: Some("https://docs.example"),
        markdown: "# What is new\n\nMuch.\n\n## Changes by Kind\n\n- a\n",
    };
    let official = Section::from_draft(&draft, Some(&downloads)).unwrap();
    let third = update(Some(&second.text), &official).unwrap();
    assert_eq!(third.outcome, Outcome::Inserted);
    insta::assert_snapshot!("official.md", third.text);
    assert_eq!(tags(&third.text), ["v1.2.0", "v1.2.0-rc.0", "v1.2.0-alpha.1"]);

    let bare = Section::from_draft(&draft, None).unwrap();
    assert!(
        bare.markdown().starts_with("# v1.2.0\n\n## Changelog since v1.1.0\n\n# What is new\n"),
        "{}",
        bare.markdown()
    );
}

#[test]
fn a_tag_is_written_once() {
    let wanted = section("v1.2.1", "- a\n- b");
    let old = update(None, &section("v1.2.0", "- x")).unwrap().text;
    let written = update(Some(&old), &wanted).unwrap().text;
    let again = update(Some(&written), &wanted).unwrap();
    assert_eq!((&again.outcome, &again.text), (&Outcome::Unchanged, &written));

    // Somebody edits the section: it stays, and is reported, also to a run which knows what it wrote itself.
    let edited = written.replace("- b", "- b, really");
    let line = edited.lines().position(|line| line == "- b, really").unwrap() + 1;
    for rule in [WhenDifferent::Keep, WhenDifferent::ReplaceIf(wanted.markdown())] {
        let kept = update_with(Some(&edited), &wanted, rule).unwrap();
        assert_eq!(kept.text, edited);
        let Outcome::Kept(difference) = kept.outcome else { panic!("{:?}", kept.outcome) };
        assert_eq!((difference.line, difference.found.as_deref()), (line, Some("- b, really")));
        assert_eq!(difference.wanted.as_deref(), Some("- b"));
    }
    let replaced = update_with(Some(&edited), &wanted, WhenDifferent::Replace).unwrap();
    assert_eq!((replaced.outcome, &replaced.text), (Outcome::Replaced, &written));

    // The run itself has new notes: what it wrote before gives way.
    let renewed = section("v1.2.1", "- a\n- b\n- c");
    let replaced = update_with(Some(&written), &renewed, WhenDifferent::ReplaceIf(wanted.markdown())).unwrap();
    assert_eq!(replaced.outcome, Outcome::Replaced);
    assert_eq!(replaced.text, written.replace("- b\n", "- b\n- c\n"));

    // An edit elsewhere stays beside the new section.
    let elsewhere = old.replace("- x", "- x, really");
    let rebased = update(Some(&elsewhere), &wanted).unwrap();
    assert_eq!(rebased.text, written.replace("- x", "- x, really"));

    let crlf = written.replace('\n', "\r\n");
    let again = update(Some(&crlf), &wanted).unwrap();
    assert_eq!((again.outcome, again.text), (Outcome::Unchanged, crlf));
}

#[test]
fn a_version_is_one_however_it_is_spelled() {
    let old = "# 1.2.1\n\n- a\n\n\n# v1.2.0\n\n- x\n";
    let wanted = section("v1.2.1", "- a");
    let kept = update(Some(old), &wanted).unwrap();
    assert!(matches!(&kept.outcome, Outcome::Kept(difference) if difference.line == 1), "{:?}", kept.outcome);
    assert_eq!(kept.text, old);
    let replaced = update_with(Some(old), &wanted, WhenDifferent::Replace).unwrap();
    assert_eq!((replaced.outcome, tags(&replaced.text)), (Outcome::Replaced, vec!["v1.2.1".into(), "v1.2.0".into()]));
    let twice = "# v1.2.1\n\n# v1.2.0\n\n# 1.2.1\n";
    let error = update(Some(twice), &wanted).unwrap_err();
    assert_eq!(error, ChangelogError::RepeatedSection { tag: "v1.2.1".into(), first: 1, second: 5 });

    for (text, expected) in [
        (old, None),
        (twice, Some(("v1.2.1", 1, "1.2.1", 5))),
        ("# v1.2.1\n\n# v1.2.1\n", Some(("v1.2.1", 1, "v1.2.1", 3))),
        ("# a/v1.2.1\n\n# v1.2.1\n\n# b/v1.2.1\n\n# a/1.2.1\n", Some(("a/v1.2.1", 1, "a/1.2.1", 7))),
        ("# v1.2.1-rc.1\n\n# v1.2.1\n", None),
    ] {
        let file = ChangelogFile::parse(text).unwrap();
        let found = file.repeated().map(|(a, b)| (a.tag, a.line, b.tag, b.line));
        assert_eq!(found, expected, "{text}");
    }
    // Components keep versions of their own.
    let beside = update(Some("# a/v1.2.1\n\n- a\n"), &section("b/v1.2.1", "- b")).unwrap();
    assert_eq!((beside.outcome, tags(&beside.text).len()), (Outcome::Inserted, 2));
}

#[test]
fn odd_files() {
    let wanted = section("v1.2.1", "- a");
    let region = format!("{BEGIN_MARKER}\n\n- [v1.2.1](#v121)\n- [v1.2.0](#v120)\n\n{END_MARKER}");
    let cases = [
        ("no markers", "# v1.2.0\n\n- x\n", format!("{region}\n\n# v1.2.1\n\n- a\n\n\n# v1.2.0\n\n- x\n")),
        (
            "no newline below the markers",
            &format!("{BEGIN_MARKER}\n{END_MARKER}\n# v1.2.0"),
            format!("{region}\n# v1.2.1\n\n- a\n\n\n# v1.2.0"),
        ),
        (
            "title in a code block",
            "# v1.2.0\n\n```\n# v1.2.1\n```\n",
            format!("{region}\n\n# v1.2.1\n\n- a\n\n\n# v1.2.0\n\n```\n# v1.2.1\n```\n"),
        ),
        (
            "markers in a code block",
            &format!("# v1.2.0\n\n```\n{BEGIN_MARKER}\n{BEGIN_MARKER}\n```\n"),
            format!("{region}\n\n# v1.2.1\n\n- a\n\n\n# v1.2.0\n\n```\n{BEGIN_MARKER}\n{BEGIN_MARKER}\n```\n"),
        ),
        (
            "text above the sections",
            "Text.\n",
            format!("{BEGIN_MARKER}\n\n- [v1.2.1](#v121)\n\n{END_MARKER}\n\nText.\n\n# v1.2.1\n\n- a\n"),
        ),
        (
            "headings and an open element inside of the old table",
            &format!("{BEGIN_MARKER}\n# v1.2.1\n\n<pre>\n{END_MARKER}\n\n# v1.2.0"),
            format!("{region}\n\n# v1.2.1\n\n- a\n\n\n# v1.2.0"),
        ),
        ("empty", "", format!("{BEGIN_MARKER}\n\n- [v1.2.1](#v121)\n\n{END_MARKER}\n\n# v1.2.1\n\n- a\n")),
    ];
    for (name, text, expected) in cases {
        let updated = update(Some(text), &wanted).unwrap();
        assert_eq!(updated.text, expected, "{name}");
        assert_eq!(update(Some(&updated.text), &wanted).unwrap().outcome, Outcome::Unchanged, "{name}");
    }
    let lowest = update(Some("# v1.2.3\n\n- x"), &wanted).unwrap().text;
    assert!(lowest.ends_with("# v1.2.3\n\n- x\n\n\n# v1.2.1\n\n- a\n"), "{lowest}");
}

#[test]
fn broken_files_are_refused() {
    let tag = "v1.2.1".to_owned();
    let repeated = |marker, line| ChangelogError::RepeatedMarker { marker, line };
    let unpaired = |marker, line| ChangelogError::UnpairedMarker { marker, line };
    let cases = [
        ("two beginnings", format!("{BEGIN_MARKER}\n{BEGIN_MARKER}\n{END_MARKER}\n"), repeated(BEGIN_MARKER, 2)),
        ("two ends", format!("{BEGIN_MARKER}\n{END_MARKER}\n\n{END_MARKER}\n"), repeated(END_MARKER, 4)),
        ("no end", format!("a\n\n{BEGIN_MARKER}\n"), unpaired(BEGIN_MARKER, 3)),
        ("no beginning", format!("a\n\n{END_MARKER}\n"), unpaired(END_MARKER, 3)),
        ("swapped", format!("{END_MARKER}\n{BEGIN_MARKER}\n"), unpaired(END_MARKER, 1)),
        (
            "section twice",
            "# v1.2.1\n\n# v1.2.0\n\n# v1.2.1\n".to_owned(),
            ChangelogError::RepeatedSection { tag: tag.clone(), first: 1, second: 5 },
        ),
        ("open block above", "# v1.2.3\n\n```\n".to_owned(), ChangelogError::Hidden { tag: tag.clone() }),
        ("huge", " ".repeat(MAX_CHANGELOG + 1), ChangelogError::TooLarge { bytes: MAX_CHANGELOG + 1 }),
    ];
    for (name, text, expected) in cases {
        assert_eq!(update(Some(&text), &section(&tag, "- a")).unwrap_err(), expected, "{name}");
    }
}

/// Pieces of which files, and worse, are made.
const PIECES: &str = "( ?<!-- BEGIN MUNGE: GENERATED_TOC -->\n|<!-- END MUNGE: GENERATED_TOC -->\n|\n# v1\\.[0-3]\\.[0-9]\n|\n#+ |```|~~~\n|<!--|-->|<pre>|> |- |\\[|\\]\\(|===|\r?\n|\t|    | |\\PC|\0){0,40}";

proptest! {
    #[test]
    fn any_file_is_updated_or_refused(text in PIECES, notes in PIECES) {
        if let Ok(file) = ChangelogFile::parse(text.as_str()) {
            prop_assert_eq!(file.render(), &text);
            let joined: String = file.sections().map(|section| section.text).collect();
            prop_assert!(text.ends_with(&joined), "{:?}", joined);
        }
        let Ok(wanted) = Section::new("v1.2.0", &format!("# v1.2.0\n{notes}")) else { return Ok(()) };
        if let Ok(first) = update(Some(&text), &wanted) {
            if !first.outcome.is_changed() {
                prop_assert_eq!(&first.text, &text);
                return Ok(());
            }
            let second = update(Some(&first.text), &wanted).unwrap();
            prop_assert_eq!(&second.outcome, &Outcome::Unchanged, "{:?}", first.text);
            prop_assert_eq!(&second.text, &first.text);
            let file = ChangelogFile::parse(first.text.as_str()).unwrap();
            let (toc, expected) = (file.table_of_contents().unwrap(), file.expected_table_of_contents());
            prop_assert_eq!(toc, format!("\n\n{expected}\n"));
            prop_assert!(!expected.contains("(#)"));
        }
    }

    #[test]
    fn the_order_of_updates_does_not_matter(mut versions in proptest::collection::btree_set((0u64..3, 0u64..12, 0u64..3), 1..8), shuffle in any::<u64>()) {
        let all: Vec<Section> = std::mem::take(&mut versions)
            .into_iter()
            .map(|(minor, patch, pre)| {
                let tag = if pre == 0 { format!("v1.{minor}.{patch}") } else { format!("v1.{minor}.{patch}-rc.{}", pre + 8) };
                section(&tag, "## Changes by Kind\n\n### Feature\n\n- a")
            })
            .collect();
        let mut shuffled: Vec<&Section> = all.iter().collect();
        shuffled.sort_by_key(|it| it.tag().bytes().fold(shuffle | 1, |hash, byte| hash.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte)));
        let build = |sections: &[&Section]| {
            sections.iter().fold(None, |text: Option<String>, it| Some(update(text.as_deref(), it).unwrap().text)).unwrap()
        };
        let text = build(&shuffled);
        prop_assert_eq!(&text, &build(&all.iter().collect::<Vec<_>>()));
        prop_assert_eq!(tags(&text).len(), all.len());
    }
}

/// Of 20,000 titles the last one's line was found by counting from the top, as was that of each one before.
#[test]
fn many_sections_take_little_time() {
    let text = "# v1.2.3\n".repeat(20_000);
    let file = ChangelogFile::parse(text).unwrap();
    let lines: Vec<usize> = file.sections().map(|section| section.line).collect();
    assert!(lines.iter().copied().eq(1..=20_000));
}
