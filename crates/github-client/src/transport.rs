//! Sending: through the gate, with retries and redirects, from and into the recording.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_kit::{Allowance, Trouble, retry_after, server_time};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use url::Url;

use crate::call::Call;
use crate::endpoints::Endpoints;
use crate::event::RequestReport;
use crate::limits::{IsGraphql, limit_of};
use crate::recording::{Recorded, RequestKey};
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
    /// Where the repository lives now, when a permanent redirect was followed.
    pub(crate) moved_to: Option<Url>,
}

impl Reply {
    pub(crate) fn json<T: DeserializeOwned>(&self, subject: &str) -> Result<T, Error> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::Malformed { subject: subject.to_owned(), detail: error.to_string() })
    }
}

/// An attempt without an answer.
pub(crate) struct Failed {
    trouble: Trouble,
    detail: String,
    source: Option<crate::error::Source>,
    /// An answer came that cannot be used, so that asking again would not help.
    fatal: Option<Error>,
}

impl Failed {
    fn fatal(error: Error) -> Self {
        Self { trouble: Trouble::Broken, detail: error.to_string(), source: None, fatal: Some(error) }
    }

    pub(crate) fn of(error: reqwest::Error) -> Self {
        let detail = match () {
            () if error.is_timeout() => "no answer in time",
            () if error.is_connect() => "no connection",
            () => "the connection broke",
        };
        Self {
            trouble: Trouble::of(&error),
            detail: detail.to_owned(),
            source: Some(error.without_url().into()),
            fatal: None,
        }
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
                if let (StatusCode::NOT_MODIFIED, Some(stored)) = (reply.status, stored) {
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
        check(self, call, reply)
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
        let shared = &self.shared;
        let mut policy = shared.retry.clone();
        let mut limits = policy.start();
        policy.attempts = call.tries.unwrap_or(policy.attempts);
        let mut troubles = policy.start();
        let mut attempt = 0;
        let mut hits = 0;
        let is_graphql = if call.lane == crate::graphql::LANE { IsGraphql::Yes } else { IsGraphql::No };
        loop {
            attempt += 1;
            let pass = shared.gate.enter(call.lane, call.points, limits.deadline()).await;
            let pass = pass.map_err(|shut| Error::RateLimited {
                subject: call.subject.clone(),
                until: shut.until,
                reason: shut.reason,
            })?;
            let outcome = self.follow(call, etag.as_ref(), attempt).await;
            let reply = match outcome {
                Ok(reply) => reply,
                Err(Failed { fatal: Some(error), .. }) => return Err(error),
                Err(failed) => {
                    drop(pass);
                    let wait = if failed.trouble.may_repeat(call.idempotency) {
                        troubles.failed(None)
                    } else {
                        Err(troubles.spent())
                    };
                    let wait = wait.map_err(|mut spent| {
                        spent.attempts = attempt;
                        let (detail, source) = (failed.detail.clone(), failed.source);
                        Error::Unavailable { subject: call.subject.clone(), spent, detail, source }
                    })?;
                    self.pause(call, failed.detail, wait).await;
                    continue;
                }
            };
            if let Some(allowance) = Allowance::from_headers(&reply.headers) {
                shared.gate.note(allowance, reply.time);
            }
            let Some(limit) = limit_of(reply.status, &reply.headers, &reply.body, is_graphql, hits, reply.time) else {
                let trouble = Trouble::Status(reply.status);
                let passing = trouble.may_repeat(call.idempotency);
                if !passing && !reply.status.is_server_error() {
                    return Ok(reply);
                }
                // A service that is down may say how long it will be; then nobody else needs to ask either.
                let asked = retry_after(&reply.headers, reply.time);
                if let Some(asked) = asked {
                    shared.gate.shut(None, asked, http_kit::Reason::RetryAfter);
                }
                drop(pass);
                let wait = if passing { troubles.failed(asked) } else { Err(troubles.spent()) };
                let detail = refusal::describe(&reply);
                let wait = wait.map_err(|mut spent| {
                    spent.attempts = attempt;
                    Error::Unavailable { subject: call.subject.clone(), spent, detail: detail.clone(), source: None }
                })?;
                self.pause(call, detail, wait).await;
                continue;
            };
            // The gate is shut before the place is given back, so that nobody slips through between.
            let lane = (limit.reason == http_kit::Reason::PrimaryLimit).then_some(call.lane);
            shared.gate.shut(lane, limit.wait, limit.reason);
            drop(pass);
            hits += 1;
            if limits.failed(Some(limit.wait)).is_err() {
                let until = reply.time.checked_add(limit.wait).unwrap_or(Timestamp::MAX);
                return Err(Error::RateLimited { subject: call.subject.clone(), until, reason: limit.reason });
            }
        }
    }

    async fn pause(&self, call: &Call, detail: String, wait: Duration) {
        tracing::debug!(subject = %call.subject, wait_ms = wait.as_millis(), "retrying: {detail}");
        self.shared.tell(&Event::Retrying { subject: call.subject.clone(), detail, wait });
        tokio::time::sleep(wait).await;
    }

    /// One attempt, with the redirects of reads.
    async fn follow(&self, call: &Call, etag: Option<&HeaderValue>, attempt: u32) -> Result<Reply, Failed> {
        let mut url = call.url.clone();
        let mut moved_to = None;
        for _ in 0..=MAX_REDIRECTS {
            let mut reply = self.once(call, &url, etag, attempt).await?;
            let permanent = matches!(reply.status.as_u16(), 301 | 308);
            let redirect = permanent || matches!(reply.status.as_u16(), 302 | 303 | 307);
            if !redirect || !call.reads() {
                reply.moved_to = moved_to;
                return Ok(reply);
            }
            let malformed = |detail: &str| {
                Failed::fatal(Error::Malformed { subject: call.subject.clone(), detail: detail.to_owned() })
            };
            let next = location(&reply.headers, &url).ok_or_else(|| malformed("a redirect that leads nowhere"))?;
            if url.scheme() == "https" && next.scheme() != "https" || !matches!(next.scheme(), "https" | "http") {
                return Err(malformed("a redirect from https to something else"));
            }
            if permanent {
                moved_to = Some(next.clone());
            }
            url = next;
        }
        let detail = format!("more than {MAX_REDIRECTS} redirects");
        Err(Failed::fatal(Error::Malformed { subject: call.subject.clone(), detail }))
    }

    /// One request on the wire.
    async fn once(&self, call: &Call, url: &Url, etag: Option<&HeaderValue>, attempt: u32) -> Result<Reply, Failed> {
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
            let response = request.send().await.map_err(Failed::of)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = http_kit::read_bounded(response, shared.max_answer).await.map_err(|error| match error {
                http_kit::ReadError::TooLarge { limit, .. } => {
                    Failed::fatal(Error::TooLarge { subject: call.subject.clone(), limit })
                }
                http_kit::ReadError::Broken { source, .. } => Failed::of(source),
                other => Failed::fatal(Error::Malformed { subject: call.subject.clone(), detail: other.to_string() }),
            })?;
            Ok((status, headers, Bytes::from(body)))
        };
        let answer = match tokio::time::timeout(shared.request_timeout, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(Failed {
                trouble: Trouble::Broken,
                detail: format!("no whole answer within {} s", shared.request_timeout.as_secs_f64()),
                source: None,
                fatal: None,
            }),
        };
        let received = answer.as_ref().map_or(0, |(_, _, body)| body.len() as u64);
        let status = answer.as_ref().ok().map(|(status, _, _)| *status);
        self.report(&call.method, url, status, call.body.len() as u64, received, started, attempt);
        let (status, headers, body) = answer?;
        // The clock of the server is the one its limits are told in.
        let time = server_time(&headers).unwrap_or_else(Timestamp::now);
        Ok(Reply { status, headers, body, time, moved_to: None })
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
        Self { status: recorded.status, headers: recorded.headers, body: recorded.body, time, moved_to: None }
    }
}

/// The answer, if it is one of success.
fn check(client: &GithubClient, call: &Call, reply: Reply) -> Result<Reply, Error> {
    if reply.status.is_success() { Ok(reply) } else { Err(refusal::error_of(client, &call.subject, &reply)) }
}

fn location(headers: &HeaderMap, from: &Url) -> Option<Url> {
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
