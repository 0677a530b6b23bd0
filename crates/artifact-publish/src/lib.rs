#![doc = include_str!("../README.md")]

pub mod archive;
pub mod binary;
pub mod bucket;
pub mod contract;
pub mod digest;
pub mod error;
pub mod hashing;
pub mod marker;
pub mod name;
pub mod progress;
pub mod tarball;
pub mod tree;

pub use archive::Archive;
pub use binary::{Arch, BinaryError, BinaryFormat, BinaryKind, Os, Platform, UnknownPlatform, check_platform, inspect};
pub use bucket::{Attributes, Bucket, Created, Expected, Generation, Moment, Object, ObjectInfo};
pub use digest::{Digests, ParseDigestError, Sha256Digest, Sha512Digest};
pub use error::{Error, Operation};
pub use hashing::{HashingReader, HashingWriter, hash_file};
pub use marker::{MarkerValue, marker_object, read_marker, write_marker};
pub use name::{BadName, ObjectName, ObjectPrefix};
pub use progress::Progress;
pub use tarball::{Compression, TarEntry, TarSource, TarballError, TarballOptions, build_tarball, write_tarball};
pub use tree::{
    ChangedFile, CopiedTree, Depth, StagedFile, StagedTree, TreeDifferences, TreeOptions, copy_tree, stage_tree,
    verify_tree,
};
