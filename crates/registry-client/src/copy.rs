//! Reading, copying and verifying images of any source of blobs. Everything here blocks.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::document::{MAX_MANIFEST_BYTES, Manifest};
use crate::error::Error;
use crate::layout::{Disk, open_plain};
use crate::stream::{CopyError, HashingWriter, copy};

/// Indexes within indexes are followed this deep.
const MAX_DEPTH: usize = 8;
/// Most documents and blobs below one name.
const MAX_BLOBS: usize = 16 * 1024;

/// The bytes of a blob, and how many they should be.
pub(crate) type Blob<'a> = (Box<dyn Read + 'a>, u64);

/// Is told of every document, with what it says, and of every blob.
type Visit<'a> = dyn FnMut(&Descriptor, Option<&Manifest>) -> Result<(), Error> + 'a;

/// Where blobs come from: a layout or an archive of one.
pub(crate) trait BlobSource {
    /// For messages.
    fn place(&self) -> &Path;

    /// The bytes of a blob with their count; `None` when it is not there.
    fn open_blob(&self, digest: &Digest) -> Result<Option<Blob<'_>>, Error>;

    /// The same, where it must be there with that size.
    fn open_required(&self, blob: &Descriptor) -> Result<Box<dyn Read + '_>, Error> {
        match self.open_blob(&blob.digest)? {
            Some((reader, size)) if size == blob.size => Ok(reader),
            Some((_, found)) => {
                Err(Error::SizeMismatch { what: name(self.place(), &blob.digest), expected: blob.size, found })
            }
            None => Err(Error::MissingBlob { place: self.place().to_owned(), digest: blob.digest }),
        }
    }
}

/// How much of an image is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verification {
    /// Manifests and indexes by digest; configs and layers by presence and size.
    Sizes,
    /// Every byte by digest.
    Bytes,
}

/// What a copy did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Copied {
    /// Documents and blobs that were copied.
    pub copied: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Documents and blobs that were there already.
    pub present: usize,
}

/// For messages.
fn name(place: &Path, digest: &Digest) -> String {
    format!("{digest} in `{}`", place.display())
}

pub(crate) fn read_bounded<S: BlobSource>(source: &S, digest: &Digest, limit: u64) -> Result<Bytes, Error> {
    let missing = || Error::MissingBlob { place: source.place().to_owned(), digest: *digest };
    let (reader, size) = source.open_blob(digest)?.ok_or_else(missing)?;
    if size > limit {
        return Err(Error::TooLarge { what: format!("{} (bytes)", name(source.place(), digest)), limit });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    reader.take(limit + 1).read_to_end(&mut bytes).map_err(|error| Error::io(source.place(), error))?;
    match Digest::of(&bytes) {
        found if found == *digest => Ok(bytes.into()),
        found => Err(Error::DigestMismatch { what: name(source.place(), digest), expected: *digest, found }),
    }
}

pub(crate) fn read_manifest<S: BlobSource>(source: &S, image: &Descriptor) -> Result<Manifest, Error> {
    let bytes = read_bounded(source, &image.digest, MAX_MANIFEST_BYTES)?;
    if bytes.len() as u64 != image.size {
        let what = name(source.place(), &image.digest);
        return Err(Error::SizeMismatch { what, expected: image.size, found: bytes.len() as u64 });
    }
    Manifest::parse(bytes, Some(&image.media_type))
}

/// Calls `visit` for every document and blob once, children before what points to them; documents come with what they say.
fn visit<S: BlobSource>(source: &S, image: &Descriptor, visit: &mut Visit<'_>) -> Result<(), Error> {
    let mut seen = BTreeMap::new();
    visit_below(source, image, visit, &mut seen, 0)
}

fn visit_below<S: BlobSource>(
    source: &S,
    blob: &Descriptor,
    visit: &mut Visit<'_>,
    seen: &mut BTreeMap<Digest, u64>,
    depth: usize,
) -> Result<(), Error> {
    match seen.insert(blob.digest, blob.size) {
        Some(size) if size == blob.size => return Ok(()),
        Some(other) => {
            let what = name(source.place(), &blob.digest);
            return Err(Error::SizeMismatch { what, expected: blob.size, found: other });
        }
        None => {}
    }
    if seen.len() > MAX_BLOBS {
        let what = format!("an image in `{}` (blobs)", source.place().display());
        return Err(Error::TooLarge { what, limit: MAX_BLOBS as u64 });
    }
    // The top must be a manifest whatever it is called; below it other things may be, such as artifacts.
    if depth > 0 && !blob.media_type.is_image() && !blob.media_type.is_index() {
        return visit(blob, None);
    }
    if depth > MAX_DEPTH {
        let what = format!("an index in `{}` (depth)", source.place().display());
        return Err(Error::TooLarge { what, limit: MAX_DEPTH as u64 });
    }
    let manifest = read_manifest(source, blob)?;
    for child in manifest.children() {
        visit_below(source, child, visit, seen, depth + 1)?;
    }
    visit(blob, Some(&manifest))
}

pub(crate) fn copy_image<S: BlobSource>(source: &S, image: &Descriptor, target: &Disk) -> Result<Copied, Error> {
    let mut done = Copied::default();
    visit(source, image, &mut |blob, manifest| {
        match manifest {
            None => return copy_blob(source, blob, target, &mut done),
            Some(_) if target.size(&blob.digest)? == Some(blob.size) => done.present += 1,
            Some(manifest) => {
                target.put(manifest.bytes())?;
                done.copied += 1;
                done.bytes += blob.size;
            }
        }
        Ok(())
    })?;
    Ok(done)
}

/// Copies one blob, if it is not there; a foreign layer need not be anywhere.
pub(crate) fn copy_blob<S: BlobSource>(
    source: &S,
    blob: &Descriptor,
    target: &Disk,
    done: &mut Copied,
) -> Result<(), Error> {
    if target.size(&blob.digest)? == Some(blob.size) {
        done.present += 1;
        return Ok(());
    }
    if blob.media_type.is_foreign() && source.open_blob(&blob.digest)?.is_none() {
        return Ok(());
    }
    put_stream(target, &mut *source.open_required(blob)?, source.place(), blob)?;
    done.copied += 1;
    done.bytes += blob.size;
    Ok(())
}

/// Writes a blob from a stream; a stream that is too long is not read to its end.
pub(crate) fn put_stream(target: &Disk, reader: &mut dyn Read, from: &Path, blob: &Descriptor) -> Result<(), Error> {
    let mut writer = target.writer()?;
    copy(&mut reader.take(blob.size.saturating_add(1)), &mut writer).map_err(|error| match error {
        CopyError::Read(error) => Error::io(from, error),
        CopyError::Write(error) => Error::io(target.folder(), error),
    })?;
    let accept = |found: &Digest, size| match (*found == blob.digest, size == blob.size) {
        (true, true) => Ok(()),
        (true, false) => Err(Error::SizeMismatch { what: name(from, &blob.digest), expected: blob.size, found: size }),
        (false, _) => {
            Err(Error::DigestMismatch { what: name(from, &blob.digest), expected: blob.digest, found: *found })
        }
    };
    writer.finish(accept).map(drop)
}

pub(crate) fn put_file(target: &Disk, file: &Path, blob: &Descriptor) -> Result<(), Error> {
    let mut reader = open_plain(file).map_err(|error| Error::io(file, error))?;
    put_stream(target, &mut reader, file, blob)
}

/// Hashes a blob and compares.
fn check_bytes<S: BlobSource>(source: &S, blob: &Descriptor) -> Result<(), Error> {
    let mut hasher = HashingWriter::new(io::sink());
    copy(&mut *source.open_required(blob)?, &mut hasher).map_err(|error| match error {
        CopyError::Read(error) | CopyError::Write(error) => Error::io(source.place(), error),
    })?;
    match hasher.finish() {
        (_, found, _) if found == blob.digest => Ok(()),
        (_, found, _) => {
            Err(Error::DigestMismatch { what: name(source.place(), &blob.digest), expected: blob.digest, found })
        }
    }
}

pub(crate) fn walk(layout: &Disk, image: &Descriptor, verification: Verification) -> Result<Vec<Descriptor>, Error> {
    let mut found = Vec::new();
    visit(layout, image, &mut |blob, manifest| {
        if manifest.is_none() {
            layout.require(blob)?;
            if verification == Verification::Bytes && layout.size(&blob.digest)?.is_some() {
                check_bytes(layout, blob)?;
            }
        }
        found.push(blob.clone());
        Ok(())
    })?;
    Ok(found)
}
