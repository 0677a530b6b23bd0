//! Pull requests as they are handed out and recorded.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ObjectId, PullNumber};

/// A pull request. This is also the form in which recordings hold it, so fields are only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRecord {
    /// Its number.
    pub number: PullNumber,
    /// Its page.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Its description as stored, CRLF or LF; empty when none was written.
    pub body: String,
    /// Whether it is open, closed or merged.
    pub state: PullState,
    /// When it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_at: Option<Timestamp>,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// The branch it is for.
    pub base_ref: String,
    /// The branch it comes from.
    pub head_ref: String,
    /// The owner of the branch it comes from; `None` when the fork is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_owner: Option<String>,
    /// Who opened it; `None` when the account is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// The commit that merged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_commit: Option<ObjectId>,
    /// The names of its labels, in GitHub's order.
    #[serde(default)]
    pub labels: Vec<String>,
    /// The title of its milestone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<String>,
}

impl PullRecord {
    /// Where it comes from, `owner:branch`, or the branch alone when the fork is gone.
    pub fn head_label(&self) -> String {
        match &self.head_owner {
            Some(owner) => format!("{owner}:{}", self.head_ref),
            None => self.head_ref.clone(),
        }
    }
}

/// The state of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PullState {
    /// Waiting for review or merge.
    Open,
    /// Closed without a merge.
    Closed,
    /// Merged.
    Merged,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The login name. An app carries its `[bot]`, as REST has it and GraphQL has not.
    pub login: String,
    /// The page of the account or app.
    pub url: String,
    /// What kind of account it is.
    pub kind: AuthorKind,
}

/// The kind of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AuthorKind {
    /// A person's account.
    User,
    /// An app.
    Bot,
    /// Anything else, such as an organization or an imported account.
    Other,
}

impl Author {
    /// An account as GitHub names it: REST with `[bot]` and GraphQL without give the same. `web` is the address of the web pages.
    pub(crate) fn new(login: &str, url: Option<&str>, kind: &str, web: &str) -> Self {
        let kind = match kind {
            "User" | "EnterpriseUserAccount" => AuthorKind::User,
            "Bot" => AuthorKind::Bot,
            _ => AuthorKind::Other,
        };
        if kind != AuthorKind::Bot {
            let url = url.map_or_else(|| format!("{web}/{login}"), str::to_owned);
            return Self { login: login.to_owned(), url, kind };
        }
        let app = login.strip_suffix("[bot]").unwrap_or(login);
        let page = url.filter(|url| url.contains("/apps/"));
        Self {
            login: format!("{app}[bot]"),
            url: page.map_or_else(|| format!("{web}/apps/{app}"), str::to_owned),
            kind,
        }
    }
}

/// Why a number gives no pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Missing {
    /// Nothing has this number, or it is deleted or hidden.
    Absent,
    /// The number is an issue.
    Issue,
}

/// A pull request that contains a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitPull {
    /// Its number.
    pub number: PullNumber,
    /// The branch it is for.
    pub base_ref: String,
    /// When it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_at: Option<Timestamp>,
    /// The commit that merged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge_commit: Option<ObjectId>,
}
