//! What goes wrong on purpose, limits, tokens, and what is counted.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::GithubServer;
use testkit::github::{Answer, Budget, Fault, On, Resource, World};

use crate::client::Client;

fn start() -> (GithubServer, Client) {
    let mut world = World::new();
    for number in 1..=9 {
        world.repository("o/r").pull(number);
    }
    let server = GithubServer::start(world);
    let client = Client::new(server.url());
    (server, client)
}

fn batch(numbers: &[u64]) -> String {
    let aliases: String = numbers.iter().map(|n| format!("p{n}: pullRequest(number: {n}) {{ number }} ")).collect();
    format!("{{ repository(owner: \"o\", name: \"r\") {{ {aliases} }} }}")
}

#[test]
fn a_number_that_always_fails() {
    let (server, client) = start();
    server.inject(Fault::new(On::Pull(5), Answer::Status(500)));
    assert_eq!(client.get("/repos/o/r/pulls/5").status, 500);
    assert_eq!(client.get("/repos/o/r/pulls/4").status, 200);
    for (numbers, status) in [(vec![1, 2], 200), (vec![4, 5, 6], 500), (vec![5], 500)] {
        assert_eq!(client.graphql(&batch(&numbers), Value::Null).status, status, "{numbers:?}");
    }
    let variable = "query Q($n: Int!) { repository(owner: \"o\", name: \"r\") { pullRequest(number: $n) { id } } }";
    assert_eq!(client.graphql(variable, json!({ "n": 5 })).status, 500);
    server.heal();
    assert_eq!(client.graphql(variable, json!({ "n": 5 })).status, 200);
}

#[test]
fn every_kind_of_answer() {
    let (server, client) = start();
    let ask = || client.try_send("GET", "/repos/o/r/pulls/1", &[], b"");
    let one = |answer| {
        server.inject(Fault::new(On::Any, answer).times(1));
        let answer = ask();
        assert_eq!(ask().map(|after| after.status), Some(200), "only once");
        answer
    };
    let page = one(Answer::Page(502)).unwrap();
    assert_eq!((page.status, page.header("content-type")), (502, "text/html; charset=utf-8"));
    let limited = one(Answer::SecondaryLimit(None)).unwrap();
    assert_eq!((limited.status, limited.header("retry-after")), (403, ""));
    assert!(limited.json()["message"].as_str().unwrap().contains("secondary rate limit"));
    assert!(one(Answer::CutBody).is_none());
    assert!(one(Answer::Closed).is_none());
    assert_eq!(one(Answer::Text("{".to_owned())).unwrap().body, b"{");
    let begin = Instant::now();
    assert_eq!(one(Answer::Late(Duration::from_millis(120))).unwrap().status, 200);
    assert!(begin.elapsed() >= Duration::from_millis(120));

    server.inject(Fault::new(On::MoreThan(2), Answer::SomethingWentWrong));
    let reply = client.graphql(&batch(&[1, 2, 3]), Value::Null).expect(200);
    assert_eq!(reply["data"], Value::Null);
    assert!(reply["errors"][0]["message"].as_str().unwrap().starts_with("Something went wrong"));
    assert_eq!(client.graphql(&batch(&[1, 2]), Value::Null).expect(200)["errors"], Value::Null);
    server.heal().inject(Fault::new(On::Graphql, Answer::RateLimited(None)));
    assert_eq!(client.graphql(&batch(&[1]), Value::Null).expect(200)["errors"][0]["type"], "RATE_LIMITED");
}

#[test]
fn silence_ends_with_the_client() {
    let (server, client) = start();
    server.inject(Fault::new(On::Any, Answer::Silence).times(1));
    let waiting = std::net::TcpStream::connect(server.url().trim_start_matches("http://")).unwrap();
    std::io::Write::write_all(&mut &waiting, b"GET /rate_limit HTTP/1.1\r\nhost: x\r\nuser-agent: testkit\r\n\r\n")
        .unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(server.seen()[0].took, None);
    drop(waiting);
    assert_eq!(client.get("/rate_limit").status, 200);
    std::thread::sleep(Duration::from_millis(100));
    assert!(server.seen()[0].took.is_some() && server.seen()[0].status.is_none());
}

/// After a limit was told, who comes too early is refused, and remembered.
#[test]
fn retry_after() {
    let (server, client) = start();
    let wait = Duration::from_millis(900);
    server.inject(Fault::new(On::Any, Answer::SecondaryLimit(Some(wait))).after(1).times(1));
    assert_eq!(client.get("/repos/o/r/pulls/1").status, 200);
    let limited = client.get("/repos/o/r/pulls/2");
    assert_eq!((limited.status, limited.header("retry-after")), (403, "1"));
    std::thread::sleep(Duration::from_millis(250));
    assert_eq!(client.get("/repos/o/r/pulls/3").status, 403);
    assert_eq!(server.counts().early, 1);
    std::thread::sleep(wait);
    assert_eq!(client.get("/repos/o/r/pulls/3").status, 200);
    assert_eq!(server.counts().early, 1);
}

#[test]
fn budgets_count_down() {
    let (server, client) = start();
    server.budget(Resource::Core, Budget::new(3, 0, Duration::from_secs(3_600)));
    for left in ["2", "1", "0"] {
        let answer = client.get("/repos/o/r/pulls/1");
        assert_eq!((answer.status, answer.header("x-ratelimit-remaining")), (200, left));
        assert_eq!((answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-resource")), ("3", "core"));
    }
    let over = client.get("/repos/o/r/pulls/1");
    assert_eq!((over.status, over.header("x-ratelimit-remaining")), (403, "0"));
    let reset: u64 = over.header("x-ratelimit-reset").parse().unwrap();
    let rest = client.get("/rate_limit").expect(200);
    assert_eq!(
        (&rest["resources"]["core"]["remaining"], &rest["resources"]["core"]["reset"]),
        (&json!(0), &json!(reset))
    );
    assert_eq!(rest["resources"]["graphql"]["remaining"], 5_000);
    // A new window begins by itself.
    server.budget(Resource::Core, Budget::new(3, 3, Duration::from_secs(1)));
    std::thread::sleep(Duration::from_millis(1_050));
    assert_eq!(client.get("/repos/o/r/pulls/1").status, 200);
}

#[test]
fn what_is_unchanged_costs_nothing() {
    let (server, client) = start();
    let path = "/repos/o/r/pulls/1";
    let first = client.get(path);
    let tag = first.header("etag").to_owned();
    let ask = || client.try_send("GET", path, &[("if-none-match", &tag)], b"").unwrap();
    let again = ask();
    assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, tag.as_str()));
    assert_eq!((again.header("x-ratelimit-used"), server.counts().unchanged), ("1", 1));
    client.patch(path, json!({ "title": "Another" })).expect(200);
    assert_eq!(ask().status, 200);
}

#[test]
fn tokens_and_scopes() {
    let (server, mut client) = start();
    server.token("reads", "someone", &["read:org"]).token("writes", "someone", &["public_repo"]);
    let issue = || json!({ "title": "x" });
    assert_eq!(client.get("/repos/o/r/pulls/1").status, 200);
    assert_eq!(client.post("/repos/o/r/issues", issue()).status, 401);
    assert_eq!(client.graphql("{ viewer { login } }", Value::Null).status, 401);
    client.token = Some("wrong".to_owned());
    assert_eq!(client.get("/repos/o/r/pulls/1").expect(401)["message"], "Bad credentials");
    client.token = Some("reads".to_owned());
    let refused = client.post("/repos/o/r/issues", issue());
    assert_eq!((refused.status, refused.header("x-oauth-scopes")), (404, "read:org"));
    assert_eq!(refused.header("x-accepted-oauth-scopes"), "public_repo, repo");
    client.token = Some("writes".to_owned());
    assert_eq!(client.post("/repos/o/r/issues", issue()).expect(201)["user"]["login"], "someone");
    let viewer = client.graphql("{ viewer { login } }", Value::Null).expect(200);
    assert_eq!(viewer["data"]["viewer"]["login"], "someone");
    assert_eq!(client.get("/user").expect(200)["login"], "someone");
}

#[test]
fn latency_and_counts() {
    let (server, client) = start();
    server.latency(Duration::from_millis(150));
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for number in 1..=4 {
            let client = &client;
            scope.spawn(move || client.get(&format!("/repos/o/r/pulls/{number}")).expect(200));
        }
    });
    let took = begin.elapsed();
    assert!(took >= Duration::from_millis(150), "{took:?}");
    let counts = server.counts();
    assert_eq!((counts.requests(), counts.rest, counts.greatest_in_flight), (4, 4, 4));
    assert!(counts.bytes_out > 4_000 && counts.bytes_in == 0, "{counts:?}");
    assert!(server.seen().iter().all(|seen| seen.took.is_some_and(|took| took >= Duration::from_millis(150))));
    assert_eq!(server.forget_counts().counts().requests(), 0);
}
