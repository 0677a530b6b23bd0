//! Files whose names hold the digest of their bytes.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{RecordingError, io};

/// How many digits of the digest are in a name.
const HASH_DIGITS: usize = 16;
/// The file that a writer locks. It is empty.
const LOCK: &str = ".lock";

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

/// The file of this key; the newest where there are several, as after a writer that was killed.
pub(super) fn find(folder: &Path, key: &str) -> Result<Option<Entry>, RecordingError> {
    let found = list(folder)?.into_iter().filter(|entry| entry.key == key);
    // One that is gone by now was replaced by a newer one.
    let written = |entry: &Entry| fs::metadata(&entry.path).and_then(|metadata| metadata.modified()).ok();
    Ok(found.map(|entry| (written(&entry), entry)).max_by_key(|(written, _)| *written).map(|(_, entry)| entry))
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

/// Puts files on a shelf of the recording at `root`; each replaces others of its key.
pub(super) fn put(root: &Path, folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), RecordingError> {
    create_folder(folder)?;
    // Of two writers that saw each other's file, each would remove it: one at a time.
    let lock_path = root.join(LOCK);
    let lock = open_lock(&lock_path)?;
    lock.lock().map_err(|source| io("lock", &lock_path, source))?;
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
    // The lock goes with the file handle.
    drop(lock);
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn put_one(root: &Path, bytes: &str) {
        put(root, &root.join("shelf"), &[("key".to_owned(), bytes.as_bytes().to_vec())]).unwrap();
    }

    #[test]
    fn writers_leave_one_version_whatever_they_find() {
        let root = tempfile::tempdir().unwrap();
        for round in 0..200 {
            // Both versions are there, as after two writers of which neither knew of the other.
            put_one(root.path(), "one");
            write_whole(&root.path().join(format!("shelf/key-{}.json", &digest(b"two")[..HASH_DIGITS])), b"two")
                .unwrap();
            let root = root.path();
            std::thread::scope(|scope| {
                scope.spawn(|| put_one(root, "one"));
                scope.spawn(|| put_one(root, "two"));
            });
            assert_eq!(list(&root.join("shelf")).unwrap().len(), 1, "round {round}");
        }
    }

    #[test]
    fn the_newest_version_is_found() {
        let root = tempfile::tempdir().unwrap();
        for (newer, older) in [("one", "two"), ("two", "one")] {
            for (bytes, age) in [(newer, 10), (older, 100)] {
                let path = root.path().join(format!("key-{}.json", &digest(bytes.as_bytes())[..HASH_DIGITS]));
                write_whole(&path, bytes.as_bytes()).unwrap();
                let file = File::options().write(true).open(&path).unwrap();
                file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
            }
            let found = find(root.path(), "key").unwrap().unwrap();
            assert_eq!(read(&found, 100).unwrap().unwrap(), newer.as_bytes());
        }
    }
}
