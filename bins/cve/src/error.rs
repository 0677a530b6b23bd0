//! What can go wrong with records. No message repeats what a record says.

use std::{io, path::PathBuf};

use cli_kit::{Exit, Failure};

use crate::{CveId, record::Problem};

/// Why a record was not written, read, shown or deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CveError {
    /// A file or folder cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be deleted.
    #[error("cannot delete `{}`", path.display())]
    Delete {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is larger than what is read.
    #[error("`{}` is larger than a record can be", path.display())]
    TooLarge {
        /// The path.
        path: PathBuf,
    },
    /// A file is not UTF-8 text.
    #[error("`{}` is not UTF-8 text", path.display())]
    NotText {
        /// The path.
        path: PathBuf,
    },
    /// There is a record of that id.
    #[error("there is a record of `{id}` already")]
    Exists {
        /// The id.
        id: CveId,
    },
    /// There is no record of that id.
    #[error("there is no record of `{id}`")]
    Missing {
        /// The id.
        id: CveId,
    },
    /// The record cannot be used.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid {
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
    /// Records of a folder cannot be used.
    #[error("{count} of {} cannot be used", records(*files))]
    InvalidFolder {
        /// How many.
        count: usize,
        /// Of how many.
        files: usize,
    },
    /// An embargo was given that holds nothing back.
    #[error("an embargo until {until} is over")]
    EmbargoOver {
        /// The id.
        id: CveId,
        /// The end that was given.
        until: jiff::Timestamp,
    },
    /// Nobody is here to edit.
    #[error("nobody is here to edit the record")]
    NoEditor,
    /// Nobody is here to say yes.
    #[error("nobody is here to confirm that `{id}` is deleted")]
    NotConfirmed {
        /// The id.
        id: CveId,
    },
}

/// How many, in words that fit.
pub(crate) fn records(count: usize) -> String {
    cli_kit::human_count(count, "record")
}

impl From<CveError> for Failure {
    fn from(error: CveError) -> Self {
        match &error {
            CveError::Exists { id } => {
                let hint = format!("`cve edit {id}` changes it");
                Self::new(Exit::Refused, error).hint(hint)
            }
            CveError::Missing { id } => {
                let hint = format!("`cve new {id}` makes one; `--dir` names the folder");
                Self::new(Exit::Usage, error).hint(hint)
            }
            CveError::EmbargoOver { id, .. } => {
                let hint = format!("name an instant to come; `cve edit {id} --lift-embargo` takes an embargo out");
                Self::new(Exit::Usage, error).hint(hint)
            }
            CveError::InvalidFolder { .. } => Self::new(Exit::Difference, error),
            CveError::NoEditor => Self::new(Exit::Refused, error).hint("`--file FILE` or `--file -` gives the text"),
            CveError::NotConfirmed { .. } => Self::new(Exit::Refused, error).hint("`--yes` confirms"),
            CveError::Invalid { problems } if problems.iter().all(|problem| problem.is_of_content()) => {
                Self::new(Exit::Usage, error).hint("`--incomplete` keeps a record that is not finished")
            }
            _ => Self::new(Exit::Usage, error),
        }
    }
}
