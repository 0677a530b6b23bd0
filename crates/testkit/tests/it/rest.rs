//! REST of the fake GitHub: refs, commits, pull requests, issues, contents, repositories.

use serde_json::{Value, json};
use testkit::GithubServer;
use testkit::github::{Role, World};

use crate::client::Client;

/// A repository with two commits, and a fork with one more.
fn world() -> (World, [String; 3]) {
    let mut world = World::new();
    let repository = world.repository("o/r");
    let first = repository.commit("main", "Start", &[("README.md", "hello\n"), ("docs/a.md", "a")]);
    let second = repository.commit("main", "Go on", &[("CHANGELOG/README.md", "list")]);
    repository.allow("maintainer", Role::Maintain);
    let third = world.fork("o/r", "someone").commit("fix", "Fix it", &[("README.md", "better\n")]);
    (world, [first, second, third])
}

fn texts<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item.pointer(field)?.as_str()).collect()
}

#[test]
fn refs_move_forward_only() {
    let (world, [first, second, _]) = world();
    let server = GithubServer::start(world);
    let client = Client::new(server.url());
    let path = "/repos/o/r/git/refs";
    let made = client.post(path, json!({ "ref": "refs/heads/release-1.0", "sha": first })).expect(201);
    assert_eq!((&made["ref"], &made["object"]["sha"]), (&json!("refs/heads/release-1.0"), &json!(first)));
    for (body, status) in [
        (json!({ "ref": "refs/heads/release-1.0", "sha": first }), 422),
        (json!({ "ref": "heads/release-1.1", "sha": first }), 422),
        (json!({ "ref": "refs/heads/release-1.1", "sha": "0".repeat(40) }), 422),
    ] {
        assert_eq!(client.post(path, body.clone()).status, status, "{body}");
    }
    let branch = "/repos/o/r/git/refs/heads/release-1.0";
    client.patch(branch, json!({ "sha": second })).expect(200);
    let back = client.patch(branch, json!({ "sha": first, "force": false })).expect(422);
    assert_eq!(back["message"], "Update is not a fast forward");
    client.patch(branch, json!({ "sha": first, "force": true })).expect(200);
    assert_eq!(client.get("/repos/o/r/git/ref/heads/release-1.0").expect(200)["object"]["sha"], json!(first));
    let found = client.get("/repos/o/r/git/matching-refs/heads/").expect(200);
    assert_eq!(texts(&found, "/ref"), ["refs/heads/main", "refs/heads/release-1.0"]);
    client.send("DELETE", branch, None).expect(204);
    client.send("DELETE", branch, None).expect(422);
    client.get("/repos/o/r/git/ref/heads/release-1.0").expect(404);
    assert_eq!(server.world(|world| world.repository("o/r").refs.len()), 1);
}

#[test]
fn annotated_tags() {
    let (world, [first, ..]) = world();
    let server = GithubServer::start(world);
    let client = Client::new(server.url());
    let tag = json!({ "tag": "v1.0.0", "message": "The first", "object": first, "type": "commit" });
    let sha = client.post("/repos/o/r/git/tags", tag).expect(201)["sha"].clone();
    let sha = sha.as_str().unwrap();
    client.post("/repos/o/r/git/refs", json!({ "ref": "refs/tags/v1.0.0", "sha": sha })).expect(201);
    let reference = client.get("/repos/o/r/git/ref/tags/v1.0.0").expect(200);
    assert_eq!((&reference["object"]["type"], &reference["object"]["sha"]), (&json!("tag"), &json!(sha)));
    let object = client.get(&format!("/repos/o/r/git/tags/{sha}")).expect(200);
    assert_eq!((&object["message"], &object["object"]["sha"]), (&json!("The first"), &json!(first)));
    let tags = client.get("/repos/o/r/tags").expect(200);
    assert_eq!((texts(&tags, "/name"), texts(&tags, "/commit/sha")), (vec!["v1.0.0"], vec![first.as_str()]));
}

#[test]
fn commits_and_comparisons() {
    let (mut world, [first, second, _]) = world();
    let repository = world.repository("o/r");
    repository.set_ref("refs/heads/release-1.0", &first);
    let pick = repository.commit("release-1.0", "Pick", &[]);
    repository.pull(7).merged(&second);
    let server = GithubServer::start(world);
    let client = Client::new(server.url());
    let all = client.get("/repos/o/r/commits?sha=main").expect(200);
    assert_eq!(texts(&all, "/sha"), [second.as_str(), first.as_str()]);
    assert_eq!(texts(&all, "/commit/message"), ["Go on", "Start"]);
    let since = all[0]["commit"]["committer"]["date"].as_str().unwrap();
    let later = client.get(&format!("/repos/o/r/commits?since={since}")).expect(200);
    assert_eq!(texts(&later, "/sha"), [second.as_str()]);
    assert_eq!(client.get("/repos/o/r/commits/main").expect(200)["sha"], json!(second));
    let short =
        client.try_send("GET", "/repos/o/r/commits/heads/main", &[("accept", "application/vnd.github.sha")], b"");
    assert_eq!(short.unwrap().body, second.as_bytes());
    assert_eq!(client.get("/repos/o/r/commits/nothing").status, 422);
    let pulls = client.get(&format!("/repos/o/r/commits/{second}/pulls")).expect(200);
    assert_eq!((pulls.as_array().unwrap().len(), &pulls[0]["number"]), (1, &json!(7)));
    for (range, status, ahead, behind, commits) in [
        ("main...release-1.0", "diverged", 1, 1, vec![pick.as_str()]),
        (&format!("{first}...main"), "ahead", 1, 0, vec![second.as_str()]),
        (&format!("main...{first}"), "behind", 0, 1, vec![]),
        ("main...main", "identical", 0, 0, vec![]),
    ] {
        let found = client.get(&format!("/repos/o/r/compare/{range}")).expect(200);
        assert_eq!(
            (&found["status"], &found["ahead_by"], &found["behind_by"]),
            (&json!(status), &json!(ahead), &json!(behind))
        );
        assert_eq!(texts(&found["commits"], "/sha"), commits, "{range}");
    }
    client.get("/repos/o/r/compare/main...nothing").expect(404);
}

#[test]
fn a_pull_request_of_a_fork() {
    let (world, [_, second, third]) = world();
    let server = GithubServer::start(world);
    let client = Client::new(server.url());
    let body =
        json!({ "title": "Fix it", "head": "someone:fix", "base": "main", "body": "It was broken", "draft": true });
    let made = client.post("/repos/o/r/pulls", body.clone()).expect(201);
    assert_eq!((&made["number"], &made["state"], &made["draft"]), (&json!(1), &json!("open"), &json!(true)));
    assert_eq!((&made["head"]["sha"], &made["head"]["label"]), (&json!(third), &json!("someone:fix")));
    assert_eq!((&made["head"]["repo"]["full_name"], &made["base"]["sha"]), (&json!("someone/r"), &json!(second)));
    for (name, change, message) in [
        ("again", json!({}), "A pull request already exists for someone:fix."),
        ("no such branch", json!({ "head": "someone:fax" }), ""),
        ("no such fork", json!({ "head": "nobody:fix" }), ""),
        ("no such base", json!({ "base": "mian" }), ""),
        ("nothing new", json!({ "head": "someone:main" }), "No commits between main and main"),
    ] {
        let mut body = body.clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = client.post("/repos/o/r/pulls", body).expect(422);
        assert_eq!(refused["errors"][0]["message"].as_str().unwrap_or_default(), message, "{name}: {refused}");
    }
    let found = client.get("/repos/o/r/pulls?head=someone:fix&base=main").expect(200);
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(client.get("/repos/o/r/pulls?head=other:fix").expect(200), json!([]));
    let edited = client.patch("/repos/o/r/pulls/1", json!({ "title": "Mend it", "state": "closed" })).expect(200);
    assert_eq!(
        (&edited["title"], &edited["body"], &edited["state"]),
        (&json!("Mend it"), &json!("It was broken"), &json!("closed"))
    );
    assert!(edited["closed_at"].is_string() && edited["merged_at"].is_null());
    client.patch("/repos/o/r/pulls/1", json!({ "state": "open" })).expect(200);
    // A push to the branch moves the pull request.
    let pushed = server.world(|world| world.repository("someone/r").commit("fix", "Better", &[]));
    assert_eq!(client.get("/repos/o/r/pulls/1").expect(200)["head"]["sha"], json!(pushed));
}

#[test]
fn issues_comments_labels_milestones() {
    let (world, _) = world();
    let server = GithubServer::start(world);
    let client = Client::new(server.url());
    let milestone = client.post("/repos/o/r/milestones", json!({ "title": "v1.0" })).expect(201)["number"].clone();
    client.post("/repos/o/r/labels", json!({ "name": "kind/bug", "color": "ff0000" })).expect(201);
    client.post("/repos/o/r/labels", json!({ "name": "kind/bug" })).expect(422);
    let body = json!({ "title": "It broke", "labels": ["kind/bug"], "milestone": milestone, "assignees": ["someone"] });
    let made = client.post("/repos/o/r/issues", body).expect(201);
    assert_eq!((&made["number"], &made["milestone"]["title"]), (&json!(1), &json!("v1.0")));
    assert_eq!((&made["labels"][0]["color"], &made["assignees"][0]["login"]), (&json!("ff0000"), &json!("someone")));
    client.post("/repos/o/r/issues", json!({ "title": "x", "milestone": 9 })).expect(422);

    let comment = client.post("/repos/o/r/issues/1/comments", json!({ "body": "Yes" })).expect(201);
    let path = format!("/repos/o/r/issues/comments/{}", comment["id"]);
    assert_eq!(client.patch(&path, json!({ "body": "No" })).expect(200)["body"], "No");
    assert_eq!(texts(&client.get("/repos/o/r/issues/1/comments").expect(200), "/body"), ["No"]);
    client.send("DELETE", &path, None).expect(204);
    client.get(&path).expect(404);

    let labels = client.post("/repos/o/r/issues/1/labels", json!({ "labels": ["kind/flake", "kind/bug"] })).expect(200);
    assert_eq!(texts(&labels, "/name"), ["kind/bug", "kind/flake"]);
    client.send("DELETE", "/repos/o/r/issues/1/labels/kind%2Fbug", None).expect(200);
    client.send("DELETE", "/repos/o/r/issues/1/labels/kind%2Fbug", None).expect(404);
    let edited = client.patch("/repos/o/r/issues/1", json!({ "state": "closed", "milestone": null })).expect(200);
    assert_eq!(
        (&edited["state"], &edited["milestone"], texts(&edited["labels"], "/name")),
        (&json!("closed"), &Value::Null, vec!["kind/flake"])
    );
    assert_eq!(client.get("/repos/o/r/issues").expect(200), json!([]));
    for (query, found) in [
        ("state=all", 1),
        ("state=closed&labels=kind%2Fflake", 1),
        ("state=all&labels=x", 0),
        ("state=all&milestone=none", 1),
        ("state=all&milestone=*", 0),
    ] {
        let list = client.get(&format!("/repos/o/r/issues?{query}")).expect(200);
        assert_eq!(list.as_array().unwrap().len(), found, "{query}");
    }
    let search = client.get("/search/issues?q=repo:o/r+is:issue+is:closed&per_page=100").expect(200);
    assert_eq!((&search["total_count"], &search["items"][0]["number"]), (&json!(1), &json!(1)));
    assert_eq!(client.patch("/repos/o/r/milestones/1", json!({ "state": "closed" })).expect(200)["state"], "closed");
    assert_eq!(client.get("/repos/o/r/milestones").expect(200), json!([]));
}

#[test]
fn pages_and_their_links() {
    let mut world = World::new();
    let repository = world.repository("o/r");
    for number in 1..=250 {
        repository.issue(number);
    }
    let server = GithubServer::start(world);
    let client = Client::new(server.url());
    let (mut next, mut numbers) = (format!("{}/repos/o/r/issues?per_page=100&direction=asc", server.url()), Vec::new());
    loop {
        let answer = client.get(&next);
        let link = answer.header("link").to_owned();
        numbers.extend(answer.expect(200).as_array().unwrap().iter().map(|issue| issue["number"].as_u64().unwrap()));
        let Some(found) = link.split(", ").find(|part| part.ends_with("rel=\"next\"")) else { break };
        next = found[1..found.find('>').unwrap()].to_owned();
    }
    assert_eq!(numbers, (1..=250).collect::<Vec<_>>());
    let first = client.get("/repos/o/r/issues?per_page=100");
    let base = server.url();
    let expected = format!(
        "<{base}/repos/o/r/issues?per_page=100&page=2>; rel=\"next\", <{base}/repos/o/r/issues?per_page=100&page=3>; rel=\"last\""
    );
    assert_eq!(first.header("link"), expected);
    assert_eq!(client.get("/repos/o/r/issues?per_page=1000").expect(200).as_array().unwrap().len(), 100);
    assert_eq!(client.get("/repos/o/r/issues").expect(200).as_array().unwrap().len(), 30);
    assert_eq!(server.counts().rest, 6);
}

#[test]
fn contents() {
    let (world, [first, ..]) = world();
    let server = GithubServer::start(world);
    let client = Client::new(server.url());
    let file = client.get(&format!("/repos/o/r/contents/README.md?ref={first}")).expect(200);
    assert_eq!(
        (&file["encoding"], &file["content"], &file["size"]),
        (&json!("base64"), &json!("aGVsbG8K\n"), &json!(6))
    );
    let raw =
        client.try_send("GET", "/repos/o/r/contents/README.md", &[("accept", "application/vnd.github.raw+json")], b"");
    assert_eq!(raw.unwrap().body, b"hello\n");
    let top = client.get("/repos/o/r/contents/").expect(200);
    assert_eq!(texts(&top, "/name"), ["CHANGELOG", "README.md", "docs"]);
    assert_eq!(texts(&client.get("/repos/o/r/contents/docs").expect(200), "/path"), ["docs/a.md"]);
    client.get("/repos/o/r/contents/nothing").expect(404);

    let path = "/repos/o/r/contents/README.md";
    let new = json!({ "message": "Say more", "content": "bW9yZQ==", "branch": "main" });
    client.send("PUT", path, Some(new.clone())).expect(422);
    let with = |sha: &Value| {
        let mut body = new.clone();
        body["sha"] = sha.clone();
        Some(body)
    };
    client.send("PUT", path, with(&json!("0".repeat(40)))).expect(409);
    let written = client.send("PUT", path, with(&file["sha"])).expect(200);
    assert_eq!(written["commit"]["message"], "Say more");
    client.send("PUT", path, with(&file["sha"])).expect(409);
    let commit = written["commit"]["sha"].as_str().unwrap().to_owned();
    server.world(|world| {
        let repository = world.repository("o/r");
        assert_eq!(repository.refs["refs/heads/main"], commit);
        assert_eq!(repository.commits[&commit].files["README.md"], b"more");
        assert_eq!(repository.commits[&commit].files["docs/a.md"], b"a");
    });
    let other = json!({ "message": "New", "content": "YQ==" });
    client.send("PUT", "/repos/o/r/contents/docs/new.md", Some(other)).expect(201);
    let gone = json!({ "message": "Away", "sha": written["content"]["sha"] });
    client.send("DELETE", path, Some(gone)).expect(200);
    client.get(path).expect(404);
}

#[test]
fn repositories_and_roles() {
    let (mut world, _) = world();
    world.repository("o/old").issue(1);
    world.rename("o/old", "o/new");
    let server = GithubServer::start(world);
    let client = Client::new(server.url());
    let fork = client.get("/repos/someone/r").expect(200);
    assert_eq!((&fork["fork"], &fork["parent"]["full_name"]), (&json!(true), &json!("o/r")));
    assert_eq!(client.get("/repos/o/r").expect(200)["permissions"]["push"], true);
    assert_eq!(texts(&client.get("/repos/o/r/forks").expect(200), "/full_name"), ["someone/r"]);
    for (login, role) in [("maintainer", "maintain"), ("someone", "read")] {
        let found = client.get(&format!("/repos/o/r/collaborators/{login}/permission")).expect(200);
        assert_eq!(found["role_name"], role, "{login}");
    }
    client.get("/repos/o/r/collaborators/nobody/permission").expect(404);
    assert_eq!(client.post("/repos/o/r/forks", json!({ "organization": "team" })).expect(202)["full_name"], "team/r");

    let moved = client.get("/repos/o/old/issues/1");
    let location = moved.header("location").to_owned();
    assert_eq!((moved.status, location.contains("/repositories/")), (301, true), "{location}");
    assert_eq!(client.get(&location).expect(200)["number"], 1);
    assert_eq!(client.post("/repos/o/old/issues", json!({ "title": "x" })).status, 307);
    let moved = client.get("/repos/o/old/labels/kind%2Fbug");
    assert!(moved.header("location").ends_with("/labels/kind%2Fbug"), "{moved:?}");
    let query = "{ repository(owner: \"o\", name: \"old\") { nameWithOwner issue(number: 1) { number } } }";
    let found = client.graphql(query, Value::Null).expect(200);
    assert_eq!(found["data"]["repository"], json!({ "nameWithOwner": "o/new", "issue": { "number": 1 } }));
    assert_eq!(client.get("/repos/o/nothing").status, 404);
    let head = client.send("HEAD", "/repos/o/r", None);
    assert_eq!((head.status, head.body.len(), head.header("etag").is_empty()), (200, 0, false));
}

/// The authors of what is left behind.
#[test]
fn deleted_accounts_are_ghosts() {
    let mut world = World::new();
    world.repository("o/r").pull(1).author_deleted();
    world.repository("o/r").pull(2).author("helper[bot]");
    let server = GithubServer::start(world);
    let client = Client::new(server.url());
    assert_eq!(client.get("/repos/o/r/pulls/1").expect(200)["user"]["login"], "ghost");
    let bot = client.get("/repos/o/r/pulls/2").expect(200)["user"].clone();
    assert_eq!((&bot["login"], &bot["type"]), (&json!("helper[bot]"), &json!("Bot")));
}

#[test]
fn requests_that_break_the_contract() {
    let (world, _) = world();
    let server = GithubServer::start(world);
    let client = Client::new(server.url());
    if testkit::contracts::RestContract::load().is_none() {
        println!("skipped: no contracts beside the workspace");
        return;
    }
    for (method, path, body, expected) in [
        ("GET", "/repos/o/r/pull/7", None, "no operation has this path"),
        ("GET", "/repos/o/r/pulls?sate=all", None, "no query parameter `sate`"),
        ("POST", "/repos/o/r/issues", Some(json!({ "titel": "x" })), "'titel' was unexpected"),
        ("POST", "/repos/o/r/releases/1/assets?name=x", None, "came to the wrong server"),
    ] {
        let said = client.send(method, path, body).expect(422);
        assert!(said["message"].as_str().unwrap().contains(expected), "{method} {path}: {said}");
    }
    let silent = client.try_send("GET", "/repos/o/r", &[("user-agent", "")], b"").unwrap();
    assert_eq!(silent.status, 403, "without a user agent");
    let version = client.try_send("GET", "/repos/o/r", &[("x-github-api-version", "2021-01-01")], b"").unwrap();
    assert_eq!(version.status, 400);
    assert_eq!(server.take_violations().len(), 6);
}
