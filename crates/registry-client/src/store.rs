//! A folder as a registry: one layout for each repository.

use std::path::{Path, PathBuf};

use url::Url;

use crate::error::Error;
use crate::layout::OciLayout;
use crate::name::RepositoryName;
use crate::stream::blocking;

/// Names within a layout, which a repository below another one must not have.
const RESERVED: [&str; 3] = ["blobs", "index.json", "oci-layout"];

/// A folder that stands for a registry: `<folder>/<repository>` is an [`OciLayout`] with its tags.
#[derive(Debug, Clone)]
pub struct ImageStore {
    folder: PathBuf,
}

impl ImageStore {
    /// The store at a `file:` URL; the folder need not be there yet.
    ///
    /// # Errors
    /// When the URL is no absolute `file:` URL.
    pub fn open(url: &Url) -> Result<Self, Error> {
        let bad = |reason| Error::BadPlace { url: url.to_string(), reason };
        if url.scheme() != "file" {
            return Err(bad("only `file:` folders hold images"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("a query or fragment means nothing for a folder"));
        }
        match url.to_file_path() {
            Ok(folder) => Ok(Self { folder }),
            Err(()) => Err(bad("it names no local folder")),
        }
    }

    /// The store in a local folder.
    pub fn open_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the layout of a repository is, or would be.
    ///
    /// # Errors
    /// When a part of the name is one of a layout's own names.
    pub fn repository_folder(&self, repository: &RepositoryName) -> Result<PathBuf, Error> {
        if repository.as_str().split('/').any(|part| RESERVED.contains(&part)) {
            return Err(Error::ReservedName { repository: repository.clone() });
        }
        Ok(self.folder.join(repository.as_str()))
    }

    /// The layout of a repository; `None` when there is no such repository.
    ///
    /// # Errors
    /// When the name is reserved or the layout cannot be read.
    pub async fn repository(&self, repository: &RepositoryName) -> Result<Option<OciLayout>, Error> {
        let folder = self.repository_folder(repository)?;
        let probe = folder.join("oci-layout");
        match blocking(move || probe.try_exists().map_err(|error| Error::io(&probe, error))).await? {
            true => OciLayout::open(&folder).await.map(Some),
            false => Ok(None),
        }
    }

    /// The layout of a repository, made when it is not there.
    ///
    /// # Errors
    /// When the name is reserved or the layout cannot be made.
    pub async fn create_repository(&self, repository: &RepositoryName) -> Result<OciLayout, Error> {
        OciLayout::create(&self.repository_folder(repository)?).await
    }

    /// All repositories, sorted; none when the folder is not there.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub async fn repositories(&self) -> Result<Vec<RepositoryName>, Error> {
        let root = self.folder.clone();
        blocking(move || {
            let mut found = Vec::new();
            let mut folders = vec![root.clone()];
            while let Some(folder) = folders.pop() {
                let failed = |error| Error::io(&folder, error);
                let entries = match std::fs::read_dir(&folder) {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    other => other.map_err(failed)?,
                };
                let name = folder.strip_prefix(&root).ok().and_then(Path::to_str).and_then(|name| name.parse().ok());
                if let Some(name) = name
                    && folder.join("oci-layout").is_file()
                {
                    found.push(name);
                }
                for entry in entries {
                    let entry = entry.map_err(failed)?;
                    // Links are not followed: they could lead around in a circle.
                    let plain = entry.file_type().map_err(failed)?.is_dir();
                    let file_name = entry.file_name();
                    let named = file_name
                        .to_str()
                        .is_some_and(|name| !RESERVED.contains(&name) && name.parse::<RepositoryName>().is_ok());
                    if plain && named {
                        folders.push(entry.path());
                    }
                }
            }
            found.sort();
            Ok(found)
        })
        .await
    }
}
