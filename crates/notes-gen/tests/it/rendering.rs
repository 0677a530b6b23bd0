use notes_gen::changelog::{ArchNames, DownloadFile, Downloads, ImageTable};
use notes_gen::compat::Edition;
use notes_gen::cve::{Cve, CveRecord, Cvss};
use notes_gen::{
    Compat, Document, Documentation, DocumentationKind, JsonForm, Layout, LinkStyle, Note, Notes, ParseNotesError,
    Part, Profile, RenderOptions, from_json, html_page, merge_notes, render, render_html, render_markdown, to_json,
    to_json_form,
};

use crate::number;

fn sample() -> Notes {
    let rows: &[(u64, &str, &[&str], bool)] = &[
        (9, "add a feature:\n- with a list\n- of two", &["feature"], false),
        (100, "remove `x` <script>alert(1)</script> & \"more\"", &["bug", "deprecation"], false),
        (20, "run [this](javascript:alert(1)) before you upgrade", &["api-change", "bug"], true),
        (3, "see [the page](https://example.org/?a=1&b=2)", &["foo-bar"], false),
    ];
    let made = rows.iter().map(|(n, text, kinds, action)| {
        let mut note = Note::new(number(*n), *text);
        note.commit = format!("{n:040}");
        note.author = "someone".into();
        note.author_url = "https://github.com/someone".into();
        note.pr_url = format!("https://github.com/example/project/pull/{n}");
        note.kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        note.duplicate_kind = kinds.len() > 1;
        note.action_required = *action;
        note.sigs = vec!["api-machinery".into()];
        note.refresh_markdown(&Profile::default());
        note
    });
    made.collect()
}

pub(crate) fn document() -> Document {
    let mut document = Document::new("v1.2.3", sample());
    document.previous = Some("v1.2.2".into());
    document.repository = Some("https://github.com/example/project".parse().unwrap());
    document
}

fn cve(id: &str, vector: &str) -> Cve {
    let cvss: Cvss = vector.parse().unwrap();
    let mut record = CveRecord::new(id);
    record.title = "a way into <everything>".into();
    record.description = "Whoever can do `x`\n# can do `y`, too.".into();
    record.vector = vector.into();
    record.score = cvss.score().to_string();
    record.rating = cvss.score().rating().to_string();
    record.issue = "https://github.com/example/project/issues/1".into();
    record.check(Some(number(20))).unwrap()
}

/// A document with all parts.
pub(crate) fn full() -> Document {
    let mut full = document();
    let mut fix = full.notes.get(number(3)).unwrap().clone();
    fix.kinds = vec!["bug".into()];
    fix.documentation = vec![Documentation {
        description: "[KEP]".into(),
        url: "https://github.com/kubernetes/enhancements/tree/x".into(),
        kind: DocumentationKind::Kep,
    }];
    let mut twin = fix.clone();
    twin.pr_number = number(4);
    twin.pr_url = "https://github.com/example/project/pull/4".into();
    let kept = [9, 20].map(|n| full.notes.get(number(n)).unwrap().clone());
    full.notes = kept.into_iter().chain([fix, twin]).collect();
    let file = DownloadFile::new("tool.tar.gz", "ab".repeat(64)).unwrap();
    let mut downloads = Downloads::by_name("https://dl.example".parse().unwrap(), "tool", [file]);
    downloads.images = Some(ImageTable {
        registry: "registry.example".into(),
        browse: Some("https://images.example".parse().unwrap()),
        arch_names: ArchNames::Suffixed,
        images: [("tool".to_owned(), ["arm64", "amd64"].map(str::to_owned).into())].into(),
    });
    full.downloads = Some(downloads);
    let critical = cve("CVE-2026-1000", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H");
    let medium = cve("CVE-2026-999", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N");
    full.cves = vec![critical.clone(), medium, critical];
    full.dependencies = Some("## Dependencies\n\n### Added\n- example.org/a: v1.0.0\n".into());
    full
}

#[test]
fn documents() {
    insta::assert_snapshot!("document.md", render_markdown(&document()));
    let html = render_html(&document());
    assert!(!html.contains("<script") && !html.contains("href=\"javascript"), "{html}");
    insta::assert_snapshot!("document.html", html);
    insta::assert_snapshot!("document.json", to_json(&sample()));
}

#[test]
fn layouts() {
    let rows = [
        ("draft", Layout::Draft, Compat::Corrected),
        ("stand-alone", Layout::StandAlone, Compat::Corrected),
        ("changelog", Layout::Changelog, Compat::Corrected),
        ("strict-stand-alone", Layout::StandAlone, Compat::Strict(Edition::Y2026)),
        ("strict-changelog", Layout::Changelog, Compat::Strict(Edition::Y2026)),
        ("strict-default-2020", Layout::Draft, Compat::Strict(Edition::Y2020)),
        ("strict-changelog-2020", Layout::Changelog, Compat::Strict(Edition::Y2020)),
    ];
    let mut document = full();
    document.notes = document
        .notes
        .iter()
        .cloned()
        .map(|mut note| {
            note.refresh_markdown(&Profile::default());
            // Otherwise the original would not take it for urgent.
            note.duplicate_kind = false;
            note
        })
        .collect();
    for (name, layout, compat) in rows {
        let mut options = RenderOptions::new(layout);
        options.compat = compat;
        // Blanks at the ends of lines are part of the original's bytes.
        let text = render(&document, &options)
            .lines()
            .map(|line| format!("{}{}\n", line.trim_end(), "·".repeat(line.len() - line.trim_end().len())))
            .collect::<String>();
        insta::assert_snapshot!(format!("layout-{name}.md"), text);
    }
}

#[test]
fn parts_are_chosen_and_ordered() {
    let headings = |options: &RenderOptions| -> Vec<String> {
        let text = render(&full(), options);
        text.lines().filter(|line| line.starts_with("# ") || line.starts_with("## ")).map(str::to_owned).collect()
    };
    let mut options = RenderOptions::new(Layout::Page);
    options.parts = vec![Part::Changes, Part::Title, Part::Urgent];
    assert_eq!(headings(&options), ["## Changes by Kind", "# v1.2.3", "## Urgent Upgrade Notes"]);
    let options = RenderOptions::new(Layout::Draft).without(Part::Security).without(Part::Urgent);
    assert_eq!(headings(&options), ["## Changes by Kind"]);

    let options = RenderOptions::new(Layout::Changelog).with_table_of_contents();
    let text = render(&full(), &options);
    let toc = "# v1.2.3\n\n- [v1.2.3](#v123)\n  - [Downloads for v1.2.3](#downloads-for-v123)\n    - [Source Code](#source-code)\n    \
               - [Container Images](#container-images)\n  - [Changelog since v1.2.2](#changelog-since-v122)\n";
    assert!(text.starts_with(toc), "{text}");
    // Every entry leads somewhere on the page.
    let html = html_page("v1.2.3", &text);
    let mut entries = 0;
    for anchor in html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(html.contains(&format!(" id=\"{anchor}\"")), "{anchor}: {html}");
        entries += 1;
    }
    assert_eq!(entries, text.matches("](#").count());
    let options = RenderOptions::new(Layout::StandAlone).with_table_of_contents();
    assert!(render(&full(), &options).starts_with("- [Downloads for v1.2.3](#downloads-for-v123)\n"));

    let mut options = RenderOptions::new(Layout::Changelog);
    options.parts.insert(1, Part::Documentation);
    assert!(
        render(&full(), &options).starts_with("# v1.2.3\n\n[Documentation](https://docs.k8s.io)\n\n## Downloads for")
    );
}

#[test]
fn links_are_on_or_off() {
    let mut options = RenderOptions::new(Layout::Draft);
    assert!(render(&full(), &options).contains(
        "- See [the page](https://example.org/?a=1&b=2) ([#3](https://github.com/example/project/pull/3), \
         [#4](https://github.com/example/project/pull/4), [@someone](https://github.com/someone)) [SIG API Machinery]\n  \
         - [KEP](https://github.com/kubernetes/enhancements/tree/x)"
    ));
    options.profile.links = LinkStyle::Plain;
    assert!(render(&full(), &options).contains(
        "- See [the page](https://example.org/?a=1&b=2) (#3, #4, @someone) [SIG API Machinery]\n  \
         - KEP: https://github.com/kubernetes/enhancements/tree/x"
    ));
}

#[test]
fn hostile_records_stay_in_their_place() {
    let mut note = Note::new(number(1), "a\n\n```\nb");
    note.author = "x](https://evil.example)<script>".into();
    note.author_url = "javascript:alert(1)".into();
    note.pr_url = "https://forge.example/a) [b](https://evil.example".into();
    note.sigs = vec!["<img src=x>".into(), "a](b".into()];
    note.kinds = vec!["x\n# y".into()];
    note.documentation = ["javascript:alert(1)", "https://a.example/b)(c see https://d.example."]
        .map(|url| Documentation {
            description: "[<b>\n# c".into(),
            url: url.into(),
            kind: DocumentationKind::External,
        })
        .into();
    let mut document = Document::new("v1\n# v2 <b>", [note].into_iter().collect());
    document.previous = Some("v0](x)\n<!--".into());
    let markdown = render_markdown(&document);
    insta::assert_snapshot!("hostile.md", markdown);
    insta::assert_snapshot!("hostile.html", notes_gen::html_body(&markdown));
}

#[test]
fn documents_without_notes() {
    let mut document = Document::new("v1.2.3 <b>", Notes::new());
    assert_eq!(render_markdown(&document), "# v1.2.3 \\<b\\>\n\nNo change of this release carries a release note.");
    assert!(render_html(&document).contains("<title>v1.2.3 &lt;b&gt;</title>"));
    document.previous = Some("v1.2.2".into());
    assert!(render_markdown(&document).contains("\n\n## Changelog since v1.2.2\n\n"));
    assert_eq!(to_json(&Notes::new()), "{}");
}

#[test]
fn json_round_trips() {
    assert_eq!(from_json(&to_json(&sample())).unwrap(), sample());
    let mut note = Note::new(number(1), "a<b>&\u{2028}\u{2029}\t\u{1}é\u{7f}");
    note.do_not_publish = true;
    note.sigs = ["storage", "apps"].map(str::to_owned).into();
    note.release_version = "v1.18.4".into();
    note.data_fields =
        [("cve".to_owned(), serde_json::json!({"id": "CVE-2020-8555", "linkedPRs": [], "score": 5.2}))].into();
    let notes: Notes = [note].into_iter().collect();
    let json = to_json(&notes);
    assert!(json.contains(r#""text": "a\u003cb\u003e\u0026\u2028\u2029\t\u0001é"#), "{json}");
    let tail = r#"    "pr_number": 1,
    "sigs": [
      "storage",
      "apps"
    ],
    "release_version": "v1.18.4",
    "data_fields": {
      "cve": {
        "id": "CVE-2020-8555",
        "linkedPRs": [],
        "score": 5.2
      }
    },
    "do_not_publish": true
  }
}"#;
    assert!(json.ends_with(tail), "{json}");
    for form in [JsonForm::Draft, JsonForm::StandAlone, JsonForm::Website] {
        assert_eq!(from_json(&to_json_form(&notes, form)).unwrap(), notes, "{form:?}");
    }
    assert_eq!(to_json_form(&notes, JsonForm::StandAlone), format!("{json}\n"));
    let line = to_json_form(&notes, JsonForm::Website);
    assert!(line.starts_with(r#"{"1":{"commit":"","text":"a\u003c"#) && !line.contains('\n'), "{line}");
    let nulls = json.replace("[\n      \"storage\",\n      \"apps\"\n    ]", "null");
    assert!(from_json(&nulls).unwrap().get(number(1)).unwrap().sigs.is_empty());
}

#[test]
fn an_older_file_is_merged() {
    let notes = |rows: &[(u64, &str)]| rows.iter().map(|(n, text)| Note::new(number(*n), *text)).collect::<Notes>();
    let (older, newer) = (notes(&[(1, "old"), (2, "old"), (3, "reverted")]), notes(&[(2, "new"), (4, "new")]));
    let merged = |gone: &[u64]| merge_notes(&older, &newer, &gone.iter().map(|n| number(*n)).collect());
    assert_eq!(merged(&[]), notes(&[(1, "old"), (2, "new"), (3, "reverted"), (4, "new")]));
    assert_eq!(merged(&[3]), notes(&[(1, "old"), (2, "new"), (4, "new")]));
    assert_eq!(merged(&[4]), merged(&[]), "what is new is there");
}

#[test]
fn bad_json_is_refused() {
    let cases = [("", 1), ("{\n\"1\": {}}", 2), ("[]", 1), ("{\"0\": 1}", 1)];
    for (json, line) in cases {
        let error = from_json(json).unwrap_err();
        assert!(matches!(error, ParseNotesError::Malformed { line: at, .. } if at == line), "{json}: {error:?}");
    }
    let other = to_json(&sample()).replace("\"9\"", "\"8\"");
    assert!(matches!(from_json(&other), Err(ParseNotesError::KeyMismatch { key, .. }) if key == "8"));
}
