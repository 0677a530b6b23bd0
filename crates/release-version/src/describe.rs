//! Build versions out of what other tools print.

use crate::build::BuildVersion;
use crate::cursor::Form;
use crate::error::ParseVersionError;

/// Why a printed text holds no build version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DescribeError {
    /// There is no line `gitVersion …`.
    #[error("no line `gitVersion VERSION` in the workspace status")]
    NoGitVersion,
    /// The version itself is wrong.
    #[error(transparent)]
    Version(#[from] ParseVersionError),
}

impl BuildVersion {
    /// Reads the output of `git describe --tags --abbrev=14 [--dirty] [--long]`, one trailing newline allowed:
    /// `v1.1.0-alpha.0-6-g84c76d1142ea4d` is `v1.1.0-alpha.0.6+84c76d1142ea4d`, and `v1.26.3-39-g4a72b34` is
    /// `v1.26.3-39+4a72b34`.
    ///
    /// # Errors
    /// Names the part that is wrong.
    pub fn from_describe(text: &str) -> Result<Self, ParseVersionError> {
        Self::parse(one_line(text), Form::Describe)
    }

    /// Reads a `version` file, such as `kubernetes/version` in `kubernetes.tar.gz`: one line.
    ///
    /// # Errors
    /// Names the part that is wrong.
    pub fn from_version_file(text: &str) -> Result<Self, ParseVersionError> {
        Self::parse(one_line(text), Form::Canonical)
    }

    /// Reads the line `gitVersion VERSION` out of what `hack/print-workspace-status.sh` prints.
    ///
    /// # Errors
    /// If there is no such line, or its version is wrong.
    pub fn from_workspace_status(text: &str) -> Result<Self, DescribeError> {
        let version =
            text.lines().find_map(|line| line.strip_prefix("gitVersion ")).ok_or(DescribeError::NoGitVersion)?;
        Ok(Self::parse(version, Form::Canonical)?)
    }
}

fn one_line(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}
