//! Names of objects, safe on every kind of bucket.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name, in bytes (the limit of Google and Amazon buckets).
pub const MAX_NAME_BYTES: usize = 1024;
/// The longest part between two slashes, in bytes: a folder allows 255 and the attributes file adds `.json`.
pub const MAX_SEGMENT_BYTES: usize = 250;
/// First parts that a folder bucket keeps for itself; refused everywhere so that all buckets take the same names.
pub const RESERVED: &[&str] = &[".attributes", ".tmp", ".lock"];

/// A text that is no object name, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no object name: {reason}")]
pub struct BadName {
    /// The text, control characters escaped, at most its first 100 characters.
    pub name: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

fn check(name: &str) -> Result<(), BadName> {
    let reason = if name.is_empty() {
        "it is empty"
    } else if name.len() > MAX_NAME_BYTES {
        "it is longer than 1024 bytes"
    } else if name.starts_with('/') {
        "it begins with `/`"
    } else if name.chars().any(char::is_control) {
        "it holds a control character"
    } else if name.contains('\\') {
        "it holds a backslash"
    } else if name.split('/').any(str::is_empty) {
        "a part between two `/` is empty"
    } else if name.split('/').any(|segment| matches!(segment, "." | "..")) {
        "a part is `.` or `..`"
    } else if name.split('/').any(|segment| segment.len() > MAX_SEGMENT_BYTES) {
        "a part is longer than 250 bytes"
    } else if name.split('/').next().is_some_and(|first| RESERVED.contains(&first)) {
        "its first part is reserved"
    } else {
        return Ok(());
    };
    Err(BadName { name: name.chars().take(100).flat_map(char::escape_debug).collect(), reason })
}

/// The name of an object within a bucket: parts joined by `/`, none of which leads out of the bucket.
///
/// Refused are empty names and parts, `.` and `..`, a leading `/`, control characters, backslashes, the first parts in
/// [`RESERVED`], more than [`MAX_NAME_BYTES`] in all or [`MAX_SEGMENT_BYTES`] in a part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ObjectName(String);

impl ObjectName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectName {
    type Err = BadName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        check(name).map(|()| Self(name.to_owned()))
    }
}

impl TryFrom<String> for ObjectName {
    type Error = BadName;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        check(&name).map(|()| Self(name))
    }
}

impl From<ObjectName> for String {
    fn from(name: ObjectName) -> Self {
        name.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A folder within a bucket, or the whole bucket (the empty text). `release/v1.2` does not hold `release/v1.20/x`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ObjectPrefix(String);

impl ObjectPrefix {
    /// The whole bucket.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The folder without a final slash; empty for the whole bucket.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The object `rest` below this folder.
    ///
    /// # Errors
    /// When the joined text is no object name.
    pub fn join(&self, rest: &str) -> Result<ObjectName, BadName> {
        if self.0.is_empty() { rest.parse() } else { format!("{}/{rest}", self.0).try_into() }
    }

    /// The folder `rest` below this folder.
    ///
    /// # Errors
    /// When the joined text is no object name.
    pub fn folder(&self, rest: &str) -> Result<Self, BadName> {
        self.join(rest.strip_suffix('/').unwrap_or(rest)).map(|name| Self(name.0))
    }

    /// The part of the name below this folder, when it is below.
    #[must_use]
    pub fn strip<'a>(&self, name: &'a ObjectName) -> Option<&'a str> {
        if self.0.is_empty() {
            return Some(name.as_str());
        }
        name.as_str().strip_prefix(self.0.as_str())?.strip_prefix('/')
    }
}

impl FromStr for ObjectPrefix {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() { Ok(Self::root()) } else { Self::root().folder(text) }
    }
}

impl TryFrom<String> for ObjectPrefix {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ObjectPrefix> for String {
    fn from(prefix: ObjectPrefix) -> Self {
        prefix.0
    }
}

impl From<ObjectName> for ObjectPrefix {
    fn from(name: ObjectName) -> Self {
        Self(name.0)
    }
}

impl fmt::Display for ObjectPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = "a/".repeat(511) + "ab";
        let too_long = "a/".repeat(512) + "a";
        let wide = "x".repeat(250);
        let too_wide = "x".repeat(251);
        for good in ["a", "a/b", "v1.19.0+abc/x y", ".hidden", "a/.tmp", "...", "é", long.as_str(), wide.as_str()] {
            assert_eq!(good.parse::<ObjectName>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/../b",
            "a/.",
            "a\0b",
            "a\nb",
            "a\u{85}b",
            "a\\b",
            "..\\a",
            ".tmp",
            ".tmp/a",
            ".lock",
            ".attributes/a.json",
            &too_long,
            &too_wide,
        ] {
            assert!(bad.parse::<ObjectName>().is_err(), "{bad:?}");
        }
        let error = "a\n/../b".parse::<ObjectName>().unwrap_err();
        assert_eq!(error.to_string(), "`a\\n/../b` is no object name: it holds a control character");
    }

    #[test]
    fn prefixes_end_at_a_slash() {
        let prefix: ObjectPrefix = "release/v1.2/".parse().unwrap();
        assert_eq!(prefix.as_str(), "release/v1.2");
        assert_eq!(prefix.strip(&"release/v1.2/x".parse().unwrap()), Some("x"));
        assert_eq!(prefix.strip(&"release/v1.20/x".parse().unwrap()), None);
        assert_eq!(prefix.strip(&"release/v1.2".parse().unwrap()), None);
        assert_eq!(prefix.join("x/y").unwrap().as_str(), "release/v1.2/x/y");
        assert!(prefix.join("../y").is_err());
        assert_eq!(ObjectPrefix::root().join("x").unwrap().as_str(), "x");
        assert!("../x".parse::<ObjectPrefix>().is_err());
        assert!("/".parse::<ObjectPrefix>().is_err());
    }
}
