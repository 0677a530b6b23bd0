use std::{
    fmt::{self, Write as _},
    path::PathBuf,
};

use cli_kit::{Command, CompletionShell, Exit, Failure, OrExit, Page, Render, Shell};
use serde::Serialize;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  krel completions bash > ~/.local/share/bash-completion/completions/krel")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: CompletionShell,
}

/// Write the manual pages of all commands
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  krel man ~/.local/share/man/man1
  krel man | man -l -                            read the page of krel itself")]
pub(crate) struct ManArgs {
    /// Folder to write to; without it the page of krel itself is printed
    folder: Option<PathBuf>,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

impl Render for Text {
    const SCHEMA: &'static str = "krel/text/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        page.write_str(&self.text)
    }
}

fn definition() -> clap::Command {
    cli_kit::command::<crate::KrelArgs>("krel", env!("CARGO_PKG_VERSION"))
}

impl Command for CompletionsArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        shell.result(&Text { text: cli_kit::completions(&definition(), self.shell) })?;
        Ok(Exit::Done)
    }
}

impl Command for ManArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        match self.folder {
            Some(folder) => {
                cli_kit::write_man_pages(&definition(), &folder).or_exit(Exit::Usage)?;
                shell.note(format!("wrote the manual pages to {}", folder.display()));
            }
            None => {
                let mut pages = cli_kit::man_pages(&definition()).or_exit(Exit::Unexpected)?;
                let text = pages.remove("krel.1").unwrap_or_default();
                shell.result(&Text { text })?;
            }
        }
        Ok(Exit::Done)
    }
}
