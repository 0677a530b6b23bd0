//! What a document or blob is.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! media_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The type of a document or blob. Those of Docker are read and passed on, never written anew.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum MediaType {
            $($(#[$doc])* $name,)*
            /// Any other, kept as it was read.
            Unknown(String),
        }

        impl MediaType {
            /// The text that documents and registries use.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for MediaType {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$name,)*
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }
    };
}

media_types! {
    /// OCI image manifest: config and layers of one platform.
    OciManifest = "application/vnd.oci.image.manifest.v1+json",
    /// OCI image index: one image manifest for each platform.
    OciIndex = "application/vnd.oci.image.index.v1+json",
    /// OCI image config.
    OciConfig = "application/vnd.oci.image.config.v1+json",
    /// Layer, not compressed.
    OciLayer = "application/vnd.oci.image.layer.v1.tar",
    /// Layer, gzip.
    OciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip",
    /// Layer, zstd.
    OciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd",
    /// Layer that is fetched from elsewhere.
    OciForeignLayer = "application/vnd.oci.image.layer.nondistributable.v1.tar",
    /// Layer that is fetched from elsewhere, gzip.
    OciForeignLayerGzip = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    /// The config of an artifact that has none: `{}`.
    OciEmpty = "application/vnd.oci.empty.v1+json",
    /// Docker image manifest, version 2, schema 2.
    DockerManifest = "application/vnd.docker.distribution.manifest.v2+json",
    /// Docker manifest list: an index.
    DockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json",
    /// Docker image config.
    DockerConfig = "application/vnd.docker.container.image.v1+json",
    /// Docker layer, not compressed.
    DockerLayer = "application/vnd.docker.image.rootfs.diff.tar",
    /// Docker layer, gzip.
    DockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip",
    /// Docker layer that is fetched from elsewhere.
    DockerForeignLayer = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    /// Docker schema 1: refused.
    DockerSchema1 = "application/vnd.docker.distribution.manifest.v1+json",
    /// Docker schema 1, signed: refused.
    DockerSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws",
}

impl MediaType {
    /// An image manifest, OCI or Docker.
    pub fn is_image(&self) -> bool {
        matches!(self, Self::OciManifest | Self::DockerManifest)
    }

    /// An image index or manifest list.
    pub fn is_index(&self) -> bool {
        matches!(self, Self::OciIndex | Self::DockerManifestList)
    }

    /// A layer that its registry need not hold.
    pub fn is_foreign(&self) -> bool {
        matches!(self, Self::OciForeignLayer | Self::OciForeignLayerGzip | Self::DockerForeignLayer)
    }

    /// The same layer as OCI names it; the bytes are the same in both worlds.
    pub(crate) fn oci_layer(&self) -> Self {
        match self {
            Self::DockerLayer => Self::OciLayer,
            Self::DockerLayerGzip => Self::OciLayerGzip,
            Self::DockerForeignLayer => Self::OciForeignLayerGzip,
            other => other.clone(),
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for MediaType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for MediaType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(&*String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_types_are_kept() {
        let text = "application/vnd.example+json";
        let media_type: MediaType = serde_json::from_str(&format!("\"{text}\"")).unwrap();
        assert_eq!(media_type, MediaType::Unknown(text.into()));
        assert_eq!(media_type.as_str(), text);
        assert_eq!(MediaType::from(MediaType::OciIndex.as_str()), MediaType::OciIndex);
    }
}
