//! Objects, what is known of them, and what conditional writes expect of them.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::digest::Sha256Digest;
use crate::name::ObjectName;

/// What a bucket keeps about an object besides its bytes; the default is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Attributes {
    /// `Content-Type` with which the object is served, such as `text/plain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `Cache-Control` with which the object is served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// Free keys and values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl Attributes {
    /// Nothing but a content type.
    #[must_use]
    pub fn of_type(content_type: &str) -> Self {
        Self { content_type: Some(content_type.to_owned()), ..Self::default() }
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Identifies what an object holds at one time: it changes whenever bytes or attributes change. Opaque; compare for equality.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(String);

impl Generation {
    /// The text form, for a plan or a journal.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The generation of these bytes with these attributes: equal content has an equal generation in any bucket, so that a
    /// plan made of the same content is the same plan.
    pub(super) fn of_content(bytes: &[u8], attributes: &Attributes) -> Self {
        let sha256 = Sha256Digest::of(bytes);
        if attributes.is_default() {
            return Self(format!("sha256-{sha256}"));
        }
        let mut hasher = Sha256::new();
        hasher.update(sha256.as_bytes());
        hasher.update(serde_json::to_vec(attributes).expect("attributes are text only"));
        Self(format!("sha256-{}", Sha256Digest::finish(hasher)))
    }
}

impl From<String> for Generation {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What must be there for a conditional write to happen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// No object.
    Absent,
    /// The object as it was when it had this generation.
    Generation(Generation),
}

impl Expected {
    /// What a reader saw, as the condition of the next write.
    #[must_use]
    pub fn of(seen: Option<&Generation>) -> Self {
        seen.map_or(Self::Absent, |generation| Self::Generation(generation.clone()))
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("no object"),
            Self::Generation(generation) => write!(f, "generation {generation}"),
        }
    }
}

/// An object without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Name within the bucket.
    pub name: ObjectName,
    /// Length in bytes.
    pub size: u64,
    /// What it holds now.
    pub generation: Generation,
    /// What the bucket keeps about it.
    pub attributes: Attributes,
}

/// An object with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// All bytes.
    pub bytes: Bytes,
    /// What it holds now.
    pub generation: Generation,
    /// What the bucket keeps about it.
    pub attributes: Attributes,
}

/// How a create-only write ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Created {
    /// The object was not there and is now.
    New,
    /// The object was there with the same bytes; it was left alone, attributes included.
    Identical,
}
