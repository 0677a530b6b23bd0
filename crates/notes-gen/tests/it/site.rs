use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use notes_gen::site::{
    SiteError, SiteOptions, SiteRelease, WebsiteForm, render_site, website_file_name, website_index, website_json,
};
use notes_gen::{Documentation, DocumentationKind, Note, Notes, Profile, from_json};
use proptest::prelude::*;
use regex::Regex;

use crate::{number, shared};

pub(crate) fn note(pull: u64, text: &str, kinds: &[&str], sigs: &[&str]) -> Note {
    let mut note = Note::new(number(pull), text);
    let owned = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect();
    (note.kinds, note.sigs) = (owned(kinds), owned(sigs));
    note.author = format!("author{}", pull % 3);
    note.author_url = format!("https://github.com/{}", note.author);
    note.pr_url = format!("https://github.com/example/project/pull/{pull}");
    note.refresh_markdown(&Profile::default());
    note
}

pub(crate) fn release(version: &str, notes: Vec<Note>) -> SiteRelease {
    SiteRelease { version: version.into(), notes: notes.into_iter().collect() }
}

/// Three releases; pull request 5 came with two of them.
pub(crate) fn releases() -> Vec<SiteRelease> {
    let mut urgent = note(3, "flags are gone\n- `--a`\n- `--b`", &["deprecation", "api-change"], &["node"]);
    urgent.action_required = true;
    urgent.areas = vec!["kubelet".into()];
    urgent.documentation = vec![Documentation {
        description: "[KEP]:".into(),
        url: "https://example.org/kep".into(),
        kind: DocumentationKind::Kep,
    }];
    let mut hidden = note(9, "nobody shall see this", &["bug"], &[]);
    hidden.do_not_publish = true;
    vec![
        release("v1.9.0", vec![note(1, "an old feature of volumes", &["feature"], &["storage"])]),
        release(
            "v1.10.0",
            vec![
                urgent,
                note(4, "a new feature", &["feature"], &["storage", "api-machinery"]),
                note(5, "a fix for pods", &["bug"], &["node"]),
                note(6, "# Heading\nno kind", &[], &[]),
                hidden,
            ],
        ),
        release("v1.10.1", vec![note(5, "a fix for pods", &["regression"], &["node"])]),
    ]
}

pub(crate) fn options() -> SiteOptions {
    let mut options = SiteOptions::new("Example");
    options.repository = Some("https://github.com/example/project".parse().unwrap());
    options
}

#[test]
fn page_of_three_releases() {
    let page = render_site(&releases(), &options()).unwrap();
    let body = &page[page.find("<body>").unwrap()..];
    insta::assert_snapshot!("site.html", body);
}

#[test]
fn order_of_releases_does_not_matter() {
    let all = releases();
    let page = render_site(&all, &options()).unwrap();
    let turned: Vec<SiteRelease> = all.into_iter().rev().collect();
    assert_eq!(render_site(&turned, &options()).unwrap(), page);
    let at = |version: &str| page.find(&format!("<section class=\"r\" id=\"{version}\"")).unwrap();
    assert!(at("v1.10.1") < at("v1.10.0") && at("v1.10.0") < at("v1.9.0"));
}

#[test]
fn nothing_is_a_page_too() {
    for releases in [vec![], vec![release("v1.0.0", vec![])]] {
        let page = render_site(&releases, &SiteOptions::new("Example")).unwrap();
        assert!(page.contains("<h1>Example release notes</h1>"));
        assert!(!page.contains("<li class=\"n\""));
        check_page(&page).unwrap();
    }
}

#[test]
fn versions_that_cannot_name_a_release() {
    let long = "1".repeat(129);
    for version in ["", "v1 0", "_notes", "-1", "../x", "v1\"", "v1<", "é", "v1/2", long.as_str()] {
        let error = render_site(&[release(version, vec![])], &options()).unwrap_err();
        assert!(matches!(error, SiteError::Version { .. }), "{version}");
        assert!(website_file_name(version).is_err(), "{version}");
    }
    let twice = [release("v1.0.0", vec![]), release("v1.0.0", vec![])];
    assert_eq!(render_site(&twice, &options()).unwrap_err().to_string(), "the release `v1.0.0` is there twice");
}

const HOSTILE: [&str; 14] = [
    "<script>document.title = 'ran'</script>",
    "</script><script>document.title = 'ran'</script>",
    "</li></ul></main></body><img src=x onerror=\"document.title = 'ran'\">",
    "\"><svg onload=\"document.title = 'ran'\">",
    "' onmouseover='document.title = 1' x='",
    "<!-- <!-- --> <!--",
    "]]>&lt;script&gt;",
    "line\u{2028}separator\u{2029}s",
    "\0 \u{202e}txet\u{202c} \u{feff}",
    "[a](javascript:document.title='ran') [b](data:text/html,x) <javascript:x>",
    "![pixel](https://example.invalid/p.png)",
    "<style>main{display:none}</style><base href=https://example.invalid/>",
    "<h1 id=\"_filters\">a</h1>\n# _data {#_data}",
    "| a | b |\n|---|:-:|\n| <iframe src=//x> | \\| |",
];

/// Puts the text wherever a note has text.
pub(crate) fn hostile(pull: u64, text: &str) -> Note {
    let mut note = note(pull, text, &[text], &[text]);
    note.areas = vec![text.to_owned()];
    (note.author, note.author_url, note.pr_url) = (text.to_owned(), text.to_owned(), text.to_owned());
    let kind = DocumentationKind::Unknown(text.to_owned());
    note.documentation = vec![Documentation { description: text.to_owned(), url: text.to_owned(), kind }];
    note.action_required = pull.is_multiple_of(2);
    note
}

pub(crate) fn hostile_releases() -> Vec<SiteRelease> {
    let notes = (1..).zip(HOSTILE).map(|(pull, text)| hostile(pull, text)).collect();
    vec![release("v1.0.0", notes)]
}

pub(crate) fn hostile_options() -> SiteOptions {
    let mut options = SiteOptions::new("<b>\"Hostile\"</b>");
    options.repository = Some("javascript:alert(1)".parse().unwrap());
    options
}

#[test]
fn hostile_notes_stay_text() {
    let page = render_site(&hostile_releases(), &hostile_options()).unwrap();
    check_page(&page).unwrap();
}

static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"<(/?[a-zA-Z0-9!]+)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*/?>"#).unwrap());
static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"([a-z-]+)(?:="([^"]*)")?"#).unwrap());

/// Only elements that the page is made of, only attributes that it needs, only links that lead to the web or to a place on the page,
/// each id once, and an index that says as many notes as there are.
fn check_page(page: &str) -> Result<(), TestCaseError> {
    const ELEMENTS: &str = "html head meta title style script body a header h1 p span search form div label input button details \
        summary fieldset legend datalist main nav ul li section h2 h3 h4 strong em code pre ol blockquote table thead tbody tr th td \
        del br hr";
    const ATTRIBUTES: &str = "lang charset http-equiv content name class href id type placeholder autocomplete spellcheck aria-expanded \
        aria-controls role aria-live hidden value list autocapitalize open aria-label aria-labelledby tabindex title start disabled \
        checked";
    let elements: BTreeSet<&str> = ELEMENTS.split_whitespace().collect();
    let attributes: BTreeSet<&str> = ATTRIBUTES.split_whitespace().collect();
    // The page's own script and style are no markup, and proved by their digests in a browser.
    let (head, rest) = page.strip_prefix("<!DOCTYPE html>").unwrap().split_once("<style>").unwrap();
    let (_, body) = rest.split_once("</script>").unwrap();
    let (body, data) = body.split_once("<script type=\"application/json\" id=\"_data\">").unwrap();
    let (data, end) = data.split_once("</script>").unwrap();
    prop_assert_eq!(end, "\n</body>\n</html>\n");
    prop_assert!(!data.contains('<') && !data.contains('\u{2028}'), "{}", data);

    let mut ids = BTreeSet::new();
    for text in [head, body] {
        prop_assert!(!text.contains("<!--"));
        let mut tags = 0;
        for tag in TAG.captures_iter(text) {
            tags += 1;
            let name = tag[1].trim_start_matches('/').to_lowercase();
            prop_assert!(elements.contains(name.as_str()), "{}", &tag[0]);
            for attribute in ATTRIBUTE.captures_iter(&tag[2]) {
                let value = attribute.get(2).map_or("", |value| value.as_str());
                prop_assert!(attributes.contains(&attribute[1]), "{}", &tag[0]);
                match &attribute[1] {
                    "id" => prop_assert!(ids.insert(value.to_owned()), "`{value}` twice"),
                    "href" => prop_assert!(
                        ["https:", "http:", "mailto:", "#"].iter().any(|s| value.to_lowercase().starts_with(s)),
                        "{value}"
                    ),
                    _ => {}
                }
            }
        }
        prop_assert_eq!(tags, text.matches('<').count(), "an element that is not understood");
    }
    let index: serde_json::Value = serde_json::from_str(data).unwrap();
    let notes = body.matches("<li class=\"n\" id=\"").count();
    for column in ["kind", "sig", "area", "author"] {
        prop_assert_eq!(index[column].as_array().unwrap().len(), notes);
    }
    Ok(())
}

fn any_text() -> impl Strategy<Value = String> {
    let pieces: Vec<String> = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
    let piece = prop_oneof![
        proptest::sample::select(pieces),
        "[ -~\n]{0,20}",
        "\\PC{0,10}",
        Just("```\n".to_owned()),
        Just("https://x.example/<\"'>".to_owned()),
        Just("[x](https://x.example/\"a' \"t\")".to_owned()),
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_note_stays_text(texts in proptest::collection::vec(any_text(), 0..4)) {
        let notes = (1..).zip(&texts).map(|(pull, text)| hostile(pull, text)).collect();
        let page = render_site(&[release("v1.0.0", notes)], &options()).unwrap();
        check_page(&page)?;
    }
}

/// The published files: read and written again, they are the same bytes. In 1.19.0 the order of the notes was changed by hand.
#[test]
fn files_of_the_web_site() {
    let Some(folder) = shared("release-notes-json") else { return };
    let mut releases = Vec::new();
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    for name in names {
        let published = fs::read_to_string(folder.join(&name)).unwrap();
        let notes = from_json(&published).unwrap();
        let written = website_json(&notes, WebsiteForm::Prettier);
        if name == "release-notes-1.19.0.json" {
            let lines = |text: &str| -> Vec<String> {
                let mut lines: Vec<String> = text.lines().map(|line| line.trim_end_matches(',').to_owned()).collect();
                lines.sort();
                lines
            };
            assert_ne!(written, published);
            assert_eq!(lines(&written), lines(&published), "{name}");
        } else {
            assert_eq!(written, published, "{name}");
        }
        let line = website_json(&notes, WebsiteForm::Line);
        assert!(!line.contains('\n') && !line.contains('<'));
        assert_eq!(from_json(&line).unwrap(), notes, "{name}");
        let version = name.strip_prefix("release-notes-").unwrap().strip_suffix(".json").unwrap();
        assert_eq!(website_file_name(&format!("v{version}")).unwrap(), name);
        releases.push(SiteRelease { version: version.to_owned(), notes });
    }
    insta::assert_snapshot!("site_index.json", website_index(&releases).unwrap());

    let page = render_site(&releases, &options()).unwrap();
    check_page(&page).unwrap();
    let mut hidden = Vec::new();
    for release in &releases {
        for note in release.notes.iter().filter(|note| !note.do_not_publish) {
            let id = format!("id=\"{}-pr{}\"", release.version, note.pr_number);
            match page.matches(&id).count() {
                1 => {}
                0 => hidden.push(note.text.as_str()),
                more => panic!("{id} stands there {more} times"),
            }
        }
    }
    // What the original took for notes, and is none.
    let is_none =
        |text: &&str| text.starts_with("**Additional documentation") || text.to_lowercase().starts_with("none");
    assert_eq!(hidden.iter().filter(|text| is_none(text)).count(), 5, "{hidden:#?}");
    assert_eq!(hidden.len(), 5, "{hidden:#?}");
}

#[test]
fn two_versions_of_one_file() {
    let releases = [release("v1.0.0", vec![]), release("1.0.0", vec![])];
    assert!(matches!(website_index(&releases), Err(SiteError::Repeated { .. })));
    assert_eq!(website_json(&Notes::new(), WebsiteForm::Line), "{}");
    assert_eq!(website_json(&Notes::new(), WebsiteForm::Prettier), "{}\n");
}
