use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Message, MessageError, MessageId};

/// Proof that an outbox holds a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The mail.
    pub id: MessageId,
    /// Where it is, for people: a `file:` address, or what the service calls it.
    pub location: String,
    /// SHA-256 of the mail's bytes, lower-case hexadecimal.
    pub sha256: String,
}

/// Takes mails away. A mail with a Message-ID that went out before never goes out again.
pub trait Outbox {
    /// The receipt of a mail that is out already, read from the outbox and not from memory.
    fn find(&self, id: &MessageId) -> impl Future<Output = Result<Option<Receipt>, SendError>> + Send;

    /// Sends a mail. When the very same bytes are out already, nothing happens and the receipt is that of the first time; when another
    /// mail went out under the id, that is a [`SendError::Conflict`].
    fn send(&self, message: &Message) -> impl Future<Output = Result<Receipt, SendError>> + Send;
}

/// The mail is not out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The message is malformed.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A different mail went out under the same id.
    #[error(
        "a different mail with the id `{id}` is already at `{location}` (SHA-256 `{found}`, expected `{expected}`)"
    )]
    Conflict {
        /// The id.
        id: MessageId,
        /// Where the other mail is.
        location: String,
        /// Digest of the mail that is there.
        found: String,
        /// Digest of the mail to be sent.
        expected: String,
    },
    /// What lies where the mail should be is not that mail.
    #[error("`{location}` is not a mail with the id `{id}`")]
    Foreign {
        /// The id.
        id: MessageId,
        /// Where.
        location: String,
    },
    /// The file system refused.
    #[error("cannot {operation} `{path}`")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}
