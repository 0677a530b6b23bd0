//! The command `cve`.

use std::process::ExitCode;

use cve::CveArgs;

fn main() -> ExitCode {
    cli_kit::main::<CveArgs>("cve", env!("CARGO_PKG_VERSION"))
}
