//! `world`: the servers of testkit, for benchmarks and by hand.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use testkit::GithubServer;
use testkit::github::World;

/// What a fake GitHub holds, and how fast it is.
#[derive(Debug, Clone, clap::Args)]
pub struct GithubOptions {
    /// A folder with recorded replies: `pulls.json`, `commits.json`, `pulls-of-commits.json`, `ends.json`
    #[arg(long, value_name = "DIR", conflicts_with = "git")]
    pub recording: Option<PathBuf>,
    /// A bare git repository: its refs, its commits, and a pull request for each merge that names one
    #[arg(long, value_name = "DIR")]
    pub git: Option<PathBuf>,
    /// How many merged pull requests to make up
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with_all = ["recording", "git"])]
    pub pulls: u64,
    /// How long every answer takes at least, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency: u64,
    /// The name of the repository that holds all this
    #[arg(long, value_name = "OWNER/NAME", default_value = "kubernetes/kubernetes")]
    pub repo: String,
}

/// Starts a fake GitHub.
///
/// # Errors
/// When the name of the repository is none, or a folder is not there.
pub fn github(options: &GithubOptions) -> anyhow::Result<GithubServer> {
    let (owner, name) = options.repo.split_once('/').context("a repository is named OWNER/NAME")?;
    ensure!(!owner.is_empty() && !name.is_empty() && !name.contains('/'), "a repository is named OWNER/NAME");
    for folder in [&options.recording, &options.git].into_iter().flatten() {
        ensure!(folder.is_dir(), "there is no folder `{}`", folder.display());
    }
    let mut world = World::new();
    let repository = world.repository(&options.repo);
    for number in 1..=options.pulls {
        let body = format!("Fixes a thing.\r\n\r\n```release-note\r\nFixed thing {number}.\r\n```\r\n");
        repository.merge_pull(number, &format!("Fix thing {number}")).body(&body).labels(&["kind/bug", "sig/testing"]);
    }
    if let Some(git) = &options.git {
        let git = git.canonicalize().with_context(|| format!("cannot find `{}`", git.display()))?;
        repository.bind(&git).learn_merges();
    }
    if let Some(folder) = &options.recording {
        world.load_recording(&options.repo, folder);
    }
    let server = GithubServer::start(world);
    server.latency(Duration::from_millis(options.latency));
    Ok(server)
}

/// Serves until interrupted: the address is the first line of the output, what was counted the last.
///
/// # Errors
/// When the server cannot be started, or the output is closed.
pub fn serve_github(options: &GithubOptions) -> anyhow::Result<()> {
    let server = github(options)?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", server.url())?;
    out.flush()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::signal::ctrl_c()).context("cannot wait for an interruption")?;
    let counts = server.counts();
    writeln!(
        out,
        "{} requests: {} GraphQL ({} points), {} REST ({} unchanged), {} uploads, {} downloads; {} bytes in, {} bytes out; \
         at most {} at once",
        counts.requests(),
        counts.graphql,
        counts.points,
        counts.rest,
        counts.unchanged,
        counts.uploads,
        counts.downloads,
        counts.bytes_in,
        counts.bytes_out,
        counts.greatest_in_flight,
    )?;
    for violation in server.take_violations() {
        writeln!(out, "contract broken: {violation}")?;
    }
    Ok(())
}
