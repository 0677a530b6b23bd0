use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::facets::{Facet, Facets, Properties, plain_label};
use super::{SiteError, SiteOptions, SiteRelease, newest_first};
use crate::html::{escape, html_piece, is_allowed};
use crate::json::escape_json;
use crate::text::sanitize_line;
use crate::{Document, Documentation, DocumentationKind, Item, Profile, group};

const STYLE: &str = include_str!("site.css");
const SCRIPT: &str = include_str!("site.js");

/// Lists are cut into pieces of so many notes: the browser lays out only the pieces that can be seen.
const PIECE: usize = 50;

/// The page of all releases, newest first. The same releases give the same bytes, in whatever order they come.
///
/// Whatever the notes hold, it stays text: their Markdown is rendered inert, only addresses of `http`, `https` and `mailto` become
/// links, and the content security policy allows no other script and no other style than the page's own two, by their digests.
pub fn render_site(releases: &[SiteRelease], options: &SiteOptions) -> Result<String, SiteError> {
    let releases = newest_first(releases)?;
    let mut page = Page::new(&options.profile);
    let mut jumps = String::new();
    let mut choices = String::new();
    for release in &releases {
        let count = page.release(release);
        let version = escape(&release.version);
        let _ = writeln!(jumps, "<li><a href=\"#{version}\">{version}</a> <span class=\"c\">{count}</span></li>");
        choices.push_str(&choice("release", &release.version, count));
    }
    let facets = Facets::of(&page.properties);
    let index = escape_json(&facets.index(&page.properties));
    let owners = escape(if options.profile.groups.word.is_empty() { "Group" } else { &options.profile.groups.word });
    let filters = [
        fieldset("Release", &choices, true),
        fieldset("Kind", &facet_choices("kind", &facets.kinds), true),
        fieldset(&owners, &facet_choices("sig", &facets.sigs), false),
        fieldset("Area", &facet_choices("area", &facets.areas), false),
    ]
    .concat();
    Ok(assemble(&page, options, &Parts { jumps, filters, index, releases: releases.len() }))
}

struct Parts {
    jumps: String,
    filters: String,
    index: String,
    releases: usize,
}

fn assemble(page: &Page<'_>, options: &SiteOptions, parts: &Parts) -> String {
    let Parts { jumps, filters, index, releases } = parts;
    let (title, project) = (escape(&sanitize_line(&options.title)), escape(&sanitize_line(&options.project)));
    let repository = options.repository.as_ref().filter(|url| matches!(url.scheme(), "http" | "https"));
    let project =
        repository.map_or(project.clone(), |url| format!("<a href=\"{}\">{project}</a>", escape(url.as_str())));
    let total = counted(page.properties.len(), "note");
    let count = format!("{total} of {}", counted(*releases, "release"));
    let (style_digest, script_digest) = (digest(STYLE), digest(SCRIPT));
    let notes = if page.body.is_empty() { "<p>There are no notes.</p>\n" } else { &page.body };
    format!(
        r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '{script_digest}'; style-src '{style_digest}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
<script>{SCRIPT}</script>
</head>
<body>
<a class="skip" href="#_notes">Skip to the notes</a>
<header>
<h1>{title}</h1>
<p class="m">{project} <span id="_total">{count}</span></p>
</header>
<search>
<form id="_filters" autocomplete="off" aria-label="Search and filter notes">
<div class="bar">
<label class="q"><span class="vh">Search text, authors and pull requests</span><input type="search" name="q" placeholder="Text, author or #number" autocomplete="off" spellcheck="false"></label>
<button type="button" class="more" id="_more" aria-expanded="false" aria-controls="_panel">Filters</button>
</div>
<p class="status"><span id="_status" role="status" aria-live="polite"></span> <button type="reset" id="_reset" hidden>Reset</button></p>
<div id="_panel">
<label class="x"><input type="checkbox" name="action" value="1"> Action required <span class="c">{urgent}</span></label>
{filters}<label class="w">Author <input type="text" name="author" list="_authors" autocomplete="off" autocapitalize="none" spellcheck="false"></label>
<datalist id="_authors"></datalist>
</div>
</form>
</search>
<main id="_notes" tabindex="-1">
<nav aria-label="Releases"><details><summary>Jump to a release</summary>
<ul class="j">
{jumps}</ul>
</details></nav>
<p id="_none" hidden>No note matches. <button type="button" id="_clear">Reset the filters</button></p>
{notes}</main>
<script type="application/json" id="_data">{index}</script>
</body>
</html>
"##,
        urgent = page.urgent,
    )
}

/// What stands in a content security policy for a script or style of these bytes.
fn digest(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

fn counted(count: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// `12,345`.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn fieldset(legend: &str, choices: &str, open: bool) -> String {
    if choices.is_empty() {
        return String::new();
    }
    let open = if open { " open" } else { "" };
    format!(
        "<details class=\"f\"{open}><summary>{legend}</summary><fieldset><legend class=\"vh\">{legend}</legend>\n{choices}</fieldset></details>\n"
    )
}

fn facet_choices(name: &str, facet: &Facet) -> String {
    facet.iter().map(|(value, count)| choice(name, value, count)).collect()
}

fn choice(name: &str, value: &str, count: usize) -> String {
    let (value, shown) = (escape(value), escape(&sanitize_line(value)));
    format!(
        "<label class=\"x\"><input type=\"checkbox\" name=\"{name}\" value=\"{value}\"> {shown} <span class=\"c\">{count}</span></label>\n"
    )
}

/// The notes as they are written, and what the index will say of each, in the same order.
struct Page<'a> {
    profile: &'a Profile,
    body: String,
    properties: Vec<Properties>,
    urgent: usize,
}

impl<'a> Page<'a> {
    fn new(profile: &'a Profile) -> Self {
        Self { profile, body: String::new(), properties: Vec::new(), urgent: 0 }
    }

    /// Writes a release and says how many of its notes are shown.
    fn release(&mut self, release: &SiteRelease) -> usize {
        let document = Document::new(release.version.clone(), release.notes.clone());
        let grouped = group(&document, self.profile);
        let urgent = (self.profile.document.urgent.clone(), grouped.urgent.as_slice());
        // `Category::heading` is Markdown.
        let categories =
            grouped.categories.iter().map(|category| (self.profile.heading(&category.kind), category.items.as_slice()));
        let count =
            grouped.urgent.len() + grouped.categories.iter().map(|category| category.items.len()).sum::<usize>();
        self.urgent += grouped.urgent.len();
        let version = escape(&release.version);
        let _ = write!(
            self.body,
            "<section class=\"r\" id=\"{version}\" aria-labelledby=\"_h-{version}\">\n<h2 id=\"_h-{version}\">{version} \
             <a class=\"p\" href=\"#{version}\" aria-label=\"Link to {version}\">#</a> <span class=\"c\">{}</span></h2>\n",
            counted(count, "note")
        );
        for (at, (title, notes)) in std::iter::once(urgent).chain(categories).enumerate() {
            if notes.is_empty() {
                continue;
            }
            let class = if at == 0 { "g u" } else { "g" };
            let _ = write!(self.body, "<div class=\"{class}\">\n<h3>{}</h3>\n", escape(&sanitize_line(&title)));
            for piece in notes.chunks(PIECE) {
                self.body.push_str("<ul class=\"l\">\n");
                for item in piece {
                    self.note(&version, &title, item);
                }
                self.body.push_str("</ul>\n");
            }
            self.body.push_str("</div>\n");
        }
        if count == 0 {
            self.body.push_str("<p>No change of this release carries a release note.</p>\n");
        }
        self.body.push_str("</section>\n");
        count
    }

    fn note(&mut self, version: &str, category: &str, item: &Item<'_>) {
        let note = item.note;
        let properties = Properties::of(note, self.profile);
        let number = note.pr_number;
        let id = format!("{version}-pr{number}");
        let _ = write!(
            self.body,
            "<li class=\"n\" id=\"{id}\">{}<p class=\"m\">",
            adapted(&html_piece(&item.text)).trim_end()
        );
        for (at, note) in item.all().enumerate() {
            if at > 0 {
                // Notes that say the same are one, which the addresses of all of them lead to.
                let _ = write!(self.body, ", <span id=\"{version}-pr{}\"></span>", note.pr_number);
            }
            self.body.push_str(&link(&format!("#{}", note.pr_number), &note.pr_url));
            if !note.author.is_empty() {
                self.body.push(' ');
                self.body.push_str(&link(&format!("@{}", note.author), &note.author_url));
            }
        }
        let word = &self.profile.groups.word;
        let sigs = properties.sigs.iter().map(|sig| format!("{word} {sig}"));
        let kinds = properties.kinds.iter().filter(|kind| *kind != category).cloned();
        for tag in kinds.chain(sigs).chain(properties.areas.iter().cloned()) {
            let _ = write!(self.body, " <span>{}</span>", escape(&sanitize_line(&tag)));
        }
        for documentation in &note.documentation {
            self.body.push(' ');
            self.body.push_str(&link(&label(documentation), &documentation.url));
        }
        let _ =
            writeln!(self.body, " <a class=\"p\" href=\"#{id}\" aria-label=\"Link to note #{number}\">#</a></p></li>");
        self.properties.push(properties);
    }
}

fn label(documentation: &Documentation) -> String {
    let described = plain_label(&documentation.description);
    match &documentation.kind {
        _ if !described.is_empty() => described,
        DocumentationKind::Kep => "KEP".to_owned(),
        _ => "Documentation".to_owned(),
    }
}

fn link(label: &str, address: &str) -> String {
    let label = escape(&sanitize_line(label));
    match is_allowed(address) {
        true => format!("<a href=\"{}\">{label}</a>", escape(address)),
        false => label,
    }
}

/// HTML of a note as the page can have it. Headings inside a note are no headings of the page, and their anchors are not the page's;
/// the content security policy allows no styles of elements. Only elements that the renderer wrote begin with `<`: text is escaped.
fn adapted(html: &str) -> String {
    let mut adapted = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        let (tag, after) = from.split_at(from.find('>').map_or(from.len(), |end| end + 1));
        adapted.push_str(before);
        match tag.as_bytes() {
            [b'<', b'h', b'0'..=b'9', ..] => adapted.push_str("<h4>"),
            [b'<', b'/', b'h', b'0'..=b'9', ..] => adapted.push_str("</h4>"),
            [b'<', b't', b'h' | b'd', b' ', ..] => adapted.push_str(&tag.replace("style=\"text-align: ", "class=\"")),
            _ => adapted.push_str(tag),
        }
        rest = after;
    }
    adapted.push_str(rest);
    adapted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_notes() {
        let cases = [
            ("<h1>a</h1>\n<p>b</p>", "<h4>a</h4>\n<p>b</p>"),
            ("<h2 id=\"x\">a <code>b</code></h2>", "<h4>a <code>b</code></h4>"),
            ("<hr />\n<h6>a</h6>", "<hr />\n<h4>a</h4>"),
            ("<p>&lt;h1&gt;</p>", "<p>&lt;h1&gt;</p>"),
            ("<th style=\"text-align: right\">a</th>", "<th class=\"right\">a</th>"),
            ("<thead><tr><th>a style=\"text-align: left\"", "<thead><tr><th>a style=\"text-align: left\""),
        ];
        for (html, expected) in cases {
            assert_eq!(adapted(html), expected);
        }
    }

    #[test]
    fn numbers_are_grouped() {
        for (count, expected) in
            [(0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (12345, "12,345"), (1234567, "1,234,567")]
        {
            assert_eq!(grouped(count), expected);
        }
    }

    /// `</script` or `<!--` in one of them would end or swallow it.
    #[test]
    fn own_parts_can_stand_in_a_page() {
        for part in [STYLE, SCRIPT] {
            assert!(!part.contains("</") && !part.contains("<!--"));
        }
    }
}
