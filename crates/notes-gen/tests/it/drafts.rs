//! Drafts that the original wrote: the same JSON, the same Markdown.

use std::fs;

use notes_gen::{Profile, from_json, markdown_line, render_notes, to_json};

use crate::shared;

#[test]
fn drafts_come_back_byte_for_byte() {
    let Some(folder) = shared("release-notes") else { return };
    for release in ["1.24", "1.30", "1.32"] {
        let folder = folder.join(format!("release-{release}"));
        let json = fs::read_to_string(folder.join("release-notes-draft.json")).unwrap();
        let markdown = fs::read_to_string(folder.join("release-notes-draft.md")).unwrap();
        let notes = from_json(&json).unwrap();
        assert!(to_json(&notes) == json, "{release}: the JSON differs");

        let rendered = render_notes(&notes);
        // The original puts a note that requires action under a kind when it has several; here it is always urgent. Taking that
        // correction away gives the original's bytes.
        let moved: Vec<_> = notes.iter().filter(|note| note.action_required && note.duplicate_kind).collect();
        let urgent = rendered.split("## Changes by Kind").next().unwrap();
        for note in &moved {
            assert!(urgent.contains(&note.markdown), "{release}: #{} is not urgent", note.pr_number);
        }
        let as_original = notes.iter().map(|note| {
            let mut note = note.clone();
            note.action_required &= !note.duplicate_kind;
            note
        });
        assert!(render_notes(&as_original.collect()) == markdown, "{release}: the Markdown differs");
        assert_eq!(rendered == markdown, moved.is_empty(), "{release}");

        // Maps edited the others, and their SIG suffix followed rules that changed with the years.
        let unmapped =
            notes.iter().filter(|note| !folder.join(format!("maps/pr-{}-map.yaml", note.pr_number)).exists());
        for note in unmapped {
            assert_eq!(markdown_line(note, &Profile::default()), note.markdown, "{release}: #{}", note.pr_number);
        }
    }
}
