use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use url::Url;

use crate::{Message, MessageId, Outbox, Receipt, SendError};

/// A folder of `.eml` files, one per mail, named by the Message-ID. Files are made complete or not at all, and never replaced.
#[derive(Debug, Clone)]
pub struct FolderOutbox {
    folder: PathBuf,
}

impl FolderOutbox {
    /// An outbox in a folder, which is made by the first mail.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where the mail with this id is, or would be.
    pub fn path(&self, id: &MessageId) -> PathBuf {
        self.folder.join(format!("{id}.eml"))
    }
}

impl Outbox for FolderOutbox {
    async fn find(&self, id: &MessageId) -> Result<Option<Receipt>, SendError> {
        let (path, id) = (self.path(id), id.clone());
        blocking(self.folder.clone(), move || find(&path, &id)).await
    }

    async fn send(&self, message: &Message) -> Result<Receipt, SendError> {
        let bytes = message.render()?;
        let (folder, path, id) = (self.folder.clone(), self.path(&message.message_id), message.message_id.clone());
        blocking(self.folder.clone(), move || send(&folder, &path, &id, &bytes)).await
    }
}

async fn blocking<T: Send + 'static>(
    folder: PathBuf,
    work: impl FnOnce() -> Result<T, SendError> + Send + 'static,
) -> Result<T, SendError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(SendError::Io { operation: "work in", path: folder, source: io::Error::other(error) }),
    }
}

fn find(path: &Path, id: &MessageId) -> Result<Option<Receipt>, SendError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(SendError::Io { operation: "read", path: path.to_owned(), source }),
    };
    let text = String::from_utf8_lossy(&bytes);
    let head = text.split_once("\r\n\r\n").map_or("", |(head, _)| head);
    if !head.lines().any(|line| line == format!("Message-ID: <{id}>")) {
        return Err(SendError::Foreign { id: id.clone(), location: location(path) });
    }
    Ok(Some(Receipt { id: id.clone(), location: location(path), sha256: digest(&bytes) }))
}

fn send(folder: &Path, path: &Path, id: &MessageId, bytes: &[u8]) -> Result<Receipt, SendError> {
    let failed = |operation, path: &Path| {
        let path = path.to_owned();
        move |source| SendError::Io { operation, path, source }
    };
    if let Some(receipt) = find(path, id)? {
        return same(receipt, digest(bytes));
    }
    fs::create_dir_all(folder).map_err(failed("create", folder))?;
    let prefix = format!(".{id}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(failed("create a file in", folder))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed("write", file.path()))?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        // Somebody else was faster (and has cleaned up): theirs counts, if it is the same mail.
        Err(error) if matches!(error.error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {}
        Err(error) => return Err(failed("create", path)(error.error)),
    }
    remove_leftovers(folder, &prefix).map_err(failed("clean", folder))?;
    #[cfg(unix)]
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))?;
    match find(path, id)? {
        Some(receipt) => same(receipt, digest(bytes)),
        None => Err(failed("find", path)(io::Error::from(io::ErrorKind::NotFound))),
    }
}

fn same(found: Receipt, expected: String) -> Result<Receipt, SendError> {
    if found.sha256 == expected {
        return Ok(found);
    }
    Err(SendError::Conflict { id: found.id, location: found.location, found: found.sha256, expected })
}

/// A run that was killed while writing leaves its unfinished file; it must not stay beside the mail. Only called when the mail is
/// there, so whoever is still writing loses nothing.
fn remove_leftovers(folder: &Path, prefix: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(prefix) && name.ends_with(".partial")) {
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn location(path: &Path) -> String {
    Url::from_file_path(path).map_or_else(|()| path.display().to_string(), String::from)
}
