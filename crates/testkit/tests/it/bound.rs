//! Repositories that are bound to bare git repositories, and worlds from recordings.

use serde_json::json;
use testkit::github::World;
use testkit::{GitWorld, GithubServer, git, shared_folder};

use crate::client::Client;

/// What is pushed by git is seen by REST, and what is written by REST is seen by git.
#[test]
fn git_and_rest_see_the_same() {
    let mut work = GitWorld::new("main");
    let first = work.commit_files("Start", &[("docs/a.md", "a\n"), ("b", "b\n")]);
    let tag = work.annotated_tag("v1.0.0", "The first\n\nof many");
    let upstream = work.bare_remote("upstream.git");
    let fork = work.bare_remote("fork.git");

    let mut world = World::new();
    world.repository("o/r").bind(upstream.path());
    world.fork("o/r", "someone").bind(fork.path());
    let server = GithubServer::start(world);
    let client = Client::new(server.url());
    let object = client.get(&format!("/repos/o/r/git/tags/{tag}")).expect(200);
    assert_eq!(
        (&object["message"], &object["tagger"]["email"]),
        (&json!("The first\n\nof many"), &json!("test-author@example.invalid"))
    );
    assert_eq!(object["object"]["sha"], json!(first));

    // A branch that is not pushed yet is no head of a pull request.
    let pull = json!({ "title": "Drafts", "head": "someone:drafts", "base": "main" });
    client.post("/repos/o/r/pulls", pull.clone()).expect(422);
    work.create_branch("drafts");
    let pushed = work.commit_files("Add drafts", &[("docs/draft.md", "draft\n")]);
    let path = fork.path().to_str().unwrap();
    work.git(&["push", "--quiet", path, "drafts"]);
    let made = client.post("/repos/o/r/pulls", pull).expect(201);
    assert_eq!(made["head"]["sha"], json!(pushed));
    let file = client.get("/repos/someone/r/contents/docs/draft.md?ref=drafts").expect(200);
    assert_eq!(file["content"], "ZHJhZnQK\n");
    assert_eq!(file["sha"], json!(git(fork.path(), &["rev-parse", "drafts:docs/draft.md"])));
    let again = work.commit_files("Better", &[("docs/draft.md", "better\n")]);
    work.git(&["push", "--quiet", path, "drafts"]);
    assert_eq!(client.get("/repos/o/r/pulls/1").expect(200)["head"]["sha"], json!(again));

    let branch = json!({ "ref": "refs/heads/release-1.0", "sha": first });
    client.post("/repos/o/r/git/refs", branch).expect(201);
    let tag = json!({ "tag": "v1.0.1", "message": "Next", "object": first, "type": "commit" });
    let tag = client.post("/repos/o/r/git/tags", tag).expect(201)["sha"].clone();
    client.post("/repos/o/r/git/refs", json!({ "ref": "refs/tags/v1.0.1", "sha": tag })).expect(201);
    let put = json!({ "message": "Write", "content": "bmV3Cg==", "branch": "release-1.0" });
    let written = client.send("PUT", "/repos/o/r/contents/docs/new.md", Some(put)).expect(201);
    let head = git(upstream.path(), &["rev-parse", "release-1.0"]);
    assert_eq!(written["commit"]["sha"], json!(head));
    assert_eq!(git(upstream.path(), &["show", "release-1.0:docs/new.md"]), "new");
    assert_eq!(git(upstream.path(), &["show", "release-1.0:b"]), "b");
    assert_eq!(git(upstream.path(), &["cat-file", "-t", "v1.0.1"]), "tag");
    client.send("DELETE", "/repos/o/r/git/refs/heads/release-1.0", None).expect(204);
    assert_eq!(
        upstream.refs().keys().map(String::as_str).collect::<Vec<_>>(),
        ["refs/heads/main", "refs/tags/v1.0.0", "refs/tags/v1.0.1"]
    );
}

/// Real pull requests: what was recorded comes out again.
#[test]
fn recordings() {
    let Some(shared) = shared_folder() else {
        println!("skipped: no recordings beside the workspace");
        return;
    };
    for (case, commits, pulls) in [("v1.16.3", 56, 47), ("v1.19.0-alpha.1", 714, 404), ("v1.16.0-rc.1", 2, 0)] {
        let folder = shared.join("data/github-recordings").join(case);
        let mut world = World::new();
        world.load_recording("kubernetes/kubernetes", &folder);
        let repository = world.repository("kubernetes/kubernetes");
        assert!(repository.commits.len() >= commits && repository.issues.len() == pulls, "{case}");
        let server = GithubServer::start(world);
        let client = Client::new(server.url());
        let recorded = |name: &str| {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            serde_json::from_str::<Vec<serde_json::Value>>(&text).unwrap()
        };
        let list = recorded("commits.json");
        let head = list[0]["sha"].as_str().unwrap();
        let shown = client.get(&format!("/repos/kubernetes/kubernetes/commits?sha={head}&per_page=100")).expect(200);
        assert_eq!(shown[0]["commit"]["message"], list[0]["commit"]["message"], "{case}");
        for pull in recorded("pulls.json").iter().take(20) {
            let shown = client.get(&format!("/repos/kubernetes/kubernetes/pulls/{}", pull["number"])).expect(200);
            for field in ["title", "body", "state", "merged_at", "updated_at", "merge_commit_sha", "html_url"] {
                assert_eq!(shown[field], pull[field], "{case}: {field} of {}", pull["number"]);
            }
            let names = |pull: &serde_json::Value| {
                let labels = pull["labels"].as_array().unwrap();
                labels.iter().map(|label| label["name"].clone()).collect::<Vec<_>>()
            };
            assert_eq!((names(&shown), &shown["user"]["login"]), (names(pull), &pull["user"]["login"]), "{case}");
            let merge = pull["merge_commit_sha"].as_str().unwrap();
            if list.iter().any(|commit| commit["sha"] == merge) {
                let found = client.get(&format!("/repos/kubernetes/kubernetes/commits/{merge}/pulls")).expect(200);
                assert_eq!(found[0]["number"], pull["number"], "{case}");
            }
        }
    }
}
