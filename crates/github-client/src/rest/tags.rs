//! Tags.

use futures_core::Stream;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::or_default;
use super::refs::RefTarget;
use crate::{Error, GithubClient, ObjectId, RepoId};

/// A tag and its commit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// The commit, also of an annotated tag.
    pub commit: TagCommit,
}

/// The commit of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TagCommit {
    /// Its id.
    #[serde(rename = "sha")]
    pub id: ObjectId,
}

/// An annotated tag.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct AnnotatedTag {
    /// The id of the tag object.
    #[serde(rename = "sha")]
    pub id: ObjectId,
    /// Its name.
    #[serde(rename = "tag")]
    pub name: String,
    /// Its message.
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
    /// Who made it.
    pub tagger: Option<Person>,
    /// The object that is tagged.
    pub object: RefTarget,
}

/// Somebody as git knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The mail address.
    #[serde(default, deserialize_with = "or_default")]
    pub email: String,
    /// When; the present when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Timestamp>,
}

/// An annotated tag to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTag {
    /// Its name, such as `v1.2.0`.
    pub name: String,
    /// Its message.
    pub message: String,
    /// The commit.
    pub commit: ObjectId,
    /// Who makes it; the owner of the token when left out.
    pub tagger: Option<Person>,
}

impl GithubClient {
    /// All tags, in GitHub's order, which is by name and not by version.
    pub fn tags(&self, repo: &RepoId) -> impl Stream<Item = Result<Tag, Error>> + Send + use<> {
        self.list(repo, &["tags"], &())
    }

    /// An annotated tag by the id of its object, which [`git_ref`](Self::git_ref) tells.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the object is no tag.
    pub async fn annotated_tag(&self, repo: &RepoId, id: &ObjectId) -> Result<AnnotatedTag, Error> {
        self.get(repo, &["git", "tags", id.as_str()], &()).await
    }

    /// Makes an annotated tag: the object first, then the ref that makes it visible. A tag with that name stays as it is.
    ///
    /// # Errors
    /// [`Error::Rejected`] when there is a tag with that name, or no such commit.
    pub async fn create_tag(&self, repo: &RepoId, tag: &NewTag) -> Result<AnnotatedTag, Error> {
        let mut body = json!({ "tag": tag.name, "message": tag.message, "object": tag.commit, "type": "commit" });
        if let Some(tagger) = &tag.tagger {
            body["tagger"] = json!(tagger);
        }
        let made: AnnotatedTag = self.send_json(Method::POST, repo, &["git", "tags"], &body).await?;
        self.create_ref(repo, &format!("tags/{}", tag.name), &made.id).await?;
        Ok(made)
    }
}
