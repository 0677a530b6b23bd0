use git_repo::{Expected, PushError, PushOptions, RefName, RefUpdate};
use github_client::{GithubClient, NewPull, PullChange, PullNumber};
use release_journal::Approved;
use serde::{Deserialize, Serialize};

use crate::observe::{Places, find_pull};
use crate::plan::same_text;
use crate::{Error, ProposalPlan, PullAction};

/// What is there after a plan was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// The pull request.
    pub number: PullNumber,
    /// Its page.
    pub url: String,
}

/// Does what the plan says: pushes the commit if the branch is as expected, then opens or updates the pull request. Applied again after it
/// was stopped anywhere, it goes on; nothing is done twice.
///
/// # Errors
/// [`Error::Moved`] when the branch or the pull request is not as it was planned with.
pub async fn apply(plan: &Approved<ProposalPlan>, client: &GithubClient, places: &Places) -> Result<Proposed, Error> {
    let plan = plan.plan();
    if let Some(push) = &plan.push {
        let name =
            RefName::branch(&plan.branch).map_err(|source| Error::BadBranch { branch: plan.branch.clone(), source })?;
        let expected = push.replaces.map_or(Expected::Absent, |old| Expected::Is(old.object()));
        let update = RefUpdate { name, expected, new: Some(push.commit.object()) };
        let pushed = places.local.push(&places.fork, &[update], PushOptions::default()).await;
        pushed.map_err(|source| match source {
            PushError::Moved { .. } => Error::Moved { subject: format!("branch `{}` of {}", plan.branch, plan.fork) },
            source => Error::Push { branch: plan.branch.clone(), fork: plan.fork.clone(), source: Box::new(source) },
        })?;
    }
    let open = find_pull(client, &plan.target, &plan.base, &plan.fork, &plan.branch).await?;
    let moved = || Error::Moved { subject: format!("the pull request from `{}` of {}", plan.branch, plan.fork) };
    match (&plan.pull, open) {
        (PullAction::Open, None) => {
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
        // Opened by an attempt before this one.
        (PullAction::Open, Some(open)) if same_text(&open.title, &plan.title) && same_text(&open.body, &plan.body) => {
            Ok(Proposed { number: open.number, url: open.url })
        }
        (PullAction::Update { number } | PullAction::Keep { number }, Some(open)) if open.number == *number => {
            let change = PullChange {
                title: (!same_text(&open.title, &plan.title)).then(|| plan.title.clone()),
                body: (!same_text(&open.body, &plan.body)).then(|| plan.body.clone()),
                ..PullChange::default()
            };
            if change == PullChange::default() {
                return Ok(Proposed { number: *number, url: open.url });
            }
            if matches!(plan.pull, PullAction::Keep { .. }) {
                return Err(moved());
            }
            let changed = client.update_pull(&plan.target, *number, &change).await;
            let changed = changed.map_err(Error::github("update the pull request"))?;
            Ok(Proposed { number: changed.record.number, url: changed.record.url })
        }
        _ => Err(moved()),
    }
}
