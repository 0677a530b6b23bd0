//! `release-version sort`

use clap::{Args, ValueEnum};
use cli_kit::{Exit, Failure, Shell};
use release_version::BuildVersion;

use crate::{
    error::InputError,
    results::{InvalidLine, SortedVersions},
};

/// Sort the versions on stdin, one a line, lowest first
///
/// The order is that of `compare`; equal builds are sorted by their commit. Empty lines are left out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git tag | release-version sort --invalid skip
  newest=$(git tag --list 'v1.19.*' | release-version sort --reverse | head -1)")]
pub(crate) struct SortArgs {
    /// Highest first
    #[arg(short, long)]
    reverse: bool,

    /// What to do with lines that are not versions
    #[arg(long, value_enum, default_value_t)]
    invalid: Invalid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Invalid {
    /// Refuse the whole input
    #[default]
    Fail,
    /// Leave them out
    Skip,
    /// Put them behind the versions, as they came
    Last,
}

pub(crate) async fn run(args: SortArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let text = shell.stdin().await?;
    let (mut versions, mut invalid) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        match line.parse::<BuildVersion>() {
            Ok(version) => versions.push(version),
            Err(source) if args.invalid == Invalid::Fail => {
                return Err(Failure::from(InputError::Line { line: index + 1, source })
                    .hint("`--invalid skip` leaves such lines out, `--invalid last` puts them at the end"));
            }
            Err(error) => {
                invalid.push(InvalidLine { line: index + 1, text: line.to_owned(), error: error.to_string() });
            }
        }
    }
    versions.sort_unstable();
    if args.reverse {
        versions.reverse();
    }
    if args.invalid == Invalid::Skip && !invalid.is_empty() {
        shell.note(format!("lines that are not versions, left out: {}", invalid.len()));
    }
    shell.result(&SortedVersions { versions, invalid, show_invalid: args.invalid == Invalid::Last })?;
    Ok(Exit::Done)
}
