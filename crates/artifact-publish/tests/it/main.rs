//! Integration tests.
mod archive;
mod binary;
mod bucket;
mod crash;
mod marker;
mod properties;
mod tarball;
mod tree;

use artifact_publish::{Bucket, ObjectName, ObjectPrefix};

fn name(text: &str) -> ObjectName {
    text.parse().expect("a fixture can be made")
}

fn prefix(text: &str) -> ObjectPrefix {
    text.parse().expect("a fixture can be made")
}

fn folder() -> (tempfile::TempDir, Bucket) {
    let root = tempfile::tempdir().expect("a fixture can be made");
    let bucket = Bucket::open_folder(&root.path().join("place")).expect("a fixture can be made");
    (root, bucket)
}

fn memory() -> Bucket {
    Bucket::open(&"memory:".parse().expect("a fixture can be made")).expect("a fixture can be made")
}

/// Bytes that do not repeat.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
