use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde::{Deserialize, Serialize};

use super::ManifestProblem;

/// One version of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PackageVersion {
    /// The version as the manifest writes it, whole.
    pub version: String,
    /// The commit, where the version is one: the end of a Go pseudo-version, the commit of a git source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Where the code lives, without scheme: `github.com/owner/name`, perhaps with a folder behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

impl PackageVersion {
    /// A version that is neither a commit nor of a known repository.
    pub fn new(version: impl Into<String>) -> Self {
        Self { version: version.into(), commit: None, repository: None }
    }

    /// What a reader is shown: seven characters of the commit, or the version.
    pub fn display(&self) -> &str {
        let commit = self.commit.as_deref();
        commit.map_or(&self.version, |commit| commit.char_indices().nth(7).map_or(commit, |(end, _)| &commit[..end]))
    }
}

/// The packages that manifests name, each in one or several versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packages(BTreeMap<String, BTreeSet<PackageVersion>>);

impl Packages {
    /// No packages.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a version of a package. Names and versions come from files of strangers and end up in Markdown: only the characters
    /// are taken that package managers allow.
    pub fn insert(&mut self, name: &str, version: PackageVersion) -> Result<(), ManifestProblem> {
        let texts = [Some(name), Some(&version.version), version.commit.as_deref(), version.repository.as_deref()];
        for text in texts.into_iter().flatten() {
            check(text)?;
        }
        self.0.entry(name.to_owned()).or_default().insert(version);
        Ok(())
    }

    /// The versions of each package, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BTreeSet<PackageVersion>)> {
        self.0.iter().map(|(name, versions)| (name.as_str(), versions))
    }

    /// The versions of a package.
    pub fn get(&self, name: &str) -> Option<&BTreeSet<PackageVersion>> {
        self.0.get(name)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Letters, digits and `-._~/+!@:=`; no more than 512 of them.
fn check(text: &str) -> Result<(), ManifestProblem> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~/+!@:=".contains(c);
    if !text.is_empty() && text.len() <= 512 && text.chars().all(allowed) {
        return Ok(());
    }
    Err(ManifestProblem::NotAName { text: text.chars().take(80).flat_map(char::escape_default).collect() })
}

/// Orders versions by semantic precedence, build metadata aside; what is no semantic version comes first, by its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Precedence<'a>(Option<Version>, &'a str);

impl<'a> Precedence<'a> {
    pub(crate) fn of(version: &'a str) -> Self {
        Self(Version::parse(version.strip_prefix('v').unwrap_or(version)).ok(), version)
    }

    /// Versions of one line are meant to replace each other: the same major version, below 1.0 the same minor version.
    pub(super) fn line(&self) -> Option<(u64, u64)> {
        self.0.as_ref().map(|version| (version.major, if version.major == 0 { version.minor } else { 0 }))
    }
}

impl Ord for Precedence<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_version = match (&self.0, &other.0) {
            (Some(ours), Some(theirs)) => ours.cmp_precedence(theirs),
            (ours, theirs) => ours.is_some().cmp(&theirs.is_some()),
        };
        by_version.then_with(|| self.1.cmp(other.1))
    }
}

impl PartialOrd for Precedence<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence() {
        let ascending = [
            "main",
            "v0.0.0-20200101000000-0123456789ab",
            "v0.9.0",
            "v0.10.0-rc.9",
            "v0.10.0-rc.10",
            "v0.10.0",
            "v2.0.0+incompatible",
            "v2.0.1-0.20200101000000-0123456789ab+incompatible",
        ];
        for pair in ascending.windows(2) {
            assert!(Precedence::of(pair[0]) < Precedence::of(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn names_are_checked() {
        let mut packages = Packages::new();
        for name in ["git.sr.ht/~sbinet/gg", "@types/node", "github.com/a/b_c", "k8s.io/api"] {
            packages.insert(name, PackageVersion::new("v1.0.0+incompatible")).unwrap();
        }
        for name in ["", "a b", "a]", "a)", "<b>", "a`b", "a\nb", "ä", "a|b", "a*b", "\u{202e}"] {
            assert!(packages.insert(name, PackageVersion::new("v1.0.0")).is_err(), "{name}");
            assert!(packages.insert("a", PackageVersion::new(name)).is_err(), "{name}");
        }
        assert_eq!(packages.len(), 4);
    }
}
