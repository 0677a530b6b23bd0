//! One way to apply any plan.

use release_journal::{Approved, RunError};
use release_version::{BuildVersion, ReleaseVersion};
use serde::Serialize;

use crate::{
    Error, announce,
    manifest::StageManifest,
    places::Mode,
    plan::{AnyPlan, StagePlan},
    release,
    runner::{RunJournal, Runner, StageContext},
    stage,
};

/// What came of a plan.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "applied", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Applied {
    /// A build is staged.
    Staged(Staged),
    /// A build is public.
    Released(Released),
    /// A release is announced.
    Announced(Announced),
}

/// A staged build.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Staged {
    /// Which places.
    pub mode: Mode,
    /// What `release` is given.
    pub build_version: BuildVersion,
    /// The branch.
    pub branch: String,
    /// The versions, the one the run was about first.
    pub versions: Vec<ReleaseVersion>,
    /// Files staged, checksum files included.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Container images.
    pub images: usize,
    /// Platforms of all images together.
    pub image_platforms: usize,
    /// Release notes.
    pub notes: usize,
    /// Where the build is staged.
    pub location: String,
    /// The work folder on this machine.
    pub work: std::path::PathBuf,
}

/// A public release.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Released {
    /// Which places.
    pub mode: Mode,
    /// The build.
    pub build_version: BuildVersion,
    /// The versions, the one the run was about first.
    pub versions: Vec<ReleaseVersion>,
    /// The tags.
    pub tags: Vec<String>,
    /// Files published, checksum files included.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Markers that name the version now.
    pub markers: Vec<String>,
    /// Where the files are.
    pub location: String,
    /// Where plan, manifest and logs are kept.
    pub archive: String,
}

/// An announced release.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Announced {
    /// Which outbox.
    pub mode: Mode,
    /// The version.
    pub version: ReleaseVersion,
    /// The subject of the mail.
    pub subject: String,
    /// Where the mail is.
    pub location: String,
}

impl Staged {
    pub(crate) fn new(plan: &StagePlan, manifest: &StageManifest, cx: &StageContext<'_>) -> Self {
        Self {
            mode: plan.mode,
            build_version: plan.build_version,
            branch: plan.branch.clone(),
            versions: manifest.versions.iter().map(|version| version.version).collect(),
            files: manifest.versions.iter().map(|version| version.files.files.len()).sum(),
            bytes: manifest.versions.iter().map(|version| version.files.size()).sum(),
            images: manifest.versions.iter().map(|version| version.images.len()).sum(),
            image_platforms: manifest
                .versions
                .iter()
                .flat_map(|version| &version.images)
                .map(|image| image.platforms.len())
                .sum(),
            notes: manifest.prime().map_or(0, |version| version.notes),
            location: cx.bucket.address(&plan.prefix),
            work: cx.workspace.root().clone(),
        }
    }
}

/// Applies a plan, from its beginning or from wherever an earlier application of it stopped.
///
/// # Errors
/// [`Error::Run`] names the step that failed. The journal is written and the lease given back; applying the same plan again
/// goes on from there.
pub async fn apply(plan: &Approved<AnyPlan>, runner: &Runner) -> Result<Applied, Error> {
    match plan.plan() {
        AnyPlan::Stage(stage) => stage::apply(plan, stage, runner).await.map(Applied::Staged),
        AnyPlan::Release(release) => release::apply(plan, release, runner).await.map(Applied::Released),
        AnyPlan::Announce(announce) => announce::apply(plan, announce, runner).await.map(Applied::Announced),
    }
}

/// Ends a run: complete, or left for a resume. The first error is the one that is reported.
pub(crate) async fn close<T>(journal: RunJournal, result: Result<T, Error>) -> Result<T, Error> {
    match result {
        Ok(value) => {
            journal.complete().await?;
            Ok(value)
        }
        Err(error) => {
            // A lost lease belongs to somebody else now: there is nothing to give back.
            let lost = matches!(&error, Error::Run(RunError::Journal(_)));
            if !lost && let Err(second) = journal.abandon().await {
                tracing::warn!(error = %second, "the lease was not given back; it ends by itself");
            }
            Err(error)
        }
    }
}
