//! Repositories: what they are, and what the caller may do in them.

use http::Method;
use serde::Deserialize;

use crate::call::Call;
use crate::{Error, GithubClient, RepoId};

/// A repository.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Repository {
    /// Its name now.
    pub full_name: RepoId,
    /// Its page.
    #[serde(default)]
    pub html_url: String,
    /// The branch that is shown first.
    #[serde(default)]
    pub default_branch: String,
    /// Whether only some may see it.
    #[serde(default)]
    pub private: bool,
    /// Whether it was made from another one.
    #[serde(default)]
    pub fork: bool,
    /// Whether it takes no changes any more.
    #[serde(default)]
    pub archived: bool,
    /// The repository it was made from.
    pub parent: Option<Box<Repository>>,
    /// The repository that the chain of forks began with.
    pub source: Option<Box<Repository>>,
    /// What the caller may do, when the caller is known.
    pub permissions: Option<Permissions>,
}

/// What somebody may do in a repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Permissions {
    /// Read.
    pub pull: bool,
    /// Label and close issues.
    pub triage: bool,
    /// Write.
    pub push: bool,
    /// Change settings that are not dangerous.
    pub maintain: bool,
    /// Everything.
    pub admin: bool,
}

impl GithubClient {
    /// A repository, with the caller's permissions and, for a fork, where it came from. One that was renamed is found under its new name.
    ///
    /// # Errors
    /// As all reads.
    pub async fn repository_info(&self, repo: &RepoId) -> Result<Repository, Error> {
        self.get_json(repo, []).await
    }
}

impl GithubClient {
    /// A call about a repository, under the name it has now.
    pub(crate) fn repo_call<'a>(
        &self,
        method: Method,
        repo: &RepoId,
        parts: impl IntoIterator<Item = &'a str>,
    ) -> Call {
        let name = self.renamed(repo).unwrap_or_else(|| repo.clone());
        let parts: Vec<&str> = parts.into_iter().collect();
        Call::new(method, self.shared.endpoints.repo(&name, parts)).about(repo)
    }

    /// Reads something of a repository.
    pub(crate) async fn get_json<'a, T: serde::de::DeserializeOwned>(
        &self,
        repo: &RepoId,
        parts: impl IntoIterator<Item = &'a str>,
    ) -> Result<T, Error> {
        let call = self.repo_call(Method::GET, repo, parts);
        self.read(&call).await?.json(&call.subject)
    }
}
