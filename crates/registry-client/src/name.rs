//! Names of repositories, tags and references, by the grammar of the OCI distribution specification.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::digest::Digest;

/// Longest repository name with its host, by convention of registries.
const MAX_NAME: usize = 255;
/// Longest tag.
const MAX_TAG: usize = 128;

/// What a text should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameKind {
    /// A repository name.
    Repository,
    /// A tag.
    Tag,
    /// A reference to an image.
    Reference,
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repository => "repository name",
            Self::Tag => "tag",
            Self::Reference => "image reference",
        })
    }
}

/// A text is no name of that kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {kind}: {reason}")]
pub struct ParseNameError {
    /// The text, cut after 300 characters.
    pub text: String,
    /// What it should have been.
    pub kind: NameKind,
    /// What is wrong with it.
    pub reason: &'static str,
}

fn bad<T>(text: &str, kind: NameKind, reason: &'static str) -> Result<T, ParseNameError> {
    Err(ParseNameError { text: shown(text), kind, reason })
}

fn shown(text: &str) -> String {
    text.chars().take(300).collect::<String>().escape_debug().to_string()
}

/// The name of a repository within its registry: lower-case parts joined by `/`, such as `kubernetes/kube-apiserver`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName(String);

impl RepositoryName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its last part: the name of the image.
    pub fn image(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(part: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let edges = [part.bytes().next(), part.bytes().next_back()];
    edges.iter().all(|byte| byte.is_some_and(alphanumeric))
        && part
            .split(|letter: char| letter.is_ascii() && alphanumeric(letter as u8))
            .all(|between| matches!(between, "" | "." | "_" | "__") || between.bytes().all(|byte| byte == b'-'))
}

impl FromStr for RepositoryName {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_NAME {
            return bad(text, NameKind::Repository, "it has more than 255 characters");
        }
        if !text.split('/').all(is_component) {
            let reason = "expected lower-case letters and digits, joined by `.`, `_`, `__`, dashes and `/`";
            return bad(text, NameKind::Repository, reason);
        }
        Ok(Self(text.to_owned()))
    }
}

/// A tag: at most 128 letters, digits, `.`, `_` and `-`. A version with `+` must be rewritten by the caller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if text.contains('+') {
            return bad(text, NameKind::Tag, "`+` is not allowed in a tag, `_` is");
        }
        if text.len() > MAX_TAG {
            return bad(text, NameKind::Tag, "it has more than 128 characters");
        }
        if !text.bytes().next().is_some_and(word)
            || !text.bytes().all(|byte| word(byte) || byte == b'.' || byte == b'-')
        {
            return bad(text, NameKind::Tag, "expected letters, digits, `_`, and after the first also `.` and `-`");
        }
        Ok(Self(text.to_owned()))
    }
}

/// `[host[:port]/]repository[:tag][@digest]`. The first part is a host if it holds `.` or `:` or is `localhost`; no host and no tag
/// is invented for one that is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageReference {
    host: Option<String>,
    repository: RepositoryName,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

impl ImageReference {
    /// Registry with port, as written.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The repository within the registry.
    pub fn repository(&self) -> &RepositoryName {
        &self.repository
    }

    /// The tag.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }
}

fn is_host(text: &str) -> bool {
    let (name, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((address, rest))) if address.parse::<Ipv6Addr>().is_ok() => match rest.strip_prefix(':') {
            Some(port) => (None, Some(port)),
            None if rest.is_empty() => (None, None),
            None => return false,
        },
        Some(_) => return false,
        None => text.split_once(':').map_or((Some(text), None), |(name, port)| (Some(name), Some(port))),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.is_none_or(|name| name.split('.').all(label))
        && port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok())
}

impl FromStr for ImageReference {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |reason| bad(text, NameKind::Reference, reason);
        let within = |part: ParseNameError| ParseNameError { text: shown(text), kind: NameKind::Reference, ..part };
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => match digest.parse() {
                Ok(digest) => (rest, Some(digest)),
                Err(_) => return wrong("what follows `@` is no SHA-256 digest"),
            },
            None => (text, None),
        };
        let (rest, host) = match rest.split_once('/') {
            Some((first, after)) if first.contains(['.', ':']) || first == "localhost" => {
                if !is_host(first) {
                    return wrong("its host is none");
                }
                (after, Some(first.to_owned()))
            }
            _ => (rest, None),
        };
        let (name, tag) = match rest.split_once(':') {
            Some((name, tag)) => (name, Some(tag.parse::<Tag>().map_err(within)?)),
            None => (rest, None),
        };
        if host.as_ref().map_or(0, |host| host.len() + 1) + name.len() > MAX_NAME {
            return wrong("host and repository have more than 255 characters");
        }
        let repository = name.parse::<RepositoryName>().map_err(within)?;
        Ok(Self { host, repository, tag, digest })
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            write!(f, "{host}/")?;
        }
        f.write_str(&self.repository.0)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

macro_rules! text_form {
    ($($name:ident)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

text_form! { RepositoryName Tag ImageReference }

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories() {
        for name in ["a", "kube-apiserver", "k8s-staging/a__b/c.d_e", "a---b", "0"] {
            assert_eq!(name.parse::<RepositoryName>().unwrap().as_str(), name);
        }
        let long = "a".repeat(256);
        for name in ["", "A", "a/", "/a", "a//b", "a..b", "a___b", "-a", "a-", "a.-b", "a:b", "..", "a b", "ä", &long]
        {
            assert!(name.parse::<RepositoryName>().is_err(), "{name}");
        }
    }

    #[test]
    fn tags() {
        let longest = "x".repeat(128);
        for tag in ["v1.19.0", "_", "V1-x", &longest] {
            assert_eq!(tag.parse::<Tag>().unwrap().as_str(), tag);
        }
        let long = "x".repeat(129);
        for tag in ["", ".a", "-a", "v1.0.0+build", "a/b", "a b", "é", &long] {
            assert!(tag.parse::<Tag>().is_err(), "{tag}");
        }
        let error = "v1+2".parse::<Tag>().unwrap_err();
        assert_eq!(error.to_string(), "`v1+2` is no tag: `+` is not allowed in a tag, `_` is");
    }

    #[test]
    fn references() {
        let digest = Digest::of(b"");
        let pinned = format!("registry.example/a/b:v1@{digest}");
        for (text, host, repository, tag) in [
            ("k8s.gcr.io/kube-proxy-amd64:v1.19.0", Some("k8s.gcr.io"), "kube-proxy-amd64", Some("v1.19.0")),
            ("localhost/a", Some("localhost"), "a", None),
            ("localhost:5000/a/b:x", Some("localhost:5000"), "a/b", Some("x")),
            ("[::1]:5000/a", Some("[::1]:5000"), "a", None),
            ("REG.example/a", Some("REG.example"), "a", None),
            ("name:tag", None, "name", Some("tag")),
            ("library/name", None, "library/name", None),
            (&pinned, Some("registry.example"), "a/b", Some("v1")),
        ] {
            let reference: ImageReference = text.parse().unwrap();
            assert_eq!(reference.to_string(), text);
            assert_eq!(reference.host(), host, "{text}");
            assert_eq!(reference.repository().as_str(), repository, "{text}");
            assert_eq!(reference.tag().map(Tag::as_str), tag, "{text}");
            assert_eq!(reference.digest().is_some(), text.contains('@'), "{text}");
        }
        for text in [
            "",
            "a:",
            "a@",
            "a@sha256:00",
            "host.example/",
            "host.example:x/a",
            "host.example:70000/a",
            "[::1/a",
            "-h.example/a",
            "a:b:c",
            "a:v1+2",
            "A/b",
            "file:///x",
        ] {
            assert!(text.parse::<ImageReference>().is_err(), "{text}");
        }
    }
}
