//! Parts of GitHub's answers that several areas share. Every field but the one that names the thing may be absent.

use jiff::Timestamp;
use serde::Deserialize;

use crate::record::Author;
use crate::{CommitPull, PullNumber, PullRecord, PullState};

/// A pull request of REST.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RestPull {
    pub(crate) number: PullNumber,
    #[serde(default)]
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) html_url: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) merged_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) merge_commit_sha: Option<String>,
    pub(crate) base: Option<RestBranch>,
    pub(crate) head: Option<RestBranch>,
    pub(crate) user: Option<RestUser>,
    #[serde(default)]
    pub(crate) labels: Vec<RestLabel>,
    pub(crate) milestone: Option<RestMilestone>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RestBranch {
    #[serde(rename = "ref")]
    pub(crate) name: Option<String>,
    pub(crate) label: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RestUser {
    pub(crate) login: String,
    pub(crate) html_url: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RestLabel {
    pub(crate) name: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RestMilestone {
    pub(crate) title: Option<String>,
}

impl RestUser {
    /// The account; `None` for `ghost`, which stands for all deleted ones.
    pub(crate) fn author(&self, web: &str) -> Option<Author> {
        let kind = self.kind.as_deref().unwrap_or("User");
        (self.login != "ghost").then(|| Author::new(&self.login, self.html_url.as_deref(), kind, web))
    }
}

impl RestPull {
    /// The record; `None` when it has no time of its last change. `web` is the address of the web pages.
    pub(crate) fn into_record(self, web: &str) -> Option<PullRecord> {
        let state = match (self.merged_at, self.state.as_deref()) {
            (Some(_), _) => PullState::Merged,
            (None, Some("open")) => PullState::Open,
            (None, _) => PullState::Closed,
        };
        let head = self.head.unwrap_or(RestBranch { name: None, label: None });
        let head_owner =
            head.label.as_deref().and_then(|label| label.split_once(':')).map(|(owner, _)| owner.to_owned());
        Some(PullRecord {
            number: self.number,
            url: self.html_url.unwrap_or_default(),
            title: self.title,
            body: self.body.unwrap_or_default(),
            state,
            merged_at: self.merged_at,
            updated_at: self.updated_at?,
            base_ref: self.base.and_then(|base| base.name).unwrap_or_default(),
            head_ref: head.name.unwrap_or_default(),
            head_owner,
            author: self.user.and_then(|user| user.author(web)),
            // Of an open pull request this is the trial merge, which is in no branch.
            merge_commit: (state == PullState::Merged)
                .then_some(self.merge_commit_sha)
                .flatten()
                .and_then(|id| id.parse().ok()),
            labels: self.labels.into_iter().filter_map(|label| label.name).collect(),
            milestone: self.milestone.and_then(|milestone| milestone.title),
        })
    }
}

impl From<&PullRecord> for CommitPull {
    fn from(pull: &PullRecord) -> Self {
        Self {
            number: pull.number,
            base_ref: pull.base_ref.clone(),
            merged_at: pull.merged_at,
            merge_commit: pull.merge_commit.clone(),
        }
    }
}
