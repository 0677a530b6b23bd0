//! When a request may be repeated, how long to wait before, and when to stop.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use http::header::RETRY_AFTER;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;

/// How often and for how long a request is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many times at most a request is sent, the first time included.
    pub attempts: u32,
    /// The longest time one call may take, with all attempts and all waits.
    pub budget: Duration,
    /// The wait after the first failure; it doubles with each further one.
    pub first_delay: Duration,
    /// The longest wait that the doubling leads to. What a server asks for with `Retry-After` may be longer.
    pub longest_delay: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            budget: Duration::from_secs(600),
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// Every request is sent once.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// Starts the clock of one call.
    pub fn start(&self) -> Attempts {
        Attempts { policy: self.clone(), started: Instant::now(), made: 0 }
    }
}

/// Whether a request that may have been carried out may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// Sending it twice has the effect of sending it once.
    Repeatable,
    /// It may create something a second time; it is repeated only when it surely was not carried out.
    Once,
}

impl Idempotency {
    /// What HTTP promises of a method.
    pub fn of(method: &Method) -> Self {
        if method.is_idempotent() { Self::Repeatable } else { Self::Once }
    }
}

/// How an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// No connection came about, so nothing was sent.
    Unconnected,
    /// The connection broke, or the server was silent for too long: nobody knows what was done.
    Broken,
    /// The server answered with an error status.
    Status(StatusCode),
    /// The server said that it did not carry the request out because there are too many of them.
    Limited,
}

impl Trouble {
    /// What an error of the HTTP library means.
    pub fn of(error: &reqwest::Error) -> Self {
        if error.is_connect() { Self::Unconnected } else { Self::Broken }
    }

    /// Whether an attempt that failed in this way may be followed by another one.
    pub fn may_repeat(self, idempotency: Idempotency) -> bool {
        match self {
            Self::Unconnected | Self::Limited => true,
            Self::Broken => idempotency == Idempotency::Repeatable,
            Self::Status(status) => {
                let passing = status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
                    || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
                passing && (idempotency == Idempotency::Repeatable || status == StatusCode::TOO_MANY_REQUESTS)
            }
        }
    }
}

/// The attempts of one call.
#[derive(Debug, Clone)]
pub struct Attempts {
    policy: RetryPolicy,
    started: Instant,
    made: u32,
}

impl Attempts {
    /// Counts an attempt that failed, and says how long to wait before the next one; `asked` is the wait the server asked for.
    ///
    /// # Errors
    /// When the attempts or the time are used up, or the wait would use it up.
    pub fn failed(&mut self, asked: Option<Duration>) -> Result<Duration, Spent> {
        self.made += 1;
        let doubled =
            self.policy.first_delay.saturating_mul(1 << (self.made - 1).min(16)).min(self.policy.longest_delay);
        let wait = asked.unwrap_or(doubled).saturating_add(jitter(doubled / 4));
        if self.made >= self.policy.attempts || self.started.elapsed().saturating_add(wait) > self.policy.budget {
            return Err(self.spent());
        }
        Ok(wait)
    }

    /// What was used up so far.
    pub fn spent(&self) -> Spent {
        Spent { attempts: self.made, elapsed: self.started.elapsed() }
    }

    /// The instant at which the time of this call is over.
    pub fn deadline(&self) -> Instant {
        // A budget that no clock can hold means no limit that matters.
        self.started.checked_add(self.policy.budget).unwrap_or_else(|| self.started + Duration::from_secs(365 * 86_400))
    }
}

/// What a call has used up, as `4 attempts in 3.5 s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// How often the request was sent.
    pub attempts: u32,
    /// The time since the call began.
    pub elapsed: Duration,
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.attempts == 1 { "" } else { "s" };
        write!(f, "{} attempt{plural} in {:.1} s", self.attempts, self.elapsed.as_secs_f64())
    }
}

impl std::error::Error for Spent {}

/// The wait that a `Retry-After` header asks for: seconds, or an HTTP date seen from `now`. A date in the past is no wait.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a wait without end, and then the caller's budget decides.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    Some(Duration::try_from(http_date(text)?.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// The time of the server, from its `Date` header.
pub fn server_time(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get(http::header::DATE)?.to_str().ok()?)
}

/// A date in the form of HTTP, `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp())
}

/// A random part of `most`, so that those who waited for the same instant do not start in step.
pub(crate) fn jitter(most: Duration) -> Duration {
    // Every state of the standard hash map is seeded anew, which is random enough for this.
    let random = RandomState::new().build_hasher().finish();
    most.mul_f64((random >> 11) as f64 / (1u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_only_what_cannot_do_harm() {
        use Idempotency::{Once, Repeatable};
        let status = |code| Trouble::Status(StatusCode::from_u16(code).unwrap());
        let cases = [
            ("not connected", Trouble::Unconnected, true, true),
            ("refused by a limit", Trouble::Limited, true, true),
            ("broken", Trouble::Broken, true, false),
            ("500", status(500), true, false),
            ("501", status(501), false, false),
            ("502", status(502), true, false),
            ("503", status(503), true, false),
            ("408", status(408), true, false),
            ("429", status(429), true, true),
            ("404", status(404), false, false),
            ("422", status(422), false, false),
        ];
        for (name, trouble, repeatable, once) in cases {
            assert_eq!(trouble.may_repeat(Repeatable), repeatable, "{name}");
            assert_eq!(trouble.may_repeat(Once), once, "{name}");
        }
        for (method, expected) in [
            (Method::GET, Repeatable),
            (Method::PUT, Repeatable),
            (Method::DELETE, Repeatable),
            (Method::POST, Once),
            (Method::PATCH, Once),
        ] {
            assert_eq!(Idempotency::of(&method), expected, "{method}");
        }
    }

    #[test]
    fn waits_double_and_end() {
        let policy = RetryPolicy {
            attempts: 4,
            budget: Duration::from_secs(100),
            first_delay: Duration::from_secs(2),
            longest_delay: Duration::from_secs(5),
        };
        let mut attempts = policy.start();
        for least in [2, 4] {
            let wait = attempts.failed(None).unwrap();
            assert!(wait >= Duration::from_secs(least) && wait < Duration::from_secs(least).mul_f64(1.26), "{wait:?}");
        }
        assert!(attempts.failed(Some(Duration::from_secs(40))).unwrap() >= Duration::from_secs(40));
        let spent = attempts.failed(None).unwrap_err();
        assert_eq!(spent.attempts, 4);
        assert!(spent.to_string().starts_with("4 attempts in 0."), "{spent}");

        // A wait that the budget does not hold is not begun.
        let spent = policy.start().failed(Some(Duration::from_secs(101))).unwrap_err();
        assert_eq!(spent.attempts, 1);
        assert!(RetryPolicy::never().start().failed(None).is_err());
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let cases = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 01 Mar 2026 12:00:30 GMT", Some(30)),
            ("Sun, 01 Mar 2026 11:00:00 GMT", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("-3", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            assert_eq!(retry_after(&headers, now), expected.map(Duration::from_secs), "{text:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
