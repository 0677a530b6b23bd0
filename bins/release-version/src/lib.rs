#![doc = include_str!("../README.md")]

mod compare;
mod describe;
mod error;
mod input;
mod markers;
mod next;
mod parse;
mod results;
mod sort;
mod words;

use cli_kit::{Command, Exit, Failure, Shell};

/// Parse, compare, sort and compute release versions
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  release-version next --type alpha --build-version v1.20.0-alpha.2.1273+0123456789abcd
  release-version compare v1.26.3-39+4a72b34 v1.26.3 --is gt && echo newer
  git tag | release-version sort --invalid skip --reverse | head -1

Exit codes: 0 done, or yes; 2 bad input; 4 no (`compare --is`)")]
pub struct ReleaseVersionArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Parse(parse::ParseArgs),
    Next(next::NextArgs),
    Compare(compare::CompareArgs),
    Sort(sort::SortArgs),
    Markers(markers::MarkersArgs),
    Describe(describe::DescribeArgs),
}

impl Command for ReleaseVersionArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Parse(args) => parse::run(args, shell),
            Verb::Next(args) => next::run(args, shell).await,
            Verb::Compare(args) => compare::run(args, shell),
            Verb::Sort(args) => sort::run(args, shell).await,
            Verb::Markers(args) => markers::run(args, shell),
            Verb::Describe(args) => describe::run(args, shell).await,
        }
    }
}
