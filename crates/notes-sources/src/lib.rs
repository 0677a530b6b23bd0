#![doc = include_str!("../README.md")]

mod changelog;
mod collect;
mod dependencies;
mod discover;
mod error;
mod files;
mod github;
mod range;
mod tags;

pub use changelog::{ChangelogChanges, ChangelogFiles, OtherChangelogs, changelog_changes};
pub use collect::{Collect, CollectError, Collected, collect, list_range, load_maps, titles};
pub use dependencies::{compare_dependencies, manifests};
pub use discover::{Discover, Names, UnknownMode, discover, previous_tag};
pub use error::Error;
pub use files::{
    MAX_TEXT, TextFile, download_files, hash_archives, map_paths, read_images, read_map, read_maps, read_sums,
    read_text,
};
pub use github::{GithubSource, GithubSourceError, WhenIncomplete, pull_request};
pub use range::{End, Ends, FirstCommit, ListOptions, Listing, Wanted, ends, list, resolve};
pub use tags::{VersionTag, version_tags};
