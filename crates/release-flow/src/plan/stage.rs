use std::{collections::BTreeMap, fmt};

use git_repo::{CommitId, Identity, ObjectId};
use jiff::Timestamp;
use release_journal::{Plan, Reach};
use release_version::{BranchState, BuildVersion, Placement, ReleaseKind, ReleaseVersion, Role};
use serde::{Deserialize, Serialize};

use super::{Project, short, subject};
use crate::{
    config::Platform,
    engine::BuildJob,
    places::{Mode, Places},
};

/// Build a commit and put everything into staging. Nothing becomes public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StagePlan {
    /// Version of the tool that made the plan.
    pub tool: String,
    /// The date of tags and release commits: that of the released commit, unless another was asked for. No clock reaches a plan, so that
    /// the same world gives the same plan.
    pub date: Timestamp,
    /// Which places.
    pub mode: Mode,
    /// What is released.
    pub project: Project,
    /// What kind of release.
    pub kind: ReleaseKind,
    /// The branch it is cut from.
    pub branch: String,
    /// Whether that branch is there already.
    pub branch_state: BranchState,
    /// The build version: names the commit, and the staged build.
    pub build_version: BuildVersion,
    /// The commit that is released.
    pub commit: CommitId,
    /// When that commit was made: the time stamp of files in tarballs and of builds.
    pub commit_time: Timestamp,
    /// The repository the commit is read from.
    pub source: String,
    /// Who tags.
    pub identity: Identity,
    /// The versions to make; the first is the one the run is about.
    pub versions: Vec<StageVersion>,
    /// What the release notes cover.
    pub notes: Box<NotesPlan>,
    /// Folder of the changelog files; without it no section is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changelog: Option<String>,
    /// Where users download releases, up to the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changelog_downloads: Option<url::Url>,
    /// Heads of branches that the destination has: the bundle of git objects leaves their history out.
    pub known_heads: Vec<CommitId>,
    /// How many build commands run at once, when the project says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<usize>,
    /// Free disk space that the work folder must have, in GiB.
    pub disk_gib: u64,
    /// The places.
    pub places: Places,
    /// Folder of the staged build in the bucket.
    pub prefix: String,
    /// What the approver should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// One version of a stage run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageVersion {
    /// The version.
    pub version: ReleaseVersion,
    /// Whether the run is about it.
    pub role: Role,
    /// The branch whose history holds the tag.
    pub branch: String,
    /// Whether the tag is on the build commit or on a release commit of its own.
    pub placement: Placement,
    /// The name of the tag.
    pub tag: String,
    /// The message of the tag.
    pub message: String,
    /// The message of the release commit, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_message: Option<String>,
    /// The parent of the release commit, or the tagged commit itself.
    pub parent: CommitId,
    /// The commit that is tagged.
    pub commit: CommitId,
    /// The tag object: known before it is made, since everything in it is in the plan.
    pub tag_object: ObjectId,
    /// What is built.
    pub jobs: Vec<BuildJob>,
    /// What is packed.
    pub tarballs: Vec<TarballJob>,
    /// Container images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageJob>,
}

/// A container image to make, for every platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageJob {
    /// Name in the registry.
    pub name: String,
    /// What it starts from; nothing is `scratch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<ImageBase>,
    /// Its platforms and what goes into each.
    pub platforms: Vec<ImagePart>,
    /// What runs when the image is started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// Arguments of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    /// Who runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
}

/// A base image, pinned by digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageBase {
    /// The folder of its OCI layout.
    pub layout: String,
    /// Its manifest or index.
    pub digest: registry_client::Digest,
    /// The tag it was found by.
    pub tag: registry_client::Tag,
}

/// An image for one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImagePart {
    /// The platform.
    pub platform: Platform,
    /// The files that go in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<TarballEntry>,
    /// Instead of files: a docker archive among the build results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<TarballSource>,
}

/// A tarball to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TarballJob {
    /// File name.
    pub name: String,
    /// The platform whose results are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// What goes in.
    pub entries: Vec<TarballEntry>,
}

/// A file or folder of a tarball.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TarballEntry {
    /// Where it is.
    pub from: TarballSource,
    /// Its path in the tarball.
    pub to: String,
}

/// Where a tarball's file comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TarballSource {
    /// Path in the source tree as committed; empty is all of it.
    Source(String),
    /// A result of a build job.
    Result {
        /// The job.
        job: String,
        /// Path below its results.
        path: String,
    },
}

/// What the release notes cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotesPlan {
    /// The release before; without one the notes cover the whole history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NotesSince>,
    /// A folder with pull requests, or `github:OWNER/NAME`; without one the titles in merge commits serve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_requests: Option<url::Url>,
    /// How the project writes labels, blocks and titles; absent when as Kubernetes does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<notes_gen::Profile>,
    /// The maps, as they were when the plan was made. None is under embargo.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maps: Vec<NotesMap>,
    /// How many maps are under embargo, and so left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub withheld: usize,
    /// Folders whose manifests are compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<String>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A map of release notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotesMap {
    /// Its path, for messages.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Where a range of release notes starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotesSince {
    /// The version.
    pub version: ReleaseVersion,
    /// Its tag.
    pub tag: String,
    /// The commit of the tag.
    pub commit: CommitId,
}

impl StagePlan {
    /// The version the run is about.
    #[must_use]
    pub fn prime(&self) -> &StageVersion {
        self.versions.first().expect("a stage plan is made with its prime version")
    }
}

impl Plan for StagePlan {
    fn subject(&self) -> String {
        subject("stage", &self.prime().version)
    }

    fn is_empty(&self) -> bool {
        false
    }

    fn reach(&self) -> Reach {
        self.mode.reach()
    }
}

impl fmt::Display for StagePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} stage of {} {}", self.mode, self.project.title, self.prime().version)?;
        writeln!(f, "  build version  {}", self.build_version)?;
        writeln!(f, "  commit         {} of branch `{}`", self.commit, self.branch)?;
        if self.branch_state == BranchState::New {
            writeln!(f, "  new branch     `{}`", self.branch)?;
        }
        for version in &self.versions {
            let place = match version.placement {
                Placement::BuildCommit => String::new(),
                Placement::ReleaseCommit => format!(" (a release commit on {})", short(version.parent)),
            };
            writeln!(f, "  tag            `{}` at {}{place}", version.tag, short(version.commit))?;
            for job in &version.jobs {
                let container = job.container.as_ref().map(|spec| format!(" in `{}`", spec.image)).unwrap_or_default();
                writeln!(f, "  build          {} for {}{container}: {}", job.id, job.platform, one_line(&job.command))?;
            }
            for image in &version.images {
                let platforms: Vec<String> = image.platforms.iter().map(|part| part.platform.to_string()).collect();
                writeln!(f, "  image          {} for {}", image.name, platforms.join(", "))?;
            }
            for tarball in &version.tarballs {
                writeln!(f, "  tarball        {}", tarball.name)?;
            }
        }
        match &self.notes.since {
            Some(since) => writeln!(f, "  notes          since {} ({})", since.tag, short(since.commit))?,
            None => writeln!(f, "  notes          the whole history")?,
        }
        if self.notes.withheld > 0 {
            writeln!(f, "  maps           {} under embargo, left out", self.notes.withheld)?;
        }
        for warning in &self.warnings {
            writeln!(f, "  warning        {warning}")?;
        }
        write!(f, "  staging        {}/{}", self.places.bucket.as_str().trim_end_matches('/'), self.prefix)
    }
}

fn one_line(command: &str) -> String {
    let mut lines = command.trim().lines();
    let first = lines.next().unwrap_or("").trim();
    if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
}
