//! Which answers say that there were too many requests, and how long to wait.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use http_kit::{Allowance, Reason, retry_after};
use jiff::Timestamp;
use serde::Deserialize;

/// How long to wait when GitHub says nothing about it: at least a minute, and longer each time.
const UNTOLD: Duration = Duration::from_secs(60);

/// A limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) reason: Reason,
    pub(crate) wait: Duration,
}

/// Reads a limit out of an answer; `hits` says how often this call met one before.
pub(crate) fn limit_of(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    is_graphql: IsGraphql,
    hits: u32,
    now: Timestamp,
) -> Option<Limit> {
    let asked = retry_after(headers, now);
    let allowance = Allowance::from_headers(headers);
    let used_up = allowance.as_ref().filter(|allowance| allowance.remaining == 0);
    let limited = match status {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::FORBIDDEN => asked.is_some() || used_up.is_some() || speaks_of_limits(&message(body)),
        StatusCode::OK if is_graphql == IsGraphql::Yes => graphql_limited(body),
        _ => false,
    };
    if !limited {
        return None;
    }
    Some(match (asked, used_up) {
        (Some(wait), _) => Limit { reason: Reason::SecondaryLimit, wait },
        (None, Some(allowance)) => Limit { reason: Reason::PrimaryLimit, wait: allowance.renews_in(now) },
        (None, None) => Limit { reason: Reason::SecondaryLimit, wait: UNTOLD.saturating_mul(1 << hits.min(10)) },
    })
}

/// Whether an answer is one of GraphQL, where errors come with status 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IsGraphql {
    Yes,
    No,
}

fn speaks_of_limits(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("rate limit") || message.contains("abuse detection")
}

/// The `message` of an error body.
pub(crate) fn message(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Body {
        message: Option<String>,
    }
    serde_json::from_slice::<Body>(body).ok().and_then(|body| body.message).unwrap_or_default()
}

fn graphql_limited(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        errors: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        #[serde(rename = "type")]
        kind: Option<String>,
        #[serde(default)]
        message: String,
    }
    // A whole answer is megabytes; most have no errors at all. A body that speaks of limits is told apart by the second look.
    let suspicious = [b"RATE_LIMIT".as_slice(), b"rate limit"].iter().any(|word| contains(body, word));
    suspicious
        && serde_json::from_slice::<Body>(body).is_ok_and(|body| {
            body.errors.iter().any(|entry| match &entry.kind {
                Some(kind) => kind.starts_with("RATE_LIMIT"),
                None => speaks_of_limits(&entry.message),
            })
        })
}

/// Whether the bytes contain the word.
pub(crate) fn contains(bytes: &[u8], word: &[u8]) -> bool {
    let Some((&first, _)) = word.split_first() else { return true };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(word) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_from_refusals() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let zero = "x-ratelimit-limit: 5000|x-ratelimit-remaining: 0|x-ratelimit-reset: 1772366499";
        let bare = "x-ratelimit-remaining: 0|x-ratelimit-reset: 1772366499";
        let some = "x-ratelimit-limit: 5000|x-ratelimit-remaining: 7|x-ratelimit-reset: 1772366499";
        let secondary = r#"{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}"#;
        let refusal = r#"{"message":"Resource not accessible by integration"}"#;
        let graphql = r#"{"data":null,"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}"#;
        let innocent = r#"{"data":{"p1":{"body":"RATE_LIMITED and rate limit"}},"errors":[{"type":"NOT_FOUND","message":"rate limit"}]}"#;
        use IsGraphql::{No, Yes};
        use Reason::{PrimaryLimit, SecondaryLimit};
        let cases = [
            ("429 says when", 429, "retry-after: 17", "", No, 0, Some((SecondaryLimit, 17))),
            ("403 says when", 403, "retry-after: 3", refusal, No, 0, Some((SecondaryLimit, 3))),
            ("403, nothing left", 403, zero, refusal, No, 0, Some((PrimaryLimit, 100))),
            ("403, nothing left of an unknown number", 403, bare, refusal, No, 0, Some((PrimaryLimit, 100))),
            ("429, nothing left", 429, zero, "", No, 0, Some((PrimaryLimit, 100))),
            ("403 by its words", 403, some, secondary, No, 0, Some((SecondaryLimit, 60))),
            ("the second time longer", 403, "", secondary, No, 1, Some((SecondaryLimit, 120))),
            ("and longer", 403, "", secondary, No, 2, Some((SecondaryLimit, 240))),
            ("403 is a refusal", 403, some, refusal, No, 0, None),
            ("403 without words", 403, "", "<html>", No, 0, None),
            ("200 of GraphQL", 200, some, graphql, Yes, 0, Some((SecondaryLimit, 60))),
            ("200 of GraphQL, nothing left", 200, zero, graphql, Yes, 0, Some((PrimaryLimit, 100))),
            ("200 of REST", 200, "", graphql, No, 0, None),
            ("the words in a body", 200, "", innocent, Yes, 0, None),
            ("the last request of the hour", 200, zero, "{}", Yes, 0, None),
            ("404", 404, "retry-after: 3", "", No, 0, None),
        ];
        for (name, status, headers, body, is_graphql, hits, expected) in cases {
            let mut map = HeaderMap::new();
            for (key, value) in headers.split('|').filter_map(|line| line.split_once(": ")) {
                map.insert(http::HeaderName::from_bytes(key.as_bytes()).unwrap(), value.parse().unwrap());
            }
            let status = StatusCode::from_u16(status).unwrap();
            let found = limit_of(status, &map, body.as_bytes(), is_graphql, hits, now);
            assert_eq!(found.map(|limit| (limit.reason, limit.wait.as_secs())), expected, "{name}");
        }
    }
}
