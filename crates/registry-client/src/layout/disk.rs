//! The files of a layout. Everything here blocks.
//!
//! ```text
//! <folder>/oci-layout          the version; writers of index.json hold a lock on it
//! <folder>/index.json          the tags, replaced as a whole
//! <folder>/blobs/sha256/<hex>  written once, under their digest
//! <folder>/.tmp/               blobs being written; writers share a lock on it, and who has it alone sweeps
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::copy::{Blob, BlobSource};
use crate::descriptor::{Descriptor, REF_NAME};
use crate::digest::Digest;
use crate::document::{MAX_MANIFEST_BYTES, Manifest};
use crate::error::Error;
use crate::media_type::MediaType;
use crate::name::Tag;
use crate::stream::{BLOCK, HashingWriter};

/// The content of `oci-layout`.
pub(crate) const LAYOUT_FILE: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
}

/// Whether `index.json` names images that an archive or a layout should have.
#[derive(Debug)]
pub(crate) struct IndexFile {
    document: serde_json::Map<String, Value>,
    pub(crate) entries: Vec<Descriptor>,
}

impl IndexFile {
    pub(crate) fn parse(what: &str, bytes: &[u8]) -> Result<Self, Error> {
        let malformed = |reason: String| Error::malformed(what, reason);
        if bytes.len() as u64 > MAX_MANIFEST_BYTES {
            return Err(Error::TooLarge { what: format!("{what} (bytes)"), limit: MAX_MANIFEST_BYTES });
        }
        let Manifest::Index(index) = Manifest::parse(bytes.to_vec(), Some(&MediaType::OciIndex))? else {
            return Err(malformed("it is no index".into()));
        };
        let document = serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        let file = Self { document, entries: index.manifests().to_vec() };
        let mut names: Vec<&str> = file.entries.iter().filter_map(name_of).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(malformed(format!("it names `{}` twice", twice[0].escape_debug())));
        }
        Ok(file)
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Descriptor> {
        self.entries.iter().find(|entry| name_of(entry) == Some(name))
    }

    /// The document with this image under this name, and all else as it was; named images are sorted by name.
    fn with(&self, tag: &Tag, image: &Descriptor) -> Vec<u8> {
        let mut image = image.clone();
        image.annotations.insert(REF_NAME.into(), tag.to_string());
        let name = |entry: &Value| {
            entry.get("annotations")?.get(REF_NAME)?.as_str().map(str::to_owned).filter(|n| !n.is_empty())
        };
        let mut document = self.document.clone();
        let entries = document.get_mut("manifests").and_then(Value::as_array_mut).expect("an index has manifests");
        entries.retain(|entry| name(entry).as_deref() != Some(tag.as_str()));
        entries.push(serde_json::to_value(image).expect("a descriptor is texts and numbers"));
        entries.sort_by_key(name);
        serde_json::to_vec(&document).expect("it was read from JSON")
    }
}

/// The name of an image in an index file.
pub(crate) fn name_of(entry: &Descriptor) -> Option<&str> {
    entry.annotations.get(REF_NAME).map(String::as_str).filter(|name| !name.is_empty())
}

/// An index file that names nothing.
fn empty_index() -> Vec<u8> {
    let document = json!({"schemaVersion": 2, "mediaType": MediaType::OciIndex.as_str(), "manifests": []});
    serde_json::to_vec(&document).expect("it is texts and numbers")
}

/// An index file with this image only.
pub(crate) fn index_of(image: &Descriptor, tag: Option<&Tag>) -> Vec<u8> {
    let mut image = image.clone();
    image.annotations.remove(REF_NAME);
    image.annotations.extend(tag.map(|tag| (REF_NAME.to_owned(), tag.to_string())));
    let file = json!({"schemaVersion": 2, "mediaType": MediaType::OciIndex.as_str(), "manifests": [image]});
    serde_json::to_vec(&file).expect("it is texts and numbers")
}

impl Disk {
    pub(crate) fn create(folder: &Path) -> Result<Self, Error> {
        let disk = Self { folder: folder.to_owned() };
        for part in ["blobs/sha256", ".tmp"] {
            let path = folder.join(part);
            fs::create_dir_all(&path).map_err(|error| Error::io(&path, error))?;
        }
        disk.sweep()?;
        // index.json first: who finds `oci-layout` finds a whole layout.
        for (name, bytes) in [("index.json", &*empty_index()), ("oci-layout", LAYOUT_FILE.as_bytes())] {
            let path = folder.join(name);
            if !path.exists() {
                let (file, _guard) = disk.temp(bytes)?;
                match file.persist_noclobber(&path) {
                    Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(Error::io(&path, error.error));
                    }
                    _ => {}
                }
            }
        }
        disk.sync_folder(folder)?;
        Self::open(folder)
    }

    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let disk = Self { folder: folder.to_owned() };
        let not = |reason: String| Error::NotLayout { folder: folder.to_owned(), reason };
        let bytes = match disk.small(&folder.join("oci-layout")) {
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(not("it has no file `oci-layout`".into()));
            }
            other => other?,
        };
        check_layout_file(&bytes).map_err(not)?;
        disk.index()?;
        Ok(disk)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join("blobs/sha256").join(digest.hex())
    }

    fn what(&self, digest: &Digest) -> String {
        format!("`{}`", self.path(digest).display())
    }

    /// A file that is no blob, as a whole.
    fn small(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let failed = |error| Error::io(path, error);
        let file = open_plain(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(MAX_MANIFEST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    pub(crate) fn index(&self) -> Result<IndexFile, Error> {
        let path = self.folder.join("index.json");
        IndexFile::parse(&format!("`{}`", path.display()), &self.small(&path)?)
    }

    fn sync_folder(&self, folder: &Path) -> Result<(), Error> {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Error::io(folder, error))
    }

    /// The shared right to write in `.tmp`; it ends with the file.
    fn guard(&self) -> Result<File, Error> {
        let path = self.folder.join(".tmp");
        let failed = |error| Error::io(&path, error);
        // A layout that another program made has no such folder.
        fs::create_dir_all(&path).map_err(failed)?;
        let folder = File::open(&path).map_err(failed)?;
        folder.lock_shared().map_err(failed)?;
        Ok(folder)
    }

    /// Removes what killed writers left; not while others write.
    fn sweep(&self) -> Result<(), Error> {
        let path = self.folder.join(".tmp");
        let failed = |error| Error::io(&path, error);
        let folder = File::open(&path).map_err(failed)?;
        if folder.try_lock().is_ok() {
            for entry in fs::read_dir(&path).map_err(failed)? {
                let left = entry.map_err(failed)?.path();
                fs::remove_file(&left).map_err(|error| Error::io(&left, error))?;
            }
        }
        Ok(())
    }

    fn temp_file(&self) -> Result<NamedTempFile, Error> {
        let path = self.folder.join(".tmp");
        tempfile::Builder::new()
            .prefix("blob-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(&path)
            .map_err(|error| Error::io(&path, error))
    }

    /// A synced temporary file with these bytes, and the right to it.
    fn temp(&self, bytes: &[u8]) -> Result<(NamedTempFile, File), Error> {
        let guard = self.guard()?;
        let mut file = self.temp_file()?;
        let written = file.write_all(bytes).and_then(|()| file.as_file().sync_all());
        written.map_err(|error| Error::io(file.path(), error))?;
        Ok((file, guard))
    }

    /// Begins a new blob.
    pub(crate) fn writer(&self) -> Result<BlobWriter<'_>, Error> {
        let guard = self.guard()?;
        let file = BufWriter::with_capacity(BLOCK, self.temp_file()?);
        Ok(BlobWriter { disk: self, out: HashingWriter::new(file), _guard: guard })
    }

    /// Adds a small blob.
    pub(crate) fn put(&self, bytes: &[u8]) -> Result<Digest, Error> {
        let digest = Digest::of(bytes);
        if self.size(&digest)?.is_some_and(|size| size == bytes.len() as u64) {
            return Ok(digest);
        }
        let mut writer = self.writer()?;
        writer.write_all(bytes).map_err(|error| Error::io(&self.path(&digest), error))?;
        writer.finish(|_, _| Ok(())).map(|(digest, _)| digest)
    }

    /// The size of a blob, if it is there.
    pub(crate) fn size(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        let path = self.path(digest);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Ok(Some(metadata.len())),
            Ok(_) => Err(Error::malformed(self.what(digest), "it is no plain file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(&path, error)),
        }
    }

    /// That a blob is there with the size its descriptor gives.
    pub(crate) fn require(&self, blob: &Descriptor) -> Result<(), Error> {
        match self.size(&blob.digest)? {
            Some(size) if size == blob.size => Ok(()),
            Some(found) => Err(Error::SizeMismatch { what: self.what(&blob.digest), expected: blob.size, found }),
            None if blob.media_type.is_foreign() => Ok(()),
            None => Err(Error::MissingBlob { place: self.folder.clone(), digest: blob.digest }),
        }
    }

    /// Gives an image a name, if the name still points to what the caller last saw.
    pub(crate) fn tag(&self, tag: &Tag, image: &Descriptor, expected: Option<&Digest>) -> Result<(), Error> {
        let manifest = crate::copy::read_manifest(self, image)?;
        manifest.children().try_for_each(|child| self.require(child))?;
        let lock = self.folder.join("oci-layout");
        let locked = File::open(&lock).and_then(|file| file.lock().map(|()| file));
        let _locked = locked.map_err(|error| Error::io(&lock, error))?;
        let index = self.index()?;
        let found = index.named(tag.as_str()).map(|entry| entry.digest);
        if found == Some(image.digest) {
            return Ok(());
        }
        if found.as_ref() != expected {
            let (place, tag) = (self.folder.clone(), tag.clone());
            return Err(Error::Moved { place, tag, expected: expected.copied(), found });
        }
        let path = self.folder.join("index.json");
        let (file, _guard) = self.temp(&index.with(tag, image))?;
        file.persist(&path).map_err(|error| Error::io(&path, error.error))?;
        self.sync_folder(&self.folder)
    }
}

/// What is wrong with the content of a file `oci-layout`.
pub(crate) fn check_layout_file(bytes: &[u8]) -> Result<(), String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        image_layout_version: String,
    }
    let version: Version =
        serde_json::from_slice(bytes).map_err(|error| format!("its `oci-layout` is malformed: {error}"))?;
    match &*version.image_layout_version {
        "1.0.0" => Ok(()),
        other => Err(format!("it has the layout version `{}`, expected `1.0.0`", other.escape_debug())),
    }
}

/// Opens a file for reading unless it is something that could block, such as a pipe.
pub(crate) fn open_plain(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"));
    }
    File::open(path)
}

impl BlobSource for Disk {
    fn place(&self) -> &Path {
        &self.folder
    }

    fn open_blob(&self, digest: &Digest) -> Result<Option<Blob<'_>>, Error> {
        let path = self.path(digest);
        match self.size(digest)? {
            None => Ok(None),
            Some(size) => {
                let file = File::open(&path).map_err(|error| Error::io(&path, error))?;
                Ok(Some((Box::new(file), size)))
            }
        }
    }
}

/// A blob being written; hashed on the way, and gone when dropped before [`finish`](Self::finish).
pub(crate) struct BlobWriter<'a> {
    disk: &'a Disk,
    out: HashingWriter<BufWriter<NamedTempFile>>,
    _guard: File,
}

impl Write for BlobWriter<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.out.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl BlobWriter<'_> {
    /// Gives the blob its name, unless it is there already or `accept` refuses it, and returns its digest and size.
    pub(crate) fn finish(self, accept: impl FnOnce(&Digest, u64) -> Result<(), Error>) -> Result<(Digest, u64), Error> {
        let (out, digest, size) = self.out.finish();
        let path = self.disk.path(&digest);
        let failed = |error| Error::io(&path, error);
        let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        accept(&digest, size)?;
        let there = self.disk.size(&digest)?;
        if there == Some(size) {
            return Ok((digest, size));
        }
        file.as_file().sync_all().map_err(failed)?;
        // Blobs appear whole, so another size means that someone damaged it: the right bytes heal it.
        let placed = if there.is_some() { file.persist(&path) } else { file.persist_noclobber(&path) };
        match placed {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error.error)),
            _ => {}
        }
        self.disk.sync_folder(&self.disk.folder.join("blobs/sha256"))?;
        Ok((digest, size))
    }
}

/// Names in an index file, sorted; those that are no tags are left out.
pub(crate) fn tags(index: &IndexFile) -> BTreeMap<Tag, Descriptor> {
    let tagged = index.entries.iter().filter_map(|entry| Some((name_of(entry)?.parse().ok()?, entry.clone())));
    tagged.collect()
}
