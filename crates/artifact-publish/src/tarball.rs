//! Tarballs whose bytes depend on nothing but what goes in.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use flate2::{GzBuilder, write::GzEncoder};
use jiff::Timestamp;
use tar::{Builder, EntryType, Header};

use crate::digest::Digests;
use crate::hashing::{HashingWriter, blocking};
use crate::progress::Progress;

/// One entry of a tarball.
#[derive(Debug, Clone)]
pub struct TarEntry {
    /// Path within the archive, parts joined by `/`, neither absolute nor with `..`.
    pub path: String,
    /// What it is.
    pub source: TarSource,
    /// Permission bits, such as `0o755`.
    pub mode: u32,
}

/// What an entry is made of.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TarSource {
    /// The bytes of a local file; a symbolic link to one is followed.
    File(PathBuf),
    /// These bytes.
    Bytes(Bytes),
    /// A folder.
    Folder,
    /// A symbolic link to this target, relative to the entry and within the archive.
    Symlink(String),
}

/// How the archive is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// A plain `.tar`.
    None,
    /// `.tar.gz`, level 6, without name and time in its header.
    Gzip,
}

/// What all entries share.
#[derive(Debug, Clone, Copy)]
pub struct TarballOptions {
    /// Time of every entry, in whole seconds; before 1970 counts as 1970.
    pub mtime: Timestamp,
    /// How the archive is packed.
    pub compression: Compression,
}

/// A tarball was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TarballError {
    /// An entry's path or link target leads out of the archive, or is listed twice.
    #[error("`{path}` cannot be an entry of a tarball: {reason}")]
    BadEntry {
        /// The path within the archive.
        path: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read `{path}`", path = path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file got longer or shorter while it was read.
    #[error("`{path}` changed while it was read", path = path.display())]
    SourceChanged {
        /// The file.
        path: PathBuf,
    },
    /// The archive cannot be written.
    #[error("cannot write the tarball `{path}`", path = path.display())]
    Write {
        /// The archive, `-` for a stream.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// Writes the archive file, whole or not at all, and returns its digests; a file already there is replaced.
///
/// # Errors
/// As [`write_tarball`].
pub async fn build_tarball(
    path: &Path,
    entries: Vec<TarEntry>,
    options: TarballOptions,
    progress: &Progress,
) -> Result<Digests, TarballError> {
    let (path, progress) = (path.to_owned(), progress.clone());
    blocking(move || {
        let failed = |source| TarballError::Write { path: path.clone(), source };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new()
            .prefix(".tarball-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(folder)
            .map_err(failed)?;
        let (buffer, digests) = write_tarball(BufWriter::with_capacity(256 * 1024, file), entries, options, &progress)
            .map_err(|error| match error {
                TarballError::Write { source, .. } => failed(source),
                other => other,
            })?;
        let file = buffer.into_inner().map_err(|error| failed(error.into_error()))?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(digests)
    })
    .await
}

/// Writes an archive to a stream and returns the stream with the digests of what was written. Blocks.
///
/// Entries are sorted by path; owner and group are 0 without names; times are the given one; equal input gives equal bytes, on
/// any machine, with one version of this library. Memory is bounded whatever the size of the files.
///
/// # Errors
/// When an entry is refused, a file cannot be read or changes meanwhile, or the stream fails.
pub fn write_tarball<W: Write>(
    out: W,
    mut entries: Vec<TarEntry>,
    options: TarballOptions,
    progress: &Progress,
) -> Result<(W, Digests), TarballError> {
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    check(&entries)?;
    let out = HashingWriter::new(out);
    let packed = match options.compression {
        Compression::None => Packed::Plain(Box::new(out)),
        Compression::Gzip => {
            // 255 is "unknown system": the same byte on every one.
            let gzip = GzBuilder::new().mtime(0).operating_system(255);
            Packed::Gzip(Box::new(gzip.write(out, flate2::Compression::new(6))))
        }
    };
    let failed = |source| TarballError::Write { path: PathBuf::from("-"), source };
    let mut builder = Builder::new(packed);
    let mtime = u64::try_from(options.mtime.as_second()).unwrap_or(0);
    for entry in &entries {
        append(&mut builder, entry, mtime, progress)?;
    }
    let out = builder.into_inner().map_err(failed)?.finish().map_err(failed)?;
    let (mut out, digests) = out.finish();
    out.flush().map_err(failed)?;
    Ok((out, digests))
}

enum Packed<W: Write> {
    Plain(Box<HashingWriter<W>>),
    Gzip(Box<GzEncoder<HashingWriter<W>>>),
}

impl<W: Write> Packed<W> {
    fn finish(self) -> io::Result<HashingWriter<W>> {
        match self {
            Self::Plain(out) => Ok(*out),
            Self::Gzip(out) => out.finish(),
        }
    }
}

impl<W: Write> Write for Packed<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(buffer),
            Self::Gzip(out) => out.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(out) => out.flush(),
        }
    }
}

fn append<W: Write>(
    builder: &mut Builder<Packed<W>>,
    entry: &TarEntry,
    mtime: u64,
    progress: &Progress,
) -> Result<(), TarballError> {
    let failed = |source| TarballError::Write { path: PathBuf::from("-"), source };
    let mut header = Header::new_gnu();
    header.set_mode(entry.mode & 0o7777);
    header.set_mtime(mtime);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    match &entry.source {
        TarSource::Folder => {
            header.set_entry_type(EntryType::Directory);
            builder.append_data(&mut header, format!("{}/", entry.path), io::empty()).map_err(failed)
        }
        TarSource::Symlink(target) => {
            header.set_entry_type(EntryType::Symlink);
            builder.append_link(&mut header, &entry.path, target).map_err(failed)
        }
        TarSource::Bytes(bytes) => {
            header.set_entry_type(EntryType::Regular);
            header.set_size(bytes.len() as u64);
            builder.append_data(&mut header, &entry.path, &bytes[..]).map_err(failed)?;
            progress.advance(bytes.len() as u64);
            Ok(())
        }
        TarSource::File(path) => {
            let unreadable = |source| TarballError::Source { path: path.clone(), source };
            let file = File::open(path).map_err(unreadable)?;
            let metadata = file.metadata().map_err(unreadable)?;
            if !metadata.is_file() {
                return Err(TarballError::BadEntry {
                    path: entry.path.clone(),
                    reason: "its source is not a plain file",
                });
            }
            header.set_entry_type(EntryType::Regular);
            header.set_size(metadata.len());
            let mut source = Exact { inner: file, left: metadata.len(), progress, state: State::Fine };
            let outcome = builder.append_data(&mut header, &entry.path, &mut source);
            let mut beyond = [0];
            match source.state {
                State::Failed(error) => Err(unreadable(error)),
                State::Short => Err(TarballError::SourceChanged { path: path.clone() }),
                State::Fine => {
                    outcome.map_err(failed)?;
                    match source.inner.read(&mut beyond).map_err(unreadable)? {
                        0 => Ok(()),
                        _ => Err(TarballError::SourceChanged { path: path.clone() }),
                    }
                }
            }
        }
    }
}

/// Reads exactly as many bytes as the header announced, and tells errors of the file from those of the archive.
struct Exact<'a> {
    inner: File,
    left: u64,
    progress: &'a Progress,
    state: State,
}

enum State {
    Fine,
    Short,
    Failed(io::Error),
}

impl Read for Exact<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if length == 0 {
            return Ok(0);
        }
        loop {
            match self.inner.read(&mut buffer[..length]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let kind = error.kind();
                    self.state = State::Failed(error);
                    return Err(kind.into());
                }
                Ok(0) => {
                    self.state = State::Short;
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(count) => {
                    self.left -= count as u64;
                    self.progress.advance(count as u64);
                    return Ok(count);
                }
            }
        }
    }
}

fn check(entries: &[TarEntry]) -> Result<(), TarballError> {
    let mut seen: BTreeMap<&str, &TarSource> = BTreeMap::new();
    for entry in entries {
        let bad = |reason| Err(TarballError::BadEntry { path: entry.path.escape_debug().to_string(), reason });
        if entry.path.is_empty() || entry.path.starts_with('/') {
            return bad("it is empty or absolute");
        }
        if entry.path.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return bad("a part is empty, `.` or `..`");
        }
        if entry.path.chars().any(char::is_control) {
            return bad("it holds a control character");
        }
        if seen.insert(&entry.path, &entry.source).is_some() {
            return bad("it is listed twice");
        }
        if let TarSource::Symlink(target) = &entry.source {
            check_link(&entry.path, target).or_else(bad)?;
        }
    }
    for entry in entries {
        let parents = entry.path.match_indices('/').map(|(at, _)| &entry.path[..at]);
        for parent in parents {
            if seen.get(parent).is_some_and(|source| !matches!(source, TarSource::Folder)) {
                return Err(TarballError::BadEntry {
                    path: entry.path.clone(),
                    reason: "what it lies in is no folder",
                });
            }
        }
    }
    Ok(())
}

fn check_link(path: &str, target: &str) -> Result<(), &'static str> {
    if target.is_empty() || target.starts_with('/') {
        return Err("its link target is empty or absolute");
    }
    if target.chars().any(char::is_control) {
        return Err("its link target holds a control character");
    }
    let mut depth = path.split('/').count() - 1;
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => depth = depth.checked_sub(1).ok_or("its link target leads out of the archive")?,
            _ => depth += 1,
        }
    }
    Ok(())
}
