use std::collections::BTreeMap;
use std::fmt;

use git_repo::{CommitId, Identity};
use github_client::{PullNumber, RepoId};
use jiff::Timestamp;
use release_journal::{Plan, Reach};
use serde::{Deserialize, Serialize};

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
    /// The head of the base branch.
    pub base: CommitId,
    /// The head of the carrying branch, if there is one.
    pub branch: Option<CommitId>,
    /// Whose work is on that branch.
    pub holds: Holds,
    /// The open pull request from that branch, if there is one.
    pub pull: Option<OpenPull>,
    /// The commit that carries the files, made in the local clone; `None` when what it would be made on has just these files already.
    pub commit: Option<CommitId>,
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

/// A push of one commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// The new head of the branch.
    pub commit: CommitId,
    /// The head that it replaces; the branch must be there, or must not be.
    pub replaces: Option<CommitId>,
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
    },
    /// The open one says all already.
    Keep {
        /// Its number.
        number: PullNumber,
    },
}

/// What would be done: push the commit, then open or update the pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposalPlan {
    /// The repository that should take the files.
    pub target: RepoId,
    /// The branch of it.
    pub base: String,
    /// The repository with the carrying branch.
    pub fork: RepoId,
    /// The carrying branch.
    pub branch: String,
    /// The commit to push; `None` when the branch holds the files already.
    pub push: Option<Push>,
    /// The files that the commit changes, by path, with their sizes in bytes; `None` for one that is removed.
    pub files: BTreeMap<String, Option<u64>>,
    /// What becomes of the pull request.
    pub pull: PullAction,
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: String,
    /// How far it reaches.
    pub reach: Reach,
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
}

/// Decides what to do. Pure: the same proposal and observation give the same plan.
///
/// # Errors
/// When a branch without a pull request is in the way, or the base has all the files.
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
        Some(open) if same_text(&open.title, &proposal.title) && same_text(&open.body, &proposal.body) => {
            PullAction::Keep { number: open.number }
        }
        Some(open) => PullAction::Update { number: open.number },
    };
    let push = observed.commit.map(|commit| Push { commit, replaces: observed.branch });
    let size = |content: &Option<String>| content.as_ref().map(|text| text.len() as u64);
    Ok(ProposalPlan {
        target: proposal.target.clone(),
        base: proposal.base.clone(),
        fork: proposal.fork.clone(),
        branch: proposal.branch.clone(),
        files: proposal.files.iter().map(|(path, content)| (path.clone(), size(content))).collect(),
        push,
        pull,
        title: proposal.title.clone(),
        body: proposal.body.clone(),
        reach: proposal.reach,
    })
}

/// GitHub's web form stores CRLF and trims the ends.
pub(crate) fn same_text(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
    plain(one) == plain(other)
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
            Some(Push { commit, replaces }) => {
                let from = replaces.map_or_else(|| "a new branch".to_owned(), |old| format!("after {}", old.short(12)));
                writeln!(f, "push commit {} to branch `{branch}` of {fork}, {from}", commit.short(12))?;
                for (path, size) in &self.files {
                    match size {
                        Some(bytes) => writeln!(f, "  write {path}, {bytes} bytes")?,
                        None => writeln!(f, "  remove {path}")?,
                    }
                }
            }
        }
        match &self.pull {
            PullAction::Open => writeln!(f, "open a pull request to branch `{base}` of {target}: {}", self.title),
            PullAction::Update { number } => {
                writeln!(f, "write title and description of pull request {target}#{number} anew: {}", self.title)
            }
            PullAction::Keep { number } => writeln!(f, "pull request {target}#{number} stays as it is"),
        }
    }
}
