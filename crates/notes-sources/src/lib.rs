#![doc = include_str!("../README.md")]

mod dependencies;
mod discover;
mod error;
mod files;
mod range;
mod tags;

pub use dependencies::{compare_dependencies, manifests};
pub use discover::{Discover, Names, UnknownMode, discover, previous_tag};
pub use error::Error;
pub use files::{MAX_TEXT, TextFile, hash_archives, read_images, read_maps, read_sums, read_text};
pub use range::{End, Ends, FirstCommit, ListOptions, Listing, Wanted, ends, list, resolve};
pub use tags::{VersionTag, version_tags};
