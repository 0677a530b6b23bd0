//! `bench-notes`: what release notes cost.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use testkit::GithubServer;
use testkit::github::World;

const REPO: &str = "kubernetes/kubernetes";

/// What is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct BenchNotes {
    /// Merged pull requests of the range
    #[arg(long, value_name = "N", default_value_t = 1200)]
    pulls: u64,
    /// How long every answer of the fake GitHub takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 200)]
    latency: u64,
    /// A real repository whose whole history is made into notes, offline, beside git-cliff
    #[arg(long, value_name = "DIR")]
    history: Option<PathBuf>,
    /// How often each offline run is repeated; the median counts
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
}

/// Runs everything and prints a table.
///
/// # Errors
/// When something cannot be built or run.
pub fn run(options: &BenchNotes) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let program = build()?;
    let folder = scratch()?;
    writeln!(
        out,
        "{} pull requests, every answer after {} ms; requests and bytes as the server counts them\n",
        options.pulls, options.latency
    )?;
    writeln!(out, "{:<46} {:>8} {:>11} {:>9} {:>9}", "run", "requests", "received", "seconds", "memory")?;
    for picks in [0, options.pulls / 5] {
        cycle(options, picks, &program, &folder, &mut out)?;
    }
    if let Some(history) = &options.history {
        beside(history, options.rounds, &program, &folder, &mut out)?;
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn build() -> anyhow::Result<PathBuf> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--release", "--quiet", "--package", "release-notes", "--message-format", "short"]);
    ensure!(command.status()?.success(), "`release-notes` cannot be built");
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec()?;
    Ok(metadata.target_directory.join("release/release-notes").into())
}

fn scratch() -> anyhow::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("krel-bench-notes-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A first run, a second one, and one after a single pull request changed. Of the pull requests, `picks` are cherry-picks that
/// carry no note of their own.
fn cycle(
    options: &BenchNotes,
    picks: u64,
    program: &Path,
    folder: &Path,
    out: &mut impl std::io::Write,
) -> anyhow::Result<()> {
    let git = folder.join(format!("cycle-{picks}.git"));
    history(&git, options.pulls, picks)?;
    let mut world = World::new();
    let repository = world.repository(REPO);
    for number in 1..=options.pulls {
        let body = if number <= picks { format!("Cherry pick of #{}.\r\n", 1_000_000 + number) } else { note(number) };
        repository.merge_pull(number, &format!("Change {number}")).body(&body).labels(&LABELS);
        if number <= picks {
            repository.merge_pull(1_000_000 + number, "The original").body(&note(number)).labels(&LABELS);
        }
    }
    let server = GithubServer::start(world);
    server.latency(Duration::from_millis(options.latency)).token("bench", "someone", &["repo"]);
    let cache = folder.join(format!("cache-{picks}"));
    let with = if picks > 0 { format!(", {picks} of them cherry-picks") } else { String::new() };
    for (name, change) in [("first run", false), ("second run", false), ("after one changed", true)] {
        if change {
            server.world(|world| {
                let pulls = &mut world.repository(REPO).issues;
                let pull = pulls.get_mut(&options.pulls).expect("the world has this pull request");
                pull.body("```release-note\r\nOther words.\r\n```").updated_at("2036-01-02T03:04:05Z");
            });
        }
        server.forget_counts();
        let mut command = Command::new(program);
        command
            .args(["generate", "v1.0.0..v1.1.0", "--github", REPO, "--quiet", "--no-dependencies"])
            .arg("--repo")
            .arg(&git)
            .args(["--github-api", server.url()])
            .arg("--cache")
            .arg(&cache)
            .env("GITHUB_TOKEN", "bench");
        let measured = measure(command)?;
        let counts = server.counts();
        writeln!(
            out,
            "{:<46} {:>8} {:>11} {:>9.2} {:>9}",
            format!("{name}{with}"),
            counts.requests(),
            bytes(counts.bytes_out as u64),
            measured.seconds,
            bytes(measured.peak)
        )?;
    }
    let violations = server.take_violations();
    ensure!(violations.is_empty(), "the contract with GitHub was broken: {violations:?}");
    Ok(())
}

const LABELS: [&str; 6] = ["kind/bug", "sig/testing", "area/test", "lgtm", "approved", "release-note"];

/// A body of usual length.
fn note(number: u64) -> String {
    let form = "<!-- Thanks for sending a pull request! -->\r\n\r\n#### What this PR does\r\n\r\nIt does what its title says, and this is why.\r\n".repeat(8);
    format!(
        "{form}\r\n```release-note\r\nFixed thing {number} so that it works again.\r\n```\r\n\r\n```docs\r\n\r\n```\r\n"
    )
}

/// Merges of pull requests between two tags.
fn history(path: &Path, pulls: u64, picks: u64) -> anyhow::Result<()> {
    git(&["init", "--quiet", "--bare", &path.to_string_lossy()])?;
    let mut import = Command::new("git")
        .arg("--git-dir")
        .arg(path)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()?;
    {
        let mut stream = std::io::BufWriter::new(import.stdin.take().context("it is piped")?);
        let mut time = 1_600_000_000;
        let mut commit = |mark: u64, branch: &str, message: &str, from: &str| {
            time += 60;
            let length = message.len();
            write!(
                stream,
                "commit refs/heads/{branch}\nmark :{mark}\ncommitter Someone <someone@example.invalid> {time} +0000\ndata {length}\n{message}\n{from}\n"
            )
        };
        commit(1, "master", "first", "")?;
        let mut tip = 1;
        for number in 1..=pulls {
            let topic = if number <= picks {
                format!("automated-cherry-pick-of-#{}-upstream-release-1.0", 1_000_000 + number)
            } else {
                "topic".to_owned()
            };
            commit(tip + 1, "topic", &format!("work on {number}"), &format!("from :{tip}\n"))?;
            commit(
                tip + 2,
                "master",
                &format!("Merge pull request #{number} from someone/{topic}\n\nChange {number}"),
                &format!("from :{tip}\nmerge :{}\n", tip + 1),
            )?;
            tip += 2;
        }
        write!(stream, "reset refs/tags/v1.0.0\nfrom :1\n\nreset refs/tags/v1.1.0\nfrom :{tip}\n\n")?;
    }
    ensure!(import.wait()?.success(), "git does not take the history");
    Ok(())
}

/// The whole history of a repository as notes: titles in git alone, beside git-cliff with its own template, both without network.
fn beside(
    repository: &Path,
    rounds: usize,
    program: &Path,
    folder: &Path,
    out: &mut impl std::io::Write,
) -> anyhow::Result<()> {
    let clone = repository.canonicalize().with_context(|| format!("there is no `{}`", repository.display()))?;
    let commits = Command::new("git").arg("--git-dir").arg(&clone).args(["rev-list", "--count", "HEAD"]).output()?;
    let commits = String::from_utf8_lossy(&commits.stdout).trim().to_owned();
    writeln!(
        out,
        "\n{:<46} {:>9} {:>9}",
        format!("all {commits} commits, offline, median of {rounds}"),
        "seconds",
        "memory"
    )?;
    let ours = || {
        let mut command = Command::new(program);
        command
            .args(["generate", "--from-beginning", "--titles", "--no-dependencies", "--quiet", "--repo"])
            .arg(&clone);
        command
    };
    let measured = median(rounds, ours)?;
    writeln!(out, "{:<46} {:>9.3} {:>9}", "release-notes generate --titles", measured.seconds, bytes(measured.peak))?;
    let cliff = || {
        let mut command = Command::new("git-cliff");
        command.args(["--offline", "--repository"]).arg(&clone).current_dir(folder);
        command
    };
    match median(rounds, cliff) {
        Ok(theirs) => {
            writeln!(out, "{:<46} {:>9.3} {:>9}", "git-cliff --offline", theirs.seconds, bytes(theirs.peak))?;
            writeln!(out, "{:<46} {:>9.1}", "times as fast", theirs.seconds / measured.seconds)?;
        }
        Err(error) => writeln!(out, "git-cliff: {error:#}")?,
    }
    Ok(())
}

/// What a run took.
#[derive(Debug, Clone, Copy)]
struct Measured {
    seconds: f64,
    /// Most memory held at once, in bytes.
    peak: u64,
}

fn median(rounds: usize, command: impl Fn() -> Command) -> anyhow::Result<Measured> {
    let mut runs = Vec::new();
    for _ in 0..rounds.max(1) {
        runs.push(measure(command())?);
    }
    runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let peak = runs.iter().map(|run| run.peak).max().unwrap_or(0);
    Ok(Measured { seconds: runs[runs.len() / 2].seconds, peak })
}

fn measure(mut command: Command) -> anyhow::Result<Measured> {
    let name = command.get_program().to_string_lossy().into_owned();
    let started = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{name}` cannot be started"))?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    let ended = loop {
        // The kernel keeps the high-water mark; the last look is at most two milliseconds before the end.
        if let Ok(text) = fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
            peak = peak.max(kilobytes.unwrap_or(0) * 1024);
        }
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let seconds = started.elapsed().as_secs_f64();
    let mut problem = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        std::io::Read::read_to_string(&mut stderr, &mut problem)?;
    }
    ensure!(ended.success(), "`{name}` ended with {ended}: {problem}");
    Ok(Measured { seconds, peak })
}

fn git(args: &[&str]) -> anyhow::Result<()> {
    ensure!(Command::new("git").args(args).status()?.success(), "git {} failed", args.join(" "));
    Ok(())
}

fn bytes(count: u64) -> String {
    format!("{:.1} MiB", count as f64 / f64::from(1 << 20))
}
