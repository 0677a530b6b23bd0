//! What a client tells while it works.

use std::path::PathBuf;
use std::time::Duration;

use http::{Method, StatusCode};
use http_kit::Wait;

use crate::RepoId;

/// Something that happened while a call was under way.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// All requests wait, or those of one kind; told once, however many wait.
    Waiting(Wait),
    /// A request was sent and answered, or failed.
    Request(RequestReport),
    /// An attempt failed and another one follows.
    Retrying {
        /// The request.
        subject: String,
        /// What went wrong.
        detail: String,
        /// The wait before the next attempt.
        wait: Duration,
        /// The number of the next attempt, those alone counted that failed.
        attempt: u32,
        /// How many of them there may be.
        most: u32,
    },
    /// A repository has another name now; the answer is that of the new one.
    Moved {
        /// The name asked for.
        from: RepoId,
        /// The name GitHub gives.
        to: RepoId,
    },
    /// Batches of pull requests became smaller or larger.
    BatchSize {
        /// How many are asked for at a time from now on.
        size: usize,
    },
    /// A file of the recording was damaged; what it should hold is asked for again.
    DamagedFile {
        /// The file.
        path: PathBuf,
    },
}

/// One request on the wire.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RequestReport {
    /// The method.
    pub method: Method,
    /// The address, without secrets.
    pub url: String,
    /// The status; `None` when no answer came.
    pub status: Option<StatusCode>,
    /// Bytes of the body that was sent.
    pub sent: u64,
    /// Bytes of the body that was received, decompressed.
    pub received: u64,
    /// The time from sending to the end of the answer.
    pub elapsed: Duration,
    /// The number of the attempt, from 1.
    pub attempt: u32,
}

/// What a client and its clones have used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Requests that were sent, every attempt counted.
    pub requests: u64,
    /// Bytes of bodies that were sent.
    pub sent: u64,
    /// Bytes of bodies that were received, decompressed.
    pub received: u64,
}
