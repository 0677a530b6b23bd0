//! Folders of recorded answers, which are also the cache.
//!
//! ```text
//! recording.json                                       marks the folder and its form
//! pulls/HOST/OWNER/NAME/85/85025-20191110T224338Z-HASH.json    a pull request as it was at that time
//! pulls/HOST/OWNER/NAME/85/85026-none-HASH.json                 a number that is no pull request
//! commits/HOST/OWNER/NAME/ab/abcd…-HASH.json           pull requests of a commit
//! exchanges/ab/REQUEST-HASH.json                       any other question and its answer
//! sync/HOST/OWNER/NAME.json                            how far changes were looked for
//! ```
//!
//! `HASH` is the beginning of the SHA-256 of the file's bytes, so that a damaged file is seen as such. Files appear by renaming, whole or
//! not at all, and are never changed; any number of processes may use a folder at once.

mod exchange;
mod import;
mod pulls;
mod shelf;
mod sync;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub(crate) use exchange::{Recorded, RequestKey};
pub(crate) use pulls::{CommitFile, Known};
pub(crate) use sync::SyncState;

use import::Imported;

/// The file that marks a folder as a recording.
const MARKER: &str = "recording.json";
/// The form that is written here.
const SCHEMA: &str = "github-recording/1";

/// What a client does with its recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything is asked for and written down.
    Record,
    /// Nothing is asked for; what is not in the recording is an error that names it.
    Replay,
    /// What is known to be unchanged is used, the rest is asked for and written down.
    Cache,
    /// What is in the recording is used, however old it is; nothing is asked for.
    Offline,
}

impl Mode {
    /// Whether the network may be asked.
    pub(crate) fn asks(self) -> bool {
        matches!(self, Self::Record | Self::Cache)
    }
}

/// A recording cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The folder is none of the forms that are read.
    #[error("`{}` is no recording", path.display())]
    Unknown {
        /// The folder.
        path: PathBuf,
    },
    /// The recording was written by a newer version.
    #[error("`{}` has the form `{schema}`; `{SCHEMA}` is read", path.display())]
    Newer {
        /// The folder.
        path: PathBuf,
        /// Its form.
        schema: String,
    },
    /// A file does not hold what it should.
    #[error("`{}` is damaged: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A file is larger than can be.
    #[error("`{}` is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// A recording of another tool is only read.
    #[error("`{}` was recorded by another tool and can only be replayed", path.display())]
    ReadOnly {
        /// The folder.
        path: PathBuf,
    },
    /// The disk.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// A folder of recorded answers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Recording {
    form: Arc<Form>,
}

#[derive(Debug)]
enum Form {
    Own(PathBuf),
    Foreign { path: PathBuf, imported: Imported },
}

#[derive(Serialize, Deserialize)]
struct Marker {
    schema: String,
}

impl Recording {
    /// Opens a folder to read and to write, and makes it when it is not there.
    ///
    /// # Errors
    /// When the folder holds something else, or cannot be made.
    pub fn open(folder: &Path) -> Result<Self, RecordingError> {
        shelf::create_folder(folder)?;
        if !marked(folder)? {
            let listed = std::fs::read_dir(folder).map_err(|source| io("list", folder, source))?;
            // Hidden files do not count: they may be those that another process is about to rename.
            let strange = listed
                .flatten()
                .any(|entry| !entry.file_name().as_encoded_bytes().starts_with(b".") && entry.file_name() != MARKER);
            if strange && !marked(folder)? {
                return Err(RecordingError::Unknown { path: folder.to_owned() });
            }
            let marker = serde_json::to_vec(&Marker { schema: SCHEMA.to_owned() }).unwrap_or_default();
            shelf::write_whole(&folder.join(MARKER), &marker)?;
        }
        Ok(Self { form: Arc::new(Form::Own(folder.to_owned())) })
    }

    /// Opens a folder to replay from. Three forms are known: that of [`Recording::open`]; `Api-N.json` files with `Result` and
    /// `LastPage`, as the Go tools record them; and folders with a `pulls.json` that lists pull requests as REST gives them, and a
    /// `pulls-of-commits.json` beside it. In the last two, a commit that no listed pull request was merged as has no pull requests.
    ///
    /// # Errors
    /// When the folder has none of these forms, or a file in it is damaged.
    pub fn open_replay(folder: &Path) -> Result<Self, RecordingError> {
        if marked(folder)? {
            return Ok(Self { form: Arc::new(Form::Own(folder.to_owned())) });
        }
        match Imported::read(folder)? {
            Some(imported) => Ok(Self { form: Arc::new(Form::Foreign { path: folder.to_owned(), imported }) }),
            None => Err(RecordingError::Unknown { path: folder.to_owned() }),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        match &*self.form {
            Form::Own(path) | Form::Foreign { path, .. } => path,
        }
    }

    /// The folder, if it may be written to.
    pub(crate) fn writable(&self) -> Result<&Path, RecordingError> {
        match &*self.form {
            Form::Own(path) => Ok(path),
            Form::Foreign { path, .. } => Err(RecordingError::ReadOnly { path: path.clone() }),
        }
    }

    pub(crate) fn imported(&self) -> Option<&Imported> {
        match &*self.form {
            Form::Own(_) => None,
            Form::Foreign { imported, .. } => Some(imported),
        }
    }
}

/// Whether the folder bears the mark of this crate's recordings.
fn marked(folder: &Path) -> Result<bool, RecordingError> {
    let path = folder.join(MARKER);
    let bytes = match shelf::read_bounded(&path, 64 * 1024) {
        Ok(bytes) => bytes,
        Err(RecordingError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let marker: Marker = serde_json::from_slice(&bytes)
        .map_err(|error| RecordingError::Damaged { path: path.clone(), detail: error.to_string() })?;
    if marker.schema == SCHEMA {
        Ok(true)
    } else {
        let schema = crate::text::shown(&marker.schema, 80);
        Err(RecordingError::Newer { path: folder.to_owned(), schema })
    }
}

fn io(operation: &'static str, path: &Path, source: std::io::Error) -> RecordingError {
    RecordingError::Io { operation, path: path.to_owned(), source }
}

/// The name of a host as a name of a folder.
fn host_folder(host: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c.to_ascii_lowercase() } else { '_' };
    let name: String = host.chars().map(safe).collect();
    if name.starts_with('.') || name.is_empty() { format!("_{name}") } else { name }
}
