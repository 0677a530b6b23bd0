//! Images in tar files: what `docker save` writes, and layouts.

mod docker;
mod oci;
mod tar_file;
mod write;

pub use docker::{ArchiveOptions, LoadedImage, read_docker_archive, write_docker_archive};
pub use oci::{read_oci_archive, write_oci_archive};

/// What is accepted of an archive from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArchiveLimits {
    /// Entries of the archive.
    pub entries: usize,
    /// Layers of an image.
    pub layers: usize,
    /// Entries of a layer.
    pub layer_entries: usize,
    /// Bytes of a layer before compression.
    pub layer_bytes: u64,
    /// Bytes of all layers together, before compression.
    pub image_bytes: u64,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self {
            entries: 16 * 1024,
            layers: 512,
            layer_entries: 4 * 1024 * 1024,
            layer_bytes: 8 << 30,
            image_bytes: 16 << 30,
        }
    }
}
