//! What can be wrong with the input beyond what `release-version` says.

use std::{io, path::PathBuf};

use cli_kit::{Exit, Failure};
use release_version::{Marker, MarkerError, ParseVersionError, TagPrefix};

#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    #[error("line {line} of stdin is not a version")]
    Line { line: usize, source: ParseVersionError },
    #[error("cannot read `{}`", .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("`--tag {}` is not a version tag of this project", .tag.escape_debug())]
    Tag { tag: String, source: ParseVersionError },
    #[error("`{}` does not begin with the tag prefix `{prefix}`", .text.escape_debug())]
    Prefix { text: String, prefix: TagPrefix },
    #[error("`{flag}` has no meaning with `--policy {policy}`")]
    NotInPolicy { flag: &'static str, policy: &'static str },
    #[error("`--current {}` has no `=`; expected `MARKER=VERSION`", .text.escape_debug())]
    NoEquals { text: String },
    #[error("`{marker}` is not a marker of `{version}`")]
    ForeignMarker { marker: Marker, version: String },
    #[error("`{marker}` is given twice")]
    MarkerTwice { marker: Marker },
    #[error("marker `{marker}`")]
    Marker { marker: Marker, source: MarkerError },
}

impl InputError {
    /// What begins otherwise, cut to what fits in a message.
    pub(crate) fn prefix(text: &str, prefix: &TagPrefix) -> Self {
        Self::Prefix { text: text.trim_end().chars().take(100).collect(), prefix: prefix.clone() }
    }
}

/// The input is at fault, always.
impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Self::new(Exit::Usage, error)
    }
}
