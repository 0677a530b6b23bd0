use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use super::{Created, Store, StoreError, check_name, check_prefix};

/// A store in a folder: one file an object, written beside and renamed into place.
#[derive(Debug, Clone)]
pub struct FolderStore {
    root: PathBuf,
}

/// Files being written. No name begins with a `.`, so nothing that does is listed: neither this folder nor what a file
/// server or a file manager leaves behind.
const PARTS: &str = ".parts";

impl FolderStore {
    /// A store in `root`, which is made when the first object is.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn walk(&self, folder: &Path, names: &mut Vec<String>) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if entry.file_type()?.is_dir() {
                self.walk(&entry.path(), names)?;
            } else if let Ok(relative) = entry.path().strip_prefix(&self.root)
                && let Some(name) = relative.to_str()
            {
                names.push(name.to_owned());
            }
        }
        Ok(())
    }

    fn create_blocking(&self, name: &str, bytes: &[u8]) -> io::Result<Created> {
        let target = self.root.join(name);
        if target.exists() {
            return Ok(Created::Exists);
        }
        let parts = self.root.join(PARTS);
        fs::create_dir_all(&parts)?;
        let folder = target.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)?;
        let mut part = tempfile::NamedTempFile::new_in(&parts)?;
        part.write_all(bytes)?;
        part.as_file().sync_all()?;
        match part.persist_noclobber(&target) {
            Ok(_) => {
                fs::File::open(folder)?.sync_all()?;
                Ok(Created::New)
            }
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(Created::Exists),
            Err(error) => Err(error.error),
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

impl Store for FolderStore {
    async fn create(&self, name: &str, bytes: &[u8]) -> Result<Created, StoreError> {
        check_name(name)?;
        let (store, owned, bytes) = (self.clone(), name.to_owned(), bytes.to_vec());
        blocking(move || store.create_blocking(&owned, &bytes))
            .await
            .map_err(|error| StoreError::failed("create", name, error))
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        check_name(name)?;
        let path = self.root.join(name);
        match blocking(move || fs::read(path)).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::failed("read", name, error)),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let store = self.clone();
        // Only the folder that the prefix names whole is walked.
        let folder = match check_prefix(prefix)? {
            Some(folder) => self.root.join(folder),
            None => self.root.clone(),
        };
        let mut names = blocking(move || {
            let mut names = Vec::new();
            store.walk(&folder, &mut names).map(|()| names)
        })
        .await
        .map_err(|error| StoreError::failed("list", prefix, error))?;
        names.retain(|name| name.starts_with(prefix));
        names.sort();
        Ok(names)
    }

    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        check_name(name)?;
        let path = self.root.join(name);
        match blocking(move || fs::remove_file(path)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::failed("remove", name, error)),
            _ => Ok(()),
        }
    }
}
