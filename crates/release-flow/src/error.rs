use std::path::PathBuf;

use release_journal::RunError;
use release_version::{BuildVersion, NextVersionError, ParseVersionError, ReleaseVersion};

use crate::{
    config::{ConfigError, ParsePlatformError, TemplateError},
    forge::ForgeError,
    manifest::ManifestError,
    places::{Mode, PlaceError},
};

/// Why a run was not planned or not finished. Variants are what the caller can do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Mend `release.yaml`.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Mend a place, or its address.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Mend the profile of the release notes.
    #[error("`{path}` is no profile of release notes")]
    Profile {
        /// The file.
        path: String,
        /// Why.
        source: Box<notes_gen::ProfileError>,
    },
    /// Mend the maps of the release notes.
    #[error("maps of release notes cannot be used: {problem}")]
    Maps {
        /// What is wrong, with file and line.
        problem: String,
    },
    /// Mend the changelog on the branch.
    #[error("the changelog on `{branch}` cannot be written")]
    BranchChangelog {
        /// The branch.
        branch: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Give the run a token for GitHub.
    #[error("the notes come from `{from}`, and this run cannot reach GitHub")]
    NoGithub {
        /// The source of the notes.
        from: String,
    },
    /// Mend what notes are made from.
    #[error(transparent)]
    Notes(#[from] notes_sources::Error),
    /// A text is not a version.
    #[error(transparent)]
    Version(#[from] ParseVersionError),
    /// Mend the machine or the places.
    #[error("the run cannot begin: {}", failed.join("; "))]
    Prerequisites {
        /// What failed, each with what was found.
        failed: Vec<String>,
    },
    /// Wait for the run, or stop it.
    #[error("the mock places are in use by {holder}")]
    MockInUse {
        /// Who.
        holder: String,
    },
    /// Reset the repository where it is.
    #[error("the mock repository `{remote}` is not on this machine")]
    MockRemote {
        /// The address.
        remote: String,
    },
    /// Ask for another kind of release, or on another branch.
    #[error("cannot decide the version")]
    NextVersion(#[from] NextVersionError),
    /// The name is not a branch of this project.
    #[error("`{branch}` is not a branch of this project")]
    Branch {
        /// The name.
        branch: String,
        /// Why.
        source: Box<release_version::ParseBranchError>,
    },
    /// The source repository does not have the branch.
    #[error("`{repository}` has no branch `{branch}`")]
    NoBranch {
        /// The repository.
        repository: String,
        /// The branch.
        branch: String,
    },
    /// A branch for an urgent fix grows from a tag.
    #[error("branch `{branch}` grows from tag `{version}`, which is not there")]
    NoBranchPoint {
        /// The branch.
        branch: String,
        /// The tag.
        version: ReleaseVersion,
    },
    /// The build version names a commit that the source repository does not have.
    #[error("build version `{build}` names commit `{commit}`, which `{repository}` does not have")]
    NoCommit {
        /// The build version.
        build: Box<BuildVersion>,
        /// The commit.
        commit: String,
        /// The repository.
        repository: String,
        /// Why.
        source: Box<git_repo::Error>,
    },
    /// The build version was made from a work tree with changes.
    #[error("build version `{build}` is dirty: it was built from files that are in no commit")]
    Dirty {
        /// The build version.
        build: Box<BuildVersion>,
    },
    /// The build version does not describe the commit it names.
    #[error("build version `{given}` does not describe its commit, which is `{described}`")]
    OtherBuild {
        /// What was given.
        given: Box<BuildVersion>,
        /// What git describes.
        described: Box<BuildVersion>,
    },
    /// The branch has commits after the build.
    #[error("build version `{build}` is {behind} commits behind the head of `{branch}` ({head})")]
    BehindHead {
        /// The build version.
        build: Box<BuildVersion>,
        /// The branch.
        branch: String,
        /// Its head.
        head: String,
        /// How many commits are missing.
        behind: usize,
    },
    /// The build is of another line of history.
    #[error("the commit of build version `{build}` is not on branch `{branch}`")]
    NotOnBranch {
        /// The build version.
        build: Box<BuildVersion>,
        /// The branch.
        branch: String,
    },
    /// The commit is released already.
    #[error("commit `{commit}` of branch `{branch}` is already tagged `{tag}`; there is nothing new to release")]
    NothingNew {
        /// The commit.
        commit: String,
        /// The branch.
        branch: String,
        /// Its tag.
        tag: String,
    },
    /// The version is public already.
    #[error("{version} is already published: {place}")]
    Published {
        /// The version.
        version: ReleaseVersion,
        /// Where it was found.
        place: String,
    },
    /// The staging folder holds another build under the same name.
    #[error("build `{build}` is already staged by another plan (`{plan}`)")]
    StagedByOther {
        /// The build version.
        build: Box<BuildVersion>,
        /// Fingerprint of that plan.
        plan: release_journal::Fingerprint,
    },
    /// There is no such staged build.
    #[error("build `{build}` is not staged in `{bucket}`")]
    NotStaged {
        /// The build version.
        build: Box<BuildVersion>,
        /// The bucket.
        bucket: String,
    },
    /// Mock builds are not released for real, nor the other way.
    #[error("build `{build}` was staged by a {staged} run; a {wanted} release needs a {wanted} stage")]
    OtherMode {
        /// The build version.
        build: Box<BuildVersion>,
        /// How it was staged.
        staged: Mode,
        /// How it should be released.
        wanted: Mode,
    },
    /// A manifest is unusable.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The destination is not what the plan says; plan again.
    #[error("{what} changed since the plan was made: expected {expected}, found {found}; plan again")]
    Moved {
        /// What changed.
        what: String,
        /// What the plan knows.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The destination is not what it was when the build was staged: no plan of this build can be applied.
    #[error("{what} changed since the build was staged: expected {expected}, found {found}; stage again")]
    MovedSinceStage {
        /// What changed.
        what: String,
        /// What the stage run knew.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Staging does not hold what the stage run put there.
    #[error("`{place}` is not what the stage manifest says: found {found}")]
    StagedChanged {
        /// The folder or object.
        place: String,
        /// What is there.
        found: String,
    },
    /// There is no release of this version.
    #[error("{version} is not released in `{bucket}`")]
    NotReleased {
        /// The version.
        version: ReleaseVersion,
        /// The bucket.
        bucket: String,
    },
    /// A tarball asks for a build result that no job makes.
    #[error("`{tarball}` wants `out/{path}`, which no build for {platform} makes")]
    NoResult {
        /// The tarball or image.
        tarball: String,
        /// The path.
        path: String,
        /// The platform.
        platform: String,
    },
    /// The sources do not name the tag of a build's container.
    #[error("`{file}` does not name a tag for the container image `{image}`: {found}")]
    NoContainerTag {
        /// The image.
        image: String,
        /// The file in the sources.
        file: String,
        /// What is there.
        found: String,
    },
    /// Two results would be published under one name.
    #[error("`{path}` would be published twice")]
    Twice {
        /// The path.
        path: String,
    },
    /// A placeholder means nothing.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The host cannot be released for.
    #[error(transparent)]
    Platform(#[from] ParsePlatformError),
    /// A marker at the destination.
    #[error("marker `{object}` cannot be moved")]
    Marker {
        /// The object.
        object: String,
        /// Why.
        source: Box<release_version::MarkerError>,
    },
    /// A container image.
    #[error("cannot look at image `{image}`")]
    Image {
        /// The image.
        image: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A base image is not for a platform of the image, or not whole.
    #[error("base `{base}` of image `{image}` cannot be used for {platform}")]
    Base {
        /// The image.
        image: String,
        /// The base.
        base: String,
        /// The platform of the image.
        platform: String,
        /// Why.
        source: Box<registry_client::Error>,
    },
    /// The base of an image is not there.
    #[error("base `{base}` of image `{image}` is not an image of an OCI layout: expected `LAYOUT:TAG`")]
    NoBase {
        /// The image.
        image: String,
        /// The base as configured.
        base: String,
    },
    /// An image has no platform to be made for.
    #[error("image `{image}` has no platform; images are made for Linux platforms that are built")]
    NoImagePlatform {
        /// The image.
        image: String,
    },
    /// The changelog.
    #[error("`{tag}` cannot have a section in a changelog")]
    Changelog {
        /// The tag.
        tag: String,
        /// Why.
        source: Box<notes_gen::changelog::ChangelogError>,
    },
    /// The forge.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// Git.
    #[error("cannot {operation}")]
    Git {
        /// What was tried.
        operation: String,
        /// Why.
        source: Box<git_repo::Error>,
    },
    /// A bucket.
    #[error("cannot {operation}")]
    Bucket {
        /// What was tried.
        operation: String,
        /// Why.
        source: Box<artifact_publish::Error>,
    },
    /// The sender of announcements cannot send.
    #[error("`{address}` cannot be the sender of a mail")]
    Sender {
        /// The address.
        address: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The outbox.
    #[error("cannot use the outbox")]
    Mail(#[from] mail_announce::SendError),
    /// Files of the work folder.
    #[error("cannot {operation} `{}`", path.display())]
    Work {
        /// What was tried.
        operation: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The plan has no fingerprint.
    #[error(transparent)]
    Plan(#[from] release_journal::CanonicalError),
    /// The run stopped.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] release_journal::JournalError),
    /// What a run wrote.
    #[error(transparent)]
    History(#[from] release_journal::HistoryError),
}

impl Error {
    pub(crate) fn git(operation: impl Into<String>) -> impl FnOnce(git_repo::Error) -> Self {
        let operation = operation.into();
        move |source| Self::Git { operation, source: Box::new(source) }
    }

    pub(crate) fn bucket(operation: impl Into<String>) -> impl FnOnce(artifact_publish::Error) -> Self {
        let operation = operation.into();
        move |source| Self::Bucket { operation, source: Box::new(source) }
    }

    pub(crate) fn work(operation: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Work { operation, path, source }
    }
}

impl From<release_journal::Difference> for Error {
    fn from(difference: release_journal::Difference) -> Self {
        Self::Moved { what: difference.subject, expected: difference.expected, found: difference.found }
    }
}

impl From<release_journal::StoreError> for Error {
    fn from(error: release_journal::StoreError) -> Self {
        Self::Journal(error.into())
    }
}
