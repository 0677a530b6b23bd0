use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::shown;
use crate::release::ReleaseVersion;

/// The path in front of a project's version tags: nothing for `v1.2.3`, `api/` for `api/v1.2.3`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TagPrefix(String);

/// A tag prefix that cannot be part of a git tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("`{prefix}` is not a tag prefix; expected nothing or path segments such as `api/`")]
pub struct ParseTagPrefixError {
    /// The text, escaped, cut after 100 characters.
    pub prefix: String,
}

impl TagPrefix {
    /// The prefix: empty, or ending with `/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the tag of `version`.
    #[must_use]
    pub fn tag_name(&self, version: &ReleaseVersion) -> String {
        format!("{}{version}", self.0)
    }

    /// The version a tag stands for; `None` for tags of another prefix and tags that are no version.
    #[must_use]
    pub fn version_of(&self, tag: &str) -> Option<ReleaseVersion> {
        tag.strip_prefix(&self.0)?.parse().ok()
    }
}

impl FromStr for TagPrefix {
    type Err = ParseTagPrefixError;

    /// Accepts `api` and `api/` alike.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let path = text.strip_suffix('/').unwrap_or(text);
        let bad_sign = |sign: char| sign.is_whitespace() || sign.is_control() || "~^:?*[\\".contains(sign);
        let bad_segment = |segment: &str| {
            segment.is_empty()
                || segment.starts_with(['.', '-'])
                || segment.ends_with(['.'])
                || segment.ends_with(".lock")
        };
        if path.contains(bad_sign) || path.contains("..") || path.contains("@{") || path.split('/').any(bad_segment) {
            return Err(ParseTagPrefixError { prefix: shown(text) });
        }
        Ok(Self(format!("{path}/")))
    }
}

impl fmt::Display for TagPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for TagPrefix {
    type Error = ParseTagPrefixError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TagPrefix> for String {
    fn from(prefix: TagPrefix) -> Self {
        prefix.0
    }
}

/// The highest version among `tags`, by version and never by text: `v0.10.0` is above `v0.9.0`. Tags of another prefix
/// and tags that are no version are passed over.
pub fn latest_tag<'a>(tags: impl IntoIterator<Item = &'a str>, prefix: &TagPrefix) -> Option<ReleaseVersion> {
    tags.into_iter().filter_map(|tag| prefix.version_of(tag)).max()
}
