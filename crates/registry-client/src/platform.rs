//! What an image runs on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Operating system and processor of an image, in the words of Go: `linux/amd64`, `linux/arm/v7`.
///
/// The order is that of an index: by system, processor, variant, version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// Operating system, such as `linux`.
    pub os: String,
    /// Processor, such as `amd64`.
    pub architecture: String,
    /// Variant of the processor, such as `v7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Version of the operating system; Windows images need it.
    #[serde(default, rename = "os.version", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
}

impl Platform {
    /// A platform without variant and version.
    pub fn new(os: &str, architecture: &str) -> Self {
        Self { os: os.into(), architecture: architecture.into(), variant: None, os_version: None }
    }

    /// Whether an image for `self` is one for `wanted`: equal, where `arm64` means `arm64/v8`, `arm` means `arm/v7`, and a
    /// version counts only if one is wanted.
    pub fn fits(&self, wanted: &Self) -> bool {
        fn variant(platform: &Platform) -> Option<&str> {
            platform.variant.as_deref().filter(|text| !text.is_empty()).or(match &*platform.architecture {
                "arm64" => Some("v8"),
                "arm" => Some("v7"),
                _ => None,
            })
        }
        self.os == wanted.os
            && self.architecture == wanted.architecture
            && variant(self) == variant(wanted)
            && (wanted.os_version.is_none() || self.os_version == wanted.os_version)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if let Some(variant) = &self.variant {
            write!(f, "/{variant}")?;
        }
        if let Some(version) = &self.os_version {
            write!(f, " ({version})")?;
        }
        Ok(())
    }
}

/// A text is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no platform: expected `os/architecture` or `os/architecture/variant`")]
pub struct ParsePlatformError {
    /// The text.
    pub text: String,
}

/// Reads `os/architecture` and `os/architecture/variant`.
impl FromStr for Platform {
    type Err = ParsePlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('/').collect();
        let plain = |part: &&str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        match (&parts[..], parts.iter().all(plain)) {
            ([os, architecture], true) => Ok(Self::new(os, architecture)),
            ([os, architecture, variant], true) => {
                Ok(Self { variant: Some((*variant).into()), ..Self::new(os, architecture) })
            }
            _ => Err(ParsePlatformError { text: text.escape_debug().to_string() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for text in ["linux/amd64", "linux/arm/v7", "windows/amd64"] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), text);
        }
        for text in ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/a md64"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn fitting() {
        for (found, wanted, fits) in [
            ("linux/amd64", "linux/amd64", true),
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm/v6", "linux/arm", false),
            ("linux/amd64/v3", "linux/amd64", false),
            ("linux/amd64", "linux/arm64", false),
            ("windows/amd64", "linux/amd64", false),
        ] {
            let (found, wanted): (Platform, Platform) = (found.parse().unwrap(), wanted.parse().unwrap());
            assert_eq!(found.fits(&wanted), fits, "{found} for {wanted}");
        }
        let versioned = Platform { os_version: Some("10.0".into()), ..Platform::new("windows", "amd64") };
        assert!(versioned.fits(&Platform::new("windows", "amd64")));
        assert!(!Platform::new("windows", "amd64").fits(&versioned));
    }
}
