//! Pull requests by number, whatever the server does.

use std::sync::{Arc, Mutex};

use github_client::{AuthorKind, Error, Event, Missing, PullState};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::fake::{Fake, pull, with_many_labels};
use crate::{builder, number, numbers, repo};

#[tokio::test]
async fn fifty_a_request_and_everything_is_there() {
    let fake = Fake::start(1..=120).await;
    let client = builder(&fake.server.uri()).build().unwrap();
    let batch = client.pulls_by_number(&repo(), &numbers((1..=120).chain([7, 7]))).await.unwrap();
    assert_eq!(batch.found.len(), 120);
    assert!(batch.missing.is_empty() && batch.failed.is_empty());
    let sizes: Vec<usize> = fake.asked().into_iter().map(|(_, count)| count).collect();
    assert_eq!(sizes, [20, 50, 50]);
    assert_eq!(client.usage().requests, 3);
    let pull = &batch.found[&number(7)];
    assert_eq!(pull.title, "Change 7");
    assert_eq!(pull.body, "```release-note\r\nchange 7\r\n```");
    assert_eq!((pull.state, pull.head_label().as_str()), (PullState::Merged, "someone:fix"));
    assert_eq!(pull.merge_commit.as_ref().unwrap().as_str(), format!("{:040x}", 7));
}

#[tokio::test]
async fn authors_may_be_bots_or_gone() {
    let fake = Fake::start([]).await;
    let with_author = |number: u64, author: Value| {
        let mut pull = pull(number);
        pull["author"] = author;
        pull["headRepositoryOwner"] = Value::Null;
        pull["milestone"] = Value::Null;
        pull["mergeCommit"] = Value::Null;
        (number, pull)
    };
    fake.world().pulls = [
        with_author(
            1,
            json!({"__typename": "Bot", "login": "dependabot", "url": "https://github.com/apps/dependabot"}),
        ),
        with_author(2, json!({"__typename": "Bot", "login": "renovate", "url": null})),
        with_author(3, Value::Null),
        with_author(4, json!({"__typename": "Mannequin", "login": "old", "url": "https://github.com/old"})),
    ]
    .into();
    let client = builder(&fake.server.uri()).recorded_as("github.com").build().unwrap();
    let batch = client.pulls_by_number(&repo(), &numbers(1..=4)).await.unwrap();
    let author = |n| batch.found[&number(n)].author.clone();
    let bot = author(1).unwrap();
    assert_eq!((bot.login.as_str(), bot.url.as_str()), ("dependabot[bot]", "https://github.com/apps/dependabot"));
    assert_eq!(bot.kind, AuthorKind::Bot);
    assert_eq!(author(2).unwrap().url, format!("{}/apps/renovate", fake.server.uri()));
    assert_eq!(author(3), None);
    assert_eq!(author(4).unwrap().kind, AuthorKind::Other);
    assert_eq!(batch.found[&number(3)].head_label(), "fix");
}

#[tokio::test]
async fn numbers_that_are_no_pull_requests_fail_alone() {
    let fake = Fake::start([1, 3]).await;
    fake.world().issues.insert(2);
    let client = builder(&fake.server.uri()).build().unwrap();
    let batch = client.pulls_by_number(&repo(), &numbers([1, 2, 3, 4, 9_999_999_999])).await.unwrap();
    assert_eq!(batch.found.keys().map(|n| n.get()).collect::<Vec<_>>(), [1, 3]);
    let missing: Vec<_> = batch.missing.into_iter().map(|(n, why)| (n.get(), why)).collect();
    assert_eq!(missing, [(2, Missing::Issue), (4, Missing::Absent), (9_999_999_999, Missing::Absent)]);
    assert!(batch.failed.is_empty());
    assert_eq!(fake.asked(), [("PullsByNumber".to_owned(), 4)]);
}

#[tokio::test]
async fn a_batch_that_is_too_much_is_halved_and_grows_again() {
    let fake = Fake::start(1..=200).await;
    fake.world().bears = Some(30);
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&sizes);
    let client = builder(&fake.server.uri())
        .observer(move |event| {
            if let Event::BatchSize { size } = event {
                log.lock().unwrap().push(*size);
            }
        })
        .build()
        .unwrap();
    let batch = client.pulls_by_number(&repo(), &numbers(1..=200)).await.unwrap();
    assert_eq!((batch.found.len(), batch.failed.len()), (200, 0));
    let sizes = sizes.lock().unwrap();
    assert_eq!(sizes[..2], [25, 50], "{sizes:?}");
}

#[tokio::test]
async fn one_that_fails_for_ever_is_named_and_the_others_are_there() {
    for status in [500, 502, 200] {
        let fake = Fake::start(1..=120).await;
        fake.world().poisoned.insert(77, status);
        let client = builder(&fake.server.uri()).build().unwrap();
        let batch = client.pulls_by_number(&repo(), &numbers(1..=120)).await.unwrap();
        assert_eq!(batch.found.len(), 119, "status {status}");
        assert_eq!(batch.failed.len(), 1, "status {status}");
        let (failed, error) = batch.whole().unwrap_err();
        assert_eq!(failed, number(77));
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert!(error.to_string().contains("pull request #77 of octo/tool"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_down_ends_the_run() {
    let fake = Fake::start(1..=120).await;
    fake.world().poisoned.extend((1..=120).map(|number| (number, 503)));
    let client = builder(&fake.server.uri()).build().unwrap();
    let error = client.pulls_by_number(&repo(), &numbers(1..=120)).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    let requests = client.usage().requests;
    assert!(requests < 60, "{requests} requests to a server that is down");
}

#[tokio::test]
async fn labels_beyond_the_first_fifty_are_there() {
    let fake = Fake::start([]).await;
    fake.world().pulls.insert(5, with_many_labels(5));
    let client = builder(&fake.server.uri()).build().unwrap();
    let batch = client.pulls_by_number(&repo(), &numbers([5])).await.unwrap();
    let expected: Vec<String> = (0..320).map(|index| format!("label-{index}")).collect();
    assert_eq!(batch.found[&number(5)].labels, expected);
}

#[tokio::test]
async fn a_renamed_repository_is_followed_and_told() {
    let fake = Fake::start([1]).await;
    fake.world().name = Some("octo/new-tool".to_owned());
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let client = builder(&fake.server.uri())
        .observer(move |event| {
            if let Event::Moved { from, to } = event {
                log.lock().unwrap().push(format!("{from} {to}"));
            }
        })
        .build()
        .unwrap();
    for _ in 0..2 {
        assert_eq!(client.pulls_by_number(&repo(), &numbers([1])).await.unwrap().found.len(), 1);
    }
    assert_eq!(*told.lock().unwrap(), ["octo/tool octo/new-tool"]);
    assert_eq!(client.renamed(&repo()), Some("octo/new-tool".parse().unwrap()));
}

#[tokio::test]
async fn what_concerns_all_numbers_is_one_error() {
    let gone = json!({"data": {"repository": null}, "errors": [
        {"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve to a Repository with the name 'octo/tool'."}]});
    let scopes = json!({"data": null, "errors": [{"type": "INSUFFICIENT_SCOPES",
        "message": "Your token has not been granted the required scopes to execute this query. The 'x' field requires one of the \
                    following scopes: ['read:org'], but your token has only been granted the: ['gist'] scopes."}]});
    let forbidden = json!({"data": {"repository": null}, "errors": [{"type": "FORBIDDEN", "path": ["repository"],
        "message": "Resource protected by organization SAML enforcement."}]});
    let syntax = json!({"errors": [{"message": "Parse error on \"}\""}]});
    let cases = [
        ("no such repository", 200, gone, "octo/tool`: not found"),
        ("scopes", 200, scopes, "lacks the scopes read:org"),
        ("forbidden", 200, forbidden, "denied: Resource protected by organization SAML enforcement."),
        ("syntax", 200, syntax, "GraphQL: Parse error"),
        ("bad token", 401, json!({"message": "Bad credentials"}), "does not accept the token: Bad credentials"),
    ];
    for (name, status, body, expected) in cases {
        let fake = Fake::start([1]).await;
        fake.world().first.push(ResponseTemplate::new(status).set_body_json(body));
        let client = builder(&fake.server.uri()).build().unwrap();
        let error = client.pulls_by_number(&repo(), &numbers([1])).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{name}: {error}");
        assert_eq!(client.usage().requests, 1, "{name}");
    }
}
