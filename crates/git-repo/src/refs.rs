//! Revisions, refs and tags.

use std::collections::BTreeMap;
use std::fmt;

use gix::refs::Target;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit};
use serde::{Deserialize, Serialize};

use crate::{CommitId, Error, GitRepo, ObjectId, RefName};

/// What a ref names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefTarget {
    /// The object itself: a commit, or a tag object for an annotated tag.
    pub object: ObjectId,
    /// The commit it comes down to; `None` for a ref to a tree or a file.
    pub commit: Option<CommitId>,
}

/// A tag of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its name without `refs/tags/`.
    pub name: String,
    /// The tag object of an annotated tag, else the commit.
    pub object: ObjectId,
    /// The tagged commit.
    pub commit: CommitId,
    /// Whether there is a tag object with message and tagger.
    pub annotated: bool,
}

/// The value a ref must have for a change to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// The ref does not exist.
    Absent,
    /// The ref names this object.
    Is(ObjectId),
}

impl Expected {
    /// The object expected, if one is.
    pub fn object(self) -> Option<ObjectId> {
        match self {
            Self::Absent => None,
            Self::Is(object) => Some(object),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("nothing"),
            Self::Is(object) => object.fmt(f),
        }
    }
}

impl GitRepo {
    /// The commit a revision names, tags followed: `main`, `v1.0.0`, `HEAD~3`, a full or shortened id.
    ///
    /// # Errors
    /// [`Error::UnknownRevision`] when nothing has this name, the name is ambiguous, or it names no commit.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, Error> {
        let unknown = |source| Error::UnknownRevision { revision: revision.to_owned(), source };
        let repo = self.local();
        let object = repo
            .rev_parse_single(revision)
            .and_then(|id| id.object())
            .and_then(|object| object.peel_to_kind(gix::objs::Kind::Commit))
            .map_err(|error| unknown(Some(error.into())))?;
        Ok(CommitId::of(&object.id))
    }

    /// What the ref names itself, tags not followed; `None` when there is no such ref.
    ///
    /// # Errors
    /// When the refs cannot be read.
    pub fn object_of(&self, name: &RefName) -> Result<Option<ObjectId>, Error> {
        let failed = |error: gix::Error| Error::repository(format!("read ref `{name}`"), error);
        let repo = self.local();
        let Some(mut reference) = repo.try_find_reference(name.as_str()).map_err(failed)? else { return Ok(None) };
        reference.follow_to_object().map(|id| Some(ObjectId::of(&id))).map_err(failed)
    }

    /// All refs whose name begins with `prefix`, such as `refs/heads/`; an empty prefix gives all refs.
    ///
    /// # Errors
    /// When the refs cannot be read.
    pub fn refs(&self, prefix: &str) -> Result<BTreeMap<RefName, RefTarget>, Error> {
        let failed = |error: gix::Error| Error::repository(format!("list refs under `{prefix}`"), error);
        let repo = self.local();
        let platform = repo.references().map_err(failed)?;
        let mut refs = BTreeMap::new();
        // Thousands of loose refs of pull requests need not be read for a list of tags.
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        let found = if folder.is_empty() { platform.all() } else { platform.prefixed(format!("{folder}/").as_str()) };
        for reference in found.map_err(failed)? {
            let mut reference = reference.map_err(failed)?;
            // Names that are not text cannot be asked for, pushed or printed by this library.
            let Ok(name) = reference.name().as_bstr().to_string().parse::<RefName>() else { continue };
            if !name.as_str().starts_with(prefix) {
                continue;
            }
            // A symbolic ref such as `refs/remotes/origin/HEAD` may name nothing.
            let Ok(object) = reference.follow_to_object().map(gix::Id::detach) else { continue };
            let commit = peel(&repo, object)?;
            refs.insert(name, RefTarget { object: ObjectId::of(&object), commit });
        }
        Ok(refs)
    }

    /// All tags that come down to a commit, by name.
    ///
    /// # Errors
    /// When the refs cannot be read.
    pub fn tags(&self) -> Result<Vec<Tag>, Error> {
        Ok(self
            .refs("refs/tags/")?
            .into_iter()
            .filter_map(|(name, RefTarget { object, commit })| {
                let commit = commit?;
                Some(Tag { name: name.short().to_owned(), object, commit, annotated: object != commit.object() })
            })
            .collect())
    }

    /// The ref that a symbolic ref such as `refs/remotes/origin/HEAD` names, whether or not it exists; `None` when there is no such
    /// ref, or it names an object.
    ///
    /// # Errors
    /// When the refs cannot be read.
    pub fn symbolic_target(&self, name: &RefName) -> Result<Option<RefName>, Error> {
        let failed = |error: gix::Error| Error::repository(format!("read ref `{name}`"), error);
        let repo = self.local();
        let Some(reference) = repo.try_find_reference(name.as_str()).map_err(failed)? else { return Ok(None) };
        Ok(reference.target().try_name().map(|name| name.as_bstr().to_string().parse()).transpose()?)
    }

    /// The address that this repository has for a remote, as its configuration writes it; `None` when there is no such remote. It may
    /// hold a user name or password: parse it before it is shown.
    pub fn remote_url(&self, remote: &str) -> Option<String> {
        let key = format!("remote.{remote}.url");
        self.local().config_snapshot().string(key.as_str()).map(|url| url.to_string())
    }

    /// The branch `HEAD` names, also when it has no commit yet; `None` when a commit is checked out without a branch.
    ///
    /// # Errors
    /// When `HEAD` cannot be read.
    pub fn head_branch(&self) -> Result<Option<RefName>, Error> {
        let name = self.local().head_name().map_err(|error| Error::repository("read `HEAD`", error))?;
        Ok(name.map(|name| name.as_bstr().to_string().parse()).transpose()?)
    }

    /// Sets a ref to `new` if it has the expected value; a ref that names `new` already is left as it is.
    ///
    /// # Errors
    /// [`Error::Moved`] when it has another value, [`Error::UnknownRevision`] when there is no object `new`.
    pub fn update_ref(&self, name: &RefName, expected: Expected, new: ObjectId) -> Result<(), Error> {
        let found = self.object_of(name)?;
        if found == Some(new) {
            return Ok(());
        }
        if found != expected.object() {
            return Err(Error::Moved { name: name.clone(), expected, found });
        }
        let mut repo = self.local();
        if !repo.has_object(new.gix()) {
            return Err(Error::UnknownRevision { revision: new.to_string(), source: None });
        }
        let failed = |error: gix::Error| Error::repository(format!("set ref `{name}`"), error);
        repo.committer_or_set_generic_fallback().map_err(failed)?;
        let edit = RefEdit {
            change: Change::Update {
                log: LogChange::default(),
                expected: match expected {
                    Expected::Absent => PreviousValue::MustNotExist,
                    Expected::Is(old) => PreviousValue::MustExistAndMatch(Target::Object(old.gix())),
                },
                new: Target::Object(new.gix()),
            },
            name: gix::refs::FullName::try_from(name.as_str())
                .map_err(|error| Error::repository(format!("set ref `{name}`"), error))?,
            deref: false,
        };
        match repo.edit_reference(edit) {
            Ok(_edits) => Ok(()),
            // Somebody may have been faster between the look and the lock.
            Err(error) => match self.object_of(name)? {
                found if found == expected.object() => Err(failed(error)),
                found => Err(Error::Moved { name: name.clone(), expected, found }),
            },
        }
    }
}

/// The commit an object comes down to, if it does.
pub(crate) fn peel(repo: &gix::Repository, object: gix::ObjectId) -> Result<Option<CommitId>, Error> {
    let failed = |error: gix::Error| Error::repository(format!("read object {object}"), error);
    let mut id = object;
    loop {
        match repo.find_header(id).map_err(failed)?.kind() {
            gix::objs::Kind::Commit => return Ok(Some(CommitId::of(&id))),
            gix::objs::Kind::Tag => {
                id = repo.find_tag(id).and_then(|tag| tag.target_id().map(gix::Id::detach)).map_err(failed)?;
            }
            _ => return Ok(None),
        }
    }
}
