//! Image manifests, indexes and configs: the bytes as they were read, with a view of what is in them.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::descriptor::{Descriptor, or_default};
use crate::digest::Digest;
use crate::error::Error;
use crate::media_type::MediaType;
use crate::platform::Platform;

/// Largest manifest or index, in bytes; registries refuse larger ones.
pub const MAX_MANIFEST_BYTES: u64 = 4 * 1024 * 1024;
/// Largest image config, in bytes.
pub const MAX_CONFIG_BYTES: u64 = 8 * 1024 * 1024;

/// The manifest of an image for one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageManifest {
    raw: Raw,
    config: Descriptor,
    layers: Vec<Descriptor>,
    annotations: BTreeMap<String, String>,
}

/// The index of an image for several platforms; Docker says manifest list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageIndex {
    raw: Raw,
    manifests: Vec<Descriptor>,
    annotations: BTreeMap<String, String>,
}

/// The one or the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manifest {
    /// For one platform.
    Image(Box<ImageManifest>),
    /// For several platforms.
    Index(ImageIndex),
}

/// A document as it was read or rendered; it is never rendered a second time, since another rendering has another digest.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Raw {
    bytes: Bytes,
    digest: Digest,
    media_type: MediaType,
}

impl Raw {
    fn new(bytes: Bytes, media_type: MediaType) -> Self {
        Self { digest: Digest::of(&bytes), bytes, media_type }
    }

    fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type.clone(), self.digest, self.bytes.len() as u64)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    schema_version: u64,
    media_type: Option<MediaType>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    #[serde(default, deserialize_with = "or_default")]
    annotations: BTreeMap<String, String>,
    /// Only schema 1 has these two.
    #[serde(default, rename = "fsLayers")]
    fs_layers: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    signatures: Option<serde::de::IgnoredAny>,
}

macro_rules! document {
    ($name:ident) => {
        impl $name {
            /// The document, byte for byte.
            pub fn bytes(&self) -> &Bytes {
                &self.raw.bytes
            }

            /// The digest of its bytes.
            pub fn digest(&self) -> &Digest {
                &self.raw.digest
            }

            /// What it says it is.
            pub fn media_type(&self) -> &MediaType {
                &self.raw.media_type
            }

            /// How others point to it.
            pub fn descriptor(&self) -> Descriptor {
                self.raw.descriptor()
            }

            /// What else it says of itself.
            pub fn annotations(&self) -> &BTreeMap<String, String> {
                &self.annotations
            }
        }
    };
}

document! { ImageManifest }
document! { ImageIndex }

impl ImageManifest {
    /// The config of the image.
    pub fn config(&self) -> &Descriptor {
        &self.config
    }

    /// The layers, lowest first.
    pub fn layers(&self) -> &[Descriptor] {
        &self.layers
    }

    /// Renders a new OCI manifest.
    pub(crate) fn render(config: Descriptor, layers: Vec<Descriptor>, annotations: BTreeMap<String, String>) -> Self {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Rendered<'a> {
            schema_version: u8,
            media_type: MediaType,
            config: &'a Descriptor,
            layers: &'a [Descriptor],
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            annotations: &'a BTreeMap<String, String>,
        }
        let media_type = MediaType::OciManifest;
        let rendered =
            Rendered { schema_version: 2, media_type, config: &config, layers: &layers, annotations: &annotations };
        let bytes = serde_json::to_vec(&rendered).expect("descriptors are texts and numbers");
        Self { raw: Raw::new(bytes.into(), MediaType::OciManifest), config, layers, annotations }
    }
}

impl ImageIndex {
    /// Its entries, as ordered in the document.
    pub fn manifests(&self) -> &[Descriptor] {
        &self.manifests
    }

    /// Renders a new OCI index.
    pub(crate) fn render(manifests: Vec<Descriptor>, annotations: BTreeMap<String, String>) -> Self {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Rendered<'a> {
            schema_version: u8,
            media_type: MediaType,
            manifests: &'a [Descriptor],
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            annotations: &'a BTreeMap<String, String>,
        }
        let media_type = MediaType::OciIndex;
        let rendered = Rendered { schema_version: 2, media_type, manifests: &manifests, annotations: &annotations };
        let bytes = serde_json::to_vec(&rendered).expect("descriptors are texts and numbers");
        Self { raw: Raw::new(bytes.into(), MediaType::OciIndex), manifests, annotations }
    }
}

impl Manifest {
    /// Reads a manifest or an index. `declared` is what the descriptor or the server said it is.
    ///
    /// # Errors
    /// When the bytes are no manifest, are of another type than declared, can be read as both kinds (readers would disagree),
    /// are Docker schema 1, or exceed [`MAX_MANIFEST_BYTES`].
    pub fn parse(bytes: impl Into<Bytes>, declared: Option<&MediaType>) -> Result<Self, Error> {
        let bytes = bytes.into();
        let what = format!("the manifest {}", Digest::of(&bytes));
        let malformed = |reason: String| Error::malformed(&what, reason);
        if bytes.len() as u64 > MAX_MANIFEST_BYTES {
            return Err(Error::TooLarge { what: format!("{what} (bytes)"), limit: MAX_MANIFEST_BYTES });
        }
        if let Some(old @ (MediaType::DockerSchema1 | MediaType::DockerSchema1Signed)) = declared {
            return Err(Error::Unsupported { what, media_type: old.clone() });
        }
        let fields: Fields = serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
        if fields.schema_version == 1 || fields.fs_layers.is_some() || fields.signatures.is_some() {
            return Err(Error::Unsupported { what, media_type: MediaType::DockerSchema1 });
        }
        if fields.schema_version != 2 {
            return Err(malformed(format!("its schema version is {}, expected 2", fields.schema_version)));
        }
        let media_type = match (&fields.media_type, declared) {
            (Some(own), Some(declared)) if own != declared => {
                return Err(malformed(format!("it says it is `{own}`, and was said to be `{declared}`")));
            }
            (Some(media_type), _) | (None, Some(media_type)) => media_type.clone(),
            (None, None) if fields.manifests.is_some() => MediaType::OciIndex,
            (None, None) => MediaType::OciManifest,
        };
        match (media_type.is_image(), media_type.is_index(), fields.config, fields.layers, fields.manifests) {
            (true, _, Some(config), Some(layers), None) => {
                let raw = Raw::new(bytes, media_type);
                Ok(Self::Image(Box::new(ImageManifest { raw, config, layers, annotations: fields.annotations })))
            }
            (_, true, None, None, Some(manifests)) => {
                let raw = Raw::new(bytes, media_type);
                Ok(Self::Index(ImageIndex { raw, manifests, annotations: fields.annotations }))
            }
            (false, false, ..) => Err(Error::Unsupported { what, media_type }),
            (true, ..) => Err(malformed("an image manifest has `config` and `layers` and no `manifests`".into())),
            (_, true, ..) => Err(malformed("an index has `manifests` and neither `config` nor `layers`".into())),
        }
    }

    /// The document, byte for byte.
    pub fn bytes(&self) -> &Bytes {
        match self {
            Self::Image(image) => image.bytes(),
            Self::Index(index) => index.bytes(),
        }
    }

    /// How others point to it.
    pub fn descriptor(&self) -> Descriptor {
        match self {
            Self::Image(image) => image.descriptor(),
            Self::Index(index) => index.descriptor(),
        }
    }

    /// What it points to: the images of an index, or config and layers.
    pub fn children(&self) -> impl Iterator<Item = &Descriptor> {
        let (config, others) = match self {
            Self::Image(image) => (Some(&image.config), &image.layers),
            Self::Index(index) => (None, &index.manifests),
        };
        config.into_iter().chain(others)
    }
}

/// The config of an image: what it runs on, what it runs, and the digests of its unpacked layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageConfig {
    raw: Raw,
    platform: Platform,
    created: Option<Timestamp>,
    run: RunConfig,
    layers: Vec<Digest>,
    history: Vec<History>,
}

/// What a container made of the image runs, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct RunConfig {
    /// User and group, by name or number, such as `65532:65532`.
    #[serde(deserialize_with = "or_default")]
    pub user: String,
    /// Environment, as `NAME=value`.
    #[serde(deserialize_with = "or_default")]
    pub env: Vec<String>,
    /// The program with its first arguments.
    #[serde(deserialize_with = "or_default")]
    pub entrypoint: Vec<String>,
    /// Further arguments, which a user may replace.
    #[serde(deserialize_with = "or_default")]
    pub cmd: Vec<String>,
    /// The folder it starts in.
    #[serde(deserialize_with = "or_default")]
    pub working_dir: String,
    /// What is said of the image.
    #[serde(deserialize_with = "or_default")]
    pub labels: BTreeMap<String, String>,
}

/// How a layer, or a change of the config, came about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct History {
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// By what command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Further words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether no layer belongs to this entry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

#[derive(Deserialize)]
struct ConfigFields {
    architecture: String,
    os: String,
    #[serde(default, deserialize_with = "or_default")]
    variant: String,
    #[serde(default, rename = "os.version", deserialize_with = "or_default")]
    os_version: String,
    created: Option<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    config: RunConfig,
    rootfs: RootFs,
    #[serde(default, deserialize_with = "or_default")]
    history: Vec<History>,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(deserialize_with = "or_default")]
    diff_ids: Vec<Digest>,
}

impl ImageConfig {
    /// Reads a config, OCI or Docker.
    ///
    /// # Errors
    /// When the bytes are no image config, or exceed [`MAX_CONFIG_BYTES`].
    pub fn parse(bytes: impl Into<Bytes>) -> Result<Self, Error> {
        let raw = Raw::new(bytes.into(), MediaType::OciConfig);
        let what = format!("the image config {}", raw.digest);
        if raw.bytes.len() as u64 > MAX_CONFIG_BYTES {
            return Err(Error::TooLarge { what: format!("{what} (bytes)"), limit: MAX_CONFIG_BYTES });
        }
        let fields: ConfigFields =
            serde_json::from_slice(&raw.bytes).map_err(|error| Error::malformed(&what, error.to_string()))?;
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        if fields.os.is_empty() || fields.architecture.is_empty() {
            return Err(Error::malformed(what, "it names no platform"));
        }
        let platform = Platform {
            os: fields.os,
            architecture: fields.architecture,
            variant: some(fields.variant),
            os_version: some(fields.os_version),
        };
        Ok(Self {
            raw,
            platform,
            created: fields.created,
            run: fields.config,
            layers: fields.rootfs.diff_ids,
            history: fields.history,
        })
    }

    /// The document, byte for byte.
    pub fn bytes(&self) -> &Bytes {
        &self.raw.bytes
    }

    /// The digest of its bytes: the image id of Docker.
    pub fn digest(&self) -> &Digest {
        &self.raw.digest
    }

    /// What the image runs on.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// When the image was made.
    pub fn created(&self) -> Option<Timestamp> {
        self.created
    }

    /// What it runs.
    pub fn run(&self) -> &RunConfig {
        &self.run
    }

    /// The digests of the layers before compression, lowest first.
    pub fn diff_ids(&self) -> &[Digest] {
        &self.layers
    }

    /// How the layers came about.
    pub fn history(&self) -> &[History] {
        &self.history
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(media_type: &str) -> String {
        format!(r#"{{"mediaType":"{media_type}","digest":"{}","size":2}}"#, Digest::of(b"{}"))
    }

    #[test]
    fn docker_documents_are_read_and_kept() {
        let config = descriptor("application/vnd.docker.container.image.v1+json");
        let layer = descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip");
        let text = format!(
            "{{ \"schemaVersion\": 2,\n \"mediaType\": \"{}\", \"x-unknown\": [1], \"config\": {config}, \"layers\": [{layer}] }}\n",
            MediaType::DockerManifest
        );
        let manifest = Manifest::parse(text.clone(), Some(&MediaType::DockerManifest)).unwrap();
        assert_eq!(manifest.bytes(), text.as_bytes());
        assert_eq!(manifest.descriptor().digest, Digest::of(text.as_bytes()));
        assert_eq!(manifest.children().count(), 2);
        let list = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}}"#,
            MediaType::DockerManifestList,
            descriptor(MediaType::DockerManifest.as_str())
        );
        assert!(matches!(Manifest::parse(list, None), Ok(Manifest::Index(_))));
    }

    #[test]
    fn what_is_refused() {
        let config = descriptor("application/vnd.oci.image.config.v1+json");
        let image = MediaType::OciManifest;
        for (case, text, declared) in [
            ("no json", "x".to_owned(), None),
            ("empty", "{}".into(), None),
            ("version 3", format!(r#"{{"schemaVersion":3,"config":{config},"layers":[]}}"#), None),
            ("schema 1", r#"{"schemaVersion":1,"fsLayers":[],"signatures":[]}"#.into(), None),
            ("both kinds", format!(r#"{{"schemaVersion":2,"config":{config},"layers":[],"manifests":[]}}"#), None),
            ("an index by another name", r#"{"schemaVersion":2,"manifests":[]}"#.into(), Some(&image)),
            (
                "another type than declared",
                format!(r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[]}}"#, MediaType::OciIndex),
                Some(&image),
            ),
            ("two configs", format!(r#"{{"schemaVersion":2,"config":{config},"config":{config},"layers":[]}}"#), None),
            ("unknown type", r#"{"schemaVersion":2,"mediaType":"a/b","manifests":[]}"#.into(), None),
            ("deep", format!(r#"{{"schemaVersion":2,"config":{}"#, "[".repeat(100_000)), None),
        ] {
            assert!(Manifest::parse(text, declared).is_err(), "{case}");
        }
        let old = Manifest::parse("{}", Some(&MediaType::DockerSchema1Signed)).unwrap_err();
        assert!(matches!(old, Error::Unsupported { media_type: MediaType::DockerSchema1Signed, .. }));
        let large = Manifest::parse(vec![b' '; 4 * 1024 * 1024 + 1], None).unwrap_err();
        assert!(matches!(large, Error::TooLarge { .. }));
    }

    #[test]
    fn configs() {
        let text = r#"{"architecture":"arm64","os":"linux","variant":"v8","created":"2020-08-26T14:30:33.000000001Z","docker_version":"1",
            "config":{"User":"65532","Entrypoint":null,"Cmd":["x"],"Labels":null,"Env":["A=b"]},
            "rootfs":{"type":"layers","diff_ids":null},"history":null}"#;
        let config = ImageConfig::parse(text).unwrap();
        assert_eq!(config.platform().to_string(), "linux/arm64/v8");
        assert_eq!((&*config.run().user, config.run().cmd.len(), config.run().entrypoint.len()), ("65532", 1, 0));
        assert_eq!(config.created().unwrap().to_string(), "2020-08-26T14:30:33.000000001Z");
        assert_eq!(config.bytes(), text.as_bytes());
        for text in ["{}", r#"{"architecture":"","os":"linux","rootfs":{"diff_ids":[]}}"#, "[]"] {
            assert!(ImageConfig::parse(text).is_err(), "{text}");
        }
    }
}
