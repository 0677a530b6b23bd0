//! A repository with changelogs and release branches.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use assert_cmd::cargo::cargo_bin;
use testkit::GitWorld;

pub(crate) struct Project {
    pub(crate) git: GitWorld,
}

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
}

const OLD: &str = "<!-- BEGIN MUNGE: GENERATED_TOC -->\n\n- [v1.0.0](#v100)\n\n<!-- END MUNGE: GENERATED_TOC -->\n\n# v1.0.0\n\nThe first.\n";

impl Project {
    /// `v1.0.0` with its changelog, and the first change of the next cycle on `main`, which is checked out.
    pub(crate) fn new() -> Self {
        let mut git = GitWorld::new("main");
        git.git(&["remote", "add", "origin", "https://github.com/org/tool.git"]);
        git.commit_files("Begin", &[("CHANGELOG/CHANGELOG-1.0.md", OLD), ("main.c", "int main;\n")]);
        git.tag("v1.0.0");
        git.merge_pull(1, "ann/one", "Mend the pump");
        Self { git }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(cargo_bin!("changelog"));
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.git.folder())
            .env("KREL_COLOR", "never")
            .env("KREL_OPERATOR", "someone")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .current_dir(self.git.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Seen {
        seen(&mut self.command(args))
    }

    /// `changelog update` of a tag, from titles.
    pub(crate) fn update(&self, tag: &str, args: &[&str]) -> Seen {
        self.run(&[&["update", "--tag", tag, "--titles", "--no-dependencies"], args].concat())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.git.folder().join(name)
    }

    /// A file of a branch, or nothing.
    pub(crate) fn file(&self, branch: &str, path: &str) -> Option<String> {
        self.files(branch).contains(&path.to_owned()).then(|| self.git.git(&["show", &format!("{branch}:{path}")]))
    }

    pub(crate) fn files(&self, branch: &str) -> Vec<String> {
        let listing = self.git.git(&["ls-tree", "-r", "--name-only", branch, "CHANGELOG"]);
        listing.lines().map(str::to_owned).collect()
    }

    pub(crate) fn heads(&self) -> String {
        self.git.git(&["for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads"])
    }

    /// Subject and author of the last commit of a branch.
    pub(crate) fn last(&self, branch: &str) -> String {
        self.git.git(&["log", "-1", "--format=%s|%an", branch])
    }

    pub(crate) fn status(&self) -> String {
        self.git.git(&["status", "--porcelain"])
    }
}

pub(crate) fn seen(command: &mut Command) -> Seen {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Seen { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}
