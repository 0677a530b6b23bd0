//! What can go wrong, by what the caller can do about it.

use std::path::PathBuf;

use crate::{Expected, NameError, ObjectId, RefName};

/// The cause of an error, from a library that may change.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// An operation on a repository failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder is no repository, or not one this process may read.
    #[error("cannot open the repository `{path}`")]
    Open {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: Source,
    },
    /// No commit has this name here.
    #[error("`{revision}` names no commit of this repository")]
    UnknownRevision {
        /// What was asked for.
        revision: String,
        /// Why it could not be resolved.
        source: Option<Source>,
    },
    /// A name or an identity that git would not accept.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A path that cannot be part of a commit, such as `../x` or `.git/config`.
    #[error("`{path}` cannot be a file of a commit: {reason}")]
    Path {
        /// The path.
        path: String,
        /// The rule it breaks.
        reason: String,
    },
    /// A ref has another value than expected: someone else changed it.
    #[error("`{name}` moved: expected {expected}, found {}", shown(.found))]
    Moved {
        /// The ref.
        name: RefName,
        /// What the caller expected.
        expected: Expected,
        /// What is there.
        found: Option<ObjectId>,
    },
    /// The tag exists and names another object.
    #[error("tag `{name}` exists as {found}, which is not {wanted}")]
    TagExists {
        /// The tag.
        name: RefName,
        /// The object it names.
        found: ObjectId,
        /// The object that was to be tagged, or the tag object that was to be written.
        wanted: ObjectId,
    },
    /// A file is larger than the caller is willing to hold.
    #[error("`{path}` has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The place is taken.
    #[error("`{path}` exists already")]
    Exists {
        /// The place.
        path: PathBuf,
    },
    /// The operation needs a work tree and the repository is bare.
    #[error("the repository `{path}` has no work tree")]
    Bare {
        /// The repository.
        path: PathBuf,
    },
    /// A remote that is refused before anything is sent.
    #[error("remote `{remote}` is refused: {reason}")]
    Remote {
        /// The remote, without secrets.
        remote: String,
        /// Why.
        reason: &'static str,
    },
    /// The remote does not let us: credentials are missing, wrong or insufficient.
    #[error("`{remote}` denies access: {detail}")]
    Denied {
        /// The remote, without secrets.
        remote: String,
        /// What it said.
        detail: String,
    },
    /// The remote cannot be reached, broke off or took too long; trying again later may help.
    #[error("`{remote}` is not available: {detail}")]
    Unavailable {
        /// The remote, without secrets.
        remote: String,
        /// What happened.
        detail: String,
    },
    /// There is no repository at that address, or none we may know of.
    #[error("`{remote}` is no repository: {detail}")]
    NoRepository {
        /// The remote, without secrets.
        remote: String,
        /// What was said.
        detail: String,
    },
    /// A bundle that cannot be used.
    #[error("bundle `{path}` cannot be used: {reason}")]
    Bundle {
        /// The bundle.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The git program failed.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The repository could not be read or written.
    #[error("cannot {operation}")]
    Repository {
        /// What was tried, as `read commit …`.
        operation: String,
        /// Why it failed.
        source: Source,
    },
    /// A file could not be read or written.
    #[error("cannot {operation} `{path}`")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl Error {
    /// Whether the same call may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Program(ProgramError::TimedOut { .. }))
    }

    pub(crate) fn repository(operation: impl Into<String>, source: impl Into<Source>) -> Self {
        Self::Repository { operation: operation.into(), source: source.into() }
    }
}

/// The git program did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// It could not be started.
    #[error("cannot start `git`; is it installed?")]
    Start {
        /// Why not.
        source: std::io::Error,
    },
    /// It ended with an error.
    #[error("`git {arguments}` ended with {status}: {stderr}")]
    Failed {
        /// Its arguments. They never hold secrets.
        arguments: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// The end of what it wrote to standard error, without secrets.
        stderr: String,
    },
    /// It was stopped because it took longer than the caller allows.
    #[error("`git {arguments}` was stopped after {} seconds", .limit.as_secs())]
    TimedOut {
        /// Its arguments.
        arguments: String,
        /// The limit.
        limit: std::time::Duration,
    },
}

/// A push did not happen. Nothing was changed at the remote, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// A ref has another value than planned.
    #[error("`{name}` moved: expected {expected}, found {}; plan again", shown(.found))]
    Moved {
        /// The ref.
        name: RefName,
        /// What the plan expected.
        expected: Expected,
        /// What the remote has.
        found: Option<ObjectId>,
    },
    /// The new value of a branch does not contain the old one, so the push would lose commits.
    #[error("`{name}` would lose commits: {old} is not an ancestor of {new}")]
    NotFastForward {
        /// The branch.
        name: RefName,
        /// Its value now.
        old: ObjectId,
        /// The value planned.
        new: ObjectId,
    },
    /// The remote refuses a ref: a hook or a protection.
    #[error("`{name}` was refused by the remote: {reason}")]
    Rejected {
        /// The ref that was refused; others of the same push were not moved either.
        name: RefName,
        /// What the remote said.
        reason: String,
    },
    /// The remote does not let us: credentials are missing, wrong or insufficient.
    #[error("`{remote}` denies access: {detail}")]
    Denied {
        /// The remote, without secrets.
        remote: String,
        /// What it said.
        detail: String,
    },
    /// The remote cannot be reached or broke off. Whether the refs moved is unknown; pushing again is safe.
    #[error("`{remote}` is not available: {detail}")]
    Unavailable {
        /// The remote, without secrets.
        remote: String,
        /// What happened.
        detail: String,
    },
    /// Anything else.
    #[error(transparent)]
    Git(Error),
}

impl From<Error> for PushError {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied { remote, detail } => Self::Denied { remote, detail },
            Error::Unavailable { remote, detail } => Self::Unavailable { remote, detail },
            other => Self::Git(other),
        }
    }
}

fn shown(found: &Option<ObjectId>) -> String {
    found.map_or_else(|| "nothing".to_owned(), |id| id.to_string())
}
