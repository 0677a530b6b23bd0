//! Refs: branches, tags, and whatever else begins with `refs/`.

use futures_core::Stream;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::path_parts;
use crate::{Error, GithubClient, ObjectId, RepoId};

/// A ref and the object it names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct GitRef {
    /// Its whole name, such as `refs/heads/main`.
    #[serde(rename = "ref")]
    pub name: String,
    /// The object.
    #[serde(rename = "object")]
    pub target: RefTarget,
}

/// An object that a ref or a tag names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RefTarget {
    /// Its id.
    #[serde(rename = "sha")]
    pub id: ObjectId,
    /// Its kind: `commit`, or `tag` for an annotated one.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Whether a branch may go where its present commits are not contained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefUpdate {
    /// Only forward.
    FastForward,
    /// Anywhere; commits may be lost.
    Force,
}

/// The name without `refs/`, as addresses have it.
fn short(name: &str) -> &str {
    name.strip_prefix("refs/").unwrap_or(name)
}

impl GithubClient {
    /// A ref by its name, `refs/heads/main` or `heads/main`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none; otherwise as all reads.
    pub async fn git_ref(&self, repo: &RepoId, name: &str) -> Result<GitRef, Error> {
        let mut parts = vec!["git", "ref"];
        parts.extend(path_parts(short(name), "ref")?);
        self.get(repo, &parts, &()).await
    }

    /// All refs whose names begin with this, such as `tags/v1.`.
    pub fn git_refs(&self, repo: &RepoId, begin: &str) -> impl Stream<Item = Result<GitRef, Error>> + Send + use<> {
        let begin = short(begin);
        let call = path_parts(begin.trim_end_matches('/'), "refs").map(|path| {
            let mut parts = vec!["git", "matching-refs"];
            parts.extend(path);
            // `tags/` is all tags, and not those of a folder named so.
            if begin.ends_with('/') {
                parts.push("");
            }
            self.repo_call(Method::GET, repo, &parts)
        });
        self.pages(call, |reply, subject| reply.json::<Vec<GitRef>>(subject))
    }

    /// Makes a ref, such as `refs/heads/release-1.2`.
    ///
    /// # Errors
    /// [`Error::Rejected`] when it is there already, or the object is not.
    pub async fn create_ref(&self, repo: &RepoId, name: &str, target: &ObjectId) -> Result<GitRef, Error> {
        let body = json!({ "ref": format!("refs/{}", short(name)), "sha": target });
        self.send_json(Method::POST, repo, &["git", "refs"], &body).await
    }

    /// Moves a ref.
    ///
    /// # Errors
    /// [`Error::Rejected`] when it is not there, or would not go forward.
    pub async fn update_ref(
        &self,
        repo: &RepoId,
        name: &str,
        target: &ObjectId,
        update: RefUpdate,
    ) -> Result<GitRef, Error> {
        let mut parts = vec!["git", "refs"];
        parts.extend(path_parts(short(name), "ref")?);
        let body = json!({ "sha": target, "force": update == RefUpdate::Force });
        self.send_json(Method::PATCH, repo, &parts, &body).await
    }

    /// Deletes a ref.
    ///
    /// # Errors
    /// [`Error::Rejected`] when it is not there.
    pub async fn delete_ref(&self, repo: &RepoId, name: &str) -> Result<(), Error> {
        let mut parts = vec!["git", "refs"];
        parts.extend(path_parts(short(name), "ref")?);
        self.delete(repo, &parts).await
    }
}
