//! Folders that appear when they are whole.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Error;

/// What an attempt that was killed left over is this old at least; a younger folder may be that of another process.
const LEFT_OVER: Duration = Duration::from_hours(24);

/// A place beside another where a folder is made, before it is moved there in one step. Every attempt has its own, so that several may
/// be under way at once. What did not become whole goes with it.
#[derive(Debug)]
pub(crate) struct Partial {
    // The folder itself is made inside: this one is the owner's alone, and the other is to have the usual permissions.
    around: tempfile::TempDir,
    dest: PathBuf,
}

impl Drop for Partial {
    fn drop(&mut self) {
        // A git that was stopped a moment ago may write a last file into a folder that is being removed; then once more.
        for _ in 0..20 {
            match std::fs::remove_dir_all(self.around.path()) {
                Err(error) if error.kind() != ErrorKind::NotFound => std::thread::sleep(Duration::from_millis(10)),
                _ => break,
            }
        }
    }
}

impl Partial {
    /// A place beside `dest`, whose parent is made when it is missing. What killed attempts left over there long ago is removed.
    pub(crate) fn beside(dest: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io { operation: "make", path: dest.to_owned(), source };
        let parent = dest.parent().unwrap_or(dest);
        std::fs::create_dir_all(parent).map_err(io)?;
        let mut prefix = OsString::from(".");
        prefix.push(dest.file_name().unwrap_or_default());
        prefix.push(".partial");
        let around = tempfile::Builder::new().prefix(&prefix).tempdir_in(parent).map_err(io)?;
        remove_left_over(parent, &prefix, around.path());
        Ok(Self { around, dest: dest.to_owned() })
    }

    /// Where the folder is to be made; nothing is there yet.
    pub(crate) fn path(&self) -> PathBuf {
        self.around.path().join("whole")
    }

    /// Moves the folder to its place, which must not exist or be an empty folder.
    ///
    /// # Errors
    /// [`Error::Exists`] when the place was taken meanwhile.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let moved = match std::fs::remove_dir(&self.dest) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => std::fs::rename(self.path(), &self.dest),
        };
        moved.map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty | ErrorKind::NotADirectory => {
                Error::Exists { path: self.dest.clone() }
            }
            _ => Error::Io { operation: "make", path: self.dest.clone(), source },
        })
    }
}

/// Nothing depends on it, so what cannot be removed stays. Ages are told by the clock of the file system, as that of `newest`.
fn remove_left_over(parent: &Path, prefix: &OsString, newest: &Path) {
    let modified = |path: &Path| path.symlink_metadata().and_then(|metadata| metadata.modified()).ok();
    let (Some(now), Ok(entries)) = (modified(newest), std::fs::read_dir(parent)) else { return };
    for entry in entries.flatten() {
        let is_partial = entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes());
        let age = modified(&entry.path()).and_then(|then| now.duration_since(then).ok());
        if is_partial && age.is_some_and(|age| age >= LEFT_OVER) {
            std::fs::remove_dir_all(entry.path()).ok();
        }
    }
}
