//! The command `release-notes`.

use std::process::ExitCode;

use release_notes::ReleaseNotesArgs;

fn main() -> ExitCode {
    let typed = release_notes::arguments(std::env::args_os());
    cli_kit::main_from::<ReleaseNotesArgs>("release-notes", env!("CARGO_PKG_VERSION"), typed)
}
