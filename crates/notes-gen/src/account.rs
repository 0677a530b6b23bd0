//! What became of every commit of a range.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::maps::{Applied, MapPlace, Provenance};
use crate::{CommitId, Fallback, Outside, PullNumber};

/// Why a commit gave no note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
#[non_exhaustive]
pub enum Exclusion {
    /// It belongs to the branch of a pull request, which the merge commit stands for.
    InsidePull {
        /// That pull request.
        pull: PullNumber,
        /// Another one, which the message names. As far as the source knows, this commit did not merge it: it may be of a fork, or
        /// picked from elsewhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        named: Option<PullNumber>,
    },
    /// A merge without a number; the line it brought in was followed.
    BranchSync,
    /// It names no pull request, and the source knows none for it.
    NoPullNumber,
    /// It names no pull request, and touches none of the paths that were asked for.
    Untouched,
    /// It came in by a merge without a number, whose line was not to be followed.
    NotFollowed,
    /// It is not part of the range.
    NotReachable,
    /// Its pull request does not touch the paths that were asked for.
    OtherPaths {
        /// The pull request.
        pull: PullNumber,
    },
    /// Its pull request has none of the labels that were asked for.
    OtherLabels {
        /// The pull request.
        pull: PullNumber,
    },
    /// The source knows no pull request of that number.
    PullMissing {
        /// The number.
        pull: PullNumber,
    },
    /// The pull request has no release-note block.
    NoBlock {
        /// The pull request.
        pull: PullNumber,
    },
    /// The block of the pull request is empty.
    EmptyBlock {
        /// The pull request.
        pull: PullNumber,
    },
    /// The block is never closed.
    UnclosedBlock {
        /// The pull request.
        pull: PullNumber,
    },
    /// The author says that there is no note.
    StatedNone {
        /// The pull request.
        pull: PullNumber,
    },
    /// The body is too large to be read.
    BodyTooLarge {
        /// The pull request.
        pull: PullNumber,
        /// Its length.
        bytes: usize,
    },
    /// Another pull request of the range reverts it, and such pairs were to be left out.
    Reverted {
        /// The pull request.
        pull: PullNumber,
        /// The one that reverts it.
        by: PullNumber,
    },
    /// It reverts another pull request of the range, and such pairs were to be left out.
    Revert {
        /// The pull request.
        pull: PullNumber,
        /// The one that it reverts.
        of: PullNumber,
    },
}

impl From<Outside> for Exclusion {
    fn from(outside: Outside) -> Self {
        match outside {
            Outside::InsidePull { pull } => Self::InsidePull { pull, named: None },
            Outside::BranchSync => Self::BranchSync,
            Outside::NoPullNumber => Self::NoPullNumber,
            Outside::Untouched => Self::Untouched,
            Outside::NotFollowed => Self::NotFollowed,
            Outside::NotReachable => Self::NotReachable,
            Outside::OtherPaths { pull } => Self::OtherPaths { pull },
        }
    }
}

impl Exclusion {
    /// The pull request of the commit, if it is known.
    pub fn pull(&self) -> Option<PullNumber> {
        match self {
            Self::InsidePull { pull, .. }
            | Self::OtherPaths { pull }
            | Self::OtherLabels { pull }
            | Self::PullMissing { pull }
            | Self::NoBlock { pull }
            | Self::EmptyBlock { pull }
            | Self::UnclosedBlock { pull }
            | Self::StatedNone { pull }
            | Self::BodyTooLarge { pull, .. }
            | Self::Reverted { pull, .. }
            | Self::Revert { pull, .. } => Some(*pull),
            Self::BranchSync | Self::NoPullNumber | Self::Untouched | Self::NotFollowed | Self::NotReachable => None,
        }
    }
}

/// Which rule gave a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NoteRule {
    /// The release-note block of the pull request.
    Block,
    /// The release-note blocks of the pull requests that it cherry-picks.
    OriginalBlock,
    /// A trailer.
    Trailer,
    /// A title in the form of Conventional Commits.
    Conventional,
    /// A title with a prefix of the profile.
    TitlePrefix,
    /// The title.
    Title,
}

impl From<Fallback> for NoteRule {
    fn from(fallback: Fallback) -> Self {
        match fallback {
            Fallback::Trailer => Self::Trailer,
            Fallback::Conventional => Self::Conventional,
            Fallback::TitlePrefix => Self::TitlePrefix,
            Fallback::Title => Self::Title,
        }
    }
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Its pull request gave notes.
    Included {
        /// The pull request that the commit merged.
        pull: PullNumber,
        /// The notes it stands for: its own, or those of the originals that a cherry-pick repeats.
        notes: Vec<PullNumber>,
        /// Which rule gave them.
        rule: NoteRule,
    },
    /// It gave none.
    Excluded(Exclusion),
}

/// One line of the accounting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The commit.
    pub commit: CommitId,
    /// What became of it.
    pub fate: Fate,
    /// The later pull request of the range that took it back, and was not taken back itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverted_by: Option<PullNumber>,
}

/// Every commit of the range with what became of it, children before parents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Accounting {
    /// One entry per commit of the range.
    pub entries: Vec<Entry>,
}

impl Accounting {
    /// How many commits gave notes.
    pub fn included(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.fate, Fate::Included { .. })).count()
    }

    /// The pull requests of the range that the source did not know, ascending.
    pub fn missing(&self) -> BTreeSet<PullNumber> {
        let missing = |entry: &Entry| match entry.fate {
            Fate::Excluded(Exclusion::PullMissing { pull }) => Some(pull),
            _ => None,
        };
        self.entries.iter().filter_map(missing).collect()
    }

    /// What commits inside of pull requests name, and is no pull request of the range as far as the source knows, ascending.
    pub fn named(&self) -> BTreeSet<PullNumber> {
        let named = |entry: &Entry| match entry.fate {
            Fate::Excluded(Exclusion::InsidePull { named, .. }) => named,
            _ => None,
        };
        let pulls = self.pulls();
        self.entries.iter().filter_map(named).filter(|named| !pulls.contains(named)).collect()
    }

    /// All pull requests of the range, whether or not they gave notes, and the originals of cherry-picks that did.
    pub fn pulls(&self) -> BTreeSet<PullNumber> {
        let mut pulls = BTreeSet::new();
        for entry in &self.entries {
            match &entry.fate {
                Fate::Included { pull, notes, .. } => pulls.extend(notes.iter().chain([pull])),
                Fate::Excluded(why) => pulls.extend(why.pull()),
            }
        }
        pulls
    }
}

/// Why each note is there and what is not: the answer to `--explain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation<'a> {
    /// `notes-gen/explanation/v1`.
    pub schema: &'static str,
    /// Every commit of the range.
    pub commits: &'a Accounting,
    /// The notes that maps edited, with file and line of each field.
    pub mapped: BTreeMap<PullNumber, &'a [Provenance]>,
    /// Notes that a map took out.
    pub hidden: &'a [MapPlace],
    /// Maps without a note.
    pub unused_maps: &'a [MapPlace],
    /// Maps that were made for another body.
    pub changed_bodies: &'a [MapPlace],
    /// How many maps are under embargo.
    pub withheld_maps: usize,
}

impl<'a> Explanation<'a> {
    /// Puts together what gathering and maps did.
    pub fn new(accounting: &'a Accounting, applied: &'a Applied) -> Self {
        Self {
            schema: "notes-gen/explanation/v1",
            commits: accounting,
            mapped: applied.mapped.iter().map(|(pull, origins)| (*pull, origins.as_slice())).collect(),
            hidden: &applied.hidden,
            unused_maps: &applied.unused,
            changed_bodies: &applied.body_changed,
            withheld_maps: applied.withheld,
        }
    }
}
