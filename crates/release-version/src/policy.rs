use std::collections::BTreeSet;

use crate::branch::{BranchKind, ReleaseBranch};
use crate::kind::ReleaseKind;
use crate::next::{BranchState, NextVersionError};
use crate::release::ReleaseVersion;
use crate::tags::TagPrefix;
use crate::words::words;

/// How a project counts its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// As Kubernetes: alphas and betas on the default branch, release candidates and official releases on
    /// `release-X.Y`, urgent ones on `release-X.Y.Z`. The build version decides what comes next.
    Branches {
        /// What else is tagged together with an official release.
        companions: Companions,
        /// Whether `vX.Y.0` may do without a release candidate.
        straight_official: StraightOfficial,
        /// The first version of a repository that has no version tag yet; also where a default branch goes on that is described
        /// by an official release below it, as in a project that made no pre-releases before.
        first: Option<ReleaseVersion>,
    },
    /// Plain semver tags on the default branch only. The tags there are decide what comes next.
    SemVer {
        /// In front of every tag of this project: `api/` for `api/v1.2.3`.
        path_prefix: TagPrefix,
        /// The first version of a repository that has no version tag under the prefix yet.
        first: ReleaseVersion,
    },
}

impl Policy {
    /// Kubernetes since November 2022: no companion of official releases, at least one release candidate for `vX.Y.0`.
    #[must_use]
    pub const fn kubernetes() -> Self {
        Self::Branches { companions: Companions::None, straight_official: StraightOfficial::Refuse, first: None }
    }

    /// The name of the tag of `version`.
    #[must_use]
    pub fn tag_name(&self, version: &ReleaseVersion) -> String {
        match self {
            Self::Branches { .. } => version.to_string(),
            Self::SemVer { path_prefix, .. } => path_prefix.tag_name(version),
        }
    }

    /// The versions among the names of tags; what is not a version of this project is passed over.
    pub fn versions<'a>(&self, tags: impl IntoIterator<Item = &'a str>) -> BTreeSet<ReleaseVersion> {
        let none = TagPrefix::default();
        let prefix = match self {
            Self::Branches { .. } => &none,
            Self::SemVer { path_prefix, .. } => path_prefix,
        };
        tags.into_iter().filter_map(|tag| prefix.version_of(tag)).collect()
    }

    /// Whether releases of this kind may be cut from this branch at all: what can be said before the build version is
    /// known.
    ///
    /// # Errors
    /// If the kind has no place on the branch, if an official release would create its branch, or if the default branch
    /// is missing.
    pub fn check(&self, kind: ReleaseKind, branch: &ReleaseBranch, state: BranchState) -> Result<(), NextVersionError> {
        let allowed = match (self, branch.kind()) {
            (Self::SemVer { .. }, place) => place == BranchKind::Default,
            (Self::Branches { .. }, BranchKind::Default) => matches!(kind, ReleaseKind::Alpha | ReleaseKind::Beta),
            (Self::Branches { .. }, BranchKind::Release(_)) => matches!(kind, ReleaseKind::Rc | ReleaseKind::Official),
            (Self::Branches { .. }, BranchKind::Hotfix { .. }) => kind == ReleaseKind::Official,
        };
        if !allowed {
            return Err(NextVersionError::KindNotOnBranch { kind, branch: branch.to_string() });
        }
        match (state, branch.kind()) {
            (BranchState::New, BranchKind::Default) => {
                Err(NextVersionError::NoDefaultBranch { branch: branch.to_string() })
            }
            (BranchState::New, BranchKind::Release(_)) if kind == ReleaseKind::Official => {
                Err(NextVersionError::OfficialOnNewBranch { branch: branch.to_string() })
            }
            _ => Ok(()),
        }
    }
}

/// What is tagged together with an official release. The first release candidate always brings the next `alpha.0` on
/// the default branch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Companions {
    /// Nothing: Kubernetes since 15 November 2022. The next release candidate of the line is then `-rc.1`.
    #[default]
    None,
    /// `vX.Y.(Z+1)-rc.0` on the same branch: Kubernetes from 1.19 until then.
    RcAfterOfficial,
}

words!(Companions, "companion rule", { None = "none", RcAfterOfficial = "rc-after-official" });

/// Whether `vX.Y.0` may be made from an alpha or beta, with no release candidate before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum StraightOfficial {
    /// There must be a release candidate first.
    #[default]
    Refuse,
    /// As the original tools did.
    Allow,
}

words!(StraightOfficial, "rule for official releases", { Refuse = "refuse", Allow = "allow" });

/// Which number goes up under [`Policy::SemVer`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bump {
    /// `v0.16.0` to `v0.16.1`
    #[default]
    Patch,
    /// `v0.16.0` to `v0.17.0`
    Minor,
    /// `v0.16.0` to `v1.0.0`
    Major,
}

words!(Bump, "bump", { Patch = "patch", Minor = "minor", Major = "major" });
