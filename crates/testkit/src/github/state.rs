//! One request after the other: limits, faults, contracts, and then the answer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::faults::{Answer, Fault};
use super::graphql::{self, Schemas};
use super::limits::{Budgets, Resource, Token};
use super::world::{World, hex};
use super::{Counts, Early, Kind, Seen, rest};
use crate::contracts::{Operation, RestContract, Violation};

/// What is on the way when a limit is told cannot know of it, and a busy machine is slow to tell.
const GRACE: Duration = Duration::from_millis(150);
/// So many requests at the same time are too many.
const MOST_AT_ONCE: usize = 100;
/// The versions of the interface that a client may name.
const VERSIONS: &[&str] = &["2022-11-28", "2026-03-10"];

/// Which socket a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Front,
    Files,
}

/// A request with its body.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) door: Door,
    pub(super) arrived: Instant,
    pub(super) at: (u64, usize),
}

impl Received {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }
}

/// How an answer goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Whole,
    Cut,
    Silent,
    Closed,
    Late(Duration),
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    pub(super) json: Option<Box<Value>>,
    pub(super) way: Way,
}

impl Reply {
    pub(super) fn json(status: u16, value: Value) -> Self {
        let body = serde_json::to_vec(&value).expect("a value can be written");
        let headers = vec![("content-type", "application/json; charset=utf-8".to_owned())];
        Self { status, headers, body, json: Some(Box::new(value)), way: Way::Whole }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), json: Some(Box::default()), way: Way::Whole }
    }

    pub(super) fn bytes(content_type: &str, body: Vec<u8>) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status: 200, headers, body, json: None, way: Way::Whole }
    }

    pub(super) fn error(status: u16, message: &str) -> Self {
        let page = "https://docs.github.com/rest";
        Self::json(status, json!({ "message": message, "documentation_url": page, "status": status.to_string() }))
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Everything behind the sockets.
#[derive(Debug)]
pub(super) struct State {
    pub(super) world: World,
    pub(super) base: String,
    pub(super) files: String,
    pub(super) latency: Duration,
    pub(super) faults: Vec<Fault>,
    pub(super) tokens: BTreeMap<String, Token>,
    pub(super) budgets: Budgets,
    pub(super) seen: Vec<Seen>,
    pub(super) generation: u64,
    pub(super) in_flight: usize,
    pub(super) greatest_in_flight: usize,
    pub(super) violations: Vec<String>,
    schemas: Schemas,
    contract: Option<RestContract>,
    blocked: Option<(Instant, Instant)>,
}

impl State {
    pub(super) fn new(mut world: World, base: &str, files: &str) -> Self {
        world.settle();
        Self {
            world,
            base: base.to_owned(),
            files: files.to_owned(),
            latency: Duration::ZERO,
            faults: Vec::new(),
            tokens: BTreeMap::new(),
            budgets: Budgets::default(),
            seen: Vec::new(),
            generation: 0,
            in_flight: 0,
            greatest_in_flight: 0,
            violations: Vec::new(),
            schemas: Schemas::load(),
            contract: RestContract::load(),
            blocked: None,
        }
    }

    pub(super) fn enter(&mut self, seen: Seen) -> (u64, usize) {
        self.in_flight += 1;
        self.greatest_in_flight = self.greatest_in_flight.max(self.in_flight);
        self.seen.push(seen);
        (self.generation, self.seen.len() - 1)
    }

    pub(super) fn leave(&mut self, at: (u64, usize), answer: Option<(u16, usize)>) {
        self.in_flight -= 1;
        if let Some(seen) = self.noted(at) {
            seen.took = Some(seen.started.elapsed());
            seen.status = answer.map(|(status, _)| status);
            seen.bytes_out = answer.map_or(0, |(_, bytes)| bytes);
        }
    }

    fn noted(&mut self, (generation, index): (u64, usize)) -> Option<&mut Seen> {
        if generation == self.generation { self.seen.get_mut(index) } else { None }
    }

    pub(super) fn counts(&self) -> Counts {
        let of = |kind| self.seen.iter().filter(|seen| seen.kind == kind).count();
        Counts {
            rest: of(Kind::Rest),
            graphql: of(Kind::Graphql),
            uploads: of(Kind::Upload),
            downloads: of(Kind::Download),
            unchanged: self.seen.iter().filter(|seen| seen.status == Some(304)).count(),
            early: self.seen.iter().filter(|seen| seen.early == Early::Yes).count(),
            points: self.seen.iter().map(|seen| seen.cost).sum(),
            bytes_in: self.seen.iter().map(|seen| seen.bytes_in).sum(),
            bytes_out: self.seen.iter().map(|seen| seen.bytes_out).sum(),
            greatest_in_flight: self.greatest_in_flight,
        }
    }

    pub(super) fn violate(&mut self, sentence: impl Into<String>) {
        self.violations.push(sentence.into());
    }

    pub(super) fn handle(&mut self, mut request: Received) -> Reply {
        if let Some(target) = self.by_id(&request.target) {
            request.target = target;
        }
        let request = &request;
        let bytes_in = request.body.len();
        if let Some(seen) = self.noted(request.at) {
            seen.bytes_in = bytes_in;
        }
        if request.door == Door::Files {
            return rest::download(self, request);
        }
        if let Some(refused) = self.refuse_form(request) {
            return refused;
        }
        let is_graphql = request.path() == "/graphql";
        let query = if is_graphql { Some(graphql::read(&self.schemas, request)) } else { None };
        let operation = match (&query, self.rest_operation(request)) {
            (Some(Ok(_)), _) => None,
            (Some(Err(violation)), _) => return self.broken(400, violation),
            (None, Ok(operation)) => operation,
            (None, Err(violation)) => return self.broken(422, &violation),
        };
        let query = query.and_then(Result::ok);
        if let Some(refused) = self.blocked(request) {
            return refused;
        }
        if self.in_flight > MOST_AT_ONCE {
            return secondary(403, None);
        }
        let asked = query.as_ref().map(|query| &query.asked);
        let fault = self.faults.iter_mut().find_map(|fault| fault.meets(&request.method, request.path(), asked));
        let way = match fault {
            Some(Answer::CutBody) => Way::Cut,
            Some(Answer::Late(more)) => Way::Late(more),
            Some(answer) => return self.fail(answer),
            None => Way::Whole,
        };
        let token = match self.identify(request) {
            Ok(token) => token,
            Err(refused) => return refused,
        };
        let mut reply = match query {
            Some(query) => {
                let (reply, cost) = graphql::answer(self, query, token.as_ref());
                if let Some(seen) = self.noted(request.at) {
                    seen.cost = cost;
                }
                self.finish_headers(reply, Resource::Graphql, token.as_ref())
            }
            None => self.rest(request, operation.as_ref(), token.as_ref()),
        };
        reply.way = way;
        reply
    }

    /// The address of a repository by its name, when it was given by its number: redirections lead there.
    fn by_id(&self, target: &str) -> Option<String> {
        let rest = target.strip_prefix("/repositories/")?;
        let (id, rest) = rest.split_at(rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len()));
        let id: u64 = id.parse().ok()?;
        let name = self.world.repositories.values().find(|repository| repository.id == id)?.full_name();
        Some(format!("/repos/{name}{rest}"))
    }

    fn rest(&mut self, request: &Received, operation: Option<&Operation>, token: Option<&Token>) -> Reply {
        let resource = if request.path().starts_with("/search/") { Resource::Search } else { Resource::Core };
        let free = request.path() == "/rate_limit";
        let budget = self.budgets.get(resource);
        if !free && budget.remaining() == 0 {
            let reply = Reply::error(403, "API rate limit exceeded for user ID 1.");
            return self.finish_headers(reply, resource, token);
        }
        budget.used += u64::from(!free);
        let mut reply = rest::answer(self, request, token);
        if reply.status == 501 {
            self.violate(format!("`{} {}`: {}", request.method, request.target, String::from_utf8_lossy(&reply.body)));
        }
        if let (Some(contract), Some(operation), Some(value)) = (&self.contract, operation, &reply.json)
            && let Err(violation) = contract.check_reply(operation, reply.status, value)
        {
            self.violate(format!("the fake itself: {violation}"));
        }
        if reply.status == 200 && matches!(request.method.as_str(), "GET" | "HEAD") && !free {
            let tag = format!("W/\"{}\"", hex(&Sha256::digest(&reply.body)));
            if request.header("if-none-match") == Some(tag.as_str()) {
                // Asking again is free for those who say who they are.
                if token.is_some() || self.tokens.is_empty() {
                    self.budgets.get(resource).used -= 1;
                }
                reply = Reply::empty(304);
            }
            reply = reply.with("etag", tag);
        }
        self.finish_headers(reply, resource, token)
    }

    fn finish_headers(&mut self, mut reply: Reply, resource: Resource, token: Option<&Token>) -> Reply {
        reply.headers.extend(self.budgets.headers(resource));
        reply.headers.push(("x-github-request-id", format!("FAKE:{:06}", self.seen.len())));
        reply.headers.push(("x-github-media-type", "github.v3; format=json".to_owned()));
        if let Some(token) = token {
            reply.headers.push(("x-oauth-scopes", token.scopes.join(", ")));
        }
        reply
    }

    /// What GitHub demands of every request.
    fn refuse_form(&mut self, request: &Received) -> Option<Reply> {
        if request.header("user-agent").is_none_or(str::is_empty) {
            self.violate(format!("`{} {}` has no user agent", request.method, request.target));
            return Some(Reply::error(403, "Request forbidden by administrative rules: no User-Agent header."));
        }
        let version = request.header("x-github-api-version").filter(|version| !VERSIONS.contains(version))?.to_owned();
        self.violate(format!("`{} {}` asks for the version `{version}`", request.method, request.target));
        Some(Reply::error(400, "API version is invalid."))
    }

    fn rest_operation(&self, request: &Received) -> Result<Option<Operation>, Violation> {
        let Some(contract) = &self.contract else { return Ok(None) };
        let upload = request.target.strip_prefix("/uploads");
        let target = upload.unwrap_or(&request.target);
        if request.path() == "/graphql" {
            return Ok(None);
        }
        let body = if upload.is_some() || request.body.is_empty() {
            None
        } else {
            let body = serde_json::from_slice(&request.body).map_err(|error| {
                Violation::new(format!("the body of `{} {}` is no JSON: {error}", request.method, request.target))
            })?;
            Some(body)
        };
        let method = if request.method == "HEAD" { "GET" } else { &request.method };
        let operation = contract.check_request(method, target, body.as_ref())?;
        let uploads = operation.id == "repos/upload-release-asset";
        if uploads != upload.is_some() {
            return Err(Violation::new(format!("`{} {}` came to the wrong server", request.method, request.target)));
        }
        Ok(Some(operation))
    }

    fn broken(&mut self, status: u16, violation: &Violation) -> Reply {
        self.violate(violation.to_string());
        Reply::error(status, &violation.to_string())
    }

    fn identify(&mut self, request: &Received) -> Result<Option<Token>, Reply> {
        if self.tokens.is_empty() {
            return Ok(None);
        }
        let is_graphql = request.path() == "/graphql";
        let Some(sent) = request.header("authorization") else {
            // The world can be read by everybody, but only by REST.
            let needed = is_graphql || request.method != "GET" && request.method != "HEAD";
            return if needed { Err(Reply::error(401, "Requires authentication")) } else { Ok(None) };
        };
        let secret = sent.split_once(' ').map(|(scheme, secret)| (scheme.to_ascii_lowercase(), secret.trim()));
        let known = match &secret {
            Some((scheme, secret)) if scheme == "bearer" || scheme == "token" => self.tokens.get(*secret),
            _ => None,
        };
        known.cloned().map(Some).ok_or_else(|| Reply::error(401, "Bad credentials"))
    }

    /// Refuses everything until the time that a limit has told is over.
    fn blocked(&mut self, request: &Received) -> Option<Reply> {
        let (since, until) = self.blocked?;
        let now = Instant::now();
        if now >= until {
            self.blocked = None;
            return None;
        }
        if request.arrived <= since {
            return None;
        }
        if request.arrived > since + GRACE
            && let Some(seen) = self.noted(request.at)
        {
            seen.early = Early::Yes;
        }
        Some(secondary(403, Some(until - now)))
    }

    fn block(&mut self, time: Duration) {
        let now = Instant::now();
        self.blocked = Some((now, now + time));
    }

    fn fail(&mut self, answer: Answer) -> Reply {
        match answer {
            Answer::Status(status) => Reply::error(status, "Server Error"),
            Answer::Page(status) => {
                let page = format!("<html><head><title>{status}</title></head><body>Unicorn!</body></html>");
                Reply { status, ..Reply::bytes("text/html; charset=utf-8", page.into_bytes()) }
            }
            Answer::SecondaryLimit(time) => {
                if let Some(time) = time {
                    self.block(time);
                }
                secondary(403, time)
            }
            Answer::TooManyRequests(time) => {
                self.block(time);
                secondary(429, Some(time))
            }
            Answer::RateLimited(time) => {
                let error = json!({ "type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1." });
                let reply = waiting(Reply::json(200, json!({ "errors": [error] })), time);
                if let Some(time) = time {
                    self.block(time);
                }
                self.finish_headers(reply, Resource::Graphql, None)
            }
            Answer::SomethingWentWrong => {
                let message = "Something went wrong while executing your query. This may be the result of a timeout, or \
                               it could be a GitHub bug. Please include `FAKE:000001` when reporting this issue.";
                Reply::json(200, json!({ "data": null, "errors": [{ "message": message }] }))
            }
            Answer::Text(text) => Reply::bytes("application/json; charset=utf-8", text.into_bytes()),
            Answer::Silence => Reply { way: Way::Silent, ..Reply::empty(500) },
            Answer::Closed | Answer::CutBody | Answer::Late(_) => Reply { way: Way::Closed, ..Reply::empty(500) },
        }
    }
}

fn secondary(status: u16, time: Option<Duration>) -> Reply {
    let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    waiting(Reply::error(status, message), time)
}

fn waiting(reply: Reply, time: Option<Duration>) -> Reply {
    match time {
        // A part of a second is a whole one: the header knows no parts.
        Some(time) => reply.with("retry-after", time.as_millis().div_ceil(1_000).to_string()),
        None => reply,
    }
}

impl Seen {
    pub(super) fn new(method: &str, target: &str, door: Door, started: Instant) -> Self {
        let kind = match (door, target) {
            (Door::Files, _) => Kind::Download,
            (Door::Front, "/graphql") => Kind::Graphql,
            (Door::Front, _) if target.starts_with("/uploads/") => Kind::Upload,
            (Door::Front, _) => Kind::Rest,
        };
        let (method, target) = (method.to_owned(), target.to_owned());
        let (took, status, early) = (None, None, Early::No);
        Self { kind, method, target, started, took, status, bytes_in: 0, bytes_out: 0, cost: 0, early }
    }
}
