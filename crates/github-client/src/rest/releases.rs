//! Releases. Their files are in `assets.rs`.

use std::pin::pin;

use futures::TryStreamExt;
use futures_core::Stream;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::assets::Asset;
use super::{account, or_default};
use crate::record::Author;
use crate::{Error, GithubClient, ReleaseId, RepoId};

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Release {
    /// Its id.
    pub id: ReleaseId,
    /// Its page; that of a draft is not for everybody.
    #[serde(default, deserialize_with = "or_default")]
    pub html_url: String,
    /// The tag it is for. That of a draft may not be there yet.
    #[serde(rename = "tag_name")]
    pub tag: String,
    /// The branch or commit that the tag is made from, when it is not there.
    #[serde(rename = "target_commitish", default, deserialize_with = "or_default")]
    pub target: String,
    /// Its title; empty when it has none.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Its text; empty when it has none.
    #[serde(default, deserialize_with = "or_default")]
    pub body: String,
    /// Whether it is still to be published.
    #[serde(default)]
    pub draft: bool,
    /// Whether it is marked as not ready for production.
    #[serde(default)]
    pub prerelease: bool,
    /// Whether its tag and files cannot be changed any more.
    #[serde(default, deserialize_with = "or_default")]
    pub immutable: bool,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// Who made it; `None` when the account is deleted.
    #[serde(default, deserialize_with = "account")]
    pub author: Option<Author>,
    /// Its files.
    #[serde(default, deserialize_with = "or_default")]
    pub assets: Vec<Asset>,
}

/// A release to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewRelease {
    /// The tag it is for.
    #[serde(rename = "tag_name")]
    pub tag: String,
    /// The branch or commit that the tag is made from, when it is not there.
    #[serde(rename = "target_commitish", skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Whether it is to be published later, with [`GithubClient::publish_release`].
    pub draft: bool,
    /// Whether it is marked as not ready for production.
    pub prerelease: bool,
    /// Whether it becomes the latest one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub make_latest: Option<MakeLatest>,
}

/// What to change of a release; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReleaseChange {
    /// The tag it is for.
    #[serde(rename = "tag_name", skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The branch or commit that the tag is made from, when it is not there.
    #[serde(rename = "target_commitish", skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Whether it is still to be published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<bool>,
    /// Whether it is marked as not ready for production.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prerelease: Option<bool>,
    /// Whether it becomes the latest one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub make_latest: Option<MakeLatest>,
}

/// Whether a release becomes the one that `latest` leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum MakeLatest {
    /// It does.
    #[serde(rename = "true")]
    Yes,
    /// It does not, as for a patch of an older minor version.
    #[serde(rename = "false")]
    No,
    /// GitHub goes by dates and versions.
    #[serde(rename = "legacy")]
    ByVersion,
}

impl GithubClient {
    /// All releases, newest first. Drafts are among them for those who may push.
    pub fn releases(&self, repo: &RepoId) -> impl Stream<Item = Result<Release, Error>> + Send + use<> {
        self.list(repo, &["releases"], &())
    }

    /// A release by its id.
    ///
    /// # Errors
    /// As all reads.
    pub async fn release(&self, repo: &RepoId, id: ReleaseId) -> Result<Release, Error> {
        self.get(repo, &["releases", &id.to_string()], &()).await
    }

    /// The published release of a tag.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none; drafts are not found by their tag.
    pub async fn release_by_tag(&self, repo: &RepoId, tag: &str) -> Result<Release, Error> {
        self.get(repo, &["releases", "tags", tag], &()).await
    }

    /// The release of a tag, published or draft; of several drafts the newest. Nothing when there is none.
    ///
    /// # Errors
    /// As all reads.
    pub async fn find_release(&self, repo: &RepoId, tag: &str) -> Result<Option<Release>, Error> {
        match self.release_by_tag(repo, tag).await {
            Err(Error::NotFound { .. }) => {}
            result => return result.map(Some),
        }
        let mut releases = pin!(self.releases(repo));
        while let Some(release) = releases.try_next().await? {
            if release.tag == tag {
                return Ok(Some(release));
            }
        }
        Ok(None)
    }

    /// The release that `latest` leads to.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn latest_release(&self, repo: &RepoId) -> Result<Release, Error> {
        self.get(repo, &["releases", "latest"], &()).await
    }

    /// Makes a release.
    ///
    /// # Errors
    /// [`Error::Rejected`] when the tag has a published one already.
    pub async fn create_release(&self, repo: &RepoId, release: &NewRelease) -> Result<Release, Error> {
        self.send_json(Method::POST, repo, &["releases"], release).await
    }

    /// Changes a release.
    ///
    /// # Errors
    /// As all writes.
    pub async fn update_release(&self, repo: &RepoId, id: ReleaseId, change: &ReleaseChange) -> Result<Release, Error> {
        self.send_json(Method::PATCH, repo, &["releases", &id.to_string()], change).await
    }

    /// Publishes a draft. The tag is made from the release's target, when it is not there.
    ///
    /// # Errors
    /// [`Error::Rejected`] when the tag has a published one already.
    pub async fn publish_release(&self, repo: &RepoId, id: ReleaseId, latest: MakeLatest) -> Result<Release, Error> {
        let change = ReleaseChange { draft: Some(false), make_latest: Some(latest), ..ReleaseChange::default() };
        self.update_release(repo, id, &change).await
    }

    /// Deletes a release. Its tag stays.
    ///
    /// # Errors
    /// As all writes.
    pub async fn delete_release(&self, repo: &RepoId, id: ReleaseId) -> Result<(), Error> {
        self.delete(repo, &["releases", &id.to_string()]).await
    }
}
