//! Platforms: an operating system and an architecture, in Go's words.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A platform to build for, e.g. `linux/amd64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Platform(artifact_publish::Platform);

/// The text is not a platform.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not a platform: expected `host` or OS/ARCH such as `linux/amd64`")]
pub struct ParsePlatformError {
    text: String,
    /// Which part is unknown, and what is known.
    source: Option<artifact_publish::UnknownPlatform>,
}

impl Platform {
    /// The operating system: `linux`, `darwin` or `windows`.
    #[must_use]
    pub fn os(self) -> String {
        self.0.os.to_string()
    }

    /// The architecture, e.g. `amd64`.
    #[must_use]
    pub fn arch(self) -> String {
        self.0.arch.to_string()
    }

    /// The same as the crate that reads headers of executables writes it.
    #[must_use]
    pub fn header(self) -> artifact_publish::Platform {
        self.0
    }

    /// What an executable's file name ends with: `.exe` on Windows, nothing elsewhere.
    #[must_use]
    pub fn exe_suffix(self) -> &'static str {
        if self.0.os == artifact_publish::Os::Windows { ".exe" } else { "" }
    }

    /// The platform this program runs on.
    ///
    /// # Errors
    /// When it is one that cannot be released for.
    pub fn host() -> Result<Self, ParsePlatformError> {
        let os = match std::env::consts::OS {
            "macos" => "darwin",
            other => other,
        };
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "x86" => "386",
            "aarch64" => "arm64",
            "powerpc64" => "ppc64le",
            other => other,
        };
        format!("{os}/{arch}").parse()
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Platform {
    type Err = ParsePlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || text.chars().take(80).collect();
        if !text.contains('/') {
            return Err(ParsePlatformError { text: shown(), source: None });
        }
        text.parse().map(Self).map_err(|error| ParsePlatformError { text: shown(), source: Some(error) })
    }
}

impl TryFrom<String> for Platform {
    type Error = ParsePlatformError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Platform> for String {
    fn from(platform: Platform) -> Self {
        platform.to_string()
    }
}

/// A platform, or the one this program runs on (`host`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum PlatformSelector {
    /// Whatever machine runs the build.
    Host,
    /// This one.
    Named(Platform),
}

impl PlatformSelector {
    /// The platform meant.
    ///
    /// # Errors
    /// When it is the host and the host cannot be released for.
    pub fn resolve(self) -> Result<Platform, ParsePlatformError> {
        match self {
            Self::Host => Platform::host(),
            Self::Named(platform) => Ok(platform),
        }
    }
}

impl TryFrom<String> for PlatformSelector {
    type Error = ParsePlatformError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "host" { Ok(Self::Host) } else { text.parse().map(Self::Named) }
    }
}

impl From<PlatformSelector> for String {
    fn from(selector: PlatformSelector) -> Self {
        match selector {
            PlatformSelector::Host => "host".to_owned(),
            PlatformSelector::Named(platform) => platform.to_string(),
        }
    }
}
