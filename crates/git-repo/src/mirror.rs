//! Mirrors without files: all commits and folders of a repository, file contents only when asked for.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::partial::Partial;
use crate::program::{Git, remote_failure};
use crate::repo::absolute;
use crate::{Error, GitRemote, GitRepo, ObjectId};

/// The refs of a mirror: branches and tags, as the remote has them.
const REFSPECS: [&str; 2] = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

/// The file within a mirror that is locked while it is brought up to date. It is empty, and stays.
const LOCK: &str = "refresh.lock";
/// How often it is looked whether the lock is free.
const PAUSE: Duration = Duration::from_millis(50);

impl GitRepo {
    /// A bare mirror of `source` at `dest`: made when there is none, else brought up to date, branches and tags that are gone there
    /// removed. It holds every commit and every folder, but no file contents where the server can leave them out, so
    /// ranges, messages and [`object_at`](Self::object_at) need nothing more. [`fetch_objects`](Self::fetch_objects) gets the
    /// contents of single files.
    ///
    /// A mirror that is being made appears at `dest` when it is whole. Several calls may make the same one at once, or bring it up to date,
    /// also in several processes: they fetch one after the other.
    ///
    /// # Errors
    /// As [`GitRemote::ls_remote`].
    pub async fn mirror(source: &GitRemote, dest: impl AsRef<Path>) -> Result<Self, Error> {
        let dest = absolute(dest.as_ref())?;
        let is_mirror = || dest.join("HEAD").is_file();
        if is_mirror() {
            let repo = Self::open(&dest)?;
            repo.refresh(source).await?;
            return Ok(repo);
        }
        let partial = Partial::beside(&dest)?;
        // `clone` rather than `init` and `fetch`: it finds the default branch, and records that contents may be fetched later.
        let git = Git::new()
            .reaching(source)
            .args(["clone", "--quiet", "--bare", "--filter=blob:none", "--"])
            .arg(source.argument())
            .arg(partial.path());
        git.output().await.map_err(|error| remote_failure(source, error))?;
        // Walks over a history of this size come again with every document.
        Self::open(partial.path())?.write_commit_graph().await?;
        match partial.finish() {
            // Another was faster. What it fetched may be older than what this call promises.
            Err(Error::Exists { .. }) if is_mirror() => {
                let repo = Self::open(&dest)?;
                repo.refresh(source).await?;
                Ok(repo)
            }
            finished => finished.and_then(|()| Self::open(&dest)),
        }
    }

    async fn refresh(&self, source: &GitRemote) -> Result<(), Error> {
        let lock = self.refresh_lock(source).await?;
        let git = Git::in_repo(self)
            .reaching(source)
            .args(["fetch", "--quiet", "--prune", "--no-write-fetch-head", "--filter=blob:none", "--"])
            .arg(source.argument())
            .args(REFSPECS);
        let fetched = git.output().await.map_err(|error| remote_failure(source, error));
        // It goes with the file handle, and no earlier.
        drop(lock);
        fetched.map(drop)
    }

    /// Waits until nobody else brings the mirror up to date: two that move the same refs at once fail at each other's.
    async fn refresh_lock(&self, source: &GitRemote) -> Result<File, Error> {
        let path = self.git_dir().join(LOCK);
        let failed = |source| Error::Io { operation: "lock", path: path.clone(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if begun.elapsed() < source.time_limit() => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(TryLockError::WouldBlock) => {
                    let detail =
                        format!("another process fetches from it, for {} seconds now", begun.elapsed().as_secs());
                    return Err(Error::Unavailable { remote: source.to_string(), detail });
                }
            }
        }
    }

    /// Fetches these objects from `source` in one request, those alone that are not here yet.
    ///
    /// # Errors
    /// As [`GitRemote::ls_remote`]; also when the server does not hand out single objects.
    pub async fn fetch_objects(&self, source: &GitRemote, objects: &[ObjectId]) -> Result<(), Error> {
        let missing: Vec<String> = {
            let repo = self.local();
            objects.iter().filter(|id| !repo.has_object(id.gix())).map(ToString::to_string).collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        let git = Git::in_repo(self)
            .reaching(source)
            .args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-filter", "--"])
            .arg(source.argument())
            .args(missing);
        git.output().await.map_err(|error| remote_failure(source, error))?;
        Ok(())
    }
}
