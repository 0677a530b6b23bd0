//! Pull requests by number.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use http_kit::Idempotency;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::batch::{Answered, BatchOptions};
use super::{GraphqlError, GraphqlReply, MAX_INT, Persistence, Question, messages};
use crate::record::Author;
use crate::recording::Known;
use crate::text::shown;
use crate::transport::on_disk;
use crate::{Error, GithubClient, Missing, Mode, ObjectId, PullNumber, PullRecord, PullState, RepoId};

/// The fields of a record. Labels are the only connection, so a hundred pull requests cost one point.
const FIELDS: &str = "fragment F on PullRequest{number url title body state mergedAt updatedAt baseRefName headRefName \
     headRepositoryOwner{login} author{__typename login url} mergeCommit{oid} milestone{title} \
     labels(first:50){totalCount pageInfo{hasNextPage endCursor} nodes{name}}}";

/// Pull requests, and what is known of the numbers that gave none. Every number asked for is in one of the three.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct PullBatch {
    /// The pull requests.
    pub found: BTreeMap<PullNumber, PullRecord>,
    /// Numbers that are no pull requests.
    pub missing: BTreeMap<PullNumber, Missing>,
    /// Numbers for which no answer came, each with its reason. The caller decides whether what was found will do.
    pub failed: BTreeMap<PullNumber, Error>,
}

impl PullBatch {
    /// This batch, if nothing failed.
    ///
    /// # Errors
    /// The failure of the lowest number.
    pub fn whole(mut self) -> Result<Self, (PullNumber, Error)> {
        match self.failed.pop_first() {
            None => Ok(self),
            Some(failure) => Err(failure),
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.found.extend(other.found);
        self.missing.extend(other.missing);
        self.failed.extend(other.failed);
    }

    pub(crate) fn add(&mut self, number: PullNumber, known: Known) {
        match known {
            Known::Pull(pull) => drop(self.found.insert(number, *pull)),
            Known::Missing(missing) => drop(self.missing.insert(number, missing)),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePull {
    number: PullNumber,
    url: String,
    title: String,
    body: Option<String>,
    state: String,
    merged_at: Option<Timestamp>,
    updated_at: Timestamp,
    base_ref_name: String,
    head_ref_name: String,
    head_repository_owner: Option<WireOwner>,
    author: Option<WireActor>,
    merge_commit: Option<WireObject>,
    milestone: Option<WireMilestone>,
    labels: Option<WireLabels>,
}

#[derive(Deserialize)]
struct WireOwner {
    login: String,
}

#[derive(Deserialize)]
struct WireActor {
    #[serde(rename = "__typename")]
    kind: String,
    login: String,
    url: Option<String>,
}

#[derive(Deserialize)]
struct WireObject {
    oid: ObjectId,
}

#[derive(Deserialize)]
struct WireMilestone {
    title: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLabels {
    total_count: u64,
    page_info: WirePage,
    #[serde(default)]
    nodes: Vec<Option<WireLabel>>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
pub(super) struct WirePage {
    pub(super) has_next_page: bool,
    pub(super) end_cursor: Option<String>,
}

impl WirePage {
    /// Where the next page begins. A server that leads back to the same place would never come to an end.
    pub(super) fn after(&self, this: Option<&str>) -> Option<String> {
        self.end_cursor.clone().filter(|next| self.has_next_page && Some(next.as_str()) != this)
    }
}

#[derive(Deserialize)]
struct WireLabel {
    name: String,
}

impl WireLabels {
    fn names(self) -> impl Iterator<Item = String> {
        self.nodes.into_iter().flatten().map(|label| label.name)
    }
}

impl WirePull {
    /// The record, and where its further labels begin.
    fn into_record(self, web: &str) -> (PullRecord, Option<String>) {
        let more = self.labels.as_ref().filter(|labels| labels.total_count > labels.nodes.len() as u64);
        let more =
            more.filter(|labels| labels.page_info.has_next_page).and_then(|labels| labels.page_info.end_cursor.clone());
        let record = PullRecord {
            number: self.number,
            url: self.url,
            title: self.title,
            body: self.body.unwrap_or_default(),
            state: match self.state.as_str() {
                "OPEN" => PullState::Open,
                "MERGED" => PullState::Merged,
                _ => PullState::Closed,
            },
            merged_at: self.merged_at,
            updated_at: self.updated_at,
            base_ref: self.base_ref_name,
            head_ref: self.head_ref_name,
            head_owner: self.head_repository_owner.map(|owner| owner.login),
            author: self.author.map(|actor| Author::new(&actor.login, actor.url.as_deref(), &actor.kind, web)),
            merge_commit: self.merge_commit.map(|commit| commit.oid),
            labels: self.labels.into_iter().flat_map(WireLabels::names).collect(),
            milestone: self.milestone.map(|milestone| milestone.title),
        };
        (record, more)
    }
}

impl GithubClient {
    /// Pull requests by number, fifty in one request. Without a recording, and with one that is written to, all of them are asked for;
    /// otherwise they come from the recording. [`cached_pulls`](Self::cached_pulls) asks for less.
    ///
    /// # Errors
    /// What concerns all numbers. What concerns one is in [`PullBatch::failed`].
    pub async fn pulls_by_number(&self, repo: &RepoId, numbers: &[PullNumber]) -> Result<PullBatch, Error> {
        if self.offline() {
            return self.recorded_pulls(repo, numbers).await;
        }
        let mut batch = PullBatch::default();
        let mut numbers: Vec<PullNumber> = numbers.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        // A number that GraphQL cannot even hold would spoil the whole question.
        let (numbers, impossible): (Vec<_>, Vec<_>) = numbers.into_iter().partition(|number| number.get() <= MAX_INT);
        batch.missing.extend(impossible.into_iter().map(|number| (number, Missing::Absent)));
        if numbers.is_empty() {
            return Ok(batch);
        }
        let options = BatchOptions { most: self.shared.batch, parallel: self.shared.parallel };
        let asked = |numbers, persistence| self.ask_pulls(repo, numbers, persistence);
        let gathered = self.in_batches(numbers, options, asked).await?;
        batch.failed.extend(gathered.failed);
        for (number, known) in gathered.values {
            batch.add(number, known);
        }
        Ok(batch)
    }

    /// What the recording holds; the rest failed.
    pub(crate) async fn recorded_pulls(&self, repo: &RepoId, numbers: &[PullNumber]) -> Result<PullBatch, Error> {
        let mut batch = PullBatch::default();
        let Some((recording, mode)) = &self.recording else { return Ok(batch) };
        let (recording, mode) = (recording.clone(), *mode);
        let (host, of, wanted) = (self.shared.endpoints.host.clone(), repo.clone(), numbers.to_vec());
        let loaded = on_disk(move || recording.pulls(&host, &of, &wanted)).await?;
        for (number, known) in loaded.known {
            batch.add(number, known);
        }
        for (number, error) in loaded.damaged {
            // A cache may hold damaged files; a recording may not.
            if mode == Mode::Replay {
                return Err(error.into());
            }
            batch.failed.insert(number, error.into());
        }
        for number in numbers {
            if number.get() > MAX_INT {
                batch.missing.insert(*number, Missing::Absent);
            } else if !batch.found.contains_key(number) && !batch.missing.contains_key(number) {
                let subject = format!("pull request #{number} of {repo}");
                batch.failed.entry(*number).or_insert(Error::NotRecorded { subject });
            }
        }
        Ok(batch)
    }

    async fn ask_pulls(
        &self,
        repo: &RepoId,
        numbers: Vec<PullNumber>,
        persistence: Persistence,
    ) -> Result<Answered<PullNumber, Known>, Error> {
        let mut document = String::from(
            "query PullsByNumber($owner:String!,$name:String!){repository(owner:$owner,name:$name){nameWithOwner",
        );
        for number in &numbers {
            // Every number is an issue or a pull request, or nothing; which it is comes with the same answer.
            write_alias(&mut document, *number, "issueOrPullRequest", "__typename ...F");
        }
        document.push_str("}rateLimit{cost limit remaining resetAt}}");
        document.push_str(FIELDS);
        let question = Question::about("PullsByNumber", repo, document);
        let answer = self.send(&question, persistence, Idempotency::Repeatable).await;
        let answer = answer.map_err(|error| named(error, repo, &numbers))?;
        let reply = super::parse(&question, &answer)?;
        let repository = self.repository(repo, &question, &reply).map_err(|error| named(error, repo, &numbers))?;
        let alone = numbers.len() == 1;
        let mut answered = Answered { values: BTreeMap::new(), failed: BTreeMap::new(), again: Vec::new() };
        let mut labels = Vec::new();
        for number in numbers {
            let alias = format!("p{number}");
            match part(repository, &reply, &alias) {
                Part::Whole(value) if value["__typename"] == "Issue" => {
                    answered.values.insert(number, Known::Missing(Missing::Issue));
                }
                Part::Whole(value) => {
                    let wire: WirePull = serde_json::from_value(value.clone()).map_err(|error| Error::Malformed {
                        subject: format!("pull request #{number} of {repo}"),
                        detail: error.to_string(),
                    })?;
                    let (record, more) = wire.into_record(&self.shared.endpoints.web);
                    labels.extend(more.map(|cursor| (number, cursor)));
                    answered.values.insert(number, Known::Pull(Box::new(record)));
                }
                Part::Missing => drop(answered.values.insert(number, Known::Missing(Missing::Absent))),
                Part::Failed(_) | Part::Null if !alone => answered.again.push(number),
                Part::Null => {
                    let subject = format!("pull request #{number} of {repo}");
                    let detail = "neither a pull request nor a reason".to_owned();
                    answered.failed.insert(number, Error::Malformed { subject, detail });
                }
                Part::Failed(detail) => {
                    let subject = format!("pull request #{number} of {repo}");
                    answered.failed.insert(number, Error::Graphql { subject, message: detail });
                }
            }
        }
        for (number, cursor) in labels {
            let more = self.more_labels(repo, number, cursor).await?;
            if let Some(Known::Pull(record)) = answered.values.get_mut(&number) {
                record.labels.extend(more);
            }
        }
        // What was had is written down at once, so that a run that is killed need not ask for it again.
        if let Some((recording, _)) = &self.recording {
            let (recording, host, repo) = (recording.clone(), self.shared.endpoints.host.clone(), repo.clone());
            let values = answered.values.clone();
            on_disk(move || {
                recording.begin_sync(&host, &repo, answer.time)?;
                recording.put_pulls(&host, &repo, &values)
            })
            .await?;
        }
        Ok(answered)
    }

    /// The labels after the first fifty.
    async fn more_labels(&self, repo: &RepoId, number: PullNumber, mut cursor: String) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        loop {
            let document = "query MoreLabels($owner:String!,$name:String!,$number:Int!,$after:String!){repository(owner:$owner,name:$name){\
                 pullRequest(number:$number){labels(first:100,after:$after){totalCount pageInfo{hasNextPage endCursor} nodes{name}}}}}";
            let mut question = Question::about("MoreLabels", repo, document.to_owned());
            question.variables["number"] = json!(number.get());
            question.variables["after"] = json!(cursor);
            let reply = self.ask(&question, Persistence::Full).await?;
            let repository = self.repository(repo, &question, &reply)?;
            let labels = repository.pointer("/pullRequest/labels").map(WireLabels::deserialize);
            let Some(Ok(labels)) = labels else {
                let subject = format!("labels of pull request #{number} of {repo}");
                let detail = if reply.errors.is_empty() { "no labels".to_owned() } else { messages(&reply.errors) };
                return Err(Error::Malformed { subject, detail });
            };
            let page = labels.page_info.clone();
            names.extend(labels.names());
            match page.after(Some(&cursor)) {
                Some(next) => cursor = next,
                None => return Ok(names),
            }
        }
    }
}

/// Adds a part for one number. A number is digits alone, so nothing can be smuggled in.
pub(super) fn write_alias(document: &mut String, number: PullNumber, field: &str, selection: &str) {
    let written = write!(document, " p{number}:{field}(number:{number}){{{selection}}}");
    debug_assert!(written.is_ok(), "a text takes everything");
}

/// What an answer says of one alias.
pub(super) enum Part<'a> {
    Whole(&'a Value),
    /// Nothing is there, and GitHub says so.
    Missing,
    /// Nothing is there, and GitHub says nothing about it.
    Null,
    /// With what GitHub says.
    Failed(String),
}

pub(super) fn part<'a>(repository: &'a Value, reply: &GraphqlReply, alias: &str) -> Part<'a> {
    let errors: Vec<&GraphqlError> = reply.errors.iter().filter(|error| error.is_at(&["repository", alias])).collect();
    let value = repository.get(alias).filter(|value| !value.is_null());
    match (value, errors.first()) {
        (Some(value), None) => Part::Whole(value),
        (None, Some(_)) if errors.iter().all(|error| error.is_not_found()) => Part::Missing,
        (None, None) if reply.errors.is_empty() => Part::Null,
        // A field below failed, or the alias for another reason than that it is not there.
        (_, Some(error)) => Part::Failed(shown(&error.message, 300)),
        (None, None) => Part::Failed(messages(&reply.errors)),
    }
}

/// An error of a question for one pull request names it.
fn named(error: Error, repo: &RepoId, numbers: &[PullNumber]) -> Error {
    let [number] = numbers else { return error };
    let name = format!("pull request #{number} of {repo}");
    match error {
        Error::Unavailable { spent, detail, source, .. } => Error::Unavailable { subject: name, spent, detail, source },
        Error::Malformed { detail, .. } => Error::Malformed { subject: name, detail },
        Error::TooLarge { limit, .. } => Error::TooLarge { subject: name, limit },
        other => other,
    }
}
