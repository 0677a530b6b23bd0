//! Whatever comes from outside is read or refused, in bounded time, without a panic.

use std::time::{Duration, Instant};

use notes_gen::check::{LintOptions, TenseRule, check, lint};
use notes_gen::cve::{CveRecord, parse_embargo};
use notes_gen::maps::{ApplyOptions, MapFile, Maps, NoteMap, Session, derive_map, render_map};
use notes_gen::{
    CommitId, Documentation, DocumentationKind, Fallback, MAX_YAML, Note, Notes, Profile, PullRequest, documentation,
    extract, pull_numbers, select,
};
use proptest::prelude::*;

use crate::{commit, number};

/// Text that YAML, Markdown and terminals find hard.
fn text() -> impl Strategy<Value = String> {
    "([ -~]|\n|\r|\t|\0|\u{85}|\u{2028}|\u{202e}|\u{feff}|\u{fffe}|[a-zé日😀]|: |# |- |\\||>|\"|'|\\\\|%|@|&|\\*|!|null|true|1e3|---\n|\\.\\.\\.\n|  ){0,30}"
}

fn note() -> impl Strategy<Value = Note> {
    let words = || proptest::collection::vec(text(), 0..3);
    let links = proptest::collection::vec((text(), "https?://[a-z]{1,5}/[a-z:# ]{0,8}", text()), 0..2);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (text(), text(), words(), words(), words(), links, flags).prop_map(
        |(text, author, areas, kinds, sigs, links, flags)| {
            let mut note = Note::new(number(7), format!("x{text}"));
            note.author = author;
            (note.areas, note.kinds, note.sigs) = (areas, kinds, sigs);
            (note.feature, note.action_required, note.do_not_publish) = flags;
            let link = |(description, url, kind): (String, String, String)| Documentation {
                description,
                url,
                kind: DocumentationKind::from(kind),
            };
            note.documentation = links.into_iter().map(link).collect();
            note
        },
    )
}

/// YAML that is nearly a map file.
const PIECES: &str = "(pr: |[0-9]{1,3}|releasenote:|\n|  |text: |kinds: |\\[|\\]|\\{|\\}|, |- |datafields:|cve:|id: |score: |embargo: |2026-12-01|\
                      \"|'|\\||>|&a |\\*a|!!str |---\n|# |%YAML 1.2\n|\\?|: |[a-z]|\\PC|\t){0,60}";

proptest! {
    #[test]
    fn any_map_file_is_read_or_refused(text in PIECES) {
        match MapFile::parse("m.yaml", &text) {
            Ok(file) => {
                for map in file.maps() {
                    let again = MapFile::parse("m.yaml", &render_map(map, None));
                    let Ok(again) = again else { panic!("{text:?}: {}", render_map(map, None)) };
                    prop_assert!(again.maps()[0].says_the_same(map), "{:?}", render_map(map, None));
                }
                let mut notes: Notes = [Note::new(number(1), "x")].into_iter().collect();
                let now = "2026-11-25T00:00:00Z".parse().unwrap();
                let maps = Maps::new(vec![vec![file]]);
                if maps.apply(&mut notes, &ApplyOptions::new(&Profile::default(), now)).is_ok() {
                    let once = notes.clone();
                    maps.apply(&mut notes, &ApplyOptions::new(&Profile::default(), now)).unwrap();
                    prop_assert_eq!(once, notes);
                }
            }
            Err(error) => {
                prop_assert!(error.line <= text.lines().count() + 1, "{}", error);
            }
        }
    }

    #[test]
    fn written_maps_read_back(before in note(), after in note(), body in text(), cve in proptest::option::of(text())) {
        let mut map = derive_map(&before, &after);
        if map.text.as_deref().is_some_and(|text| text.trim().is_empty()) {
            map.text = None;
        }
        map.pr_body = Some(body);
        map.cve = cve.map(|text| {
            let mut record = CveRecord::new("CVE-2026-1");
            record.title = text.trim().to_owned();
            record.description = text.trim().to_owned();
            record.linked_pulls = vec![number(3)];
            record
        });
        for shown in [None, Some(&before)] {
            let text = render_map(&map, shown);
            let read = MapFile::parse("m.yaml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            prop_assert_eq!(read.maps().len(), 1);
            prop_assert!(read.maps()[0].says_the_same(&map), "{:#?}\n{:#?}\n{}", read.maps()[0], map, text);
        }
    }

    #[test]
    fn any_profile_is_read_or_refused(text in "(labels:|group: |sig/|kinds:|- name: |title: |counts: |\n|  |\\[|\\]|\\{|\\}|fallbacks: |title|trailer|[a-z]|\\PC|\"|: ){0,40}") {
        Profile::parse(&text).ok();
    }

    #[test]
    fn any_session_is_read_or_refused(text in "(\\{|\\}|\\[|\\]|\"(mail|name|date|prs|nr|hash)\"|:|,|[0-9]{1,20}|\"[a-z]{0,5}\"){0,30}") {
        if let Ok(session) = Session::parse(&text) {
            prop_assert_eq!(Session::parse(&session.render()).unwrap(), session);
        }
    }

    #[test]
    fn any_pull_request_is_checked(title in text(), body in text(), inner in text(), labels in proptest::collection::vec("(kind/|sig/)?[a-z-]{0,8}|release-note-none", 0..4)) {
        let mut profile = Profile::default();
        profile.fallbacks = vec![Fallback::Trailer, Fallback::Conventional, Fallback::TitlePrefix, Fallback::Title];
        let mut pull = PullRequest::new(number(1), title);
        pull.labels = labels;
        for body in [body.clone(), format!("{body}\n```release-note\n{inner}\n```\n"), format!("Release-Note: {inner}")] {
            let lines = body.lines().count();
            pull.body = Some(body);
            let report = check(&pull, &profile);
            for finding in &report.findings {
                prop_assert!(finding.line.is_none_or(|line| (1..=lines + 1).contains(&line)), "{:?}", finding);
                prop_assert!(!finding.message.chars().any(char::is_control), "{:?}", finding);
            }
        }
    }

    #[test]
    fn any_embargo_is_read_or_refused(text in "[0-9TZ:+ -]{0,30}|\\PC{0,20}") {
        parse_embargo(&text);
    }

    #[test]
    fn any_note_is_linted(note in note()) {
        let mut options = LintOptions::default();
        options.tense = TenseRule::Past;
        let notes: Notes = [note].into_iter().collect();
        lint(&notes, &Profile::default(), &options);
    }
}

/// Runs a step that must not take long, whatever it is given.
fn soon<T>(what: &str, step: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = step();
    // Generous, for machines that build other things meanwhile; what is quadratic takes minutes.
    assert!(start.elapsed() < Duration::from_secs(20), "{what} took {:?}", start.elapsed());
    result
}

#[test]
fn megabytes_are_read_in_time() {
    let profile = Profile::default();
    let mut all = profile.clone();
    all.fallbacks = vec![Fallback::Trailer, Fallback::Conventional, Fallback::TitlePrefix, Fallback::Title];
    let repeated = [
        "x",
        "\n",
        "\0",
        "\u{202e}",
        "```release-note\n",
        "```release-note\n```x\n",
        "```\n````x\n```\n",
        "```y\n```x\n```\n",
        "<!-- ",
        "-->",
        "`",
        "~~~\n",
        "* ",
        "- a\n",
        "Release-Note: x\n",
        "BREAKING CHANGE: y\n",
        "Reverts a/b#1\n",
        "This reverts commit 0123456.\n",
        "Cherry pick of #1 ",
        "feat(",
        "[action required] ",
        "https://x.y ",
        "<a ",
        "&amp;",
    ];
    for piece in repeated {
        let body = piece.repeat((1 << 20) / piece.len());
        let block = format!("```release-note\n{body}\n```\n```docs\n{body}\n```");
        soon(piece, || {
            extract(&block, &profile);
            documentation(&block, &profile);
            let mut pull = PullRequest::new(number(1), body.chars().take(100_000).collect::<String>());
            pull.body = Some(block);
            check(&pull, &all);
            pull_numbers(&body);
            let mut history = [commit("a s: x"), commit("b a: y (#2)")];
            history[1].message = format!("y (#2)\n\n{body}");
            select(&history, &CommitId::new("b")).unwrap();
        });
    }
}

#[test]
fn yaml_bombs_are_refused() {
    let aliases = (b'a'..=b'j').fold("a: &a [x]\n".to_owned(), |text, name| {
        let (old, new) = (char::from(name), char::from(name + 1));
        format!("{text}{new}: &{new} [{}]\n", vec![format!("*{old}"); 10].join(", "))
    });
    let deep = format!("pr: 1\ndatafields: {}", "{a: ".repeat(200_000));
    let block: String = (0..2000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let large = format!("pr: 1\npr_body: \"{}\"\n", "x".repeat(MAX_YAML));
    let keys: String = (0..200_000).map(|n| format!("k{n}: 1\n")).collect();
    for (name, text) in [("aliases", &aliases), ("deep", &deep), ("block", &block), ("large", &large), ("keys", &keys)]
    {
        soon(name, || MapFile::parse("m.yaml", text).unwrap_err());
        soon(name, || Profile::parse(text).unwrap_err());
    }
    // As much as is allowed is read.
    let documents: String = (1..=40_000).map(|n| format!("---\npr: {n}\nreleasenote: {{text: t}}\n")).collect();
    assert_eq!(soon("documents", || MapFile::parse("m.yaml", &documents).unwrap()).maps().len(), 40_000);
    let body = format!("pr: 1\npr_body: \"{}\"\n", "x".repeat(MAX_YAML - 100));
    let file = soon("body", || MapFile::parse("m.yaml", &body).unwrap());
    assert!(file.maps()[0].says_the_same(&{
        let mut map = NoteMap::new(number(1));
        map.pr_body = Some("x".repeat(MAX_YAML - 100));
        map
    }));
}
