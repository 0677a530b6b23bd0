use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{ParseVersionError, Part, shown};

/// The id of a commit, abbreviated or whole: 5 to 40 lower-case hexadecimal digits. Kubernetes abbreviates to 14.
///
/// Ordered as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommitId {
    /// Padded with zero bytes, so that the derived order is the order of the text.
    hex: [u8; 40],
    length: u8,
}

impl CommitId {
    pub(crate) const WANTED: &'static str = "5 to 40 lower-case hex digits as the commit";

    pub(crate) const fn is_digit(byte: u8) -> bool {
        matches!(byte, b'0'..=b'9' | b'a'..=b'f')
    }

    /// `text` must hold hexadecimal digits only; `None` if there are too few or too many.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let mut hex = [0; 40];
        if text.len() < 5 || text.len() > hex.len() {
            return None;
        }
        hex[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self { hex, length: u8::try_from(text.len()).ok()? })
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.hex[..usize::from(self.length)]).expect("only ASCII digits are stored")
    }

    /// The same commit cut to its first `digits` digits (at least 5).
    #[must_use]
    pub fn abbreviated(&self, digits: usize) -> Self {
        let text = self.as_str();
        Self::from_hex(&text[..text.len().min(digits.max(5))]).unwrap_or(*self)
    }

    /// True if both can be the same commit: one is an abbreviation of the other.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.as_str().starts_with(other.as_str()) || other.as_str().starts_with(self.as_str())
    }
}

impl FromStr for CommitId {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Some(text).filter(|text| text.bytes().all(Self::is_digit)).and_then(Self::from_hex).ok_or_else(|| {
            ParseVersionError::Unexpected {
                input: shown(text),
                part: Part::Commit,
                wanted: Self::WANTED,
                found: Some(shown(text)).filter(|found| !found.is_empty()),
            }
        })
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitId({self})")
    }
}

impl TryFrom<String> for CommitId {
    type Error = ParseVersionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CommitId> for String {
    fn from(commit: CommitId) -> Self {
        commit.as_str().to_owned()
    }
}
