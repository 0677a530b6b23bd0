use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::cve::CveRecord;
use crate::{Documentation, PullNumber};

/// What one document of a map file says about the note of a pull request. A field that is absent leaves the note as it is; an
/// empty text or list empties it. While it has an embargo, `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoteMap {
    /// The pull request; absent only in a CVE record that links its pull requests.
    pub pull: Option<PullNumber>,
    /// A commit, for information.
    pub commit: Option<String>,
    /// Replaces the text.
    pub text: Option<String>,
    /// Replaces the author.
    pub author: Option<String>,
    /// Replaces the areas.
    pub areas: Option<Vec<String>>,
    /// Replaces the kinds.
    pub kinds: Option<Vec<String>>,
    /// Replaces the groups.
    pub sigs: Option<Vec<String>>,
    /// Replaces the flag.
    pub feature: Option<bool>,
    /// Replaces the flag.
    pub action_required: Option<bool>,
    /// Replaces the flag.
    pub do_not_publish: Option<bool>,
    /// Replaces the links.
    pub documentation: Option<Vec<Documentation>>,
    /// A version that maps of 2020 name; nothing uses it.
    pub release_version: Option<String>,
    /// Further data, the CVE record aside.
    pub data: Option<Map<String, Json>>,
    /// The CVE record.
    pub cve: Option<CveRecord>,
    /// The body of the pull request when the map was made.
    pub pr_body: Option<String>,
    /// Until when nothing of this document may be shown; the later of its own and that of its CVE record counts.
    pub embargo: Option<Timestamp>,
    /// Where each field stands.
    pub(crate) lines: [usize; MapField::ALL.len()],
    /// Where the document begins.
    pub(crate) line: usize,
}

/// A field of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MapField {
    /// `releasenote.text`
    Text,
    /// `releasenote.author`
    Author,
    /// `releasenote.areas`
    Areas,
    /// `releasenote.kinds`
    Kinds,
    /// `releasenote.sigs`
    Sigs,
    /// `releasenote.feature`
    Feature,
    /// `releasenote.action_required`
    ActionRequired,
    /// `releasenote.do_not_publish`
    DoNotPublish,
    /// `releasenote.documentation`
    Documentation,
    /// `datafields`
    Data,
    /// `datafields.cve`
    Cve,
}

impl MapField {
    /// All, in the order in which they are written.
    pub const ALL: [Self; 11] = [
        Self::Text,
        Self::Author,
        Self::Areas,
        Self::Kinds,
        Self::Sigs,
        Self::Feature,
        Self::ActionRequired,
        Self::DoNotPublish,
        Self::Documentation,
        Self::Data,
        Self::Cve,
    ];

    /// Its key in YAML.
    pub fn key(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Author => "author",
            Self::Areas => "areas",
            Self::Kinds => "kinds",
            Self::Sigs => "sigs",
            Self::Feature => "feature",
            Self::ActionRequired => "action_required",
            Self::DoNotPublish => "do_not_publish",
            Self::Documentation => "documentation",
            Self::Data => "datafields",
            Self::Cve => "cve",
        }
    }
}

impl fmt::Display for MapField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl NoteMap {
    /// A map that says nothing yet.
    pub fn new(pull: PullNumber) -> Self {
        Self { pull: Some(pull), ..Self::default() }
    }

    /// Until when nothing of this document may be shown.
    pub fn embargoed_until(&self) -> Option<Timestamp> {
        self.embargo.max(self.cve.as_ref().and_then(|cve| cve.embargo))
    }

    /// The fields that it sets.
    pub fn fields(&self) -> Vec<MapField> {
        MapField::ALL.into_iter().filter(|field| self.sets(*field)).collect()
    }

    /// Whether it sets a field.
    pub fn sets(&self, field: MapField) -> bool {
        match field {
            MapField::Text => self.text.is_some(),
            MapField::Author => self.author.is_some(),
            MapField::Areas => self.areas.is_some(),
            MapField::Kinds => self.kinds.is_some(),
            MapField::Sigs => self.sigs.is_some(),
            MapField::Feature => self.feature.is_some(),
            MapField::ActionRequired => self.action_required.is_some(),
            MapField::DoNotPublish => self.do_not_publish.is_some(),
            MapField::Documentation => self.documentation.is_some(),
            MapField::Data => self.data.is_some(),
            MapField::Cve => self.cve.is_some(),
        }
    }

    /// The line of a field, from 1; zero when the map was not read from text.
    pub fn line_of(&self, field: MapField) -> usize {
        match self.lines[field as usize] {
            0 => self.line,
            line => line,
        }
    }

    /// Whether it says the same, wherever it stands in its file.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.clone().without_lines() == other.clone().without_lines()
    }

    pub(crate) fn without_lines(mut self) -> Self {
        self.lines = Default::default();
        self.line = 0;
        if let Some(cve) = &mut self.cve {
            cve.lines.clear();
            cve.line = 0;
        }
        self
    }
}

impl fmt::Debug for NoteMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.embargoed_until().is_some() {
            return f.write_str("NoteMap(under embargo)");
        }
        f.debug_struct("NoteMap")
            .field("pull", &self.pull)
            .field("commit", &self.commit)
            .field("text", &self.text)
            .field("author", &self.author)
            .field("areas", &self.areas)
            .field("kinds", &self.kinds)
            .field("sigs", &self.sigs)
            .field("feature", &self.feature)
            .field("action_required", &self.action_required)
            .field("do_not_publish", &self.do_not_publish)
            .field("documentation", &self.documentation)
            .field("release_version", &self.release_version)
            .field("data", &self.data)
            .field("cve", &self.cve)
            .field("pr_body", &self.pr_body)
            .finish_non_exhaustive()
    }
}
