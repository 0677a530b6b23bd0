//! Milestones.

use futures_core::Stream;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::or_default;
use super::pulls::{OpenState, StateFilter};
use crate::{Error, GithubClient, MilestoneNumber, RepoId};

/// A milestone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Milestone {
    /// Its number.
    pub number: MilestoneNumber,
    /// Its title.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// Its description; empty when none was written.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// Whether it is open.
    pub state: OpenState,
    /// When it is due.
    pub due_on: Option<Timestamp>,
    /// How many issues and pull requests of it are open.
    #[serde(default)]
    pub open_issues: u64,
    /// How many are closed.
    #[serde(default)]
    pub closed_issues: u64,
}

/// A milestone to be made, or what to change of one; what is `None` stays. A new one needs a title.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MilestoneChange {
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<OpenState>,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Timestamp>,
}

#[derive(Serialize)]
struct Query {
    state: StateFilter,
}

impl GithubClient {
    /// The milestones of a repository, the one due first first.
    pub fn milestones(
        &self,
        repo: &RepoId,
        state: StateFilter,
    ) -> impl Stream<Item = Result<Milestone, Error>> + Send + use<> {
        self.list(repo, &["milestones"], &Query { state })
    }

    /// Makes a milestone.
    ///
    /// # Errors
    /// [`Error::Rejected`] when there is one with that title, or no title.
    pub async fn create_milestone(&self, repo: &RepoId, milestone: &MilestoneChange) -> Result<Milestone, Error> {
        self.send_json(Method::POST, repo, &["milestones"], milestone).await
    }

    /// Changes a milestone.
    ///
    /// # Errors
    /// As all writes.
    pub async fn update_milestone(
        &self,
        repo: &RepoId,
        number: MilestoneNumber,
        change: &MilestoneChange,
    ) -> Result<Milestone, Error> {
        self.send_json(Method::PATCH, repo, &["milestones", &number.to_string()], change).await
    }
}
