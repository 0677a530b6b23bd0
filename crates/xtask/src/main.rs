//! `cargo run -p xtask -- layers`

use std::{
    io::Write as _,
    process::{Command, ExitCode},
};

use clap::{Parser, Subcommand};

/// Checks of this workspace
#[derive(Parser)]
struct Xtask {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Print who may depend on whom
    Layers,
    /// Check layers, manifests, READMEs and file lengths
    Check,
    /// Kill whole cuts at every effect on a place, resume them, and compare the places byte for byte; takes half an hour
    KillMatrix,
    /// Count and time what release notes cost: requests, bytes, seconds, memory; beside git-cliff where it is installed
    BenchNotes(xtask::bench_notes::BenchNotes),
    /// Start a server of testkit and serve until interrupted; its address is the first line of the output
    World {
        #[command(subcommand)]
        server: Server,
    },
}

#[derive(Subcommand)]
enum Server {
    /// A strict GitHub with state: REST, GraphQL at `/graphql`, uploads at `/uploads`
    Github(xtask::world::GithubOptions),
}

fn main() -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    match Xtask::parse().task {
        Task::Layers => write!(out, "{}", xtask::layers::table())?,
        Task::Check => {
            let workspace = xtask::workspace()?;
            let mut wrong = xtask::layers::check(&workspace);
            for package in &workspace {
                wrong.extend(xtask::files::check(package)?);
            }
            for line in &wrong {
                writeln!(out, "{line}")?;
            }
            if !wrong.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
        }
        Task::BenchNotes(options) => xtask::bench_notes::run(&options)?,
        Task::World { server: Server::Github(options) } => xtask::world::serve_github(&options)?,
        Task::KillMatrix => {
            let status = Command::new(env!("CARGO"))
                .args(["test", "--package", "krel", "--test", "it", "--", "kill::a_killed", "--nocapture"])
                .env("KREL_KILL_MATRIX", "all")
                .status()?;
            if !status.success() {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
