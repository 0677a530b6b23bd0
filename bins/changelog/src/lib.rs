#![doc = include_str!("../README.md")]

mod check;
mod failure;
mod section;
mod tag;
mod update;

use cli_kit::{Command, Exit, Failure, Shell};

/// Keep changelog files: one section a version, in its place, once
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  changelog update --tag v1.30.0-rc.0 --downloads _output/release-tars
  changelog update --tag v1.30.0 --draft notes/release-notes-draft.md --branch release-1.30
  changelog section --tag v1.2.3 --titles              print the section and change nothing
  changelog check CHANGELOG                            tables of contents, repeated sections, the index

Exit codes: 0 done, or nothing to do; 2 bad input; 3 refused; 5 a branch moved; 6 no token; 7 GitHub does not answer;
9 `check` found something")]
pub struct ChangelogArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Update(update::UpdateArgs),
    Section(section::SectionArgs),
    Check(check::CheckArgs),
}

impl Command for ChangelogArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Update(args) => update::run(args, shell).await,
            Verb::Section(args) => shell.reading().run(section::run(args, shell)).await,
            Verb::Check(args) => check::run(args, shell),
        }
    }
}
