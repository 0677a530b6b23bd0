//! Places: where things are published. A set for rehearsals, a set for the real thing, and the same code for both.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use artifact_publish::Bucket;
use git_repo::GitRemote;
use mail_announce::FolderOutbox;
use registry_client::ImageStore;
use release_journal::Reach;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{config::PlaceSet, forge::FolderForge};

/// Which set of places a run publishes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Test targets.
    Mock,
    /// Production targets.
    Nomock,
}

impl Mode {
    /// How far a run in this mode reaches.
    #[must_use]
    pub fn reach(self) -> Reach {
        match self {
            Self::Mock => Reach::Mock,
            Self::Nomock => Reach::Production,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mock => "mock",
            Self::Nomock => "nomock",
        })
    }
}

/// The addresses of one set, absolute: part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// Staged builds, release files, markers, the journal.
    pub bucket: Url,
    /// The repository that is pushed to.
    pub git: String,
    /// Release pages.
    pub forge: Url,
    /// Announcements.
    pub outbox: Url,
    /// Container images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<Url>,
}

/// Why a place cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// The address is of a kind that this place does not have.
    #[error("`{address}` is no address of a {place}: expected {expected}")]
    Unsupported {
        /// Which place.
        place: &'static str,
        /// The address.
        address: String,
        /// What would do.
        expected: &'static str,
    },
    /// There are images, and no registry for them.
    #[error("there is no registry place")]
    NoRegistry,
    /// The bucket.
    #[error("cannot open the bucket")]
    Bucket(#[from] artifact_publish::Error),
    /// The git remote.
    #[error("cannot use the git remote")]
    Git(#[from] git_repo::Error),
}

impl Places {
    /// Makes the addresses of `set` absolute; relative paths start from `folder`.
    ///
    /// # Errors
    /// [`PlaceError::Unsupported`] names the place whose address is of an unknown kind.
    pub fn resolve(set: &PlaceSet, folder: &Path) -> Result<Self, PlaceError> {
        const FOLDER: &str = "`file:PATH`";
        Ok(Self {
            bucket: address("bucket", &set.bucket, folder, "`file:PATH` or `memory:NAME`", &["memory"])?,
            git: git_address(&set.git, folder),
            forge: address("forge", &set.forge, folder, FOLDER, &[])?,
            outbox: address("outbox", &set.outbox, folder, FOLDER, &[])?,
            registry: match &set.registry {
                Some(registry) => Some(address("registry", registry, folder, FOLDER, &[])?),
                None => None,
            },
        })
    }

    /// The bucket.
    ///
    /// # Errors
    /// When the bucket cannot be opened.
    pub fn open_bucket(&self) -> Result<Bucket, PlaceError> {
        Ok(Bucket::open(&self.bucket)?)
    }

    /// The repository to push to.
    ///
    /// # Errors
    /// When the address is not one git can use.
    pub fn open_git(&self) -> Result<GitRemote, PlaceError> {
        Ok(GitRemote::parse(&self.git)?)
    }

    /// The release pages.
    ///
    /// # Errors
    /// When the address is not a folder.
    pub fn open_forge(&self) -> Result<FolderForge, PlaceError> {
        folder_of("forge", &self.forge)?;
        Ok(FolderForge::new(Bucket::open(&self.forge)?))
    }

    /// The registry.
    ///
    /// # Errors
    /// When there is none, or the address is not a folder.
    pub fn open_registry(&self) -> Result<ImageStore, PlaceError> {
        let url = self.registry.as_ref().ok_or(PlaceError::NoRegistry)?;
        Ok(ImageStore::open_folder(&folder_of("registry", url)?))
    }

    /// The outbox.
    ///
    /// # Errors
    /// When the address is not a folder.
    pub fn open_outbox(&self) -> Result<FolderOutbox, PlaceError> {
        Ok(FolderOutbox::new(folder_of("outbox", &self.outbox)?))
    }
}

/// A `file:` address with a path, which may be relative, or a URL of one of `schemes`.
pub(crate) fn address(
    place: &'static str,
    text: &str,
    folder: &Path,
    expected: &'static str,
    schemes: &[&str],
) -> Result<Url, PlaceError> {
    let unsupported = || PlaceError::Unsupported { place, address: text.to_owned(), expected };
    if let Some(rest) = text.strip_prefix("file:")
        && !rest.starts_with("//")
    {
        return Url::from_file_path(normal(&folder.join(rest))).map_err(|()| unsupported());
    }
    match text.parse::<Url>() {
        Ok(url) if url.scheme() == "file" => {
            let path = url.to_file_path().map_err(|()| unsupported())?;
            Url::from_file_path(normal(&path)).map_err(|()| unsupported())
        }
        Ok(url) if schemes.contains(&url.scheme()) => Ok(url),
        _ => Err(unsupported()),
    }
}

/// A repository's address with a relative path made absolute.
pub(crate) fn git_address(text: &str, folder: &Path) -> String {
    let scp_like = text.split_once(':').is_some_and(|(host, _)| !host.contains('/'));
    if scp_like { text.to_owned() } else { normal(&folder.join(text)).display().to_string() }
}

pub(crate) fn folder_of(place: &'static str, url: &Url) -> Result<PathBuf, PlaceError> {
    url.to_file_path().map_err(|()| PlaceError::Unsupported {
        place,
        address: url.to_string(),
        expected: "`file:PATH`",
    })
}

/// The path without `.` and with `..` taken back, by its letters alone.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
