//! Commits of a branch, where there is no clone to read them from.

use futures_core::Stream;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Question;
use super::pulls::WirePage;
use crate::paging::paged;
use crate::{Error, GithubClient, ObjectId, RepoId};

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryCommit {
    /// Its id.
    pub id: ObjectId,
    /// Its whole message.
    pub message: String,
    /// When it was committed.
    pub committed_at: Timestamp,
    /// Its parents in order; of a merge of more than ten, the first ten.
    pub parents: Vec<ObjectId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireHistory {
    page_info: WirePage,
    nodes: Vec<Option<WireCommit>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCommit {
    oid: ObjectId,
    message: String,
    committed_date: Timestamp,
    parents: WireParents,
}

#[derive(Deserialize)]
struct WireParents {
    nodes: Vec<Option<WireParent>>,
}

#[derive(Deserialize)]
struct WireParent {
    oid: ObjectId,
}

impl From<WireCommit> for HistoryCommit {
    fn from(wire: WireCommit) -> Self {
        let parents = wire.parents.nodes.into_iter().flatten().map(|parent| parent.oid).collect();
        Self { id: wire.oid, message: wire.message, committed_at: wire.committed_date, parents }
    }
}

impl GithubClient {
    /// The commits that a revision reaches, newest first, a hundred in one request. Take as many as wanted. A clone tells the same for
    /// nothing.
    pub fn history(
        &self,
        repo: &RepoId,
        revision: &str,
    ) -> impl Stream<Item = Result<HistoryCommit, Error>> + Send + use<> {
        let (client, repo, revision) = (self.clone(), repo.clone(), revision.to_owned());
        paged(None::<String>, move |after| {
            let (client, repo, revision) = (client.clone(), repo.clone(), revision.clone());
            async move {
                let page = client.history_page(&repo, &revision, after.as_deref()).await?;
                let next = page.page_info.after(after.as_deref());
                Ok((page.nodes.into_iter().flatten().map(HistoryCommit::from).collect(), next.map(Some)))
            }
        })
    }

    async fn history_page(&self, repo: &RepoId, revision: &str, after: Option<&str>) -> Result<WireHistory, Error> {
        // Pull requests of each commit are not asked for here: nested like that, GitHub runs out of time.
        let document = "query History($owner:String!,$name:String!,$rev:String!,$after:String){repository(owner:$owner,name:$name){\
             nameWithOwner object(expression:$rev){... on Commit{history(first:100,after:$after){pageInfo{hasNextPage endCursor} \
             nodes{oid message committedDate parents(first:10){nodes{oid}}}}}}}}";
        let mut question = Question::about("History", repo, document.to_owned());
        question.variables["rev"] = json!(revision);
        question.variables["after"] = json!(after);
        let subject = || format!("history of `{}` of {repo}", crate::text::shown(revision, 80));
        let reply = self.graphql(&question.document, question.variables.clone()).await?;
        let repository = self.repository(repo, &question, &reply)?;
        match repository.pointer("/object/history") {
            Some(history) => WireHistory::deserialize(history)
                .map_err(|error| Error::Malformed { subject: subject(), detail: error.to_string() }),
            None if repository.get("object").is_none_or(Value::is_null) => Err(Error::NotFound { subject: subject() }),
            None => Err(Error::Malformed { subject: subject(), detail: "the revision is no commit".to_owned() }),
        }
    }
}
