#![doc = include_str!("../README.md")]

use cli_kit::{Command, Exit, Failure, Shell};

/// Release notes from pull requests: generate, render, check, validate, fix, draft-pr, site
#[derive(Debug, clap::Args)]
pub struct ReleaseNotesArgs {}

impl Command for ReleaseNotesArgs {
    async fn run(self, _: &mut Shell) -> Result<Exit, Failure> {
        Ok(Exit::Done)
    }
}
