#![doc = include_str!("../README.md")]

use cli_kit::{Command, Exit, Failure, Shell};

/// Write, check and keep CVE records for release notes, under embargo until a date
#[derive(Debug, clap::Args)]
pub struct CveArgs {}

impl Command for CveArgs {
    async fn run(self, _: &mut Shell) -> Result<Exit, Failure> {
        Ok(Exit::Done)
    }
}
