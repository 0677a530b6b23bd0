//! Small repositories with fixed dates and identities, made by the git program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Seconds since 1970 of the first commit: 2024-01-01T00:00:00Z.
const EPOCH: i64 = 1_704_067_200;

/// The git program with nothing of the machine's or the user's configuration, in `dir`.
pub fn git_command(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    command
}

/// Runs git in `dir` and returns its output without the last line break.
///
/// # Panics
/// When git fails; the message holds its arguments and its errors.
pub fn git(dir: &Path, args: &[&str]) -> String {
    text(git_command(dir).args(args), args)
}

fn text(command: &mut Command, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = command.output().expect("the git program can be started");
    assert!(status.success(), "git {args:?}: {status}\n{}", String::from_utf8_lossy(&stderr));
    String::from_utf8_lossy(&stdout).trim_end_matches('\n').to_owned()
}

/// A repository with a work tree in a temporary folder, in which time passes one minute per commit or tag.
///
/// Two worlds built by the same calls have the same object ids.
#[derive(Debug)]
pub struct GitWorld {
    dir: TempDir,
    work: PathBuf,
    minutes: i64,
}

impl GitWorld {
    /// An empty repository on branch `branch`.
    pub fn new(branch: &str) -> Self {
        let dir = TempDir::new().expect("a temporary folder can be made");
        let work = dir.path().join("work");
        std::fs::create_dir(&work).expect("the folder is new");
        git(&work, &["init", "--quiet", "--initial-branch", branch]);
        Self { dir, work, minutes: 0 }
    }

    /// The work tree.
    pub fn path(&self) -> &Path {
        &self.work
    }

    /// The temporary folder around the work tree, for more files of a test.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Runs git in the work tree at the current time of this world.
    ///
    /// # Panics
    /// When git fails.
    pub fn git(&self, args: &[&str]) -> String {
        let date = format!("{} +0000", EPOCH + 60 * self.minutes);
        let mut command = git_command(&self.work);
        command.args(args).env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), "Test Author")
                .env(format!("GIT_{role}_EMAIL"), "test-author@example.invalid");
        }
        text(&mut command, args)
    }

    /// Writes files, and commits them with this message. Returns the commit id.
    ///
    /// # Panics
    /// When git fails.
    pub fn commit_files(&mut self, message: &str, files: &[(&str, &str)]) -> String {
        for (path, content) in files {
            let path = self.work.join(path);
            std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders can be made");
            std::fs::write(path, content).expect("files can be written");
        }
        self.minutes += 1;
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.head()
    }

    /// A commit with this message that writes its number into a file. Returns the commit id.
    ///
    /// # Panics
    /// When git fails.
    pub fn commit(&mut self, message: &str) -> String {
        let content = format!("{} {message}\n", self.minutes);
        self.commit_files(message, &[("log.txt", &content)])
    }

    /// The id of the commit that is checked out.
    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Makes a branch at the current commit and checks it out.
    pub fn create_branch(&self, name: &str) {
        self.git(&["checkout", "--quiet", "-b", name]);
    }

    /// Checks out a branch.
    pub fn switch(&self, name: &str) {
        self.git(&["checkout", "--quiet", name]);
    }

    /// Merges a pull request of one commit as GitHub's merge button does; `from` is `org/branch`. Returns the merge.
    ///
    /// # Panics
    /// When git fails.
    pub fn merge_pull(&mut self, number: u64, from: &str, title: &str) -> String {
        let base = self.git(&["symbolic-ref", "--short", "HEAD"]);
        let side = format!("pull-{number}");
        self.create_branch(&side);
        self.commit_files(title, &[(&format!("pulls/{number}.txt"), title)]);
        self.switch(&base);
        self.minutes += 1;
        let message = format!("Merge pull request #{number} from {from}\n\n{title}");
        self.git(&["merge", "--quiet", "--no-ff", "--message", &message, &side]);
        self.git(&["branch", "--quiet", "-D", &side]);
        self.head()
    }

    /// Merges a pull request as GitHub's squash button does. Returns the commit.
    ///
    /// # Panics
    /// When git fails.
    pub fn squash_pull(&mut self, number: u64, title: &str) -> String {
        self.commit_files(&format!("{title} (#{number})"), &[(&format!("pulls/{number}.txt"), title)])
    }

    /// A lightweight tag at the current commit.
    pub fn tag(&self, name: &str) {
        self.git(&["tag", name]);
    }

    /// An annotated tag at the current commit. Returns the id of the tag object.
    pub fn annotated_tag(&mut self, name: &str, message: &str) -> String {
        self.minutes += 1;
        self.git(&["tag", "--annotate", "--message", message, name]);
        self.git(&["rev-parse", &format!("refs/tags/{name}")])
    }

    /// A bare copy of this repository beside it, with all its branches and tags.
    pub fn bare_remote(&self, name: &str) -> BareRemote {
        let path = self.folder().join(name);
        self.git(&["clone", "--quiet", "--bare", ".", path.to_str().expect("temporary paths are text")]);
        BareRemote { path }
    }
}

/// A bare repository that serves as the remote of a test.
#[derive(Debug, Clone)]
pub struct BareRemote {
    path: PathBuf,
}

impl BareRemote {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All refs and what they name.
    pub fn refs(&self) -> BTreeMap<String, String> {
        let listing = git(&self.path, &["for-each-ref", "--format=%(refname) %(objectname)"]);
        listing.lines().filter_map(|line| line.split_once(' ')).map(|(n, o)| (n.to_owned(), o.to_owned())).collect()
    }

    /// Installs a server hook, such as `pre-receive` or `update`, as a shell script.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn install_hook(&self, name: &str, script: &str) {
        let path = self.path.join("hooks").join(name);
        std::fs::create_dir_all(self.path.join("hooks")).expect("the repository can be written");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("the repository can be written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("the file is ours");
        }
    }
}
