//! Layers: files packed so that their bytes depend on nothing but what goes in.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use flate2::GzBuilder;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::error::Error;
use crate::layout::{BlobWriter, Disk, open_plain};
use crate::media_type::MediaType;
use crate::stream::HashingWriter;

/// How a layer is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// As it is: made at the speed of hashing, and larger.
    None,
    /// gzip, without name and time in its header.
    #[default]
    Gzip,
}

/// Files on top of the layers below.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    pub(crate) created_by: String,
    entries: Vec<(String, Content, u32)>,
}

#[derive(Debug, Clone)]
enum Content {
    File(PathBuf),
    Bytes(Bytes),
    Folder,
}

impl Layer {
    /// An empty layer; `created_by` says in the history of the image how it came about.
    pub fn new(created_by: impl Into<String>) -> Self {
        Self { created_by: created_by.into(), entries: Vec::new() }
    }

    /// Adds a local file under this path in the image, with these permission bits. Folders above it come by themselves.
    pub fn file(mut self, path: impl Into<String>, source: impl Into<PathBuf>, mode: u32) -> Self {
        self.entries.push((path.into(), Content::File(source.into()), mode));
        self
    }

    /// Adds a file with these bytes.
    pub fn bytes(mut self, path: impl Into<String>, bytes: impl Into<Bytes>, mode: u32) -> Self {
        self.entries.push((path.into(), Content::Bytes(bytes.into()), mode));
        self
    }

    /// Adds a folder; needed for empty ones and for permission bits other than `0o755`.
    pub fn folder(mut self, path: impl Into<String>, mode: u32) -> Self {
        self.entries.push((path.into(), Content::Folder, mode));
        self
    }

    /// All entries by their path, with the folders above them; a path sorts after the folders it lies in.
    fn checked(&self) -> Result<BTreeMap<String, (&Content, u32)>, Error> {
        let mut checked: BTreeMap<String, (&Content, u32)> = BTreeMap::new();
        for (path, content, mode) in &self.entries {
            let bad = |reason| Error::BadLayerPath { path: path.escape_debug().to_string(), reason };
            let relative = path.trim_start_matches('/');
            if relative.is_empty() {
                return Err(bad("it is empty"));
            }
            if relative.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
                return Err(bad("a part is empty, `.` or `..`"));
            }
            if relative.split('/').any(|part| part.starts_with(".wh.")) {
                return Err(bad("names with `.wh.` remove files of the layers below"));
            }
            if relative.chars().any(char::is_control) {
                return Err(bad("it holds a control character"));
            }
            if *mode > 0o7777 {
                return Err(bad("its mode has more than permission bits"));
            }
            if checked.insert(relative.to_owned(), (content, *mode)).is_some() {
                return Err(bad("it is listed twice"));
            }
        }
        let paths: Vec<String> = checked.keys().cloned().collect();
        for path in paths {
            for (at, _) in path.match_indices('/') {
                match checked.entry(path[..at].to_owned()).or_insert((&Content::Folder, 0o755)).0 {
                    Content::Folder => {}
                    _ => return Err(Error::BadLayerPath { path, reason: "what it lies in is no folder" }),
                }
            }
        }
        Ok(checked)
    }
}

/// A layer that was written.
#[derive(Debug)]
pub(crate) struct WrittenLayer {
    pub(crate) blob: Descriptor,
    pub(crate) diff_id: Digest,
    /// Bytes read from local files.
    pub(crate) read: u64,
}

/// A layer on its way to its blob, hashed before and after compression.
pub(crate) enum Pack<'a> {
    None(BlobWriter<'a>),
    Gzip(Box<HashingWriter<GzEncoder<BlobWriter<'a>>>>),
}

impl<'a> Pack<'a> {
    pub(crate) fn new(layout: &'a Disk, compression: Compression) -> Result<Self, Error> {
        let writer = layout.writer()?;
        Ok(match compression {
            Compression::None => Self::None(writer),
            Compression::Gzip => {
                // 255 is "unknown system": the same byte on every one.
                let gzip = GzBuilder::new().mtime(0).operating_system(255);
                let encoder = gzip.write(writer, flate2::Compression::new(GZIP_LEVEL));
                Self::Gzip(Box::new(HashingWriter::new(encoder)))
            }
        })
    }

    /// The blob in the layout and the digest before compression, unless `accept` refuses that.
    pub(crate) fn finish(
        self,
        layout: &Disk,
        accept: impl FnOnce(&Digest) -> Result<(), Error>,
    ) -> Result<(Descriptor, Digest), Error> {
        match self {
            Self::None(writer) => {
                let (digest, size) = writer.finish(|digest, _| accept(digest))?;
                Ok((Descriptor::new(MediaType::OciLayer, digest, size), digest))
            }
            Self::Gzip(hasher) => {
                let (encoder, diff_id, _) = hasher.finish();
                accept(&diff_id)?;
                let writer = encoder.finish().map_err(|error| Error::io(layout.folder(), error))?;
                let (digest, size) = writer.finish(|_, _| Ok(()))?;
                Ok((Descriptor::new(MediaType::OciLayerGzip, digest, size), diff_id))
            }
        }
    }
}

/// The level that `gzip` and registries' tools use by default.
const GZIP_LEVEL: u32 = 6;

impl Write for Pack<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::None(writer) => writer.write(buffer),
            Self::Gzip(writer) => writer.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::None(writer) => writer.flush(),
            Self::Gzip(writer) => writer.flush(),
        }
    }
}

/// Packs a layer into the layout: each byte is read once, and on its way to the blob hashed before and after compression.
pub(crate) fn write_layer(
    layout: &Disk,
    layer: &Layer,
    mtime: u64,
    compression: Compression,
) -> Result<WrittenLayer, Error> {
    let entries = layer.checked()?;
    let mut builder = Builder::new(Pack::new(layout, compression)?);
    let failed = |error| Error::io(layout.folder(), error);
    let mut read = 0;
    for (path, (content, mode)) in entries {
        let mut header = Header::new_gnu();
        header.set_mode(mode);
        header.set_mtime(mtime);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(EntryType::Regular);
        match content {
            Content::Folder => {
                header.set_entry_type(EntryType::Directory);
                header.set_size(0);
                builder.append_data(&mut header, format!("{path}/"), io::empty()).map_err(failed)?;
            }
            Content::Bytes(bytes) => {
                header.set_size(bytes.len() as u64);
                builder.append_data(&mut header, &path, &bytes[..]).map_err(failed)?;
            }
            Content::File(file) => {
                let mut source = Exact::open(&path, file)?;
                header.set_size(source.left);
                read += source.left;
                let outcome = builder.append_data(&mut header, &path, &mut source);
                source.check(file)?;
                outcome.map_err(failed)?;
            }
        }
    }
    let (blob, diff_id) = builder.into_inner().map_err(failed)?.finish(layout, |_| Ok(()))?;
    Ok(WrittenLayer { blob, diff_id, read })
}

/// Reads exactly as many bytes as the header announced, and tells errors of the file from those of the layer.
struct Exact {
    inner: File,
    left: u64,
    failed: Option<io::Error>,
}

impl Exact {
    fn open(path: &str, file: &Path) -> Result<Self, Error> {
        let opened = open_plain(file).and_then(|inner| Ok((inner.metadata()?.len(), inner)));
        match opened {
            Ok((left, inner)) => Ok(Self { inner, left, failed: None }),
            Err(error) => Err(match error.kind() {
                io::ErrorKind::NotFound => Error::MissingSource { path: path.to_owned(), file: file.to_owned() },
                io::ErrorKind::InvalidInput => Error::SourceRefused { file: file.to_owned() },
                _ => Error::io(file, error),
            }),
        }
    }

    /// That the file ended where it should.
    fn check(mut self, file: &Path) -> Result<(), Error> {
        let changed = || Error::SourceChanged { file: file.to_owned() };
        match self.failed.take() {
            Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(changed()),
            Some(error) => Err(Error::io(file, error)),
            // The layer could not be written; that is for the caller to report.
            None if self.left > 0 => Ok(()),
            None => match self.inner.read(&mut [0]).map_err(|error| Error::io(file, error))? {
                0 => Ok(()),
                _ => Err(changed()),
            },
        }
    }
}

impl Read for Exact {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if length == 0 {
            return Ok(0);
        }
        let error = match self.inner.read(&mut buffer[..length]) {
            Ok(count) if count > 0 => {
                self.left -= count as u64;
                return Ok(count);
            }
            Ok(_) => io::ErrorKind::UnexpectedEof.into(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => error,
        };
        let kind = error.kind();
        self.failed = Some(error);
        Err(kind.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let long = "x".repeat(300);
        let layer = Layer::new("").bytes("/usr/bin/tool", "", 0o755).folder("usr/bin", 0o700).bytes(&*long, "", 0o644);
        let paths: Vec<String> = layer.checked().unwrap().into_keys().collect();
        assert_eq!(paths, ["usr", "usr/bin", "usr/bin/tool", &*long]);
        assert_eq!(layer.checked().unwrap()["usr/bin"].1, 0o700);
        for path in ["", "/", "../x", "a/../b", "a//b", "a/", "./a", "a/.wh.b", ".wh..wh..opq", ".wh.d/x", "a\nb"] {
            let error = Layer::new("").bytes(path, "", 0o644).checked().unwrap_err();
            assert!(matches!(error, Error::BadLayerPath { .. }), "{path}: {error}");
        }
        let twice = Layer::new("").bytes("a", "", 0o644).bytes("/a", "", 0o644);
        assert!(matches!(twice.checked(), Err(Error::BadLayerPath { reason: "it is listed twice", .. })));
        let below = Layer::new("").bytes("a", "", 0o644).bytes("a/b", "", 0o644);
        assert!(matches!(below.checked(), Err(Error::BadLayerPath { .. })));
        assert!(Layer::new("").bytes("a", "", 0o10000).checked().is_err());
    }
}
