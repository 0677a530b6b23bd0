//! Releases of the fake GitHub, and their files.

use serde_json::{Value, json};
use testkit::GithubServer;
use testkit::github::{Role, Visibility, World};

use crate::client::Client;

const OCTETS: &[(&str, &str)] = &[("content-type", "application/gzip")];

fn world() -> World {
    let mut world = World::new();
    let repository = world.repository("o/r");
    repository.commit("main", "Start", &[]);
    repository.release("v1.0.0").asset("a.tgz", b"abc");
    repository.release("v1.1.0-rc.0").prerelease();
    world
}

#[test]
fn a_draft_becomes_a_release() {
    let server = GithubServer::start(world());
    let client = Client::new(server.url());
    let draft =
        json!({ "tag_name": "v2.0.0", "target_commitish": "main", "name": "Two", "body": "New", "draft": true });
    let made = client.post("/repos/o/r/releases", draft).expect(201);
    assert_eq!((&made["draft"], &made["published_at"]), (&json!(true), &Value::Null));
    client.get("/repos/o/r/releases/tags/v2.0.0").expect(404);
    client.get("/repos/o/r/git/ref/tags/v2.0.0").expect(404);

    let upload = made["upload_url"].as_str().unwrap().split('{').next().unwrap().to_owned();
    assert!(upload.starts_with(&server.uploads_url()), "{upload}");
    let body = b"\x1f\x8bcontent";
    let send = |name: &str| client.try_send("POST", &format!("{upload}?name={name}"), OCTETS, body).unwrap();
    let asset = send("b.tgz").expect(201);
    let digest = "sha256:4a2cb5b973c5e61a87592e7475e54cda360550dd7377baf0f717255f0b828879";
    assert_eq!((&asset["size"], &asset["state"]), (&json!(body.len()), &json!("uploaded")));
    assert_eq!(asset["digest"], digest);
    assert_eq!(send("b.tgz").expect(422)["errors"][0]["code"], "already_exists");

    let path = format!("/repos/o/r/releases/{}", made["id"]);
    let published = client.patch(&path, json!({ "draft": false, "make_latest": "true" })).expect(200);
    assert_eq!((&published["draft"], published["assets"].as_array().unwrap().len()), (&json!(false), 1));
    let head = server.world(|world| world.repository("o/r").refs["refs/heads/main"].clone());
    assert_eq!(client.get("/repos/o/r/git/ref/tags/v2.0.0").expect(200)["object"]["sha"], json!(head));
    assert_eq!(client.get("/repos/o/r/releases/latest").expect(200)["tag_name"], "v2.0.0");
    client.post("/repos/o/r/releases", json!({ "tag_name": "v2.0.0" })).expect(422);
    client.send("DELETE", &path, None).expect(204);
    assert_eq!(client.get("/repos/o/r/releases/latest").expect(200)["tag_name"], "v1.0.0");
    assert_eq!(server.counts().uploads, 2);
}

#[test]
fn the_content_of_a_file() {
    let server = GithubServer::start(world());
    server.token("secret", "maintainer", &["repo"]);
    let mut client = Client::new(server.url());
    client.token = Some("secret".to_owned());
    let release = client.get("/repos/o/r/releases/tags/v1.0.0").expect(200);
    let asset = &release["assets"][0];
    // The digest of `abc`, as everybody knows it.
    let digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((&asset["name"], &asset["digest"]), (&json!("a.tgz"), &json!(digest)));
    let path = format!("/repos/o/r/releases/assets/{}", asset["id"]);
    assert_eq!(client.get(&path).expect(200)["name"], "a.tgz");
    let moved = client.try_send("GET", &path, &[("accept", "application/octet-stream")], b"").unwrap();
    assert_eq!(moved.status, 302);
    let place = moved.header("location").to_owned();
    assert!(!place.starts_with(server.url()), "{place}");
    assert_eq!(client.get(&place).status, 400, "a token went to the host of the files");
    assert_eq!(server.take_violations().len(), 1);
    client.token = None;
    assert_eq!(client.get(&place).body, b"abc");
    assert_eq!(client.get(asset["browser_download_url"].as_str().unwrap()).body, b"abc");
    assert_eq!(server.counts().downloads, 3);
}

#[test]
fn drafts_are_for_those_who_push() {
    let mut world = world();
    let repository = world.repository("o/r");
    repository.release("v3.0.0").draft();
    repository.allow("maintainer", Role::Write);
    let server = GithubServer::start(world);
    server.token("pushes", "maintainer", &["repo"]).token("reads", "someone", &["repo"]);
    let mut client = Client::new(server.url());
    for (token, drafts) in [("pushes", 1), ("reads", 0)] {
        client.token = Some(token.to_owned());
        let all = client.get("/repos/o/r/releases").expect(200);
        let found = all.as_array().unwrap().iter().filter(|release| release["draft"] == true).count();
        assert_eq!(found, drafts, "{token}");
    }
    let refused = client.post("/repos/o/r/releases", json!({ "tag_name": "v4.0.0" }));
    assert_eq!(refused.status, 403);
    server.world(|world| {
        let releases = &world.repository("o/r").releases;
        assert_eq!(releases.values().filter(|one| one.visibility == Visibility::Draft).count(), 1);
        assert_eq!(releases.len(), 3);
    });
}
