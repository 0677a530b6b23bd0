//! Plans: everything decided, nothing done.

mod announce;
mod release;
mod stage;

use std::fmt;

use git_repo::CommitId;
use release_journal::{Plan, Reach};
use release_version::{BuildVersion, ReleaseVersion};
use serde::{Deserialize, Serialize};

pub use announce::AnnouncePlan;
pub use release::{
    ChangelogPlan, MarkerKept, MarkerMove, OtherChangelogs, PagePlan, PushPlan, ReleasePlan, ReleaseVersionPlan,
};
pub use stage::{
    ImageBase, ImageJob, ImagePart, NotesMap, NotesPlan, NotesSince, StagePlan, StageVersion, TarballEntry, TarballJob,
    TarballSource,
};

/// What is released, as plans and manifests carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Name for files and journals.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Web address of the repository, for links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<url::Url>,
}

/// A plan of any kind, as it travels in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "plan", rename_all = "lowercase")]
pub enum AnyPlan {
    /// Build and put into staging.
    Stage(StagePlan),
    /// Make a staged build public.
    Release(ReleasePlan),
    /// Tell people.
    Announce(AnnouncePlan),
}

impl Plan for AnyPlan {
    fn subject(&self) -> String {
        match self {
            Self::Stage(plan) => plan.subject(),
            Self::Release(plan) => plan.subject(),
            Self::Announce(plan) => plan.subject(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Stage(plan) => plan.is_empty(),
            Self::Release(plan) => plan.is_empty(),
            Self::Announce(plan) => plan.is_empty(),
        }
    }

    fn reach(&self) -> Reach {
        match self {
            Self::Stage(plan) => plan.reach(),
            Self::Release(plan) => plan.reach(),
            Self::Announce(plan) => plan.reach(),
        }
    }
}

impl fmt::Display for AnyPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage(plan) => plan.fmt(f),
            Self::Release(plan) => plan.fmt(f),
            Self::Announce(plan) => plan.fmt(f),
        }
    }
}

/// Versions as a subject: letters that a run's name can hold.
pub(crate) fn subject(kind: &str, version: &ReleaseVersion) -> String {
    format!("{kind}-{version}")
}

/// Where a staged build lives in its bucket.
pub(crate) fn stage_prefix(build: &BuildVersion) -> String {
    format!("stage/{build}")
}

/// Where the public files of a version live in their bucket.
pub(crate) fn release_prefix(version: &ReleaseVersion) -> String {
    format!("release/{version}")
}

/// A commit in twelve digits.
pub(crate) fn short(commit: CommitId) -> String {
    commit.short(12)
}

/// A number of bytes for people, in binary units.
#[must_use]
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut scaled = bytes;
    let mut rest = 0;
    while scaled >= 1024 && unit + 1 < UNITS.len() {
        rest = scaled % 1024;
        scaled /= 1024;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{scaled}.{} {}", rest * 10 / 1024, UNITS[unit]) }
}
