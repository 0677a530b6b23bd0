//! Files and folders of a commit.

use serde::{Deserialize, Serialize};

use crate::{CommitId, Error, GitRepo, ObjectId};

/// What stands in a folder of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeEntry {
    /// Its name, without the folder. Bytes that are not UTF-8 are replaced.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Its object.
    pub object: ObjectId,
}

/// The kinds of entries of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A file that may be run.
    Executable,
    /// A symbolic link; its content is the target.
    Link,
    /// A commit of another repository.
    Submodule,
}

impl From<gix::objs::tree::EntryKind> for EntryKind {
    fn from(kind: gix::objs::tree::EntryKind) -> Self {
        match kind {
            gix::objs::tree::EntryKind::Tree => Self::Folder,
            gix::objs::tree::EntryKind::Blob => Self::File,
            gix::objs::tree::EntryKind::BlobExecutable => Self::Executable,
            gix::objs::tree::EntryKind::Link => Self::Link,
            gix::objs::tree::EntryKind::Commit => Self::Submodule,
        }
    }
}

impl GitRepo {
    /// The content of the file `path` at a commit, as it is stored; `None` when there is no such file.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when it has more than `limit` bytes, before they are read.
    pub fn blob(&self, at: CommitId, path: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let failed = |error: gix::Error| Error::repository(format!("read `{path}` of commit {at}"), error);
        let repo = self.local();
        let Some(entry) = tree_of(&repo, at)?.lookup_entry_by_path(path).map_err(failed)? else { return Ok(None) };
        if !entry.mode().is_blob_or_symlink() {
            return Ok(None);
        }
        let size = repo.find_header(entry.object_id()).map_err(failed)?.size();
        if size > limit {
            return Err(Error::TooLarge { path: path.to_owned(), size, limit });
        }
        Ok(Some(repo.find_blob(entry.object_id()).map_err(failed)?.take_data()))
    }

    /// The object of the file or folder `path` at a commit; `None` when there is none. Two commits with the same object have the same
    /// content there, so no file needs to be read to tell whether something changed.
    ///
    /// # Errors
    /// When an object is missing or broken.
    pub fn object_at(&self, at: CommitId, path: &str) -> Result<Option<ObjectId>, Error> {
        let failed = |error: gix::Error| Error::repository(format!("look for `{path}` in commit {at}"), error);
        let repo = self.local();
        let tree = tree_of(&repo, at)?;
        let path = path.trim_matches('/');
        if path.is_empty() || path == "." {
            return Ok(Some(ObjectId::of(&tree.id)));
        }
        Ok(tree.lookup_entry_by_path(path).map_err(failed)?.map(|entry| ObjectId::of(&entry.object_id())))
    }

    /// What the folder `path` of a commit holds, by name; an empty path is the root, a missing folder is empty.
    ///
    /// # Errors
    /// When an object is missing or broken.
    pub fn tree(&self, at: CommitId, path: &str) -> Result<Vec<TreeEntry>, Error> {
        let failed = |error: gix::Error| Error::repository(format!("list `{path}` of commit {at}"), error);
        let repo = self.local();
        let mut tree = tree_of(&repo, at)?;
        if !path.is_empty() {
            match tree.lookup_entry_by_path(path).map_err(failed)? {
                Some(entry) if entry.mode().is_tree() => tree = repo.find_tree(entry.object_id()).map_err(failed)?,
                _ => return Ok(Vec::new()),
            }
        }
        let mut entries = Vec::new();
        for entry in tree.iter() {
            let entry = entry.map_err(failed)?;
            entries.push(TreeEntry {
                name: entry.filename().to_string(),
                kind: entry.mode().kind().into(),
                object: ObjectId::of(&entry.object_id()),
            });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }
}

pub(crate) fn tree_of<'repo>(repo: &'repo gix::Repository, at: CommitId) -> Result<gix::Tree<'repo>, Error> {
    let commit = repo
        .find_commit(at.gix())
        .map_err(|error| Error::UnknownRevision { revision: at.to_string(), source: Some(error.into()) })?;
    commit.tree().map_err(|error| Error::repository(format!("read the files of commit {at}"), error))
}
