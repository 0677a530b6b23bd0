//! Text from an argument, a file or stdin.

use std::path::Path;

use cli_kit::{Failure, Shell};

use crate::error::InputError;

/// What stands for stdin.
const STDIN: &str = "-";

/// The argument itself; stdin if it is missing or `-`.
pub(crate) async fn argument_or_stdin(argument: Option<String>, shell: &Shell) -> Result<String, Failure> {
    match argument {
        Some(text) if text != STDIN => Ok(text),
        _ => shell.stdin().await,
    }
}

/// The content of a file; stdin if it is `-`.
pub(crate) async fn file_or_stdin(path: &Path, shell: &Shell) -> Result<String, Failure> {
    if path.as_os_str() == STDIN {
        return shell.stdin().await;
    }
    Ok(std::fs::read_to_string(path).map_err(|source| InputError::File { path: path.to_owned(), source })?)
}
