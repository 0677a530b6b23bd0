//! Tar files from outside: their entries with all names checked, in bounded memory. Everything here blocks.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use tar::{Archive, Entries, EntryType, PaxExtensions};

use super::ArchiveLimits;
use crate::copy::{Blob, BlobSource};
use crate::digest::Digest;
use crate::error::Error;
use crate::layout::open_plain;

/// Longest name of an entry or target of a link, in bytes.
const MAX_NAME: u64 = 64 * 1024;
/// Most bytes of extended attributes of one entry.
const MAX_PAX: u64 = 1024 * 1024;
/// Links that point to links are followed this often.
const MAX_LINKS: usize = 8;

/// An entry as its headers say it is.
pub(super) struct RawEntry {
    pub(super) name: String,
    pub(super) link: Option<String>,
    pub(super) kind: EntryType,
    pub(super) size: u64,
    /// Where its bytes begin.
    pub(super) offset: u64,
}

/// Calls `visit` for every entry. Extended headers are read here and not by the library, which would keep them whole whatever
/// their size.
pub(super) fn for_each<R: Read>(
    entries: Entries<'_, R>,
    what: &str,
    path: &Path,
    limit: usize,
    visit: &mut dyn FnMut(RawEntry) -> Result<(), Error>,
) -> Result<(), Error> {
    let malformed = |reason: &str| Error::malformed(what, reason);
    let (mut long_name, mut long_link) = (None, None);
    for (count, entry) in entries.raw(true).enumerate() {
        if count >= limit {
            return Err(Error::TooLarge { what: format!("{what} (entries)"), limit: limit as u64 });
        }
        let mut entry = entry.map_err(|error| Error::reading(path, what, error))?;
        let kind = entry.header().entry_type();
        let mut extension = |limit: u64| {
            let mut bytes = Vec::new();
            entry
                .by_ref()
                .take(limit + 1)
                .read_to_end(&mut bytes)
                .map_err(|error| Error::reading(path, what, error))?;
            match bytes.len() as u64 > limit {
                true => Err(Error::TooLarge { what: format!("an extended header of {what} (bytes)"), limit }),
                false => Ok(bytes),
            }
        };
        let text = |bytes: &[u8]| {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            String::from_utf8_lossy(&bytes[..end]).into_owned()
        };
        match kind {
            EntryType::GNULongName => long_name = Some(text(&extension(MAX_NAME)?)),
            EntryType::GNULongLink => long_link = Some(text(&extension(MAX_NAME)?)),
            EntryType::XGlobalHeader => drop(extension(MAX_PAX)?),
            EntryType::XHeader => {
                let bytes = extension(MAX_PAX)?;
                for record in PaxExtensions::new(&bytes) {
                    let record = record.map_err(|error| Error::reading(path, what, error))?;
                    match record.key_bytes() {
                        b"path" => long_name = Some(text(record.value_bytes())),
                        b"linkpath" => long_link = Some(text(record.value_bytes())),
                        // Readers differ in which of the two sizes they take.
                        b"size" => return Err(malformed("an extended header gives the size of an entry")),
                        _ => {}
                    }
                }
            }
            EntryType::GNUSparse => return Err(malformed("it holds a sparse file")),
            _ => {
                let header = entry.header();
                let name = long_name.take().unwrap_or_else(|| text(&header.path_bytes()));
                let link = long_link.take().or_else(|| header.link_name_bytes().map(|bytes| text(&bytes)));
                let (size, offset) = (entry.size(), entry.raw_file_position());
                visit(RawEntry { name, link, kind, size, offset })?;
            }
        }
    }
    match (long_name, long_link) {
        (None, None) => Ok(()),
        _ => Err(malformed("it ends after the name of an entry")),
    }
}

/// What absolute names mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Absolute {
    /// They lead out of an archive.
    Refused,
    /// Below the root of an image: programs that unpack layers read them so.
    Relative,
}

/// A name without `.` parts and slashes at its ends, or the refusal of one that leads out; the root itself is the empty name.
pub(super) fn inside(what: &str, name: &str, absolute: Absolute) -> Result<String, Error> {
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") || (name.starts_with('/') && absolute == Absolute::Refused) {
        return Err(Error::ClimbsOut { archive: what.to_owned(), entry: shown(name) });
    }
    Ok(parts.join("/"))
}

/// A name from outside, for a message.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(200).collect::<String>().escape_debug().to_string()
}

/// The target of a symbolic link that lies in the same archive.
fn symlink_target(what: &str, name: &str, target: &str) -> Result<String, Error> {
    let climbs = || Error::ClimbsOut { archive: what.to_owned(), entry: shown(target) };
    if target.starts_with('/') {
        return Err(climbs());
    }
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or_else(climbs)?),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// Where things are in an archive file.
pub(super) struct TarFile {
    path: PathBuf,
    file: File,
    entries: BTreeMap<String, Place>,
}

enum Place {
    File { offset: u64, size: u64 },
    Link(String),
    Folder,
}

impl TarFile {
    /// Reads the headers of all entries and refuses an archive that could mislead somebody.
    pub(super) fn open(path: &Path, limits: &ArchiveLimits) -> Result<Self, Error> {
        let failed = |error| Error::io(path, error);
        let what = format!("`{}`", path.display());
        let file = open_plain(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut entries = BTreeMap::new();
        let mut archive = Archive::new(file);
        let headers = archive.entries_with_seek().map_err(|error| Error::reading(path, &what, error))?;
        for_each(headers, &what, path, limits.entries, &mut |entry| {
            if entry.offset.checked_add(entry.size).is_none_or(|end| end > length) {
                return Err(Error::malformed(&what, format!("it ends within `{}`", shown(&entry.name))));
            }
            let name = inside(&what, &entry.name, Absolute::Refused)?;
            let place = match (entry.kind, entry.link) {
                (EntryType::Regular | EntryType::Continuous, _) => {
                    Place::File { offset: entry.offset, size: entry.size }
                }
                (EntryType::Directory, _) => Place::Folder,
                (EntryType::Symlink, Some(target)) => Place::Link(symlink_target(&what, &name, &target)?),
                (EntryType::Link, Some(target)) => Place::Link(inside(&what, &target, Absolute::Refused)?),
                _ => {
                    let reason = format!("`{}` is neither file, folder nor link", shown(&entry.name));
                    return Err(Error::malformed(&what, reason));
                }
            };
            match (entries.insert(name.clone(), place), entries.get(&name)) {
                (None, _) | (Some(Place::Folder), Some(Place::Folder)) => Ok(()),
                _ => Err(Error::DuplicateEntry { archive: what.clone(), entry: shown(&name) }),
            }
        })?;
        Ok(Self { path: path.to_owned(), file: archive.into_inner(), entries })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn what(&self) -> String {
        format!("`{}`", self.path.display())
    }

    /// The bytes of a file and their count; links within the archive are followed.
    pub(super) fn file(&self, name: &str) -> Result<Option<(impl Read + use<'_>, u64)>, Error> {
        let mut name = inside(&self.what(), name, Absolute::Refused)?;
        for _ in 0..=MAX_LINKS {
            match self.entries.get(&name) {
                None | Some(Place::Folder) => return Ok(None),
                Some(Place::Link(target)) => name.clone_from(target),
                Some(Place::File { offset, size }) => {
                    let mut file = &self.file;
                    file.seek(SeekFrom::Start(*offset)).map_err(|error| Error::io(&self.path, error))?;
                    return Ok(Some((file.take(*size), *size)));
                }
            }
        }
        Err(Error::malformed(self.what(), format!("`{}` is a link to a link without end", shown(&name))))
    }

    /// A small file as a whole.
    pub(super) fn small(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let Some((mut reader, size)) = self.file(name)? else { return Ok(None) };
        if size > limit {
            return Err(Error::TooLarge { what: format!("`{}` in {} (bytes)", shown(name), self.what()), limit });
        }
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|error| Error::io(&self.path, error))?;
        Ok(Some(bytes))
    }

    /// The same, where it must be there.
    pub(super) fn required(&self, name: &str, limit: u64) -> Result<Vec<u8>, Error> {
        self.small(name, limit)?.ok_or_else(|| self.lacks(name))
    }

    pub(super) fn lacks(&self, name: &str) -> Error {
        Error::malformed(self.what(), format!("it has no file `{}`", shown(name)))
    }
}

/// The blobs of an OCI archive.
impl BlobSource for TarFile {
    fn place(&self) -> &Path {
        &self.path
    }

    fn open_blob(&self, digest: &Digest) -> Result<Option<Blob<'_>>, Error> {
        let found = self.file(&format!("blobs/sha256/{}", digest.hex()))?;
        Ok(found.map(|(reader, size)| (Box::new(reader) as Box<dyn Read>, size)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, absolute, expected) in [
            ("a/b", Absolute::Refused, Some("a/b")),
            ("./a//b/", Absolute::Refused, Some("a/b")),
            ("./", Absolute::Refused, Some("")),
            ("/a", Absolute::Relative, Some("a")),
            ("/a", Absolute::Refused, None),
            ("a/../b", Absolute::Relative, None),
            ("..", Absolute::Relative, None),
            ("a..b/...", Absolute::Refused, Some("a..b/...")),
        ] {
            assert_eq!(inside("x", name, absolute).ok().as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn links() {
        for (name, target, expected) in [
            ("one/layer.tar", "../two/layer.tar", Some("two/layer.tar")),
            ("layer.tar", "./x.tar", Some("x.tar")),
            ("one/layer.tar", "../../x", None),
            ("one/layer.tar", "/x", None),
            ("one/layer.tar", "../../one/x", None),
        ] {
            assert_eq!(symlink_target("x", name, target).ok().as_deref(), expected, "{name} -> {target}");
        }
    }
}
