//! What goes wrong at a strict GitHub, and what a caller is told.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use github_client::{Auth, Error, Event, Mode, Reason, Recording, RepoId};
use secrecy::SecretString;
use tempfile::TempDir;
use testkit::GithubServer;
use testkit::github::{Answer, Budget, Early, Fault, On, Resource};

use crate::server_pulls::world;
use crate::{builder, number, numbers, repo};

fn eight() -> NonZeroUsize {
    NonZeroUsize::new(8).unwrap()
}

/// A 403 with `Retry-After` while eight requests are in flight: nothing starts before its time.
#[tokio::test]
async fn retry_after_while_eight_are_in_flight() {
    let server = GithubServer::start(world(30));
    server.latency(Duration::from_millis(150));
    server.inject(Fault::new(On::Rest, Answer::SecondaryLimit(Some(Duration::from_secs(1)))).after(2).times(1));
    let client = builder(server.url()).concurrency(eight()).build().unwrap();
    let calls = (1..=24).map(|number| {
        let request = http::Request::get(format!("/repos/octo/tool/pulls/{number}"));
        let (client, request) = (client.clone(), request.body(bytes::Bytes::new()).unwrap());
        async move { client.request(request).await.unwrap().status() }
    });
    let statuses = futures::future::join_all(calls).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let (seen, counts) = (server.seen(), server.counts());
    assert_eq!((counts.greatest_in_flight, counts.early), (8, 0), "{counts:?}");
    // It takes a client a moment to hear of a limit; what it begins after that begins when it is over.
    let refused = seen.iter().find(|one| one.status == Some(403)).unwrap();
    let told = refused.started + refused.took.unwrap();
    for one in seen.iter().filter(|one| one.started > told + Duration::from_millis(200)) {
        assert!(one.started >= told + Duration::from_millis(970), "{:?} early", one.started - told);
        assert_eq!(one.early, Early::No);
    }
}

/// The same for batches, where the limit comes as an answer of GraphQL without a time: a long wait is an error.
#[tokio::test]
async fn a_limit_without_a_time_is_not_sat_out() {
    let server = GithubServer::start(world(10));
    server.inject(Fault::new(On::Graphql, Answer::RateLimited(None)).times(1));
    let client = builder(server.url()).build().unwrap();
    let error = client.pulls_by_number(&repo(), &numbers(1..=10)).await.unwrap_err();
    assert!(matches!(error, Error::RateLimited { .. }), "{error:?}");
    assert_eq!(server.counts().requests(), 1);
}

/// One pull request answers 500 for ever: it alone fails, and it is named.
#[tokio::test]
async fn one_that_fails_for_ever_is_named() {
    let server = GithubServer::start(world(200));
    server.inject(Fault::new(On::Pull(137), Answer::Status(500)));
    let client = builder(server.url()).build().unwrap();
    let batch = client.pulls_by_number(&repo(), &numbers(1..=200)).await.unwrap();
    assert_eq!(batch.found.len(), 199);
    assert_eq!(batch.failed.keys().copied().collect::<Vec<_>>(), [number(137)]);
    let (failed, error) = batch.whole().unwrap_err();
    assert_eq!(failed, number(137));
    assert!(error.to_string().contains("pull request #137 of octo/tool"), "{error}");
    // Halving finds it in a handful of requests, not one for each pull request.
    assert!(server.counts().requests() <= 4 + 2 * 6 + 3, "{:?}", server.counts());
}

#[tokio::test]
async fn batches_that_are_too_large_become_smaller() {
    for answer in [Answer::SomethingWentWrong, Answer::Page(502), Answer::Status(504), Answer::CutBody] {
        let server = GithubServer::start(world(120));
        server.inject(Fault::new(On::MoreThan(15), answer.clone()));
        let client = builder(server.url()).build().unwrap();
        let batch = client.pulls_by_number(&repo(), &numbers(1..=120)).await.unwrap().whole();
        let batch = batch.unwrap_or_else(|(number, error)| panic!("{answer:?}: {number}: {error}"));
        assert_eq!(batch.found.len(), 120, "{answer:?}");
        assert!(server.counts().requests() <= 30, "{answer:?}: {:?}", server.counts());
    }
}

#[tokio::test]
async fn a_renamed_repository_is_followed_and_told() {
    let mut world = world(5);
    world.rename("octo/tool", "octo/new-tool");
    let server = GithubServer::start(world);
    let moved = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&moved);
    let client = builder(server.url())
        .observer(move |event| {
            if let Event::Moved { from, to } = event {
                told.lock().unwrap().push((from.to_string(), to.to_string()));
            }
        })
        .build()
        .unwrap();
    let batch = client.pulls_by_number(&repo(), &numbers(1..=5)).await.unwrap().whole().unwrap();
    assert_eq!(batch.found.len(), 5);
    assert!(batch.found[&number(1)].url.starts_with("https://github.com/octo/new-tool/"));
    assert_eq!(client.repository_info(&repo()).await.unwrap().full_name.to_string(), "octo/new-tool");
    assert_eq!(*moved.lock().unwrap(), [("octo/tool".to_owned(), "octo/new-tool".to_owned())]);
}

#[tokio::test]
async fn a_repository_that_is_not_there() {
    let server = GithubServer::start(world(1));
    let client = builder(server.url()).build().unwrap();
    let other: RepoId = "octo/other".parse().unwrap();
    for error in [
        client.pulls_by_number(&other, &numbers(1..=3)).await.unwrap_err(),
        client.repository_info(&other).await.unwrap_err(),
    ] {
        assert!(error.is_not_found() && error.to_string().contains("octo/other"), "{error}");
    }
}

#[tokio::test]
async fn tokens_that_are_wrong_or_too_weak() {
    let server = GithubServer::start(world(3));
    server.token("right", "someone", &["repo"]);
    let client = |token: &str| builder(server.url()).auth(Auth::token(SecretString::from(token))).build().unwrap();
    let wrong = client("wrong-0123456789").pulls_by_number(&repo(), &numbers(1..=3)).await.unwrap_err();
    assert!(matches!(wrong, Error::BadCredentials { .. }), "{wrong:?}");
    assert!(!format!("{wrong:?}{wrong}").contains("wrong-0123456789"));
    // GraphQL wants a token always.
    let none = builder(server.url()).build().unwrap().pulls_by_number(&repo(), &numbers(1..=3)).await.unwrap_err();
    assert!(matches!(none, Error::BadCredentials { .. } | Error::Denied { .. }), "{none:?}");
    let right = client("right").pulls_by_number(&repo(), &numbers(1..=3)).await.unwrap();
    assert_eq!(right.found.len(), 3);
}

/// Nobody listens: an error that may go away, in a bounded time, with what was asked for.
#[tokio::test]
async fn no_network() {
    let server = GithubServer::start(world(1));
    let url = server.url().to_owned();
    server.finish();
    let client = builder(&url).build().unwrap();
    let error = client.repository_info(&repo()).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }) && error.is_retryable(), "{error:?}");
    match client.pulls_by_number(&repo(), &numbers(1..=3)).await {
        Err(error) => assert!(error.is_retryable(), "{error}"),
        Ok(batch) => assert!(batch.found.is_empty() && batch.failed.len() == 3, "{batch:?}"),
    }
}

/// An answer that never comes is given up, and asked for again.
#[tokio::test]
async fn silence_is_not_waited_for_without_end() {
    let server = GithubServer::start(world(10));
    server.inject(Fault::new(On::Graphql, Answer::Silence).times(1));
    let client = builder(server.url()).request_timeout(Duration::from_millis(400)).build().unwrap();
    let batch = client.pulls_by_number(&repo(), &numbers(1..=10)).await.unwrap().whole().unwrap();
    assert_eq!(batch.found.len(), 10);
}

#[tokio::test]
async fn a_budget_that_does_not_hold_the_run() {
    let server = GithubServer::start(world(600));
    server.budget(Resource::Graphql, Budget::new(5_000, 4_995, Duration::from_secs(1_800)));
    let client = builder(server.url()).build().unwrap();
    let forecast = client.forecast(client.requests_for_pulls(600)).await.unwrap();
    assert_eq!(forecast.to_string(), "needs ~12 requests, 5 left");
    assert!(matches!(forecast.check(), Err(Error::Budget { .. })));
    let error = client.pulls_by_number(&repo(), &numbers(1..=600)).await.unwrap_err();
    assert!(matches!(error, Error::Budget { .. }), "{error:?}");
    assert_eq!(server.counts().graphql, 0);
    // What it does hold is done, to the last point.
    let batch = client.pulls_by_number(&repo(), &numbers(1..=250)).await.unwrap();
    assert_eq!((batch.found.len(), server.budget_of(Resource::Graphql).remaining()), (250, 0));
    let over = client.pulls_by_number(&repo(), &numbers(1..=1)).await.unwrap_err();
    assert!(matches!(over, Error::RateLimited { reason: Reason::PrimaryLimit, .. } | Error::Budget { .. }), "{over:?}");
}

/// What was had before a failure is kept, so that the next run asks for the rest only.
#[tokio::test]
async fn a_run_that_was_stopped_goes_on() {
    let server = GithubServer::start(world(200));
    server.inject(Fault::new(On::Pull(150), Answer::Status(500)));
    let folder = TempDir::new().unwrap();
    let client =
        || builder(server.url()).recording(Recording::open(folder.path()).unwrap(), Mode::Cache).build().unwrap();
    let first = client().cached_pulls(&repo(), &numbers(1..=200)).await.unwrap();
    assert_eq!((first.found.len(), first.failed.len()), (199, 1));
    server.heal().forget_counts();
    let second = client().cached_pulls(&repo(), &numbers(1..=200)).await.unwrap().whole().unwrap();
    assert_eq!(second.found.len(), 200);
    assert!(server.counts().requests() <= 2, "{:?}", server.counts());
}
