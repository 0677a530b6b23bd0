//! Care for a repository.

use crate::program::Git;
use crate::{Error, GitRepo};

impl GitRepo {
    /// Writes the commit-graph for all that refs reach; walks without messages become many times faster by it.
    ///
    /// # Errors
    /// When the git program fails.
    pub async fn write_commit_graph(&self) -> Result<(), Error> {
        Git::in_repo(self).args(["commit-graph", "write", "--reachable", "--no-progress"]).output().await?;
        Ok(())
    }

    /// Checks that all objects are whole and all that they name is there.
    ///
    /// # Errors
    /// [`Error::Program`] with git's findings.
    pub async fn fsck(&self) -> Result<(), Error> {
        Git::in_repo(self).args(["fsck", "--full", "--no-dangling", "--no-progress"]).output().await?;
        Ok(())
    }
}
