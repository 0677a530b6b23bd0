use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::cursor::Cursor;
use crate::error::ParseVersionError;
use crate::kind::ReleaseKind;
use crate::window::ReleaseLine;

/// The version of a release, which is also the name of its tag: `vX.Y.Z` or `vX.Y.Z-(alpha|beta|rc).N`.
///
/// Numbers have no leading zeros and fit in 64 bits. Ordered by (X, Y, Z, kind, N), alpha < beta < rc < official; on
/// these forms that is the precedence of semver.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReleaseVersion {
    // in the order of the total order
    major: u64,
    minor: u64,
    patch: u64,
    kind: ReleaseKind,
    /// 0 for official releases
    number: u64,
}

impl ReleaseVersion {
    /// `vX.Y.Z`
    #[must_use]
    pub const fn official(major: u64, minor: u64, patch: u64) -> Self {
        Self { major, minor, patch, kind: ReleaseKind::Official, number: 0 }
    }

    /// `vX.Y.Z-kind.N`; `None` if `kind` is official, which has no number.
    #[must_use]
    pub const fn prerelease(major: u64, minor: u64, patch: u64, kind: ReleaseKind, number: u64) -> Option<Self> {
        if kind.is_prerelease() { Some(Self { major, minor, patch, kind, number }) } else { None }
    }

    /// The same X.Y.Z with another label. `number` must be 0 for official.
    pub(crate) const fn with_label(self, kind: ReleaseKind, number: u64) -> Self {
        Self { kind, number, ..self }
    }

    /// X
    #[must_use]
    pub const fn major(&self) -> u64 {
        self.major
    }

    /// Y
    #[must_use]
    pub const fn minor(&self) -> u64 {
        self.minor
    }

    /// Z
    #[must_use]
    pub const fn patch(&self) -> u64 {
        self.patch
    }

    /// alpha, beta, rc or official
    #[must_use]
    pub const fn kind(&self) -> ReleaseKind {
        self.kind
    }

    /// N of `-rc.N`; `None` for official releases.
    #[must_use]
    pub const fn number(&self) -> Option<u64> {
        if self.kind.is_prerelease() { Some(self.number) } else { None }
    }

    /// True for alpha, beta and rc.
    #[must_use]
    pub const fn is_prerelease(&self) -> bool {
        self.kind.is_prerelease()
    }

    /// X.Y
    #[must_use]
    pub const fn line(&self) -> ReleaseLine {
        ReleaseLine { major: self.major, minor: self.minor }
    }

    /// `vX.Y.Z` without the label: the official release that a pre-release leads to.
    #[must_use]
    pub const fn core(&self) -> Self {
        Self::official(self.major, self.minor, self.patch)
    }
}

impl FromStr for ReleaseVersion {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Cursor::new(text, text).release()
    }
}

impl fmt::Display for ReleaseVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}.{}", self.major, self.minor, self.patch)?;
        if self.is_prerelease() { write!(f, "-{}.{}", self.kind, self.number) } else { Ok(()) }
    }
}

impl fmt::Debug for ReleaseVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReleaseVersion({self})")
    }
}

impl TryFrom<String> for ReleaseVersion {
    type Error = ParseVersionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ReleaseVersion> for String {
    fn from(version: ReleaseVersion) -> Self {
        version.to_string()
    }
}
