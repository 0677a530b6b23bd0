//! The command `changelog`.

use std::process::ExitCode;

use changelog::ChangelogArgs;

fn main() -> ExitCode {
    cli_kit::main::<ChangelogArgs>("changelog", env!("CARGO_PKG_VERSION"))
}
