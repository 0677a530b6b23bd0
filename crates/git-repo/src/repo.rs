//! The handle.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Error, RefName};

/// Bytes of decoded objects a call keeps: gix reads a commit for its date when it meets it, and for its parents later.
const OBJECT_CACHE: usize = 64 * 1024 * 1024;

/// A repository on this machine.
///
/// Cheap to clone, and may be used from several threads at once. Reading calls are plain functions; calls that reach a
/// remote, run the git program or work for long are async and need a tokio runtime.
#[derive(Clone)]
pub struct GitRepo {
    inner: Arc<gix::ThreadSafeRepository>,
    path: PathBuf,
}

impl GitRepo {
    /// Opens the repository at `path`: a work tree with `.git` in it, or a bare repository. Parent folders are not searched.
    ///
    /// # Errors
    /// When there is no repository, or its configuration cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = absolute(path.as_ref())?;
        let inner = gix::ThreadSafeRepository::open(&path)
            .map_err(|error| Error::Open { path: path.clone(), source: error.into() })?;
        Ok(Self { inner: Arc::new(inner), path })
    }

    /// Makes an empty bare repository at `path`, which must not exist or be an empty folder, whose `HEAD` names `default_branch`.
    ///
    /// # Errors
    /// When the place is taken or cannot be written, or the name is no branch name.
    pub fn init_bare(path: impl AsRef<Path>, default_branch: &str) -> Result<Self, Error> {
        let path = absolute(path.as_ref())?;
        let branch = RefName::branch(default_branch)?;
        refuse_taken(&path)?;
        let repo = gix::init_bare(&path).map_err(|error| Error::Open { path: path.clone(), source: error.into() })?;
        let head = repo.git_dir().join("HEAD");
        std::fs::write(&head, format!("ref: {branch}\n")).map_err(|source| Error::Io {
            operation: "write",
            path: head.clone(),
            source,
        })?;
        Self::open(path)
    }

    /// Makes an empty repository with a work tree at `path`, which must not exist or be an empty folder.
    ///
    /// # Errors
    /// When the place is taken or cannot be written.
    pub fn init(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = absolute(path.as_ref())?;
        refuse_taken(&path)?;
        gix::init(&path).map_err(|error| Error::Open { path: path.clone(), source: error.into() })?;
        Self::open(path)
    }

    /// The folder this handle was opened with, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder with the objects and refs: `.git` of a work tree, or the bare repository itself.
    pub fn git_dir(&self) -> &Path {
        self.inner.git_dir()
    }

    /// The folder with the checked-out files; `None` for a bare repository.
    pub fn work_dir(&self) -> Option<&Path> {
        self.inner.work_dir()
    }

    pub(crate) fn objects_dir(&self) -> &Path {
        self.inner.objects_dir()
    }

    /// A handle of this thread for work that reads no object twice.
    pub(crate) fn uncached(&self) -> gix::Repository {
        self.inner.to_thread_local()
    }

    /// A handle of this thread.
    pub(crate) fn local(&self) -> gix::Repository {
        let mut repo = self.uncached();
        repo.object_cache_size_if_unset(OBJECT_CACHE);
        repo
    }

    /// The folder with the files, or an error that says there is none.
    pub(crate) fn require_work_dir(&self) -> Result<&Path, Error> {
        self.work_dir().ok_or_else(|| Error::Bare { path: self.path.clone() })
    }
}

impl std::fmt::Debug for GitRepo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitRepo").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The path from the root of the file system on; child processes run in other folders.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|source| Error::Io { operation: "find", path: path.to_owned(), source })
}

/// An error when something other than an empty folder is at `path`.
pub(crate) fn refuse_taken(path: &Path) -> Result<(), Error> {
    let free = match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if free { Ok(()) } else { Err(Error::Exists { path: path.to_owned() }) }
}
