use notes_gen::{Document, Note, Notes, ParseNotesError, Profile, from_json, render_html, render_markdown, to_json};

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

fn document() -> Document {
    let mut document = Document::new("v1.2.3", sample());
    document.previous = Some("v1.2.2".into());
    document.repository = Some("https://github.com/example/project".parse().unwrap());
    document
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
    let mut note = Note::new(number(1), "a<b>&\u{2028}\u{2029}\t\u{1}é");
    note.do_not_publish = true;
    let notes: Notes = [note].into_iter().collect();
    let json = to_json(&notes);
    assert!(json.contains(r#""text": "a\u003cb\u003e\u0026\u2028\u2029\t\u0001é""#), "{json}");
    assert!(json.ends_with("\"pr_number\": 1,\n    \"do_not_publish\": true\n  }\n}"), "{json}");
    assert_eq!(from_json(&json).unwrap(), notes);
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
