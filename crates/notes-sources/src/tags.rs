//! Tags as versions.

use semver::Version;

use git_repo::{CommitId, GitRepo};

use crate::Error;

/// A tag that is a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionTag {
    /// Its whole name, `v1.2.3` or `tools/v1.2.3`.
    pub name: String,
    /// The version in it.
    pub version: Version,
    /// The tagged commit.
    pub commit: CommitId,
}

impl VersionTag {
    /// Whether it is `X.Y.Z` without a pre-release part.
    pub fn is_final(&self) -> bool {
        self.version.pre.is_empty()
    }

    /// The tag of a version of the same series: same prefix, same `v`.
    pub(crate) fn sibling(&self, tags: &[Self], version: &Version) -> Option<Self> {
        let prefix = prefix_of(&self.name);
        tags.iter().find(|tag| prefix_of(&tag.name) == prefix && tag.version == *version).cloned()
    }
}

/// What stands before the digits of a tag that is a version: `v`, `tools/v`.
fn prefix_of(name: &str) -> &str {
    name.find(|c: char| c.is_ascii_digit()).map_or(name, |at| &name[..at])
}

/// The version in a tag: after the prefix there may be a `v`, then the version.
pub(crate) fn version_of(name: &str, prefix: &str) -> Option<Version> {
    let rest = name.strip_prefix(prefix)?;
    Version::parse(rest.strip_prefix('v').unwrap_or(rest)).ok()
}

/// All tags of a repository that are versions behind `prefix` (mostly empty), the newest version first. Order is that of
/// semantic versions, never that of dates or letters: `v1.18.20` comes before `v1.18.9`.
///
/// # Errors
/// When the refs cannot be read.
pub fn version_tags(repo: &GitRepo, prefix: &str) -> Result<Vec<VersionTag>, Error> {
    let tags = repo.tags().map_err(Error::git("list the tags"))?;
    let mut tags: Vec<VersionTag> = tags
        .into_iter()
        .filter_map(|tag| {
            Some(VersionTag { version: version_of(&tag.name, prefix)?, name: tag.name, commit: tag.commit })
        })
        .collect();
    tags.sort_by(|a, b| b.version.cmp_precedence(&a.version).then_with(|| a.name.cmp(&b.name)));
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_tags() {
        for (name, prefix, version) in [
            ("v1.2.3", "", Some("1.2.3")),
            ("1.2.3", "", Some("1.2.3")),
            ("v1.2.3-rc.10", "", Some("1.2.3-rc.10")),
            ("tools/v1.2.3", "tools/", Some("1.2.3")),
            ("tools/v1.2.3", "", None),
            ("v1.2", "", None),
            ("release", "", None),
        ] {
            assert_eq!(version_of(name, prefix).map(|v| v.to_string()).as_deref(), version, "{name}");
        }
    }
}
