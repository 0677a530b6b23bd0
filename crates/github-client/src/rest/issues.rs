//! Issues and comments. Every pull request is an issue too.

use futures_core::Stream;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pulls::{OpenState, StateFilter};
use super::{account, label_names, or_default};
use crate::call::Call;
use crate::record::Author;
use crate::{CommentId, Error, GithubClient, IssueNumber, MilestoneNumber, RepoId};

/// An issue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Issue {
    /// Its number.
    pub number: IssueNumber,
    /// Its page.
    #[serde(default, deserialize_with = "or_default")]
    pub html_url: String,
    /// Its title.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// Its text; empty when none was written.
    #[serde(default, deserialize_with = "or_default")]
    pub body: String,
    /// Whether it is open.
    pub state: OpenState,
    /// The names of its labels.
    #[serde(default, deserialize_with = "label_names")]
    pub labels: Vec<String>,
    /// Who opened it; `None` when the account is deleted.
    #[serde(default, rename = "user", deserialize_with = "account")]
    pub author: Option<Author>,
    /// Its milestone.
    pub milestone: Option<super::milestones::Milestone>,
    /// When it was changed last.
    pub updated_at: Option<Timestamp>,
    /// Present when it is a pull request.
    pull_request: Option<Value>,
}

impl Issue {
    /// Whether it is a pull request.
    pub fn is_pull(&self) -> bool {
        self.pull_request.is_some()
    }
}

/// An issue to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewIssue {
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// The names of its labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Who is to deal with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<String>,
    /// Its milestone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone: Option<MilestoneNumber>,
}

/// What to change of an issue or pull request; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IssueChange {
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Whether it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<OpenState>,
    /// All its labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// All who are to deal with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignees: Option<Vec<String>>,
    /// Its milestone, or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone: Option<Option<MilestoneNumber>>,
}

/// Which issues to list, the one opened last first. Pull requests are among them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IssueQuery {
    /// Open ones, closed ones or both.
    pub state: StateFilter,
    /// Only those with all of these labels, separated by commas.
    pub labels: Option<String>,
    /// Only those of this milestone: its number, `*` for any, `none`.
    pub milestone: Option<String>,
    /// Only those changed at this time or later.
    pub since: Option<Timestamp>,
}

/// A comment on an issue or pull request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// Its place on the page.
    #[serde(default, deserialize_with = "or_default")]
    pub html_url: String,
    /// Its text.
    #[serde(default, deserialize_with = "or_default")]
    pub body: String,
    /// Who wrote it; `None` when the account is deleted.
    #[serde(default, rename = "user", deserialize_with = "account")]
    pub author: Option<Author>,
    /// When it was written.
    pub created_at: Option<Timestamp>,
}

impl GithubClient {
    /// An issue, or a pull request as an issue.
    ///
    /// # Errors
    /// As all reads.
    pub async fn issue(&self, repo: &RepoId, number: IssueNumber) -> Result<Issue, Error> {
        self.get(repo, &["issues", &number.to_string()], &()).await
    }

    /// Issues and pull requests.
    pub fn issues(&self, repo: &RepoId, query: &IssueQuery) -> impl Stream<Item = Result<Issue, Error>> + Send + use<> {
        self.list(repo, &["issues"], query)
    }

    /// Issues and pull requests that a query of GitHub's search finds, the best match first; at most a thousand. The query names the
    /// repository itself, as in `repo:o/r is:pr label:bug`.
    pub fn search_issues(&self, query: &str) -> impl Stream<Item = Result<Issue, Error>> + Send + use<> {
        #[derive(Deserialize)]
        struct Found {
            items: Vec<Issue>,
        }
        let mut url = self.shared.endpoints.rest(["search", "issues"]);
        url.query_pairs_mut().append_pair("q", query).append_pair("per_page", "100");
        self.pages(Ok(Call::get(url)), |reply, subject| Ok(reply.json::<Found>(subject)?.items))
    }

    /// Makes an issue. Without the right to push, GitHub ignores labels, milestone and assignees.
    ///
    /// # Errors
    /// As all writes.
    pub async fn create_issue(&self, repo: &RepoId, issue: &NewIssue) -> Result<Issue, Error> {
        self.send_json(Method::POST, repo, &["issues"], issue).await
    }

    /// Changes an issue, or a pull request as an issue.
    ///
    /// # Errors
    /// As all writes.
    pub async fn update_issue(&self, repo: &RepoId, number: IssueNumber, change: &IssueChange) -> Result<Issue, Error> {
        self.send_json(Method::PATCH, repo, &["issues", &number.to_string()], change).await
    }

    /// The comments of an issue or pull request, oldest first.
    pub fn comments(
        &self,
        repo: &RepoId,
        number: IssueNumber,
    ) -> impl Stream<Item = Result<Comment, Error>> + Send + use<> {
        self.list(repo, &["issues", &number.to_string(), "comments"], &())
    }

    /// Writes a comment.
    ///
    /// # Errors
    /// As all writes.
    pub async fn create_comment(&self, repo: &RepoId, number: IssueNumber, body: &str) -> Result<Comment, Error> {
        self.send_json(Method::POST, repo, &["issues", &number.to_string(), "comments"], &json!({ "body": body })).await
    }

    /// Changes a comment.
    ///
    /// # Errors
    /// As all writes.
    pub async fn update_comment(&self, repo: &RepoId, comment: CommentId, body: &str) -> Result<Comment, Error> {
        self.send_json(Method::PATCH, repo, &["issues", "comments", &comment.to_string()], &json!({ "body": body }))
            .await
    }

    /// Deletes a comment.
    ///
    /// # Errors
    /// As all writes.
    pub async fn delete_comment(&self, repo: &RepoId, comment: CommentId) -> Result<(), Error> {
        self.delete(repo, &["issues", "comments", &comment.to_string()]).await
    }
}
