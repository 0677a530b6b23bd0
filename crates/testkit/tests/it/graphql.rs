//! GraphQL of the fake GitHub.

use serde_json::{Value, json};
use testkit::GithubServer;
use testkit::github::{Budget, Resource, World};

use crate::client::Client;

const COMMIT: &str = "bc80b36ff59cc5bfb82e7a4d1c3a1e1e9c3f0d11";

/// What a client of release notes wants to know of a pull request.
const PULL: &str = "number url title body state merged mergedAt updatedAt baseRefName headRefName isCrossRepository
    headRepositoryOwner { login } author { __typename login url } mergeCommit { oid } milestone { title number }
    labels(first: 50) { totalCount nodes { name } pageInfo { hasNextPage endCursor } }";

fn world() -> World {
    let mut world = World::new();
    let repository = world.repository("o/r");
    let milestone = repository.milestone("v1.0").number;
    repository.pull(7).title("Fix it").body("It was\r\nbroken").labels(&["kind/bug", "sig/node"]).milestone(milestone);
    let pull = repository.issues.get_mut(&7).expect("it was just made");
    pull.author("helper[bot]").head("someone/r", "fix").updated_at("2024-03-01T00:00:00Z").merged(COMMIT);
    repository.pull(8).author_deleted().base("release-1.0");
    repository.issue(9).title("It is broken");
    let many: Vec<String> = (0..120).map(|number| format!("label-{number:03}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    repository.pull(10).labels(&many);
    world
}

#[test]
fn pull_requests_by_number() {
    let server = GithubServer::start(world());
    let client = Client::new(server.url());
    let query = format!(
        "query Q($o: String!, $r: String!, $n: Int!) {{
            repository(owner: $o, name: $r) {{ p7: pullRequest(number: $n) {{ ...f }} p8: pullRequest(number: 8) {{ ...f }} }}
            rateLimit {{ cost remaining limit used nodeCount resetAt }}
        }} fragment f on PullRequest {{ {PULL} }}"
    );
    let reply = client.graphql(&query, json!({ "o": "o", "r": "r", "n": 7 })).expect(200);
    let labels = json!({
        "totalCount": 2, "nodes": [{ "name": "kind/bug" }, { "name": "sig/node" }],
        "pageInfo": { "hasNextPage": false, "endCursor": "Y3Vyc29yOnYyOjE=" },
    });
    let expected = json!({
        "number": 7, "url": "https://github.com/o/r/pull/7", "title": "Fix it", "body": "It was\r\nbroken",
        "state": "MERGED", "merged": true, "mergedAt": "2024-03-01T00:00:00Z", "updatedAt": "2024-03-01T00:00:00Z",
        "baseRefName": "main", "headRefName": "fix", "isCrossRepository": true,
        "headRepositoryOwner": { "login": "someone" },
        "author": { "__typename": "Bot", "login": "helper", "url": "https://github.com/apps/helper" },
        "mergeCommit": { "oid": COMMIT }, "milestone": { "title": "v1.0", "number": 1 }, "labels": labels,
    });
    assert_eq!(reply["data"]["repository"]["p7"], expected);
    let open = &reply["data"]["repository"]["p8"];
    assert_eq!([&open["author"], &open["mergeCommit"], &open["mergedAt"]], [&Value::Null; 3], "{open}");
    assert_eq!(
        (&open["state"], &open["baseRefName"], &open["body"]),
        (&json!("OPEN"), &json!("release-1.0"), &json!(""))
    );
    let limit = &reply["data"]["rateLimit"];
    assert_eq!((&limit["cost"], &limit["remaining"], &limit["nodeCount"]), (&json!(1), &json!(4_999), &json!(100)));
    assert_eq!(reply["errors"], Value::Null);
    assert_eq!((server.counts().graphql, server.counts().points), (1, 1));
}

#[test]
fn what_is_missing_fails_alone() {
    let server = GithubServer::start(world());
    let client = Client::new(server.url());
    let query = "{ repository(owner: \"o\", name: \"r\") {
        a: pullRequest(number: 9) { title } b: pullRequest(number: 8) { number } c: pullRequest(number: 404) { title }
    } }";
    let reply = client.graphql(query, Value::Null).expect(200);
    assert_eq!(reply["data"]["repository"], json!({ "a": null, "b": { "number": 8 }, "c": null }));
    let errors = reply["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2, "{reply}");
    for (error, (alias, number)) in errors.iter().zip([("a", 9), ("c", 404)]) {
        assert_eq!((&error["type"], &error["path"]), (&json!("NOT_FOUND"), &json!(["repository", alias])));
        let message = format!("Could not resolve to a PullRequest with the number of {number}.");
        assert_eq!(error["message"], json!(message));
        assert!(error["locations"][0]["line"].is_u64(), "{error}");
    }
    let nobody = client.graphql("{ repository(owner: \"o\", name: \"x\") { id } }", Value::Null).expect(200);
    assert_eq!((&nobody["data"]["repository"], &nobody["errors"][0]["type"]), (&Value::Null, &json!("NOT_FOUND")));
}

#[test]
fn pages_of_connections() {
    let server = GithubServer::start(world());
    let client = Client::new(server.url());
    let (mut names, mut after, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let query = "query Q($after: String) { repository(owner: \"o\", name: \"r\") { pullRequest(number: 10) {
            labels(first: 50, after: $after) { totalCount edges { cursor node { name } } pageInfo { hasNextPage endCursor } }
        } } }";
        let reply = client.graphql(query, json!({ "after": after })).expect(200);
        let labels = &reply["data"]["repository"]["pullRequest"]["labels"];
        let edges = labels["edges"].as_array().unwrap();
        names.extend(edges.iter().map(|edge| edge["node"]["name"].as_str().unwrap().to_owned()));
        assert_eq!(labels["totalCount"], 120);
        pages += 1;
        after = labels["pageInfo"]["endCursor"].clone();
        assert_eq!(edges.last().unwrap()["cursor"], after);
        if labels["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(pages, 3);
    assert_eq!(names, (0..120).map(|number| format!("label-{number:03}")).collect::<Vec<_>>());
    let last = client.repository("pullRequests(last: 2) { nodes { number } pageInfo { hasPreviousPage hasNextPage } }");
    let page = json!({ "hasPreviousPage": true, "hasNextPage": false });
    assert_eq!(last["pullRequests"], json!({ "nodes": [{ "number": 8 }, { "number": 10 }], "pageInfo": page }));
}

#[test]
fn lists_of_pull_requests() {
    let server = GithubServer::start(world());
    let client = Client::new(server.url());
    for (arguments, expected) in [
        ("first: 10", vec![7, 8, 10]),
        ("first: 10, states: MERGED", vec![7]),
        ("first: 10, states: [OPEN, CLOSED]", vec![8, 10]),
        ("first: 10, baseRefName: \"release-1.0\"", vec![8]),
        ("first: 1, orderBy: {field: UPDATED_AT, direction: DESC}", vec![7]),
        ("first: 10, orderBy: {field: UPDATED_AT, direction: ASC}", vec![8, 10, 7]),
        ("first: 10, labels: [\"kind/bug\"]", vec![7]),
    ] {
        let found = client.repository(&format!("pullRequests({arguments}) {{ totalCount nodes {{ number }} }}"));
        let nodes = found["pullRequests"]["nodes"].as_array().unwrap();
        let numbers: Vec<u64> = nodes.iter().map(|node| node["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, expected, "{arguments}");
    }
}

#[test]
fn commits_refs_and_releases() {
    let mut world = world();
    let repository = world.repository("o/r");
    let first = repository.commit("main", "Start", &[("README.md", "hello"), ("docs/a.md", "a")]);
    let second = repository.commit("main", "Go on (#7)\n\nWith a body.", &[("README.md", "more")]);
    repository.issues.get_mut(&7).unwrap().merged(&second);
    let tag = repository.tag("v1.0.0", "The first", &first);
    repository.set_ref("refs/tags/light", &second);
    repository.release("v1.0.0").asset("a.tgz", b"abc");
    repository.release("v1.1.0-rc.0").prerelease();
    repository.release("v2.0.0").draft();
    let server = GithubServer::start(world);
    let client = Client::new(server.url());

    let found = client.repository(&format!(
        "object(oid: \"{second}\") {{ __typename oid ... on Commit {{
            messageHeadline messageBody parents(first: 2) {{ nodes {{ oid }} }}
            associatedPullRequests(first: 5) {{ nodes {{ number }} }}
            history(first: 1) {{ totalCount nodes {{ oid }} pageInfo {{ hasNextPage }} }}
        }} }}"
    ));
    let expected = json!({
        "__typename": "Commit", "oid": second, "messageHeadline": "Go on (#7)", "messageBody": "With a body.",
        "parents": { "nodes": [{ "oid": first }] }, "associatedPullRequests": { "nodes": [{ "number": 7 }] },
        "history": { "totalCount": 2, "nodes": [{ "oid": second }], "pageInfo": { "hasNextPage": true } },
    });
    assert_eq!(found["object"], expected);
    for (expression, expected) in [
        ("main", json!({ "__typename": "Commit", "oid": second })),
        ("refs/tags/v1.0.0", json!({ "__typename": "Tag", "oid": tag, "target": { "oid": first } })),
        ("v1.0.0:README.md", json!({ "__typename": "Blob", "text": "hello" })),
        ("main:docs", json!({ "__typename": "Tree" })),
        ("main:nothing", Value::Null),
        ("nothing", Value::Null),
    ] {
        let fields = "__typename ... on Commit { oid } ... on Tag { oid target { oid } } ... on Blob { text }";
        let found = client.repository(&format!("object(expression: \"{expression}\") {{ {fields} }}"));
        assert_eq!(found["object"], expected, "{expression}");
    }
    let refs = client.repository(
        "refs(refPrefix: \"refs/tags/\", first: 9, orderBy: {field: TAG_COMMIT_DATE, direction: DESC}) {
            nodes { name prefix target { oid } }
        } ref(qualifiedName: \"refs/heads/main\") { name target { oid } } defaultBranchRef { name }",
    );
    let names: Vec<&str> =
        refs["refs"]["nodes"].as_array().unwrap().iter().map(|n| n["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["v2.0.0", "v1.1.0-rc.0", "light", "v1.0.0"]);
    assert_eq!(refs["ref"], json!({ "name": "main", "target": { "oid": second } }));
    let releases = client.repository(
        "latestRelease { tagName } releases(first: 9, orderBy: {field: CREATED_AT, direction: DESC}) {
            nodes { tagName isLatest isPrerelease isDraft releaseAssets(first: 9) { nodes { name size } } }
        }",
    );
    assert_eq!(releases["latestRelease"]["tagName"], "v1.0.0");
    let nodes = &releases["releases"]["nodes"];
    assert_eq!(
        (&nodes[0]["tagName"], &nodes[1]["tagName"], &nodes[2]),
        (&json!("v1.1.0-rc.0"), &json!("v1.0.0"), &Value::Null)
    );
    assert_eq!(nodes[1]["releaseAssets"]["nodes"], json!([{ "name": "a.tgz", "size": 3 }]));
}

#[test]
fn cost_and_bounds() {
    let server = GithubServer::start(world());
    let client = Client::new(server.url());
    let batch = |size: usize| {
        let aliases: String = (0..size)
            .map(|at| format!("p{at}: pullRequest(number: 7) {{ labels(first: 50) {{ nodes {{ name }} }} }} "))
            .collect();
        format!("{{ repository(owner: \"o\", name: \"r\") {{ {aliases} }} rateLimit {{ cost nodeCount }} }}")
    };
    let nested = |first: usize| {
        format!(
            "{{ repository(owner: \"o\", name: \"r\") {{ pullRequests(first: {first}) {{ nodes {{
                commits(first: 100) {{ nodes {{ commit {{ parents(first: 99) {{ nodes {{ oid }} }} }} }} }} }} }} }}
                rateLimit {{ cost nodeCount }} }}"
        )
    };
    for (query, cost, nodes) in [(batch(50), 1, 2_500), (batch(160), 2, 8_000), (nested(10), 10, 10 + 1_000 + 99_000)] {
        let reply = client.graphql(&query, Value::Null).expect(200);
        assert_eq!(reply["data"]["rateLimit"], json!({ "cost": cost, "nodeCount": nodes }));
    }
    for (fields, kind) in [
        ("labels { nodes { name } }", "MISSING_PAGINATION_BOUNDARIES"),
        ("labels(first: 101) { nodes { name } }", "EXCESSIVE_PAGINATION"),
        (
            "pullRequests(first: 100) { nodes { commits(first: 100) { nodes { commit { parents(first: 99) { nodes { oid } } } } } } }",
            "MAX_NODE_LIMIT_EXCEEDED",
        ),
        ("labels { totalCount }", ""),
    ] {
        let query = format!("{{ repository(owner: \"o\", name: \"r\") {{ {fields} }} }}");
        let reply = client.graphql(&query, Value::Null).expect(200);
        assert_eq!(reply["errors"][0]["type"].as_str().unwrap_or_default(), kind, "{fields}");
        assert_eq!(reply["data"].is_object(), kind.is_empty(), "{reply}");
    }
    server.budget(Resource::Graphql, Budget::new(10, 9, std::time::Duration::from_secs(60)));
    let reply = client.graphql(&batch(160), Value::Null);
    assert_eq!(reply.header("x-ratelimit-remaining"), "1");
    assert_eq!(reply.expect(200)["errors"][0]["type"], "RATE_LIMITED");
    assert_eq!(client.graphql(&batch(1), Value::Null).header("x-ratelimit-remaining"), "0");
}

#[test]
fn documents_that_break_the_schema() {
    let server = GithubServer::start(world());
    let client = Client::new(server.url());
    for (query, variables, expected) in [
        ("{ repository(owner: \"o\", name: \"r\") { pullRequest(number: 7) { mergeSha } } }", Value::Null, "mergeSha"),
        (
            "query Q($n: Int!) { repository(owner: \"o\", name: \"r\") { pullRequest(number: $n) { id } } }",
            json!({}),
            "'n'",
        ),
        ("query Q { viewer { login } }", json!({ "n": 1 }), "no variable `n`"),
    ] {
        let reply = client.graphql(query, variables);
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.json()["message"].as_str().unwrap().contains(expected), "{query}");
    }
    let strange = client.post("/graphql", json!({ "query": "{ viewer { login } }", "operation": "x" }));
    assert_eq!(strange.status, 400);
    let violations = server.take_violations();
    assert_eq!(violations.len(), 4, "{violations:?}");
    server.finish();
}

/// What the schema has and the fake does not know is told by name, and fails the test.
#[test]
fn fields_without_an_answer_are_named() {
    let server = GithubServer::start(world());
    let client = Client::new(server.url());
    let query = "{ repository(owner: \"o\", name: \"r\") { pullRequest(number: 7) { reviewDecision } } }";
    assert_eq!(client.graphql(query, Value::Null).status, 400);
    let violations = server.take_violations();
    assert!(violations[0].contains("reviewDecision") && violations[0].contains("PullRequest"), "{violations:?}");
}

#[test]
#[should_panic(expected = "requests broke the contract of GitHub")]
fn a_violation_fails_the_test() {
    let server = GithubServer::start(world());
    Client::new(server.url()).graphql("{ nothing }", Value::Null);
}

/// The queries that lie beside the contract are answered.
#[test]
fn queries_of_the_contract() {
    let server = GithubServer::start(world());
    let client = Client::new(server.url());
    let Some(shared) = testkit::shared_folder() else {
        println!("skipped: no contracts beside the workspace");
        return;
    };
    let queries = shared.join("contracts/github-graphql/queries");
    let names = json!({ "owner": "o", "name": "r" });
    let mut asked = 0;
    for (name, more) in [
        ("history", json!({ "rev": "main" })),
        ("open_blockers", json!({ "q": "repo:o/r is:open" })),
        ("pulls_by_number", json!({ "p0": 7, "p1": 8 })),
        ("pulls_of_commits", json!({ "c0": COMMIT, "c1": COMMIT })),
        ("tags_and_releases", json!({})),
    ] {
        let Ok(query) = std::fs::read_to_string(queries.join(format!("{name}.graphql"))) else { continue };
        let mut variables = if name == "open_blockers" { json!({}) } else { names.clone() };
        variables.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = client.graphql(&query, variables).expect(200);
        assert_eq!(reply["errors"], Value::Null, "{name}: {reply}");
        asked += 1;
    }
    assert_eq!(asked, 5);
}
