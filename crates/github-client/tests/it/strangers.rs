//! What stands between a client and GitHub, or beside it.

use std::time::{Duration, Instant};

use github_client::{Error, Mode, Recording};
use serde_json::json;
use tempfile::TempDir;
use wiremock::matchers::{any, header_exists, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{builder, numbers, repo};

async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sign in to the\nnetwork</title></head></html>";

#[tokio::test]
async fn pages_and_redirects_are_no_github() {
    let login = server(ResponseTemplate::new(200).set_body_raw(PAGE, "text/html; charset=utf-8")).await;
    let page = |status: u16| ResponseTemplate::new(status).set_body_raw(PAGE, "text/html");
    let away = ResponseTemplate::new(302).insert_header("location", format!("{}/login?token=s3cret", login.uri()));
    for (name, answer, rest, graphql) in [
        ("200", page(200), "a web page, `Sign in to the network` (status 200)", "a web page"),
        ("404", page(404), "a web page, `Sign in to the network` (status 404)", "a web page"),
        ("403", page(403), "(status 403)", "(status 403)"),
        (
            "no kind",
            ResponseTemplate::new(200).set_body_raw("\n <html>", "text/plain"),
            "a web page (status 200)",
            "page",
        ),
        ("302", away, "a web page, `Sign in to the network` (status 200)", "a redirect to `http://127.0.0.1:"),
    ] {
        let server = server(answer).await;
        let client = builder(&server.uri()).build().unwrap();
        for (error, expected) in [
            (client.repository_info(&repo()).await.unwrap_err(), rest),
            (client.pulls_by_number(&repo(), &numbers(1..=100)).await.unwrap_err(), graphql),
        ] {
            assert!(matches!(&error, Error::NotGithub { .. }), "{name}: {error:?}");
            let text = error.to_string();
            assert!(text.contains(expected) && !text.contains("s3cret"), "{name}: {text}");
        }
        // Nothing is tried again: the two first batches of the second call may be under way at once.
        assert!(client.usage().requests <= 1 + 1 + 2, "{name}: {}", client.usage().requests);
    }
}

/// Text that GitHub is asked for may be a page, and an error of GitHub itself is one.
#[tokio::test]
async fn pages_that_are_answers() {
    let server = server(ResponseTemplate::new(200).set_body_raw(PAGE, "application/vnd.github.raw")).await;
    let client = builder(&server.uri()).build().unwrap();
    let request =
        http::Request::get("/repos/octo/tool/contents/index.html").header("accept", "application/vnd.github.raw");
    let answer = client.request(request.body(bytes::Bytes::new()).unwrap()).await.unwrap();
    assert_eq!(answer.body(), PAGE);
    let server = self::server(ResponseTemplate::new(502).set_body_raw(PAGE, "text/html")).await;
    let error = builder(&server.uri()).build().unwrap().repository_info(&repo()).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn single_sign_on_tells_where() {
    let url = "https://github.com/orgs/octo/sso?authorization_request=A1B2";
    let told = format!("required; url={url}");
    let refusal = json!({"message": "Resource protected by organization SAML enforcement."});
    let rest = ResponseTemplate::new(403).insert_header("x-github-sso", told.as_str()).set_body_json(refusal);
    let errors = json!({"data": {"repository": null}, "errors": [{
        "type": "FORBIDDEN", "path": ["repository"], "extensions": {"saml_failure": true},
        "message": "Resource protected by organization SAML enforcement."}]});
    let graphql = ResponseTemplate::new(200).insert_header("x-github-sso", told.as_str()).set_body_json(errors);
    let server = MockServer::start().await;
    Mock::given(path("/graphql")).respond_with(graphql).mount(&server).await;
    Mock::given(path("/repos/octo/tool")).respond_with(rest).mount(&server).await;
    let client = builder(&server.uri()).build().unwrap();
    for error in [
        client.repository_info(&repo()).await.unwrap_err(),
        client.pulls_by_number(&repo(), &numbers(1..=3)).await.unwrap_err(),
    ] {
        assert!(matches!(&error, Error::SingleSignOn { url: found, .. } if found == url), "{error:?}");
        assert!(error.to_string().ends_with(url), "{error}");
    }
}

/// A limit without its size: what is left and when there will be more is all that is needed.
#[tokio::test]
async fn a_limit_of_unknown_size_is_waited_for_to_its_end() {
    let reset = jiff::Timestamp::now().as_second() + 2;
    let limited = ResponseTemplate::new(403)
        .insert_header("x-ratelimit-remaining", "0")
        .insert_header("x-ratelimit-reset", reset.to_string().as_str())
        .set_body_json(json!({"message": "API rate limit exceeded for user ID 1."}));
    let server = MockServer::start().await;
    Mock::given(path("/repos/octo/tool")).respond_with(limited).up_to_n_times(1).mount(&server).await;
    Mock::given(path("/repos/octo/tool"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({})))
        .mount(&server)
        .await;
    let begun = Instant::now();
    let request = http::Request::get("/repos/octo/tool").body(bytes::Bytes::new()).unwrap();
    let answer = builder(&server.uri()).build().unwrap().request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(begun.elapsed() < Duration::from_secs(20), "a minute is for limits that do not tell their end");
}

/// A page that was full and the last says the same when another one follows, so it is "not modified"; its `Link` tells.
#[tokio::test]
async fn a_list_that_grew_by_a_page() {
    let server = MockServer::start().await;
    let tag = |name: &str| json!([{"name": name, "commit": {"sha": "1".repeat(40), "url": ""}, "zipball_url": "", "tarball_url": "", "node_id": ""}]);
    let tags = || path("/repos/octo/tool/tags");
    let link = format!("<{}/repos/octo/tool/tags?page=2>; rel=\"next\"", server.uri());
    Mock::given(tags())
        .and(query_param("page", "2"))
        .respond_with(ResponseTemplate::new(200).set_body_json(tag("v2")))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(tags())
        .and(header_exists("if-none-match"))
        .respond_with(ResponseTemplate::new(304).insert_header("link", link.as_str()))
        .with_priority(2)
        .mount(&server)
        .await;
    Mock::given(tags())
        .respond_with(ResponseTemplate::new(200).insert_header("etag", "\"1\"").set_body_json(tag("v1")))
        .with_priority(3)
        .mount(&server)
        .await;
    let folder = TempDir::new().unwrap();
    let names = async |mode| {
        let recording = Recording::open(folder.path()).unwrap();
        let client = builder(&server.uri()).recording(recording, mode).build().unwrap();
        let tags: Vec<_> = futures::TryStreamExt::try_collect(client.tags(&repo())).await.unwrap();
        tags.into_iter().map(|tag| tag.name).collect::<Vec<_>>()
    };
    assert_eq!(names(Mode::Cache).await, ["v1"]);
    assert_eq!(names(Mode::Cache).await, ["v1", "v2"]);
    assert_eq!(names(Mode::Offline).await, ["v1", "v2"], "and it is written down");
}
