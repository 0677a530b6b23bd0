use std::{collections::BTreeMap, fmt};

use artifact_publish::Sha256Digest;
use git_repo::{Identity, ObjectId, RefName};
use release_journal::{Fingerprint, Plan, Reach};
use release_version::{BuildVersion, Marker, MarkerDecision, ReleaseVersion, decide};
use serde::{Deserialize, Serialize};

use super::{Project, human_bytes, subject};
use crate::places::{Mode, Places};

/// Make a staged build public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleasePlan {
    /// Version of the tool that made the plan.
    pub tool: String,
    /// Which places.
    pub mode: Mode,
    /// What is released.
    pub project: Project,
    /// The branch it was cut from; what the lease is about.
    pub branch: String,
    /// The staged build.
    pub build_version: BuildVersion,
    /// Folder of the staged build in the bucket.
    pub prefix: String,
    /// Digest of the stage manifest, and so of every staged byte.
    pub manifest: Sha256Digest,
    /// The stage plan that made the staged build.
    pub stage_plan: Fingerprint,
    /// What is copied.
    pub versions: Vec<ReleaseVersionPlan>,
    /// What is pushed, in one atomic push.
    pub push: Vec<PushPlan>,
    /// Commits that become public with the push, newest first, in words; at most fifty.
    pub push_summary: Vec<String>,
    /// How many commits that are in all.
    pub push_commits: usize,
    /// Who writes the changelog commits.
    pub identity: Identity,
    /// Changelog files that get the section of the version, one commit a branch, after the push.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changelogs: Vec<ChangelogPlan>,
    /// Release pages.
    pub pages: Vec<PagePlan>,
    /// Markers that move, after everything else.
    pub markers: Vec<MarkerMove>,
    /// Markers that stay, and why.
    pub markers_kept: Vec<MarkerKept>,
    /// Folder of the archive in the bucket.
    pub archive: String,
    /// The places.
    pub places: Places,
}

/// One version to make public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseVersionPlan {
    /// The version.
    pub version: ReleaseVersion,
    /// Folder in the bucket that is copied.
    pub from: String,
    /// Folder in the bucket that is made.
    pub to: String,
    /// Number of files.
    pub files: usize,
    /// Their bytes in all.
    pub bytes: u64,
    /// Container images that get their public names, each with the digest of its index.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, registry_client::Digest>,
}

/// One ref to push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushPlan {
    /// The ref.
    pub name: RefName,
    /// What it must point to before; nothing when it must not be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<ObjectId>,
    /// What it points to afterwards.
    pub new: ObjectId,
}

/// A section for the changelog of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangelogPlan {
    /// The branch.
    pub branch: String,
    /// The tag whose section it is.
    pub tag: String,
    /// The file, e.g. `CHANGELOG/CHANGELOG-1.30.md`.
    pub file: String,
    /// The list of changelog files, e.g. `CHANGELOG/README.md`.
    pub index: String,
    /// What happens to the changelogs of other lines in that folder.
    pub others: OtherChangelogs,
    /// The staged section.
    pub section: String,
    /// Its digest.
    pub sha256: Sha256Digest,
}

/// What happens to the changelogs of other lines on a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OtherChangelogs {
    /// They stay.
    Keep,
    /// They go: a release branch has its own from its first official release on, the others are on the default branch.
    Drop,
}

/// One release page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagePlan {
    /// The tag the page belongs to.
    pub tag: String,
    /// Its title.
    pub title: String,
    /// Whether it says that this is a pre-release.
    pub prerelease: bool,
    /// Whether it says that this is the newest release.
    pub latest: bool,
    /// Digest of its Markdown.
    pub body: Sha256Digest,
}

/// A marker that moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkerMove {
    /// The object, e.g. `release/latest-1.2.txt`.
    pub object: String,
    /// What it names before; nothing when it must not be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it names afterwards.
    pub to: ReleaseVersion,
}

impl MarkerMove {
    /// Whether what the marker names never belonged there, so that the move is no step forward.
    #[must_use]
    pub fn is_repair(&self) -> bool {
        let to = BuildVersion::from(self.to);
        let decided = self.object.parse().and_then(|marker: Marker| decide(&marker, self.from.as_deref(), &to));
        matches!(decided, Ok(MarkerDecision::Repair { .. }))
    }
}

/// A marker that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkerKept {
    /// The object.
    pub object: String,
    /// What it names.
    pub current: String,
    /// Why it stays.
    pub reason: String,
}

impl ReleasePlan {
    /// The version the run is about.
    #[must_use]
    pub fn prime(&self) -> &ReleaseVersionPlan {
        self.versions.first().expect("a release plan is made with its prime version")
    }
}

impl Plan for ReleasePlan {
    fn subject(&self) -> String {
        subject("release", &self.prime().version)
    }

    fn is_empty(&self) -> bool {
        false
    }

    fn reach(&self) -> Reach {
        self.mode.reach()
    }
}

impl fmt::Display for ReleasePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bucket = self.places.bucket.as_str().trim_end_matches('/');
        writeln!(f, "{} release of {} {}", self.mode, self.project.title, self.prime().version)?;
        writeln!(f, "  staged build   {bucket}/{} (manifest sha256 {})", self.prefix, self.manifest)?;
        for version in &self.versions {
            let size = human_bytes(version.bytes);
            writeln!(f, "  copy           {} files, {size} to {bucket}/{}", version.files, version.to)?;
        }
        for (image, digest) in self.versions.iter().flat_map(|version| &version.images) {
            writeln!(f, "  image          {image} at {digest}")?;
        }
        for push in &self.push {
            let before = push.expected.map_or_else(|| "new".to_owned(), |id| format!("from {id}"));
            writeln!(f, "  push           {} {before} to {}", push.name, push.new)?;
        }
        if self.push_commits > 0 {
            writeln!(f, "  new commits    {} at {}", self.push_commits, self.places.git)?;
            for line in &self.push_summary {
                writeln!(f, "                 {line}")?;
            }
            let more = self.push_commits - self.push_summary.len().min(self.push_commits);
            if more > 0 {
                writeln!(f, "                 … and {more} more")?;
            }
        }
        for changelog in &self.changelogs {
            writeln!(
                f,
                "  changelog      section of {} in {} on `{}`",
                changelog.tag, changelog.file, changelog.branch
            )?;
            if changelog.others == OtherChangelogs::Drop {
                writeln!(f, "                 without the changelogs of other lines")?;
            }
        }
        for page in &self.pages {
            let kind = if page.prerelease { ", pre-release" } else { "" };
            let latest = if page.latest { ", latest" } else { "" };
            writeln!(f, "  page           `{}` for `{}`{kind}{latest}", page.title, page.tag)?;
        }
        for marker in &self.markers {
            let before = marker.from.as_deref().unwrap_or("nothing");
            let repair = if marker.is_repair() { " (repair: the old one does not belong there)" } else { "" };
            writeln!(f, "  marker         {} from {before} to {}{repair}", marker.object, marker.to)?;
        }
        for kept in &self.markers_kept {
            writeln!(f, "  marker stays   {} at {}: {}", kept.object, kept.current, kept.reason)?;
        }
        write!(f, "  archive        {bucket}/{}", self.archive)
    }
}
