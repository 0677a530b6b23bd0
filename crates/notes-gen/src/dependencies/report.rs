use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{CompareError, Files, Manifest, ManifestError, PackageVersion, Packages, Precedence};

/// A package that one of two revisions has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The package.
    pub name: String,
    /// Its version.
    #[serde(flatten)]
    pub version: PackageVersion,
}

/// A package that both revisions have, in different versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The package.
    pub name: String,
    /// Its version before.
    pub from: PackageVersion,
    /// Its version after.
    pub to: PackageVersion,
}

/// What changed in one manifest. Each list is sorted by name, then version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestChanges {
    /// The manifest's first file, for example `tools/go.mod`.
    pub path: String,
    /// The name of its kind.
    pub kind: String,
    /// Only after.
    pub added: Vec<Dependency>,
    /// In another version.
    pub changed: Vec<Change>,
    /// Only before.
    pub removed: Vec<Dependency>,
}

impl ManifestChanges {
    /// Whether both revisions have the same packages.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    /// Compares the packages of two revisions.
    ///
    /// A package in several versions gives a line for each that differs: versions of one line (the same major version, below 1.0
    /// the same minor one) are paired first, then the highest with the highest; what is left over was added or removed.
    pub fn between(path: impl Into<String>, kind: impl Into<String>, before: &Packages, after: &Packages) -> Self {
        let mut changes = Self { path: path.into(), kind: kind.into(), ..Self::default() };
        let none = BTreeSet::new();
        let names: BTreeSet<&str> = before.iter().chain(after.iter()).map(|(name, _)| name).collect();
        for name in names {
            let (old, new) = (before.get(name).unwrap_or(&none), after.get(name).unwrap_or(&none));
            let (pairs, removed, added) = pair(old.difference(new).collect(), new.difference(old).collect());
            let dependency = |version: &PackageVersion| Dependency { name: name.to_owned(), version: version.clone() };
            changes.removed.extend(removed.into_iter().map(dependency));
            changes.added.extend(added.into_iter().map(dependency));
            let change = |(from, to): (&PackageVersion, &PackageVersion)| Change {
                name: name.to_owned(),
                from: from.clone(),
                to: to.clone(),
            };
            changes.changed.extend(pairs.into_iter().map(change));
        }
        changes
    }
}

type Pairs<'a> = (Vec<(&'a PackageVersion, &'a PackageVersion)>, Vec<&'a PackageVersion>, Vec<&'a PackageVersion>);

fn pair<'a>(old: Vec<&'a PackageVersion>, new: Vec<&'a PackageVersion>) -> Pairs<'a> {
    let ascending = |versions: Vec<&'a PackageVersion>| {
        let mut keyed: Vec<(Precedence<'a>, &'a PackageVersion)> =
            versions.into_iter().map(|version| (Precedence::of(&version.version), version)).collect();
        keyed.sort();
        keyed
    };
    let mut by_line: BTreeMap<Option<(u64, u64)>, (Vec<_>, Vec<_>)> = BTreeMap::new();
    for entry in ascending(old) {
        by_line.entry(entry.0.line()).or_default().0.push(entry);
    }
    for entry in ascending(new) {
        by_line.entry(entry.0.line()).or_default().1.push(entry);
    }
    let (mut pairs, mut old, mut new) = (Vec::new(), Vec::new(), Vec::new());
    let mut take = |old: &mut Vec<(Precedence<'a>, &'a PackageVersion)>,
                    new: &mut Vec<(Precedence<'a>, &'a PackageVersion)>| {
        for _ in 0..old.len().min(new.len()) {
            if let (Some(from), Some(to)) = (old.pop(), new.pop()) {
                pairs.push((from, to));
            }
        }
    };
    for (mut of_line_old, mut of_line_new) in by_line.into_values() {
        take(&mut of_line_old, &mut of_line_new);
        old.append(&mut of_line_old);
        new.append(&mut of_line_new);
    }
    take(&mut old, &mut new);
    pairs.sort();
    let plain = |versions: Vec<(Precedence<'a>, &'a PackageVersion)>| versions.into_iter().map(|(_, v)| v).collect();
    (pairs.into_iter().map(|((_, from), (_, to))| (from, to)).collect(), plain(old), plain(new))
}

/// What changed in the dependencies of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DependencyReport {
    /// One entry for each manifest, in the caller's order, also for those in which nothing changed.
    pub manifests: Vec<ManifestChanges>,
}

impl DependencyReport {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.manifests.iter().all(ManifestChanges::is_empty)
    }
}

/// Compares the manifests at two revisions. `before` and `after` give the bytes of a file, `None` when the revision lacks it; the
/// same revision twice is allowed, and nothing changed then. A manifest that neither revision has is left out.
pub fn compare<E: std::error::Error + 'static>(
    manifests: &[Manifest],
    mut before: impl FnMut(&str) -> Result<Option<Vec<u8>>, E>,
    mut after: impl FnMut(&str) -> Result<Option<Vec<u8>>, E>,
) -> Result<DependencyReport, CompareError<E>> {
    let mut report = DependencyReport::default();
    for manifest in manifests {
        let (mut old, mut new) = (read(manifest, &mut before)?, read(manifest, &mut after)?);
        if old.is_empty() && new.is_empty() {
            continue;
        }
        if !old.is_empty() && !new.is_empty() {
            old.retain_common(&new);
            new.retain_common(&old);
        }
        let within = |error: ManifestError| ManifestError { path: manifest.path_of(&error.path), ..error };
        let old = manifest.kind().parse(&old).map_err(|error| CompareError::Before(within(error)))?;
        let new = manifest.kind().parse(&new).map_err(|error| CompareError::After(within(error)))?;
        report.manifests.push(ManifestChanges::between(manifest.path(), manifest.kind().name(), &old, &new));
    }
    Ok(report)
}

fn read<E: std::error::Error + 'static>(
    manifest: &Manifest,
    get: &mut impl FnMut(&str) -> Result<Option<Vec<u8>>, E>,
) -> Result<Files, CompareError<E>> {
    let mut files = Vec::new();
    for name in manifest.kind().files() {
        let path = manifest.path_of(name);
        match get(&path) {
            Ok(Some(bytes)) => files.push((*name, bytes)),
            Ok(None) => {}
            Err(source) => return Err(CompareError::Read { path, source }),
        }
    }
    Ok(files.into_iter().collect())
}
