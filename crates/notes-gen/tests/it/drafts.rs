//! Drafts that the original wrote: the same JSON, the same Markdown; and what our own rules make of them.

use std::collections::BTreeSet;
use std::fs;

use notes_gen::{
    Compat, Document, Layout, Note, Notes, RenderOptions, compat, from_json, html_body, render, render_notes, to_json,
};

use crate::shared;

struct Draft {
    release: &'static str,
    json: String,
    markdown: String,
    notes: Notes,
}

fn drafts() -> Vec<Draft> {
    let Some(folder) = shared("release-notes") else { return Vec::new() };
    let read = |release| {
        let folder = folder.join(format!("release-{release}"));
        let json = fs::read_to_string(folder.join("release-notes-draft.json")).unwrap();
        let markdown = fs::read_to_string(folder.join("release-notes-draft.md")).unwrap();
        Draft { release, notes: from_json(&json).unwrap(), json, markdown }
    };
    ["1.24", "1.30", "1.32"].map(read).into_iter().collect()
}

#[test]
fn strict_drafts_come_back_byte_for_byte() {
    for Draft { release, json, markdown, notes, .. } in drafts() {
        assert!(to_json(&notes) == json, "{release}: the JSON differs");
        assert!(compat::render_notes(&notes) == markdown, "{release}: the Markdown differs");
        let mut options = RenderOptions::new(Layout::Draft);
        options.compat = Compat::Strict(compat::Edition::Y2026);
        assert!(render(&Document::new("v1", notes), &options) == markdown, "{release}: the document differs");
    }
}

#[test]
fn corrected_drafts_lose_nothing_but_rubbish() {
    for Draft { release, markdown, notes, .. } in drafts() {
        let document = Document::new("v1", notes);
        let ours = render_notes(&document.notes);
        let urgent = ours.split("## Changes by Kind").next().unwrap();
        let wanted = |note: &&Note| !note.do_not_publish || note.is_mapped;
        let mut dropped = BTreeSet::new();
        for note in document.notes.iter().filter(wanted) {
            let link = format!("[#{}]({})", note.pr_number, note.pr_url);
            let shown = ours.contains(&link);
            // A map that mends a word does not publish what is not to be published.
            if note.do_not_publish {
                assert!(!shown, "{release}: {link}");
                continue;
            }
            if note.action_required {
                assert!(urgent.contains(&link), "{release}: #{} is not urgent", note.pr_number);
            }
            let words = note.documentation.iter().filter(|_| shown).flat_map(|it| it.url.split_whitespace());
            for page in
                words.filter(|word| word.starts_with("http")).map(|word| word.trim_end_matches([',', ')', '.', '>']))
            {
                assert!(ours.contains(&format!("]({page})")), "{release}: {page} of #{} is missing", note.pr_number);
            }
            if !shown {
                assert!(markdown.contains(&link), "{release}: #{}", note.pr_number);
                dropped.insert(note.text.lines().next().unwrap().to_owned());
            }
        }
        println!("{release}: left out {dropped:?}");
        // What authors did not write: `NONE` in some spelling, and pieces of the form.
        for text in dropped {
            let is_none = text.trim_matches(|c: char| !c.is_alphanumeric()).len() <= 4;
            assert!(is_none || text.starts_with("#### Additional documentation e.g., KEPs"), "{release}: {text}");
        }
        assert!(!ours.contains("<!--") && !ours.contains("NONE ([#"), "{release}");
        assert_eq!(ours.lines().filter(|line| line.trim().is_empty() && !line.is_empty()).count(), 0, "{release}");

        // Notes stay in their items: the page has the headings of the document, and no other.
        let headings: Vec<&str> = ours.lines().filter(|line| line.starts_with('#')).collect();
        let html = html_body(&ours);
        assert_eq!(html.matches("<h").count(), headings.len(), "{release}");
        let items = html.lines().filter(|line| line.starts_with("<li>")).count();
        println!("{release}: {} headings, {items} items", headings.len());
    }
}
