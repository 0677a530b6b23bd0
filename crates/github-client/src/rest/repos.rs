//! Repositories: what they are, and what somebody may do in them.

use http::Method;
use http_kit::Idempotency;
use serde::Deserialize;
use serde_json::json;

use super::or_default;
use crate::call::Call;
use crate::record::Author;
use crate::wire::RestUser;
use crate::{Error, GithubClient, RepoId};

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Repository {
    /// Its name now.
    pub full_name: RepoId,
    /// Its page.
    #[serde(default, deserialize_with = "or_default")]
    pub html_url: String,
    /// The branch that is shown first.
    #[serde(default, deserialize_with = "or_default")]
    pub default_branch: String,
    /// Whether only some may see it.
    #[serde(default)]
    pub private: bool,
    /// Whether it was made from another one.
    #[serde(default)]
    pub fork: bool,
    /// Whether it takes no changes any more.
    #[serde(default, deserialize_with = "or_default")]
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
        self.get(repo, &[], &()).await
    }

    /// The role of somebody in a repository: `admin`, `maintain`, `write`, `triage`, `read`, `none`, or the name of a custom role.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such account, [`Error::Denied`] for callers who may not push.
    pub async fn role_of(&self, repo: &RepoId, login: &str) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Wire {
            permission: String,
            role_name: Option<String>,
        }
        let wire: Wire = self.get(repo, &["collaborators", login, "permission"], &()).await?;
        Ok(wire.role_name.filter(|role| !role.is_empty()).unwrap_or(wire.permission))
    }

    /// Makes a fork in the caller's account, or in an organization. GitHub copies in the background, so that branches may appear later.
    /// When there is one already, that one is given.
    ///
    /// # Errors
    /// As all writes.
    pub async fn create_fork(&self, repo: &RepoId, organization: Option<&str>) -> Result<Repository, Error> {
        let body = organization.map_or_else(|| json!({}), |organization| json!({ "organization": organization }));
        let mut call = self.change(Method::POST, repo, &["forks"], &body)?;
        call.idempotency = Idempotency::Repeatable;
        self.write(&call).await?.json(&call.subject)
    }

    /// The account that the token belongs to.
    ///
    /// # Errors
    /// [`Error::BadCredentials`] for a token that is not accepted, or none.
    pub async fn viewer(&self) -> Result<Author, Error> {
        let call = Call::get(self.shared.endpoints.rest(["user"]));
        let user: RestUser = self.read(&call).await?.json(&call.subject)?;
        let missing =
            || Error::Malformed { subject: call.subject.clone(), detail: "the account is deleted".to_owned() };
        user.author(self.web()).ok_or_else(missing)
    }
}
