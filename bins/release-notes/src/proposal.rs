//! `release-notes apply`, and what it shares with `draft-pr`: a plan travels between them as a file.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use cli_kit::{Exit, Failure, OrExit, Page, Render, Shell, approve};
use git_repo::{GitRemote, GitRepo, PushError};
use github_client::RepoId;
use notes_sources::read_text;
use pull_proposal::{Address, Places, ProposalPlan, Proposed};
use release_journal::{Plan as _, Reach};
use serde::Serialize;

use crate::failure;
use crate::github::{Account, AccountArgs};
use crate::repo::mirror_folder;
use crate::source::now;

/// The largest plan that is read, in bytes: what the files of one may hold, each byte of it escaped.
const MAX_PLAN: u64 = 64 << 20;

/// Apply a proposal that `draft-pr --plan-out` wrote and somebody reviewed
///
/// No decision is made: the commit of the plan is made again and pushed, and the pull request is opened or updated, or all is refused when
/// a branch or the pull request changed since. Nothing else of the machine that planned is needed. Applying a plan that was applied
/// before, wholly or in part, goes on from there.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  release-notes draft-pr v1.29.0..v1.30.0-rc.0 --tag v1.30.0-rc.0 --fork someone --plan-out draft.json
  release-notes apply draft.json --approve FINGERPRINT")]
pub(crate) struct ApplyArgs {
    /// The plan
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The fingerprint of the plan that you read and approve
    #[arg(long, value_name = "FINGERPRINT", help_heading = "Approval")]
    approve: Option<String>,
    /// How it is applied
    #[command(flatten)]
    proposal: ProposalArgs,
}

/// How a proposal is applied
#[derive(Debug, Clone, clap::Args)]
pub struct ProposalArgs {
    /// Which GitHub, and by which account
    #[command(flatten)]
    account: AccountArgs,
    /// A clone of the repository that takes the proposal; by default a mirror in the cache
    #[arg(long, value_name = "PATH", help_heading = "Proposal")]
    clone: Option<PathBuf>,
}

pub(crate) async fn run(args: ApplyArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let text = read_text(&args.file, MAX_PLAN).map_err(failure::sources)?;
    let plan = ProposalArgs::read(text.as_bytes()).map_err(|failure| {
        failure
            .hint(format!("is `{}` a plan of `draft-pr --plan-out`? Others are for `krel apply`", args.file.display()))
    })?;
    args.proposal.apply(plan, args.approve.as_deref(), shell).await
}

impl ProposalArgs {
    /// The plan that a file holds.
    ///
    /// # Errors
    /// When it is none, or not one that may be trusted with a push.
    pub fn read(json: &[u8]) -> Result<ProposalPlan, Failure> {
        serde_json::from_slice(json).or_exit(Exit::Usage)
    }

    /// Has the plan approved and applies it.
    ///
    /// # Errors
    /// Exit 3 without an approval; 5 when something is not as it was planned with.
    pub async fn apply(&self, plan: ProposalPlan, given: Option<&str>, shell: &mut Shell) -> Result<Exit, Failure> {
        // The file says how far it reaches, and a repository on GitHub is never a place for trying.
        if plan.reach() != Reach::Production {
            return Err(Failure::new(
                Exit::Refused,
                format!("a proposal reaches production, and this plan says {}", plan.reach()),
            ));
        }
        let fingerprint = plan.fingerprint()?.to_string();
        let operator = shell.operator().to_owned();
        let approved = approve(shell, plan, given, &operator, now()?).await?;
        let plan = approved.plan();
        let (client, account) = self.account.live_client(shell).await?;
        let (target, fork) = (remote(&plan.target_at, &account)?, remote(&plan.fork_at, &account)?);
        let local = local(&plan.target, &target, self.clone.as_deref(), shell).await?;
        let places = Places { local, target, fork };
        let pull_request = pull_proposal::apply(&approved, &client, &places).await.map_err(proposal_failure)?;
        shell.result(&Applied { fingerprint, pull_request })?;
        Ok(Exit::Done)
    }
}

#[derive(Debug, Serialize)]
struct Applied {
    fingerprint: String,
    pull_request: Proposed,
}

impl Render for Applied {
    const SCHEMA: &'static str = "krel/applied-proposal/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        writeln!(page, "{}", self.pull_request.url)
    }
}

fn remote(address: &Address, account: &Account) -> Result<GitRemote, Failure> {
    Ok(account.on(address.remote().map_err(failure::git)?, &address.to_string()))
}

/// The repository in which the commit is made.
pub(crate) async fn local(
    repo: &RepoId,
    target: &GitRemote,
    clone: Option<&Path>,
    shell: &Shell,
) -> Result<GitRepo, Failure> {
    match clone {
        Some(path) => GitRepo::open(path).map_err(failure::git),
        None => {
            shell.note(format!("bringing the mirror of {repo} up to date"));
            GitRepo::mirror(target, mirror_folder(&target.to_string())?).await.map_err(failure::git)
        }
    }
}

pub(crate) fn proposal_failure(error: pull_proposal::Error) -> Failure {
    use pull_proposal::Error as E;
    let (exit, hint) = match &error {
        E::Github { source, .. } => failure::of_github(source),
        E::Git { source, .. } => failure::of_git(source),
        E::Push { source, .. } => of_push(source),
        E::Moved { .. } => (Exit::Moved, Some("make a new plan and have it approved")),
        E::Contradicts { .. } => (Exit::Refused, Some("make a new plan: somebody changed this one")),
        E::Elsewhere { .. } => (Exit::Usage, Some("name the plan's GitHub with `--github-api URL`")),
        E::NoBase { .. } => (Exit::Usage, Some("name it with `--base NAME`")),
        E::NoFork { .. } => (Exit::Usage, Some("name your fork with `--fork OWNER/NAME`")),
        _ => (Exit::Usage, None),
    };
    hint.into_iter().fold(Failure::new(exit, error), Failure::hint)
}

fn of_push(error: &PushError) -> (Exit, Option<&'static str>) {
    match error {
        PushError::Denied { .. } => (Exit::Credentials, Some("see that the token may push to the fork")),
        PushError::Unavailable { .. } => (Exit::Unavailable, Some("try again later: what was done is taken up")),
        PushError::Rejected { .. } => (Exit::Refused, Some("see what the fork's rules for the branch say")),
        PushError::Moved { .. } | PushError::NotFastForward { .. } => {
            (Exit::Moved, Some("make a new plan and have it approved"))
        }
        PushError::Git(source) => failure::of_git(source),
        _ => (Exit::Unexpected, None),
    }
}
