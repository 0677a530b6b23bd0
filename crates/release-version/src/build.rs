use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::commit::CommitId;
use crate::cursor::{BuildParts, Cursor, Form};
use crate::error::ParseVersionError;
use crate::release::ReleaseVersion;

/// The version of a build, which names its exact commit.
///
/// | form | built |
/// | --- | --- |
/// | `vX.Y.Z-label.N.C+sha` | C commits after the tag `vX.Y.Z-label.N` |
/// | `vX.Y.Z-C+sha` | C commits after the tag `vX.Y.Z`; sorts above `vX.Y.Z`, although semver puts it below |
/// | `vX.Y.Z`, `vX.Y.Z-label.N` | at the tag itself |
/// | any of these + `-dirty` | from a tree with changes that are not committed |
///
/// # Order
/// What decides is [`precedence`](Self::precedence): (X, Y, Z, kind, N, C). `Ord` refines it to a total order that
/// agrees with `Eq`: on equal precedence no commit sorts before a commit, commits sort as text, clean before dirty.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BuildVersion {
    // in the order of the total order
    base: ReleaseVersion,
    commits: u64,
    /// Absent at a tag; then `commits` is 0.
    commit: Option<CommitId>,
    dirty: bool,
}

impl BuildVersion {
    /// What [`untagged`](Self::untagged) counts from. A project must not tag `v0.0.0` itself.
    pub const UNTAGGED: ReleaseVersion = ReleaseVersion::official(0, 0, 0);

    /// A build of the tagged commit itself. The tag is its commit.
    #[must_use]
    pub const fn at_tag(base: ReleaseVersion) -> Self {
        Self { base, commits: 0, commit: None, dirty: false }
    }

    /// A build `commits` commits after the tag `base`, at `commit`: the three parts of `git describe`. No commits
    /// after the tag is a build at the tag, which leaves the commit out.
    #[must_use]
    pub const fn from_parts(base: ReleaseVersion, commits: u64, commit: CommitId) -> Self {
        if commits == 0 { Self::at_tag(base) } else { Self { base, commits, commit: Some(commit), dirty: false } }
    }

    /// A build in a repository without any version tag, `commits` commits after its beginning: `v0.0.0-C+sha`, below
    /// whatever the first version will be. The first version itself is the policy's to say ([`Policy`](crate::Policy)).
    #[must_use]
    pub const fn untagged(commits: u64, commit: CommitId) -> Self {
        Self { base: Self::UNTAGGED, commits, commit: Some(commit), dirty: false }
    }

    /// The same build from a tree with changes that are not committed.
    #[must_use]
    pub const fn dirtied(self) -> Self {
        Self { dirty: true, ..self }
    }

    /// The tag the build is at or after.
    #[must_use]
    pub const fn base(&self) -> ReleaseVersion {
        self.base
    }

    /// Commits since the tag; 0 at the tag.
    #[must_use]
    pub const fn commits(&self) -> u64 {
        self.commits
    }

    /// The commit; `None` at a tag, which then names the commit.
    #[must_use]
    pub const fn commit(&self) -> Option<CommitId> {
        self.commit
    }

    /// True for a build from a tree with changes that are not committed. Such a build is never published.
    #[must_use]
    pub const fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// The release, if this is a clean build of a tag.
    #[must_use]
    pub const fn as_release(&self) -> Option<ReleaseVersion> {
        if self.commit.is_none() && !self.dirty { Some(self.base) } else { None }
    }

    /// True for builds of a repository without tags, see [`untagged`](Self::untagged).
    #[must_use]
    pub fn is_untagged(&self) -> bool {
        self.base == Self::UNTAGGED && self.commit.is_some()
    }

    /// Which of two builds is further along: by (X, Y, Z, kind, N, C), over release and CI forms alike. Equal says
    /// nothing about the commit.
    #[must_use]
    pub fn precedence(&self, other: &Self) -> Ordering {
        (self.base, self.commits).cmp(&(other.base, other.commits))
    }

    /// As the tag of a container image, whose alphabet has no `+`: `v1.19.0-rc.0.529_abcdef`.
    #[must_use]
    pub fn container_tag(&self) -> String {
        self.to_string().replace('+', "_")
    }

    /// Reads what [`container_tag`](Self::container_tag) wrote.
    ///
    /// # Errors
    /// As parsing a build version, with `_` in place of `+`.
    pub fn from_container_tag(tag: &str) -> Result<Self, ParseVersionError> {
        Self::parse(tag, Form::ContainerTag)
    }

    /// As the tag of a Cloud Build job, whose alphabet has no `+`: `v1.19.0-rc.0.529-abcdef`.
    #[must_use]
    pub fn build_tag(&self) -> String {
        self.to_string().replace('+', "-")
    }

    /// The minor number as Kubernetes binaries report it: followed by `+` unless built at the tag of an official
    /// release (`19`, `19+`).
    #[must_use]
    pub fn minor_label(&self) -> String {
        let plus = if self.base.is_prerelease() || self.commit.is_some() || self.dirty { "+" } else { "" };
        format!("{}{plus}", self.base.minor())
    }

    pub(crate) fn parse(input: &str, form: Form) -> Result<Self, ParseVersionError> {
        let (text, dirty) = input.strip_suffix("-dirty").map_or((input, false), |text| (text, true));
        let BuildParts { base, since } = Cursor::new(input, text).build(form)?;
        Ok(match since {
            Some((0, _)) if form == Form::Describe => Self { dirty, ..Self::at_tag(base) },
            Some((commits, commit)) => Self { base, commits, commit: Some(commit), dirty },
            None => Self { dirty, ..Self::at_tag(base) },
        })
    }
}

impl From<ReleaseVersion> for BuildVersion {
    fn from(version: ReleaseVersion) -> Self {
        Self::at_tag(version)
    }
}

impl FromStr for BuildVersion {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Form::Canonical)
    }
}

impl fmt::Display for BuildVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.base)?;
        if let Some(commit) = &self.commit {
            let sign = if self.base.is_prerelease() { '.' } else { '-' };
            write!(f, "{sign}{}+{}", self.commits, commit.as_str())?;
        }
        if self.dirty { f.write_str("-dirty") } else { Ok(()) }
    }
}

impl fmt::Debug for BuildVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BuildVersion({self})")
    }
}

impl TryFrom<String> for BuildVersion {
    type Error = ParseVersionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<BuildVersion> for String {
    fn from(version: BuildVersion) -> Self {
        version.to_string()
    }
}
