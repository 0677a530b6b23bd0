//! Ids of objects and of commits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The SHA-1 id of any git object. Text form: 40 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectId([u8; 20]);

/// The id of a commit: what a branch names, and what a tag comes down to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(ObjectId);

/// A text that is not the full id of an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no object id: 40 hexadecimal digits are expected")]
pub struct ParseIdError {
    /// The beginning of the text.
    pub text: String,
}

impl ObjectId {
    /// The twenty bytes of the id.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    pub(crate) fn of(id: &gix::oid) -> Self {
        let mut bytes = [0; 20];
        // The build knows SHA-1 alone, so every id has this length.
        bytes.copy_from_slice(id.as_bytes());
        Self(bytes)
    }

    pub(crate) fn gix(self) -> gix::ObjectId {
        gix::ObjectId::Sha1(self.0)
    }
}

impl CommitId {
    /// The same id among those of all objects.
    pub fn object(self) -> ObjectId {
        self.0
    }

    /// The first `digits` hexadecimal digits, at most 40.
    pub fn short(self, digits: usize) -> String {
        let mut text = self.to_string();
        text.truncate(digits);
        text
    }

    pub(crate) fn of(id: &gix::oid) -> Self {
        Self(ObjectId::of(id))
    }

    pub(crate) fn gix(self) -> gix::ObjectId {
        self.0.gix()
    }
}

impl From<CommitId> for ObjectId {
    fn from(id: CommitId) -> Self {
        id.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.gix(), f)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitId({self})")
    }
}

impl FromStr for ObjectId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let bad = || ParseIdError { text: text.chars().take(60).collect() };
        if text.len() != 40 {
            return Err(bad());
        }
        gix::ObjectId::from_hex(text.as_bytes()).map(|id| Self::of(&id)).map_err(|_error| bad())
    }
}

impl FromStr for CommitId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        text.parse().map(Self)
    }
}

impl TryFrom<String> for ObjectId {
    type Error = ParseIdError;

    fn try_from(text: String) -> Result<Self, ParseIdError> {
        text.parse()
    }
}

impl From<ObjectId> for String {
    fn from(id: ObjectId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_form_is_forty_lower_case_digits() {
        let id: CommitId = "0123456789ABCDEF0123456789abcdef01234567".parse().unwrap();
        assert_eq!(id.to_string(), "0123456789abcdef0123456789abcdef01234567");
        assert_eq!(id.short(14), "0123456789abcd");
        for bad in ["", "0123", "g123456789abcdef0123456789abcdef01234567", "é".repeat(20).as_str()] {
            assert!(bad.parse::<ObjectId>().is_err(), "{bad:?}");
        }
        let long = "0".repeat(64);
        assert!(long.parse::<ObjectId>().is_err(), "ids of SHA-256 repositories are refused");
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC*") {
            if let Ok(id) = text.parse::<ObjectId>() {
                prop_assert_eq!(id.to_string(), text.to_lowercase());
            }
        }

        #[test]
        fn ids_survive_a_round_trip(bytes: [u8; 20]) {
            let id = ObjectId(bytes);
            prop_assert_eq!(id.to_string().parse::<ObjectId>().unwrap(), id);
        }
    }
}
