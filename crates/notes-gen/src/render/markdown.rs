use super::contain::contained_block;
use super::item::{Grouped, Item, group};
use super::{Compat, Layout, Part, RenderOptions};
use crate::changelog::table_of_contents;
use crate::compat;
use crate::cve::{Cve, order_of};
use crate::inline::{escape, link};
use crate::pull::page;
use crate::text::{neutralize_comments, sanitize, sanitize_line};
use crate::{Document, Notes, Profile};

/// The document as section of a changelog, for Kubernetes; see [`render`].
pub fn render_markdown(document: &Document) -> String {
    render(document, &RenderOptions::default())
}

/// The notes alone: urgent upgrade notes, then changes by kind. Empty when there is nothing to show.
pub fn render_notes(notes: &Notes) -> String {
    let document = Document::new("", notes.clone());
    render(&document, &RenderOptions::new(Layout::Draft))
}

/// A document in Markdown. No newline at the end; parts that have nothing to show are left out.
///
/// Whatever the notes hold, the document keeps its structure: a note stays in its list item, brings in no heading, no element but
/// `<br>`, and no reference.
pub fn render(document: &Document, options: &RenderOptions) -> String {
    match options.compat {
        Compat::Corrected => Parts::of(document, &options.profile).join(&options.parts),
        Compat::Strict(edition) => strict(document, edition, options),
    }
}

fn strict(document: &Document, edition: compat::Edition, options: &RenderOptions) -> String {
    let layout = match options.layout {
        Layout::Draft | Layout::StandAlone => compat::Layout::Default,
        Layout::Changelog | Layout::Page => compat::Layout::Changelog,
    };
    let mut text = compat::render(document, edition, layout);
    if let Some(dependencies) = document.dependencies.as_ref().filter(|_| options.parts.contains(&Part::Dependencies)) {
        text.push_str("\n\n");
        text.push_str(dependencies);
    }
    if options.parts.contains(&Part::TableOfContents) {
        text.insert_str(0, &(table_of_contents(&text) + "\n"));
    }
    text
}

/// The parts of a document that need its notes sorted; the templates show the same.
pub(crate) struct Parts<'a> {
    pub(crate) document: &'a Document,
    pub(crate) profile: &'a Profile,
    pub(crate) grouped: Grouped<'a>,
    pub(crate) cves: Vec<&'a Cve>,
}

impl<'a> Parts<'a> {
    pub(crate) fn of(document: &'a Document, profile: &'a Profile) -> Self {
        let mut cves: Vec<&Cve> = document.cves.iter().collect();
        cves.sort_by_cached_key(|cve| order_of(&cve.id));
        cves.dedup_by(|a, b| a.id == b.id);
        Self { document, profile, grouped: group(document, profile), cves }
    }

    fn join(&self, parts: &[Part]) -> String {
        let mut blocks: Vec<String> = Vec::new();
        let mut toc_at = None;
        for part in parts {
            if *part == Part::TableOfContents {
                toc_at = Some(blocks.len());
                continue;
            }
            blocks.extend(self.block(*part).filter(|block| !block.is_empty()));
            if *part == Part::Changes && parts.contains(&Part::Title) && self.is_empty() {
                blocks.push(NOTHING.to_owned());
            }
        }
        let text = blocks.join("\n\n");
        let Some(at) = toc_at else { return text };
        // A table of contents holds no heading, so its place does not matter to the anchors.
        blocks.insert(at, table_of_contents(&text).trim_end().to_owned());
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n\n")
    }

    /// Whether there is neither note nor vulnerability.
    pub(crate) fn is_empty(&self) -> bool {
        self.grouped.is_empty() && self.cves.is_empty()
    }

    /// A part without blank space at its ends.
    pub(crate) fn block(&self, part: Part) -> Option<String> {
        let (document, words) = (self.document, &self.profile.document);
        match part {
            Part::Title => Some(format!("# {}", escape(&sanitize_line(&document.version)))),
            Part::Documentation => {
                Some(words.documentation.as_str()).filter(|it| !it.is_empty()).map(|it| link("Documentation", it))
            }
            Part::Downloads => document.downloads.as_ref().map(|it| it.render(&document.version).trim_end().to_owned()),
            Part::Since => self.since().map(|since| format!("## Changelog since {since}")),
            Part::Security => (!self.cves.is_empty()).then(|| self.security()),
            Part::Urgent => (!self.grouped.urgent.is_empty()).then(|| self.urgent()),
            Part::Changes => (!self.grouped.categories.is_empty()).then(|| self.changes()),
            Part::Dependencies => document.dependencies.as_ref().map(|it| it.trim().to_owned()),
            Part::TableOfContents => None,
        }
    }

    /// The previous version, with a link to the comparison where there is one.
    pub(crate) fn since(&self) -> Option<String> {
        let previous = sanitize_line(self.document.previous.as_deref()?);
        let range = format!("{previous}...{}", self.document.version);
        Some(match &self.document.repository {
            Some(repository) => link(&previous, &page(repository, &["compare", &range])),
            None => escape(&previous),
        })
    }

    fn security(&self) -> String {
        let entries: Vec<String> = self.cves.iter().map(|cve| security_entry(cve)).collect();
        format!(
            "## Important Security Information\n\nThis release contains changes that address the following vulnerabilities:\n\n{}",
            entries.join("\n\n")
        )
    }

    fn urgent(&self) -> String {
        let words = &self.profile.document;
        let mut text = format!("## {}\n\n", escape(&words.urgent));
        if !words.urgent_warning.is_empty() {
            text.push_str(&format!("### {}\n\n", escape(&words.urgent_warning)));
        }
        push_items(&mut text, &self.grouped.urgent);
        text
    }

    fn changes(&self) -> String {
        let mut text = "## Changes by Kind".to_owned();
        for category in &self.grouped.categories {
            text.push_str(&format!("\n\n### {}\n\n", category.heading));
            push_items(&mut text, &category.items);
        }
        text
    }
}

/// What stands where there is no note.
const NOTHING: &str = "No change of this release carries a release note.";

fn push_items(text: &mut String, items: &[Item<'_>]) {
    let items: Vec<String> = items.iter().map(|item| format!("- {}", item.markdown())).collect();
    text.push_str(&items.join("\n"));
}

/// One vulnerability, from its heading to its issue.
pub(crate) fn security_entry(cve: &Cve) -> String {
    let line = |text: &str| escape(&sanitize_line(text));
    let description = contained_block(neutralize_comments(&sanitize(&cve.description)).trim());
    let mut text = format!("### {}: {}\n\n{description}\n\n", line(&cve.id), line(&cve.title));
    text.push_str(&format!(
        "**CVSS Rating:** {} ({}) {}",
        cve.rating,
        cve.score,
        link(&cve.vector.to_string(), &cve.calc_link)
    ));
    if let Some(issue) = &cve.issue {
        text.push_str(&format!("<br>\n**Tracking Issue:** {}", crate::inline::safe(issue)));
    }
    text
}
