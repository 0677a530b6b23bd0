//! Whatever Markdown becomes a page or a mail: it is inert.
#![no_main]

use krel_fuzz::inert::assert_inert;
use libfuzzer_sys::fuzz_target;
use mail_announce::{ReleaseInput, announce_release};
use notes_gen::{html_body, html_page};

fuzz_target!(|markdown: &str| {
    assert_inert(&html_body(markdown));
    let title = markdown.lines().next().unwrap_or_default();
    assert_inert(&html_page(title, markdown));
    let input = ReleaseInput {
        project: "A project".to_owned(),
        version: "v1.2.3".to_owned(),
        intro: Some(markdown.to_owned()),
        changelog: title.parse().ok(),
        notes_markdown: markdown.to_owned(),
        ..ReleaseInput::default()
    };
    let mail = announce_release(&input).expect("project and version are fine");
    assert_inert(&mail.html);
    assert!(!mail.text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')));
});
