//! Dependency reports from the objects of a repository.

use std::sync::Arc;

use git_repo::{CommitId, GitRemote, GitRepo};
use notes_gen::dependencies::{
    CargoLock, DependencyReport, GoModules, MAX_MANIFEST, Manifest, ManifestKind, NpmLock, compare, discover,
};

use crate::{Ends, Error};

/// The manifests in these folders of a commit (`""` or `.` is the root): whatever kinds are there.
///
/// # Errors
/// When an object is missing.
pub fn manifests(repo: &GitRepo, at: CommitId, folders: &[String]) -> Result<Vec<Manifest>, Error> {
    let kinds: [Arc<dyn ManifestKind>; 3] = [Arc::new(GoModules::default()), Arc::new(CargoLock), Arc::new(NpmLock)];
    let mut paths = Vec::new();
    for folder in folders {
        let folder = folder.trim_matches('/');
        let folder = if folder == "." { "" } else { folder };
        for kind in &kinds {
            let Some(name) = kind.files().first() else { continue };
            let path = if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") };
            if repo.object_at(at, &path).map_err(Error::git("look for manifests"))?.is_some() {
                paths.push(path);
            }
        }
    }
    Ok(discover(paths.iter().map(String::as_str), &kinds))
}

/// Compares the dependencies at the ends of a range. From a mirror without files, `remote` hands out the few that are needed.
///
/// # Errors
/// When a manifest cannot be read, fetched or understood.
pub async fn compare_dependencies(
    repo: &GitRepo,
    remote: Option<&GitRemote>,
    ends: &Ends,
    folders: &[String],
) -> Result<DependencyReport, Error> {
    let Some(start) = &ends.start else { return Ok(DependencyReport::default()) };
    let (before, after) = (start.commit, ends.end.commit);
    let manifests = manifests(repo, after, folders)?;
    if let Some(remote) = remote {
        let mut wanted = Vec::new();
        for path in manifests.iter().flat_map(Manifest::paths) {
            for at in [before, after] {
                wanted.extend(repo.object_at(at, &path).map_err(Error::git("look for manifests"))?);
            }
        }
        wanted.sort_unstable();
        wanted.dedup();
        repo.fetch_objects(remote, &wanted).await.map_err(Error::git("fetch manifests"))?;
    }
    let read = |at: CommitId| move |path: &str| repo.blob(at, path, MAX_MANIFEST as u64);
    compare(&manifests, read(before), read(after)).map_err(|source| Error::Dependencies { source: source.into() })
}
