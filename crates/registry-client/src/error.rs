//! What can go wrong with images on disk.

use std::io;
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::media_type::MediaType;
use crate::name::{ParseNameError, RepositoryName, Tag};
use crate::platform::Platform;

/// An image was not read, made, copied or verified. Whatever was to be written is there whole or not at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name does not follow the grammar.
    #[error(transparent)]
    BadName(#[from] ParseNameError),
    /// The base image is for another platform.
    #[error("the base image is for {}, not for `{wanted}`", list(found))]
    BasePlatform {
        /// The platform of the image to build.
        wanted: Box<Platform>,
        /// The platforms of the base; several of an index.
        found: Vec<Platform>,
    },
    /// A path cannot be put into a layer.
    #[error("`{path}` cannot be put into a layer: {reason}")]
    BadLayerPath {
        /// The path in the image.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An image has neither a base nor a layer.
    #[error("an image from `scratch` needs at least one layer")]
    NoLayers,
    /// A file that should go into the image is missing, such as the binary of one architecture.
    #[error("`{file}` is missing; it should become `{path}` in the image", file = file.display())]
    MissingSource {
        /// The path in the image.
        path: String,
        /// The local file.
        file: PathBuf,
    },
    /// A file that should go into the image is no plain file.
    #[error("`{file}` is no plain file", file = file.display())]
    SourceRefused {
        /// The local file.
        file: PathBuf,
    },
    /// A file got longer or shorter while it was read.
    #[error("`{file}` changed while it was read", file = file.display())]
    SourceChanged {
        /// The local file.
        file: PathBuf,
    },
    /// An index would hold two images of one platform.
    #[error("two images are given for `{platform}`: {} and {}", images[0], images[1])]
    DuplicatePlatform {
        /// The platform.
        platform: Box<Platform>,
        /// The images.
        images: Box<[Digest; 2]>,
    },
    /// An archive must hold exactly one image.
    #[error("`{archive}` holds {found} images{}, expected one", of(names), archive = archive.display())]
    ImageCount {
        /// The archive.
        archive: PathBuf,
        /// How many images it holds.
        found: usize,
        /// Their names.
        names: Vec<String>,
    },
    /// The image of an archive must have exactly one tag.
    #[error("the image in `{archive}` has {} tags{}, expected one", tags.len(), of(tags), archive = archive.display())]
    TagCount {
        /// The archive.
        archive: PathBuf,
        /// The tags.
        tags: Vec<String>,
    },
    /// An entry of an archive or a layer leads out of its root.
    #[error("`{entry}` in {archive} leads out of the root")]
    ClimbsOut {
        /// The archive or layer.
        archive: String,
        /// The entry or the target of a link.
        entry: String,
    },
    /// An archive holds two files of one name, so that readers may disagree about it.
    #[error("`{entry}` is twice in {archive}")]
    DuplicateEntry {
        /// The archive.
        archive: String,
        /// The entry.
        entry: String,
    },
    /// Bytes are not those their digest promises.
    #[error("{what} has the digest {found}, expected {expected}")]
    DigestMismatch {
        /// The blob, document or file.
        what: String,
        /// The digest it should have.
        expected: Digest,
        /// The digest it has.
        found: Digest,
    },
    /// A blob does not have the size that a document gives.
    #[error("{what} has {found} bytes, expected {expected}")]
    SizeMismatch {
        /// The blob.
        what: String,
        /// Bytes it should have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// A tag is not what the caller last saw; read it and decide again.
    #[error("the tag `{tag}` in `{place}` moved: expected {}, found {}", or_none(expected.as_ref()), or_none(found.as_ref()), place = place.display())]
    Moved {
        /// The layout.
        place: PathBuf,
        /// The tag.
        tag: Tag,
        /// What the caller expected; `None` for no such tag.
        expected: Option<Digest>,
        /// What is there.
        found: Option<Digest>,
    },
    /// A blob is not there.
    #[error("{digest} is missing in `{place}`", place = place.display())]
    MissingBlob {
        /// The layout or archive.
        place: PathBuf,
        /// The blob.
        digest: Digest,
    },
    /// A document or archive cannot be understood.
    #[error("{what} is malformed: {reason}")]
    Malformed {
        /// The document or archive.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A document or layer is of a type this library does not read.
    #[error("{what} is of the type `{media_type}`, which is not supported")]
    Unsupported {
        /// The document or layer.
        what: String,
        /// Its type.
        media_type: MediaType,
    },
    /// Something exceeds a limit that guards against hostile input.
    #[error("{what} is too large: more than {limit}")]
    TooLarge {
        /// What is too large, and in which unit.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// A folder is no OCI layout.
    #[error("`{folder}` is no OCI layout: {reason}", folder = folder.display())]
    NotLayout {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A repository in a folder cannot have the name of a part of a layout.
    #[error("`{repository}` cannot be a repository in a folder: a part of it is called as a part of a layout")]
    ReservedName {
        /// The repository.
        repository: RepositoryName,
    },
    /// The URL names no place for images that this library can open.
    #[error("`{url}` is no place for images: {reason}")]
    BadPlace {
        /// The URL as given.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Rights are missing, or the place is read-only.
    #[error("no right to use `{path}`", path = path.display())]
    Denied {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The disk or the quota is full.
    #[error("no space left for `{path}`", path = path.display())]
    NoSpace {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Any other failure of the system.
    #[error("cannot use `{path}`", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let path = path.to_owned();
        match source.kind() {
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => Self::Denied { path, source },
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => Self::NoSpace { path, source },
            _ => Self::Io { path, source },
        }
    }

    /// A failure of the system, or of what was read: libraries report both as I/O errors.
    pub(crate) fn reading(path: &Path, what: &str, source: io::Error) -> Self {
        match source.raw_os_error() {
            Some(_) => Self::io(path, source),
            None => Self::malformed(what, source.to_string()),
        }
    }

    pub(crate) fn malformed(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Malformed { what: what.into(), reason: reason.into() }
    }
}

fn list(platforms: &[Platform]) -> String {
    match platforms {
        [] => "no platform".into(),
        _ => platforms.iter().map(|platform| format!("`{platform}`")).collect::<Vec<_>>().join(", "),
    }
}

/// The first names of a list from outside, for a message.
fn of(names: &[String]) -> String {
    match names {
        [] => String::new(),
        _ => {
            let first: Vec<String> = names.iter().take(5).map(|name| format!("`{}`", name.escape_debug())).collect();
            format!(" ({}{})", first.join(", "), if names.len() > 5 { ", …" } else { "" })
        }
    }
}

fn or_none(digest: Option<&Digest>) -> String {
    digest.map_or_else(|| "none".into(), Digest::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        let tags = Error::TagCount { archive: "a.tar".into(), tags: vec!["x:1".into(), "x:2".into()] };
        assert_eq!(tags.to_string(), "the image in `a.tar` has 2 tags (`x:1`, `x:2`), expected one");
        let none = Error::TagCount { archive: "a.tar".into(), tags: vec![] };
        assert_eq!(none.to_string(), "the image in `a.tar` has 0 tags, expected one");
        let base = Error::BasePlatform {
            wanted: Box::new("linux/arm64".parse().unwrap()),
            found: vec!["linux/amd64".parse().unwrap(), "linux/s390x".parse().unwrap()],
        };
        assert_eq!(base.to_string(), "the base image is for `linux/amd64`, `linux/s390x`, not for `linux/arm64`");
        let moved = Error::Moved { place: "l".into(), tag: "v1".parse().unwrap(), expected: None, found: None };
        assert_eq!(moved.to_string(), "the tag `v1` in `l` moved: expected none, found none");
    }

    #[test]
    fn system_errors_are_told_apart() {
        let from = |kind: io::ErrorKind| Error::io(Path::new("x"), kind.into());
        assert!(matches!(from(io::ErrorKind::StorageFull), Error::NoSpace { .. }));
        assert!(matches!(from(io::ErrorKind::PermissionDenied), Error::Denied { .. }));
        assert!(matches!(from(io::ErrorKind::NotFound), Error::Io { .. }));
    }
}
