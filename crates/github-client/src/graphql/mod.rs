//! GraphQL: one question for many things.

mod batch;
mod commits;
mod history;
mod pulls;
mod updates;

use std::fmt::Write as _;

use http_kit::{Allowance, Idempotency};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::Call;
use crate::recording::{Recorded, RequestKey};
use crate::text::shown;
use crate::transport::{Reply, on_disk, recorded};
use crate::{Error, GithubClient, RepoId};

pub use commits::CommitPulls;
pub use history::HistoryCommit;
pub use pulls::PullBatch;
pub use updates::UpdatedPull;

/// The allowance that GraphQL is counted against.
pub(crate) const LANE: &str = "graphql";
/// The largest number that GraphQL's `Int` holds.
const MAX_INT: u64 = i32::MAX as u64;

/// The answer to a GraphQL question.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct GraphqlReply {
    /// The data; parts that failed are null.
    #[serde(default)]
    pub data: Value,
    /// What failed.
    #[serde(default)]
    pub errors: Vec<GraphqlError>,
    /// When the server answered, by its own clock.
    #[serde(skip)]
    time: Timestamp,
    /// Where the token is let through single sign-on, when it did not pass.
    #[serde(skip)]
    sign_on: Option<String>,
}

/// Something that failed in a GraphQL question.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct GraphqlError {
    /// GitHub's kind of error, such as `NOT_FOUND`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// What GitHub says.
    #[serde(default)]
    pub message: String,
    /// The part that failed: names of fields and positions in lists.
    #[serde(default)]
    pub path: Vec<Value>,
}

impl GraphqlError {
    fn is_not_found(&self) -> bool {
        self.kind.as_deref() == Some("NOT_FOUND")
    }

    /// Whether the path begins with these fields.
    fn is_at(&self, fields: &[&str]) -> bool {
        self.path.len() >= fields.len()
            && self.path.iter().zip(fields).all(|(part, field)| part.as_str() == Some(field))
    }

    /// Whether fewer things at once, or another try, may help.
    fn is_heavy(&self) -> bool {
        let kind = self.kind.as_deref().unwrap_or_default();
        let message = self.message.to_ascii_lowercase();
        matches!(kind, "MAX_NODE_LIMIT_EXCEEDED" | "RESOURCE_LIMITS_EXCEEDED" | "EXCESSIVE_PAGINATION")
            || kind.is_empty()
                && ["something went wrong", "timeout", "timed out", "in time"].iter().any(|w| message.contains(w))
            || matches!(kind, "SERVICE_UNAVAILABLE" | "INTERNAL" | "TIMEOUT")
    }
}

/// A question: its name, its text, and the values of its variables.
#[derive(Debug, Clone)]
struct Question {
    name: &'static str,
    document: String,
    variables: Value,
}

impl Question {
    /// A question about a repository, whose parts are variables and never text.
    fn about(name: &'static str, repo: &RepoId, document: String) -> Self {
        Self { name, document, variables: json!({ "owner": repo.owner(), "name": repo.name() }) }
    }
}

/// How long a question is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Persistence {
    /// As the policy says.
    Full,
    /// Once; the caller asks for less the next time.
    Once,
}

impl GithubClient {
    /// Asks a GraphQL question. With a recording the answer is recorded, or comes from there. A mutation belongs to
    /// [`graphql_mutation`](Self::graphql_mutation).
    ///
    /// # Errors
    /// When nothing was answered at all; parts that failed are in the reply.
    pub async fn graphql(&self, document: &str, variables: Value) -> Result<GraphqlReply, Error> {
        let question = Question { name: "query", document: document.to_owned(), variables };
        let Some((recording, mode)) = &self.recording else { return self.ask(&question, Persistence::Full).await };
        let key = RequestKey::graphql(&self.shared.endpoints.host, document, &question.variables);
        if !mode.asks() {
            let recording = recording.clone();
            let stored = recorded(self, move || recording.exchange(&key)).await?;
            let stored = stored.ok_or_else(|| Error::NotRecorded { subject: subject(&question) })?;
            return parse(&question, &stored.into());
        }
        let reply = self.send(&question, Persistence::Full, Idempotency::Repeatable).await?;
        let parsed = parse(&question, &reply)?;
        if !parsed.data.is_null() && !self.holds_token(&reply.body) {
            let answer = Recorded { status: reply.status, headers: reply.headers, body: reply.body };
            let recording = recording.clone();
            on_disk(move || recording.put_exchange(&key, &answer)).await?;
        }
        Ok(parsed)
    }

    /// Asks GraphQL to change something. It is sent once, unless it surely was not carried out.
    ///
    /// # Errors
    /// When it was refused as a whole, or the network may not be asked.
    pub async fn graphql_mutation(&self, document: &str, variables: Value) -> Result<GraphqlReply, Error> {
        let question = Question { name: "mutation", document: document.to_owned(), variables };
        if self.offline() {
            return Err(Error::NotRecorded { subject: subject(&question) });
        }
        let reply = self.send(&question, Persistence::Full, Idempotency::Once).await?;
        parse(&question, &reply)
    }

    /// Asks without a recording.
    async fn ask(&self, question: &Question, persistence: Persistence) -> Result<GraphqlReply, Error> {
        let reply = self.send(question, persistence, Idempotency::Repeatable).await?;
        parse(question, &reply)
    }

    async fn send(
        &self,
        question: &Question,
        persistence: Persistence,
        idempotency: Idempotency,
    ) -> Result<Reply, Error> {
        let body = json!({ "query": question.document, "variables": question.variables });
        let mut call = Call::new(http::Method::POST, self.shared.endpoints.graphql.clone());
        call.body = body.to_string().into();
        call.lane = LANE;
        call.idempotency = idempotency;
        call.points = if idempotency == Idempotency::Repeatable { 1 } else { 5 };
        call.tries = (persistence == Persistence::Once).then_some(1);
        call.subject = subject(question);
        let reply = self.exchange(&call, None).await?;
        if !reply.status.is_success() {
            return Err(crate::refusal::error_of(self, &call.subject, &reply, crate::refusal::Intent::Read));
        }
        Ok(reply)
    }

    /// Takes note of the `rateLimit` in an answer, for servers that do not send it as headers.
    fn note_rate_limit(&self, reply: &GraphqlReply) {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct RateLimit {
            limit: u64,
            remaining: u64,
            reset_at: Timestamp,
        }
        if let Some(Ok(limit)) = reply.data.get("rateLimit").map(RateLimit::deserialize) {
            let (limit, remaining, renewed) = (limit.limit, limit.remaining, limit.reset_at);
            self.shared.gate.note(Allowance { lane: LANE.to_owned(), limit, remaining, renewed }, reply.time);
        }
    }

    /// The repository's part of an answer, or why there is none. A new name is taken note of.
    fn repository<'a>(&self, repo: &RepoId, question: &Question, reply: &'a GraphqlReply) -> Result<&'a Value, Error> {
        self.note_rate_limit(reply);
        let subject = || format!("{} of {repo}", question.name);
        match reply.data.get("repository") {
            Some(repository) if !repository.is_null() => {
                if let Some(Ok(name)) = repository.get("nameWithOwner").and_then(Value::as_str).map(str::parse) {
                    self.note_renamed(repo, &name);
                }
                Ok(repository)
            }
            _ if reply.errors.iter().any(|error| error.is_not_found() && error.is_at(&["repository"])) => {
                Err(Error::NotFound { subject: format!("{}/{repo}", self.shared.endpoints.web) })
            }
            _ if reply.errors.is_empty() => {
                Err(Error::Malformed { subject: subject(), detail: "neither a repository nor an error".to_owned() })
            }
            _ => match &reply.sign_on {
                Some(url) => Err(Error::SingleSignOn { subject: subject(), url: url.clone() }),
                None => Err(refused(subject(), &reply.errors)),
            },
        }
    }
}

/// What a server says that could not do what it was asked at all, and may be able to do less, or the same later.
pub(crate) fn overload(body: &[u8]) -> Option<String> {
    // Such an answer holds a message and nothing else, so that whole answers need not be read twice.
    if body.len() > 64 * 1024 {
        return None;
    }
    let reply: GraphqlReply = serde_json::from_slice(body).ok()?;
    let empty = reply.data.as_object().is_none_or(|data| data.values().all(Value::is_null));
    (empty && reply.errors.iter().any(GraphqlError::is_heavy)).then(|| messages(&reply.errors))
}

fn subject(question: &Question) -> String {
    format!("GraphQL {}", question.name)
}

fn parse(question: &Question, reply: &Reply) -> Result<GraphqlReply, Error> {
    let parsed = reply.json::<GraphqlReply>(&subject(question))?;
    Ok(GraphqlReply { time: reply.time, sign_on: crate::refusal::sign_on(&reply.headers), ..parsed })
}

/// All messages in one line.
fn messages(errors: &[GraphqlError]) -> String {
    let mut text = String::new();
    for (index, error) in errors.iter().take(5).enumerate() {
        let separator = if index == 0 { "" } else { "; " };
        let kind = error.kind.as_deref().map(|kind| format!("{}: ", shown(kind, 40))).unwrap_or_default();
        // Writing into a text cannot fail.
        let written = write!(text, "{separator}{kind}{}", shown(&error.message, 300));
        debug_assert!(written.is_ok(), "a text takes everything");
    }
    text
}

fn refused(subject: String, errors: &[GraphqlError]) -> Error {
    if let Some(error) = errors.iter().find(|error| error.kind.as_deref() == Some("FORBIDDEN")) {
        return Error::Denied { subject, message: shown(&error.message, 400) };
    }
    if let Some(error) = errors.iter().find(|error| error.kind.as_deref() == Some("INSUFFICIENT_SCOPES")) {
        // `…requires one of the following scopes: ['read:org'], but your token…`
        let scopes =
            error.message.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(list, _)| list);
        let missing: Vec<String> = scopes.split(',').map(|s| s.trim().trim_matches('\'').to_owned()).collect();
        return Error::MissingScopes { subject, missing };
    }
    Error::Graphql { subject, message: messages(errors) }
}
