//! `release-version parse`

use clap::Args;
use cli_kit::{Exit, Failure, Shell};
use release_version::BuildVersion;

use crate::results::{Field, ParsedVersion, ParsedVersions};

/// Take versions apart: kind, numbers, commit, and the forms for tags
///
/// Prints a line for each part, its name and its value; with `--field` the value alone, a line for each version.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  release-version parse v1.19.0-rc.0.529+0123456789abcd
  minor=$(release-version parse --field minor v1.19.4)")]
pub(crate) struct ParseArgs {
    /// Release or build versions, e.g. `v1.19.0-rc.1` or `v1.26.3-39+4a72b34`
    #[arg(required = true, value_name = "VERSION")]
    versions: Vec<BuildVersion>,

    /// Print this part only; an empty line where a version has no such part
    #[arg(long, value_enum, value_name = "PART")]
    field: Option<Field>,
}

pub(crate) fn run(args: ParseArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let versions = args.versions.iter().map(ParsedVersion::from).collect();
    shell.result(&ParsedVersions { versions, only: args.field })?;
    Ok(Exit::Done)
}
