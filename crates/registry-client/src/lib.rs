#![doc = include_str!("../README.md")]

pub mod archive;
pub mod builder;
pub mod copy;
pub mod descriptor;
pub mod digest;
pub mod document;
pub mod error;
pub mod index;
pub mod layer;
pub mod layout;
pub mod media_type;
pub mod name;
pub mod platform;
pub mod store;
mod stream;

pub use archive::{
    ArchiveLimits, ArchiveOptions, LoadedImage, read_docker_archive, read_oci_archive, write_docker_archive,
    write_oci_archive,
};
pub use builder::{BuiltImage, ImageBuilder};
pub use copy::{Copied, Verification};
pub use descriptor::{Descriptor, REF_NAME};
pub use digest::{Digest, ParseDigestError};
pub use document::{
    History, ImageConfig, ImageIndex, ImageManifest, MAX_CONFIG_BYTES, MAX_MANIFEST_BYTES, Manifest, RunConfig,
};
pub use error::Error;
pub use index::{IndexDifferences, check_index, make_index};
pub use layer::{Compression, Layer};
pub use layout::OciLayout;
pub use media_type::MediaType;
pub use name::{ImageReference, NameKind, ParseNameError, RepositoryName, Tag};
pub use platform::{ParsePlatformError, Platform};
pub use store::ImageStore;
