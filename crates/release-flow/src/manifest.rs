//! The stage manifest: what a stage run made, and the input of the release.

use std::collections::BTreeMap;

use artifact_publish::{Sha256Digest, StagedTree};
use git_repo::{CommitId, ObjectId, RefName};
use jiff::Timestamp;
use release_journal::Fingerprint;
use release_version::{BranchState, BuildVersion, ReleaseKind, ReleaseVersion, Role};
use serde::{Deserialize, Serialize};

use crate::{
    places::Mode,
    plan::{NotesSince, Project},
};

/// The value of [`StageManifest::schema`].
pub const SCHEMA: &str = "krel/stage-manifest/v1";
/// Name of the manifest in the folder of a staged build. It is written last: a build without it is not staged.
pub const FILE_NAME: &str = "manifest.json";
/// The largest manifest that is read, in bytes.
pub(crate) const MAX_BYTES: u64 = 64 << 20;

/// What a stage run made. Versions, commits and the branch decision are in it, so that the release never computes them again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageManifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of the tool.
    pub tool: String,
    /// The plan that was applied.
    pub plan: Fingerprint,
    /// The date of tags and release commits.
    pub date: Timestamp,
    /// Which places the build was staged for.
    pub mode: Mode,
    /// What is released.
    pub project: Project,
    /// What kind of release.
    pub kind: ReleaseKind,
    /// The branch.
    pub branch: String,
    /// Whether the run creates the branch.
    pub branch_state: BranchState,
    /// The build version.
    pub build_version: BuildVersion,
    /// The commit that was built.
    pub commit: CommitId,
    /// The refs that the release pushes, and what they point to afterwards.
    pub refs: Vec<StagedRef>,
    /// The git objects of those refs.
    pub bundle: StagedObject,
    /// The versions; the first is the one the run is about.
    pub versions: Vec<StagedVersion>,
    /// Logs of the builds, redacted.
    pub logs: Vec<StagedObject>,
}

/// A ref of a staged build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StagedRef {
    /// The ref.
    pub name: RefName,
    /// What the push expects at the destination.
    pub expect: ExpectRef,
    /// What it points to afterwards.
    pub object: ObjectId,
    /// The commit behind it.
    pub commit: CommitId,
}

/// What a push expects of a ref at the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectRef {
    /// That it is not there.
    Absent,
    /// That it points to this object.
    At(ObjectId),
    /// Nothing: the ref is pushed to a repository that does not have it, and left alone in one that has.
    Anything,
}

/// One object of a staged build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StagedObject {
    /// Path below the folder of the staged build.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256Digest,
}

/// A container image of a staged build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StagedImage {
    /// Name in the registry, without the staging part.
    pub name: String,
    /// Its tag.
    pub tag: registry_client::Tag,
    /// The index.
    pub index: registry_client::Digest,
    /// The image of each platform.
    pub platforms: BTreeMap<String, registry_client::Digest>,
}

/// One version of a staged build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StagedVersion {
    /// The version.
    pub version: ReleaseVersion,
    /// Whether the run was about it.
    pub role: Role,
    /// Its tag.
    pub tag: String,
    /// The tag object.
    pub tag_object: ObjectId,
    /// The tagged commit.
    pub commit: CommitId,
    /// Folder of its files below the folder of the staged build.
    pub folder: String,
    /// Its files.
    pub files: StagedTree,
    /// Its container images, in the staging part of the registry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<StagedImage>,
    /// The same as docker archives, below the folder of the staged build.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_archives: Vec<StagedObject>,
    /// Its section of the changelog, below the folder of the staged build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<StagedObject>,
    /// How many release notes it has.
    pub notes: usize,
    /// The release before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<NotesSince>,
}

impl StageManifest {
    /// The version the run was about.
    #[must_use]
    pub fn prime(&self) -> Option<&StagedVersion> {
        self.versions.first()
    }
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is not JSON of the right shape.
    #[error("manifest `{object}` is malformed")]
    Malformed {
        /// The object.
        object: String,
        /// Why.
        source: serde_json::Error,
    },
    /// It is of a version this tool does not know.
    #[error("manifest `{object}` is of schema `{found}`; this tool reads `{SCHEMA}`")]
    Schema {
        /// The object.
        object: String,
        /// What it says.
        found: String,
    },
    /// It names no version.
    #[error("manifest `{object}` names no version")]
    Empty {
        /// The object.
        object: String,
    },
}

/// Reads a manifest from bytes of outside.
///
/// # Errors
/// [`ManifestError`].
pub fn parse(object: &str, bytes: &[u8]) -> Result<StageManifest, ManifestError> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let malformed = |source| ManifestError::Malformed { object: object.to_owned(), source };
    let head: Head = serde_json::from_slice(bytes).map_err(malformed)?;
    if head.schema != SCHEMA {
        let found = head.schema.chars().take(80).collect();
        return Err(ManifestError::Schema { object: object.to_owned(), found });
    }
    let manifest: StageManifest = serde_json::from_slice(bytes).map_err(malformed)?;
    if manifest.versions.is_empty() {
        return Err(ManifestError::Empty { object: object.to_owned() });
    }
    Ok(manifest)
}
