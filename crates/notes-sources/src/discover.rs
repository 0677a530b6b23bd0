//! Ranges found from tags and branches.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use git_repo::{CommitId, CommitRange, GitRepo, RefName};
use semver::Version;

use crate::range::{End, Ends};
use crate::tags::{VersionTag, version_tags};
use crate::{Error, range};

/// How the ends of a range are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Discover {
    /// From where the branch of the newest `X.Y.0` left the default branch, to the head of the next branch or the default branch.
    MergeBaseToLatest,
    /// Between the two newest patch releases of a branch.
    PatchToPatch,
    /// From the newest tag of a branch to the head of its release branch.
    PatchToLatest,
    /// Between the two newest `X.Y.0`.
    MinorToMinor,
}

impl Discover {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::MergeBaseToLatest, Self::PatchToPatch, Self::PatchToLatest, Self::MinorToMinor];

    /// The name on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::MergeBaseToLatest => "mergebase-to-latest",
            Self::PatchToPatch => "patch-to-patch",
            Self::PatchToLatest => "patch-to-latest",
            Self::MinorToMinor => "minor-to-minor",
        }
    }
}

impl fmt::Display for Discover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name of no discovery mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is none of mergebase-to-latest, patch-to-patch, patch-to-latest, minor-to-minor")]
pub struct UnknownMode {
    name: String,
}

impl FromStr for Discover {
    type Err = UnknownMode;

    fn from_str(name: &str) -> Result<Self, UnknownMode> {
        Self::ALL.into_iter().find(|mode| mode.name() == name).ok_or_else(|| UnknownMode { name: name.to_owned() })
    }
}

/// How a project names its branches and tags.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Names {
    /// The default branch.
    pub default_branch: String,
    /// What the name of a release branch begins with: `release-`, followed by `X.Y`.
    pub release_prefix: String,
    /// What tags begin with, before `vX.Y.Z`; empty for most.
    pub tag_prefix: String,
}

impl Names {
    /// Release branches `release-X.Y` beside a default branch.
    pub fn new(default_branch: impl Into<String>) -> Self {
        Self { default_branch: default_branch.into(), release_prefix: "release-".to_owned(), tag_prefix: String::new() }
    }
}

struct Finder<'a> {
    repo: &'a GitRepo,
    names: &'a Names,
    mode: Discover,
    tags: Vec<VersionTag>,
}

/// Finds the ends of a range. `branch` is the branch that patch modes look at.
///
/// Differences to the original, whose defects they are: tags are ordered as versions, not as texts (`v1.18.20` is newer than
/// `v1.18.9`), nothing is checked out, and the oldest tag does not end the program.
///
/// # Errors
/// [`Error::Discover`] names the tag or branch that is missing.
pub fn discover(repo: &GitRepo, mode: Discover, branch: &str, names: &Names) -> Result<Ends, Error> {
    let tags = version_tags(repo, &names.tag_prefix)?;
    let finder = Finder { repo, names, mode, tags };
    let ends = match mode {
        Discover::MergeBaseToLatest => finder.merge_base_to_latest()?,
        Discover::PatchToPatch => finder.patch_to_patch(branch)?,
        Discover::PatchToLatest => finder.patch_to_latest(branch)?,
        Discover::MinorToMinor => finder.minor_to_minor()?,
    };
    range::check(repo, &ends)?;
    Ok(ends)
}

impl Finder<'_> {
    fn missing(&self, missing: impl Into<String>) -> Error {
        Error::Discover { mode: self.mode.name(), missing: missing.into() }
    }

    /// The `X.Y.0` tags, newest first; one of a release that has several (`1.1.0` and `v1.1.0`).
    fn minors(&self) -> impl Iterator<Item = &VersionTag> {
        let mut last = None;
        self.tags
            .iter()
            .filter(|tag| tag.is_final() && tag.version.patch == 0)
            .filter(move |tag| last.replace(&tag.version) != Some(&tag.version))
    }

    /// The head of a branch, as the remote has it if the clone has a remote.
    fn head(&self, branch: &str) -> Result<Option<CommitId>, Error> {
        for place in ["refs/remotes/origin", "refs/heads"] {
            let Ok(name) = format!("{place}/{branch}").parse::<RefName>() else { continue };
            let object = self.repo.object_of(&name).map_err(Error::git(format!("find branch `{branch}`")))?;
            if let Some(object) = object {
                return self.repo.resolve(&object.to_string()).map(Some).map_err(Error::git("read a branch"));
            }
        }
        Ok(None)
    }

    /// The release branch of a line if there is one, else the default branch.
    fn branch_end(&self, major: u64, minor: u64) -> Result<End, Error> {
        let release = format!("{}{major}.{minor}", self.names.release_prefix);
        if let Some(commit) = self.head(&release)? {
            return Ok(End { name: release, commit });
        }
        let default = &self.names.default_branch;
        match self.head(default)? {
            Some(commit) => Ok(End { name: default.clone(), commit }),
            None => Err(self.missing(format!("there is neither branch `{release}` nor branch `{default}`"))),
        }
    }

    fn merge_base_to_latest(&self) -> Result<Ends, Error> {
        let Some(minor) = self.minors().next() else { return Err(self.missing("there is no tag vX.Y.0")) };
        let default = &self.names.default_branch;
        let Some(main) = self.head(default)? else {
            return Err(self.missing(format!("there is no branch `{default}`")));
        };
        let Version { major, minor: line, .. } = minor.version;
        let release = format!("{}{major}.{line}", self.names.release_prefix);
        // A project that releases from its default branch has the tag itself there.
        let fork = self.head(&release)?.unwrap_or(minor.commit);
        let base = self.repo.merge_base(main, fork).map_err(Error::git("find where the release branch begins"))?;
        let Some(base) = base else {
            return Err(self.missing(format!("branches `{default}` and `{release}` have no common ancestor")));
        };
        let start = End { name: minor.name.clone(), commit: base };
        Ok(Ends { start: Some(start), end: self.branch_end(major, line + 1)? })
    }

    fn minor_to_minor(&self) -> Result<Ends, Error> {
        let mut minors = self.minors();
        match (minors.next(), minors.next()) {
            (Some(end), Some(start)) => Ok(Ends { start: Some(of_tag(start)), end: of_tag(end) }),
            _ => Err(self.missing("there are fewer than two tags vX.Y.0")),
        }
    }

    /// The newest tag in the history of a branch; a pre-release of a patch counts as the patch before it.
    fn newest_of(&self, branch: &str) -> Result<&VersionTag, Error> {
        let Some(head) = self.head(branch)? else {
            return Err(self.missing(format!("there is no branch `{branch}`")));
        };
        let history =
            self.repo.commit_ids(&CommitRange::of(head)).map_err(Error::git("list the commits of the branch"))?;
        let history: HashSet<CommitId> = history.into_iter().collect();
        let merged = |tag: &&VersionTag| history.contains(&tag.commit);
        let Some(newest) = self.tags.iter().find(merged) else {
            return Err(self.missing(format!("no tag of a version is on branch `{branch}`")));
        };
        if newest.is_final() || newest.version.patch == 0 {
            return Ok(newest);
        }
        let Version { major, minor, patch, .. } = newest.version;
        let before = Version::new(major, minor, patch - 1);
        self.tags
            .iter()
            .find(|tag| tag.version == before)
            .ok_or_else(|| self.missing(format!("tag `{}` has no release `{before}` before it", newest.name)))
    }

    fn patch_to_patch(&self, branch: &str) -> Result<Ends, Error> {
        let end = self.newest_of(branch)?;
        let Version { major, minor, patch, .. } = end.version;
        if patch == 0 {
            return Err(self.missing(format!("`{}`, the newest on branch `{branch}`, is no patch release", end.name)));
        }
        let before = Version::new(major, minor, patch - 1);
        let start = end
            .sibling(&self.tags, &before)
            .ok_or_else(|| self.missing(format!("there is no tag of `{before}`, the release before `{}`", end.name)))?;
        Ok(Ends { start: Some(of_tag(&start)), end: of_tag(end) })
    }

    fn patch_to_latest(&self, branch: &str) -> Result<Ends, Error> {
        let start = self.newest_of(branch)?;
        let Version { major, minor, .. } = start.version;
        Ok(Ends { start: Some(of_tag(start)), end: self.branch_end(major, minor)? })
    }
}

/// The tag that the notes of a version count from: for a patch the patch before it; for `X.Y.0` and the alpha that opens its cycle
/// the newest `X.Y.0` of a line before, whose branch need not be in its history; for other pre-releases the newest tag below it of the
/// same line, else of any. An official release counts from official ones alone, so that the first of all covers everything.
pub fn previous_tag<'a>(tags: &'a [VersionTag], version: &Version) -> Option<&'a VersionTag> {
    let newest = |accept: &dyn Fn(&Version) -> bool| {
        tags.iter()
            .filter(|tag| tag.version.cmp_precedence(version).is_lt() && accept(&tag.version))
            .max_by(|a, b| a.version.cmp_precedence(&b.version))
    };
    let same_line = |other: &Version| (other.major, other.minor) == (version.major, version.minor);
    let official = |other: &Version| other.pre.is_empty();
    let minor_before = || newest(&|other| official(other) && other.patch == 0 && !same_line(other));
    if official(version) {
        let before =
            if version.patch > 0 { newest(&|other| official(other) && same_line(other)) } else { minor_before() };
        return before.or_else(|| newest(&|other| official(other)));
    }
    if version.patch == 0 && matches!(version.pre.as_str(), "alpha.0" | "alpha.1") {
        return minor_before().or_else(|| newest(&|_| true));
    }
    newest(&|other| same_line(other)).or_else(minor_before).or_else(|| newest(&|_| true))
}

fn of_tag(tag: &VersionTag) -> End {
    End { name: tag.name.clone(), commit: tag.commit }
}
