//! What a service says is left of the caller's allowance.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;

/// An allowance of requests or points, as `x-ratelimit-*` headers tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// What it is counted for, such as `core` or `graphql`.
    pub lane: String,
    /// How much there is in a period; what is left, where the service does not tell.
    pub limit: u64,
    /// How much is left in this period.
    pub remaining: u64,
    /// When the next period begins.
    pub renewed: Timestamp,
}

impl Allowance {
    /// Reads `x-ratelimit-remaining` and `-reset` (seconds since 1970), and `-limit` and `-resource` where they are.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
        let number = |name: &str| text(name)?.parse::<u64>().ok();
        let remaining = number("x-ratelimit-remaining")?;
        Some(Self {
            lane: text("x-ratelimit-resource").unwrap_or("core").to_owned(),
            limit: number("x-ratelimit-limit").unwrap_or(remaining),
            remaining,
            renewed: Timestamp::from_second(i64::try_from(number("x-ratelimit-reset")?).ok()?).ok()?,
        })
    }

    /// How long it takes until the next period begins. One second is added, for the header counts whole seconds.
    pub fn renews_in(&self, now: Timestamp) -> Duration {
        Duration::try_from(self.renewed.duration_since(now))
            .map_or(Duration::ZERO, |wait| wait + Duration::from_secs(1))
    }
}

/// Whether two figures are of the same period. Servers of one service differ by a second or two about its end.
pub(crate) fn same_period(one: &Allowance, other: &Allowance) -> bool {
    one.limit == other.limit && one.renewed.duration_since(other.renewed).abs() < jiff::SignedDuration::from_secs(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_or_ignored() {
        let read = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            Allowance::from_headers(&headers)
        };
        let full = [
            ("x-ratelimit-limit", "5000"),
            ("x-ratelimit-remaining", "4970"),
            ("x-ratelimit-reset", "1772366400"),
            ("x-ratelimit-resource", "graphql"),
        ];
        let allowance = read(&full).unwrap();
        assert_eq!((allowance.lane.as_str(), allowance.limit, allowance.remaining), ("graphql", 5000, 4970));
        assert_eq!(allowance.renewed.to_string(), "2026-03-01T12:00:00Z");
        assert_eq!(allowance.renews_in("2026-03-01T11:59:00Z".parse().unwrap()), Duration::from_secs(61));
        assert_eq!(allowance.renews_in("2026-03-02T00:00:00Z".parse().unwrap()), Duration::ZERO);
        assert_eq!(read(&full[..3]).unwrap().lane, "core");
        let (left, unknown) = (read(&full[1..]).unwrap(), 4970);
        assert_eq!((left.limit, left.remaining), (unknown, unknown), "what is left and when it is renewed is enough");
        for missing in 1..3 {
            let mut some = full.to_vec();
            some.remove(missing);
            assert_eq!(read(&some), None, "without {}", full[missing].0);
        }
        assert_eq!(read(&[full[0], ("x-ratelimit-remaining", "-1"), full[2]]), None);
        assert_eq!(read(&[full[0], full[1], ("x-ratelimit-reset", "99999999999999999999")]), None);
    }
}
