//! Bundles whose bytes repeat.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use crate::program::Git;
use crate::repo::absolute;
use crate::{CommitId, Error, Expected, GitRepo, ObjectId, ProgramError, RefName};

/// What a bundle holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BundleSpec {
    /// Its refs, and what they name.
    pub refs: BTreeMap<RefName, ObjectId>,
    /// Commits the receiver has already; they and their ancestors are left out.
    pub prerequisites: Vec<CommitId>,
}

impl GitRepo {
    /// Writes a bundle, replacing the file at `path` when it is whole.
    ///
    /// Two bundles of the same refs are equal to the byte, also from different clones, as long as the git programs
    /// are of one version: the pack is made anew by one thread, in a repository without refs and configuration, since
    /// the refs of a repository change the order of a pack. Much history takes long; name prerequisites.
    ///
    /// # Errors
    /// [`Error::UnknownRevision`] when an object is missing, [`Error::Bundle`] when there is nothing to put in.
    pub async fn bundle(&self, path: impl AsRef<Path>, spec: &BundleSpec) -> Result<(), Error> {
        let path = absolute(path.as_ref())?;
        let io = |operation| {
            let path = path.clone();
            move |source| Error::Io { operation, path, source }
        };
        let mut header = b"# v2 git bundle\n".to_vec();
        let mut revisions = String::new();
        let repo = self.clone();
        let wanted = spec.clone();
        let missing = tokio::task::spawn_blocking(move || repo.first_missing(&wanted)).await;
        if let Some(object) = missing.map_err(|error| Error::repository("look for objects", error))? {
            return Err(Error::UnknownRevision { revision: object.to_string(), source: None });
        }
        let mut prerequisites = spec.prerequisites.clone();
        prerequisites.sort();
        prerequisites.dedup();
        for commit in prerequisites {
            header.extend_from_slice(format!("-{commit} \n").as_bytes());
            revisions.push_str(&format!("^{commit}\n"));
        }
        for (name, object) in &spec.refs {
            header.extend_from_slice(format!("{object} {name}\n").as_bytes());
            revisions.push_str(&format!("{object}\n"));
        }
        if spec.refs.is_empty() {
            return Err(Error::Bundle { path, reason: "no ref is to be bundled".to_owned() });
        }
        header.push(b'\n');

        let folder = path.parent().unwrap_or(Path::new("/"));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io("write"))?;
        file.write_all(&header).map_err(io("write"))?;
        let bare = self.without_refs().map_err(io("write"))?;
        Git::new()
            .arg("--git-dir")
            .arg(bare.path())
            .args(["pack-objects", "--quiet", "--stdout", "--revs", "--threads=1", "--delta-base-offset"])
            .args(["--no-reuse-delta", "--no-reuse-object", "--no-use-bitmap-index"])
            .args(["--window=10", "--depth=50", "--compression=6"])
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .input(revisions)
            .output_to(file.as_file().try_clone().map_err(io("write"))?)
            .output()
            .await?;
        file.as_file().sync_all().map_err(io("write"))?;
        file.persist(&path).map_err(|error| io("write")(error.error))?;
        Ok(())
    }

    fn first_missing(&self, spec: &BundleSpec) -> Option<ObjectId> {
        let repo = self.local();
        let commits = spec.prerequisites.iter().map(|commit| commit.object());
        spec.refs.values().copied().chain(commits).find(|object| !repo.has_object(object.gix()))
    }

    /// An empty repository that borrows the objects of this one.
    fn without_refs(&self) -> std::io::Result<tempfile::TempDir> {
        let folder = tempfile::TempDir::new()?;
        for name in ["objects/info", "objects/pack", "refs"] {
            std::fs::create_dir_all(folder.path().join(name))?;
        }
        std::fs::write(folder.path().join("HEAD"), "ref: refs/heads/none\n")?;
        let mut line = self.objects_dir().as_os_str().as_encoded_bytes().to_vec();
        line.push(b'\n');
        std::fs::write(folder.path().join("objects/info/alternates"), line)?;
        Ok(folder)
    }

    /// The refs a bundle holds.
    ///
    /// # Errors
    /// [`Error::Bundle`] when the file is no bundle.
    pub async fn bundle_heads(path: impl AsRef<Path>) -> Result<BTreeMap<RefName, ObjectId>, Error> {
        let path = absolute(path.as_ref())?;
        let listing = Git::new().args(["bundle", "list-heads"]).arg(&path).output().await;
        let listing = listing.map_err(|error| bad_bundle(&path, error))?;
        let mut heads = BTreeMap::new();
        for line in String::from_utf8_lossy(&listing).lines() {
            let parsed = line.split_once(' ').and_then(|(o, n)| Some((n.parse().ok()?, o.parse().ok()?)));
            let Some((name, object)) = parsed else {
                let reason = format!("it holds a ref that cannot be used: `{line}`");
                return Err(Error::Bundle { path, reason });
            };
            heads.insert(name, object);
        }
        Ok(heads)
    }

    /// Checks that this repository has what the bundle builds on. The content of the bundle is checked when it is fetched.
    ///
    /// # Errors
    /// [`Error::Bundle`] when it is no bundle or its prerequisites are missing.
    pub async fn verify_bundle(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = absolute(path.as_ref())?;
        let checked = Git::in_repo(self).args(["bundle", "verify", "--quiet"]).arg(&path).output().await;
        checked.map(drop).map_err(|error| bad_bundle(&path, error))
    }

    /// Brings refs of a bundle here under the same names, with their objects. Refs that have the bundle's value already are
    /// no error; branches move forwards only, tags not at all.
    ///
    /// # Errors
    /// [`Error::Bundle`] when a ref is not in it, or its content is broken; [`Error::Moved`] when a ref is here with another
    /// value that the bundle's does not contain.
    pub async fn fetch_bundle(&self, path: impl AsRef<Path>, refs: &[RefName]) -> Result<(), Error> {
        let path = absolute(path.as_ref())?;
        let heads = Self::bundle_heads(&path).await?;
        let mut wanted = Vec::new();
        for name in refs {
            match heads.get(name) {
                Some(object) => wanted.push((name, *object)),
                None => return Err(Error::Bundle { path, reason: format!("it does not hold `{name}`") }),
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        // Without a destination git brings the objects and checks them, and moves no ref.
        let fetched = Git::in_repo(self)
            .args(["-c", "fetch.fsckObjects=true", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head"])
            .args(["--no-recurse-submodules", "--no-auto-maintenance", "--"])
            .arg(&path)
            .args(wanted.iter().map(|(name, _)| name.as_str()))
            .output()
            .await;
        fetched.map_err(|error| bad_bundle(&path, error))?;
        let mut plan = Vec::new();
        for (name, object) in wanted {
            let expected = match self.object_of(name)? {
                None => Expected::Absent,
                Some(old) if old == object => continue,
                Some(old) if name.is_branch() && self.contains(object, old)? => Expected::Is(old),
                Some(old) => {
                    return Err(Error::Moved { name: name.clone(), expected: Expected::Is(object), found: Some(old) });
                }
            };
            plan.push((name, expected, object));
        }
        plan.into_iter().try_for_each(|(name, expected, object)| self.update_ref(name, expected, object))
    }

    fn contains(&self, new: ObjectId, old: ObjectId) -> Result<bool, Error> {
        self.is_ancestor(self.resolve(&old.to_string())?, self.resolve(&new.to_string())?)
    }
}

fn bad_bundle(path: &Path, error: ProgramError) -> Error {
    match error {
        ProgramError::Failed { stderr, .. } => Error::Bundle { path: path.to_owned(), reason: stderr },
        other => other.into(),
    }
}
