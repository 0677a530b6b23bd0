//! Files on disk.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::partial::Partial;
use crate::program::Git;
use crate::repo::{absolute, refuse_taken};
use crate::{CommitId, Error, GitRepo};

/// What differs between the files of a work tree and its commit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Status {
    /// The paths that differ; ignored files are not among them.
    pub entries: Vec<StatusEntry>,
}

/// A path that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusEntry {
    /// The two letters of `git status --porcelain`: the state in the index and in the work tree, `??` for an unknown file.
    pub code: String,
    /// The path below the root of the work tree.
    pub path: String,
}

impl Status {
    /// Whether nothing differs.
    pub fn is_clean(&self) -> bool {
        self.entries.is_empty()
    }
}

impl GitRepo {
    /// Writes the files of a commit into the folder `dest`, which must not exist or be empty. No repository is made there.
    ///
    /// The files are written beside `dest` and moved there when all are, as by [`clone_from`](Self::clone_from).
    ///
    /// # Errors
    /// [`Error::Exists`] when the place is taken, [`Error::UnknownRevision`] when there is no such commit.
    pub async fn export_tree(&self, commit: CommitId, dest: impl AsRef<Path>) -> Result<(), Error> {
        let dest = absolute(dest.as_ref())?;
        refuse_taken(&dest)?;
        self.require_commit(commit)?;
        let partial = Partial::beside(&dest)?;
        let files = partial.path();
        let io = |source| Error::Io { operation: "make", path: files.clone(), source };
        std::fs::create_dir(&files).map_err(io)?;
        let index = tempfile::TempDir::new().map_err(io)?;
        let git = || {
            let git = Git::new().arg("--git-dir").arg(self.git_dir()).arg("--work-tree").arg(&files);
            git.env("GIT_INDEX_FILE", index.path().join("index"))
        };
        git().args(["read-tree".to_owned(), commit.to_string()]).output().await?;
        git().args(["checkout-index", "--all", "--force", "--quiet"]).output().await?;
        partial.finish()
    }

    /// Puts the files of a commit into the work tree, without a branch, so that programs run there see that commit.
    ///
    /// Changes to known files are lost, unknown files stay. May be repeated after it was stopped half-way; the caller must own
    /// the work tree, since a lock that a stopped checkout left behind is removed.
    ///
    /// # Errors
    /// [`Error::Bare`] without a work tree, [`Error::UnknownRevision`] when there is no such commit.
    pub async fn checkout(&self, commit: CommitId) -> Result<(), Error> {
        self.require_work_dir()?;
        self.require_commit(commit)?;
        let lock = self.git_dir().join("index.lock");
        match std::fs::remove_file(&lock) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::Io { operation: "remove", path: lock, source });
            }
            _ => {}
        }
        let git =
            Git::in_repo(self).args(["-c", "core.hooksPath=/dev/null", "checkout", "--quiet", "--force", "--detach"]);
        git.arg(commit.to_string()).output().await?;
        Ok(())
    }

    /// Brings index and work tree to the commit of the checked out branch after the branch was moved by
    /// [`update_ref`](Self::update_ref). Changes to known files are lost, so ask [`status`](Self::status) before the branch is moved; unknown files stay.
    ///
    /// # Errors
    /// [`Error::Bare`] without a work tree.
    pub async fn follow_head(&self) -> Result<(), Error> {
        self.require_work_dir()?;
        Git::in_repo(self).args(["-c", "core.hooksPath=/dev/null", "reset", "--quiet", "--hard"]).output().await?;
        Ok(())
    }

    /// What differs between the work tree and its commit, unknown files included.
    ///
    /// # Errors
    /// [`Error::Bare`] without a work tree.
    pub async fn status(&self) -> Result<Status, Error> {
        self.require_work_dir()?;
        let listing = Git::in_repo(self)
            .args(["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"])
            .env("GIT_OPTIONAL_LOCKS", "0")
            .output()
            .await?;
        let entries = listing.split(|byte| *byte == 0).filter_map(|entry| {
            let entry = String::from_utf8_lossy(entry).into_owned();
            let (code, path) = entry.split_at_checked(2)?;
            Some(StatusEntry { code: code.to_owned(), path: path.strip_prefix(' ')?.to_owned() })
        });
        Ok(Status { entries: entries.collect() })
    }

    fn require_commit(&self, commit: CommitId) -> Result<(), Error> {
        self.resolve(&commit.to_string()).map(drop)
    }
}
