use std::fmt;

use serde::{Deserialize, Serialize};

/// The id of a commit, as the repository writes it (lower-case hexadecimal for git); compared as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(String);

impl CommitId {
    /// Takes the id as it is.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for CommitId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

/// What the range selection needs to know of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitInfo {
    /// The commit's id.
    pub id: CommitId,
    /// Its parents in order; the first is the line of history the commit was made on.
    pub parents: Vec<CommitId>,
    /// The whole message: subject line, blank line, body.
    pub message: String,
}
