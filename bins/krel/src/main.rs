//! The umbrella command.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli_kit::main::<krel::KrelArgs>("krel", env!("CARGO_PKG_VERSION"))
}
