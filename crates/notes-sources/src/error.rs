use git_repo::CommitId;

/// What stands in the way of a range, its pull requests, or the files they are made from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The repository does not answer.
    #[error("cannot {operation}")]
    Git {
        /// What was tried.
        operation: String,
        /// Why it failed.
        source: Box<git_repo::Error>,
    },
    /// One end of the range is not given and nothing says how to find it.
    #[error("the {end} of the range is not given")]
    NoEnd {
        /// `start` or `end`.
        end: &'static str,
    },
    /// Both a commit and a revision were given for one end.
    #[error("the {end} of the range is given twice, as a commit and as a revision")]
    EndTwice {
        /// `start` or `end`.
        end: &'static str,
    },
    /// The ends stand in the wrong order.
    #[error("`{end}` is an ancestor of `{start}`, so the range is empty: the ends are swapped")]
    Swapped {
        /// The start as it was given.
        start: String,
        /// The end as it was given.
        end: String,
    },
    /// The ends have no common history.
    #[error("`{start}` and `{end}` have no common ancestor")]
    Unrelated {
        /// The start as it was given.
        start: String,
        /// The end as it was given.
        end: String,
    },
    /// The clone does not hold the whole history of the range.
    #[error("the clone is shallow: its history ends at commit {boundary}, inside or before the range")]
    Shallow {
        /// The last commit that is there.
        boundary: CommitId,
    },
    /// The tags and branches of the repository do not give what a discovery needs.
    #[error("cannot discover the range {mode}: {missing}")]
    Discover {
        /// The mode.
        mode: &'static str,
        /// What is missing, in words.
        missing: String,
    },
    /// A file or folder cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file is larger than such a file can be.
    #[error("`{path}` has {bytes} bytes, more than the {limit} that are read")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
        /// What is read at the most.
        limit: u64,
    },
    /// A folder holds more files than are read.
    #[error("`{path}` holds more than {limit} files")]
    TooManyFiles {
        /// The folder.
        path: String,
        /// How many are read at the most.
        limit: u64,
    },
    /// A file does not hold what it should.
    #[error("`{path}` is malformed")]
    Malformed {
        /// The file.
        path: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Maps cannot be used; each problem with file and line.
    #[error(transparent)]
    Maps(#[from] notes_gen::maps::MapErrors),
    /// A bucket does not answer.
    #[error("cannot read `{object}`")]
    Bucket {
        /// The object.
        object: String,
        /// Why.
        source: artifact_publish::Error,
    },
    /// A bucket lacks what is needed.
    #[error("there is no `{object}`")]
    NoObject {
        /// The object.
        object: String,
    },
    /// The dependencies of two commits cannot be compared.
    #[error("cannot compare the dependencies")]
    Dependencies {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A task of this process was lost.
    #[error("work on the repository was stopped")]
    Stopped {
        /// Why.
        source: tokio::task::JoinError,
    },
}

impl Error {
    pub(crate) fn git(operation: impl Into<String>) -> impl FnOnce(git_repo::Error) -> Self {
        move |source| Self::Git { operation: operation.into(), source: Box::new(source) }
    }

    pub(crate) fn read(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::Read { path, source }
    }
}
