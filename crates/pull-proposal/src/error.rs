use git_repo::CommitId;
use github_client::RepoId;

/// A proposal could not be observed or applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The base branch is not there.
    #[error("`{target}` has no branch `{base}`")]
    NoBase {
        /// The repository.
        target: RepoId,
        /// The branch.
        base: String,
    },
    /// The carrying repository is no fork of the target.
    #[error("`{fork}` is no fork of `{target}`")]
    NoFork {
        /// The repository that should carry the branch.
        fork: RepoId,
        /// The repository that should take the files.
        target: RepoId,
    },
    /// Something changed since the plan was made.
    #[error("{subject} changed since the plan was made; plan again")]
    Moved {
        /// What changed.
        subject: String,
    },
    /// The plan was made for other places.
    #[error("the plan is for `{planned}`, and would be applied at `{given}`")]
    Elsewhere {
        /// The place in the plan.
        planned: String,
        /// The place that is to be changed.
        given: String,
    },
    /// The plan is not one that was made by planning: somebody changed it.
    #[error("the plan contradicts itself: what it says of commit `{planned}` {found}")]
    Contradicts {
        /// The commit of the plan.
        planned: CommitId,
        /// What is wrong about it.
        found: String,
    },
    /// A branch name that git does not allow.
    #[error("`{branch}` is no name of a branch")]
    BadBranch {
        /// The name.
        branch: String,
        /// Why.
        source: git_repo::NameError,
    },
    /// Git does not do what it was asked to.
    #[error("cannot {operation}")]
    Git {
        /// What was tried.
        operation: &'static str,
        /// Why it failed.
        source: Box<git_repo::Error>,
    },
    /// The branch could not be pushed.
    #[error("cannot push branch `{branch}` to `{fork}`")]
    Push {
        /// The branch.
        branch: String,
        /// The repository.
        fork: RepoId,
        /// Why.
        source: Box<git_repo::PushError>,
    },
    /// GitHub does not answer.
    #[error("cannot {operation}")]
    Github {
        /// What was tried.
        operation: &'static str,
        /// Why it failed.
        source: Box<github_client::Error>,
    },
}

impl Error {
    pub(crate) fn git(operation: &'static str) -> impl FnOnce(git_repo::Error) -> Self {
        move |source| Self::Git { operation, source: Box::new(source) }
    }

    pub(crate) fn github(operation: &'static str) -> impl FnOnce(github_client::Error) -> Self {
        move |source| Self::Github { operation, source: Box::new(source) }
    }
}
