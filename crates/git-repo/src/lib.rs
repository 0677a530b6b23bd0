#![doc = include_str!("../README.md")]

mod bundle;
mod commits;
mod describe;
mod error;
mod fetch;
mod files;
mod id;
mod maintenance;
mod mirror;
mod name;
mod partial;
mod program;
mod push;
mod refs;
mod remote;
mod repo;
mod walk;
mod words;
mod worktree;
mod write;

pub use bundle::BundleSpec;
pub use commits::{Commit, CommitRange, CommitView, Walk};
pub use describe::Describe;
pub use error::{Error, ProgramError, PushError, Source};
pub use fetch::{CloneOptions, Layout};
pub use files::{EntryKind, TreeEntry};
pub use id::{CommitId, ObjectId, ParseIdError};
pub use name::{Identity, NameError, RefName};
pub use push::{PushMode, PushOptions, PushReport, RefUpdate};
pub use refs::{Expected, RefTarget, Tag};
pub use remote::{GitRemote, Token};
pub use repo::GitRepo;
pub use worktree::{Status, StatusEntry};
pub use write::{NewCommit, NewTag};
