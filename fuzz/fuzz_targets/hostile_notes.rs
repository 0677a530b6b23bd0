//! Notes whose every field is hostile: the document has the headings that it would have anyway, and every page of it is inert.
//!
//! The unit separator (0x1f) divides the input into the fields.
#![no_main]

use krel_fuzz::inert::{assert_inert, assert_page_inert};
use libfuzzer_sys::fuzz_target;
use notes_gen::changelog::Section;
use notes_gen::site::{SiteOptions, SiteRelease, render_site};
use notes_gen::{
    Document, Documentation, DocumentationKind, Layout, Note, Notes, PullNumber, RenderOptions, html_body, html_page,
    render,
};

fuzz_target!(|input: &str| {
    let fields: Vec<&str> = input.split('\u{1f}').collect();
    let field = |at: usize| fields.get(at).copied().unwrap_or_default().to_owned();
    let number = |number| PullNumber::new(number).expect("it is not zero");
    let mut note = Note::new(number(1), field(0));
    (note.author, note.author_url, note.pr_url) = (field(1), field(2), field(3));
    (note.kinds, note.sigs, note.areas) = (vec![field(4)], vec![field(5), field(6)], vec![field(7)]);
    note.documentation =
        vec![Documentation { description: field(8), url: field(9), kind: DocumentationKind::External }];
    note.action_required = input.len() % 2 == 1;
    let mut other = note.clone();
    (other.pr_number, other.author, other.text) = (number(2), field(10), field(11));
    // It keeps the headings there when the others turn out to be none.
    let mut plain = Note::new(number(3), "a change");
    (plain.kinds, plain.action_required) = (note.kinds.clone(), note.action_required);

    let expected = Document::new("v1.2.3", [plain.clone()].into_iter().collect());
    let notes: Notes = [note, other, plain].into_iter().collect();
    let document = Document::new("v1.2.3", notes.clone());
    for layout in [Layout::Draft, Layout::StandAlone, Layout::Changelog, Layout::Page] {
        let options = RenderOptions::new(layout);
        let markdown = render(&document, &options);
        let html = html_body(&markdown);
        let plain = html_body(&render(&expected, &options));
        let headings = |html: &str| html.matches("<h").count();
        assert_eq!(headings(&html), headings(&plain), "{markdown}");
        assert_inert(&html);
        assert_inert(&html_page(&field(0), &markdown));
        if layout == Layout::Changelog {
            Section::new("v1.2.3", &markdown).expect("a document is a section, whatever its notes hold");
        }
    }
    let mut options = SiteOptions::new(field(1));
    options.title = field(0);
    options.repository = field(3).parse().ok();
    let releases = [SiteRelease { version: "v1.2.3".to_owned(), notes }];
    assert_page_inert(&render_site(&releases, &options).expect("the version is fine"));
});
