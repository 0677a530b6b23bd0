//! Histories of real projects, where they were put beside the workspace.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::{git, git_command};

/// The folder with shared test data: `../shared` beside the workspace, or what `KREL_SHARED` names.
pub fn shared_folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    [Some(beside), std::env::var_os("KREL_SHARED").map(PathBuf::from)]
        .into_iter()
        .flatten()
        .find(|path| path.join("data").is_dir())
}

/// A real history in a temporary bare repository.
#[derive(Debug)]
pub struct History {
    dir: TempDir,
}

impl History {
    /// The bare repository.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("history.git")
    }
}

/// Loads `data/histories/NAME.fast-import.gz` of the shared folder; `None` when it is not there.
///
/// # Panics
/// When the file is there and cannot be loaded.
pub fn load_history(name: &str) -> Option<History> {
    let stream = shared_folder()?.join(format!("data/histories/{name}.fast-import.gz"));
    if !stream.is_file() {
        return None;
    }
    let dir = TempDir::new().expect("a temporary folder can be made");
    let history = History { dir };
    let path = history.path();
    std::fs::create_dir(&path).expect("the folder is new");
    git(&path, &["init", "--quiet", "--bare"]);

    let mut unpack =
        Command::new("gzip").arg("-dc").arg(&stream).stdout(Stdio::piped()).spawn().expect("gzip can be started");
    let unpacked = unpack.stdout.take().expect("its output is piped");
    let status = git_command(&path)
        .args(["fast-import", "--quiet"])
        .stdin(unpacked)
        .status()
        .expect("the git program can be started");
    assert!(status.success() && unpack.wait().is_ok_and(|s| s.success()), "cannot load {}", stream.display());
    // A clone has its refs in one file too.
    git(&path, &["pack-refs", "--all"]);
    // The stream says nothing of HEAD: take the default branch that is there.
    let branches = git(&path, &["for-each-ref", "--format=%(refname)", "refs/heads"]);
    for branch in ["refs/heads/main", "refs/heads/master"] {
        if branches.lines().any(|line| line == branch) {
            git(&path, &["symbolic-ref", "HEAD", branch]);
        }
    }
    Some(history)
}
