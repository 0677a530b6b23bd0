//! Commits and ranges of them.

use std::borrow::Cow;
use std::ops::ControlFlow;

use gix::bstr::ByteSlice;
use jiff::Timestamp;

use crate::walk::Walker;
use crate::{CommitId, Error, GitRepo, Identity};

/// A set of commits: all that can be reached from `include` and not from `exclude`, as `git log include ^exclude`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommitRange {
    /// Where to start; these commits are in the range themselves.
    pub include: Vec<CommitId>,
    /// What is left out, with all its ancestors.
    pub exclude: Vec<CommitId>,
    /// Which parents are followed.
    pub walk: Walk,
}

/// Which parents of a merge a walk follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Walk {
    /// All parents.
    #[default]
    All,
    /// The first parent alone: the merges of a branch without what they merged. Excluded commits are followed by all parents.
    FirstParent,
}

impl CommitRange {
    /// All ancestors of a commit and itself.
    pub fn of(tip: CommitId) -> Self {
        Self { include: vec![tip], ..Self::default() }
    }

    /// What `new` has and `old` has not, as `git log old..new`.
    pub fn between(old: CommitId, new: CommitId) -> Self {
        Self { include: vec![new], exclude: vec![old], walk: Walk::All }
    }

    /// The same range along first parents.
    #[must_use]
    pub fn first_parent(mut self) -> Self {
        self.walk = Walk::FirstParent;
        self
    }
}

/// A commit of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// Its parents; the first is the branch it was made on.
    pub parents: Vec<CommitId>,
    /// Who wrote the change.
    pub author: Identity,
    /// When the change was written, to the second. 1970 if the commit holds no readable time.
    pub author_time: Timestamp,
    /// Who made the commit.
    pub committer: Identity,
    /// When the commit was made, to the second. 1970 if the commit holds no readable time.
    pub committer_time: Timestamp,
    /// The whole message. Bytes that are not UTF-8 are replaced.
    pub message: String,
}

/// A commit during a walk; decodes only what it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct CommitView<'a> {
    id: CommitId,
    data: &'a [u8],
}

impl<'a> CommitView<'a> {
    pub(crate) fn new(id: CommitId, data: &'a [u8]) -> Self {
        Self { id, data }
    }

    fn parts(&self) -> gix::objs::CommitRefIter<'a> {
        gix::objs::CommitRefIter::from_bytes(self.data, gix::hash::Kind::Sha1)
    }

    /// Its id.
    pub fn id(&self) -> CommitId {
        self.id
    }

    /// Its parents.
    pub fn parents(&self) -> impl Iterator<Item = CommitId> + use<'a> {
        self.parts().parent_ids().map(|id| CommitId::of(&id))
    }

    /// The message as it is stored; mostly UTF-8.
    pub fn message_bytes(&self) -> &'a [u8] {
        // Headers never hold an empty line: continued values begin with a space.
        self.data.find(b"\n\n").map_or(&[], |end| &self.data[end + 2..])
    }

    /// The message; bytes that are not UTF-8 are replaced.
    pub fn message(&self) -> Cow<'a, str> {
        self.message_bytes().to_str_lossy()
    }

    /// Who wrote the change, and when.
    pub fn author(&self) -> (Identity, Timestamp) {
        person(self.parts().author().ok())
    }

    /// Who made the commit, and when.
    pub fn committer(&self) -> (Identity, Timestamp) {
        person(self.parts().committer().ok())
    }

    /// All of it.
    pub fn to_commit(&self) -> Commit {
        let (author, author_time) = self.author();
        let (committer, committer_time) = self.committer();
        Commit {
            id: self.id,
            parents: self.parents().collect(),
            author,
            author_time,
            committer,
            committer_time,
            message: self.message().into_owned(),
        }
    }
}

fn person(signature: Option<gix::actor::SignatureRef<'_>>) -> (Identity, Timestamp) {
    let Some(signature) = signature else { return (Identity::new("", ""), Timestamp::UNIX_EPOCH) };
    let signature = signature.trim();
    let identity = Identity::new(signature.name.to_str_lossy(), signature.email.to_str_lossy());
    (identity, Timestamp::from_second(signature.seconds()).unwrap_or(Timestamp::UNIX_EPOCH))
}

impl GitRepo {
    /// The commit `id`.
    ///
    /// # Errors
    /// [`Error::UnknownRevision`] when there is no such commit.
    pub fn commit(&self, id: CommitId) -> Result<Commit, Error> {
        let repo = self.local();
        let commit = repo
            .find_commit(id.gix())
            .map_err(|error| Error::UnknownRevision { revision: id.to_string(), source: Some(error.into()) })?;
        Ok(CommitView::new(id, &commit.data).to_commit())
    }

    /// The commits of a range in the order of `git log`: by committer time, newest first, children before parents
    /// unless a clock was wrong.
    ///
    /// # Errors
    /// When an object is missing or broken.
    pub fn commits(&self, range: &CommitRange) -> Result<Vec<Commit>, Error> {
        let mut commits = Vec::new();
        self.for_each_commit(range, |view| {
            commits.push(view.to_commit());
            ControlFlow::Continue(())
        })?;
        Ok(commits)
    }

    /// Shows each commit of a range, in the same order, to `visit` until it breaks off.
    ///
    /// # Errors
    /// When an object is missing or broken.
    pub fn for_each_commit(
        &self,
        range: &CommitRange,
        mut visit: impl FnMut(CommitView<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        Walker::new(&self.uncached(), range)?.each(|id, data| visit(CommitView::new(id, data)))
    }

    /// The ids of the commits of a range, in the same order; quicker, since no message is read.
    ///
    /// # Errors
    /// When an object is missing or broken.
    pub fn commit_ids(&self, range: &CommitRange) -> Result<Vec<CommitId>, Error> {
        Walker::new(&self.uncached(), range)?.ids()
    }

    /// How many commits the range has.
    ///
    /// # Errors
    /// When an object is missing or broken.
    pub fn count(&self, range: &CommitRange) -> Result<usize, Error> {
        Ok(self.commit_ids(range)?.len())
    }

    /// The best common ancestor of two commits; `None` when their histories have nothing in common.
    ///
    /// # Errors
    /// When an object is missing or broken.
    pub fn merge_base(&self, one: CommitId, other: CommitId) -> Result<Option<CommitId>, Error> {
        let repo = self.local();
        let base = repo.merge_base(one.gix(), other.gix());
        let base =
            base.map_err(|error| Error::repository(format!("find the merge base of {one} and {other}"), error))?;
        Ok(base.map(|id| CommitId::of(&id)))
    }

    /// Whether `ancestor` can be reached from `descendant`. A commit is its own ancestor.
    ///
    /// # Errors
    /// When an object is missing or broken.
    pub fn is_ancestor(&self, ancestor: CommitId, descendant: CommitId) -> Result<bool, Error> {
        // A base that is the ancestor itself is the only one there can be.
        Ok(self.merge_base(ancestor, descendant)? == Some(ancestor))
    }
}
