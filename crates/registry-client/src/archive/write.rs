//! Tar files whose bytes depend on nothing but what goes in, in one pass even where a size is known only at the end.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tar::{EntryType, Header};
use tempfile::NamedTempFile;

use crate::error::Error;

/// Blocks of a tar file.
const TAR_BLOCK: u64 = 512;

/// A tar file being written beside its lasting name.
pub(super) struct TarWriter {
    target: PathBuf,
    file: io::BufWriter<NamedTempFile>,
    at: u64,
}

impl TarWriter {
    pub(super) fn create(target: &Path) -> Result<Self, Error> {
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new()
            .prefix(".image-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(folder)
            .map_err(|error| Error::io(target, error))?;
        let file = io::BufWriter::with_capacity(crate::stream::BLOCK, file);
        Ok(Self { target: target.to_owned(), file, at: 0 })
    }

    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Adds a file with these bytes.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.add_with(name, |out| out.write_all(bytes).map_err(|error| Error::io(&out.target, error)))
    }

    /// Adds a file with what `fill` writes.
    pub(super) fn add_with(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let start = self.at;
        self.header(name, 0)?;
        fill(self)?;
        let (end, size) = (self.at, self.at - start - TAR_BLOCK);
        let target = self.target.clone();
        let failed = |error| Error::io(&target, error);
        let padding = end.next_multiple_of(TAR_BLOCK) - end;
        self.write_all(&[0; TAR_BLOCK as usize][..padding as usize]).map_err(failed)?;
        let next = self.at;
        self.file.seek(SeekFrom::Start(start)).map_err(failed)?;
        self.header(name, size)?;
        self.file.seek(SeekFrom::Start(next)).map_err(failed)?;
        self.at = next;
        Ok(())
    }

    fn header(&mut self, name: &str, size: u64) -> Result<(), Error> {
        let mut header = Header::new_ustar();
        let target = self.target.clone();
        let failed = |error| Error::io(&target, error);
        header.set_path(name).map_err(failed)?;
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(size);
        header.set_cksum();
        self.write_all(header.as_bytes()).map_err(failed)
    }

    /// Gives the archive its name, in place of one that is there, and returns its size.
    pub(super) fn finish(mut self) -> Result<u64, Error> {
        let target = self.target.clone();
        let failed = |error| Error::io(&target, error);
        self.write_all(&[0; 2 * TAR_BLOCK as usize]).map_err(failed)?;
        let size = self.at;
        let file = self.file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&target).map_err(|error| failed(error.error))?;
        Ok(size)
    }
}

impl Write for TarWriter {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.file.write(buffer)?;
        self.at += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
