//! What can go wrong with a bucket.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::bucket::{Expected, Generation};
use crate::digest::{Digests, Sha256Digest};
use crate::name::BadName;

/// What was attempted on an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Look at or read an object.
    Read,
    /// Write a new object.
    Create,
    /// Write over an object.
    Replace,
    /// Remove an object.
    Remove,
    /// List objects.
    List,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Remove => "remove",
            Self::List => "list",
        })
    }
}

/// An operation on a bucket or a tree did not happen. `object` is always the full address: place and name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The URL names no bucket this library can open.
    #[error("`{url}` is no place for objects: {reason}")]
    BadPlace {
        /// The URL as given.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A name could lead out of the bucket or is not portable.
    #[error(transparent)]
    BadName(#[from] BadName),
    /// There is no such object.
    #[error("`{object}` does not exist")]
    NotFound {
        /// The object.
        object: String,
    },
    /// Other bytes are there already; objects are created once.
    #[error("`{object}` exists with other bytes: there are {there}; offered were {offered}")]
    Exists {
        /// The object.
        object: String,
        /// What is there.
        there: Box<Digests>,
        /// What was to be written.
        offered: Box<Digests>,
    },
    /// The object is not what the caller last saw; read it and decide again.
    #[error("`{object}` changed since it was read: expected {expected}, found {}", Expected::of(found.as_ref()))]
    Moved {
        /// The object.
        object: String,
        /// What the caller expected.
        expected: Expected,
        /// What is there; `None` when there is nothing.
        found: Option<Generation>,
    },
    /// Rights are missing, or the place is read-only.
    #[error("no right to {operation} `{object}`")]
    Denied {
        /// What was attempted.
        operation: Operation,
        /// The object.
        object: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The disk or the quota is full; nothing was published.
    #[error("no space left to {operation} `{object}`")]
    NoSpace {
        /// What was attempted.
        operation: Operation,
        /// The object.
        object: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The bytes are not the expected ones.
    #[error("`{object}` has the SHA-256 digest {found}, expected {expected}")]
    DigestMismatch {
        /// The object.
        object: String,
        /// The digest it should have.
        expected: Sha256Digest,
        /// The digest it has.
        found: Sha256Digest,
    },
    /// The object is larger than the caller wants to hold in memory.
    #[error("`{object}` has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The object.
        object: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Something that is no object is in the way: a symbolic link (never followed), a folder, a device, a file in the place of
    /// a folder.
    #[error("`{object}` cannot be used: there is {found} in the way")]
    Obstructed {
        /// The object, or the place when its folder cannot be made.
        object: String,
        /// What is there.
        found: &'static str,
    },
    /// Objects that do not belong to the tree are below its prefix; two releases would mix.
    #[error("`{prefix}` holds objects that do not belong there: `{}`{}", names.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("`, `"), if names.len() > 5 { format!(" and {} more", names.len() - 5) } else { String::new() })]
    Extra {
        /// Full address of the prefix.
        prefix: String,
        /// The foreign objects, relative to the prefix.
        names: Vec<String>,
    },
    /// A local file or folder cannot be read.
    #[error("cannot read `{path}`", path = path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A local file changed while it was read; nothing was published.
    #[error("`{path}` changed while it was read", path = path.display())]
    SourceChanged {
        /// The file or folder.
        path: PathBuf,
    },
    /// A local file cannot be published as it is.
    #[error("`{path}` cannot be published: {reason}", path = path.display())]
    SourceRefused {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// A local file cannot be written.
    #[error("cannot write `{path}`", path = path.display())]
    Target {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The text is no marker content: one word without white space, at most 1024 bytes.
    #[error("`{object}` is no marker: {reason}")]
    BadMarker {
        /// The object.
        object: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Any other failure of the system.
    #[error("cannot {operation} `{object}`")]
    Io {
        /// What was attempted.
        operation: Operation,
        /// The object.
        object: String,
        /// The system's answer.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(operation: Operation, object: impl Into<String>, source: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let object = object.into();
        match source.kind() {
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => Self::Denied { operation, object, source },
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => Self::NoSpace { operation, object, source },
            Kind::NotADirectory => {
                Self::Obstructed { object, found: "a file or a symbolic link in the place of a folder" }
            }
            Kind::IsADirectory => Self::Obstructed { object, found: "a folder" },
            _ => Self::Io { operation, object, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_are_told_apart() {
        let from = |code| Error::io(Operation::Create, "file:///p/x", io::Error::from_raw_os_error(code));
        let errno = |error: rustix::io::Errno| error.raw_os_error();
        assert!(matches!(from(errno(rustix::io::Errno::NOSPC)), Error::NoSpace { .. }));
        assert!(matches!(from(errno(rustix::io::Errno::DQUOT)), Error::NoSpace { .. }));
        assert!(matches!(from(errno(rustix::io::Errno::FBIG)), Error::NoSpace { .. }));
        assert!(matches!(from(errno(rustix::io::Errno::ACCESS)), Error::Denied { .. }));
        assert!(matches!(from(errno(rustix::io::Errno::ROFS)), Error::Denied { .. }));
        assert!(matches!(from(errno(rustix::io::Errno::NOTDIR)), Error::Obstructed { .. }));
        assert_eq!(from(errno(rustix::io::Errno::NOSPC)).to_string(), "no space left to create `file:///p/x`");
        assert!(matches!(from(errno(rustix::io::Errno::IO)), Error::Io { .. }));
    }

    #[test]
    fn moved_says_both_sides() {
        let error = Error::Moved { object: "memory:a/m.txt".into(), expected: Expected::Absent, found: None };
        assert_eq!(
            error.to_string(),
            "`memory:a/m.txt` changed since it was read: expected no object, found no object"
        );
    }
}
