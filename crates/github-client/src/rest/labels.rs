//! Labels of repositories, issues and pull requests.

use futures_core::Stream;
use http::Method;
use http_kit::Idempotency;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::or_default;
use crate::{Error, GithubClient, IssueNumber, RepoId};

/// A label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// Its colour, six hexadecimal digits.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub color: String,
    /// What it means.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub description: String,
}

impl GithubClient {
    /// The labels of a repository.
    pub fn labels(&self, repo: &RepoId) -> impl Stream<Item = Result<Label, Error>> + Send + use<> {
        self.list(repo, &["labels"], &())
    }

    /// Makes a label.
    ///
    /// # Errors
    /// [`Error::Rejected`] when there is one with that name.
    pub async fn create_label(&self, repo: &RepoId, label: &Label) -> Result<Label, Error> {
        self.send_json(Method::POST, repo, &["labels"], label).await
    }

    /// Adds labels to an issue or pull request, and gives all it has then. No name may be empty, and there has to be one.
    ///
    /// # Errors
    /// As all writes.
    pub async fn add_labels(&self, repo: &RepoId, number: IssueNumber, names: &[&str]) -> Result<Vec<Label>, Error> {
        let parts = ["issues", &number.to_string(), "labels"];
        let mut call = self.change(Method::POST, repo, &parts, &json!({ "labels": names }))?;
        // What is there already stays.
        call.idempotency = Idempotency::Repeatable;
        self.write(&call).await?.json(&call.subject)
    }

    /// Takes a label from an issue or pull request, and gives those that are left.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it does not have the label.
    pub async fn remove_label(&self, repo: &RepoId, number: IssueNumber, name: &str) -> Result<Vec<Label>, Error> {
        let call = self.repo_call(Method::DELETE, repo, &["issues", &number.to_string(), "labels", name]);
        self.write(&call).await?.json(&call.subject)
    }
}
