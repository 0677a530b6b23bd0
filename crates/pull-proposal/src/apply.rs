use git_repo::{CommitId, Expected, NewCommit, PushError, PushOptions, RefUpdate};
use github_client::{GithubClient, NewPull, PullChange, PullNumber};
use release_journal::Approved;
use serde::{Deserialize, Serialize};

use crate::observe::{FoundHeads, Heads, Places, branch_name, check_fork, find_pull, make};
use crate::{Error, OpenPull, ProposalPlan, PullAction, Push};

/// What is there after a plan was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// The pull request.
    pub number: PullNumber,
    /// Its page.
    pub url: String,
}

/// Does what the plan says, if both branches and the pull request are as it was made with: makes the commit again, pushes it, then opens or
/// updates the pull request. Applied again after it was stopped anywhere, it goes on; nothing is done twice.
///
/// The local repository needs to know nothing of the plan: it may be another one than that of planning.
///
/// # Errors
/// [`Error::Moved`] when a branch or the pull request is not as it was planned with; nothing was changed then, unless somebody was faster
/// than this call. [`Error::Contradicts`] when the plan does not describe its own commit, [`Error::Elsewhere`] when the client or the
/// places are not those of the plan.
pub async fn apply(plan: &Approved<ProposalPlan>, client: &GithubClient, places: &Places) -> Result<Proposed, Error> {
    let plan = plan.plan();
    let pairs = [
        (plan.github.clone(), client.web().to_owned()),
        (plan.target_at.to_string(), places.target.to_string()),
        (plan.fork_at.to_string(), places.fork.to_string()),
    ];
    if let Some((planned, given)) = pairs.into_iter().find(|(planned, given)| planned != given) {
        return Err(Error::Elsewhere { planned, given });
    }
    let (base, branch) = (branch_name(&plan.base)?, branch_name(&plan.branch)?);
    let heads = Heads { base: &base, branch: &branch };
    let there = heads.read(places).await?;
    let open = find_pull(client, &plan.target, &plan.base, &plan.fork, &plan.branch).await?;
    let left = left(plan, &there, open.as_ref())?;
    if let Left { push: None, pull: PullLeft::Nothing(done) } = left {
        return Ok(done);
    }
    check_fork(client, &plan.target, &plan.fork).await?;
    if let Some(push) = left.push {
        heads.fetch(places, plan.branch_head.is_some()).await?;
        make_again(plan, push, places)?;
        let expected = plan.branch_head.map_or(Expected::Absent, |old| Expected::Is(old.object()));
        let update = RefUpdate { name: branch.clone(), expected, new: Some(push.commit.object()) };
        let pushed = places.local.push(&places.fork, &[update], PushOptions::default()).await;
        pushed.map_err(|source| match source {
            PushError::Moved { .. } => moved_branch(plan),
            source => Error::Push { branch: plan.branch.clone(), fork: plan.fork.clone(), source: Box::new(source) },
        })?;
    }
    match left.pull {
        PullLeft::Nothing(done) => Ok(done),
        PullLeft::Open => {
            let pull = NewPull {
                title: plan.title.clone(),
                head: format!("{}:{}", plan.fork.owner(), plan.branch),
                base: plan.base.clone(),
                body: plan.body.clone(),
                draft: false,
                maintainer_can_modify: plan.fork != plan.target,
            };
            let made = client.create_pull(&plan.target, &pull).await.map_err(Error::github("open the pull request"))?;
            Ok(Proposed { number: made.record.number, url: made.record.url })
        }
        PullLeft::Update(number) => {
            let change =
                PullChange { title: Some(plan.title.clone()), body: Some(plan.body.clone()), ..PullChange::default() };
            let changed = client.update_pull(&plan.target, number, &change).await;
            let changed = changed.map_err(Error::github("update the pull request"))?;
            Ok(Proposed { number: changed.record.number, url: changed.record.url })
        }
    }
}

/// What of a plan is not done yet.
struct Left<'a> {
    push: Option<&'a Push>,
    pull: PullLeft,
}

enum PullLeft {
    Nothing(Proposed),
    Open,
    Update(PullNumber),
}

/// Compares what is there with the plan. Each part is as it was planned with, or as the plan leaves it.
fn left<'a>(plan: &'a ProposalPlan, there: &FoundHeads, open: Option<&OpenPull>) -> Result<Left<'a>, Error> {
    let push = plan.push.as_ref();
    let push = if push.is_some_and(|push| there.branch == Some(push.commit.object())) {
        None
    } else if there.branch == plan.branch_head.map(CommitId::object) {
        push
    } else {
        return Err(moved_branch(plan));
    };
    let done = |open: &OpenPull| PullLeft::Nothing(Proposed { number: open.number, url: open.url.clone() });
    let as_planned = |open: &OpenPull| open.says(&plan.title, &plan.body);
    let pull = match (&plan.pull, open) {
        (PullAction::Open, None) => PullLeft::Open,
        // Opened by an attempt before this one, which pushed first.
        (PullAction::Open, Some(open)) if push.is_none() && as_planned(open) => done(open),
        (PullAction::Keep { number } | PullAction::Update { number, .. }, Some(open))
            if open.number == *number && as_planned(open) =>
        {
            done(open)
        }
        (PullAction::Update { number, title, body }, Some(open))
            if open.number == *number && open.says(title, body) =>
        {
            PullLeft::Update(*number)
        }
        _ => {
            return Err(Error::Moved { subject: format!("the pull request from `{}` of {}", plan.branch, plan.fork) });
        }
    };
    let is_done = push.is_none() && matches!(pull, PullLeft::Nothing(_));
    if !is_done && there.base != Some(plan.base_head.object()) {
        return Err(Error::Moved { subject: format!("branch `{}` of {}", plan.base, plan.target) });
    }
    Ok(Left { push, pull })
}

fn moved_branch(plan: &ProposalPlan) -> Error {
    Error::Moved { subject: format!("branch `{}` of {}", plan.branch, plan.fork) }
}

/// Makes the commit of a plan, which is that very commit or none that is pushed.
fn make_again(plan: &ProposalPlan, push: &Push, places: &Places) -> Result<(), Error> {
    let contradicts = |found: String| Err(Error::Contradicts { planned: push.commit, found });
    if push.parent != plan.base_head && Some(push.parent) != plan.branch_head {
        return contradicts("builds on a commit that is the head of neither branch".to_owned());
    }
    let commit = NewCommit {
        files_of: push.parent,
        parents: vec![push.parent],
        message: push.message.clone(),
        author: push.author.clone(),
        time: push.time,
    };
    let made = make(&places.local, &commit, push.files.iter())?;
    if made == push.commit { Ok(()) } else { contradicts(format!("makes commit `{made}`")) }
}
