//! Limits, as a server sees that they are kept.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use github_client::{Auth, Error, Event, Reason, RetryPolicy, Scopes};
use secrecy::SecretString;
use serde_json::json;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::fake::Fake;
use crate::{builder, numbers, repo};

#[tokio::test]
async fn a_403_while_eight_are_in_flight_and_nothing_starts_before_its_time() {
    const WAIT: Duration = Duration::from_secs(1);
    let server = MockServer::start().await;
    let starts = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&starts);
    Mock::given(path("/repos/octo/tool"))
        .respond_with(move |_: &Request| {
            let mut starts = log.lock().unwrap();
            starts.push(Instant::now());
            let refusal = json!({"message": "You have exceeded a secondary rate limit."});
            match starts.len() {
                // The fourth of the eight is refused while the others are under way; they are answered later.
                4 => ResponseTemplate::new(403)
                    .insert_header("retry-after", "1")
                    .set_body_json(refusal)
                    .set_delay(Duration::from_millis(200)),
                1..=8 => ResponseTemplate::new(200).set_body_json(json!({})).set_delay(Duration::from_millis(400)),
                _ => ResponseTemplate::new(200).set_body_json(json!({})),
            }
        })
        .mount(&server)
        .await;
    let waits = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&waits);
    let client = builder(&server.uri())
        .concurrency(NonZeroUsize::new(8).unwrap())
        .observer(move |event| {
            if let Event::Waiting(wait) = event {
                told.lock().unwrap().push((Instant::now(), *wait));
            }
        })
        .build()
        .unwrap();
    let calls = (0..24).map(|_| {
        let client = client.clone();
        async move { client.request(http::Request::get("/repos/octo/tool").body(bytes::Bytes::new()).unwrap()).await }
    });
    for result in futures::future::join_all(calls).await {
        assert_eq!(result.unwrap().status(), 200);
    }
    let starts = starts.lock().unwrap();
    assert_eq!(starts.len(), 25, "24 requests, one of them twice");
    let refused_at = starts[3] + Duration::from_millis(200);
    for (index, start) in starts.iter().enumerate().skip(8) {
        let early = (refused_at + WAIT).saturating_duration_since(*start);
        assert!(early.is_zero(), "request {index} started {early:?} too early");
    }
    let waits = waits.lock().unwrap();
    assert_eq!(waits.len(), 1, "one wait is told once: {waits:?}");
    assert_eq!(waits[0].1.reason, Reason::SecondaryLimit);
    assert!(waits[0].1.to_string().ends_with("because of: secondary rate limit"), "{}", waits[0].1);
}

#[tokio::test]
async fn a_limit_in_an_answer_of_graphql_is_waited_for() {
    let fake = Fake::start(1..=3).await;
    let body = json!({"data": null, "errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]});
    let limited = ResponseTemplate::new(200).insert_header("retry-after", "1").set_body_json(body);
    fake.world().first.push(limited);
    let client = builder(&fake.server.uri()).build().unwrap();
    let batch = client.pulls_by_number(&repo(), &numbers(1..=3)).await.unwrap();
    assert_eq!(batch.found.len(), 3);
    let world = fake.world();
    assert_eq!(world.log.len(), 2);
    let waited = world.log[1].0.duration_since(world.log[0].0);
    assert!(waited >= Duration::from_secs(1), "{waited:?}");
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_an_error_with_its_end() {
    let fake = Fake::start(1..=3).await;
    let now = jiff::Timestamp::now();
    let reset = now.as_second() + 1800;
    let limited = ResponseTemplate::new(403)
        .insert_header("x-ratelimit-limit", "5000")
        .insert_header("x-ratelimit-remaining", "0")
        .insert_header("x-ratelimit-reset", reset.to_string().as_str())
        .insert_header("x-ratelimit-resource", "graphql")
        .set_body_json(json!({"message": "API rate limit exceeded for user ID 1."}));
    fake.world().first.push(limited);
    let client = builder(&fake.server.uri()).build().unwrap();
    for _ in 0..2 {
        let error = client.pulls_by_number(&repo(), &numbers(1..=3)).await.unwrap_err();
        let until = match &error {
            Error::RateLimited { until, reason: Reason::PrimaryLimit, .. } => *until,
            Error::Budget { forecast } => forecast.resets_at.unwrap(),
            other => panic!("{other:?}"),
        };
        assert!((until.as_second() - reset).abs() <= 3, "{error}");
    }
    assert_eq!(client.usage().requests, 1, "the second run asks nothing");
}

#[tokio::test]
async fn a_run_that_the_allowance_does_not_hold_is_refused_beforehand() {
    let server = MockServer::start().await;
    let limits = json!({"resources": {
        "core": {"limit": 5000, "remaining": 4999, "reset": 4_000_000_000_u64, "used": 1},
        "graphql": {"limit": 5000, "remaining": 25, "reset": 4_000_000_000_u64, "used": 4975}}, "rate": {}});
    Mock::given(path("/rate_limit"))
        .respond_with(ResponseTemplate::new(200).set_body_json(limits))
        .mount(&server)
        .await;
    let client = builder(&server.uri()).build().unwrap();
    let forecast = client.forecast(client.requests_for_pulls(1300)).await.unwrap();
    assert_eq!(forecast.to_string(), "needs ~26 requests, 25 left");
    let error = client.pulls_by_number(&repo(), &numbers(1..=1300)).await.unwrap_err();
    assert!(matches!(error, Error::Budget { .. }), "{error:?}");
    assert!(error.to_string().contains("renewed at 2096-10-02T07:06:40Z"), "{error}");
    assert_eq!(client.usage().requests, 1);
}

#[tokio::test]
async fn scopes_are_checked_and_the_token_stays_secret() {
    let server = MockServer::start().await;
    let secret = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";
    Mock::given(path("/rate_limit"))
        .and(wiremock::matchers::header("authorization", format!("Bearer {secret}").as_str()))
        .respond_with(
            ResponseTemplate::new(200)
                .insert_header("x-oauth-scopes", "public_repo, read:org")
                .set_body_json(json!({})),
        )
        .mount(&server)
        .await;
    let told = Arc::new(Mutex::new(String::new()));
    let log = Arc::clone(&told);
    let client = builder(&server.uri())
        .auth(Auth::token(SecretString::from(secret)))
        .observer(move |event| log.lock().unwrap().push_str(&format!("{event:?}")))
        .build()
        .unwrap();
    assert!(matches!(client.require_scopes(&["read:org"]).await.unwrap(), Scopes::Granted(_)));
    let error = client.require_scopes(&["repo", "read:org", "workflow"]).await.unwrap_err();
    assert!(error.to_string().ends_with("the token lacks the scopes repo, workflow"), "{error}");
    assert!(!format!("{client:?}{error:?}{}", told.lock().unwrap()).contains(secret));

    // The token is not sent in the clear to another machine, and not at all to another server.
    let clear = builder("http://git.example.invalid/api/v3").auth(Auth::token(SecretString::from(secret))).build();
    assert!(clear.unwrap_err().to_string().contains("readable on the way"));
    for uri in ["http://127.0.0.1:1/repos/o/r", "https://example.invalid/x", "/../x", "//example.invalid/x"] {
        let request = http::Request::get(uri).body(bytes::Bytes::new()).unwrap();
        let error = client.request(request).await.unwrap_err();
        assert!(matches!(error, Error::Unusable { .. } | Error::NotFound { .. }), "{uri}: {error:?}");
    }
}

#[tokio::test]
async fn nothing_is_waited_for_when_the_run_is_to_stop() {
    let refusal = json!({"message": "You have exceeded a secondary rate limit."});
    let limited = ResponseTemplate::new(403).insert_header("retry-after", "400").set_body_json(refusal);
    for (name, answer) in [("a limit", limited), ("another attempt", ResponseTemplate::new(500))] {
        let server = MockServer::start().await;
        Mock::given(path("/repos/octo/tool")).respond_with(answer).mount(&server).await;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (waits, waiting) = tokio::sync::oneshot::channel::<()>();
        let waits = Mutex::new(Some(waits));
        let slow = RetryPolicy {
            first_delay: Duration::from_secs(400),
            longest_delay: Duration::from_secs(400),
            ..RetryPolicy::default()
        };
        let client = builder(&server.uri())
            .retry(slow)
            .stop_when(async { stopped.await.unwrap() })
            .observer(move |event| {
                if matches!(event, Event::Waiting(_) | Event::Retrying { attempt: 2, most: 4, .. }) {
                    waits.lock().unwrap().take().unwrap().send(()).unwrap();
                }
            })
            .build()
            .unwrap();
        let ask = |client: github_client::GithubClient, at: &'static str| async move {
            client.request(http::Request::get(at).body(bytes::Bytes::new()).unwrap()).await
        };
        let call = tokio::spawn(ask(client.clone(), "/repos/octo/tool"));
        waiting.await.unwrap();
        stop.send(()).unwrap();
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Stopped { .. }), "{name}: {error:?}");
        assert!(!error.is_retryable());
        assert_eq!(client.usage().requests, 1, "{name}");
        if name == "another attempt" {
            // What need not wait is still done: it may be the rest of something.
            assert!(ask(client.clone(), "/repos/octo/other").await.unwrap_err().is_not_found());
        } else {
            assert!(matches!(ask(client, "/repos/octo/other").await.unwrap_err(), Error::Stopped { .. }));
        }
    }
}
