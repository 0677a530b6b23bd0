use std::fmt;

use serde::{Serialize, Serializer};

use crate::cursor::{NumberProblem, number};
use crate::error::shown;
use crate::release::ReleaseVersion;
use crate::window::ReleaseLine;

/// How a project names its branches: the default branch, and what stands before X.Y in the name of a release branch.
///
/// The grammar is `^(<default>|<prefix>X.Y|<prefix>X.Y.Z)$`, anchored at both ends, without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BranchNames {
    default: String,
    prefix: String,
}

/// Why a text is not a branch that releases are cut from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseBranchError {
    /// The name fits none of the forms.
    #[error("`{name}` is no branch to release from; expected `{default}`, `{prefix}X.Y` or `{prefix}X.Y.Z`")]
    Unknown {
        /// The name, escaped, cut after 100 characters.
        name: String,
        /// The default branch.
        default: String,
        /// The prefix of release branches.
        prefix: String,
    },
    /// `release-1.09`: a second name for the same branch.
    #[error("branch `{name}`: a number has a leading zero")]
    LeadingZero {
        /// The name, escaped, cut after 100 characters.
        name: String,
    },
    /// A number does not fit in 64 bits.
    #[error("branch `{name}`: a number is larger than {}", u64::MAX)]
    TooLarge {
        /// The name, escaped, cut after 100 characters.
        name: String,
    },
    /// The names themselves cannot be told apart or are empty.
    #[error("branch names with default `{default}` and prefix `{prefix}` are empty or cannot be told apart")]
    Ambiguous {
        /// The default branch, escaped, cut after 100 characters.
        default: String,
        /// The prefix of release branches, escaped, cut after 100 characters.
        prefix: String,
    },
}

/// `master` and `release-`, as Kubernetes names them.
impl Default for BranchNames {
    fn default() -> Self {
        Self { default: "master".to_owned(), prefix: "release-".to_owned() }
    }
}

impl BranchNames {
    /// Names with another default branch (`main`) or another prefix.
    ///
    /// # Errors
    /// If one is empty, or if the default branch reads as a release branch.
    pub fn new(default: impl Into<String>, prefix: impl Into<String>) -> Result<Self, ParseBranchError> {
        let names = Self { default: default.into(), prefix: prefix.into() };
        let reads_as_release = !matches!(names.numbers(&names.default), Err(ParseBranchError::Unknown { .. }));
        if names.default.is_empty() || names.prefix.is_empty() || reads_as_release {
            return Err(ParseBranchError::Ambiguous { default: shown(&names.default), prefix: shown(&names.prefix) });
        }
        Ok(names)
    }

    /// The default branch.
    #[must_use]
    pub fn default_branch(&self) -> ReleaseBranch {
        self.branch(BranchKind::Default)
    }

    /// The branch of the given kind.
    #[must_use]
    pub fn branch(&self, kind: BranchKind) -> ReleaseBranch {
        let name = match kind {
            BranchKind::Default => self.default.clone(),
            BranchKind::Release(line) => format!("{}{line}", self.prefix),
            BranchKind::Hotfix { line, patch } => format!("{}{line}.{patch}", self.prefix),
        };
        ReleaseBranch { name, kind, names: self.clone() }
    }

    /// What stands before X.Y in the name of a release branch.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Reads the name of a branch.
    ///
    /// # Errors
    /// If the name fits none of the three forms.
    pub fn parse(&self, name: &str) -> Result<ReleaseBranch, ParseBranchError> {
        let kind = if name == self.default { BranchKind::Default } else { self.numbers(name)? };
        Ok(ReleaseBranch { name: name.to_owned(), kind, names: self.clone() })
    }

    fn numbers(&self, name: &str) -> Result<BranchKind, ParseBranchError> {
        let unknown = || ParseBranchError::Unknown {
            name: shown(name),
            default: self.default.clone(),
            prefix: self.prefix.clone(),
        };
        let mut rest = name.strip_prefix(&self.prefix).ok_or_else(unknown)?.as_bytes();
        let mut next = |dot: &[u8]| {
            let digits = rest.strip_prefix(dot).ok_or_else(unknown)?;
            let (value, length) = number(digits).map_err(|problem| match problem {
                NumberProblem::Missing => unknown(),
                NumberProblem::LeadingZero => ParseBranchError::LeadingZero { name: shown(name) },
                NumberProblem::TooLarge => ParseBranchError::TooLarge { name: shown(name) },
            })?;
            rest = &digits[length..];
            Ok((value, rest.is_empty()))
        };
        let (major, _) = next(b"")?;
        let (minor, two_parts) = next(b".")?;
        let line = ReleaseLine { major, minor };
        if two_parts {
            return Ok(BranchKind::Release(line));
        }
        let (patch, three_parts) = next(b".")?;
        if three_parts { Ok(BranchKind::Hotfix { line, patch }) } else { Err(unknown()) }
    }
}

/// What a branch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BranchKind {
    /// `master` or `main`: alphas and betas are cut here.
    Default,
    /// `release-X.Y`: release candidates and official releases.
    Release(ReleaseLine),
    /// `release-X.Y.Z`: one urgent official release `vX.Y.(Z+1)`, grown from the tag `vX.Y.Z`.
    Hotfix {
        /// X.Y
        line: ReleaseLine,
        /// Z of the tag it grew from.
        patch: u64,
    },
}

/// The name of a branch that releases are cut from. Made by [`BranchNames::parse`]; serialises as its name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ReleaseBranch {
    name: String,
    kind: BranchKind,
    names: BranchNames,
}

impl ReleaseBranch {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the branch is for.
    #[must_use]
    pub const fn kind(&self) -> BranchKind {
        self.kind
    }

    /// X.Y; `None` for the default branch.
    #[must_use]
    pub const fn line(&self) -> Option<ReleaseLine> {
        match self.kind {
            BranchKind::Default => None,
            BranchKind::Release(line) | BranchKind::Hotfix { line, .. } => Some(line),
        }
    }

    /// The branch it grows from, which must exist: the default branch for `release-X.Y`, `release-X.Y` for
    /// `release-X.Y.Z`, none for the default branch.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        match self.kind {
            BranchKind::Default => None,
            BranchKind::Release(_) => Some(self.names.default_branch()),
            BranchKind::Hotfix { line, .. } => Some(self.names.branch(BranchKind::Release(line))),
        }
    }

    /// The tag a three-part branch grows from: `v1.5.3` for `release-1.5.3`. Other branches grow from a commit.
    #[must_use]
    pub const fn branch_point(&self) -> Option<ReleaseVersion> {
        match self.kind {
            BranchKind::Hotfix { line, patch } => Some(ReleaseVersion::official(line.major, line.minor, patch)),
            BranchKind::Default | BranchKind::Release(_) => None,
        }
    }
}

impl fmt::Display for ReleaseBranch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl fmt::Debug for ReleaseBranch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReleaseBranch({})", self.name)
    }
}

impl Serialize for ReleaseBranch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}
