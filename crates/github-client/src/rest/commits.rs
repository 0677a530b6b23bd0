//! Commits, and how two of them differ.

use futures::TryStreamExt;
use futures_core::Stream;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::tags::Person;
use super::{account, or_default, path_parts};
use crate::record::Author;
use crate::{Error, GithubClient, ObjectId, RepoId};

/// A commit, and whose accounts it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Commit {
    /// Its id.
    #[serde(rename = "sha")]
    pub id: ObjectId,
    /// Its page.
    #[serde(default, deserialize_with = "or_default")]
    pub html_url: String,
    /// What git holds.
    #[serde(rename = "commit")]
    pub git: GitCommit,
    /// The account of the author's address, when there is one.
    #[serde(default, deserialize_with = "account")]
    pub author: Option<Author>,
    /// The account of the committer's address, when there is one.
    #[serde(default, deserialize_with = "account")]
    pub committer: Option<Author>,
    /// Its parents, in order.
    #[serde(default, deserialize_with = "or_default")]
    pub parents: Vec<CommitParent>,
}

/// What git holds of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct GitCommit {
    /// The whole message.
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
    /// Who wrote it.
    pub author: Option<Person>,
    /// Who committed it.
    pub committer: Option<Person>,
}

/// A parent of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct CommitParent {
    /// Its id.
    #[serde(rename = "sha")]
    pub id: ObjectId,
}

/// Which commits to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CommitQuery {
    /// Where to begin: a branch, tag or id; the default branch when left out.
    #[serde(rename = "sha")]
    pub from: Option<String>,
    /// Only those that change this file or folder.
    pub path: Option<String>,
    /// Only those of this login or address.
    pub author: Option<String>,
    /// Only those committed at this time or later.
    pub since: Option<Timestamp>,
    /// Only those committed at this time or earlier.
    pub until: Option<Timestamp>,
}

/// How two revisions differ.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Comparison {
    /// `ahead`, `behind`, `identical` or `diverged`.
    pub status: String,
    /// How many commits the head has more.
    pub ahead_by: u64,
    /// How many commits the base has more.
    pub behind_by: u64,
    /// The best common ancestor.
    pub merge_base: Option<ObjectId>,
    /// The commits that the head has more, oldest first.
    pub commits: Vec<Commit>,
}

#[derive(Deserialize)]
struct WireComparison {
    status: String,
    #[serde(default)]
    ahead_by: u64,
    #[serde(default)]
    behind_by: u64,
    merge_base_commit: Option<CommitParent>,
    #[serde(default)]
    commits: Vec<Commit>,
}

impl GithubClient {
    /// A commit by branch, tag or id.
    ///
    /// # Errors
    /// As all reads; GitHub answers [`Error::Rejected`] for what cannot be a commit, and [`Error::NotFound`] for what is none.
    pub async fn commit(&self, repo: &RepoId, revision: &str) -> Result<Commit, Error> {
        let mut parts = vec!["commits"];
        parts.extend(path_parts(revision, "commit")?);
        self.get(repo, &parts, &()).await
    }

    /// Commits, newest first.
    pub fn commits(
        &self,
        repo: &RepoId,
        query: &CommitQuery,
    ) -> impl Stream<Item = Result<Commit, Error>> + Send + use<> {
        self.list(repo, &["commits"], query)
    }

    /// How two revisions differ, with all commits between them. The head may be of a fork, `owner:branch`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when one of them is not there, or they have nothing in common.
    pub async fn compare(&self, repo: &RepoId, base: &str, head: &str) -> Result<Comparison, Error> {
        let range = format!("{base}...{head}");
        let mut parts = vec!["compare"];
        parts.extend(path_parts(&range, "comparison")?);
        let mut call = self.repo_call(Method::GET, repo, &parts);
        call.url.query_pairs_mut().append_pair("per_page", "100");
        // Each page repeats what is the same for all, and brings its share of the commits.
        let pages = self.pages(Ok(call), |reply, subject| Ok(vec![reply.json::<WireComparison>(subject)?]));
        let mut pages = std::pin::pin!(pages);
        let missing =
            || Error::Malformed { subject: format!("comparison of {repo}"), detail: "there is no page".to_owned() };
        let first = pages.try_next().await?.ok_or_else(missing)?;
        let mut comparison = Comparison {
            status: first.status,
            ahead_by: first.ahead_by,
            behind_by: first.behind_by,
            merge_base: first.merge_base_commit.map(|commit| commit.id),
            commits: first.commits,
        };
        while let Some(page) = pages.try_next().await? {
            comparison.commits.extend(page.commits);
        }
        Ok(comparison)
    }
}
