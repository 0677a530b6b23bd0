//! `release.yaml`: what a project builds, where it publishes, whom it tells.

mod check;
mod explain;
mod platform;
mod template;
mod types;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use check::Problem;
pub use explain::{STARTER, explain, schema_json};
pub use platform::{ParsePlatformError, Platform, PlatformSelector};
pub use template::{TemplateError, expand, placeholders};
pub use types::{
    AnnounceConfig, ArtifactConfig, ArtifactKind, BuildGroup, BumpConfig, ChangelogConfig, Config, ContainerConfig,
    ContainerEngine, Duration, IdentityConfig, ImageConfig, MatrixConfig, NotesConfig, PlaceSet, PlacesConfig,
    PolicyName, ProjectConfig, Recipients, TarballConfig, TarballFile, VersionsConfig,
};

/// File name looked for when none is given.
pub const FILE_NAME: &str = "release.yaml";

/// The largest `release.yaml` that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Why a `release.yaml` was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is none.
    #[error("there is no `{}`", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is larger than a configuration can be.
    #[error("`{}` has {bytes} bytes; a release.yaml has at most {MAX_BYTES}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// It is not YAML of the right shape; the message names line and column.
    #[error("`{}` is not a release.yaml: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line, column and an excerpt.
        message: String,
    },
    /// It reads well and makes no sense.
    #[error("`{}` cannot be used: {}", path.display(), join(problems))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
}

fn join(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// A configuration that passed its checks, and the folder that relative paths in it start from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The file it came from.
    pub path: PathBuf,
    /// The folder of that file, absolute.
    pub folder: PathBuf,
    /// What it says.
    pub config: Config,
}

impl Loaded {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// [`ConfigError`] says what is missing, where the YAML is wrong (line and column), or every rule that is broken.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let read_error = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => ConfigError::Missing { path: path.to_owned() },
            _ => ConfigError::Read { path: path.to_owned(), source },
        };
        let bytes = fs::metadata(path).map_err(read_error)?.len();
        if bytes > MAX_BYTES {
            return Err(ConfigError::TooLarge { path: path.to_owned(), bytes });
        }
        let text = fs::read_to_string(path).map_err(read_error)?;
        let absolute = std::path::absolute(path).map_err(read_error)?;
        let folder = absolute.parent().unwrap_or(Path::new("/")).to_owned();
        Self::parse(&text, path, &folder)
    }

    /// Checks a configuration that is in memory; `path` names it in messages, `folder` is where relative paths start.
    ///
    /// # Errors
    /// [`ConfigError::Malformed`] or [`ConfigError::Invalid`].
    pub fn parse(text: &str, path: &Path, folder: &Path) -> Result<Self, ConfigError> {
        let config: Config = serde_saphyr::from_str(text).map_err(|error| ConfigError::Malformed {
            path: path.to_owned(),
            message: error.to_string().trim_end().to_owned(),
        })?;
        let problems = check::check(&config, folder);
        if problems.is_empty() {
            Ok(Self { path: path.to_owned(), folder: folder.to_owned(), config })
        } else {
            Err(ConfigError::Invalid { path: path.to_owned(), problems })
        }
    }
}
