//! Tags and commits whose bytes depend on nothing but their description.

use std::collections::BTreeMap;

use gix::objs::WriteTo;
use gix::objs::tree::EntryKind;
use jiff::Timestamp;

use crate::files::tree_of;
use crate::{CommitId, Error, Expected, GitRepo, Identity, ObjectId, RefName};

/// An annotated tag to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTag {
    /// Its name without `refs/tags/`.
    pub name: String,
    /// The commit to be tagged.
    pub target: CommitId,
    /// The message; one line break is put at the end if there is none.
    pub message: String,
    /// Who tags.
    pub tagger: Identity,
    /// When, to the second; written in UTC.
    pub time: Timestamp,
}

/// A commit to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommit {
    /// The commit whose files it has. With this commit as the only parent it is an empty commit.
    pub files_of: CommitId,
    /// Its parents.
    pub parents: Vec<CommitId>,
    /// The message; one line break is put at the end if there is none.
    pub message: String,
    /// Author and committer.
    pub author: Identity,
    /// When, to the second; written in UTC.
    pub time: Timestamp,
}

impl NewTag {
    fn encode(&self) -> Result<Vec<u8>, Error> {
        RefName::tag(&self.name)?;
        let tag = gix::objs::Tag {
            target: self.target.gix(),
            target_kind: gix::objs::Kind::Commit,
            name: self.name.as_str().into(),
            tagger: Some(self.tagger.signature(self.time)?),
            message: ended(&self.message).into(),
            signature: None,
        };
        encode(&tag, "tag")
    }

    /// The id the tag object will have. Reads and writes nothing.
    ///
    /// # Errors
    /// When git would not accept the name or the tagger.
    pub fn object_id(&self) -> Result<ObjectId, Error> {
        hash(gix::objs::Kind::Tag, &self.encode()?)
    }
}

impl NewCommit {
    fn encode(&self, tree: gix::ObjectId) -> Result<Vec<u8>, Error> {
        let signature = self.author.signature(self.time)?;
        let commit = gix::objs::Commit {
            tree,
            parents: self.parents.iter().map(|parent| parent.gix()).collect(),
            author: signature.clone(),
            committer: signature,
            encoding: None,
            message: ended(&self.message).into(),
            extra_headers: Vec::new(),
        };
        encode(&commit, "commit")
    }
}

fn ended(message: &str) -> String {
    format!("{}\n", message.trim_end_matches('\n'))
}

fn encode(object: &dyn WriteTo, what: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    object.write_to(&mut bytes).map_err(|error| Error::repository(format!("encode a {what}"), error))?;
    Ok(bytes)
}

fn hash(kind: gix::objs::Kind, bytes: &[u8]) -> Result<ObjectId, Error> {
    let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, bytes);
    id.map(|id| ObjectId::of(&id)).map_err(|error| Error::repository("hash an object", error))
}

impl GitRepo {
    /// The id [`create_tag`](Self::create_tag) will give; the same as [`NewTag::object_id`].
    ///
    /// # Errors
    /// When git would not accept the name or the tagger.
    pub fn tag_object_id(&self, tag: &NewTag) -> Result<ObjectId, Error> {
        tag.object_id()
    }

    /// Makes an annotated tag. The same description gives the same object everywhere; making it a second time is no error.
    ///
    /// # Errors
    /// [`Error::TagExists`] when there is another tag of this name, [`Error::UnknownRevision`] when there is no such commit.
    pub fn create_tag(&self, tag: &NewTag) -> Result<ObjectId, Error> {
        let name = RefName::tag(&tag.name)?;
        let bytes = tag.encode()?;
        let repo = self.local();
        tree_of(&repo, tag.target)?;
        let id = hash(gix::objs::Kind::Tag, &bytes)?;
        if let Some(found) = self.object_of(&name)?.filter(|found| *found != id) {
            return Err(Error::TagExists { name, found, wanted: id });
        }
        self.store(&repo, gix::objs::Kind::Tag, &bytes)?;
        match self.update_ref(&name, Expected::Absent, id) {
            Err(Error::Moved { name, found: Some(found), .. }) => Err(Error::TagExists { name, found, wanted: id }),
            other => other.map(|()| id),
        }
    }

    /// The id [`create_commit`](Self::create_commit) will give. Writes nothing.
    ///
    /// # Errors
    /// When git would not accept the author, or `files_of` is not there.
    pub fn commit_object_id(&self, commit: &NewCommit) -> Result<CommitId, Error> {
        let tree = tree_of(&self.local(), commit.files_of)?.id;
        let id = hash(gix::objs::Kind::Commit, &commit.encode(tree)?)?;
        Ok(CommitId::of(&id.gix()))
    }

    /// Makes a commit that no ref names yet; the same description gives the same commit everywhere.
    ///
    /// # Errors
    /// When git would not accept the author, or a commit it builds on is not there.
    pub fn create_commit(&self, commit: &NewCommit) -> Result<CommitId, Error> {
        let repo = self.local();
        let tree = tree_of(&repo, commit.files_of)?.id;
        self.store_commit(&repo, commit, tree)
    }

    /// Makes a commit with the files of `commit.files_of` and these changes to them: new contents by path, `None` to remove.
    ///
    /// A file that may be run stays so. As with [`create_commit`](Self::create_commit), no ref names the commit yet.
    ///
    /// # Errors
    /// [`Error::Path`] for a path git would not check out; otherwise as [`create_commit`](Self::create_commit).
    pub fn write_files_commit(
        &self,
        commit: &NewCommit,
        changes: &BTreeMap<String, Option<Vec<u8>>>,
    ) -> Result<CommitId, Error> {
        let failed = |error: gix::Error| Error::repository("change the files of a commit", error);
        changes.keys().try_for_each(|path| check_path(path))?;
        let repo = self.local();
        let base = tree_of(&repo, commit.files_of)?;
        let mut editor = base.edit().map_err(failed)?;
        for (path, content) in changes {
            match content {
                None => editor.remove(path.as_str()).map_err(failed)?,
                Some(content) => {
                    let old = base.lookup_entry_by_path(path).map_err(failed)?;
                    let kind = match old.map(|entry| entry.mode().kind()) {
                        Some(EntryKind::BlobExecutable) => EntryKind::BlobExecutable,
                        _ => EntryKind::Blob,
                    };
                    let blob = repo.write_blob(content).map_err(failed)?;
                    editor.upsert(path.as_str(), kind, blob).map_err(failed)?
                }
            };
        }
        let tree = editor.write().map_err(failed)?.detach();
        self.store_commit(&repo, commit, tree)
    }

    fn store_commit(&self, repo: &gix::Repository, commit: &NewCommit, tree: gix::ObjectId) -> Result<CommitId, Error> {
        for parent in &commit.parents {
            tree_of(repo, *parent)?;
        }
        let id = self.store(repo, gix::objs::Kind::Commit, &commit.encode(tree)?)?;
        Ok(CommitId::of(&id.gix()))
    }

    fn store(&self, repo: &gix::Repository, kind: gix::objs::Kind, bytes: &[u8]) -> Result<ObjectId, Error> {
        let id = hash(kind, bytes)?;
        if !repo.has_object(id.gix()) {
            gix::objs::Write::write_buf(&repo.objects, kind, bytes)
                .map_err(|error| Error::repository(format!("write object {id}"), error))?;
        }
        Ok(id)
    }
}

fn check_path(path: &str) -> Result<(), Error> {
    let bad = |reason: String| Error::Path { path: path.to_owned(), reason };
    if path.is_empty() || path.starts_with('/') || path.ends_with('/') {
        return Err(bad("it must name a file below the root".to_owned()));
    }
    for part in path.split('/') {
        gix::validate::path::component(part.into(), None, Default::default())
            .map_err(|error| bad(error.to_string()))?;
    }
    Ok(())
}
