//! One gate that all requests of a process to one service pass: how many at once, how many a minute, and when none at all.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::retry::jitter;
use crate::{Allowance, allowance};

/// The width of the window in which points are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// What a gate lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateOptions {
    /// How many requests may be under way at once.
    pub concurrency: NonZeroUsize,
    /// How many points may be started in any sixty seconds; `None` for no such limit.
    pub points_per_minute: Option<u32>,
    /// Those who waited for the gate to open start spread over this time.
    pub jitter: Duration,
}

impl Default for GateOptions {
    fn default() -> Self {
        Self {
            concurrency: NonZeroUsize::new(4).unwrap_or(NonZeroUsize::MIN),
            points_per_minute: None,
            jitter: Duration::from_millis(500),
        }
    }
}

/// Why nothing may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The allowance of the hour is used up.
    PrimaryLimit,
    /// The service wants fewer requests at a time.
    SecondaryLimit,
    /// The service asked to wait for another reason.
    RetryAfter,
    /// Our own count of points in the last minute is at its limit.
    PointsPerMinute,
    /// As many requests are under way as may be.
    Concurrency,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PrimaryLimit => "primary rate limit",
            Self::SecondaryLimit => "secondary rate limit",
            Self::RetryAfter => "the server asked for it",
            Self::PointsPerMinute => "points per minute",
            Self::Concurrency => "requests under way",
        })
    }
}

/// A wait that begins now, as `waiting until 2026-03-01T12:00:00Z because of: secondary rate limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// How long.
    pub length: Duration,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: Reason,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = self.until.round(jiff::Unit::Second).unwrap_or(self.until);
        write!(f, "waiting until {until} because of: {}", self.reason)
    }
}

/// The gate stays shut for longer than the caller wants to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no request may start before {until} because of: {reason}")]
pub struct Shut {
    /// When it opens.
    pub until: Timestamp,
    /// Why it is shut.
    pub reason: Reason,
}

/// The right to send one request; the place is free again when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Pass {
    _permit: Option<OwnedSemaphorePermit>,
}

type OnWait = dyn Fn(Wait) + Send + Sync;

/// A gate, shared by all its clones.
///
/// A *lane* is what the service counts by itself, such as GitHub's `core`, `search` and `graphql`: a used-up allowance shuts one lane, a
/// wish for less traffic shuts all.
#[derive(Clone)]
pub struct Gate {
    shared: Arc<Shared>,
}

struct Shared {
    options: GateOptions,
    permits: Arc<Semaphore>,
    state: Mutex<State>,
    on_wait: Option<Box<OnWait>>,
}

#[derive(Default)]
struct State {
    all: Option<Closed>,
    lanes: BTreeMap<String, Closed>,
    allowances: BTreeMap<String, Allowance>,
    started: VecDeque<(Instant, u32)>,
    /// Until when those who watch know of waits.
    told: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Closed {
    until: Instant,
    reason: Reason,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl Gate {
    /// A gate that is open.
    pub fn new(options: GateOptions) -> Self {
        Self::build(options, None)
    }

    /// A gate that is open, and tells of each wait once, however many requests wait.
    pub fn with_observer(options: GateOptions, on_wait: impl Fn(Wait) + Send + Sync + 'static) -> Self {
        Self::build(options, Some(Box::new(on_wait)))
    }

    fn build(options: GateOptions, on_wait: Option<Box<OnWait>>) -> Self {
        let permits = Arc::new(Semaphore::new(options.concurrency.get().min(Semaphore::MAX_PERMITS)));
        Self { shared: Arc::new(Shared { options, permits, state: Mutex::default(), on_wait }) }
    }

    /// Waits for a place, and until the lane is open.
    ///
    /// # Errors
    /// At once when the lane opens only after `deadline`; at the deadline when no place became free.
    pub async fn enter(&self, lane: &str, points: u32, deadline: Instant) -> Result<Pass, Shut> {
        let mut waited = false;
        loop {
            let now = Instant::now();
            // Who waits for a lane holds no place: other lanes are open, and need it.
            let shut = Self::closed(&self.state(), lane, now);
            let closed = match shut {
                Some(closed) => closed,
                None => {
                    let place = Arc::clone(&self.shared.permits).acquire_owned();
                    let Ok(permit) = tokio::time::timeout_at(deadline.into(), place).await else {
                        return Err(Shut { until: Timestamp::now(), reason: Reason::Concurrency });
                    };
                    // The lane may have been shut meanwhile. A semaphore that nobody closes always grants.
                    match self.try_start(lane, points) {
                        Some(closed) => closed,
                        None => return Ok(Pass { _permit: permit.ok() }),
                    }
                }
            };
            if closed.until > deadline {
                return Err(Shut { until: wall(closed.until, now), reason: closed.reason });
            }
            self.tell(closed, now);
            let spread = if waited { Duration::ZERO } else { jitter(self.shared.options.jitter) };
            waited = true;
            tokio::time::sleep_until((closed.until + spread).into()).await;
        }
    }

    /// Why nothing may start in the lane now, if so.
    fn closed(state: &State, lane: &str, now: Instant) -> Option<Closed> {
        let shut = [state.all, state.lanes.get(lane).copied()].into_iter().flatten();
        shut.filter(|closed| closed.until > now).max_by_key(|closed| closed.until)
    }

    /// Counts the points and answers nothing, or says why the request may not start now.
    fn try_start(&self, lane: &str, points: u32) -> Option<Closed> {
        let now = Instant::now();
        let mut state = self.state();
        if let Some(closed) = Self::closed(&state, lane, now) {
            return Some(closed);
        }
        if let Some(limit) = self.shared.options.points_per_minute {
            while state.started.front().is_some_and(|(at, _)| now.duration_since(*at) >= MINUTE) {
                state.started.pop_front();
            }
            let sum: u32 = state.started.iter().map(|(_, points)| points).sum();
            if let Some((first, _)) = state.started.front().copied()
                && sum.saturating_add(points) > limit
            {
                return Some(Closed { until: first + MINUTE, reason: Reason::PointsPerMinute });
            }
            state.started.push_back((now, points));
        }
        None
    }

    /// From now on and for this long nothing starts in the lane, or in any lane for `None`. An instant that is later already stays.
    pub fn shut(&self, lane: Option<&str>, length: Duration, reason: Reason) {
        let now = Instant::now();
        let Some(until) = now.checked_add(length) else { return self.shut(lane, Duration::from_secs(86_400), reason) };
        let closed = Closed { until, reason };
        let mut state = self.state();
        let known = match lane {
            None => state.all,
            Some(lane) => state.lanes.get(lane).copied(),
        };
        if known.is_some_and(|known| known.until >= until) {
            return;
        }
        match lane {
            None => state.all = Some(closed),
            Some(lane) => drop(state.lanes.insert(lane.to_owned(), closed)),
        }
    }

    /// Takes note of what the service said is left of an allowance; one that is used up shuts its lane until it is renewed.
    pub fn note(&self, allowance: Allowance, now: Timestamp) {
        let used_up = (allowance.remaining == 0).then(|| allowance.renews_in(now));
        let lane = allowance.lane.clone();
        let mut state = self.state();
        match state.allowances.get_mut(&lane) {
            // Answers come out of order; within one period only the lowest figure is the newest.
            Some(known) if allowance::same_period(known, &allowance) => {
                known.remaining = known.remaining.min(allowance.remaining);
            }
            Some(known) if known.limit == allowance.limit && allowance.renewed < known.renewed => {}
            _ => drop(state.allowances.insert(lane.clone(), allowance)),
        }
        drop(state);
        if let Some(wait) = used_up {
            self.shut(Some(&lane), wait, Reason::PrimaryLimit);
        }
    }

    /// What is known to be left in a lane. Nothing when that was told of a period that is over.
    pub fn allowance(&self, lane: &str) -> Option<Allowance> {
        let known = self.state().allowances.get(lane).cloned();
        known.filter(|allowance| allowance.renewed > Timestamp::now())
    }

    /// Tells of a wait once, however many wait. Eight requests that were under way are refused within moments of each other, and points come
    /// free one by one: an end that moves by a little is no news.
    fn tell(&self, closed: Closed, now: Instant) {
        let little = Duration::from_secs(if closed.reason == Reason::PointsPerMinute { 15 } else { 2 });
        {
            let mut state = self.state();
            if state.told.is_some_and(|told| closed.until <= told + little) {
                return;
            }
            state.told = Some(closed.until);
        }
        let wait = Wait {
            length: closed.until.saturating_duration_since(now),
            until: wall(closed.until, now),
            reason: closed.reason,
        };
        tracing::info!(reason = %wait.reason, seconds = wait.length.as_secs(), "{wait}");
        if let Some(on_wait) = &self.shared.on_wait {
            on_wait(wait);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held, and the state would be whole even then.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wall(instant: Instant, now: Instant) -> Timestamp {
    // No calendar holds it: the end of time.
    Timestamp::now().checked_add(instant.saturating_duration_since(now)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon(millis: u64) -> Instant {
        Instant::now() + Duration::from_millis(millis)
    }

    fn gate(points: Option<u32>) -> (Gate, Arc<Mutex<Vec<Reason>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&told);
        let options =
            GateOptions { points_per_minute: points, jitter: Duration::from_millis(5), ..GateOptions::default() };
        (Gate::with_observer(options, move |wait| log.lock().unwrap().push(wait.reason)), told)
    }

    #[tokio::test]
    async fn a_lane_is_shut_alone_and_all_are_shut_together() {
        let (gate, told) = gate(None);
        gate.shut(Some("core"), Duration::from_secs(60), Reason::PrimaryLimit);
        gate.shut(Some("core"), Duration::from_secs(30), Reason::SecondaryLimit);
        let shut = gate.enter("core", 1, soon(1000)).await.unwrap_err();
        assert_eq!(shut.reason, Reason::PrimaryLimit);
        assert!(gate.enter("graphql", 1, soon(1000)).await.is_ok());
        gate.shut(None, Duration::from_secs(90), Reason::SecondaryLimit);
        assert_eq!(gate.enter("graphql", 1, soon(1000)).await.unwrap_err().reason, Reason::SecondaryLimit);
        assert!(told.lock().unwrap().is_empty(), "who does not wait has nothing to tell");
    }

    #[tokio::test]
    async fn who_waits_starts_after_the_latest_instant() {
        let (gate, told) = gate(None);
        let begin = Instant::now();
        gate.shut(None, Duration::from_millis(100), Reason::SecondaryLimit);
        let wait = || {
            let gate = gate.clone();
            tokio::spawn(async move { gate.enter("core", 1, soon(10_000)).await.map(|_| begin.elapsed()) })
        };
        let (waiting, other) = (wait(), wait());
        tokio::time::sleep(Duration::from_millis(30)).await;
        gate.shut(None, Duration::from_millis(200), Reason::SecondaryLimit);
        for started in [waiting.await.unwrap().unwrap(), other.await.unwrap().unwrap()] {
            assert!(started >= Duration::from_millis(230), "{started:?}");
        }
        assert_eq!(*told.lock().unwrap(), [Reason::SecondaryLimit], "told once");
    }

    #[tokio::test]
    async fn a_place_is_waited_for_until_the_deadline() {
        let one = GateOptions { concurrency: NonZeroUsize::MIN, ..GateOptions::default() };
        let gate = Gate::new(one);
        let pass = gate.enter("core", 1, soon(1000)).await.unwrap();
        assert_eq!(gate.enter("core", 1, soon(50)).await.unwrap_err().reason, Reason::Concurrency);
        drop(pass);
        assert!(gate.enter("core", 1, soon(50)).await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_for_a_lane_holds_no_place() {
        let two = GateOptions {
            concurrency: NonZeroUsize::new(2).unwrap(),
            jitter: Duration::ZERO,
            ..GateOptions::default()
        };
        let gate = Gate::new(two);
        let wait = |lane: &'static str| {
            let gate = gate.clone();
            tokio::spawn(async move { gate.enter(lane, 1, soon(60_000)).await.map(drop) })
        };
        // Some find the lane shut; others have waited for a place when it is shut.
        gate.shut(Some("core"), Duration::from_millis(600), Reason::PrimaryLimit);
        let early = [wait("core"), wait("core"), wait("core")];
        let held =
            [gate.enter("graphql", 1, soon(1000)).await.unwrap(), gate.enter("graphql", 1, soon(1000)).await.unwrap()];
        let late = [wait("search"), wait("search"), wait("search")];
        tokio::time::sleep(Duration::from_millis(20)).await;
        gate.shut(Some("search"), Duration::from_millis(600), Reason::PrimaryLimit);
        drop(held);
        tokio::time::sleep(Duration::from_millis(20)).await;
        let pass = gate.enter("graphql", 1, soon(300)).await.unwrap();
        // A gate that is full and a lane that is shut: each is waited for in its turn.
        let other = gate.enter("graphql", 1, soon(300)).await.unwrap();
        assert!(early.iter().chain(&late).all(|waiting| !waiting.is_finished()));
        assert_eq!(gate.enter("core", 1, soon(100)).await.unwrap_err().reason, Reason::PrimaryLimit);
        assert_eq!(gate.enter("graphql", 1, soon(100)).await.unwrap_err().reason, Reason::Concurrency);
        drop((pass, other));
        for waiting in early.into_iter().chain(late) {
            waiting.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn a_wait_that_no_calendar_holds_is_without_end() {
        let (gate, _) = gate(None);
        gate.shut(None, Duration::from_secs(1 << 40), Reason::RetryAfter);
        let shut = gate.enter("core", 1, soon(1000)).await.unwrap_err();
        assert_eq!(shut.until, Timestamp::MAX, "{shut}");
    }

    #[tokio::test]
    async fn points_of_a_minute_run_out() {
        let (gate, _) = gate(Some(10));
        for _ in 0..2 {
            assert!(gate.enter("core", 5, soon(1000)).await.is_ok());
        }
        for _ in 0..2 {
            assert_eq!(gate.enter("core", 1, soon(1000)).await.unwrap_err().reason, Reason::PointsPerMinute);
        }
        // One request that needs more than a whole minute's points is let through when it is the first.
        assert!(self::gate(Some(10)).0.enter("core", 11, soon(1000)).await.is_ok());
    }

    #[tokio::test]
    async fn a_used_up_allowance_shuts_its_lane_until_it_is_renewed() {
        let (gate, _) = gate(None);
        let now = Timestamp::now();
        let renewed = now + Duration::from_secs(1000);
        let left = |remaining| Allowance { lane: "core".into(), limit: 60, remaining, renewed };
        gate.note(left(7), now);
        gate.note(left(9), now);
        assert_eq!(gate.allowance("core").unwrap().remaining, 7);
        assert!(gate.enter("core", 1, soon(1000)).await.is_ok());
        gate.note(left(0), now);
        let shut = gate.enter("core", 1, soon(1000)).await.unwrap_err();
        assert_eq!(shut.reason, Reason::PrimaryLimit);
        assert!(shut.until.duration_since(renewed).abs() < jiff::SignedDuration::from_secs(5), "{shut}");
        gate.note(Allowance { renewed: renewed + Duration::from_secs(3600), ..left(60) }, now);
        assert_eq!(gate.allowance("core").unwrap().remaining, 60);
        gate.note(left(3), now);
        assert_eq!(gate.allowance("core").unwrap().remaining, 60, "an answer of the last period comes late");
        gate.note(Allowance { lane: "search".into(), renewed: now - Duration::from_secs(1), ..left(5) }, now);
        assert_eq!(gate.allowance("search"), None, "a period that is over says nothing");
    }
}
