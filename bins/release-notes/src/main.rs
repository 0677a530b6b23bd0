//! The command `release-notes`.

use std::process::ExitCode;

use release_notes::ReleaseNotesArgs;

fn main() -> ExitCode {
    cli_kit::main::<ReleaseNotesArgs>("release-notes", env!("CARGO_PKG_VERSION"))
}
