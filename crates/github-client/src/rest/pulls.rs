//! Pull requests, one by one, and changes to them.

use futures::TryStreamExt;
use futures_core::Stream;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::Call;
use crate::wire::RestPull;
use crate::{Error, GithubClient, IssueNumber, PullNumber, PullRecord, RepoId};

/// A pull request, with what only REST tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PullRequest {
    /// What is recorded of it.
    pub record: PullRecord,
    /// Whether it is a draft.
    pub draft: bool,
}

/// A pull request to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewPull {
    /// Its title.
    pub title: String,
    /// The branch it comes from, `owner:branch` for one of a fork.
    pub head: String,
    /// The branch it is for.
    pub base: String,
    /// Its description.
    pub body: String,
    /// Whether it is a draft.
    pub draft: bool,
    /// Whether the maintainers may push to its branch.
    pub maintainer_can_modify: bool,
}

/// What to change of a pull request; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PullChange {
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Whether it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<OpenState>,
    /// The branch it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
}

/// Open or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OpenState {
    /// Open.
    Open,
    /// Closed.
    Closed,
}

/// Which of open and closed ones to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StateFilter {
    /// Open ones.
    #[default]
    Open,
    /// Closed ones; merged ones are closed.
    Closed,
    /// Both.
    All,
}

/// Which pull requests to list, the one opened last first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PullQuery {
    /// Open ones, closed ones or both.
    pub state: StateFilter,
    /// Only those from this branch, `owner:branch`.
    pub head: Option<String>,
    /// Only those for this branch.
    pub base: Option<String>,
}

fn pull_of(value: &Value, subject: &str, web: &str) -> Result<PullRequest, Error> {
    let malformed = |detail: String| Error::Malformed { subject: subject.to_owned(), detail };
    let wire = RestPull::deserialize(value).map_err(|error| malformed(error.to_string()))?;
    let record = wire.into_record(web).ok_or_else(|| malformed("no time of the last change".to_owned()))?;
    Ok(PullRequest { record, draft: value["draft"] == true })
}

impl GithubClient {
    /// A pull request. For many, [`cached_pulls`](Self::cached_pulls) asks once for fifty.
    ///
    /// # Errors
    /// [`Error::IsIssue`] when the number is an issue, [`Error::NotFound`] when it is nothing.
    pub async fn pull(&self, repo: &RepoId, number: PullNumber) -> Result<PullRequest, Error> {
        let call = self.repo_call(Method::GET, repo, &["pulls", &number.to_string()]);
        match self.read(&call).await {
            Ok(reply) => pull_of(&reply.json(&call.subject)?, &call.subject, self.web()),
            Err(error @ Error::NotFound { .. }) => match self.issue(repo, IssueNumber::from(number)).await {
                Ok(_) => Err(Error::IsIssue { subject: format!("#{number} of {repo}") }),
                Err(_) => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Pull requests, the one opened last first.
    pub fn pulls(
        &self,
        repo: &RepoId,
        query: &PullQuery,
    ) -> impl Stream<Item = Result<PullRequest, Error>> + Send + use<> {
        let subject = format!("pull requests of {repo}");
        let web = self.web().to_owned();
        self.list::<Value, _>(repo, &["pulls"], query)
            .and_then(move |value| std::future::ready(pull_of(&value, &subject, &web)))
    }

    /// Makes a pull request.
    ///
    /// # Errors
    /// [`Error::Rejected`] when there is one from that branch already, or nothing to merge.
    pub async fn create_pull(&self, repo: &RepoId, pull: &NewPull) -> Result<PullRequest, Error> {
        let call = self.change(Method::POST, repo, &["pulls"], pull)?;
        self.pull_written(&call).await
    }

    /// Changes a pull request.
    ///
    /// # Errors
    /// As all writes.
    pub async fn update_pull(
        &self,
        repo: &RepoId,
        number: PullNumber,
        change: &PullChange,
    ) -> Result<PullRequest, Error> {
        let call = self.change(Method::PATCH, repo, &["pulls", &number.to_string()], change)?;
        self.pull_written(&call).await
    }

    async fn pull_written(&self, call: &Call) -> Result<PullRequest, Error> {
        let reply = self.write(call).await?;
        pull_of(&reply.json(&call.subject)?, &call.subject, self.web())
    }
}
