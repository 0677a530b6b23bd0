//! A strict GitHub with state: REST, GraphQL, uploads and the content of release files, over real sockets.
//!
//! A test fills a [`World`], starts a [`GithubServer`] with it, sends a client there, and then looks at the world, at
//! what was counted, and at how the client broke the contract. What goes wrong on purpose is a [`Fault`].

mod faults;
mod git;
mod graphql;
mod issues;
mod limits;
mod recording;
mod releases;
mod rest;
mod server;
mod state;
mod walk;
mod world;

use std::time::{Duration, Instant};

pub use faults::{Answer, Fault, On};
pub use issues::{Comment, Draft, Issue, Label, MaintainerCanModify, Milestone, Pull, State};
pub use limits::{Budget, Resource};
pub use releases::{Asset, Latest, Release, Stability, Visibility};
pub use server::GithubServer;
pub use world::{Commit, Person, Repository, Role, Tag, User, UserKind, World};

/// What kind of request it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// REST.
    Rest,
    /// GraphQL.
    Graphql,
    /// The content of a new release file.
    Upload,
    /// The content of a release file that is there.
    Download,
}

/// One request as it was seen.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Seen {
    /// What kind of request it was.
    pub kind: Kind,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// When it came.
    pub started: Instant,
    /// How long it took; `None` while it is being answered.
    pub took: Option<Duration>,
    /// The status; `None` when there was none.
    pub status: Option<u16>,
    /// Bytes of the body that came.
    pub bytes_in: usize,
    /// Bytes of the body that went.
    pub bytes_out: usize,
    /// Points of a GraphQL query.
    pub cost: u64,
    /// It came before the time that a limit had told.
    pub early: Early,
}

/// Whether a request came before the time that a limit had told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Early {
    /// It did: a client that does this gets banned.
    Yes,
    /// It did not.
    No,
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// REST requests.
    pub rest: usize,
    /// GraphQL requests.
    pub graphql: usize,
    /// Uploads.
    pub uploads: usize,
    /// Downloads.
    pub downloads: usize,
    /// Requests answered with 304: they cost nothing.
    pub unchanged: usize,
    /// Requests that came before the time that a limit had told.
    pub early: usize,
    /// Points of GraphQL queries.
    pub points: u64,
    /// Bytes of the bodies that came.
    pub bytes_in: usize,
    /// Bytes of the bodies that went.
    pub bytes_out: usize,
    /// The greatest number of requests at the same time.
    pub greatest_in_flight: usize,
}

impl Counts {
    /// All requests.
    pub fn requests(&self) -> usize {
        self.rest + self.graphql + self.uploads + self.downloads
    }
}
