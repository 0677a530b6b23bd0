//! Listing and selecting the commits of a range, beside `git log`. `cargo bench -p notes-sources`
//!
//! The repository has 100,000 commits: merged pull requests of three commits each. The range is its newest tenth, or all of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use git_repo::GitRepo;
use notes_sources::{ListOptions, Wanted, ends, list};
use tempfile::TempDir;

const MERGES: usize = 25_000;

fn main() {
    divan::main();
}

struct Worlds {
    _dir: TempDir,
    plain: PathBuf,
    graphed: PathBuf,
}

fn worlds() -> &'static Worlds {
    static WORLDS: OnceLock<Worlds> = OnceLock::new();
    WORLDS.get_or_init(|| {
        let dir = TempDir::new().expect("a temporary folder can be made");
        let plain = dir.path().join("plain.git");
        git(dir.path(), &["init", "--quiet", "--bare", "plain.git"]);
        let mut import = Command::new("git")
            .args(["fast-import", "--quiet"])
            .current_dir(&plain)
            .stdin(Stdio::piped())
            .spawn()
            .expect("git is here");
        let mut stream = std::io::BufWriter::new(import.stdin.take().expect("it is piped"));
        write_history(&mut stream).expect("git reads the stream");
        drop(stream);
        assert!(import.wait().expect("it ends").success());
        git(&plain, &["repack", "-adq"]);
        git(&plain, &["pack-refs", "--all"]);
        let graphed = dir.path().join("graphed.git");
        git(dir.path(), &["clone", "--quiet", "--bare", "plain.git", "graphed.git"]);
        git(&graphed, &["commit-graph", "write", "--reachable"]);
        Worlds { _dir: dir, plain, graphed }
    })
}

fn write_history(out: &mut impl std::io::Write) -> std::io::Result<()> {
    let mut time = 1_500_000_000;
    let mut commit = |out: &mut dyn std::io::Write, mark: usize, branch: &str, message: &str, from: &str| {
        time += 60;
        writeln!(out, "commit refs/heads/{branch}\nmark :{mark}")?;
        writeln!(
            out,
            "committer Someone <someone@example.invalid> {time} +0000\ndata {}\n{message}\n{from}",
            message.len()
        )
    };
    commit(out, 1, "main", "first", "")?;
    let mut tip = 1;
    for merge in 0..MERGES {
        let mark = tip + 1;
        let long = "What it does and why, in a paragraph of the usual length of such paragraphs.\n".repeat(4);
        commit(out, mark, "topic", &format!("work\n\n{long}"), &format!("from :{tip}"))?;
        commit(out, mark + 1, "topic", &format!("more work\n\n{long}"), &format!("from :{mark}"))?;
        commit(out, mark + 2, "topic", &format!("review\n\n{long}"), &format!("from :{}", mark + 1))?;
        let message = format!("Merge pull request #{} from someone/topic\n\nTitle of the change", merge + 1);
        commit(out, mark + 3, "main", &message, &format!("from :{tip}\nmerge :{}", mark + 2))?;
        tip = mark + 3;
        if merge == MERGES / 10 * 9 {
            writeln!(out, "reset refs/tags/v1.0.0\nfrom :{tip}")?;
        }
    }
    writeln!(out, "reset refs/tags/v1.1.0\nfrom :{tip}\ndone")
}

fn git(dir: &Path, args: &[&str]) {
    let status = Command::new("git").args(args).current_dir(dir).status().expect("git is here");
    assert!(status.success(), "git {args:?}");
}

#[derive(Debug, Clone, Copy)]
enum Range {
    Tenth,
    All,
}

impl Range {
    fn revisions(self) -> &'static [&'static str] {
        match self {
            Self::Tenth => &["v1.1.0", "^v1.0.0"],
            Self::All => &["v1.1.0"],
        }
    }
}

fn ours(path: &Path, range: Range) -> usize {
    let repo = GitRepo::open(path).expect("it is a repository");
    let start = match range {
        Range::Tenth => Wanted::revision("v1.0.0"),
        Range::All => Wanted::default(),
    };
    let ends = ends(&repo, &start, &Wanted::revision("v1.1.0")).expect("both tags are there");
    let listing = list(&repo, &ends, &ListOptions::default()).expect("all commits are there");
    let end = notes_gen::CommitId::new(ends.end.commit.to_string());
    notes_gen::select(&listing.commits, &end).expect("it is a range").picks.len()
}

#[divan::bench(args = [Range::Tenth, Range::All], sample_count = 10)]
fn list_and_select(range: Range) -> usize {
    ours(&worlds().plain, range)
}

#[divan::bench(args = [Range::Tenth, Range::All], sample_count = 10)]
fn list_and_select_with_commit_graph(range: Range) -> usize {
    ours(&worlds().graphed, range)
}

#[divan::bench(args = [Range::Tenth, Range::All], sample_count = 10)]
fn git_log_with_messages(range: Range) -> usize {
    let output = Command::new("git")
        .args(["log", "--format=%H %P%n%B"])
        .args(range.revisions())
        .current_dir(&worlds().graphed)
        .output()
        .expect("git is here");
    output.stdout.len()
}
