mod contain;
mod item;
mod markdown;

pub use item::{Category, Grouped, Item, group};
pub(crate) use markdown::{Parts, security_entry};
pub use markdown::{render, render_markdown, render_notes};

use crate::Profile;
use crate::compat::Edition;

/// A part of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Part {
    /// `# v1.2.3`.
    Title,
    /// The table of contents of the whole document.
    TableOfContents,
    /// A link to the project's documentation.
    Documentation,
    /// The tables of files and container images.
    Downloads,
    /// `## Changelog since v1.2.2`.
    Since,
    /// `## Important Security Information`: the vulnerabilities that the release closes.
    Security,
    /// Notes that require action before an upgrade.
    Urgent,
    /// The other notes by kind.
    Changes,
    /// What changed among the dependencies.
    Dependencies,
}

/// What a document is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Layout {
    /// The draft that people review and edit: notes and vulnerabilities only.
    Draft,
    /// The text that the command writes for a range.
    StandAlone,
    /// The section of a changelog.
    #[default]
    Changelog,
    /// A page of its own, for the announcement.
    Page,
}

impl Layout {
    /// Its parts in order.
    pub fn parts(self) -> &'static [Part] {
        use Part::*;
        match self {
            Self::Draft => &[Security, Urgent, Changes],
            Self::StandAlone => &[Downloads, Security, Urgent, Changes, Dependencies],
            Self::Changelog | Self::Page => &[Title, Downloads, Since, Security, Urgent, Changes, Dependencies],
        }
    }
}

/// Whose rules a document follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compat {
    /// Ours.
    #[default]
    Corrected,
    /// The bytes of the original tool; of the parts that it does not have, only the table of contents and the dependencies are
    /// shown, where it puts them.
    Strict(Edition),
}

/// How a document is rendered.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RenderOptions {
    /// Words, kinds and links of the project.
    pub profile: Profile,
    /// What the document is for; the original's bytes differ by it.
    pub layout: Layout,
    /// What is shown, in order.
    pub parts: Vec<Part>,
    /// Whose rules.
    pub compat: Compat,
}

impl RenderOptions {
    /// All parts of a layout, for Kubernetes.
    pub fn new(layout: Layout) -> Self {
        Self { profile: Profile::default(), layout, parts: layout.parts().to_vec(), compat: Compat::default() }
    }

    /// The same with a table of contents below the title, or at the top if there is none.
    #[must_use]
    pub fn with_table_of_contents(mut self) -> Self {
        if !self.parts.contains(&Part::TableOfContents) {
            let at = self.parts.iter().position(|part| *part == Part::Title).map_or(0, |title| title + 1);
            self.parts.insert(at, Part::TableOfContents);
        }
        self
    }

    /// The same without a part.
    #[must_use]
    pub fn without(mut self, part: Part) -> Self {
        self.parts.retain(|kept| *kept != part);
        self
    }
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self::new(Layout::default())
    }
}
