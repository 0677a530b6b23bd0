//! Which versions a run is about.

mod branches;
mod semver;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::branch::{BranchKind, ReleaseBranch};
use crate::build::BuildVersion;
use crate::kind::ReleaseKind;
use crate::policy::{Bump, Policy};
use crate::release::ReleaseVersion;
use crate::words::words;

/// Whether the branch of a run is there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum BranchState {
    /// The remote has the branch.
    #[default]
    Exists,
    /// The run creates the branch at the build commit, out of [`ReleaseBranch::parent`].
    New,
}

words!(BranchState, "branch state", { Exists = "exists", New = "new" });

static NO_VERSIONS: BTreeSet<ReleaseVersion> = BTreeSet::new();

/// What [`next_versions`] has to know.
#[derive(Debug, Clone, Copy)]
pub struct NextRequest<'a> {
    /// The kind of the prime version.
    pub kind: ReleaseKind,
    /// The branch to release from.
    pub branch: &'a ReleaseBranch,
    /// Whether the remote has it.
    pub state: BranchState,
    /// Names the commit to release.
    pub build: &'a BuildVersion,
    /// Read by [`Policy::SemVer`] only.
    pub bump: Bump,
    /// The versions that are tagged already. [`Policy::SemVer`] counts on from them; every policy refuses a version
    /// that is among them. Left empty, nothing is taken.
    pub existing: &'a BTreeSet<ReleaseVersion>,
}

impl<'a> NextRequest<'a> {
    /// A request on a branch that exists, with no existing versions to mind.
    #[must_use]
    pub fn new(kind: ReleaseKind, branch: &'a ReleaseBranch, build: &'a BuildVersion) -> Self {
        Self { kind, branch, state: BranchState::Exists, build, bump: Bump::default(), existing: &NO_VERSIONS }
    }

    /// The same request where the branch is to be created, or not.
    #[must_use]
    pub const fn with_state(self, state: BranchState) -> Self {
        Self { state, ..self }
    }

    /// The same request with another number going up.
    #[must_use]
    pub const fn with_bump(self, bump: Bump) -> Self {
        Self { bump, ..self }
    }

    /// The same request minding the versions that are tagged already.
    #[must_use]
    pub const fn with_existing(self, existing: &'a BTreeSet<ReleaseVersion>) -> Self {
        Self { existing, ..self }
    }
}

/// Why a version is tagged in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The version the run is about.
    Prime,
    /// A second version tagged in the same run.
    Companion,
}

words!(Role, "role", { Prime = "prime", Companion = "companion" });

/// Which commit carries the tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Placement {
    /// The build commit itself: on the default branch, where no commit may be added, else CI describes older tags.
    BuildCommit,
    /// An empty commit of its own on top of the branch: two tags on one commit would make `git describe` ambiguous.
    ReleaseCommit,
}

words!(Placement, "placement", { BuildCommit = "build-commit", ReleaseCommit = "release-commit" });

/// One version to tag, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedVersion {
    /// The version.
    pub version: ReleaseVersion,
    /// Why it is tagged in this run.
    pub role: Role,
    /// The name of the branch that gets the tag.
    pub branch: String,
    /// Which commit of it.
    pub placement: Placement,
}

impl PlannedVersion {
    fn new(version: ReleaseVersion, role: Role, branch: &ReleaseBranch) -> Self {
        let placement = match branch.kind() {
            BranchKind::Default => Placement::BuildCommit,
            BranchKind::Release(_) | BranchKind::Hotfix { .. } => Placement::ReleaseCommit,
        };
        Self { version, role, branch: branch.name().to_owned(), placement }
    }
}

/// The versions of a run in the order they are made: official, rc, beta, alpha. The first is the prime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<PlannedVersion>", into = "Vec<PlannedVersion>")]
pub struct NextVersions(Vec<PlannedVersion>);

/// A list that is not the versions of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("the versions of a run are one prime and then its companions")]
pub struct NoVersions;

impl NextVersions {
    fn one(version: ReleaseVersion, branch: &ReleaseBranch) -> Self {
        Self(vec![PlannedVersion::new(version, Role::Prime, branch)])
    }

    fn with_companion(mut self, version: ReleaseVersion, branch: &ReleaseBranch) -> Self {
        self.0.push(PlannedVersion::new(version, Role::Companion, branch));
        self
    }

    /// The version the run is about.
    #[must_use]
    pub fn prime(&self) -> &PlannedVersion {
        self.0.first().expect("made with a prime in front")
    }

    /// All versions, the prime first.
    #[must_use]
    pub fn in_order(&self) -> &[PlannedVersion] {
        &self.0
    }
}

impl TryFrom<Vec<PlannedVersion>> for NextVersions {
    type Error = NoVersions;

    fn try_from(versions: Vec<PlannedVersion>) -> Result<Self, Self::Error> {
        match versions.split_first() {
            Some((first, rest))
                if first.role == Role::Prime && rest.iter().all(|version| version.role == Role::Companion) =>
            {
                Ok(Self(versions))
            }
            _ => Err(NoVersions),
        }
    }
}

impl From<NextVersions> for Vec<PlannedVersion> {
    fn from(versions: NextVersions) -> Self {
        versions.0
    }
}

/// Why there is no next version. Every variant is a decision the caller has to revise. Build versions are boxed to keep
/// results small.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NextVersionError {
    /// Alphas and betas belong on the default branch, release candidates and official releases on release branches.
    #[error("no {kind} release can be cut from branch `{branch}`")]
    KindNotOnBranch {
        /// The kind that was asked for.
        kind: ReleaseKind,
        /// The branch.
        branch: String,
    },
    /// An official release needs a branch that had a release candidate.
    #[error("no official release can be cut while branch `{branch}` is being created")]
    OfficialOnNewBranch {
        /// The branch.
        branch: String,
    },
    /// The default branch cannot be created by a run.
    #[error("default branch `{branch}` does not exist")]
    NoDefaultBranch {
        /// The branch.
        branch: String,
    },
    /// The numbers of the build version are not those of the branch.
    #[error("build version `{build}` does not belong to branch `{branch}`")]
    Mismatch {
        /// The branch.
        branch: String,
        /// The build version.
        build: Box<BuildVersion>,
    },
    /// A three-part branch is created at its tag and nowhere else.
    #[error("branch `{branch}` grows from a tag, but build version `{build}` is not at that tag")]
    NotAtBranchPoint {
        /// The branch.
        branch: String,
        /// The build version.
        build: Box<BuildVersion>,
    },
    /// The build holds changes that no commit has.
    #[error("build version `{build}` is dirty")]
    Dirty {
        /// The build version.
        build: Box<BuildVersion>,
    },
    /// An alpha follows alphas only, a beta alphas and betas only.
    #[error("no {kind} release can follow `{after}`")]
    KindNotAfter {
        /// The kind that was asked for.
        kind: ReleaseKind,
        /// What it would follow.
        after: Box<BuildVersion>,
    },
    /// `vX.Y.0` needs a release candidate first; see [`StraightOfficial`](crate::StraightOfficial).
    #[error("no official release can be made straight from `{build}`, without a release candidate")]
    NoCandidate {
        /// The build version.
        build: Box<BuildVersion>,
    },
    /// The branch was made meanwhile, most likely by this very run. Counting on would give another version than the one
    /// that was staged.
    #[error(
        "branch `{branch}` exists already, but build version `{build}` is from before it was created; resume the run that created it"
    )]
    BranchExists {
        /// The branch.
        branch: String,
        /// The build version.
        build: Box<BuildVersion>,
    },
    /// A new branch starts from an alpha or beta of X.Y.0; this build version is from later.
    #[error("branch `{branch}` cannot be created at build version `{build}`, which is from after its creation")]
    BranchIsOlder {
        /// The branch.
        branch: String,
        /// The build version.
        build: Box<BuildVersion>,
    },
    /// The repository has no version tag, and the policy does not say where to start.
    #[error(
        "build version `{build}` is from a repository without version tags; the policy must name the first version"
    )]
    NoFirstVersion {
        /// The build version.
        build: Box<BuildVersion>,
    },
    /// A version of this run is tagged already.
    #[error("version `{version}` exists already")]
    Taken {
        /// The version.
        version: ReleaseVersion,
    },
    /// A number would leave 64 bits.
    #[error("no version can follow `{after}`: its numbers are used up")]
    UsedUp {
        /// The last version.
        after: ReleaseVersion,
    },
}

/// Computes the versions of a run: the prime and its companions, in the order they are made, and where each is tagged.
///
/// Pure: the same request always gets the same answer. So the answer belongs into the plan of the run and is never
/// computed again after the run has begun to change the world.
///
/// # Errors
/// If the request breaks a rule of the policy, or if a version is taken.
pub fn next_versions(policy: &Policy, request: &NextRequest<'_>) -> Result<NextVersions, NextVersionError> {
    policy.check(request.kind, request.branch, request.state)?;
    if request.build.is_dirty() {
        return Err(NextVersionError::Dirty { build: Box::new(*request.build) });
    }
    let versions = match policy {
        Policy::Branches { companions, straight_official, first } => {
            branches::next(*companions, *straight_official, *first, request)?
        }
        Policy::SemVer { first, .. } => NextVersions::one(semver::next(*first, request)?, request.branch),
    };
    match versions.in_order().iter().find(|planned| request.existing.contains(&planned.version)) {
        Some(taken) => Err(NextVersionError::Taken { version: taken.version }),
        None => Ok(versions),
    }
}

/// The first version for a kind: `first` itself if it is of that kind, else the first one of that kind on the way to the
/// same X.Y.Z.
fn first_version(first: ReleaseVersion, kind: ReleaseKind) -> ReleaseVersion {
    if first.kind() == kind { first } else { first.core().with_label(kind, 0) }
}

fn plus_one(number: u64, after: ReleaseVersion) -> Result<u64, NextVersionError> {
    number.checked_add(1).ok_or(NextVersionError::UsedUp { after })
}
