//! Layouts in a tar file: the `oci-archive` of other tools.

use std::path::Path;
use std::sync::Arc;

use super::ArchiveLimits;
use super::tar_file::TarFile;
use super::write::TarWriter;
use crate::copy::{BlobSource, Verification, copy_image, walk};
use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::document::MAX_MANIFEST_BYTES;
use crate::error::Error;
use crate::layout::{Disk, IndexFile, LAYOUT_FILE, OciLayout, check_layout_file, index_of, name_of};
use crate::name::Tag;
use crate::stream::{CopyError, HashingWriter, blocking, copy};

/// Reads the one image or index of an OCI archive into a layout, byte for byte, without pointing a tag to it. The descriptor
/// keeps its annotations, such as its name in the archive.
///
/// # Errors
/// [`Error::ImageCount`] unless there is one image, [`Error::ClimbsOut`] when an entry leads out of the archive, and when the archive is
/// damaged, ambiguous or exceeds a limit.
pub async fn read_oci_archive(archive: &Path, layout: &OciLayout, limits: ArchiveLimits) -> Result<Descriptor, Error> {
    let (archive, layout) = (archive.to_owned(), Arc::clone(&layout.disk));
    blocking(move || read(&archive, &layout, &limits)).await
}

fn read(path: &Path, layout: &Disk, limits: &ArchiveLimits) -> Result<Descriptor, Error> {
    let archive = TarFile::open(path, limits)?;
    let version = archive.required("oci-layout", MAX_MANIFEST_BYTES)?;
    check_layout_file(&version).map_err(|reason| Error::malformed(archive.what(), reason))?;
    let bytes = archive.required("index.json", MAX_MANIFEST_BYTES)?;
    let index = IndexFile::parse(&format!("`index.json` in {}", archive.what()), &bytes)?;
    let [image] = &index.entries[..] else {
        let names = index.entries.iter().filter_map(name_of).map(str::to_owned).collect();
        return Err(Error::ImageCount { archive: path.to_owned(), found: index.entries.len(), names });
    };
    copy_image(&archive, image, layout)?;
    Ok(image.clone())
}

/// Writes an image, or an index with all its images, as an OCI archive, and returns the size of the file. Each byte is checked
/// against its digest; equal images give equal files. A file that is there is replaced.
///
/// # Errors
/// When something is missing or damaged, or a file cannot be read or written.
pub async fn write_oci_archive(
    layout: &OciLayout,
    image: &Descriptor,
    tag: Option<&Tag>,
    archive: &Path,
) -> Result<u64, Error> {
    let (layout, image, tag, archive) = (Arc::clone(&layout.disk), image.clone(), tag.cloned(), archive.to_owned());
    blocking(move || write(&layout, &image, tag.as_ref(), &archive)).await
}

fn write(layout: &Disk, image: &Descriptor, tag: Option<&Tag>, path: &Path) -> Result<u64, Error> {
    let mut blobs = walk(layout, image, Verification::Sizes)?;
    blobs.sort_by_key(|blob| blob.digest);
    let mut out = TarWriter::create(path)?;
    out.add("oci-layout", LAYOUT_FILE.as_bytes())?;
    out.add("index.json", &index_of(image, tag))?;
    for blob in blobs {
        if blob.media_type.is_foreign() && layout.size(&blob.digest)?.is_none() {
            continue;
        }
        out.add_with(&blob_file(&blob.digest), |out| {
            let target = out.target().to_owned();
            let mut hasher = HashingWriter::new(out);
            copy(&mut *layout.open_required(&blob)?, &mut hasher).map_err(|error| match error {
                CopyError::Read(error) => Error::io(layout.folder(), error),
                CopyError::Write(error) => Error::io(&target, error),
            })?;
            match hasher.finish() {
                (_, found, _) if found == blob.digest => Ok(()),
                (_, found, _) => {
                    let what = format!("a blob in `{}`", layout.folder().display());
                    Err(Error::DigestMismatch { what, expected: blob.digest, found })
                }
            }
        })?;
    }
    out.finish()
}

fn blob_file(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}
