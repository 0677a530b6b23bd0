//! The client and its builder.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared as SharedFuture};
use http::HeaderValue;
use http_kit::{Allowance, Auth, ClientOptions, Gate, GateOptions, RetryPolicy, Wait};
use url::Url;

use crate::endpoints::Endpoints;
use crate::{Error, Event, Forecast, Mode, Recording, RecordingError, RepoId, TokenError, Usage};

/// A client of GitHub, over REST and GraphQL. Cheap to clone; all clones share connections, limits and counts.
#[derive(Clone)]
pub struct GithubClient {
    pub(crate) shared: Arc<Shared>,
    pub(crate) recording: Option<(Recording, Mode)>,
}

/// What all clones share.
pub(crate) struct Shared {
    pub(crate) http: reqwest::Client,
    /// For uploads and downloads, which may take their time.
    pub(crate) transfers: reqwest::Client,
    pub(crate) endpoints: Endpoints,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) retry: RetryPolicy,
    pub(crate) gate: Gate,
    pub(crate) stop: Option<Stop>,
    pub(crate) request_timeout: Duration,
    pub(crate) max_answer: usize,
    pub(crate) batch: usize,
    pub(crate) parallel: usize,
    requests: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    renamed: Mutex<HashMap<RepoId, RepoId>>,
    observer: Option<Arc<Observer>>,
}

/// Is ready when nothing is to be waited for any more.
pub(crate) type Stop = SharedFuture<BoxFuture<'static, ()>>;

type Observer = dyn Fn(&Event) + Send + Sync;

impl fmt::Debug for GithubClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GithubClient")
            .field("rest", &self.shared.endpoints.rest.as_str())
            .field("signed_in", &self.shared.authorization.is_some())
            .field("recording", &self.recording)
            .finish_non_exhaustive()
    }
}

impl GithubClient {
    /// A builder for a client of `https://api.github.com`, without a token.
    pub fn builder() -> GithubClientBuilder {
        GithubClientBuilder::default()
    }

    /// The same client with a recording, or with another one.
    ///
    /// # Errors
    /// When the mode writes, and the recording is one of another tool.
    pub fn with_recording(&self, recording: Recording, mode: Mode) -> Result<Self, RecordingError> {
        if mode.asks() {
            recording.writable()?;
        }
        Ok(Self { shared: Arc::clone(&self.shared), recording: Some((recording, mode)) })
    }

    /// What this client and its clones have used so far.
    pub fn usage(&self) -> Usage {
        Usage {
            requests: self.shared.requests.load(Ordering::Relaxed),
            sent: self.shared.sent.load(Ordering::Relaxed),
            received: self.shared.received.load(Ordering::Relaxed),
        }
    }

    /// The limiter, to be shared with other clients of the same server and token.
    pub fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// What the last answers said is left, for `core`, `search` or `graphql`.
    pub fn allowance(&self, lane: &str) -> Option<Allowance> {
        self.shared.gate.allowance(lane)
    }

    /// How many GraphQL requests it takes to ask for so many pull requests.
    pub fn requests_for_pulls(&self, pulls: usize) -> u64 {
        pulls.div_ceil(self.shared.batch) as u64
    }

    /// What so many GraphQL requests are against what is left. When no answer has told that yet, GitHub is asked, which costs nothing.
    ///
    /// # Errors
    /// When GitHub cannot be asked.
    pub async fn forecast(&self, requests: u64) -> Result<Forecast, Error> {
        if self.offline() {
            return Ok(Forecast::new(0, None));
        }
        if self.allowance(crate::graphql::LANE).is_none() {
            match self.rate_limits().await {
                // An Enterprise server may have no limits, and then says that there is nothing to find.
                Ok(_) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Forecast::new(requests, self.allowance(crate::graphql::LANE).as_ref()))
    }

    /// The new name of a repository, where an answer told that it has one.
    pub fn renamed(&self, repo: &RepoId) -> Option<RepoId> {
        self.shared.renamed.lock().unwrap_or_else(PoisonError::into_inner).get(repo).cloned()
    }

    /// The address of this GitHub's web pages, such as `https://github.com`.
    pub fn web(&self) -> &str {
        &self.shared.endpoints.web
    }

    pub(crate) fn offline(&self) -> bool {
        self.recording.as_ref().is_some_and(|(_, mode)| !mode.asks())
    }

    /// Takes note of a new name, and tells of it once.
    pub(crate) fn note_renamed(&self, from: &RepoId, to: &RepoId) {
        if from == to {
            return;
        }
        let known = self.shared.renamed.lock().unwrap_or_else(PoisonError::into_inner).insert(from.clone(), to.clone());
        if known.as_ref() != Some(to) {
            self.shared.tell(&Event::Moved { from: from.clone(), to: to.clone() });
        }
    }
}

impl Shared {
    pub(crate) fn tell(&self, event: &Event) {
        if let Some(observer) = &self.observer {
            observer(event);
        }
    }

    pub(crate) fn count(&self, sent: u64, received: u64) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.sent.fetch_add(sent, Ordering::Relaxed);
        self.received.fetch_add(received, Ordering::Relaxed);
    }
}

/// Collects what a client needs.
pub struct GithubClientBuilder {
    base_url: Option<Url>,
    graphql_url: Option<Url>,
    uploads_url: Option<Url>,
    auth: Auth,
    retry: RetryPolicy,
    concurrency: NonZeroUsize,
    gate: Option<Gate>,
    stop: Option<Stop>,
    user_agent: String,
    request_timeout: Duration,
    max_answer: usize,
    batch: NonZeroUsize,
    recording: Option<(Recording, Mode)>,
    recorded_as: Option<String>,
    observer: Option<Arc<Observer>>,
}

impl Default for GithubClientBuilder {
    fn default() -> Self {
        Self {
            base_url: None,
            graphql_url: None,
            uploads_url: None,
            auth: Auth::Anonymous,
            retry: RetryPolicy::default(),
            concurrency: NonZeroUsize::new(4).unwrap_or(NonZeroUsize::MIN),
            gate: None,
            stop: None,
            user_agent: concat!("github-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            request_timeout: Duration::from_secs(60),
            max_answer: 64 << 20,
            batch: NonZeroUsize::new(50).unwrap_or(NonZeroUsize::MIN),
            recording: None,
            recorded_as: None,
            observer: None,
        }
    }
}

impl fmt::Debug for GithubClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GithubClientBuilder")
            .field("base_url", &self.base_url.as_ref().map(http_kit::redact_url))
            .finish_non_exhaustive()
    }
}

impl GithubClientBuilder {
    /// The address of the REST API: `https://HOST/api/v3` for Enterprise Server. GraphQL and uploads follow from it.
    pub fn base_url(mut self, url: Url) -> Self {
        self.base_url = Some(url);
        self
    }

    /// The address of GraphQL, where it does not follow from the other.
    pub fn graphql_url(mut self, url: Url) -> Self {
        self.graphql_url = Some(url);
        self
    }

    /// The address of uploads, where it does not follow from the other.
    pub fn uploads_url(mut self, url: Url) -> Self {
        self.uploads_url = Some(url);
        self
    }

    /// The token, or none. It is sent to this GitHub only, and never over plain HTTP to another machine.
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// How often and for how long is tried.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How many requests may be under way at once; 4 by default. GitHub allows 100 and recommends few.
    pub fn concurrency(mut self, concurrency: NonZeroUsize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Shares the limiter of another client of the same server and token; its concurrency then counts for both.
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = Some(gate);
        self
    }

    /// From the time on at which this is ready, nothing is waited for: what a limit, or the pause before another attempt, would hold up
    /// ends with [`Error::Stopped`]. A request that is under way, or can start at once, is not broken off; who wants that drops the call.
    pub fn stop_when(mut self, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        self.stop = Some(stop.boxed().shared());
        self
    }

    /// What the client calls itself, by custom `name/version`.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// The longest time one attempt may take, other than uploads and downloads; 60 seconds by default.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.request_timeout = limit;
        self
    }

    /// The largest answer that is held in memory; 64 MiB by default.
    pub fn max_answer(mut self, bytes: usize) -> Self {
        self.max_answer = bytes;
        self
    }

    /// How many pull requests are asked for in one request at most; 50 by default.
    pub fn batch(mut self, pulls: NonZeroUsize) -> Self {
        self.batch = pulls;
        self
    }

    /// Records, or answers from a recording.
    pub fn recording(mut self, recording: Recording, mode: Mode) -> Self {
        self.recording = Some((recording, mode));
        self
    }

    /// The name of this GitHub in recordings, such as `github.com`, when it is reached by another address.
    pub fn recorded_as(mut self, host: impl Into<String>) -> Self {
        self.recorded_as = Some(host.into());
        self
    }

    /// Is told of every wait and every request, on the task that makes the request; it should return quickly.
    pub fn observer(mut self, observer: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// The client.
    ///
    /// # Errors
    /// When an address, the token or the user agent cannot be used, a token would travel in the clear, or a recording of another tool
    /// is to be written to.
    pub fn build(self) -> Result<GithubClient, BuildError> {
        let github = || Url::parse("https://api.github.com").expect("the text is an address");
        let base = self.base_url.unwrap_or_else(github);
        let mut endpoints =
            Endpoints::derive(base).map_err(|error| BuildError::Address { reason: error.to_string() })?;
        if let Some(url) = self.graphql_url {
            endpoints.graphql = url;
        }
        if let Some(url) = self.uploads_url {
            endpoints.uploads = url;
        }
        if let Some(host) = self.recorded_as {
            endpoints.host = host;
        }
        let authorization = self.auth.header()?;
        for url in [&endpoints.rest, &endpoints.graphql, &endpoints.uploads] {
            if authorization.is_some() && !Endpoints::keeps_secrets(url) {
                return Err(BuildError::Clear { url: http_kit::redact_url(url) });
            }
        }
        if let Some((recording, mode)) = &self.recording
            && mode.asks()
        {
            recording.writable()?;
        }
        let mut options = ClientOptions::new(self.user_agent);
        options.read_timeout = self.request_timeout;
        let client = |options: &ClientOptions| {
            // Redirects are followed here, not there: they tell that a repository moved, and may lead to other servers.
            http_kit::client_builder(options)
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .map_err(|source| BuildError::Client { user_agent: options.user_agent.clone(), source: source.into() })
        };
        let http = client(&options)?;
        options.read_timeout = Duration::from_secs(24 * 3600);
        let transfers = client(&options)?;
        let observer = self.observer;
        let gate = self.gate.unwrap_or_else(|| {
            // GitHub counts 900 points a minute for one REST endpoint and 2,000 for GraphQL.
            let options =
                GateOptions { concurrency: self.concurrency, points_per_minute: Some(900), ..GateOptions::default() };
            match observer.clone() {
                Some(observer) => Gate::with_observer(options, move |wait: Wait| observer(&Event::Waiting(wait))),
                None => Gate::new(options),
            }
        });
        Ok(GithubClient {
            shared: Arc::new(Shared {
                http,
                transfers,
                endpoints,
                authorization,
                retry: self.retry,
                gate,
                stop: self.stop,
                request_timeout: self.request_timeout,
                max_answer: self.max_answer,
                batch: self.batch.get().min(100),
                parallel: self.concurrency.get().min(4),
                requests: AtomicU64::new(0),
                sent: AtomicU64::new(0),
                received: AtomicU64::new(0),
                renamed: Mutex::default(),
                observer,
            }),
            recording: self.recording,
        })
    }
}

/// A client could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The address of an API cannot be used.
    #[error("{reason}")]
    Address {
        /// Why not.
        reason: String,
    },
    /// A token would be readable on the way.
    #[error("`{url}` is not reached by https, and a token would be readable on the way")]
    Clear {
        /// The address.
        url: String,
    },
    /// The token cannot be one.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The recording cannot be written to.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// An option holds a value HTTP does not allow.
    #[error("cannot make a client with user agent `{user_agent}`")]
    Client {
        /// The user agent.
        user_agent: String,
        /// What was wrong.
        source: crate::error::Source,
    },
}
