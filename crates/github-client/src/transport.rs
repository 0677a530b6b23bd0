//! Sending: through the gate, with retries and redirects, from and into the recording.

use std::time::Instant;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_kit::{Allowance, Trouble, retry_after, server_time};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use url::Url;

use crate::call::Call;
use crate::endpoints::Endpoints;
use crate::event::RequestReport;
use crate::limits::{IsGraphql, limit_of};
use crate::persist::{Effort, Failed, Tried};
use crate::recording::{Recorded, RequestKey};
use crate::refusal::Intent;
use crate::{Error, Event, GithubClient, RecordingError, RepoId, refusal};

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 5;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// When the server answered, by its own clock.
    pub(crate) time: Timestamp,
    /// Which attempt it answers, from 1.
    pub(crate) attempt: u32,
    /// Where the repository lives now, when a permanent redirect was followed.
    pub(crate) moved_to: Option<Url>,
}

impl Reply {
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, body: Bytes, attempt: u32) -> Self {
        // The clock of the server is the one its limits are told in. A server that does not tell its time is taken to agree with ours.
        let time = server_time(&headers).unwrap_or_else(Timestamp::now);
        Self { status, headers, body, time, attempt, moved_to: None }
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, subject: &str) -> Result<T, Error> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::Malformed { subject: subject.to_owned(), detail: error.to_string() })
    }
}

impl GithubClient {
    /// The answer to a read, from the recording or the network; an error status is an error.
    pub(crate) async fn read(&self, call: &Call) -> Result<Reply, Error> {
        let reply = match &self.recording {
            None => self.exchange(call, None).await?,
            Some((recording, mode)) => {
                let endpoints = &self.shared.endpoints;
                let key =
                    RequestKey::rest(call.method.as_str(), &endpoints.host, &endpoints.rest, &call.url, &call.accept);
                let stored = recorded(self, {
                    let (recording, key) = (recording.clone(), key.clone());
                    move || recording.exchange(&key)
                })
                .await?;
                if !mode.asks() {
                    let stored = stored.ok_or_else(|| Error::NotRecorded { subject: call.subject.clone() })?;
                    return check(self, call, Reply::from(stored));
                }
                let tag = stored.as_ref().and_then(|stored| stored.headers.get(ETAG)).cloned();
                let mut reply = self.exchange(call, tag).await?;
                if let (StatusCode::NOT_MODIFIED, Some(mut stored)) = (reply.status, stored) {
                    // A page that was full and the last is the same when another one follows; only its `Link` tells.
                    if let Some(link) = reply.headers.get(LINK)
                        && stored.headers.get(LINK) != Some(link)
                    {
                        stored.headers.insert(LINK, link.clone());
                        let (recording, answer) = (recording.clone(), stored.clone());
                        on_disk(move || recording.put_exchange(&key, &answer)).await?;
                    }
                    Reply { time: reply.time, moved_to: reply.moved_to, ..Reply::from(stored) }
                } else {
                    // What is not there is worth recording too: the replay then finds the same.
                    let kept = reply.status.is_success() || matches!(reply.status.as_u16(), 404 | 410);
                    if kept && !self.holds_token(&reply.body) {
                        let answer =
                            Recorded { status: reply.status, headers: reply.headers.clone(), body: reply.body.clone() };
                        let recording = recording.clone();
                        reply.headers.remove("set-cookie");
                        on_disk(move || recording.put_exchange(&key, &answer)).await?;
                    }
                    reply
                }
            }
        };
        if let (Some(repo), Some(to)) = (&call.repo, &reply.moved_to) {
            self.learn_name(repo, to).await;
        }
        check(self, call, reply)
    }

    /// The answer to a write; an error status is an error.
    pub(crate) async fn write(&self, call: &Call) -> Result<Reply, Error> {
        check(self, call, self.write_unchecked(call).await?)
    }

    /// The answer to a write, whatever its status, but for redirects.
    pub(crate) async fn write_unchecked(&self, call: &Call) -> Result<Reply, Error> {
        if self.offline() {
            return Err(Error::NotRecorded { subject: call.subject.clone() });
        }
        let reply = self.exchange(call, None).await?;
        if reply.status.is_redirection() {
            let location = location(&reply.headers, &call.url);
            let mut to = location.as_ref().map_or_else(|| "another address".to_owned(), http_kit::redact_url);
            if let (Some(repo), Some(location)) = (&call.repo, location) {
                self.learn_name(repo, &location).await;
                to = self.renamed(repo).map_or(to, |name| name.to_string());
            }
            return Err(Error::Moved { subject: call.subject.clone(), to });
        }
        Ok(reply)
    }

    /// Whether an answer repeats the token. Such an answer is not written down.
    pub(crate) fn holds_token(&self, body: &[u8]) -> bool {
        let token = self.shared.authorization.as_ref().and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        token.is_some_and(|token| crate::limits::contains(body, token))
    }

    /// Asks for the name of a repository that was found at `/repositories/ID`.
    async fn learn_name(&self, repo: &RepoId, at: &Url) {
        #[derive(serde::Deserialize)]
        struct Named {
            full_name: String,
        }
        if self.renamed(repo).is_some() {
            return;
        }
        let base = self.shared.endpoints.rest.path().trim_end_matches('/');
        let id = at.path().strip_prefix(base).and_then(|path| path.strip_prefix("/repositories/"));
        let Some(id) = id.and_then(|rest| rest.split('/').next()).filter(|id| id.bytes().all(|b| b.is_ascii_digit()))
        else {
            return;
        };
        let call = Call::get(self.shared.endpoints.rest(["repositories", id]));
        // The name is told for convenience; without it the answer is still right.
        if let Ok(reply) = self.exchange(&call, None).await
            && let Ok(named) = reply.json::<Named>(&call.subject)
            && let Ok(name) = named.full_name.parse()
        {
            self.note_renamed(repo, &name);
        }
    }

    /// Sends until there is an answer that is neither a limit nor a passing failure.
    pub(crate) async fn exchange(&self, call: &Call, etag: Option<HeaderValue>) -> Result<Reply, Error> {
        let mut effort = Effort::new(self, call);
        loop {
            let pass = effort.enter().await?;
            let tried = match self.follow(call, etag.as_ref(), effort.attempt).await? {
                Ok(reply) => self.judge(call, reply, effort.hits),
                Err(failed) => Tried::Failed(failed),
            };
            drop(pass);
            if let Some(reply) = effort.after(tried).await? {
                return match refusal::stranger(self, call, &reply) {
                    Some(detail) => Err(Error::NotGithub { subject: call.subject.clone(), detail }),
                    None => Ok(reply),
                };
            }
        }
    }

    /// What an answer means for the next attempt. Limits are taken note of.
    pub(crate) fn judge(&self, call: &Call, reply: Reply, hits: u32) -> Tried<Reply> {
        if let Some(allowance) = Allowance::from_headers(&reply.headers) {
            self.shared.gate.note(allowance, reply.time);
        }
        let is_graphql = if call.lane == crate::graphql::LANE { IsGraphql::Yes } else { IsGraphql::No };
        if let Some(limit) = limit_of(reply.status, &reply.headers, &reply.body, is_graphql, hits, reply.time) {
            self.shut_for(call, limit);
            return Tried::Limited { limit, time: reply.time };
        }
        if is_graphql == IsGraphql::Yes
            && let Some(detail) = crate::graphql::overload(&reply.body)
        {
            return Tried::Failed(Failed::new(Trouble::Broken, detail));
        }
        let trouble = Trouble::Status(reply.status);
        if reply.status.is_server_error() || trouble.may_repeat(call.idempotency) {
            let asked = retry_after(&reply.headers, reply.time);
            return Tried::Failed(Failed { asked, ..Failed::new(trouble, refusal::describe(&reply)) });
        }
        Tried::Done(reply)
    }

    /// One attempt, with the redirects of reads.
    async fn follow(
        &self,
        call: &Call,
        etag: Option<&HeaderValue>,
        attempt: u32,
    ) -> Result<Result<Reply, Failed>, Error> {
        let mut url = call.url.clone();
        let mut moved_to = None;
        for _ in 0..=MAX_REDIRECTS {
            let mut reply = match self.once(call, &url, etag, attempt).await? {
                Ok(reply) => reply,
                Err(failed) => return Ok(Err(failed)),
            };
            let Some(next) = redirect(call, reply.status, &reply.headers, &url)? else {
                reply.moved_to = moved_to;
                return Ok(Ok(reply));
            };
            if matches!(reply.status.as_u16(), 301 | 308) {
                moved_to = Some(next.clone());
            }
            url = next;
        }
        Err(too_many_redirects(call))
    }

    /// The answer to a read, behind its redirects, with its body still to come.
    pub(crate) async fn open(
        &self,
        call: &Call,
        attempt: u32,
    ) -> Result<Result<(Url, reqwest::Response), Failed>, Error> {
        let mut url = call.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let started = Instant::now();
            let response = match self.prepare(&self.shared.transfers, Method::GET, &url, &call.accept).send().await {
                Ok(response) => response,
                Err(error) => {
                    self.report(&Method::GET, &url, None, 0, 0, started, attempt);
                    return Ok(Err(Failed::of(error)));
                }
            };
            let Some(next) = redirect(call, response.status(), response.headers(), &url)? else {
                return Ok(Ok((url, response)));
            };
            self.report(&Method::GET, &url, Some(response.status()), 0, 0, started, attempt);
            url = next;
        }
        Err(too_many_redirects(call))
    }

    /// One request on the wire.
    async fn once(
        &self,
        call: &Call,
        url: &Url,
        etag: Option<&HeaderValue>,
        attempt: u32,
    ) -> Result<Result<Reply, Failed>, Error> {
        let shared = &self.shared;
        let mut request = self.prepare(&shared.http, call.method.clone(), url, &call.accept);
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        if !call.body.is_empty() {
            request = request.header(CONTENT_TYPE, call.content_type.as_ref()).body(call.body.clone());
        }
        let started = Instant::now();
        let answer = async {
            let response = match request.send().await {
                Ok(response) => response,
                Err(error) => return Ok(Err(Failed::of(error))),
            };
            let (status, headers) = (response.status(), response.headers().clone());
            match http_kit::read_bounded(response, shared.max_answer).await {
                Ok(body) => Ok(Ok(Reply::new(status, headers, body.into(), attempt))),
                Err(http_kit::ReadError::Broken { source, .. }) => Ok(Err(Failed::of(source))),
                Err(http_kit::ReadError::TooLarge { limit, .. }) => {
                    Err(Error::TooLarge { subject: call.subject.clone(), limit })
                }
                Err(other) => Ok(Err(Failed::new(Trouble::Broken, other.to_string()))),
            }
        };
        let answer = tokio::time::timeout(shared.request_timeout, answer).await;
        let answer = answer.unwrap_or_else(|_| Ok(Err(Failed::late(shared.request_timeout))));
        let reply = answer.as_ref().ok().and_then(|answer| answer.as_ref().ok());
        let received = reply.map_or(0, |reply| reply.body.len() as u64);
        let status = reply.map(|reply| reply.status);
        self.report(&call.method, url, status, call.body.len() as u64, received, started, attempt);
        answer
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one report")]
    pub(crate) fn report(
        &self,
        method: &Method,
        url: &Url,
        status: Option<StatusCode>,
        sent: u64,
        received: u64,
        started: Instant,
        attempt: u32,
    ) {
        self.shared.count(sent, received);
        let (url, elapsed) = (http_kit::redact_url(url), started.elapsed());
        tracing::debug!(%method, url, status = status.map(|s| s.as_u16()), sent, received, "request");
        let report = RequestReport { method: method.clone(), url, status, sent, received, elapsed, attempt };
        self.shared.tell(&Event::Request(report));
    }

    /// A request with the headers that all have. The token goes to this GitHub alone.
    pub(crate) fn prepare(
        &self,
        client: &reqwest::Client,
        method: Method,
        url: &Url,
        accept: &str,
    ) -> reqwest::RequestBuilder {
        let mut request = client.request(method, url.clone()).header(ACCEPT, accept);
        if self.shared.endpoints.knows(url) {
            request = request.header(HeaderName::from_static("x-github-api-version"), "2022-11-28");
            if let Some(value) = self.shared.authorization.as_ref().filter(|_| Endpoints::keeps_secrets(url)) {
                request = request.header(AUTHORIZATION, value);
            }
        }
        request
    }
}

impl From<Recorded> for Reply {
    fn from(recorded: Recorded) -> Self {
        let time = server_time(&recorded.headers).unwrap_or(Timestamp::UNIX_EPOCH);
        Self {
            status: recorded.status,
            headers: recorded.headers,
            body: recorded.body,
            time,
            attempt: 1,
            moved_to: None,
        }
    }
}

/// The answer, if it is one of success.
pub(crate) fn check(client: &GithubClient, call: &Call, reply: Reply) -> Result<Reply, Error> {
    let intent = if call.reads() { Intent::Read } else { Intent::Write };
    if reply.status.is_success() { Ok(reply) } else { Err(refusal::error_of(client, &call.subject, &reply, intent)) }
}

/// Where a redirect of a read leads. Never from https to something else: who can change an answer could read what follows.
fn redirect(call: &Call, status: StatusCode, headers: &HeaderMap, from: &Url) -> Result<Option<Url>, Error> {
    if !call.reads() || !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let malformed = |detail: &str| Error::Malformed { subject: call.subject.clone(), detail: detail.to_owned() };
    let next = location(headers, from).ok_or_else(|| malformed("a redirect that leads nowhere"))?;
    if from.scheme() == "https" && next.scheme() != "https" || !matches!(next.scheme(), "https" | "http") {
        // That is not how a GitHub is: somebody stands before it.
        let detail = "a redirect from https to something else".to_owned();
        return Err(Error::NotGithub { subject: call.subject.clone(), detail });
    }
    Ok(Some(next))
}

fn too_many_redirects(call: &Call) -> Error {
    Error::Malformed { subject: call.subject.clone(), detail: format!("more than {MAX_REDIRECTS} redirects") }
}

pub(crate) fn location(headers: &HeaderMap, from: &Url) -> Option<Url> {
    from.join(headers.get(LOCATION)?.to_str().ok()?).ok()
}

/// Does work on the disk where it blocks nobody.
pub(crate) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RecordingError> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        // The work does not panic, and the runtime ends it only at its own end.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Reads from the recording; while the network may be asked, a damaged file counts as none.
pub(crate) async fn recorded<T: Send + 'static>(
    client: &GithubClient,
    work: impl FnOnce() -> Result<Option<T>, RecordingError> + Send + 'static,
) -> Result<Option<T>, Error> {
    match on_disk(work).await {
        Err(Error::Recording(RecordingError::Damaged { path, .. })) if !client.offline() => {
            client.shared.tell(&Event::DamagedFile { path });
            Ok(None)
        }
        other => other,
    }
}
