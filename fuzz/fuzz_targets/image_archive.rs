//! No tar file makes the readers of images panic or lets through an image that is not whole.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use registry_client::{ArchiveLimits, ArchiveOptions, OciLayout, Verification, read_docker_archive, read_oci_archive};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().unwrap());
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
static LAYOUT: LazyLock<OciLayout> =
    LazyLock::new(|| RUNTIME.block_on(OciLayout::create(&FOLDER.path().join("layout"))).unwrap());

/// Repairs the checksums of what looks like a header, so that they do not shield what is behind them.
fn repaired(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for block in bytes.chunks_exact_mut(512).filter(|block| block[257..262] == *b"ustar") {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    bytes
}

fuzz_target!(|bytes: &[u8]| {
    let path = FOLDER.path().join("archive.tar");
    std::fs::write(&path, repaired(bytes)).unwrap();
    let layout = &*LAYOUT;
    RUNTIME.block_on(async {
        let docker = read_docker_archive(&path, layout, ArchiveOptions::default()).await.map(|loaded| loaded.image);
        let oci = read_oci_archive(&path, layout, ArchiveLimits::default()).await;
        for image in docker.iter().chain(&oci) {
            layout.walk(image, Verification::Bytes).await.unwrap();
        }
    });
});
