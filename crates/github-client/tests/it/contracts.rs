//! What is sent and read, held against what GitHub publishes and what it was seen to answer.

use futures::TryStreamExt;
use github_client::{
    Commit, GithubClient, Issue, Label, Mode, PullRecord, Recording, Release, RepoId, Repository, Usage,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use testkit::contracts::{GraphqlContract, RestContract};
use testkit::github::{GithubServer, World};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::recorded::shared;
use crate::{builder, number, numbers, repo};

/// Every GraphQL question that the client can ask, against a server that takes only what is in GitHub's schema.
#[tokio::test]
async fn every_question_is_in_the_schema() {
    let mut world = World::new();
    let tool = world.repository("octo/tool");
    let first = tool.commit("main", "First", &[("a", "a")]);
    tool.issue(6);
    let all: Vec<String> = (0..120).map(|index| format!("label-{index:03}")).collect();
    let names: Vec<&str> = all.iter().map(String::as_str).collect();
    tool.pull(7).labels(&names).updated_at("2024-03-01T00:00:00Z").merged(&first);
    let merge = tool.commit("main", "Second", &[("a", "b")]);
    tool.commits.get_mut(&merge).unwrap().pulls.push(7);
    let server = GithubServer::start(world);
    let client = builder(server.url()).build().unwrap();
    let batch = client.pulls_by_number(&repo(), &numbers([6, 7, 8])).await.unwrap();
    assert_eq!(batch.found[&number(7)].labels, all);
    assert_eq!(batch.missing.len(), 2);
    assert_eq!(client.updated_at(&repo(), &numbers([7, 8])).await.unwrap().len(), 1);
    let updated: Vec<_> = client.pulls_updated(&repo(), Some("main")).try_collect().await.unwrap();
    assert_eq!(updated.iter().map(|pull| pull.number.get()).collect::<Vec<_>>(), [7]);
    assert!(client.pulls_updated(&repo(), Some("other")).try_collect::<Vec<_>>().await.unwrap().is_empty());
    let history: Vec<_> = client.history(&repo(), "main").try_collect().await.unwrap();
    assert_eq!(history.iter().map(|commit| commit.message.as_str()).collect::<Vec<_>>(), ["Second", "First"]);
    assert_eq!(history[0].parents[0], history[1].id);
    assert!(client.history(&repo(), "absent").try_collect::<Vec<_>>().await.unwrap_err().is_not_found());
    let ids = [history[0].id.clone(), "0".repeat(40).parse().unwrap()];
    let pulls = client.pulls_of_commits(&repo(), &ids).await.unwrap();
    assert_eq!(pulls[&ids[0]].iter().map(|pull| pull.number.get()).collect::<Vec<_>>(), [7]);
    assert!(pulls[&ids[1]].is_empty());
    let absent: RepoId = "octo/absent".parse().unwrap();
    assert!(client.pulls_by_number(&absent, &numbers([1])).await.unwrap_err().is_not_found());
    if let Some(contract) = GraphqlContract::load() {
        for document in std::fs::read_dir(shared("contracts/github-graphql/queries").unwrap()).unwrap() {
            let text = std::fs::read_to_string(document.unwrap().path()).unwrap();
            // That the contract knows its own queries is tested elsewhere; here, that it is strict.
            let variables = json!({ "owner": "o", "name": "r", "surprise": 1 });
            assert!(contract.check(&text, &variables).is_err());
        }
    }
    server.finish();
}

#[tokio::test]
async fn unchanged_answers_cost_nothing() {
    let mut world = World::new();
    world.repository("octo/tool").commit("main", "First", &[("a", "a")]);
    let server = GithubServer::start(world);
    let folder = tempfile::tempdir().unwrap();
    let recording = Recording::open(folder.path()).unwrap();
    let client = builder(server.url()).recording(recording.clone(), Mode::Cache).build().unwrap();
    let first = client.repository_info(&repo()).await.unwrap();
    let Usage { received, .. } = client.usage();
    assert_eq!(client.repository_info(&repo()).await.unwrap(), first);
    assert_eq!(server.counts().unchanged, 1);
    assert_eq!(client.usage().received, received, "the second answer has no body");
    // What changed is seen.
    server.world(|world| world.repositories.get_mut("octo/tool").unwrap().default_branch = "trunk".into());
    assert_eq!(client.repository_info(&repo()).await.unwrap().default_branch, "trunk");
    assert!(client.release_by_tag(&repo(), "v9").await.unwrap_err().is_not_found());
    let before = server.counts().requests();
    let replay = client.with_recording(recording, Mode::Replay).unwrap();
    assert_eq!(replay.repository_info(&repo()).await.unwrap().default_branch, "trunk");
    assert!(
        replay.release_by_tag(&repo(), "v9").await.unwrap_err().is_not_found(),
        "what is not there is replayed too"
    );
    let missing = replay.release_by_tag(&repo(), "v10").await.unwrap_err();
    assert!(missing.to_string().ends_with("/releases/tags/v10`: not in the recording"), "{missing}");
    assert_eq!(server.counts().requests(), before);
    server.finish();
}

/// Every recorded reply becomes what the client makes of it, and every other one at least goes through it.
#[tokio::test]
async fn recorded_replies_are_read() {
    let (Some(contract), Some(folder)) = (RestContract::load(), shared("data/github-http")) else { return };
    fn read<T: DeserializeOwned>(value: &Value) -> Result<(), serde_json::Error> {
        T::deserialize(value).map(drop)
    }
    let mut typed = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let exchanges: Vec<Value> = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for exchange in exchanges {
            let (verb, target) =
                (exchange["method"].as_str().unwrap().to_uppercase(), exchange["path"].as_str().unwrap());
            let (reply, status) = (&exchange["response"], exchange["status"].as_u64().unwrap());
            let body = exchange.get("body").filter(|body| body.is_object() && verb != "GET");
            let operation = contract.check_request(&verb, target, body).map(|operation| operation.id);
            let result = match operation.as_deref() {
                Ok("repos/get") => read::<Repository>(reply),
                Ok("issues/create" | "issues/get" | "issues/update") => read::<Issue>(reply),
                Ok("issues/list-for-repo") => read::<Vec<Issue>>(reply),
                Ok("issues/add-labels" | "issues/list-labels-for-repo") => read::<Vec<Label>>(reply),
                Ok("issues/get-label" | "issues/update-label") => read::<Label>(reply),
                Ok("issues/create-label") if status == 201 => read::<Label>(reply),
                Ok("repos/create-release" | "repos/get-release-by-tag" | "repos/update-release") => {
                    read::<Release>(reply)
                }
                Ok("repos/upload-release-asset" | "repos/get-release-asset" | "repos/update-release-asset") => {
                    read::<github_client::Asset>(reply)
                }
                Ok("repos/list-release-assets") => read::<Vec<github_client::Asset>>(reply),
                Ok("repos/create-or-update-file-contents") => read::<github_client::WrittenFile>(reply),
                _ if verb == "POST" && target.starts_with("/orgs/") => read::<Repository>(reply),
                _ => continue,
            };
            typed += 1;
            result.unwrap_or_else(|error| panic!("{} {verb} {target}: {error}", file.display()));
        }
    }
    assert_eq!(typed, 41, "all but deletions, statuses, archives, pages of text and protections of branches");
}

/// The recorded pages, errors and files, served again with all their headers.
#[tokio::test]
async fn recorded_exchanges_go_through_the_client() {
    let Some(folder) = shared("data/github-http") else { return };
    let serve = async |name: &str| {
        let server = MockServer::start().await;
        let exchanges: Vec<Value> = serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
        for exchange in &exchanges {
            let target = exchange["path"].as_str().unwrap();
            let (at, query) = target.split_once('?').unwrap_or((target, ""));
            let mut mock =
                Mock::given(method(exchange["method"].as_str().unwrap().to_uppercase().as_str())).and(path(at));
            for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
                mock = mock.and(wiremock::matchers::query_param(name.into_owned(), value.into_owned()));
            }
            let mut reply = ResponseTemplate::new(exchange["status"].as_u64().unwrap() as u16);
            for pair in exchange["rawHeaders"].as_array().unwrap().chunks(2) {
                let (name, value) = (pair[0].as_str().unwrap().to_lowercase(), pair[1].as_str().unwrap());
                if !matches!(name.as_str(), "content-length" | "transfer-encoding" | "content-encoding" | "connection")
                {
                    reply = reply.append_header(name.as_str(), value.replace("https://api.github.com", &server.uri()));
                }
            }
            let reply = match &exchange["response"] {
                Value::String(text) => reply.set_body_string(text.as_str()),
                other => reply.set_body_json(other),
            };
            mock.respond_with(reply).mount(&server).await;
        }
        (server, exchanges)
    };

    let (server, exchanges) = serve("get-content.json").await;
    let client = builder(&server.uri()).build().unwrap();
    let repo: RepoId = "octokit-fixture-org/hello-world".parse().unwrap();
    assert_eq!(client.folder(&repo, "", None).await.unwrap()[0].name, "README.md");
    assert_eq!(&client.file(&repo, "README.md", None).await.unwrap()[..], b"# hello-world");
    drop(exchanges);

    let (server, exchanges) = serve("paginate-issues.json").await;
    let client = builder(&server.uri()).build().unwrap();
    let first = exchanges.iter().find(|exchange| exchange["method"] == "get").unwrap();
    let mut target = first["path"].as_str().unwrap().to_owned();
    let (mut pages, mut issues) = (0, 0);
    // By hand, since the recording has its own page size: the links lead from page to page.
    loop {
        let request = http::Request::get(target.as_str()).body(bytes::Bytes::new()).unwrap();
        let reply = client.request(request).await.unwrap();
        pages += 1;
        issues += serde_json::from_slice::<Vec<Issue>>(reply.body()).unwrap().len();
        let link = reply.headers()["link"].to_str().unwrap();
        let next = link.split(", ").find_map(|link| link.strip_suffix(">; rel=\"next\"")?.strip_prefix('<'));
        match next {
            Some(next) => target = next.to_owned(),
            None => break,
        }
    }
    assert_eq!((pages, issues), (5, 13));
    assert_eq!(client.allowance("core"), None, "what was left in 2022 says nothing now");

    let (server, exchanges) = serve("errors.json").await;
    let client = builder(&server.uri()).build().unwrap();
    let target = exchanges[1]["path"].as_str().unwrap();
    let repo: RepoId = target.strip_prefix("/repos/").unwrap().strip_suffix("/labels").unwrap().parse().unwrap();
    let label = Label { name: "foo".into(), color: "invalid".into(), ..Label::default() };
    let error = client.create_label(&repo, &label).await.unwrap_err();
    assert!(
        error.to_string().ends_with("rejected with status 422: Validation Failed: Label.color: invalid"),
        "{error}"
    );
}

/// Pull requests, and their lists and commits, as the recordings hold them.
#[test]
fn recorded_pull_requests_and_commits_are_read() {
    let Some(folder) = shared("data/github-recordings") else { return };
    let mut commits = 0;
    for case in ["v1.16.0-rc.1", "v1.16.3", "v1.19.0-alpha.1"] {
        let text = std::fs::read(folder.join(case).join("commits.json")).unwrap();
        let found: Vec<Commit> = serde_json::from_slice(&text).unwrap();
        assert!(found.iter().all(|commit| !commit.git.message.is_empty() && !commit.parents.is_empty()));
        commits += found.len();
    }
    assert_eq!(commits, 2 + 56 + 714);
    let Some(folder) = shared("data/release-notes/recorded-api/changelog-v1.16.3") else { return };
    let text = std::fs::read(folder.join("ListCommits-0.json")).unwrap();
    let list: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(serde_json::from_value::<Vec<Commit>>(list["Result"].clone()).unwrap().len(), 56);
}

/// What is written to disk is read back the same, whatever is in it.
#[test]
fn records_survive_a_round_trip() {
    use proptest::prelude::*;
    let text = "\\PC{0,20}|[\\x00-\\x1f\u{202e}\"\\\\<>&]{0,8}";
    proptest!(|(title in text, body in text, label in text, number in 1_u64.., second in 0_i64..4_000_000_000)| {
        let record: PullRecord = serde_json::from_value(json!({
            "number": number, "url": "", "title": title, "body": body, "state": "merged", "base_ref": "main", "head_ref": "x",
            "updated_at": jiff::Timestamp::from_second(second).unwrap().to_string(), "labels": [label],
        })).unwrap();
        let again: PullRecord = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
        prop_assert_eq!(again, record);
    });
}

/// Whatever a server answers, the client neither panics nor hangs.
#[tokio::test]
async fn odd_answers_are_errors() {
    let answers = [
        "",
        "null",
        "[]",
        "{}",
        "{\"data\":null}",
        "{\"data\":{\"repository\":{}}}",
        "\u{feff}{}",
        "{\"data\":{\"repository\":{\"p1\":{}}}}",
        "{\"data\":{\"repository\":{\"p1\":{\"number\":0}}}}",
        "{\"errors\":[]}",
        "{\"errors\":[{\"path\":[1,null,{}]}]}",
        "\0",
    ];
    for answer in answers {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_string(answer))
            .mount(&server)
            .await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(200).set_body_string(answer))
            .mount(&server)
            .await;
        let client = builder(&server.uri()).build().unwrap();
        match client.pulls_by_number(&repo(), &numbers([1])).await {
            Ok(batch) => assert!(batch.found.is_empty(), "{answer:?}"),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        assert!(client.repository_info(&repo()).await.is_err(), "{answer:?}");
        assert!(client.latest_release(&repo()).await.is_err(), "{answer:?}");
    }
    let deep = "[".repeat(200_000);
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(200).set_body_string(deep)).mount(&server).await;
    let client = builder(&server.uri()).max_answer(100_000).build().unwrap();
    let large = client.repository_info(&repo()).await.unwrap_err();
    assert!(matches!(large, github_client::Error::TooLarge { limit: 100_000, .. }), "{large:?}");
    let client = builder(&server.uri()).build().unwrap();
    assert!(client.repository_info(&repo()).await.is_err());
}

/// Calls can be made from tasks of a runtime with several threads.
#[test]
fn calls_may_move_between_threads() {
    fn is_send<T: Send>(_: T) {}
    let client: GithubClient = builder("http://127.0.0.1:1").build().unwrap();
    let repo = repo();
    let path = std::path::Path::new("x");
    let asset = github_client::NewAsset { name: "x", label: None, content_type: "x/y", path };
    is_send(client.cached_pulls(&repo, &[]));
    is_send(client.pulls_by_number(&repo, &[]));
    is_send(client.pulls_of_commits(&repo, &[]));
    is_send(client.updated_at(&repo, &[]));
    is_send(client.pulls_updated(&repo, None));
    is_send(client.history(&repo, "main"));
    is_send(client.compare(&repo, "a", "b"));
    is_send(client.find_release(&repo, "v1"));
    is_send(client.upload_asset(&repo, github_client::ReleaseId::new(1).unwrap(), &asset));
    is_send(client.tags(&repo));
}
