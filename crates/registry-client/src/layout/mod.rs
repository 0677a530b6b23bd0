//! Layouts: images in a folder.

mod disk;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

pub(crate) use disk::{BlobWriter, Disk, IndexFile, LAYOUT_FILE, check_layout_file, index_of, name_of, open_plain};

use crate::builder::find_base;
use crate::copy::{self, Copied, Verification};
use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::document::{ImageConfig, ImageIndex, ImageManifest, MAX_CONFIG_BYTES, Manifest};
use crate::error::Error;
use crate::name::Tag;
use crate::platform::Platform;
use crate::stream::blocking;

/// A folder with images in the layout of the OCI image specification. Cheap to clone.
///
/// Blobs are written once, under their digest; tags change only from what the caller last saw, under a lock. A process killed at
/// any point leaves each file whole, old or new.
#[derive(Debug, Clone)]
pub struct OciLayout {
    pub(crate) disk: Arc<Disk>,
}

impl OciLayout {
    /// Opens the layout in this folder, or makes an empty one.
    ///
    /// # Errors
    /// When the folder holds another kind of layout, or cannot be used.
    pub async fn create(folder: &Path) -> Result<Self, Error> {
        let folder = folder.to_owned();
        blocking(move || Ok(Self { disk: Arc::new(Disk::create(&folder)?) })).await
    }

    /// Opens the layout in this folder.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub async fn open(folder: &Path) -> Result<Self, Error> {
        let folder = folder.to_owned();
        blocking(move || Ok(Self { disk: Arc::new(Disk::open(&folder)?) })).await
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.disk.folder()
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Disk) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let disk = Arc::clone(&self.disk);
        blocking(move || work(&disk)).await
    }

    /// Adds a small blob, if it is not there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put_blob(&self, bytes: Bytes) -> Result<Digest, Error> {
        self.with(move |disk| disk.put(&bytes)).await
    }

    /// Adds the bytes of a file as a blob, if they are those that are expected; nothing is there otherwise.
    ///
    /// # Errors
    /// When digest or size differ, or a file cannot be read or written.
    pub async fn put_blob_file(&self, file: &Path, expected: &Descriptor) -> Result<(), Error> {
        let (file, expected) = (file.to_owned(), expected.clone());
        self.with(move |disk| copy::put_file(disk, &file, &expected)).await
    }

    /// Adds a manifest or an index, byte for byte, whose children are there already.
    ///
    /// # Errors
    /// When a child is missing or has another size.
    pub async fn put_manifest(&self, manifest: &Manifest) -> Result<Descriptor, Error> {
        let manifest = manifest.clone();
        self.with(move |disk| {
            manifest.children().try_for_each(|child| disk.require(child))?;
            disk.put(manifest.bytes())?;
            Ok(manifest.descriptor())
        })
        .await
    }

    /// Adds an index whose images are there already.
    ///
    /// # Errors
    /// When an image is missing or has another size.
    pub async fn put_index(&self, index: &ImageIndex) -> Result<Descriptor, Error> {
        self.put_manifest(&Manifest::Index(index.clone())).await
    }

    /// The size of a blob in bytes; `None` when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn blob_size(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        let digest = *digest;
        self.with(move |disk| disk.size(&digest)).await
    }

    /// The bytes of a blob, checked against its digest.
    ///
    /// # Errors
    /// When it is missing, larger than `limit` bytes, or has another digest.
    pub async fn read_blob(&self, digest: &Digest, limit: u64) -> Result<Bytes, Error> {
        let digest = *digest;
        self.with(move |disk| copy::read_bounded(disk, &digest, limit)).await
    }

    /// The manifest or index that this points to, checked against digest and size.
    ///
    /// # Errors
    /// When it is missing, damaged, too large or no manifest.
    pub async fn manifest(&self, image: &Descriptor) -> Result<Manifest, Error> {
        let image = image.clone();
        self.with(move |disk| copy::read_manifest(disk, &image)).await
    }

    /// The config of an image, checked against its digest.
    ///
    /// # Errors
    /// When it is missing, damaged, too large or no config.
    pub async fn config(&self, image: &ImageManifest) -> Result<ImageConfig, Error> {
        let digest = image.config().digest;
        self.with(move |disk| ImageConfig::parse(copy::read_bounded(disk, &digest, MAX_CONFIG_BYTES)?)).await
    }

    /// All images that `index.json` lists, also those without a name or with one that is no tag.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub async fn images(&self) -> Result<Vec<Descriptor>, Error> {
        self.with(|disk| Ok(disk.index()?.entries)).await
    }

    /// All tags with what they point to.
    ///
    /// # Errors
    /// When `index.json` cannot be read or understood.
    pub async fn tags(&self) -> Result<BTreeMap<Tag, Descriptor>, Error> {
        self.with(|disk| Ok(disk::tags(&disk.index()?))).await
    }

    /// What a tag points to; `None` when there is no such tag.
    ///
    /// # Errors
    /// When `index.json` cannot be read or understood.
    pub async fn resolve(&self, tag: &Tag) -> Result<Option<Descriptor>, Error> {
        let tag = tag.clone();
        self.with(move |disk| Ok(disk.index()?.named(tag.as_str()).cloned())).await
    }

    /// Points a tag to an image or index that is there with all its children. `expected` is what the tag points to now, as the
    /// caller last saw it. A tag that points to the image already is left alone.
    ///
    /// # Errors
    /// [`Error::Moved`] when the tag points elsewhere, [`Error::MissingBlob`] when the image is not whole.
    pub async fn tag(&self, tag: &Tag, image: &Descriptor, expected: Option<&Digest>) -> Result<(), Error> {
        let (tag, image, expected) = (tag.clone(), image.clone(), expected.copied());
        self.with(move |disk| disk.tag(&tag, &image, expected.as_ref())).await
    }

    /// Copies an image, or an index with all its images, into another layout, byte for byte and children first. Blobs that are
    /// there are not copied again; every copied byte is checked against its digest. The tag is for the caller to set.
    ///
    /// # Errors
    /// When something is missing or damaged here, or cannot be written there.
    pub async fn copy_to(&self, image: &Descriptor, target: &Self) -> Result<Copied, Error> {
        let (image, target) = (image.clone(), Arc::clone(&target.disk));
        self.with(move |disk| copy::copy_image(disk, &image, &target)).await
    }

    /// The image that [`ImageBuilder::base`](crate::ImageBuilder::base) would build on: this one, or the one for the platform in this index,
    /// with its config read and its layers there.
    ///
    /// # Errors
    /// [`Error::BasePlatform`] when there is none for the platform, or when something is missing or damaged.
    pub async fn base_for(&self, image: &Descriptor, platform: &Platform) -> Result<Descriptor, Error> {
        let (image, platform) = (image.clone(), platform.clone());
        self.with(move |disk| {
            let base = find_base(disk, &image, &platform)?.manifest;
            base.layers().iter().try_for_each(|layer| disk.require(layer))?;
            Ok(base.descriptor())
        })
        .await
    }

    /// Lists an image or index with all it points to, each blob once, and verifies it.
    ///
    /// # Errors
    /// When something is missing, damaged or malformed.
    pub async fn walk(&self, image: &Descriptor, verification: Verification) -> Result<Vec<Descriptor>, Error> {
        let image = image.clone();
        self.with(move |disk| copy::walk(disk, &image, verification)).await
    }
}
