//! The archives of `docker save` and `docker load`.

use std::collections::BTreeSet;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use tar::{Archive, EntryType};

use super::ArchiveLimits;
use super::tar_file::{Absolute, RawEntry, TarFile, for_each, inside, shown};
use super::write::TarWriter;
use crate::copy::{BlobSource, read_bounded, read_manifest};
use crate::descriptor::{Descriptor, or_default};
use crate::digest::Digest;
use crate::document::{ImageConfig, ImageManifest, MAX_CONFIG_BYTES, MAX_MANIFEST_BYTES, Manifest};
use crate::error::Error;
use crate::layer::{Compression, Pack};
use crate::layout::{Disk, OciLayout};
use crate::media_type::MediaType;
use crate::name::ImageReference;
use crate::platform::Platform;
use crate::stream::{BLOCK, CopyError, HashingWriter, Tee, blocking, copy};

/// How an archive is read.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ArchiveOptions {
    /// How layers that are not compressed are stored.
    pub compression: Compression,
    /// What is accepted.
    pub limits: ArchiveLimits,
}

impl ArchiveOptions {
    /// Options with the usual limits.
    pub fn new(compression: Compression) -> Self {
        Self { compression, limits: ArchiveLimits::default() }
    }
}

/// An image that was read from an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadedImage {
    /// Its manifest in the layout.
    pub image: Descriptor,
    /// What it runs on.
    pub platform: Platform,
    /// Its config, byte for byte that of the archive: the image id of Docker.
    pub config: Digest,
    /// The name it has in the archive, such as `k8s.gcr.io/kube-apiserver-amd64:v1.19.0`.
    pub name: ImageReference,
}

/// An entry of `manifest.json`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    config: String,
    #[serde(default, deserialize_with = "or_default")]
    repo_tags: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    layers: Vec<String>,
}

/// Reads the one image of a docker archive into a layout, without pointing a tag to it.
///
/// The config is kept byte for byte, every layer is compared with the digest that the config gives, and each byte is read once. The
/// manifest is an OCI manifest; equal archives give equal manifests.
///
/// # Errors
/// [`Error::ImageCount`] and [`Error::TagCount`] unless there is one image with one tag, [`Error::ClimbsOut`] when an entry of the
/// archive or of a layer leads out of its root, and when the archive is damaged, ambiguous or exceeds a limit.
pub async fn read_docker_archive(
    archive: &Path,
    layout: &OciLayout,
    options: ArchiveOptions,
) -> Result<LoadedImage, Error> {
    let (archive, layout) = (archive.to_owned(), Arc::clone(&layout.disk));
    blocking(move || read(&archive, &layout, options)).await
}

fn read(path: &Path, layout: &Disk, options: ArchiveOptions) -> Result<LoadedImage, Error> {
    let limits = options.limits;
    let archive = TarFile::open(path, &limits)?;
    let json = archive.required("manifest.json", MAX_MANIFEST_BYTES)?;
    let mut images: Vec<Image> = serde_json::from_slice(&json)
        .map_err(|error| Error::malformed(format!("`manifest.json` in {}", archive.what()), error.to_string()))?;
    let (image, name) = match (images.pop(), images.is_empty()) {
        (Some(image), true) => match &image.repo_tags[..] {
            [tag] => {
                let name: ImageReference = tag.parse()?;
                if name.tag().is_none() || name.digest().is_some() {
                    return Err(Error::malformed(archive.what(), format!("its name `{name}` is no tag")));
                }
                (image, name)
            }
            tags => return Err(Error::TagCount { archive: path.to_owned(), tags: tags.to_vec() }),
        },
        (last, _) => {
            let (found, all) = (images.len() + usize::from(last.is_some()), images.iter().chain(&last));
            let names = all.flat_map(|image| image.repo_tags.iter().cloned()).collect();
            return Err(Error::ImageCount { archive: path.to_owned(), found, names });
        }
    };
    let config = ImageConfig::parse(archive.required(&image.config, MAX_CONFIG_BYTES)?)?;
    check_name(&archive, &image.config, &config)?;
    let diff_ids = config.diff_ids();
    if diff_ids.len() != image.layers.len() || diff_ids.is_empty() {
        let reason = format!("it holds {} layers, and its config names {}", image.layers.len(), diff_ids.len());
        return Err(Error::malformed(archive.what(), reason));
    }
    if diff_ids.len() > limits.layers {
        return Err(Error::TooLarge { what: format!("{} (layers)", archive.what()), limit: limits.layers as u64 });
    }
    let mut left = limits.image_bytes;
    let mut layers: Vec<Descriptor> = Vec::new();
    for (index, (file, diff_id)) in image.layers.iter().zip(diff_ids).enumerate() {
        // An empty layer may be there more than once.
        let same = (0..index).find(|other| image.layers[*other] == *file && diff_ids[*other] == *diff_id);
        let layer = match same {
            Some(other) => layers[other].clone(),
            None => LayerReader { archive: &archive, file, diff_id, options: &options }.read(layout, &mut left)?,
        };
        layers.push(layer);
    }
    let (digest, size) = (layout.put(config.bytes())?, config.bytes().len() as u64);
    let manifest =
        ImageManifest::render(Descriptor::new(MediaType::OciConfig, digest, size), layers, Default::default());
    layout.put(manifest.bytes())?;
    Ok(LoadedImage { image: manifest.descriptor(), platform: config.platform().clone(), config: digest, name })
}

/// A config is called after its digest, in either way of naming.
fn check_name(archive: &TarFile, file: &str, config: &ImageConfig) -> Result<(), Error> {
    let name = file.rsplit('/').next().unwrap_or(file);
    match format!("sha256:{}", name.strip_suffix(".json").unwrap_or(name)).parse::<Digest>() {
        Ok(expected) if expected != *config.digest() => Err(Error::DigestMismatch {
            what: format!("`{}` in {}", shown(file), archive.what()),
            expected,
            found: *config.digest(),
        }),
        _ => Ok(()),
    }
}

struct LayerReader<'a> {
    archive: &'a TarFile,
    file: &'a str,
    diff_id: &'a Digest,
    options: &'a ArchiveOptions,
}

impl LayerReader<'_> {
    fn what(&self) -> String {
        format!("the layer `{}` in {}", shown(self.file), self.archive.what())
    }

    fn read(&self, layout: &Disk, left: &mut u64) -> Result<Descriptor, Error> {
        let Some((reader, _)) = self.archive.file(self.file)? else { return Err(self.archive.lacks(self.file)) };
        let failed = |error| Error::reading(self.archive.path(), &self.what(), error);
        let mut reader = BufReader::with_capacity(BLOCK, reader);
        let start = io::BufRead::fill_buf(&mut reader).map_err(failed)?;
        if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            return Err(Error::Unsupported { what: self.what(), media_type: MediaType::OciLayerZstd });
        }
        if !start.starts_with(&[0x1f, 0x8b]) {
            let mut tee = Tee::new(reader, Pack::new(layout, self.options.compression)?);
            let checked = self.check(&mut tee, left);
            self.outcome(layout, checked, tee.failed)?;
            return tee.writer.finish(layout, |found| self.compare(*found)).map(|(blob, _)| blob);
        }
        // A layer that is compressed already stays as it is.
        let mut raw = Tee::new(reader, layout.writer()?);
        let mut plain =
            Tee::new(MultiGzDecoder::new(BufReader::with_capacity(BLOCK, &mut raw)), HashingWriter::new(io::sink()));
        let checked = self.check(&mut plain, left);
        let (_, found, _) = plain.writer.finish();
        drop(plain.reader);
        self.outcome(layout, checked, raw.failed)?;
        self.compare(found)?;
        let (digest, size) = raw.writer.finish(|_, _| Ok(()))?;
        Ok(Descriptor::new(MediaType::OciLayerGzip, digest, size))
    }

    /// Reads a layer to its end, and looks at the names in it.
    fn check(&self, plain: &mut impl Read, left: &mut u64) -> Result<(), Error> {
        let what = self.what();
        let limit = self.options.limits.layer_bytes.min(*left);
        // One more, so that a layer of just that size is told from a longer one.
        let cap = limit.saturating_add(1);
        let mut bounded = plain.take(cap);
        let mut archive = Archive::new(&mut bounded);
        let failed = |error| Error::reading(self.archive.path(), &what, error);
        let entries = archive.entries().map_err(failed)?;
        let scanned = for_each(entries, &what, self.archive.path(), self.options.limits.layer_entries, &mut |entry| {
            check_entry(&what, &entry)
        });
        // What follows the end of the tar file belongs to the layer as well.
        let drained = scanned.and_then(|()| match copy(&mut bounded, &mut io::sink()) {
            Ok(_) => Ok(()),
            Err(CopyError::Read(error) | CopyError::Write(error)) => Err(failed(error)),
        });
        if bounded.limit() == 0 {
            return Err(Error::TooLarge { what: format!("{what} (bytes)"), limit });
        }
        *left -= cap - bounded.limit();
        drained
    }

    /// A failure to write explains one to read.
    fn outcome(&self, layout: &Disk, checked: Result<(), Error>, written: Option<io::Error>) -> Result<(), Error> {
        match written {
            Some(error) => Err(Error::io(layout.folder(), error)),
            None => checked,
        }
    }

    fn compare(&self, found: Digest) -> Result<(), Error> {
        match found == *self.diff_id {
            true => Ok(()),
            false => Err(Error::DigestMismatch { what: self.what(), expected: *self.diff_id, found }),
        }
    }
}

/// Names and hard links stay below the root. Symbolic links may point anywhere: who follows one does so within the image.
fn check_entry(what: &str, entry: &RawEntry) -> Result<(), Error> {
    inside(what, &entry.name, Absolute::Relative)?;
    match (&entry.link, entry.kind) {
        (Some(target), EntryType::Link) => inside(what, target, Absolute::Relative).map(drop),
        _ => Ok(()),
    }
}

/// Writes one image of a layout as a docker archive under this name, as `docker load` and `skopeo` read it, and returns the size of
/// the file. Layers are unpacked and compared with the config; equal images give equal files. A file that is there is replaced.
///
/// # Errors
/// When `image` is no image for one platform, a layer is damaged or of a kind that Docker does not load, or a file cannot be read or
/// written.
pub async fn write_docker_archive(
    layout: &OciLayout,
    image: &Descriptor,
    name: &ImageReference,
    archive: &Path,
) -> Result<u64, Error> {
    let (layout, image, name, archive) = (Arc::clone(&layout.disk), image.clone(), name.clone(), archive.to_owned());
    blocking(move || write(&layout, &image, &name, &archive)).await
}

fn write(layout: &Disk, image: &Descriptor, name: &ImageReference, path: &Path) -> Result<u64, Error> {
    if name.tag().is_none() || name.digest().is_some() {
        return Err(Error::malformed(format!("the name `{name}` for `{}`", path.display()), "it is no tag"));
    }
    let Manifest::Image(manifest) = read_manifest(layout, image)? else {
        let what = format!("{} in `{}`", image.digest, layout.folder().display());
        return Err(Error::Unsupported { what, media_type: image.media_type.clone() });
    };
    let config = ImageConfig::parse(read_bounded(layout, &manifest.config().digest, MAX_CONFIG_BYTES)?)?;
    if config.diff_ids().len() != manifest.layers().len() {
        let reason =
            format!("its config names {} layers, the manifest {}", config.diff_ids().len(), manifest.layers().len());
        return Err(Error::malformed(format!("the image {}", manifest.digest()), reason));
    }
    let mut out = TarWriter::create(path)?;
    let config_file = format!("{}.json", config.digest().hex());
    out.add(&config_file, config.bytes())?;
    let mut written = BTreeSet::new();
    for (layer, diff_id) in manifest.layers().iter().zip(config.diff_ids()) {
        if written.insert(diff_id) {
            out.add_with(&layer_file(diff_id), |out| unpack(layout, layer, diff_id, out))?;
        }
    }
    let images = [Image {
        config: config_file,
        repo_tags: vec![name.to_string()],
        layers: config.diff_ids().iter().map(layer_file).collect(),
    }];
    out.add("manifest.json", &serde_json::to_vec(&images).expect("it is texts"))?;
    out.finish()
}

fn layer_file(diff_id: &Digest) -> String {
    format!("{}.tar", diff_id.hex())
}

fn unpack(layout: &Disk, layer: &Descriptor, diff_id: &Digest, out: &mut TarWriter) -> Result<(), Error> {
    let reader = BufReader::with_capacity(BLOCK, layout.open_required(layer)?);
    let what = format!("the layer {} in `{}`", layer.digest, layout.folder().display());
    let target = out.target().to_owned();
    let mut reader: Box<dyn Read> = match layer.media_type {
        MediaType::OciLayer | MediaType::DockerLayer => Box::new(reader),
        MediaType::OciLayerGzip | MediaType::DockerLayerGzip => Box::new(MultiGzDecoder::new(reader)),
        _ => return Err(Error::Unsupported { what, media_type: layer.media_type.clone() }),
    };
    let mut hasher = HashingWriter::new(out);
    copy(&mut *reader, &mut hasher).map_err(|error| match error {
        CopyError::Read(error) => Error::reading(layout.folder(), &what, error),
        CopyError::Write(error) => Error::io(&target, error),
    })?;
    match hasher.finish() {
        (_, found, _) if found == *diff_id => Ok(()),
        (_, found, _) => Err(Error::DigestMismatch { what, expected: *diff_id, found }),
    }
}
