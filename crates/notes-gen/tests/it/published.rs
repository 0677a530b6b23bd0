//! Notes that were published over the years: read, written again, compared with their Markdown.

use std::collections::BTreeSet;
use std::fs;

use notes_gen::compat::Edition;
use notes_gen::{Compat, Document, JsonForm, Layout, RenderOptions, from_json, html_page, render, to_json_form};

use crate::shared;

/// JSON without the blank space between its tokens; its strings keep their bytes.
fn without_layout(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |c: &char| {
        if in_string {
            in_string = escaped || *c != '"';
            escaped = !escaped && *c == '\\';
            return true;
        }
        in_string = *c == '"';
        !c.is_whitespace()
    };
    json.chars().filter(keep).collect()
}

#[test]
fn published_notes_are_read_and_written_again() {
    let [Some(site), Some(drafts)] = ["release-notes-json", "release-notes-drafts"].map(shared) else { return };
    let paths = [site, drafts].into_iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let mut read = 0;
    for path in paths.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|it| it == "json"))
    {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let notes = from_json(&text).unwrap();
        // All went through a formatter, which puts short lists on one line and changes nothing else.
        let theirs = without_layout(&text);
        let is_written = |json: &str| to_json_form(&from_json(json).unwrap(), JsonForm::Website) == json;
        if name == "release-notes-1.19.0.json" {
            // Two parts, joined by hand: the keys begin anew in the middle.
            let (first, second) = theirs.split_once(",\"89069\":").unwrap();
            assert!(is_written(&format!("{first}}}")) && is_written(&format!("{{\"89069\":{second}")), "{name}");
        } else {
            assert!(is_written(&theirs), "{name}");
        }
        read += notes.len();
        for compat in [Compat::Corrected, Compat::Strict(Edition::Y2020)] {
            let mut options = RenderOptions::new(Layout::Changelog);
            options.compat = compat;
            let html = html_page("v1.2.3", &render(&Document::new("v1.2.3", notes.clone()), &options));
            assert!(!html.contains("<script") && !html.contains("<!--"), "{name}");
        }
    }
    assert_eq!(read, 1982);
}

#[test]
fn the_draft_of_1_20() {
    let Some(folder) = shared("release-notes-drafts") else { return };
    let markdown = fs::read_to_string(folder.join("release-1.20.md")).unwrap();
    let notes = from_json(&fs::read_to_string(folder.join("release-1.20.json")).unwrap()).unwrap();
    let mut document = Document::new("v1.20.0-rc.0", notes);
    document.previous = Some("v1.19.0".into());
    let mut options = RenderOptions::new(Layout::Draft);
    options.compat = Compat::Strict(Edition::Y2020);
    let ours = render(&document, &options);
    // The text above the notes is the same; then come the themes of the release, which people wrote.
    let head = "# Release notes for v1.20.0-rc.0\n\n[Documentation](https://docs.k8s.io/docs/home)\n\n# Changelog since v1.19.0\n\n";
    assert!(ours.starts_with(head) && markdown.starts_with(head));
    let lines = |text: &str| -> BTreeSet<String> {
        let notes = text.split("## Urgent Upgrade Notes").nth(1).unwrap().split("\n## Dependencies").next().unwrap();
        notes.lines().filter(|line| line.starts_with("- ") || line.starts_with("### ")).map(str::to_owned).collect()
    };
    // The differences are the work of editors, done after the JSON was made: #96179 is in the JSON only, #71573, #87461, #94028,
    // #95856, #95935 and #96033 are in the Markdown only, the other texts were improved.
    let (ours, theirs) = (lines(&ours), lines(&markdown));
    assert_eq!((ours.len(), theirs.len(), ours.intersection(&theirs).count()), (304, 318, 296));
}
