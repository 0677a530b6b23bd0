use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{MAX_MANIFEST, ManifestError, ManifestProblem, Packages};

/// The files of one manifest at one revision, by the names that its kind reads; files that do not exist are not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// The text of a file; `None` when it does not exist.
    pub fn text(&self, name: &str) -> Result<Option<&str>, ManifestError> {
        let Some(bytes) = self.0.get(name) else { return Ok(None) };
        let problem = |problem| ManifestError { path: name.to_owned(), problem };
        if bytes.len() > MAX_MANIFEST {
            return Err(problem(ManifestProblem::TooLarge { bytes: bytes.len() }));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(text.strip_prefix('\u{feff}').unwrap_or(text))),
            Err(_) => Err(problem(ManifestProblem::NotText)),
        }
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Without the files that the other side lacks.
    pub(super) fn retain_common(&mut self, other: &Self) {
        self.0.retain(|name, _| other.0.contains_key(name));
    }
}

impl<N: Into<String>, B: Into<Vec<u8>>> FromIterator<(N, B)> for Files {
    fn from_iter<I: IntoIterator<Item = (N, B)>>(files: I) -> Self {
        Self(files.into_iter().map(|(name, bytes)| (name.into(), bytes.into())).collect())
    }
}

/// A way to write down dependencies.
pub trait ManifestKind: fmt::Debug + Send + Sync {
    /// Its short name: `go`, `cargo`, `npm`.
    fn name(&self) -> &str;

    /// The files it reads, from the manifest's folder. The first one names the manifest.
    fn files(&self) -> &[&str];

    /// The packages that the files name. A file that exists at only one of two compared revisions is not handed in, so that both
    /// are read by the same rule.
    fn parse(&self, files: &Files) -> Result<Packages, ManifestError>;
}

/// A manifest of a repository: a kind and a folder.
#[derive(Debug, Clone)]
pub struct Manifest {
    folder: String,
    kind: Arc<dyn ManifestKind>,
}

impl Manifest {
    /// The manifest of a kind in a folder; the root of the repository is `""`.
    pub fn new(folder: &str, kind: impl ManifestKind + 'static) -> Self {
        Self::shared(folder, Arc::new(kind))
    }

    fn shared(folder: &str, kind: Arc<dyn ManifestKind>) -> Self {
        let parts: Vec<&str> = folder.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        Self { folder: parts.join("/"), kind }
    }

    /// Its kind.
    pub fn kind(&self) -> &dyn ManifestKind {
        self.kind.as_ref()
    }

    /// The path that stands for it: its first file.
    pub fn path(&self) -> String {
        self.path_of(self.kind.files().first().copied().unwrap_or_default())
    }

    /// The paths that are read, for a caller who fetches them beforehand.
    pub fn paths(&self) -> impl Iterator<Item = String> + '_ {
        self.kind.files().iter().map(|name| self.path_of(name))
    }

    pub(super) fn path_of(&self, name: &str) -> String {
        if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) }
    }
}

/// The manifests among the paths of a repository, sorted by path: wherever the first file of a kind lies, except in folders that
/// hold code of others or data of tests (`vendor`, `node_modules`, `third_party`, `testdata`, and names that begin with a point or
/// an underscore).
pub fn discover<'a>(paths: impl IntoIterator<Item = &'a str>, kinds: &[Arc<dyn ManifestKind>]) -> Vec<Manifest> {
    let is_foreign = |part: &str| {
        matches!(part, "vendor" | "node_modules" | "third_party" | "testdata") || part.starts_with(['.', '_'])
    };
    let mut found = BTreeMap::new();
    for path in paths {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if folder.split('/').any(is_foreign) {
            continue;
        }
        for kind in kinds.iter().filter(|kind| kind.files().first() == Some(&name)) {
            let manifest = Manifest::shared(folder, Arc::clone(kind));
            found.insert(manifest.path(), manifest);
        }
    }
    found.into_values().collect()
}
