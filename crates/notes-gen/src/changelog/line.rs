use std::fmt;

use semver::Version;

use super::ChangelogError;

/// The minor release that has a changelog file of its own; `1.19`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangelogLine {
    /// The first number.
    pub major: u64,
    /// The second number.
    pub minor: u64,
}

impl ChangelogLine {
    /// The line of a tag: `1.19` for `v1.19.0-alpha.1`, also for `name/v1.19.0`.
    pub fn of_tag(tag: &str) -> Result<Self, ChangelogError> {
        let version = version_of(tag).ok_or_else(|| ChangelogError::NotAVersion { tag: tag.to_owned() })?;
        Ok(Self { major: version.major, minor: version.minor })
    }

    /// `CHANGELOG-1.19.md`.
    pub fn file_name(self) -> String {
        format!("CHANGELOG-{self}.md")
    }

    /// `CHANGELOG/CHANGELOG-1.19.md`, from the top of the repository.
    pub fn path(self) -> String {
        format!("CHANGELOG/{}", self.file_name())
    }

    /// Which of the names in the folder `CHANGELOG` a release branch drops with this tag: at `vX.Y.0` all changelogs but its own, which
    /// stay on the main branch; none at any other tag. Names come back sorted.
    pub fn stale_files<'a>(tag: &str, names: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>, ChangelogError> {
        let own = Self::of_tag(tag)?.file_name();
        if !version_of(tag).is_some_and(|version| version.patch == 0 && version.pre.is_empty()) {
            return Ok(Vec::new());
        }
        let is_stale = |name: &&str| name.starts_with("CHANGELOG-") && name.ends_with(".md") && *name != own;
        let mut stale: Vec<String> = names.into_iter().filter(is_stale).map(str::to_owned).collect();
        stale.sort();
        Ok(stale)
    }
}

impl fmt::Display for ChangelogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The version that a tag or title names, which may stand behind `v` and behind a component's name with a slash.
pub(super) fn version_of(tag: &str) -> Option<Version> {
    let bare = tag.rsplit_once('/').map_or(tag, |(_, behind)| behind);
    Version::parse(bare.strip_prefix('v').unwrap_or(bare)).ok()
}

/// What two sections may not share: component and version, however the tag is spelled; `v1.2.3` and `1.2.3` are one.
pub(super) fn identity_of(tag: &str) -> Option<(&str, Version)> {
    let component = tag.rsplit_once('/').map_or("", |(component, _)| component);
    Some((component, version_of(tag)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_tags() {
        for (tag, path) in [
            ("v1.19.0-alpha.1", "CHANGELOG/CHANGELOG-1.19.md"),
            ("2.0.10", "CHANGELOG/CHANGELOG-2.0.md"),
            ("tool/v10.20.3", "CHANGELOG/CHANGELOG-10.20.md"),
        ] {
            assert_eq!(ChangelogLine::of_tag(tag).unwrap().path(), path, "{tag}");
        }
        for tag in ["", "v", "v1.2", "release-1.2", "v1.2.3 ", "v01.2.3", "vv1.2.3"] {
            let expected = ChangelogError::NotAVersion { tag: tag.to_owned() };
            assert_eq!(ChangelogLine::of_tag(tag), Err(expected), "{tag}");
        }
    }

    #[test]
    fn other_changelogs_leave_a_branch_at_its_official_release() {
        let names = ["README.md", "CHANGELOG-1.9.md", "CHANGELOG-1.18.md", "CHANGELOG-1.19.md", "OWNERS"];
        let stale = ChangelogLine::stale_files("v1.19.0", names).unwrap();
        assert_eq!(stale, ["CHANGELOG-1.18.md", "CHANGELOG-1.9.md"]);
        for tag in ["v1.19.0-rc.1", "v1.19.1"] {
            assert_eq!(ChangelogLine::stale_files(tag, names).unwrap(), [""; 0], "{tag}");
        }
    }
}
