//! The changelog files on the branches: one commit each, on top of whatever the branch holds by now.

use std::collections::BTreeMap;

use artifact_publish::Sha256Digest;
use git_repo::{CommitId, Expected, GitRepo, NewCommit, PushError, PushMode, PushOptions, RefName, RefUpdate};
use notes_gen::changelog::{self, Section};
use notes_sources::{ChangelogFiles, OtherChangelogs, changelog_changes};
use release_journal::{Observed, Step, StepId};
use serde::{Deserialize, Serialize};

use super::{id, publish::ReleaseContext, push::open_push_repository, upload::object};
use crate::{
    Error,
    plan::{self, ChangelogPlan},
    resolve::whole_seconds,
};

/// How the subjects of our commits begin; the tag follows.
pub(crate) const SUBJECT: &str = "CHANGELOG: add ";
/// How often a branch may move under our hands before we give up.
const TRIES: usize = 5;
/// The largest changelog file that is read, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// Adds the section of a version to the changelog on a branch.
pub(crate) struct Changelog<'v>(pub(crate) &'v ChangelogPlan);

/// Where the section is, as evidence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Written {
    branch: String,
    commit: CommitId,
    file: String,
}

/// Why the changelog was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangelogStepError {
    #[error("cannot write the changelog on `{branch}`")]
    Text { branch: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("cannot push the changelog to `{branch}`")]
    Push { branch: String, source: PushError },
    #[error("`{branch}` moved {TRIES} times while the changelog was written; try again later")]
    Restless { branch: String },
    #[error("the remote has no branch `{branch}`")]
    NoBranch { branch: String },
    #[error(transparent)]
    Flow(#[from] Error),
}

/// The changelog at the head of a branch, and what it should become.
struct Looked {
    repository: GitRepo,
    head: CommitId,
    /// Files to write; empty when the section is there.
    changes: BTreeMap<String, Option<Vec<u8>>>,
}

impl Changelog<'_> {
    async fn section(&self, cx: &ReleaseContext<'_>) -> Result<Section, ChangelogStepError> {
        let name = object(&self.0.section)?;
        let found = cx.bucket.read(&name, MAX_FILE).await.map_err(Error::bucket(format!("read `{name}`")))?;
        let bytes = found.map(|found| found.bytes.to_vec()).unwrap_or_default();
        let digest = Sha256Digest::of(&bytes);
        if digest != self.0.sha256 {
            return Err(Error::Moved {
                what: format!("staged object `{name}`"),
                expected: self.0.sha256.to_string(),
                found: digest.to_string(),
            }
            .into());
        }
        Section::new(&self.0.tag, &String::from_utf8_lossy(&bytes)).map_err(|source| self.text(source))
    }

    fn text(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ChangelogStepError {
        ChangelogStepError::Text { branch: self.0.branch.clone(), source: source.into() }
    }

    async fn look(&self, cx: &ReleaseContext<'_>) -> Result<Looked, ChangelogStepError> {
        let section = self.section(cx).await?;
        let repository = open_push_repository(&cx.plan.places, &cx.work).await?;
        let tracking = format!("refs/remotes/origin/{}", self.0.branch);
        let head = repository
            .resolve(&tracking)
            .map_err(|_missing| ChangelogStepError::NoBranch { branch: self.0.branch.clone() })?;
        let others = match self.0.others {
            plan::OtherChangelogs::Keep => OtherChangelogs::Keep,
            plan::OtherChangelogs::Drop => OtherChangelogs::Remove,
        };
        let files = ChangelogFiles { file: self.0.file.clone(), index: Some(self.0.index.clone()) };
        // A section that somebody edited by hand since is theirs: it stays as it is.
        let keep = changelog::WhenDifferent::Keep;
        let changes =
            changelog_changes(&repository, head, &section, &files, others, keep).map_err(|source| self.text(source))?;
        Ok(Looked { repository, head, changes: changes.files })
    }

    /// Whether the section can be written to the branch as it is now. A branch that this release makes is as its section wants it.
    ///
    /// # Errors
    /// When the changelog there is none, or has been edited into something that no section can be put into.
    pub(super) async fn look_ahead(&self, cx: &ReleaseContext<'_>) -> Result<(), Error> {
        match self.look(cx).await {
            Ok(_) | Err(ChangelogStepError::NoBranch { .. }) => Ok(()),
            Err(ChangelogStepError::Flow(error)) => Err(error),
            Err(ChangelogStepError::Text { branch, source }) => Err(Error::BranchChangelog { branch, source }),
            Err(other) => Err(Error::BranchChangelog { branch: self.0.branch.clone(), source: other.into() }),
        }
    }

    async fn push(&self, cx: &ReleaseContext<'_>, looked: &Looked) -> Result<(), PushError> {
        // A commit is never older than the one below it, whatever the clock of this machine says.
        let ground = looked.repository.commit(looked.head)?;
        let commit = NewCommit {
            files_of: looked.head,
            parents: vec![looked.head],
            message: format!("{SUBJECT}{}", self.0.tag),
            author: cx.plan.identity.clone(),
            time: whole_seconds(cx.runner.dates.now()).max(ground.committer_time),
        };
        let commit = looked.repository.write_files_commit(&commit, &looked.changes)?;
        let name = RefName::branch(&self.0.branch).map_err(git_repo::Error::from)?;
        let update = RefUpdate { name, expected: Expected::Is(looked.head.object()), new: Some(commit.object()) };
        let remote = git_repo::GitRemote::parse(&cx.plan.places.git)?;
        let push = looked.repository.push(&remote, std::slice::from_ref(&update), PushOptions::new(PushMode::Apply));
        cx.runner.effect(format!("changelog on `{}`", self.0.branch), push).await.map(|_| ())
    }
}

impl<'a> Step<ReleaseContext<'a>> for Changelog<'_> {
    type Output = Written;
    type Error = ChangelogStepError;

    fn id(&self) -> StepId {
        id("changelog", &self.0.branch)
    }

    async fn observe(&self, cx: &ReleaseContext<'a>) -> Result<Observed<Written>, ChangelogStepError> {
        let looked = self.look(cx).await?;
        Ok(if looked.changes.is_empty() {
            let (branch, file) = (self.0.branch.clone(), self.0.file.clone());
            Observed::Done(Written { branch, commit: looked.head, file })
        } else {
            Observed::Absent
        })
    }

    async fn run(&self, cx: &ReleaseContext<'a>) -> Result<(), ChangelogStepError> {
        for _ in 0..TRIES {
            let looked = self.look(cx).await?;
            if looked.changes.is_empty() {
                return Ok(());
            }
            match self.push(cx, &looked).await {
                Ok(()) => return Ok(()),
                // Somebody was faster: their commit is the new ground.
                Err(PushError::Moved { .. }) => {}
                Err(source) => return Err(ChangelogStepError::Push { branch: self.0.branch.clone(), source }),
            }
        }
        Err(ChangelogStepError::Restless { branch: self.0.branch.clone() })
    }
}
