//! The sample project: a C program with a real history of merged pull requests, the same object ids on every machine.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const FIRST: &str = include_str!("../../sample/hello.c");
const BY_NAME: &str = include_str!("../../sample/hello-by-name.c");
const MANY: &str = include_str!("../../sample/hello-many.c");
const README: &str = include_str!("../../sample/README.md");
const PULLS: &str = include_str!("../../sample/pulls.json");
const CONFIG: &str = include_str!("../../sample/release.yaml");

/// Time of the first commit, in seconds since 1970; each further commit is an hour later.
const EPOCH: u64 = 1_767_600_000;
const AUTHOR: &str = "Sample Author <author@example.invalid>";

/// Writes the sample project into `dir`: `production/repository.git`, `pull-requests/` and `release.yaml`.
pub(super) fn make(dir: &Path) -> io::Result<()> {
    let repository = repository(dir);
    fs::create_dir_all(&repository)?;
    git(&repository, &["init", "--quiet", "--bare", "--initial-branch=main", "."], None)?;
    git(&repository, &["fast-import", "--quiet"], Some(history().as_bytes()))?;
    let pulls = dir.join("pull-requests");
    fs::create_dir_all(&pulls)?;
    fs::write(pulls.join("pulls.json"), PULLS)?;
    fs::write(dir.join("release.yaml"), CONFIG)
}

/// What the developers of the sample do before cut number `cut` (from 0): pull requests on the main branch, and cherry-picks to the
/// branch that is cut, once there is one; a branch for an urgent fix begins at its tag.
pub(super) fn develop(dir: &Path, cut: usize, branch: Option<&str>) -> io::Result<()> {
    let number = 6 + 2 * cut as u64;
    let text = format!("A line of cut {cut}.\n");
    let mut stream = Stream { marks: 1000 * (cut as u64 + 1), ..Stream::default() };
    let main = "refs/heads/main^0";
    stream.merge_onto(main, "main", number, &format!("note-{cut}"), &format!("Write a line for cut {cut}"), &text);
    let there = |rev: &String| git(&repository(dir), &["rev-parse", "--quiet", "--verify", rev], None).is_ok();
    if let Some(branch) = branch.filter(|branch| *branch != "main")
        && let Some(parent) = [
            format!("refs/heads/{branch}^0"),
            format!("refs/tags/v{}^0", branch.strip_prefix("release-").unwrap_or(branch)),
        ]
        .iter()
        .find(|rev| there(rev))
    {
        let title = format!("Automated cherry pick of #{number}: Write a line for cut {cut}");
        let head = format!("automated-cherry-pick-of-#{number}-origin-{branch}");
        stream.merge_onto(parent, branch, number + 1, &head, &title, &text);
    }
    git(&repository(dir), &["fast-import", "--quiet"], Some(stream.text.as_bytes()))
}

fn repository(dir: &Path) -> PathBuf {
    dir.join("production").join("repository.git")
}

fn git(folder: &Path, args: &[&str], input: Option<&[u8]>) -> io::Result<()> {
    let mut child = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
        stdin.write_all(input)?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("`git {}` ended with {}: {}", args.join(" "), output.status, told.trim())))
}

/// The history as a stream for `git fast-import`.
fn history() -> String {
    let silent = MANY.replace("return fflush(stdout) == 0 ? 0 : 1;", "return 0;");
    let mut stream = Stream::default();
    let first = stream.commit("main", "hello: say hello", &[], &[("hello.c", FIRST), ("README.md", "# hello\n")]);
    let tagged = stream.squash(&first, "Build with warnings (#1)", &[(".gitignore", "hello\n")]);
    stream.tag("v1.0.0-alpha.0", &tagged);
    let merged = stream.merge(&tagged, 2, "greet-by-name", "Greet by name", &[("hello.c", BY_NAME)]);
    let merged = stream.merge(&merged, 5, "greet-many", "Greet many", &[("hello.c", &silent)]);
    let merged = stream.squash(&merged, "Correct the README (#4)", &[("README.md", README)]);
    stream.merge(&merged, 3, "tell-write-errors", "Tell when the output cannot be written", &[("hello.c", MANY)]);
    stream.text
}

/// A stream being written; commits are numbered by marks.
#[derive(Default)]
struct Stream {
    text: String,
    marks: u64,
}

/// The time of a commit, an hour after the one before.
fn time(mark: u64) -> u64 {
    EPOCH + mark * 3600
}

impl Stream {
    /// A commit on a branch; returns what later commits name it by.
    fn commit(&mut self, branch: &str, message: &str, parents: &[&str], files: &[(&str, &str)]) -> String {
        self.marks += 1;
        let (mark, time) = (self.marks, time(self.marks));
        let out = &mut self.text;
        let _ = writeln!(out, "commit refs/heads/{branch}\nmark :{mark}");
        let _ = writeln!(out, "author {AUTHOR} {time} +0000\ncommitter {AUTHOR} {time} +0000");
        data(out, message);
        for (index, parent) in parents.iter().enumerate() {
            let _ = writeln!(out, "{} {parent}", if index == 0 { "from" } else { "merge" });
        }
        for (path, content) in files {
            let _ = writeln!(out, "M 100644 inline {path}");
            data(out, content);
        }
        format!(":{mark}")
    }

    fn squash(&mut self, parent: &str, message: &str, files: &[(&str, &str)]) -> String {
        self.commit("main", message, &[parent], files)
    }

    /// A branch of one commit, merged as a code forge merges pull requests.
    fn merge(&mut self, parent: &str, number: u64, branch: &str, title: &str, files: &[(&str, &str)]) -> String {
        self.merge_into("main", parent, number, branch, title, files)
    }

    fn merge_into(
        &mut self,
        target: &str,
        parent: &str,
        number: u64,
        branch: &str,
        title: &str,
        files: &[(&str, &str)],
    ) -> String {
        let topic = format!("pull/{number}");
        let tip = self.commit(&topic, title, &[parent], files);
        let message = format!("Merge pull request #{number} from contributor/{branch}\n\n{title}");
        let merged = self.commit(target, &message, &[parent, &tip], files);
        let _ = writeln!(self.text, "reset refs/heads/{topic}\nfrom 0000000000000000000000000000000000000000");
        merged
    }

    /// The same on top of a branch that the repository has.
    fn merge_onto(&mut self, parent: &str, target: &str, number: u64, branch: &str, title: &str, text: &str) {
        let file = format!("notes-{number}.txt");
        self.merge_into(target, parent, number, branch, title, &[(&file, text)]);
    }

    fn tag(&mut self, name: &str, commit: &str) {
        let time = time(self.marks) + 60;
        let _ = writeln!(self.text, "tag {name}\nfrom {commit}\ntagger {AUTHOR} {time} +0000");
        data(&mut self.text, &format!("Hello alpha release {name}"));
    }
}

fn data(out: &mut String, content: &str) {
    let _ = writeln!(out, "data {}\n{content}", content.len());
}
