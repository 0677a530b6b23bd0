//! A small GitHub of pull requests that answers GraphQL, and can be told to fail.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// What the server holds and does.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) pulls: BTreeMap<u64, Value>,
    pub(crate) issues: BTreeSet<u64>,
    /// Questions with one of these fail as a whole, with this status or, for 200, with GraphQL's own error.
    pub(crate) poisoned: BTreeMap<u64, u16>,
    /// Questions for more numbers than this run out of time.
    pub(crate) bears: Option<usize>,
    /// These answers come first, whatever is asked.
    pub(crate) first: Vec<ResponseTemplate>,
    pub(crate) delay: Duration,
    pub(crate) name: Option<String>,
    /// Every question: when it came, its name, how many numbers.
    pub(crate) log: Vec<(Instant, String, usize)>,
}

pub(crate) struct Fake {
    pub(crate) server: MockServer,
    world: Arc<Mutex<World>>,
}

impl Fake {
    pub(crate) async fn start(pulls: impl IntoIterator<Item = u64>) -> Self {
        let world = Arc::new(Mutex::new(World::default()));
        world.lock().unwrap().pulls = pulls.into_iter().map(|number| (number, pull(number))).collect();
        let server = MockServer::start().await;
        let answers = Arc::clone(&world);
        Mock::given(method("POST"))
            .and(path("/graphql"))
            .respond_with(move |request: &Request| answer(&mut answers.lock().unwrap(), request))
            .mount(&server)
            .await;
        Self { server, world }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// The names of the questions so far, each with its count of numbers, sorted; and forgets them.
    pub(crate) fn asked(&self) -> Vec<(String, usize)> {
        let mut asked: Vec<_> = self.world().log.drain(..).map(|(_, name, count)| (name, count)).collect();
        asked.sort();
        asked
    }
}

/// A merged pull request in GraphQL's form.
pub(crate) fn pull(number: u64) -> Value {
    json!({
        "__typename": "PullRequest",
        "number": number,
        "url": format!("https://github.com/octo/tool/pull/{number}"),
        "title": format!("Change {number}"),
        "body": format!("```release-note\r\nchange {number}\r\n```"),
        "state": "MERGED",
        "mergedAt": "2024-01-02T03:04:05Z",
        "updatedAt": "2024-01-02T03:04:06Z",
        "baseRefName": "main",
        "headRefName": "fix",
        "headRepositoryOwner": {"login": "someone"},
        "author": {"__typename": "User", "login": "someone", "url": "https://github.com/someone"},
        "mergeCommit": {"oid": format!("{number:040x}")},
        "milestone": {"title": "v1.0"},
        "labels": labels(&["kind/bug".to_owned()], 0),
    })
}

fn labels(all: &[String], from: usize) -> Value {
    let page = &all[from..all.len().min(from + if from == 0 { 50 } else { 100 })];
    let end = from + page.len();
    json!({
        "totalCount": all.len(),
        "pageInfo": {"hasNextPage": end < all.len(), "endCursor": end.to_string()},
        "nodes": page.iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
    })
}

/// The numbers after this field of the document.
fn asked(document: &str, field: &str) -> Vec<u64> {
    let start = format!(":{field}(number:");
    let parts = document.split(&start).skip(1);
    parts.map(|part| part.split(')').next().unwrap().parse().unwrap()).collect()
}

fn answer(world: &mut World, request: &Request) -> ResponseTemplate {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let (document, variables) = (body["query"].as_str().unwrap(), &body["variables"]);
    let name = document.split(['(', '{']).next().unwrap().trim_start_matches("query ").to_owned();
    let pulls = [asked(document, "pullRequest"), asked(document, "issueOrPullRequest")].concat();
    world.log.push((Instant::now(), name.clone(), pulls.len()));
    if !world.first.is_empty() {
        return world.first.remove(0);
    }
    if let Some(status) = pulls.iter().find_map(|number| world.poisoned.get(number)) {
        let wrong = json!({"data": null, "errors": [{"message": "Something went wrong while executing your query."}]});
        return ResponseTemplate::new(*status).set_body_json(wrong);
    }
    if world.bears.is_some_and(|most| pulls.len() > most) {
        return ResponseTemplate::new(502).set_body_string("<html>Unicorn!</html>");
    }
    let mut errors = Vec::new();
    let mut repository = json!({"nameWithOwner": world.name.as_deref().unwrap_or("octo/tool")});
    let not_found = |number: u64| {
        json!({
            "type": "NOT_FOUND",
            "path": ["repository", format!("p{number}")],
            "message": format!("Could not resolve to a PullRequest with the number of {number}."),
        })
    };
    for number in pulls {
        if world.issues.contains(&number) {
            repository[format!("p{number}")] = json!({"__typename": "Issue"});
            continue;
        }
        let found = world.pulls.get(&number);
        if found.is_none() {
            errors.push(not_found(number));
        }
        repository[format!("p{number}")] = match found {
            Some(pull) if name == "UpdatedAt" => json!({"updatedAt": pull["updatedAt"]}),
            Some(pull) => pull.clone(),
            None => Value::Null,
        };
    }
    if name == "MoreLabels" {
        let all: Vec<String> = (0..320).map(|index| format!("label-{index}")).collect();
        let from = variables["after"].as_str().unwrap().parse().unwrap();
        repository["pullRequest"] = json!({"labels": labels(&all, from)});
    }
    if name == "PullsUpdated" {
        let mut merged: Vec<&Value> = world.pulls.values().filter(|pull| pull["state"] == "MERGED").collect();
        merged.sort_by_key(|pull| std::cmp::Reverse(pull["updatedAt"].as_str().unwrap()));
        let from: usize = variables["after"].as_str().map_or(0, |after| after.parse().unwrap());
        let page: Vec<Value> = merged[from..merged.len().min(from + 100)]
            .iter()
            .map(|pull| json!({"number": pull["number"], "updatedAt": pull["updatedAt"]}))
            .collect();
        let end = from + page.len();
        let more = end < merged.len();
        repository["pullRequests"] =
            json!({"pageInfo": {"hasNextPage": more, "endCursor": end.to_string()}, "nodes": page});
    }
    let mut reply = json!({"data": {"repository": repository}});
    if !errors.is_empty() {
        reply["errors"] = errors.into();
    }
    ResponseTemplate::new(200).set_body_json(reply).set_delay(world.delay)
}

/// A pull request with 320 labels, of which GraphQL gives fifty at first.
pub(crate) fn with_many_labels(number: u64) -> Value {
    let mut pull = pull(number);
    let all: Vec<String> = (0..320).map(|index| format!("label-{index}")).collect();
    pull["labels"] = labels(&all, 0);
    pull
}
