//! Whatever stands in the body of a pull request: it is read without a panic, a note is clean text, and in a document it stays in its
//! list item.
#![no_main]

use libfuzzer_sys::fuzz_target;
use notes_gen::changelog::Section;
use notes_gen::check::check;
use notes_gen::{
    Document, Extraction, Note, Notes, Profile, PullNumber, PullRequest, extract, html_page, render_markdown,
};

fuzz_target!(|body: &str| {
    let profile = Profile::default();
    let number = PullNumber::new(1).expect("one is a number");
    let mut pull = PullRequest::new(number, "Title");
    pull.body = Some(body.to_owned());
    check(&pull, &profile);
    let Extraction::Note(block) = extract(body, &profile) else { return };
    assert!(!block.text.trim().is_empty() && !block.text.contains(['\0', '\r']));
    let mut note = Note::new(number, block.text);
    note.refresh_markdown(&profile);
    let notes: Notes = [note].into_iter().collect();
    let markdown = render_markdown(&Document::new("v1.2.3", notes));
    Section::new("v1.2.3", &markdown).expect("a document is a section, whatever its notes hold");
    assert!(!html_page("v1.2.3", &markdown).to_lowercase().contains("<script"));
});
