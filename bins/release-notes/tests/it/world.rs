//! A project with a git history and its pull requests on a GitHub.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use assert_cmd::cargo::cargo_bin;
use testkit::GitWorld;
use testkit::github::{GithubServer, World};

/// What must be seen nowhere.
pub(crate) const TOKEN: &str = "ghp_0123456789secret0123456789";

pub(crate) struct Project {
    pub(crate) git: GitWorld,
    pub(crate) server: GithubServer,
}

/// What came of a run.
pub(crate) struct Seen {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Seen {
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in:\n{}\n{}", self.out, self.err))
    }
}

/// A pull request of a project.
pub(crate) fn body(note: &str) -> String {
    format!("What it does.\r\n\r\n```release-note\r\n{note}\r\n```\r\n")
}

impl Project {
    /// `v1.0.0`, then pull requests 1 to 5, tagged `v1.1.0`: #1 and #2 have notes, #3 says NONE, #4 is squashed, #5 says nothing.
    pub(crate) fn new() -> Self {
        let mut git = GitWorld::new("main");
        git.git(&["remote", "add", "origin", "https://github.com/org/tool.git"]);
        git.commit_files("Begin", &[("go.mod", "module example.invalid/tool\n\nrequire example.invalid/a v1.0.0\n")]);
        git.tag("v1.0.0");
        let mut merged = vec![
            (1, git.merge_pull(1, "ann/one", "Mend the pump")),
            (2, git.merge_pull(2, "bob/two", "Add a valve")),
            (3, git.merge_pull(3, "ann/three", "Tidy up")),
            (4, git.squash_pull(4, "Remove the hose")),
        ];
        git.commit_files(
            "No pull request",
            &[("go.mod", "module example.invalid/tool\n\nrequire example.invalid/a v1.1.0\n")],
        );
        merged.push((5, git.merge_pull(5, "eve/five", "Say nothing")));
        git.tag("v1.1.0");
        let mut hub = World::new();
        let repo = hub.repository("org/tool");
        let told = [
            (1, "ann", body("The pump does not leak any more."), &["kind/bug", "sig/node"][..]),
            (2, "bob", body("Added a valve.\r\n\r\nIt turns."), &["kind/feature", "sig/storage"]),
            (3, "ann", body("NONE"), &["release-note-none"]),
            (
                4,
                "dee",
                body("[Action Required] The hose is gone; use the valve."),
                &["kind/deprecation", "release-note-action-required"],
            ),
            (5, "eve", "Nothing to see.".to_owned(), &[]),
        ];
        for ((number, commit), (_, author, text, labels)) in merged.iter().zip(&told) {
            repo.pull(*number).author(author).body(text).labels(labels).merged(commit);
        }
        let server = GithubServer::start(hub);
        server.token(TOKEN, "someone", &["public_repo"]);
        Self { git, server }
    }

    /// A file or folder of the test, beside the repository.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.git.folder().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The command in the work tree, with the server as GitHub and an account there.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(self.git.folder(), args);
        command.current_dir(self.git.path()).env("GITHUB_TOKEN", TOKEN).env("GITHUB_API_URL", self.server.url());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Seen {
        seen(&mut self.command(args))
    }
}

/// The command without account, network or anything else of the person who runs the test.
pub(crate) fn bare(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin!("release-notes"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .args(args)
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("TMPDIR", std::env::temp_dir())
        .env("KREL_COLOR", "never")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("KREL_OPERATOR", "someone")
        .current_dir(home)
        .stdin(Stdio::null());
    command
}

pub(crate) fn seen(command: &mut Command) -> Seen {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Seen { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// All files below a folder, by their paths in it.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

pub(crate) fn holds(path: &Path, needle: &str) -> bool {
    let bytes = fs::read(path).unwrap();
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// A folder of data that is shared between projects, if this machine has it.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let told = std::env::var_os("KREL_SHARED").map(|root| PathBuf::from(root).join("data"));
    let found = [Some(beside), told].into_iter().flatten().map(|root| root.join(name)).find(|path| path.exists());
    if found.is_none() {
        println!("skipped: there is no shared data folder `{name}`");
    }
    found
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
