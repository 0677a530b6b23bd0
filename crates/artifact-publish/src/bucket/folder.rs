//! A bucket in a local folder: each object is a plain file under its name, so that a person can look.
//!
//! ```text
//! <root>/<name>                       the bytes
//! <root>/.attributes/<name>.json      the attributes, where there are any
//! <root>/.tmp/                        files being written; what a killed process left is removed by the next writer
//! <root>/.lock                        held while names change
//! ```
//!
//! Every path is walked part by part from the root with open directories and without following symbolic links, so that nothing
//! put into the folder leads out of it. Bytes are written to `.tmp`, synced, and then given their name; a reader and a crash see the
//! old object or the new one, never a part.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::write_back::written_back;
use super::{Attributes, Backend, Expected, Fill, Generation, Object, ObjectInfo, Opened, check_expected, limited};
use crate::digest::{Digests, Sha256Digest};
use crate::error::{Error, Operation};
use crate::name::{ObjectName, ObjectPrefix, RESERVED};

/// Up to this size the generation of an object is that of its content; a larger one, which is never written over in practice,
/// is told by file number, size and time, so that looking at a release does not read it.
const CONTENT_GENERATION_BYTES: u64 = 1024 * 1024;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    swept: AtomicBool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Make,
    Leave,
}

/// The attributes file. It names the bytes each entry belongs to: it is written before the object, so between the two writes of
/// a replacement it holds the entries of both.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Sidecar {
    versions: Vec<SidecarEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct SidecarEntry {
    size: u64,
    sha256: Sha256Digest,
    #[serde(flatten)]
    attributes: Attributes,
}

/// A file in `.tmp`; gone when dropped, and known to be in use by the lock on it.
struct Temp {
    folder: OwnedFd,
    name: String,
    file: File,
    /// It was given its lasting name, and the one in `.tmp` may be another writer's by now.
    renamed: bool,
}

impl Drop for Temp {
    fn drop(&mut self) {
        if !self.renamed {
            // What cannot be removed now the next writer sweeps.
            fs::unlinkat(&self.folder, &self.name, AtFlags::empty()).ok();
        }
    }
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, swept: AtomicBool::new(false) }
    }

    fn failed(&self, operation: Operation, name: &str) -> impl Fn(Errno) -> Error {
        let object = self.address(name);
        move |errno| Error::io(operation, object.clone(), errno.into())
    }

    /// The open root; `None` when it is not there.
    fn open_root(&self, operation: Operation, missing: Missing) -> Result<Option<OwnedFd>, Error> {
        if missing == Missing::Make {
            std::fs::create_dir_all(&self.root).map_err(|error| Error::io(operation, self.address(""), error))?;
        }
        match fs::open(&self.root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
            Ok(root) => Ok(Some(root)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.failed(operation, "")(errno)),
        }
    }

    /// The open folder below the root; `None` when it is not there.
    fn open_folder<'a>(
        &self,
        operation: Operation,
        segments: impl Iterator<Item = &'a str>,
        missing: Missing,
        object: &str,
    ) -> Result<Option<OwnedFd>, Error> {
        let failed = self.failed(operation, object);
        let Some(mut folder) = self.open_root(operation, missing)? else { return Ok(None) };
        for segment in segments {
            folder = match fs::openat(&folder, segment, DIRECTORY, Mode::empty()) {
                Ok(next) => next,
                Err(Errno::NOENT) if missing == Missing::Make => {
                    match fs::mkdirat(&folder, segment, Mode::from_raw_mode(0o755)) {
                        Ok(()) => fs::fsync(&folder).map_err(&failed)?,
                        Err(Errno::EXIST) => {}
                        Err(errno) => return Err(failed(errno)),
                    }
                    fs::openat(&folder, segment, DIRECTORY, Mode::empty()).map_err(&failed)?
                }
                Err(Errno::NOENT) => return Ok(None),
                Err(Errno::NOTDIR | Errno::LOOP) => {
                    let found = fs::statat(&folder, segment, AtFlags::SYMLINK_NOFOLLOW).map_err(&failed)?;
                    let found = FileType::from_raw_mode(found.st_mode);
                    if found == FileType::RegularFile && missing == Missing::Leave {
                        return Ok(None);
                    }
                    let found =
                        if found == FileType::RegularFile { "a file in the place of a folder" } else { kind(found) };
                    return Err(Error::Obstructed { object: self.address(object), found });
                }
                Err(errno) => return Err(failed(errno)),
            };
        }
        Ok(Some(folder))
    }

    /// The open folder that holds the object, and the last part of its name.
    fn locate<'a>(
        &self,
        operation: Operation,
        name: &'a ObjectName,
        missing: Missing,
    ) -> Result<Option<(OwnedFd, &'a str)>, Error> {
        let (folders, leaf) = split(name.as_str());
        Ok(self.open_folder(operation, folders, missing, name.as_str())?.map(|folder| (folder, leaf)))
    }

    /// The plain file of the object, opened for reading.
    fn open_file(&self, name: &ObjectName) -> Result<Option<(File, fs::Stat)>, Error> {
        let failed = self.failed(Operation::Read, name.as_str());
        let Some((folder, leaf)) = self.locate(Operation::Read, name, Missing::Leave)? else { return Ok(None) };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match fs::openat(&folder, leaf, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(self.obstructed(name, FileType::Symlink)),
            Err(Errno::NXIO) => return Err(self.obstructed(name, FileType::Socket)),
            Err(errno) => return Err(failed(errno)),
        };
        let stat = fs::fstat(&file).map_err(&failed)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(Some((File::from(file), stat))),
            FileType::Directory => Ok(None),
            other => Err(self.obstructed(name, other)),
        }
    }

    fn obstructed(&self, name: &ObjectName, found: FileType) -> Error {
        Error::Obstructed { object: self.address(name.as_str()), found: kind(found) }
    }

    fn sidecar(&self, name: &ObjectName) -> Result<Option<Sidecar>, Error> {
        let path = sidecar_path(name);
        let (folders, leaf) = split(&path);
        let failed = |error| Error::io(Operation::Read, self.address(&path), error);
        let Some(folder) = self.open_folder(Operation::Read, folders, Missing::Leave, &path)? else { return Ok(None) };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match fs::openat(&folder, leaf, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(failed(errno.into())),
        };
        let mut json = Vec::new();
        file.take(1024 * 1024).read_to_end(&mut json).map_err(failed)?;
        serde_json::from_slice(&json).map(Some).map_err(|error| failed(error.into()))
    }

    /// The object with bytes (small ones only), generation and attributes that belong together.
    fn load(&self, name: &ObjectName) -> Result<Option<Loaded>, Error> {
        for attempt in 0.. {
            let Some((mut file, stat)) = self.open_file(name)? else { return Ok(None) };
            let size = stat.st_size.unsigned_abs();
            let mut small = None;
            if size <= CONTENT_GENERATION_BYTES {
                let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
                file.read_to_end(&mut bytes)
                    .map_err(|error| Error::io(Operation::Read, self.address(name.as_str()), error))?;
                small = Some(Bytes::from(bytes));
            }
            let sidecar = self.sidecar(name)?;
            let digest = small.as_ref().map(|bytes| Sha256Digest::of(bytes));
            let fits = |entry: &&SidecarEntry| entry.size == size && digest.is_none_or(|digest| digest == entry.sha256);
            let entry = sidecar.as_ref().and_then(|sidecar| sidecar.versions.iter().rev().find(fits));
            // A replacement may have come between the two reads. An entry that still does not fit belongs to bytes that a
            // person has since changed by hand.
            if sidecar.is_some() && entry.is_none() && attempt < 3 {
                continue;
            }
            let attributes = entry.map_or_else(Attributes::default, |entry| entry.attributes.clone());
            let generation = match &small {
                Some(bytes) => Generation::of_content(bytes, &attributes),
                None => {
                    Generation::from(format!("file-{}-{size}-{}.{:09}", stat.st_ino, stat.st_mtime, stat.st_mtime_nsec))
                }
            };
            return Ok(Some(Loaded { file, small, size, generation, attributes }));
        }
        Ok(None)
    }

    /// A new file in `.tmp`.
    fn temp(&self, operation: Operation) -> Result<Temp, Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let failed = self.failed(operation, ".tmp");
        let open = || self.open_folder(operation, [".tmp"].into_iter(), Missing::Make, ".tmp");
        let folder = open()?.expect("it was made when missing");
        if !self.swept.swap(true, Ordering::Relaxed) {
            sweep(&folder);
        }
        loop {
            let name = format!("{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = match fs::openat(&folder, &name, flags, Mode::from_raw_mode(0o644)) {
                Ok(file) => File::from(file),
                Err(Errno::EXIST) => continue,
                Err(errno) => return Err(failed(errno)),
            };
            // A sweeper may have taken the file between its making and this lock: then another one.
            if file.try_lock().is_ok() && fs::fstat(&file).map_err(&failed)?.st_nlink > 0 {
                return Ok(Temp { folder, name, file, renamed: false });
            }
        }
    }

    /// Waits for the right to change names; it ends when the file is closed, also by the death of this process.
    fn lock(&self, operation: Operation) -> Result<File, Error> {
        let root = self.open_root(operation, Missing::Make)?.expect("it was made when missing");
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file =
            fs::openat(&root, ".lock", flags, Mode::from_raw_mode(0o666)).map_err(self.failed(operation, ".lock"))?;
        let file = File::from(file);
        file.lock().map_err(|error| Error::io(operation, self.address(".lock"), error))?;
        Ok(file)
    }

    /// Writes the attributes file, or removes it when it would say nothing. The lock must be held.
    fn write_sidecar(&self, operation: Operation, name: &ObjectName, versions: Vec<SidecarEntry>) -> Result<(), Error> {
        let path = sidecar_path(name);
        let failed = self.failed(operation, &path);
        let needed = versions.iter().any(|entry| !entry.attributes.is_default());
        let (folders, leaf) = split(&path);
        let missing = if needed { Missing::Make } else { Missing::Leave };
        let Some(folder) = self.open_folder(operation, folders, missing, &path)? else { return Ok(()) };
        if !needed {
            return match fs::unlinkat(&folder, leaf, AtFlags::empty()) {
                Ok(()) => fs::fsync(&folder).map_err(failed),
                Err(Errno::NOENT) => Ok(()),
                Err(errno) => Err(failed(errno)),
            };
        }
        let mut json = serde_json::to_vec_pretty(&Sidecar { versions }).expect("attributes are text only");
        json.push(b'\n');
        let mut temp = self.temp(operation)?;
        let written = temp.file.write_all(&json).and_then(|()| temp.file.sync_all());
        written.map_err(|error| Error::io(operation, self.address(&path), error))?;
        fs::renameat(&temp.folder, &temp.name, &folder, leaf).map_err(&failed)?;
        temp.renamed = true;
        fs::fsync(&folder).map_err(failed)
    }
}

struct Loaded {
    file: File,
    small: Option<Bytes>,
    size: u64,
    generation: Generation,
    attributes: Attributes,
}

fn split(path: &str) -> (std::str::Split<'_, char>, &str) {
    match path.rsplit_once('/') {
        Some((folders, leaf)) => (folders.split('/'), leaf),
        None => {
            let mut none = "".split('/');
            none.next();
            (none, path)
        }
    }
}

fn sidecar_path(name: &ObjectName) -> String {
    format!(".attributes/{name}.json")
}

fn kind(found: FileType) -> &'static str {
    match found {
        FileType::Symlink => "a symbolic link",
        FileType::Directory => "a folder",
        FileType::RegularFile => "a file",
        _ => "a device, pipe or socket",
    }
}

/// Removes what killed processes left in `.tmp`: files nobody holds a lock on. Best effort.
fn sweep(folder: &OwnedFd) {
    let Ok(entries) = Dir::read_from(folder) else { return };
    for entry in entries.flatten() {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(file) = fs::openat(folder, entry.file_name(), flags, Mode::empty()) else { continue };
        let plain = fs::fstat(&file).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
        // The lock is held until the name is gone: its writer may be about to take it.
        let file = File::from(file);
        if plain && file.try_lock().is_ok() {
            fs::unlinkat(folder, entry.file_name(), AtFlags::empty()).ok();
        }
        drop(file);
    }
}

impl Backend for Folder {
    fn address(&self, name: &str) -> String {
        format!("file://{}/{name}", self.root.display().to_string().trim_end_matches('/'))
    }

    fn info(&self, name: &ObjectName) -> Result<Option<ObjectInfo>, Error> {
        Ok(self.load(name)?.map(|loaded| ObjectInfo {
            name: name.clone(),
            size: loaded.size,
            generation: loaded.generation,
            attributes: loaded.attributes,
        }))
    }

    fn read(&self, name: &ObjectName, limit: u64) -> Result<Option<Object>, Error> {
        let Some(loaded) = self.load(name)? else { return Ok(None) };
        let address = self.address(name.as_str());
        limited(address.clone(), loaded.size, limit)?;
        let bytes = match loaded.small {
            Some(bytes) => bytes,
            None => {
                let mut bytes = Vec::new();
                let mut file = loaded.file.take(limit.saturating_add(1));
                file.read_to_end(&mut bytes).map_err(|error| Error::io(Operation::Read, address.clone(), error))?;
                limited(address, bytes.len() as u64, limit)?;
                bytes.into()
            }
        };
        Ok(Some(Object { bytes, generation: loaded.generation, attributes: loaded.attributes }))
    }

    fn open(&self, name: &ObjectName) -> Result<Option<Opened>, Error> {
        Ok(self.load(name)?.map(|loaded| match loaded.small {
            Some(bytes) => Opened { reader: Box::new(io::Cursor::new(bytes)), attributes: loaded.attributes },
            None => Opened { reader: Box::new(loaded.file), attributes: loaded.attributes },
        }))
    }

    fn list(&self, prefix: &ObjectPrefix) -> Result<Vec<ObjectInfo>, Error> {
        let failed = self.failed(Operation::List, prefix.as_str());
        let mut objects = Vec::new();
        let mut folders = vec![prefix.clone()];
        while let Some(prefix) = folders.pop() {
            let segments = prefix.as_str().split('/').filter(|segment| !segment.is_empty());
            let Some(folder) = self.open_folder(Operation::List, segments, Missing::Leave, prefix.as_str())? else {
                continue;
            };
            for entry in Dir::read_from(&folder).map_err(&failed)? {
                let entry = entry.map_err(&failed)?;
                let name = entry.file_name().to_string_lossy();
                let reserved = prefix.as_str().is_empty() && RESERVED.contains(&&*name);
                if reserved || name == "." || name == ".." {
                    continue;
                }
                let name = prefix.join(&name)?;
                let found = fs::statat(&folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW);
                match found.map(|stat| FileType::from_raw_mode(stat.st_mode)) {
                    Ok(FileType::Directory) => folders.push(name.into()),
                    // Removed since the folder was read: `None`.
                    Ok(FileType::RegularFile) => objects.extend(self.info(&name)?),
                    Ok(other) => return Err(self.obstructed(&name, other)),
                    Err(Errno::NOENT) => {}
                    Err(errno) => return Err(failed(errno)),
                }
            }
        }
        Ok(objects)
    }

    fn create(
        &self,
        name: &ObjectName,
        attributes: &Attributes,
        fill: &mut Fill<'_>,
    ) -> Result<Option<Digests>, Error> {
        let failed = self.failed(Operation::Create, name.as_str());
        let mut temp = self.temp(Operation::Create)?;
        let digests = written_back(&temp.file, fill)?
            .map_err(|error| Error::io(Operation::Create, self.address(name.as_str()), error))?;
        let (folder, leaf) = self.locate(Operation::Create, name, Missing::Make)?.expect("it was made when missing");
        let lock = self.lock(Operation::Create)?;
        match fs::statat(&folder, leaf, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(failed(errno)),
            Ok(found) => {
                return match FileType::from_raw_mode(found.st_mode) {
                    FileType::RegularFile => Ok(None),
                    other => Err(self.obstructed(name, other)),
                };
            }
        }
        let entry = SidecarEntry { size: digests.size, sha256: digests.sha256, attributes: attributes.clone() };
        self.write_sidecar(Operation::Create, name, vec![entry])?;
        match fs::renameat_with(&temp.folder, &temp.name, &folder, leaf, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                match fs::linkat(&temp.folder, &temp.name, &folder, leaf, AtFlags::empty()) {
                    Err(Errno::EXIST) => return Ok(None),
                    other => other.map_err(&failed)?,
                }
            }
            Err(Errno::EXIST) => return Ok(None),
            other => {
                other.map_err(&failed)?;
                temp.renamed = true;
            }
        }
        drop(lock);
        fs::fsync(&folder).map_err(&failed)?;
        Ok(Some(digests))
    }

    fn replace(
        &self,
        name: &ObjectName,
        bytes: &Bytes,
        expected: &Expected,
        attributes: &Attributes,
    ) -> Result<Generation, Error> {
        let failed = self.failed(Operation::Replace, name.as_str());
        let mut temp = self.temp(Operation::Replace)?;
        let written = temp.file.write_all(bytes).and_then(|()| temp.file.sync_all());
        written.map_err(|error| Error::io(Operation::Replace, self.address(name.as_str()), error))?;
        let lock = self.lock(Operation::Replace)?;
        let current = self.load(name)?;
        let found = current.as_ref().map(|current| current.generation.clone());
        check_expected(self.address(name.as_str()), expected, found)?;
        let entry =
            SidecarEntry { size: bytes.len() as u64, sha256: Sha256Digest::of(bytes), attributes: attributes.clone() };
        let mut versions = Vec::new();
        if let Some(current) = current {
            let old = self.sidecar(name)?.unwrap_or_default().versions.into_iter().rev();
            let mut old = old.filter(|old| old.size == current.size && old.attributes == current.attributes);
            versions.extend(old.next().filter(|old| (old.size, old.sha256) != (entry.size, entry.sha256)));
        }
        versions.push(entry);
        let (folder, leaf) = self.locate(Operation::Replace, name, Missing::Make)?.expect("it was made when missing");
        self.write_sidecar(Operation::Replace, name, versions)?;
        fs::renameat(&temp.folder, &temp.name, &folder, leaf).map_err(&failed)?;
        temp.renamed = true;
        fs::fsync(&folder).map_err(&failed)?;
        let now = self.load(name)?.map(|loaded| loaded.generation);
        drop(lock);
        now.ok_or_else(|| Error::NotFound { object: self.address(name.as_str()) })
    }

    fn remove(&self, name: &ObjectName, expected: Option<&Generation>) -> Result<(), Error> {
        let failed = self.failed(Operation::Remove, name.as_str());
        let address = self.address(name.as_str());
        let not_found = || Error::NotFound { object: address.clone() };
        // Where there is no folder, do not make one only to lock it.
        let lock = match self.open_root(Operation::Remove, Missing::Leave)? {
            Some(_) => Some(self.lock(Operation::Remove)?),
            None => None,
        };
        let current = self.load(name)?;
        if let Some(expected) = expected {
            let found = current.as_ref().map(|current| current.generation.clone());
            check_expected(address.clone(), &Expected::Generation(expected.clone()), found)?;
        }
        current.ok_or_else(not_found)?;
        let (folder, leaf) = self.locate(Operation::Remove, name, Missing::Leave)?.ok_or_else(not_found)?;
        fs::unlinkat(&folder, leaf, AtFlags::empty()).map_err(&failed)?;
        fs::fsync(&folder).map_err(&failed)?;
        self.write_sidecar(Operation::Remove, name, Vec::new())?;
        drop(lock);
        Ok(())
    }
}
