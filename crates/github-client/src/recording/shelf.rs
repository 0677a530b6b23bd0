//! Files whose names hold the digest of their bytes.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{RecordingError, io};

/// How many digits of the digest are in a name.
const HASH_DIGITS: usize = 16;

/// A file on a shelf.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) path: PathBuf,
    hash: String,
}

/// The lower-case hexadecimal SHA-256.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// All files of a folder that have such names, sorted; nothing when there is no folder.
pub(super) fn list(folder: &Path) -> Result<Vec<Entry>, RecordingError> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(io("list", folder, source)),
    };
    let mut entries = Vec::new();
    for entry in listed {
        let entry = entry.map_err(|source| io("list", folder, source))?;
        let name = entry.file_name();
        let parts = name.to_str().and_then(|name| name.strip_suffix(".json")?.rsplit_once('-'));
        let Some((key, hash)) = parts else { continue };
        if hash.len() == HASH_DIGITS && hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            entries.push(Entry { key: key.to_owned(), hash: hash.to_owned(), path: entry.path() });
        }
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

/// The file of this key.
pub(super) fn find(folder: &Path, key: &str) -> Result<Option<Entry>, RecordingError> {
    Ok(list(folder)?.into_iter().find(|entry| entry.key == key))
}

/// The bytes of a file; `None` when another process has replaced it meanwhile.
pub(super) fn read(entry: &Entry, limit: u64) -> Result<Option<Vec<u8>>, RecordingError> {
    let bytes = match read_bounded(&entry.path, limit) {
        Ok(bytes) => bytes,
        Err(RecordingError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if digest(&bytes)[..HASH_DIGITS] != entry.hash {
        let detail = "its digest is not the one in its name".to_owned();
        return Err(RecordingError::Damaged { path: entry.path.clone(), detail });
    }
    Ok(Some(bytes))
}

/// Puts files on a shelf; each replaces others of its key.
pub(super) fn put(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), RecordingError> {
    create_folder(folder)?;
    let mut known: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for entry in list(folder)? {
        known.entry(entry.key).or_default().push(entry.path);
    }
    for (key, bytes) in files {
        let path = folder.join(format!("{key}-{}.json", &digest(bytes)[..HASH_DIGITS]));
        // A file that is there may be damaged, so it is written in any case.
        write_whole(&path, bytes)?;
        for old in known.get(key).into_iter().flatten().filter(|old| **old != path) {
            remove(old)?;
        }
    }
    Ok(())
}

/// Removes a file that another process may have removed already.
pub(super) fn remove(path: &Path) -> Result<(), RecordingError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io("remove", path, error)),
        _ => Ok(()),
    }
}

/// Writes a file so that others see all of it or none.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RecordingError> {
    let failed = |source| io("write", path, source);
    let folder = path.parent().ok_or_else(|| failed(std::io::Error::from(ErrorKind::InvalidInput)))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".new-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Readable to others, as far as the umask allows; a recording is meant to be shared.
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Makes a folder and those above it, never writable to everybody.
pub(super) fn create_folder(path: &Path) -> Result<(), RecordingError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o755);
    }
    builder.create(path).map_err(|source| io("make", path, source))
}

/// A file that is there to be locked.
pub(super) fn open_lock(path: &Path) -> Result<File, RecordingError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o644);
    }
    options.open(path).map_err(|source| io("make", path, source))
}

/// Reads a file of at most `limit` bytes.
pub(super) fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, RecordingError> {
    let failed = |source| io("read", path, source);
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(RecordingError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}
