//! Plans: what would be done, as a value.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::{CanonicalError, canonical_json};

/// How far the effects of a plan reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Nothing outside a work folder is touched.
    Local,
    /// Mock places only: nothing a user of the project could see.
    Mock,
    /// Production places: needs an approval.
    Production,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Mock => "mock",
            Self::Production => "production",
        })
    }
}

/// What would be done, with no choice left for later.
///
/// A plan pins versions and digests and names the expected old value of all it replaces. It serialises (a plan travels as
/// a file), it prints for people, it has a fingerprint that an approval names, and it says how far it reaches.
pub trait Plan: Serialize + DeserializeOwned + fmt::Display {
    /// What the plan is about, e.g. `stage-v1.2.0-alpha.1`. Lower-case letters, digits, `.`, `-` and `_`; it becomes part of
    /// the name of the run.
    fn subject(&self) -> String;

    /// Whether there is nothing to do.
    fn is_empty(&self) -> bool;

    /// How far the effects reach.
    fn reach(&self) -> Reach;

    /// SHA-256 over the canonical JSON of the plan.
    ///
    /// # Errors
    /// [`CanonicalError`] when the plan has no canonical form: a defect of the plan type.
    fn fingerprint(&self) -> Result<Fingerprint, CanonicalError> {
        Ok(Fingerprint(Sha256::digest(canonical_json(self)?).into()))
    }
}

/// SHA-256 of a plan's canonical JSON: what an approver reads, types and signs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Number of hexadecimal digits that are enough to name a plan when typing.
    pub const SHORT: usize = 12;

    /// The first [`Self::SHORT`] hexadecimal digits.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = hex::encode(self.0);
        text.truncate(Self::SHORT);
        text
    }

    /// Whether `typed` names this fingerprint: at least [`Self::SHORT`] of its leading digits, or all of it.
    #[must_use]
    pub fn is_named_by(&self, typed: &str) -> bool {
        typed.len() >= Self::SHORT && hex::encode(self.0).starts_with(&typed.to_ascii_lowercase())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// The text is not a fingerprint.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not a plan fingerprint: expected 64 hexadecimal digits")]
pub struct ParseFingerprintError {
    text: String,
}

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) => Ok(Self(bytes)),
            Err(_) => Err(ParseFingerprintError { text: text.chars().take(80).collect() }),
        }
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = ParseFingerprintError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}
