//! What changed lately.

use std::collections::BTreeMap;

use futures_core::Stream;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::batch::{Answered, BatchOptions};
use super::pulls::{Part, WirePage, part, write_alias};
use super::{MAX_INT, Persistence, Question};
use crate::paging::paged;
use crate::{Error, GithubClient, PullNumber, RepoId};

/// How many numbers are asked at once for their time alone. There is no connection in that, so it costs one point.
const TIMES: BatchOptions = BatchOptions { most: 400, parallel: 3 };

/// A merged pull request, and when it was changed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UpdatedPull {
    /// Its number.
    pub number: PullNumber,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A page of merged pull requests, newest change first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdatedPage {
    page_info: WirePage,
    nodes: Vec<Option<UpdatedPull>>,
    /// The time of the server.
    #[serde(skip)]
    pub(crate) time: Timestamp,
}

impl UpdatedPage {
    pub(crate) fn pulls(&self) -> impl Iterator<Item = UpdatedPull> + '_ {
        self.nodes.iter().flatten().copied()
    }

    /// Whether the page holds all changes since that time.
    pub(crate) fn reaches(&self, time: Timestamp) -> bool {
        !self.page_info.has_next_page || self.pulls().any(|pull| pull.updated_at < time)
    }
}

impl GithubClient {
    /// Merged pull requests, the one changed last first, a hundred in one request; of one base branch, or of all. Take as many as wanted.
    pub fn pulls_updated(
        &self,
        repo: &RepoId,
        base: Option<&str>,
    ) -> impl Stream<Item = Result<UpdatedPull, Error>> + Send + use<> {
        let (client, repo, base) = (self.clone(), repo.clone(), base.map(str::to_owned));
        paged(None::<String>, move |after| {
            let (client, repo, base) = (client.clone(), repo.clone(), base.clone());
            async move {
                let page = client.updated_page(&repo, base.as_deref(), after.as_deref()).await?;
                Ok((page.pulls().collect(), page.page_info.after(after.as_deref()).map(Some)))
            }
        })
    }

    pub(crate) async fn updated_page(
        &self,
        repo: &RepoId,
        base: Option<&str>,
        after: Option<&str>,
    ) -> Result<UpdatedPage, Error> {
        let document = "query PullsUpdated($owner:String!,$name:String!,$base:String,$after:String){repository(owner:$owner,name:$name){\
             nameWithOwner pullRequests(states:[MERGED],baseRefName:$base,first:100,after:$after,\
             orderBy:{field:UPDATED_AT,direction:DESC}){pageInfo{hasNextPage endCursor} nodes{number updatedAt}}}\
             rateLimit{cost limit remaining resetAt}}";
        let mut question = Question::about("PullsUpdated", repo, document.to_owned());
        question.variables["base"] = json!(base);
        question.variables["after"] = json!(after);
        if self.offline() {
            return Err(Error::NotRecorded { subject: format!("changes of {repo}") });
        }
        let reply = self.ask(&question, Persistence::Full).await?;
        let repository = self.repository(repo, &question, &reply)?;
        let pulls = repository.get("pullRequests").unwrap_or(&Value::Null);
        let page = UpdatedPage::deserialize(pulls)
            .map_err(|error| Error::Malformed { subject: format!("changes of {repo}"), detail: error.to_string() })?;
        Ok(UpdatedPage { time: reply.time, ..page })
    }

    /// When each pull request was changed last, some hundreds in one request. Numbers that are no pull requests are left out.
    ///
    /// # Errors
    /// The first number for which no answer came, or what concerns all.
    pub async fn updated_at(
        &self,
        repo: &RepoId,
        numbers: &[PullNumber],
    ) -> Result<BTreeMap<PullNumber, Timestamp>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Time {
            updated_at: Timestamp,
        }
        if self.offline() {
            let found = self.recorded_pulls(repo, numbers).await?.whole().map_err(|(_, error)| error)?.found;
            return Ok(found.into_iter().map(|(number, pull)| (number, pull.updated_at)).collect());
        }
        let mut numbers: Vec<PullNumber> = numbers.iter().copied().filter(|number| number.get() <= MAX_INT).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let ask = async |numbers: Vec<PullNumber>, persistence| {
            let mut document = String::from(
                "query UpdatedAt($owner:String!,$name:String!){repository(owner:$owner,name:$name){nameWithOwner",
            );
            for number in &numbers {
                write_alias(&mut document, *number, "pullRequest", "updatedAt");
            }
            document.push_str("}rateLimit{cost limit remaining resetAt}}");
            let question = Question::about("UpdatedAt", repo, document);
            let reply = self.ask(&question, persistence).await?;
            let repository = self.repository(repo, &question, &reply)?;
            let alone = numbers.len() == 1;
            let mut answered = Answered { values: BTreeMap::new(), failed: BTreeMap::new(), again: Vec::new() };
            for number in numbers {
                let subject = format!("pull request #{number} of {repo}");
                match part(repository, &reply, &format!("p{number}")) {
                    Part::Whole(value) => {
                        let time = Time::deserialize(value)
                            .map_err(|error| Error::Malformed { subject, detail: error.to_string() })?;
                        answered.values.insert(number, Some(time.updated_at));
                    }
                    Part::Missing | Part::Null => drop(answered.values.insert(number, None)),
                    Part::Failed(_) if !alone => answered.again.push(number),
                    Part::Failed(message) => drop(answered.failed.insert(number, Error::Graphql { subject, message })),
                }
            }
            Ok(answered)
        };
        let gathered = self.in_batches(numbers, TIMES, ask).await?;
        match gathered.failed.into_iter().next() {
            Some((_, error)) => Err(error),
            None => Ok(gathered.values.into_iter().filter_map(|(number, time)| Some((number, time?))).collect()),
        }
    }
}
