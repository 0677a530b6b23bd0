#![doc = include_str!("../README.md")]

use cli_kit::{Command, Exit, Failure, Shell};

/// Keep CHANGELOG files and their index, one section a version
#[derive(Debug, clap::Args)]
pub struct ChangelogArgs {}

impl Command for ChangelogArgs {
    async fn run(self, _: &mut Shell) -> Result<Exit, Failure> {
        Ok(Exit::Done)
    }
}
