//! Buckets: places that hold objects under names, whatever they are made of.

mod folder;
mod memory;
mod object;
mod put;
mod watched;
mod write_back;

pub use object::{Attributes, Created, Expected, Generation, Object, ObjectInfo};
use put::{Checked, Input, Source, Watched, digests, exists, put};
pub use watched::Moment;

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use url::Url;

use crate::digest::{Digests, Sha256Digest};
use crate::error::{Error, Operation};
use crate::hashing::{PumpError, Stamp, blocking, pump};
use crate::name::{ObjectName, ObjectPrefix};
use crate::progress::Progress;

/// A place that holds objects; cheap to clone.
///
/// All writes are create-only or conditional, so two runs never write over each other in silence. Blocking work runs on tokio's
/// threads for it; the methods need a tokio runtime.
#[derive(Debug, Clone)]
pub struct Bucket {
    url: Url,
    backend: Arc<dyn Backend>,
}

/// An object opened for reading.
struct Opened {
    reader: Box<dyn Read + Send>,
    attributes: Attributes,
}

/// What fills a new object: writes all bytes and says what they were.
type Fill<'a> = dyn FnMut(&mut dyn Write) -> Result<Digests, Error> + 'a;

/// The blocking side of a bucket. Only [`Bucket`] calls it.
trait Backend: fmt::Debug + Send + Sync {
    /// Full address for messages.
    fn address(&self, name: &str) -> String;
    fn info(&self, name: &ObjectName) -> Result<Option<ObjectInfo>, Error>;
    fn read(&self, name: &ObjectName, limit: u64) -> Result<Option<Object>, Error>;
    fn open(&self, name: &ObjectName) -> Result<Option<Opened>, Error>;
    fn list(&self, prefix: &ObjectPrefix) -> Result<Vec<ObjectInfo>, Error>;
    /// Makes the object appear whole, or not at all; `None` when the name is taken.
    fn create(&self, name: &ObjectName, attributes: &Attributes, fill: &mut Fill<'_>)
    -> Result<Option<Digests>, Error>;
    fn replace(
        &self,
        name: &ObjectName,
        bytes: &Bytes,
        expected: &Expected,
        attributes: &Attributes,
    ) -> Result<Generation, Error>;
    fn remove(&self, name: &ObjectName, expected: Option<&Generation>) -> Result<(), Error>;
}

impl Bucket {
    /// Opens the place a URL names: `file:///absolute/folder` (made on the first write), `memory:NAME` (shared by all who open
    /// that name in this process), or `memory:` (nobody else's).
    ///
    /// # Errors
    /// [`Error::BadPlace`] for other URLs. That a folder cannot be read or written shows on use: see
    /// [`Bucket::check_writable`].
    pub fn open(url: &Url) -> Result<Self, Error> {
        let bad = |reason| Error::BadPlace { url: url.to_string(), reason };
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("a query or fragment has no meaning"));
        }
        let backend: Arc<dyn Backend> = match url.scheme() {
            "file" => {
                let root = url.to_file_path().ok().ok_or_else(|| bad("expected `file:///` and an absolute path"))?;
                Arc::new(folder::Folder::new(root))
            }
            "memory" if url.has_host() => return Err(bad("expected `memory:` and a name")),
            "memory" => memory::Memory::named(url.path().trim_matches('/')),
            _ => return Err(bad("expected `file:///…` or `memory:…`")),
        };
        Ok(Self { url: url.clone(), backend })
    }

    /// The bucket of a local folder.
    ///
    /// # Errors
    /// [`Error::BadPlace`] when the path is not absolute.
    pub fn open_folder(path: &Path) -> Result<Self, Error> {
        match Url::from_directory_path(path) {
            Ok(url) => Self::open(&url),
            Err(()) => Err(Error::BadPlace { url: path.display().to_string(), reason: "expected an absolute path" }),
        }
    }

    /// The same bucket with a watcher that is called right before and right after every change, with the full address of the
    /// object: for progress, audit and fault injection. It must not block.
    #[must_use]
    pub fn watched(&self, watch: impl Fn(Moment, &str) + Send + Sync + 'static) -> Self {
        let backend = watched::Watched { inner: Arc::clone(&self.backend), watch: Arc::new(watch) };
        Self { url: self.url.clone(), backend: Arc::new(backend) }
    }

    /// The URL it was opened by.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The full address of an object or a prefix, for messages.
    #[must_use]
    pub fn address(&self, name: &str) -> String {
        self.backend.address(name)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Backend) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let backend = Arc::clone(&self.backend);
        blocking(move || work(&*backend)).await
    }

    /// Size, generation and attributes; `None` when there is no such object.
    ///
    /// # Errors
    /// When the place cannot be read, or something that is no object is in the way.
    pub async fn info(&self, name: &ObjectName) -> Result<Option<ObjectInfo>, Error> {
        let name = name.clone();
        self.run(move |backend| backend.info(&name)).await
    }

    /// The whole object; `None` when there is no such object.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when it has more than `limit` bytes; else as [`Bucket::info`].
    pub async fn read(&self, name: &ObjectName, limit: u64) -> Result<Option<Object>, Error> {
        let name = name.clone();
        self.run(move |backend| backend.read(&name, limit)).await
    }

    /// The digests, from reading every byte; `None` when there is no such object.
    ///
    /// # Errors
    /// As [`Bucket::info`].
    pub async fn digests(&self, name: &ObjectName, progress: &Progress) -> Result<Option<Digests>, Error> {
        let (name, progress) = (name.clone(), progress.clone());
        self.run(move |backend| digests(backend, &name, &progress)).await
    }

    /// All objects below the prefix, sorted by name.
    ///
    /// # Errors
    /// When the place cannot be read, or holds what is no object (a symbolic link, a name outside the rules).
    pub async fn list(&self, prefix: &ObjectPrefix) -> Result<Vec<ObjectInfo>, Error> {
        let prefix = prefix.clone();
        self.run(move |backend| {
            let mut objects = backend.list(&prefix)?;
            objects.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(objects)
        })
        .await
    }

    /// Creates an object from memory, once.
    ///
    /// # Errors
    /// [`Error::Exists`] when other bytes are there; else when the place cannot be written.
    pub async fn create(
        &self,
        name: &ObjectName,
        bytes: impl Into<Bytes> + Send,
        attributes: &Attributes,
    ) -> Result<Created, Error> {
        let (name, attributes, bytes) = (name.clone(), attributes.clone(), bytes.into());
        self.run(move |backend| {
            let source = Source {
                open: &|| Ok(Box::new(io::Cursor::new(bytes.clone()))),
                failed: &|source| Error::io(Operation::Create, backend.address(name.as_str()), source),
            };
            put(backend, &name, &attributes, &source, &Progress::none()).map(|(created, _)| created)
        })
        .await
    }

    /// Creates an object from a local file, once: one read of the file gives the digests and the copy. Where an object with the
    /// same digests is there already, it is kept and the file is only hashed.
    ///
    /// # Errors
    /// [`Error::Exists`] when other bytes are there; [`Error::Source`] and [`Error::SourceChanged`] when the file cannot be read
    /// or is written to meanwhile; else when the place cannot be written. After an error nothing is published.
    pub async fn upload(
        &self,
        name: &ObjectName,
        path: &Path,
        attributes: &Attributes,
        progress: &Progress,
    ) -> Result<Digests, Error> {
        let (name, attributes, path, progress) = (name.clone(), attributes.clone(), path.to_owned(), progress.clone());
        self.run(move |backend| {
            let failed = |source| Error::Source { path: path.clone(), source };
            let open = || {
                let file = File::open(&path).map_err(failed)?;
                let before = Stamp::of(&file).map_err(failed)?;
                Ok(Box::new(Watched { file: before.bound(file), before, path: &path }) as Box<dyn Input>)
            };
            put(backend, &name, &attributes, &Source { open: &open, failed: &failed }, &progress)
                .map(|(_, digests)| digests)
        })
        .await
    }

    /// Writes over an object, or creates it, if it still is what the caller saw. Returns the new generation.
    ///
    /// # Errors
    /// [`Error::Moved`] when it is not; else when the place cannot be written.
    pub async fn replace(
        &self,
        name: &ObjectName,
        bytes: impl Into<Bytes> + Send,
        expected: &Expected,
        attributes: &Attributes,
    ) -> Result<Generation, Error> {
        let (name, bytes, expected, attributes) = (name.clone(), bytes.into(), expected.clone(), attributes.clone());
        self.run(move |backend| backend.replace(&name, &bytes, &expected, &attributes)).await
    }

    /// Copies an object with its attributes to another bucket, once, and publishes it only if its bytes have the expected
    /// digest. An object there that has it already is kept.
    ///
    /// The bytes are always copied, never shared by a link: nothing done to one place later alters the other.
    ///
    /// # Errors
    /// [`Error::NotFound`] without a source, [`Error::DigestMismatch`] when the source has other bytes, [`Error::Exists`] when
    /// the destination has.
    pub async fn copy(
        &self,
        from: &ObjectName,
        to_bucket: &Self,
        to: &ObjectName,
        expected: &Sha256Digest,
        progress: &Progress,
    ) -> Result<Created, Error> {
        let (from, to, expected, progress) = (from.clone(), to.clone(), *expected, progress.clone());
        let target = Arc::clone(&to_bucket.backend);
        self.run(move |source| {
            let address = source.address(from.as_str());
            if let Some(there) = digests(&*target, &to, &progress)? {
                if there.sha256 == expected {
                    return Ok(Created::Identical);
                }
                let offered = digests(source, &from, &Progress::none())?.ok_or(Error::NotFound { object: address })?;
                return Err(exists(&*target, &to, there, offered));
            }
            let not_found = || Error::NotFound { object: address.clone() };
            let attributes = source.open(&from)?.ok_or_else(not_found)?.attributes;
            let failed = |error| Error::io(Operation::Read, address.clone(), error);
            let open = || {
                let opened = source.open(&from)?.ok_or_else(not_found)?;
                Ok(Box::new(Checked { reader: opened.reader, expected, object: &address }) as Box<dyn Input>)
            };
            put(&*target, &to, &attributes, &Source { open: &open, failed: &failed }, &progress)
                .map(|(created, _)| created)
        })
        .await
    }

    /// Removes an object.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none; else when the place cannot be written.
    pub async fn remove(&self, name: &ObjectName) -> Result<(), Error> {
        let name = name.clone();
        self.run(move |backend| backend.remove(&name, None)).await
    }

    /// Removes an object if it still is what the caller saw.
    ///
    /// # Errors
    /// [`Error::Moved`] when it is not, also when there is none.
    pub async fn remove_if(&self, name: &ObjectName, generation: &Generation) -> Result<(), Error> {
        let (name, generation) = (name.clone(), generation.clone());
        self.run(move |backend| backend.remove(&name, Some(&generation))).await
    }

    /// Finds out whether objects can be made here, by making one and removing it.
    ///
    /// # Errors
    /// Why not.
    pub async fn check_writable(&self) -> Result<(), Error> {
        static PROBES: AtomicU64 = AtomicU64::new(0);
        let probe = format!(".write-check-{}-{}", std::process::id(), PROBES.fetch_add(1, Ordering::Relaxed));
        let probe: ObjectName = probe.parse()?;
        self.create(&probe, "probe\n", &Attributes::default()).await?;
        self.remove(&probe).await
    }

    /// Writes the object to a local file, whole or not at all; a file already there is replaced.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, [`Error::Target`] when the file cannot be written.
    pub async fn download(&self, name: &ObjectName, path: &Path, progress: &Progress) -> Result<Digests, Error> {
        let (name, path, progress) = (name.clone(), path.to_owned(), progress.clone());
        self.run(move |backend| {
            let address = backend.address(name.as_str());
            let mut opened = backend.open(&name)?.ok_or_else(|| Error::NotFound { object: address.clone() })?;
            let failed = |source| Error::Target { path: path.clone(), source };
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mut file = tempfile::Builder::new()
                .prefix(".download-")
                .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
                .tempfile_in(folder)
                .map_err(failed)?;
            let digests = match pump(&mut opened.reader, &mut file, &progress) {
                Ok(digests) => digests,
                Err(PumpError::Read(error)) => return Err(Error::io(Operation::Read, address, error)),
                Err(PumpError::Write(error)) => return Err(failed(error)),
            };
            file.as_file().sync_all().map_err(failed)?;
            file.persist(&path).map_err(|error| failed(error.error))?;
            Ok(digests)
        })
        .await
    }
}

/// The object in memory, if it is not larger than the limit.
fn limited(object: String, size: u64, limit: u64) -> Result<(), Error> {
    if size > limit { Err(Error::TooLarge { object, size, limit }) } else { Ok(()) }
}

/// Refuses unless what is found is what was expected.
fn check_expected(object: String, expected: &Expected, found: Option<Generation>) -> Result<(), Error> {
    if Expected::of(found.as_ref()) == *expected {
        return Ok(());
    }
    Err(Error::Moved { object, expected: expected.clone(), found })
}
