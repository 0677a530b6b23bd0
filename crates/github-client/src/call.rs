//! One request as it is meant, before it is sent.

use std::borrow::Cow;

use bytes::Bytes;
use http::Method;
use http_kit::Idempotency;
use url::Url;

use crate::RepoId;

/// What GitHub answers in, unless asked otherwise.
pub(crate) const JSON: &str = "application/vnd.github+json";

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) accept: Cow<'static, str>,
    pub(crate) content_type: Cow<'static, str>,
    pub(crate) body: Bytes,
    pub(crate) idempotency: Idempotency,
    /// What is counted together.
    pub(crate) lane: &'static str,
    /// What it costs of the points of a minute.
    pub(crate) points: u32,
    /// The repository it is about, to tell when that has another name.
    pub(crate) repo: Option<RepoId>,
    /// How often it may fail before it is given up, where that is not left to the policy.
    pub(crate) tries: Option<u32>,
    /// A name for people.
    pub(crate) subject: String,
}

impl Call {
    /// A REST request without a body.
    pub(crate) fn new(method: Method, url: Url) -> Self {
        let reads = matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
        let searches = url.path().contains("/search/") && !url.path().contains("/repos/");
        let lane = if searches { "search" } else { "core" };
        Self {
            subject: format!("{method} {}", http_kit::redact_url(&url)),
            idempotency: Idempotency::of(&method),
            accept: JSON.into(),
            content_type: "application/json".into(),
            body: Bytes::new(),
            lane,
            points: if reads { 1 } else { 5 },
            repo: None,
            tries: None,
            method,
            url,
        }
    }

    pub(crate) fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    pub(crate) fn accept(mut self, accept: &'static str) -> Self {
        self.accept = accept.into();
        self
    }

    pub(crate) fn about(mut self, repo: &RepoId) -> Self {
        self.repo = Some(repo.clone());
        self
    }

    pub(crate) fn reads(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }
}
