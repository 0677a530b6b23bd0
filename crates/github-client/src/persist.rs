//! Trying until there is an answer: the one place that knows of the gate, of limits and of retries.

use std::time::Duration;

use http_kit::{Attempts, Pass, Reason, Trouble};
use jiff::Timestamp;

use crate::call::Call;
use crate::limits::Limit;
use crate::{Error, Event, GithubClient};

/// What one attempt gave.
pub(crate) enum Tried<T> {
    /// An answer.
    Done(T),
    /// None, or one that may be better the next time.
    Failed(Failed),
    /// A limit was met.
    Limited {
        /// The limit.
        limit: Limit,
        /// When the server said so, by its own clock.
        time: Timestamp,
    },
}

/// An attempt that may be repeated, if what was asked for allows that.
pub(crate) struct Failed {
    pub(crate) trouble: Trouble,
    pub(crate) detail: String,
    /// The wait that the server asked for.
    pub(crate) asked: Option<Duration>,
    pub(crate) source: Option<crate::error::Source>,
}

impl Failed {
    pub(crate) fn new(trouble: Trouble, detail: impl Into<String>) -> Self {
        Self { trouble, detail: detail.into(), asked: None, source: None }
    }

    /// What the HTTP library says.
    pub(crate) fn of(error: reqwest::Error) -> Self {
        let detail = match () {
            () if error.is_timeout() => "no answer in time",
            () if error.is_connect() => "no connection",
            () => "the connection broke",
        };
        let trouble = Trouble::of(&error);
        Self { source: Some(error.without_url().into()), ..Self::new(trouble, detail) }
    }

    /// Nothing whole came within the time.
    pub(crate) fn late(limit: Duration) -> Self {
        Self::new(Trouble::Broken, format!("no whole answer within {} s", limit.as_secs_f64()))
    }
}

/// The attempts of one call, as in
///
/// ```text
/// loop {
///     let pass = effort.enter().await?;
///     let tried = …;
///     drop(pass);
///     if let Some(answer) = effort.after(tried).await? { return Ok(answer) }
/// }
/// ```
pub(crate) struct Effort<'a> {
    client: &'a GithubClient,
    call: &'a Call,
    limits: Attempts,
    troubles: Attempts,
    /// How many attempts there may be.
    most: u32,
    /// The number of the attempt, from 1.
    pub(crate) attempt: u32,
    /// How often a limit was met.
    pub(crate) hits: u32,
}

impl<'a> Effort<'a> {
    pub(crate) fn new(client: &'a GithubClient, call: &'a Call) -> Self {
        let mut policy = client.shared.retry.clone();
        let limits = policy.start();
        let most = call.tries.unwrap_or(policy.attempts);
        policy.attempts = most;
        Self { client, call, limits, troubles: policy.start(), most, attempt: 0, hits: 0 }
    }

    /// Waits until the next attempt may begin. Its place is given back when the pass is dropped.
    pub(crate) async fn enter(&mut self) -> Result<Pass, Error> {
        self.attempt += 1;
        let pass = self.client.shared.gate.enter(self.call.lane, self.call.points, self.limits.deadline());
        let pass = self.unless_stopped(pass).await?;
        pass.map_err(|shut| Error::RateLimited {
            subject: self.call.subject.clone(),
            until: shut.until,
            reason: shut.reason,
        })
    }

    /// What may take its time, unless somebody asks to stop. What need not wait is done in any case.
    async fn unless_stopped<T>(&self, wait: impl Future<Output = T>) -> Result<T, Error> {
        let Some(stop) = self.client.shared.stop.clone() else { return Ok(wait.await) };
        tokio::select! {
            biased;
            done = wait => Ok(done),
            () = stop => Err(Error::Stopped { subject: self.call.subject.clone() }),
        }
    }

    /// The answer, or nothing after a wait when there is to be another attempt.
    pub(crate) async fn after<T>(&mut self, tried: Tried<T>) -> Result<Option<T>, Error> {
        let subject = || self.call.subject.clone();
        match tried {
            Tried::Done(answer) => Ok(Some(answer)),
            Tried::Limited { limit, time } => {
                self.hits += 1;
                if self.limits.failed(Some(limit.wait)).is_ok() {
                    return Ok(None);
                }
                let until = time.checked_add(limit.wait).unwrap_or(Timestamp::MAX);
                Err(Error::RateLimited { subject: subject(), until, reason: limit.reason })
            }
            Tried::Failed(Failed { trouble, detail, asked, source }) => {
                // A service that is down may say for how long; then nobody else needs to ask either.
                if let Some(asked) = asked {
                    self.client.shared.gate.shut(None, asked, Reason::RetryAfter);
                }
                let may = trouble.may_repeat(self.call.idempotency);
                match if may { self.troubles.failed(asked) } else { Err(self.troubles.spent()) } {
                    Ok(wait) => {
                        tracing::debug!(subject = %self.call.subject, wait_ms = wait.as_millis(), "retrying: {detail}");
                        let (failed, most) = (self.troubles.spent().attempts, self.most);
                        let event = Event::Retrying { subject: subject(), detail, wait, attempt: failed + 1, most };
                        self.client.shared.tell(&event);
                        self.unless_stopped(tokio::time::sleep(wait)).await?;
                        Ok(None)
                    }
                    Err(mut spent) => {
                        spent.attempts = self.attempt;
                        Err(Error::Unavailable { subject: subject(), spent, detail, source })
                    }
                }
            }
        }
    }
}

impl GithubClient {
    /// Shuts the gate for a limit. This is done before the place of the one who met it is given back, so that nobody slips through.
    pub(crate) fn shut_for(&self, call: &Call, limit: Limit) {
        let lane = (limit.reason == Reason::PrimaryLimit).then_some(call.lane);
        self.shared.gate.shut(lane, limit.wait, limit.reason);
    }
}
