use url::Url;

use crate::group::entry;
use crate::pull::page;
use crate::{Notes, Profile, group};

/// The notes of one release with what stands above them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// The release, which is the title: `v1.2.3`.
    pub version: String,
    /// The release before it; without it there is no "Changelog since" heading.
    pub previous: Option<String>,
    /// The repository's page, `https://github.com/owner/name`; makes the previous version a link to the comparison.
    pub repository: Option<Url>,
    /// The notes.
    pub notes: Notes,
}

impl Document {
    /// A document without previous version and repository; the fields are public.
    pub fn new(version: impl Into<String>, notes: Notes) -> Self {
        Self { version: version.into(), previous: None, repository: None, notes }
    }
}

/// The whole document: title, "Changelog since", then the notes as [`render_notes`] writes them. No newline at the end.
pub fn render_markdown(document: &Document) -> String {
    let mut text = format!("# {}\n\n", document.version);
    if let Some(previous) = &document.previous {
        let range = format!("{previous}...{}", document.version);
        let since = match &document.repository {
            Some(repository) => format!("[{previous}]({})", page(repository, &["compare", &range])),
            None => previous.clone(),
        };
        text.push_str(&format!("## Changelog since {since}\n\n"));
    }
    let notes = render_notes(&document.notes);
    text.push_str(if notes.is_empty() { "No change of this release carries a release note." } else { &notes });
    text
}

/// The notes alone, byte for byte in the layout of the original's drafts (its stray blanks included): urgent upgrade notes,
/// then changes by kind. No newline at the end; empty when there is nothing to show.
pub fn render_notes(notes: &Notes) -> String {
    let grouped = group(notes, &Profile::default());
    let mut text = String::new();
    if !grouped.urgent.is_empty() {
        text.push_str("## Urgent Upgrade Notes \n\n### (No, really, you MUST read this before you upgrade)\n\n");
        for note in &grouped.urgent {
            text.push_str(&format!("- {}\n ", entry(note)));
        }
        text.push('\n');
    }
    if !grouped.categories.is_empty() {
        text.push_str("## Changes by Kind\n");
        for category in &grouped.categories {
            text.push_str(&format!("\n### {}\n\n", category.heading));
            for note in &category.notes {
                text.push_str(&format!("- {}\n", entry(note)));
            }
        }
    }
    text.trim().to_owned()
}
