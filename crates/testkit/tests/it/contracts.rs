//! The contracts against the data that lies beside them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::contracts::{GraphqlContract, RestContract};

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(testkit::shared_folder()?.join(path)).ok()
}

#[test]
fn requests() {
    let Some(contract) = RestContract::load() else {
        println!("skipped: no contracts beside the workspace");
        return;
    };
    let release = json!({ "tag_name": "v1.0.0", "draft": true });
    for (method, path, body, expected) in [
        ("GET", "/repos/o/r/pulls/7", None, Ok("pulls/get")),
        ("GET", "/repos/o/r/pulls?state=closed&per_page=100&page=2", None, Ok("pulls/list")),
        ("GET", "/repos/o/r/git/ref/heads/feature/x", None, Ok("git/get-ref")),
        ("GET", "/repos/o/r/git/matching-refs/tags/v1.", None, Ok("git/list-matching-refs")),
        ("GET", "/repos/o/r/git/matching-refs/heads/", None, Ok("git/list-matching-refs")),
        ("GET", "/repos/o/r/contents/", None, Ok("repos/get-content")),
        ("GET", "/repos/o/r/releases/tags/v1.0.0", None, Ok("repos/get-release-by-tag")),
        ("GET", "/repos/o/r/releases/latest", None, Ok("repos/get-latest-release")),
        ("GET", "/repos/o/r/releases/3", None, Ok("repos/get-release")),
        ("GET", "/repos/o/r/contents/docs/a%20b.md?ref=main", None, Ok("repos/get-content")),
        ("GET", "/repos/o/r/compare/release/1.2...main", None, Ok("repos/compare-commits-with-basehead")),
        ("GET", "/repos/o/r/commits/heads/main", None, Ok("repos/get-commit")),
        ("GET", "/repos/o/r/commits?since=2024-01-01T00:00:00Z", None, Ok("repos/list-commits")),
        ("GET", "/repos/o/r/issues?milestone=*&labels=a,b", None, Ok("issues/list-for-repo")),
        ("GET", "/search/issues?q=repo%3Ao%2Fr+is%3Aopen", None, Ok("search/issues-and-pull-requests")),
        ("POST", "/repos/o/r/releases", Some(release.clone()), Ok("repos/create-release")),
        ("POST", "/repos/o/r/releases/3/assets?name=a.tgz", None, Ok("repos/upload-release-asset")),
        ("GET", "/repos/o/r/pull/7", None, Err("no operation has this path")),
        ("DELETE", "/repos/o/r/pulls/7", None, Err("(GET, PATCH)")),
        (
            "GET",
            "/repos/o/r/pulls/seven",
            None,
            Err("the path parameter `pull_number` of `pulls/get`: \"seven\" is not of type \"integer\""),
        ),
        ("GET", "/repos/o/r/pulls/", None, Err("`pull_number` of `pulls/get` is empty")),
        ("GET", "/repos//r/pulls/7", None, Err("`owner` of `pulls/get` is empty")),
        ("GET", "/repos/o/r/pulls?sate=all", None, Err("no query parameter `sate`; it has: state, head")),
        ("GET", "/repos/o/r/pulls?state=merged", None, Err("\"merged\" is not one of")),
        ("GET", "/repos/o/r/pulls?page=x", None, Err("`page` of `pulls/list`")),
        ("GET", "/repos/o/r/pulls?page=1&page=2", None, Err("`page` twice")),
        ("GET", "/repos/o/r/commits?since=yesterday", None, Err("is not a \"date-time\"")),
        ("GET", "/repos/o/r/contents/a b%2", None, Err("is not percent-encoded text")),
        ("GET", "/search/issues", None, Err("lacks the query parameter `q`")),
        ("POST", "/repos/o/r/releases/3/assets", None, Err("lacks the query parameter `name`")),
        ("POST", "/repos/o/r/releases/3/assets?name=a", Some(json!({})), Err("takes a file")),
        ("POST", "/repos/o/r/releases", None, Err("has no body")),
        ("POST", "/repos/o/r/releases", Some(json!({ "tag_name": 1 })), Err("at `/tag_name`, 1 is not of type")),
        ("POST", "/repos/o/r/releases", Some(json!({})), Err("\"tag_name\" is a required property")),
        ("POST", "/repos/o/r/releases", Some(json!({ "tag_name": "v1", "pre": true })), Err("'pre' was unexpected")),
        ("GET", "/repos/o/r/pulls/7", Some(release), Err("takes none")),
    ] {
        match (contract.check_request(method, path, body.as_ref()), expected) {
            (Ok(operation), Ok(id)) => assert_eq!(operation.id, id, "{method} {path}"),
            (Err(violation), Err(part)) => {
                assert!(violation.to_string().contains(part), "{method} {path}: {violation}");
            }
            (found, _) => panic!("{method} {path}: {found:?}, expected {expected:?}"),
        }
    }
    let operation = contract.check_request("GET", "/repos/o/r/contents/a%2Fb%20c.md?ref=x%2By+z", None).unwrap();
    assert_eq!(operation.path["path"], "a/b c.md");
    assert_eq!(operation.query, BTreeMap::from([("ref".to_owned(), "x+y z".to_owned())]));
}

#[test]
fn replies_are_judged_by_their_types() {
    let Some(contract) = RestContract::load() else {
        println!("skipped: no contracts beside the workspace");
        return;
    };
    let operation = contract.check_request("GET", "/repos/o/r/git/ref/heads/main", None).unwrap();
    for (status, body, expected) in [
        (200, json!({ "ref": "refs/heads/main" }), ""),
        (200, json!({ "ref": 1 }), "the reply 200 of `git/get-ref`: at `/ref`, 1 is not of type \"string\""),
        (200, json!([]), "is not of type \"object\""),
        (404, json!({ "message": "Not Found" }), ""),
        (200, json!({ "ref": null }), "null is not of type"),
        (404, json!({ "message": 1 }), "at `/message`"),
        (418, json!({ "message": 1 }), "at `/message`"),
        (502, json!({ "message": "no" }), ""),
        (301, Value::Null, ""),
        (204, Value::Null, "is not in the contract"),
    ] {
        let found = contract.check_reply(&operation, status, &body);
        let said = found.err().map(|violation| violation.to_string()).unwrap_or_default();
        assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{status} {body}: {said}");
    }
}

/// Real replies, from a recording with all headers, break no type; and their requests pass the closed schemas.
#[test]
fn recorded_exchanges_keep_the_contract() {
    let Some(contract) = RestContract::load() else {
        println!("skipped: no contracts beside the workspace");
        return;
    };
    let folder = testkit::shared_folder().unwrap().join("data/github-http");
    let (mut requests, mut replies) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let exchanges: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for exchange in exchanges {
            let (method, path) = (exchange["method"].as_str().unwrap(), exchange["path"].as_str().unwrap());
            let body = exchange.get("body").filter(|body| body.is_object() && method != "get");
            // The recording also has operations that a release tool does not need.
            let Ok(operation) = contract.check_request(&method.to_uppercase(), path, body) else { continue };
            requests += 1;
            let status = u16::try_from(exchange["status"].as_u64().unwrap()).unwrap();
            let reply = if exchange["response"] == "" { &Value::Null } else { &exchange["response"] };
            if !reply.is_string() {
                replies += 1;
                contract.check_reply(&operation, status, reply).unwrap_or_else(|violation| panic!("{violation}"));
            }
        }
    }
    assert!(requests >= 40 && replies >= 40, "{requests} requests, {replies} replies");
}

#[test]
fn graphql_queries_of_the_contract() {
    let Some(contract) = GraphqlContract::load() else {
        println!("skipped: no contracts beside the workspace");
        return;
    };
    let variables = BTreeMap::from([
        ("history", json!({ "owner": "o", "name": "r", "rev": "main" })),
        ("open_blockers", json!({ "q": "is:open" })),
        ("pulls_by_number", json!({ "owner": "o", "name": "r", "p0": 1, "p1": 2 })),
        ("pulls_of_commits", json!({ "owner": "o", "name": "r", "c0": "0".repeat(40), "c1": "1".repeat(40) })),
        ("tags_and_releases", json!({ "owner": "o", "name": "r", "after": null })),
    ]);
    for (name, variables) in variables {
        let document = read(&format!("contracts/github-graphql/queries/{name}.graphql")).unwrap();
        contract.check(&document, &variables).unwrap_or_else(|violation| panic!("{name}: {violation}"));
        assert!(contract.check(&document, &json!({ "x": 1 })).is_err(), "{name} without its variables");
    }
    let unknown = "query { repository(owner: \"o\", name: \"r\") { pullRequest(number: 1) { mergeSha } } }";
    let said = contract.check(unknown, &Value::Null).unwrap_err().to_string();
    assert!(said.contains("mergeSha") && said.contains("PullRequest"), "{said}");
}
