use semver::Version;

use super::line::version_of;
use super::outline::{Outline, line_number};
use super::{ChangelogError, Downloads, MAX_CHANGELOG};
use crate::{Document, render_markdown};

/// What a changelog says of one version: a title `# <tag>` and what stands below. It is known to stay within itself: it closes what
/// it opens, and it holds neither another version's title nor a marker of the table of contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    tag: String,
    version: Version,
    markdown: String,
}

/// The text of `vX.Y.0`, which people wrote and reviewed during the cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draft<'a> {
    /// The tag.
    pub tag: &'a str,
    /// The official release before it, `v1.18.0`.
    pub previous: &'a str,
    /// Where the documentation is, for a link below the title; it shows where there are downloads.
    pub documentation: Option<&'a str>,
    /// The reviewed text, which is taken as it is.
    pub markdown: &'a str,
}

impl Section {
    /// A ready text, which begins with the line `# <tag>`. Blank space at its ends is dropped.
    pub fn new(tag: &str, markdown: &str) -> Result<Self, ChangelogError> {
        let owned = || tag.to_owned();
        let version = version_of(tag).ok_or_else(|| ChangelogError::NotAVersion { tag: owned() })?;
        if markdown.len() > MAX_CHANGELOG {
            return Err(ChangelogError::TooLarge { bytes: markdown.len() });
        }
        let markdown = markdown.trim();
        // A heading put below the section must be seen as one, as the headings of the older sections must.
        let probe = format!("{markdown}\n\n\n");
        let outline = Outline::of(&format!("{probe}# {tag}\n"));
        let line = |at: usize| line_number(&probe, at);
        if let Some(marker) = outline.markers.first() {
            return Err(ChangelogError::MarkerInSection { tag: owned(), line: line(marker.start) });
        }
        let mut titles = outline
            .headings
            .iter()
            .filter(|it| it.listed && it.level == 1 && version_of(&it.plain).is_some())
            .peekable();
        if titles.next_if(|title| title.start == 0 && title.plain == tag).is_none() {
            return Err(ChangelogError::NoTitle { tag: owned() });
        }
        match titles.next() {
            Some(title) if title.start == probe.len() => {
                Ok(Self { tag: owned(), version, markdown: markdown.to_owned() })
            }
            Some(title) => Err(ChangelogError::SecondTitle { tag: owned(), line: line(title.start) }),
            None => Err(ChangelogError::NotClosed { tag: owned() }),
        }
    }

    /// The section of any version but `vX.Y.0`: the title, the downloads, "Changelog since", the notes.
    pub fn compose(document: &Document, downloads: Option<&Downloads>) -> Result<Self, ChangelogError> {
        let tag = &document.version;
        let title = format!("# {tag}\n\n");
        let plain = render_markdown(document);
        let below = plain.strip_prefix(&title).unwrap_or(&plain);
        let files = downloads.map(|it| it.render(tag)).unwrap_or_default();
        Self::new(tag, &format!("{title}{files}{below}"))
    }

    /// The section of `vX.Y.0`: the title, the documentation, the downloads, "Changelog since", the draft unchanged.
    pub fn from_draft(draft: &Draft<'_>, downloads: Option<&Downloads>) -> Result<Self, ChangelogError> {
        let Draft { tag, previous, documentation, markdown } = *draft;
        let files = downloads.map(|it| it.render_official(tag)).unwrap_or_default();
        let documentation = match documentation {
            Some(address) if !files.is_empty() => format!("[Documentation]({address})\n\n"),
            _ => String::new(),
        };
        Self::new(tag, &format!("# {tag}\n\n{documentation}{files}## Changelog since {previous}\n\n{markdown}"))
    }

    /// The tag, which is the title.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The whole text, without a newline at its end.
    pub fn markdown(&self) -> &str {
        &self.markdown
    }

    pub(super) fn version(&self) -> &Version {
        &self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_stay_within_themselves() {
        let tag = "v1.2.3".to_owned();
        let cases = [
            ("ready", "\n# v1.2.3\n\n## a\n\n# Other title\n\n```\n# v1.2.2\n```\n\n", Ok(())),
            ("title only", "# v1.2.3", Ok(())),
            ("open fence in a list ends with it", "# v1.2.3\n\n- ```go\n  x\n- b\n", Ok(())),
            ("no title", "text", Err(ChangelogError::NoTitle { tag: tag.clone() })),
            ("nothing", " ", Err(ChangelogError::NoTitle { tag: tag.clone() })),
            ("other title", "# v1.2.4\n", Err(ChangelogError::NoTitle { tag: tag.clone() })),
            ("text first", "a\n\n# v1.2.3\n", Err(ChangelogError::NoTitle { tag: tag.clone() })),
            ("two", "# v1.2.3\n\n# v1.2.2\n", Err(ChangelogError::SecondTitle { tag: tag.clone(), line: 3 })),
            ("twice", "# v1.2.3\n\n# v1.2.3\n", Err(ChangelogError::SecondTitle { tag: tag.clone(), line: 3 })),
            ("open fence", "# v1.2.3\n\n```\n", Err(ChangelogError::NotClosed { tag: tag.clone() })),
            ("open comment", "# v1.2.3\n\n<!-- a\n", Err(ChangelogError::NotClosed { tag: tag.clone() })),
            ("open element", "# v1.2.3\n\n<pre>\n", Err(ChangelogError::NotClosed { tag: tag.clone() })),
            (
                "marker",
                "# v1.2.3\n\n<!-- END MUNGE: GENERATED_TOC -->\n",
                Err(ChangelogError::MarkerInSection { tag: tag.clone(), line: 3 }),
            ),
        ];
        for (name, markdown, expected) in cases {
            assert_eq!(Section::new(&tag, markdown).map(|_| ()), expected, "{name}");
        }
        let expected = ChangelogError::NotAVersion { tag: "next".to_owned() };
        assert_eq!(Section::new("next", "# next"), Err(expected));
    }
}
