//! Replies have the fields that GitHub's own examples have.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::GithubServer;
use testkit::contracts::RestContract;
use testkit::github::World;

use crate::client::Client;

/// What of an example a reply lacks, as paths; of a list the first item is looked at.
fn lacking(example: &Value, reply: &Value, path: &str, found: &mut BTreeSet<String>) {
    match (example, reply) {
        (Value::Object(example), Value::Object(reply)) => {
            for (name, value) in example {
                match reply.get(name) {
                    Some(other) => lacking(value, other, &format!("{path}/{name}"), found),
                    None => drop(found.insert(format!("{path}/{name}"))),
                }
            }
        }
        (Value::Array(example), Value::Array(reply)) => {
            if let (Some(example), Some(reply)) = (example.first(), reply.first()) {
                lacking(example, reply, path, found);
            }
        }
        _ => {}
    }
}

#[test]
fn replies_have_the_fields_of_the_examples() {
    let (Some(contract), Some(shared)) = (RestContract::load(), testkit::shared_folder()) else {
        println!("skipped: no contracts beside the workspace");
        return;
    };
    let text = std::fs::read_to_string(shared.join("contracts/github-rest/examples.json")).unwrap();
    let examples: Value = serde_json::from_str(&text).unwrap();
    let mut world = World::new();
    let repository = world.repository("o/r");
    let sha = repository.commit("main", "Start", &[("README.md", "hello\n")]);
    let tag = repository.tag("v1.0.0", "First", &sha);
    let milestone = repository.milestone("v1").number;
    repository.merge_pull(1, "Fix").labels(&["kind/bug"]).milestone(milestone);
    repository.issue(2).labels(&["kind/bug"]).milestone(milestone);
    repository.release("v1.0.0").asset("a.tgz", b"abc");
    world.fork("o/r", "someone");
    let server = GithubServer::start(world);
    let client = Client::new(server.url());
    client.post("/repos/o/r/issues/2/comments", json!({ "body": "Yes" })).expect(201);
    let paths = [
        "/repos/o/r/pulls/1".to_owned(),
        "/repos/o/r/pulls?state=all".to_owned(),
        "/repos/o/r/issues/2".to_owned(),
        "/repos/o/r/issues/2/comments".to_owned(),
        "/repos/o/r/labels".to_owned(),
        "/repos/o/r/milestones".to_owned(),
        "/repos/o/r/git/ref/heads/main".to_owned(),
        format!("/repos/o/r/git/tags/{tag}"),
        format!("/repos/o/r/git/commits/{sha}"),
        "/repos/o/r/commits".to_owned(),
        "/repos/o/r/compare/v1.0.0...main".to_owned(),
        "/repos/o/r/releases".to_owned(),
        "/repos/o/r/contents/README.md".to_owned(),
        "/repos/o/r/branches/main".to_owned(),
        "/repos/o/r/tags".to_owned(),
        "/repos/o/r/collaborators/someone/permission".to_owned(),
        "/repos/someone/r".to_owned(),
        "/rate_limit".to_owned(),
        "/search/issues?q=is:issue".to_owned(),
    ];
    for path in paths {
        let operation = contract.check_request("GET", &path, None).unwrap();
        let reply = client.get(&path).expect(200);
        let mut missing = BTreeSet::new();
        for example in examples[&operation.id]["200"].as_object().into_iter().flat_map(|all| all.values()) {
            lacking(example, &reply, "", &mut missing);
        }
        // Of a repository, the many addresses and settings that nobody needs are left out.
        let repository = |path: &&String| ["/repo/", "/parent/", "/source/"].iter().any(|part| path.contains(part));
        let missing: Vec<&str> = missing.iter().filter(|path| !repository(path)).map(String::as_str).collect();
        let known: &[&str] = match operation.id.as_str() {
            // That example is an empty reference.
            "issues/get" => &["/$ref"],
            "issues/list-comments" => &["/minimized"],
            // Of folders and submodules.
            "repos/get-content" => &["/entries", "/submodule_git_url", "/target"],
            "repos/get-branch" => &["/protection/required_status_checks"],
            "search/issues-and-pull-requests" => {
                &["/items/pull_request", "/items/type", "/lexical_fallback_reason", "/search_type"]
            }
            "repos/get" | "rate-limit/get" => continue,
            _ => &[],
        };
        assert_eq!(missing, known, "{}", operation.id);
    }
}
