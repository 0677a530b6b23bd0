use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::build::BuildVersion;
use crate::error::{ParseVersionError, shown};
use crate::kind::ReleaseKind;
use crate::words::words;

/// The folder markers live in, which also says what they follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkerRoot {
    /// Releases: `stable*` for official ones, `latest*` for pre-releases.
    Release,
    /// CI builds: `latest*`.
    Ci,
    /// CI builds for one platform only: `latest-fast`.
    CiFast,
}

words!(MarkerRoot, "marker root", { Release = "release", Ci = "ci", CiFast = "ci-fast" });

impl MarkerRoot {
    /// The folder below the bucket: `release`, `ci` or `ci/fast`.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Ci => "ci",
            Self::CiFast => "ci/fast",
        }
    }
}

/// The name of a marker without `.txt`: letters, digits, `.`, `_` and `-`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MarkerName(String);

impl MarkerName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the names whose meaning [`markers_for`] keeps: `latest`, `stable`, and all that begin so before a `-`.
    fn is_reserved(&self) -> bool {
        matches!(self.0.split('-').next(), Some("latest" | "stable"))
    }
}

impl FromStr for MarkerName {
    type Err = MarkerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let good = text.len() <= 100
            && text.bytes().all(sign)
            && text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
            && !text.ends_with(".txt");
        if good { Ok(Self(text.to_owned())) } else { Err(MarkerError::Name { name: shown(text) }) }
    }
}

impl fmt::Display for MarkerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for MarkerName {
    type Error = MarkerError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MarkerName> for String {
    fn from(name: MarkerName) -> Self {
        name.0
    }
}

/// An object that names a version: `release/stable-1.19.txt`. Its content is the version, without a newline.
///
/// Parses from and displays as its path below the bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Marker {
    /// The folder.
    pub root: MarkerRoot,
    /// The name.
    pub name: MarkerName,
}

impl Marker {
    /// The path below the bucket.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}.txt", self.root.folder(), self.name)
    }

    /// Whether the rules put this version there: its kind and its line are those of the marker. A marker with a name of the project's
    /// own takes every version.
    #[must_use]
    pub fn admits(&self, version: &BuildVersion) -> bool {
        !self.name.is_reserved() || markers_for(self.root, version, &[]).is_ok_and(|markers| markers.contains(self))
    }

    /// Whether what the marker holds has no claim to stay: a version of another line, or one that is not official in a `stable` marker.
    /// An official release in a `latest` marker of its line is unusual, but it is a release, and going back from it would hurt.
    fn holds_foreign(&self, current: &BuildVersion) -> bool {
        let as_stable = || {
            let rest = self.name.0.strip_prefix("latest")?;
            Some(Self { root: self.root, name: MarkerName(format!("stable{rest}")) })
        };
        !self.admits(current) && !as_stable().is_some_and(|stable| stable.admits(current))
    }
}

impl FromStr for Marker {
    type Err = MarkerError;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let unknown = || MarkerError::Path { path: shown(path) };
        let (folder, name) = path.strip_suffix(".txt").and_then(|path| path.rsplit_once('/')).ok_or_else(unknown)?;
        let root = MarkerRoot::ALL.iter().copied().find(|root| root.folder() == folder).ok_or_else(unknown)?;
        Ok(Self { root, name: name.parse()? })
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.path())
    }
}

impl TryFrom<String> for Marker {
    type Error = MarkerError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Marker> for String {
    fn from(marker: Marker) -> Self {
        marker.path()
    }
}

/// What is wrong with a marker, or with the version it should name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MarkerError {
    /// Not a marker name.
    #[error("`{name}` is no marker name; expected letters, digits, `.`, `_` and `-`, without `.txt`")]
    Name {
        /// The text, escaped, cut after 100 characters.
        name: String,
    },
    /// Not the path of a marker.
    #[error("`{path}` is no marker; expected `release/NAME.txt`, `ci/NAME.txt` or `ci/fast/NAME.txt`")]
    Path {
        /// The text, escaped, cut after 100 characters.
        path: String,
    },
    /// An extra marker has a name whose meaning is fixed.
    #[error("extra marker `{name}`: names that begin with `latest` or `stable` are kept for the rules")]
    Reserved {
        /// The name.
        name: MarkerName,
    },
    /// A marker never names a dirty build.
    #[error("version `{version}` is dirty")]
    Dirty {
        /// The version, new or already in the marker.
        version: BuildVersion,
    },
    /// A release marker never names a CI build.
    #[error("version `{version}` is a build between releases; release markers name releases only")]
    NotARelease {
        /// The version.
        version: BuildVersion,
    },
    /// The rules never put this version into this marker.
    #[error("version `{version}` does not belong in `{marker}`")]
    Foreign {
        /// The marker.
        marker: Box<Marker>,
        /// The version.
        version: BuildVersion,
    },
    /// The marker holds something else.
    #[error("the marker does not hold a version")]
    Current {
        /// What is wrong with it.
        #[source]
        source: ParseVersionError,
    },
}

/// The markers that a version belongs in, from the widest to the narrowest, then `extra` (`k8s-stable1`).
///
/// | root | version | markers |
/// | --- | --- | --- |
/// | release | official | `stable`, `stable-X`, `stable-X.Y` |
/// | release | pre-release | `latest`, `latest-X`, `latest-X.Y` |
/// | ci | any | `latest`, `latest-X`, `latest-X.Y` |
/// | ci-fast | any | `latest-fast` |
///
/// Whether each of them moves is for [`decide`] to say.
///
/// # Errors
/// If the version is dirty, if it is not a release and the root is, or if an extra name is one of the rules' own.
pub fn markers_for(root: MarkerRoot, version: &BuildVersion, extra: &[MarkerName]) -> Result<Vec<Marker>, MarkerError> {
    if version.is_dirty() {
        return Err(MarkerError::Dirty { version: *version });
    }
    if root == MarkerRoot::Release && version.as_release().is_none() {
        return Err(MarkerError::NotARelease { version: *version });
    }
    if let Some(name) = extra.iter().find(|name| name.is_reserved()) {
        return Err(MarkerError::Reserved { name: name.clone() });
    }
    let base = version.base();
    let stem = if root == MarkerRoot::Release && base.kind() == ReleaseKind::Official { "stable" } else { "latest" };
    let names = match root {
        MarkerRoot::CiFast => vec![format!("{stem}-fast")],
        MarkerRoot::Release | MarkerRoot::Ci => {
            vec![stem.to_owned(), format!("{stem}-{}", base.major()), format!("{stem}-{}", base.line())]
        }
    };
    Ok(names.into_iter().map(MarkerName).chain(extra.iter().cloned()).map(|name| Marker { root, name }).collect())
}

/// What to do with a marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum MarkerDecision {
    /// There is none: write it, on the condition that there still is none.
    Create,
    /// Write over it, on the condition that it still holds `from`.
    Move {
        /// What it holds.
        from: BuildVersion,
    },
    /// Write over it, on the condition that it still holds `from`, although that is no step forward: `from` never belonged there.
    Repair {
        /// What it holds.
        from: BuildVersion,
    },
    /// Leave it alone.
    Keep {
        /// Why.
        #[serde(flatten)]
        reason: KeepReason,
    },
}

/// Why a marker stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KeepReason {
    /// It names this version already.
    #[error("it names this version already")]
    SameVersion,
    /// It names a later version.
    #[error("it would move backwards from `{current}`")]
    WouldMoveBackwards {
        /// What it holds.
        current: BuildVersion,
    },
    /// It names a version of the same precedence and another commit. Worth a warning: two histories claim one place.
    #[error("it names `{current}`, which has the same rank and another commit")]
    SameOrderOtherCommit {
        /// What it holds.
        current: BuildVersion,
    },
}

/// Decides about one marker: it is created, or moves forward by [`BuildVersion::precedence`], or stays.
///
/// `current` is its content, `None` if there is no such object; white space at its end is passed over, since older tools
/// wrote a newline. That the version's folder exists is for the caller to check.
///
/// Forward only holds among versions that belong in the marker. What once got there by mistake, such as an alpha in `stable`, does not
/// keep a release out of its place: that is a [`MarkerDecision::Repair`].
///
/// # Errors
/// If the version does not belong in the marker, if the content is no version, or if either version is dirty.
pub fn decide(marker: &Marker, current: Option<&str>, new: &BuildVersion) -> Result<MarkerDecision, MarkerError> {
    if new.is_dirty() {
        return Err(MarkerError::Dirty { version: *new });
    }
    if !marker.admits(new) {
        return Err(MarkerError::Foreign { marker: Box::new(marker.clone()), version: *new });
    }
    let Some(current) = current else { return Ok(MarkerDecision::Create) };
    let current: BuildVersion = current.trim_ascii_end().parse().map_err(|source| MarkerError::Current { source })?;
    if current.is_dirty() {
        return Err(MarkerError::Dirty { version: current });
    }
    let keep = |reason| Ok(MarkerDecision::Keep { reason });
    match new.precedence(&current) {
        std::cmp::Ordering::Greater => Ok(MarkerDecision::Move { from: current }),
        _ if marker.holds_foreign(&current) => Ok(MarkerDecision::Repair { from: current }),
        std::cmp::Ordering::Less => keep(KeepReason::WouldMoveBackwards { current }),
        std::cmp::Ordering::Equal if *new == current => keep(KeepReason::SameVersion),
        std::cmp::Ordering::Equal => keep(KeepReason::SameOrderOtherCommit { current }),
    }
}
