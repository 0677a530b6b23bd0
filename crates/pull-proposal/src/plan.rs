use std::collections::BTreeMap;
use std::fmt;

use git_repo::{CommitId, Identity, RefName};
use github_client::{PullNumber, RepoId};
use jiff::Timestamp;
use release_journal::{Plan, Reach};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use crate::{Address, Files, FilesError};

/// What somebody wants to propose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The repository that should take the files.
    pub target: RepoId,
    /// The branch of it that should.
    pub base: String,
    /// The repository whose branch carries the proposal: a fork of the target, or the target itself.
    pub fork: RepoId,
    /// The branch that carries it.
    pub branch: String,
    /// New contents by path; `None` removes a file.
    pub files: BTreeMap<String, Option<String>>,
    /// The message of the commit.
    pub message: String,
    /// Who makes the commit.
    pub author: Identity,
    /// The time of the commit, which is at least that of its parent. It decides the commit's id and so the plan's fingerprint: with
    /// the present, no two plans are the same; with the time of what the files were made from, the same files make the same plan.
    pub at: Timestamp,
    /// The title of the pull request.
    pub title: String,
    /// Its description.
    pub body: String,
    /// Whether mock or production is reached; a proposal to a real repository is production.
    pub reach: Reach,
}

/// What is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The web pages of the GitHub that was asked.
    pub github: String,
    /// Where git found the target.
    pub target_at: Address,
    /// Where git found the carrying repository.
    pub fork_at: Address,
    /// The head of the base branch.
    pub base: CommitId,
    /// The head of the carrying branch, if there is one.
    pub branch: Option<CommitId>,
    /// Whose work is on that branch.
    pub holds: Holds,
    /// The open pull request from that branch, if there is one.
    pub pull: Option<OpenPull>,
    /// The commit that carries the files, made in the local clone; `None` when what it would be made on has just these files already.
    pub commit: Option<MadeCommit>,
}

/// A commit that was made to see its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeCommit {
    /// Its id.
    pub id: CommitId,
    /// What it was made on.
    pub parent: CommitId,
    /// Its time.
    pub time: Timestamp,
}

/// What the carrying branch holds that the base branch has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Nothing, or there is no such branch: nobody waits for it.
    Nothing,
    /// Commits of this proposal alone, by their author and message: an earlier run was stopped before it opened the pull request, or the
    /// pull request was closed.
    OurWork,
    /// Commits of somebody.
    OtherWork,
}

/// A pull request that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPull {
    /// Its number.
    pub number: PullNumber,
    /// Its page.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: String,
}

/// A push of one commit, with all that is needed to make that commit wherever its parent is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// The new head of the branch.
    pub commit: CommitId,
    /// Its parent: the head of the base branch, or of the carrying branch.
    pub parent: CommitId,
    /// What it changes in the files of its parent. A file to remove may be missing there.
    pub files: Files,
    /// Its message.
    pub message: String,
    /// Author and committer.
    pub author: Identity,
    /// The time of both.
    pub time: Timestamp,
}

/// What becomes of the pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do", deny_unknown_fields)]
pub enum PullAction {
    /// A new one is opened.
    Open,
    /// Title and description of an open one are written anew.
    Update {
        /// Its number.
        number: PullNumber,
        /// The title that is replaced.
        title: String,
        /// The description that is replaced.
        body: String,
    },
    /// The open one says all already.
    Keep {
        /// Its number.
        number: PullNumber,
    },
}

/// Tells a plan of this kind from others, in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Proposal,
}

/// What would be done: push the commit, then open or update the pull request.
///
/// It can be written to a file and applied on another machine: it has the contents of the commit, and no secret. What is read from a file
/// is bounded, and its names and paths are checked. Only [`plan`] makes one otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposalPlan {
    #[serde(rename = "plan")]
    kind: Kind,
    /// The web pages of the GitHub that has the repositories.
    #[serde(deserialize_with = "line")]
    pub github: String,
    /// The repository that should take the files.
    pub target: RepoId,
    /// Where git finds it.
    pub target_at: Address,
    /// The branch of it.
    #[serde(deserialize_with = "branch")]
    pub base: String,
    /// The head of that branch, which it has until all is done.
    pub base_head: CommitId,
    /// The repository with the carrying branch.
    pub fork: RepoId,
    /// Where git finds it.
    pub fork_at: Address,
    /// The carrying branch.
    #[serde(deserialize_with = "branch")]
    pub branch: String,
    /// The head of that branch before; `None` when it must not be there.
    pub branch_head: Option<CommitId>,
    /// The commit to push; `None` when the branch holds the files already.
    pub push: Option<Push>,
    /// What becomes of the pull request.
    pub pull: PullAction,
    /// Its title.
    #[serde(deserialize_with = "line")]
    pub title: String,
    /// Its description.
    pub body: String,
    /// How far it reaches.
    pub reach: Reach,
}

/// A line that is shown to whoever approves the plan: it must not look like other lines of it.
fn line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() || text.len() > 1024 || text.contains(char::is_control) {
        return Err(D::Error::custom("a title or address is one line, neither empty nor longer than 1024 bytes"));
    }
    Ok(text)
}

fn branch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = line(deserializer)?;
    RefName::branch(&name).map(|_| name).map_err(D::Error::custom)
}

/// A proposal that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The branch belongs to somebody's work.
    #[error("branch `{branch}` of `{fork}` holds commits of its own, and no open pull request from it")]
    BranchInUse {
        /// The branch.
        branch: String,
        /// The repository.
        fork: RepoId,
    },
    /// There is nothing to propose.
    #[error("`{target}` has these files on branch `{base}` already")]
    NothingNew {
        /// The repository.
        target: RepoId,
        /// The branch.
        base: String,
    },
    /// Files that cannot be proposed.
    #[error(transparent)]
    Files(#[from] FilesError),
}

/// Decides what to do. Pure: the same proposal and observation give the same plan.
///
/// # Errors
/// When a branch without a pull request is in the way, the base has all the files, or a plan cannot hold them.
pub fn plan(proposal: &Proposal, observed: &Observed) -> Result<ProposalPlan, PlanError> {
    if observed.pull.is_none() {
        if observed.holds == Holds::OtherWork {
            return Err(PlanError::BranchInUse { branch: proposal.branch.clone(), fork: proposal.fork.clone() });
        }
        if observed.commit.is_none() && observed.holds == Holds::Nothing {
            return Err(PlanError::NothingNew { target: proposal.target.clone(), base: proposal.base.clone() });
        }
    }
    let pull = match &observed.pull {
        None => PullAction::Open,
        Some(open) if open.says(&proposal.title, &proposal.body) => PullAction::Keep { number: open.number },
        Some(open) => PullAction::Update { number: open.number, title: open.title.clone(), body: open.body.clone() },
    };
    let push = match observed.commit {
        None => None,
        Some(MadeCommit { id, parent, time }) => Some(Push {
            commit: id,
            parent,
            files: Files::new(proposal.files.clone())?,
            message: proposal.message.clone(),
            author: proposal.author.clone(),
            time,
        }),
    };
    Ok(ProposalPlan {
        kind: Kind::Proposal,
        github: observed.github.clone(),
        target: proposal.target.clone(),
        target_at: observed.target_at.clone(),
        base: proposal.base.clone(),
        base_head: observed.base,
        fork: proposal.fork.clone(),
        fork_at: observed.fork_at.clone(),
        branch: proposal.branch.clone(),
        branch_head: observed.branch,
        push,
        pull,
        title: proposal.title.clone(),
        body: proposal.body.clone(),
        reach: proposal.reach,
    })
}

impl OpenPull {
    /// Whether it has this title and description. GitHub's web form stores CRLF and trims the ends.
    pub(crate) fn says(&self, title: &str, body: &str) -> bool {
        let plain = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
        plain(&self.title) == plain(title) && plain(&self.body) == plain(body)
    }
}

impl Plan for ProposalPlan {
    fn subject(&self) -> String {
        let plain = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' { c } else { '-' };
        format!("propose-{}", self.branch.to_ascii_lowercase().chars().map(plain).collect::<String>())
    }

    fn is_empty(&self) -> bool {
        self.push.is_none() && matches!(self.pull, PullAction::Keep { .. })
    }

    fn reach(&self) -> Reach {
        self.reach
    }
}

impl fmt::Display for ProposalPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, base, fork, branch, .. } = self;
        match &self.push {
            None => writeln!(f, "branch `{branch}` of {fork} has all files already")?,
            Some(Push { commit, files, .. }) => {
                let from = self.branch_head;
                let from = from.map_or_else(|| "a new branch".to_owned(), |old| format!("after {}", old.short(12)));
                writeln!(f, "push commit {} to branch `{branch}` of {fork}, {from}", commit.short(12))?;
                for (path, text) in files.iter() {
                    match text {
                        Some(text) => writeln!(f, "  write {path}, {} bytes", text.len())?,
                        None => writeln!(f, "  remove {path}")?,
                    }
                }
            }
        }
        match &self.pull {
            PullAction::Open => writeln!(f, "open a pull request to branch `{base}` of {target}: {}", self.title)?,
            PullAction::Update { number, .. } => {
                writeln!(f, "write title and description of pull request {target}#{number} anew: {}", self.title)?;
            }
            PullAction::Keep { number } => writeln!(f, "pull request {target}#{number} stays as it is")?,
        }
        // Whoever approves it sees where it goes, not only what that place is called.
        writeln!(f, "git finds {target} at {}", self.target_at)?;
        if fork != target || self.fork_at != self.target_at {
            writeln!(f, "git finds {fork} at {}", self.fork_at)?;
        }
        Ok(())
    }
}
