//! The command `release-version`.

use std::process::ExitCode;

use release_version_cli::ReleaseVersionArgs;

fn main() -> ExitCode {
    cli_kit::main::<ReleaseVersionArgs>("release-version", env!("CARGO_PKG_VERSION"))
}
