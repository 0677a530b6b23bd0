//! Images made of a base and files, without a daemon.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::copy::{Copied, copy_blob, read_bounded, read_manifest};
use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::document::{History, ImageConfig, ImageManifest, MAX_CONFIG_BYTES, Manifest};
use crate::error::Error;
use crate::layer::{Compression, Layer, write_layer};
use crate::layout::{Disk, OciLayout};
use crate::media_type::MediaType;
use crate::platform::Platform;
use crate::stream::blocking;

/// Describes an image; [`build`](Self::build) writes it into a layout.
///
/// Equal input gives equal bytes, on any machine, with one version of this library.
#[derive(Debug, Clone)]
pub struct ImageBuilder {
    platform: Platform,
    created: Timestamp,
    base: Option<(OciLayout, Descriptor)>,
    layers: Vec<Layer>,
    compression: Compression,
    user: Option<String>,
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    working_dir: Option<String>,
    env: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

/// An image in a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuiltImage {
    /// Its manifest.
    pub image: Descriptor,
    /// What it runs on.
    pub platform: Platform,
    /// Its config: the image id of Docker.
    pub config: Digest,
    /// Bytes read from local files, each once; the base is not counted.
    pub bytes_read: u64,
    /// Bytes of the new layers, as stored.
    pub bytes_stored: u64,
}

impl ImageBuilder {
    /// An image from `scratch`. `created` is the time in the config and of every file, there in whole seconds.
    pub fn new(platform: Platform, created: Timestamp) -> Self {
        Self {
            platform,
            created,
            base: None,
            layers: Vec::new(),
            compression: Compression::default(),
            user: None,
            entrypoint: None,
            cmd: None,
            working_dir: None,
            env: BTreeMap::new(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        }
    }

    /// Starts from this image, or from the one for the platform in this index. Layers, config and history are taken over.
    pub fn base(mut self, layout: &OciLayout, image: &Descriptor) -> Self {
        self.base = Some((layout.clone(), image.clone()));
        self
    }

    /// Adds a layer on top.
    pub fn layer(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    /// How new layers are stored; gzip unless said otherwise.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// User and group, by name or number, such as `65532:65532`.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// The program with its first arguments. The further arguments of the base are dropped, as they belong to its program.
    pub fn entrypoint<T: Into<String>>(mut self, words: impl IntoIterator<Item = T>) -> Self {
        self.entrypoint = Some(words.into_iter().map(Into::into).collect());
        self
    }

    /// Further arguments, which a user may replace.
    pub fn cmd<T: Into<String>>(mut self, words: impl IntoIterator<Item = T>) -> Self {
        self.cmd = Some(words.into_iter().map(Into::into).collect());
        self
    }

    /// The folder it starts in.
    pub fn working_dir(mut self, path: impl Into<String>) -> Self {
        self.working_dir = Some(path.into());
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Sets a label of the config.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// Sets an annotation of the manifest.
    pub fn annotation(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.annotations.insert(name.into(), value.into());
        self
    }

    /// Writes the image into the layout, layers first, and points no tag to it. Builds may run side by side; each needs one core.
    ///
    /// # Errors
    /// [`Error::BasePlatform`] when the base is for another platform, [`Error::MissingSource`] when a file is missing,
    /// [`Error::BadLayerPath`] when a path is refused, or when something cannot be read or written.
    pub async fn build(self, layout: &OciLayout) -> Result<BuiltImage, Error> {
        let layout = Arc::clone(&layout.disk);
        blocking(move || self.build_blocking(&layout)).await
    }

    fn build_blocking(self, layout: &Disk) -> Result<BuiltImage, Error> {
        let mut config = Config::default();
        let mut blobs = Vec::new();
        if let Some((source, image)) = &self.base {
            let base = find_base(&source.disk, image, &self.platform)?;
            config = Config::of(&base.config);
            for blob in base.manifest.layers() {
                copy_blob(&*source.disk, blob, layout, &mut Copied::default())?;
                blobs.push(Descriptor { media_type: blob.media_type.oci_layer(), ..blob.clone() });
            }
        }
        if blobs.is_empty() && self.layers.is_empty() {
            return Err(Error::NoLayers);
        }
        let mtime = u64::try_from(self.created.as_second()).unwrap_or(0);
        let (mut bytes_read, mut bytes_stored) = (0, 0);
        for layer in &self.layers {
            let written = write_layer(layout, layer, mtime, self.compression)?;
            bytes_read += written.read;
            bytes_stored += written.blob.size;
            blobs.push(written.blob);
            config.diff_ids.push(written.diff_id);
            config.history.push(History {
                created: Some(self.created),
                created_by: Some(layer.created_by.clone()).filter(|text| !text.is_empty()),
                ..History::default()
            });
        }
        let bytes = self.config(config);
        let config = layout.put(&bytes)?;
        let config_blob = Descriptor::new(MediaType::OciConfig, config, bytes.len() as u64);
        let manifest = ImageManifest::render(config_blob, blobs, self.annotations);
        layout.put(manifest.bytes())?;
        Ok(BuiltImage { image: manifest.descriptor(), platform: self.platform, config, bytes_read, bytes_stored })
    }

    /// Renders the config.
    fn config(&self, base: Config) -> Vec<u8> {
        let mut run = base.run;
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                run.insert(name.into(), value);
            }
        };
        if self.entrypoint.is_some() && self.cmd.is_none() {
            set("Cmd", Some(Value::Null));
        }
        set("User", self.user.as_deref().map(Value::from));
        set("Entrypoint", self.entrypoint.clone().map(Value::from));
        set("Cmd", self.cmd.clone().map(Value::from));
        set("WorkingDir", self.working_dir.as_deref().map(Value::from));
        let mut env = base.env;
        for (name, value) in &self.env {
            let line = format!("{name}={value}");
            match env.iter_mut().find(|old| old.split('=').next() == Some(name)) {
                Some(old) => *old = line,
                None => env.push(line),
            }
        }
        set("Env", Some(env).filter(|env| !env.is_empty()).map(Value::from));
        let mut labels = base.labels;
        labels.extend(self.labels.clone());
        set("Labels", Some(labels).filter(|labels| !labels.is_empty()).map(|labels| json!(labels)));
        run.retain(|_, value| !value.is_null());

        let mut document = Map::new();
        document.insert("created".into(), self.created.to_string().into());
        document.insert("architecture".into(), self.platform.architecture.clone().into());
        document.insert("os".into(), self.platform.os.clone().into());
        for (name, value) in [("variant", &self.platform.variant), ("os.version", &self.platform.os_version)] {
            if let Some(value) = value {
                document.insert(name.into(), value.clone().into());
            }
        }
        document.insert("config".into(), json!(run));
        document.insert("rootfs".into(), json!({"type": "layers", "diff_ids": base.diff_ids}));
        document.insert("history".into(), json!(base.history));
        serde_json::to_vec(&document).expect("it is texts and numbers")
    }
}

/// What a config takes over from its base.
#[derive(Default)]
struct Config {
    /// What a container runs, also fields that this library does not know; sorted by name.
    run: BTreeMap<String, Value>,
    env: Vec<String>,
    labels: BTreeMap<String, String>,
    diff_ids: Vec<Digest>,
    history: Vec<History>,
}

impl Config {
    fn of(base: &ImageConfig) -> Self {
        let document: Value = serde_json::from_slice(base.bytes()).unwrap_or_default();
        let run = document.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
        Self {
            run: run.into_iter().collect(),
            env: base.run().env.clone(),
            labels: base.run().labels.clone(),
            diff_ids: base.diff_ids().to_vec(),
            history: base.history().to_vec(),
        }
    }
}

pub(crate) struct Base {
    pub(crate) manifest: ImageManifest,
    config: ImageConfig,
}

/// The image of a platform to build on.
pub(crate) fn find_base(source: &Disk, image: &Descriptor, wanted: &Platform) -> Result<Base, Error> {
    let refused = |found| Error::BasePlatform { wanted: Box::new(wanted.clone()), found };
    let manifest = match read_manifest(source, image)? {
        Manifest::Image(manifest) => *manifest,
        Manifest::Index(index) => {
            let platforms = || index.manifests().iter().filter_map(|entry| entry.platform.clone()).collect();
            let fits: Vec<&Descriptor> = index
                .manifests()
                .iter()
                .filter(|entry| entry.platform.as_ref().is_some_and(|platform| platform.fits(wanted)))
                .collect();
            // Several fit only where versions of the system differ, and then the first is the one a runtime would take.
            let child = fits.first().ok_or_else(|| refused(platforms()))?;
            match read_manifest(source, child)? {
                Manifest::Image(manifest) => *manifest,
                Manifest::Index(_) => return Err(refused(platforms())),
            }
        }
    };
    let config = ImageConfig::parse(read_bounded(source, &manifest.config().digest, MAX_CONFIG_BYTES)?)?;
    if !config.platform().fits(wanted) {
        return Err(refused(vec![config.platform().clone()]));
    }
    if config.diff_ids().len() != manifest.layers().len() {
        let reason =
            format!("its config names {} layers, the manifest {}", config.diff_ids().len(), manifest.layers().len());
        return Err(Error::malformed(format!("the base image {}", manifest.digest()), reason));
    }
    Ok(Base { manifest, config })
}
