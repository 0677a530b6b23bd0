//! Whatever notes hold, documents keep their structure.

use std::collections::BTreeSet;

use notes_gen::compat::{self, Edition};
use notes_gen::{
    CHANGELOG_TEMPLATE, Compat, DEFAULT_TEMPLATE, Document, Documentation, DocumentationKind, Layout, LinkStyle, Note,
    Notes, Profile, RenderOptions, Template, changelog, from_json, group, html_body, html_page, render, to_json,
};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::number;

/// Pieces of which texts, and worse, are made.
const PIECES: &str = "(```(go|docs)?|~~~|````|<!--|-->|\r?\n|\n\n|# |## |- |\\* |1\\. |> |    |\t|===|---|\\*\\*\\*|___|\\||\\| ?--- ?\\||\\[\\^1\\]: |\\[a\\]: ?x|\\[|\\]|\\(|\\)|\\]\\(|!\\[|<[a-z]{1,6}|</?(pre|script|details|div|br)/?>|<br>|<\\?|<!\\[CDATA\\[|javascript:|https://x\\.y/z|www\\.a\\.bc|&[a-z]{2,4};|&#[0-9]{2};|\\\\|`|\\*\\*|~~|_|\"|NONE|[ -~]|\\PC|\0|\u{202e}){0,24}";

type Words = (String, String, String, Vec<String>);

fn notes() -> impl Strategy<Value = Notes> {
    let kind = "(bug|feature|flake|deprecation|[ -~]{0,8}|\n# x)";
    let words = (PIECES, PIECES, "([a-z-]{1,8}|[ -~]{0,12}|\\PC{0,4})", proptest::collection::vec(kind, 0..3));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    proptest::collection::vec((words, flags), 0..8).prop_map(|rows| {
        let make = |(words, (urgent, hidden, mapped)): (Words, (bool, bool, bool)), n| {
            let (text, other, name, kinds) = words;
            let mut note = Note::new(number(n), text);
            note.author_url = format!("https://forge.example/{name}");
            note.pr_url = format!("https://forge.example/pull/{n}{name}");
            note.sigs = vec![name.clone(), "cli".into()];
            note.documentation = vec![Documentation {
                description: other,
                url: "https://a.example/b".into(),
                kind: DocumentationKind::Kep,
            }];
            note.author = name;
            note.kinds = kinds;
            (note.action_required, note.do_not_publish, note.is_mapped) = (urgent, hidden, mapped);
            note.duplicate_kind = note.kinds.len() > 1;
            note.refresh_markdown(&Profile::default());
            note
        };
        let twin = rows.first().cloned();
        rows.into_iter().chain(twin).zip(1..).map(|(row, n)| make(row, n)).collect()
    })
}

fn document(notes: Notes) -> Document {
    let mut document = Document::new("v1.2.3", notes);
    document.previous = Some("v1.2.2".into());
    document
}

/// Headings and items of the outermost lists, and what should not be there.
fn outline(markdown: &str) -> (Vec<String>, usize, Vec<String>) {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_FOOTNOTES;
    let parser = Parser::new_ext(markdown, options);
    let mut wrong: Vec<String> =
        parser.reference_definitions().iter().map(|(name, _)| format!("reference {name}")).collect();
    let (mut headings, mut items, mut depth, mut in_heading) = (Vec::new(), 0, 0, false);
    for event in parser {
        match event {
            Event::Start(tag) => {
                match &tag {
                    Tag::Heading { .. } if depth == 0 => {
                        in_heading = true;
                        headings.push(String::new());
                    }
                    Tag::Item if depth == 1 => items += 1,
                    Tag::List(_) => {}
                    Tag::Heading { .. } | Tag::FootnoteDefinition(_) => wrong.push(format!("{tag:?}")),
                    tag if depth == 0 && !matches!(tag, Tag::List(_)) => wrong.push(format!("{tag:?} at the top")),
                    Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } if dest_url.starts_with("javascript:") => {
                        wrong.push(dest_url.to_string());
                    }
                    _ => {}
                }
                depth += 1;
            }
            Event::End(tag) => {
                in_heading &= !matches!(tag, TagEnd::Heading(_));
                depth -= 1;
            }
            Event::Text(text) | Event::Code(text) if in_heading => headings.last_mut().unwrap().push_str(&text),
            Event::Html(tag) | Event::InlineHtml(tag) if !tag.starts_with("<br") => wrong.push(tag.to_string()),
            Event::Rule => wrong.push("rule".into()),
            _ => {}
        }
    }
    (headings, items, wrong)
}

/// The names of the elements of a page.
fn elements(html: &str) -> BTreeSet<&str> {
    let name = |rest: &'_ str| rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    html.split('<').skip(1).map(|rest| rest.trim_start_matches('/')).map(|rest| &rest[..name(rest)]).collect()
}

const ELEMENTS: [&str; 27] = [
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "p",
    "ul",
    "ol",
    "li",
    "a",
    "code",
    "pre",
    "em",
    "strong",
    "del",
    "br",
    "hr",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "blockquote",
    "input",
    "sup",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn notes_stay_in_their_place(notes in notes()) {
        let document = document(notes);
        for links in [LinkStyle::Linked, LinkStyle::Plain] {
            let mut options = RenderOptions::new(Layout::Changelog);
            options.profile.links = links;
            let grouped = group(&document, &options.profile);
            let markdown = render(&document, &options);
            let (headings, items, wrong) = outline(&markdown);
            let wanted = 2 + grouped.categories.len() + usize::from(!grouped.categories.is_empty()) + 2 * usize::from(!grouped.urgent.is_empty());
            if !grouped.is_empty() {
                prop_assert_eq!(wrong, Vec::<String>::new(), "{}", markdown);
                prop_assert_eq!(headings.len(), wanted, "{}", markdown);
                let shown = grouped.urgent.len() + grouped.categories.iter().map(|it| it.items.len()).sum::<usize>();
                prop_assert_eq!(items, shown, "{}", markdown);
            }
            for note in grouped.urgent.iter().chain(grouped.categories.iter().flat_map(|it| &it.items)).flat_map(|it| it.all()) {
                let reference = format!("#{}", note.pr_number);
                prop_assert!(markdown.contains(&reference), "{}", reference);
            }
            // It is a section that can be put into a changelog.
            let section = changelog::Section::new("v1.2.3", &markdown);
            prop_assert!(section.is_ok(), "{:?}: {}", section, markdown);
        }
    }

    #[test]
    fn pages_are_inert(notes in notes()) {
        let document = document(notes);
        let mut strict = RenderOptions::new(Layout::Page);
        strict.compat = Compat::Strict(Edition::Y2026);
        let raw: String = document.notes.iter().map(|note| note.text.clone() + "\n\n").collect();
        for markdown in [render(&document, &RenderOptions::new(Layout::Page)), render(&document, &strict), raw] {
            for html in [html_body(&markdown), compat::html_body(&markdown)] {
                let known: BTreeSet<&str> = ELEMENTS.into_iter().chain(["img", ""]).collect();
                let shown = html.replace("<!-- raw HTML omitted -->", "");
                let unknown: Vec<&str> = elements(&shown).difference(&known).copied().collect();
                prop_assert_eq!(unknown, Vec::<&str>::new(), "{}", html);
                for address in html.split("href=\"").skip(1).chain(html.split("src=\"").skip(1)) {
                    prop_assert!(!address.to_lowercase().starts_with("javascript"), "{}", html);
                }
            }
            let html = html_body(&markdown);
            prop_assert!(!html.contains("<img") && !html.contains("<!--") && !html.contains('\u{202e}'), "{}", html);
            // Attributes hold no quote, so what looks like an event handler is text.
            for tag in html.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
                let outside: String = tag.split('"').step_by(2).collect();
                prop_assert!(!outside.contains(" on"), "{}", tag);
            }
            html_page("x", &markdown);
        }
    }

    #[test]
    fn templates_and_renderer_agree(notes in notes()) {
        let document = document(notes);
        for (template, layout) in [(DEFAULT_TEMPLATE, Layout::StandAlone), (CHANGELOG_TEMPLATE, Layout::Changelog)] {
            let ours = Template::parse(template).unwrap().render(&document, &Profile::default()).unwrap();
            prop_assert_eq!(ours, render(&document, &RenderOptions::new(layout)));
        }
    }

    #[test]
    fn the_order_of_notes_does_not_matter(notes in notes(), shuffle in any::<u64>()) {
        let mut shuffled: Vec<Note> = notes.iter().cloned().collect();
        shuffled.sort_by_key(|note| note.pr_number.get().wrapping_mul(shuffle | 1));
        let shuffled: Notes = shuffled.into_iter().collect();
        prop_assert_eq!(to_json(&notes), to_json(&shuffled));
        prop_assert_eq!(&from_json(&to_json(&notes)).unwrap(), &notes);
        for compat in [Compat::Corrected, Compat::Strict(Edition::Y2020), Compat::Strict(Edition::Y2026)] {
            let mut options = RenderOptions::new(Layout::StandAlone).with_table_of_contents();
            options.compat = compat;
            prop_assert_eq!(render(&document(notes.clone()), &options), render(&document(shuffled.clone()), &options));
        }
    }

    #[test]
    fn any_body_is_read_by_every_edition(body in "(```|\r?\n|release-notes?|dev-|docs|NONE|\"|- |\\* |#|https://x\\.y|[ -~]|\\PC){0,60}") {
        for edition in [Edition::Y2020, Edition::Y2021, Edition::Y2026] {
            if let Some(text) = compat::note_text(edition, &body) {
                prop_assert!(!text.contains('\r'));
            }
        }
        compat::documentation(&body);
    }

    #[test]
    fn any_template_is_read(text in "(\\{\\{|\\}\\}|#if |/if|#each |else|document|\\.kinds|notes|~|\\(|\\)|\\[|@root|as \\|a\\||\"|[ -~]|\\PC){0,30}") {
        if let Ok(template) = Template::parse(&text) {
            let _ = template.render(&document(Notes::new()), &Profile::default()).is_ok();
        }
    }
}
