//! SHA-256 and SHA-512 digests as values.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// A text is not the lower-case or upper-case hexadecimal form of a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {algorithm} digest: expected {digits} hexadecimal digits")]
pub struct ParseDigestError {
    /// The text, at most its first 140 characters.
    pub text: String,
    /// `SHA-256` or `SHA-512`.
    pub algorithm: &'static str,
    /// The expected number of digits.
    pub digits: usize,
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $hasher:ty, $bytes:literal, $algorithm:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The digest of the bytes.
            #[must_use]
            pub fn of(bytes: &[u8]) -> Self {
                Self(<$hasher>::digest(bytes).into())
            }

            /// The digest as raw bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            pub(crate) fn finish(hasher: $hasher) -> Self {
                Self(hasher.finalize().into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseDigestError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $bytes];
                match hex::decode_to_slice(text, &mut bytes) {
                    Ok(()) => Ok(Self(bytes)),
                    Err(_) => Err(ParseDigestError {
                        text: text.chars().take(140).collect(),
                        algorithm: $algorithm,
                        digits: 2 * $bytes,
                    }),
                }
            }
        }

        impl From<$name> for String {
            fn from(digest: $name) -> Self {
                digest.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseDigestError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
    };
}

digest!(
    /// A SHA-256 digest; text and JSON form are 64 lower-case hexadecimal digits.
    Sha256Digest, sha2::Sha256, 32, "SHA-256"
);
digest!(
    /// A SHA-512 digest; text and JSON form are 128 lower-case hexadecimal digits.
    Sha512Digest, sha2::Sha512, 64, "SHA-512"
);

/// Size and both digests of the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digests {
    /// Length in bytes.
    pub size: u64,
    /// The SHA-256 digest.
    pub sha256: Sha256Digest,
    /// The SHA-512 digest.
    pub sha512: Sha512Digest,
}

impl Digests {
    /// The digests of bytes in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self { size: bytes.len() as u64, sha256: Sha256Digest::of(bytes), sha512: Sha512Digest::of(bytes) }
    }
}

impl fmt::Display for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, sha256 {}", self.size, self.sha256)
    }
}
