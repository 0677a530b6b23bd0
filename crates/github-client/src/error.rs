//! What can go wrong, by what the caller can do about it.

use std::path::PathBuf;

use http::StatusCode;
use http_kit::{Reason, Spent, TokenError};
use jiff::Timestamp;

use crate::{Forecast, ParseIdError, RecordingError};

/// The cause of an error, from a library that may change.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// A call did not give what was asked for. `subject` names the request, such as `GET /repos/o/r/pulls/1`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such thing, or it is hidden from these credentials.
    #[error("`{subject}`: not found, or hidden from these credentials")]
    NotFound {
        /// The request.
        subject: String,
    },
    /// The number belongs to an issue, and a pull request was asked for.
    #[error("`{subject}`: the number is an issue, no pull request")]
    IsIssue {
        /// What was asked for.
        subject: String,
    },
    /// The repository has another name now. Reads follow by themselves; writes want to be asked again under the new name.
    #[error("`{subject}`: the repository moved to `{to}`")]
    Moved {
        /// The request.
        subject: String,
        /// The new name where GitHub tells it, else the new address.
        to: String,
    },
    /// The token is wrong, expired or revoked.
    #[error("`{host}` does not accept the token: {message}")]
    BadCredentials {
        /// The server.
        host: String,
        /// What GitHub says.
        message: String,
    },
    /// The token lacks scopes.
    #[error("`{subject}`: the token lacks the scopes {}", .missing.join(", "))]
    MissingScopes {
        /// The request.
        subject: String,
        /// The scopes, sorted; where several alternatives would do, the smallest.
        missing: Vec<String>,
    },
    /// GitHub refuses these credentials this request, whatever their scopes.
    #[error("`{subject}`: denied: {message}")]
    Denied {
        /// The request.
        subject: String,
        /// What GitHub says.
        message: String,
    },
    /// The organization lets nobody in whose token did not pass its single sign-on.
    #[error("`{subject}`: the organization asks for single sign-on; let the token pass at {url}")]
    SingleSignOn {
        /// The request.
        subject: String,
        /// Where a person does that.
        url: String,
    },
    /// Something answers that is no GitHub API, such as a proxy, a login page, or the web pages of a GitHub.
    #[error("`{subject}`: no GitHub API answers there, but {detail}")]
    NotGithub {
        /// The request.
        subject: String,
        /// What answers.
        detail: String,
    },
    /// It would have to wait, and nothing is waited for any more.
    #[error("`{subject}`: not asked for, since the run is to stop")]
    Stopped {
        /// The request.
        subject: String,
    },
    /// A rate limit is reached, and waiting for it would take longer than the caller allows.
    #[error("`{subject}`: rate limited until {until} ({reason})")]
    RateLimited {
        /// The request.
        subject: String,
        /// When to try again.
        until: Timestamp,
        /// Which limit.
        reason: Reason,
    },
    /// A run was not begun, since what is left of the allowance does not hold it.
    #[error("{forecast}, renewed at {}", .forecast.resets_at.map_or_else(|| "an unknown time".to_owned(), |at| at.to_string()))]
    Budget {
        /// What it needs and what is left.
        forecast: Forecast,
    },
    /// GitHub did not answer, or answered with failures of its own, to the end of all attempts.
    #[error("`{subject}`: unavailable after {spent}: {detail}")]
    Unavailable {
        /// The request.
        subject: String,
        /// How long it was tried.
        spent: Spent,
        /// How the last attempt ended.
        detail: String,
        /// The cause, when no answer came.
        source: Option<Source>,
    },
    /// GitHub refuses the request as it is.
    #[error("`{subject}`: rejected with status {}: {}", .status.as_u16(), told(.message, .problems))]
    Rejected {
        /// The request.
        subject: String,
        /// The status.
        status: StatusCode,
        /// What GitHub says.
        message: String,
        /// What it says of single fields, such as `Release.tag_name: already_exists`.
        problems: Vec<String>,
    },
    /// Something changed since it was read, or stands in the way.
    #[error("`{subject}`: conflict: {message}")]
    Conflict {
        /// The request.
        subject: String,
        /// What GitHub says.
        message: String,
    },
    /// The answer is not what GitHub documents.
    #[error("`{subject}`: malformed answer: {detail}")]
    Malformed {
        /// The request.
        subject: String,
        /// What is wrong.
        detail: String,
    },
    /// The answer is larger than the caller is willing to hold.
    #[error("`{subject}`: the answer is larger than {limit} bytes")]
    TooLarge {
        /// The request.
        subject: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// GraphQL refused the whole query.
    #[error("`{subject}`: GraphQL: {message}")]
    Graphql {
        /// The query.
        subject: String,
        /// All messages, separated by semicolons.
        message: String,
    },
    /// The recording does not hold the answer, and the network may not be asked.
    #[error("`{subject}`: not in the recording")]
    NotRecorded {
        /// The request.
        subject: String,
    },
    /// The recording cannot be used.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A request that cannot be made, such as one to a foreign server.
    #[error("`{subject}` cannot be asked for: {reason}")]
    Unusable {
        /// The request.
        subject: String,
        /// Why not.
        reason: String,
    },
    /// A name or number that cannot be.
    #[error(transparent)]
    Id(#[from] ParseIdError),
    /// A token could not be had.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A local file could not be read or written.
    #[error("cannot {operation} `{}`", path.display())]
    File {
        /// What was tried.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Bytes arrived that are not those that were announced.
    #[error("`{subject}`: {what} is {found}, expected {expected}")]
    Differs {
        /// The file or request.
        subject: String,
        /// What was compared, such as the digest.
        what: &'static str,
        /// What was expected.
        expected: String,
        /// What is there.
        found: String,
    },
}

impl Error {
    /// Whether the same call may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::RateLimited { .. } | Self::Budget { .. })
    }

    /// Whether it says that the thing asked for is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

/// The message and what is said of fields, in one line.
fn told(message: &str, problems: &[String]) -> String {
    let message = if message.is_empty() { "no reason given" } else { message };
    if problems.is_empty() { message.to_owned() } else { format!("{message}: {}", problems.join("; ")) }
}
