//! Headers of a hostile server: a wait is never negative, a secret of an address is never shown.
#![no_main]

use http::{HeaderMap, HeaderValue};
use http_kit::{Allowance, redact_url, retry_after, server_time};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|input: &[u8]| {
    let names = [
        "retry-after",
        "date",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-ratelimit-resource",
    ];
    let mut headers = HeaderMap::new();
    for (name, line) in names.iter().zip(input.split(|byte| *byte == b'\n')) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.insert(*name, value);
        }
    }
    for now in [Timestamp::UNIX_EPOCH, Timestamp::MAX, Timestamp::MIN] {
        retry_after(&headers, now);
        if let Some(allowance) = Allowance::from_headers(&headers) {
            allowance.renews_in(now);
        }
    }
    server_time(&headers);
    if let Ok(url) = std::str::from_utf8(input).unwrap_or_default().parse::<Url>() {
        let shown: Url = redact_url(&url).parse().expect("it is still an address");
        assert!(shown.password().is_none() && shown.fragment().is_none());
        assert!(matches!(shown.username(), "" | "***"), "{shown}");
        assert!(shown.query_pairs().all(|(_, value)| value == "***"), "{shown}");
        assert_eq!(redact_url(&shown), shown.as_str());
    }
});
