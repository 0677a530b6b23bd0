//! The recording as a cache.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use github_client::{Error, GithubClient, Missing, Mode, PullRecord, Recording};
use serde_json::json;

use crate::fake::Fake;
use crate::{builder, number, numbers, repo};

fn client(fake: &Fake, folder: &Path, mode: Mode) -> GithubClient {
    let recording = Recording::open(folder).unwrap();
    builder(&fake.server.uri()).recording(recording, mode).recorded_as("github.com").build().unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

fn change(fake: &Fake, changed: u64, at: &str) {
    let mut world = fake.world();
    let pull = world.pulls.get_mut(&changed).unwrap();
    pull["title"] = json!(format!("Changed {changed} at {at}"));
    pull["updatedAt"] = json!(at);
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

async fn all(client: &GithubClient, wanted: &[u64]) -> Vec<PullRecord> {
    let batch = client.cached_pulls(&repo(), &numbers(wanted.iter().copied())).await.unwrap();
    batch.whole().unwrap().found.into_values().collect()
}

#[tokio::test]
async fn twelve_hundred_cold_and_warm() {
    let fake = Fake::start(1..=1300).await;
    fake.world().delay = Duration::from_millis(200);
    let folder = tempfile::tempdir().unwrap();
    let wanted: Vec<u64> = (1..=1200).collect();
    let client = client(&fake, folder.path(), Mode::Cache);

    let begin = Instant::now();
    let cold = all(&client, &wanted).await;
    println!("cold: {:?}, {} requests", begin.elapsed(), client.usage().requests);
    assert_eq!(cold.len(), 1200);
    assert_eq!(client.usage().requests, 24);
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());

    let begin = Instant::now();
    let warm = all(&client, &wanted).await;
    println!("warm: {:?}, {} requests", begin.elapsed(), client.usage().requests - 24);
    assert_eq!(warm, cold);
    assert_eq!(client.usage().requests, 25);
}

#[tokio::test]
async fn only_what_changed_is_asked_for_again() {
    let fake = Fake::start(1..=160).await;
    let folder = tempfile::tempdir().unwrap();
    let wanted: Vec<u64> = (1..=100).collect();
    let client = client(&fake, folder.path(), Mode::Cache);
    all(&client, &wanted).await;
    fake.asked();

    change(&fake, 7, &now());
    change(&fake, 150, &now());
    let pulls = all(&client, &wanted).await;
    assert_eq!(fake.asked(), [("PullsByNumber".to_owned(), 1), ("PullsUpdated".to_owned(), 0)]);
    assert!(pulls[6].title.starts_with("Changed 7"), "{}", pulls[6].title);
    all(&client, &wanted).await;
    assert_eq!(fake.asked(), [("PullsUpdated".to_owned(), 0)]);

    // A change that is seen while others are asked for is not forgotten.
    change(&fake, 8, &now());
    all(&client, &[1, 2]).await;
    assert_eq!(fake.asked(), [("PullsUpdated".to_owned(), 0)]);
    let pulls = all(&client, &[8, 9]).await;
    assert!(pulls[0].title.starts_with("Changed 8"), "{}", pulls[0].title);
    assert_eq!(fake.asked(), [("PullsByNumber".to_owned(), 1), ("PullsUpdated".to_owned(), 0)]);

    // So many changes that the list does not reach back: times are asked for instead, and the others stay to be checked.
    for number in 1..=110 {
        change(&fake, number, &now());
    }
    let pulls = all(&client, &(1..=10).collect::<Vec<_>>()).await;
    assert!(pulls.iter().all(|pull| pull.title.contains(" at 20")), "{pulls:?}");
    let asked = fake.asked();
    assert!(asked.contains(&("UpdatedAt".to_owned(), 10)), "{asked:?}");
    let pulls = all(&client, &wanted).await;
    assert!(pulls.iter().all(|pull| pull.title.starts_with("Changed")), "{pulls:?}");
}

#[tokio::test]
async fn a_pull_request_that_is_not_merged_is_asked_for_again() {
    let fake = Fake::start(1..=3).await;
    fake.world().pulls.get_mut(&2).unwrap()["state"] = json!("OPEN");
    let folder = tempfile::tempdir().unwrap();
    let client = client(&fake, folder.path(), Mode::Cache);
    all(&client, &[1, 2, 3]).await;
    fake.asked();
    fake.world().pulls.get_mut(&2).unwrap()["title"] = json!("still open");
    assert_eq!(all(&client, &[1, 2, 3]).await[1].title, "still open");
    assert_eq!(fake.asked(), [("PullsByNumber".to_owned(), 1), ("PullsUpdated".to_owned(), 0)]);
}

#[tokio::test]
async fn a_replay_gives_the_same_and_asks_nothing() {
    let fake = Fake::start(1..=60).await;
    fake.world().issues.insert(70);
    let folder = tempfile::tempdir().unwrap();
    let impossible = 9_999_999_999;
    let wanted = numbers((1..=60).chain([70, 71, impossible]));
    let recorded = client(&fake, folder.path(), Mode::Record).cached_pulls(&repo(), &wanted).await.unwrap();
    for mode in [Mode::Replay, Mode::Offline] {
        let client = client(&fake, folder.path(), mode);
        for batch in [client.cached_pulls(&repo(), &wanted).await, client.pulls_by_number(&repo(), &wanted).await] {
            let batch = batch.unwrap();
            assert_eq!(batch.found, recorded.found);
            let absent = [(number(71), Missing::Absent), (number(impossible), Missing::Absent)];
            assert_eq!(batch.missing, [(number(70), Missing::Issue)].into_iter().chain(absent).collect());
            assert!(batch.failed.is_empty());
        }
        let batch = client.cached_pulls(&repo(), &numbers([1, 99])).await.unwrap();
        assert_eq!(batch.found.len(), 1);
        assert_eq!(batch.whole().unwrap_err().1.to_string(), "`pull request #99 of octo/tool`: not in the recording");
        assert!(matches!(client.updated_at(&repo(), &numbers([99])).await, Err(Error::NotRecorded { .. })));
        assert_eq!(client.usage().requests, 0);
    }
}

#[tokio::test]
async fn a_run_that_was_stopped_keeps_what_it_had() {
    let fake = Fake::start(1..=200).await;
    fake.world().poisoned.extend((101..=200).map(|number| (number, 503)));
    let folder = tempfile::tempdir().unwrap();
    let wanted: Vec<u64> = (1..=200).collect();
    let client = client(&fake, folder.path(), Mode::Cache);
    client.cached_pulls(&repo(), &numbers(wanted.clone())).await.unwrap_err();
    fake.world().poisoned.clear();
    fake.asked();
    assert_eq!(all(&client, &wanted).await.len(), 200);
    assert_eq!(
        fake.asked(),
        [("PullsByNumber".to_owned(), 50), ("PullsByNumber".to_owned(), 50), ("PullsUpdated".to_owned(), 0)]
    );
}

#[tokio::test]
async fn damaged_files_are_asked_for_again_or_named() {
    let fake = Fake::start(1..=3).await;
    let folder = tempfile::tempdir().unwrap();
    let cache = client(&fake, folder.path(), Mode::Cache);
    let good = all(&cache, &[1, 2, 3]).await;
    let file =
        files(&folder.path().join("pulls")).into_iter().find(|path| path.to_string_lossy().contains("/2-")).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    for damage in [text.replace("Change", "Chance"), text[..50].to_owned(), String::new(), "\0".repeat(17 << 20)] {
        std::fs::write(&file, &damage).unwrap();
        let error =
            client(&fake, folder.path(), Mode::Replay).cached_pulls(&repo(), &numbers([1, 2, 3])).await.unwrap_err();
        assert!(error.to_string().contains("2-20240102T030406Z"), "{error}");
        assert_eq!(all(&cache, &[1, 2, 3]).await, good);
    }
}

#[tokio::test]
async fn two_at_once_do_not_disturb_each_other() {
    let fake = Fake::start(1..=300).await;
    fake.world().delay = Duration::from_millis(20);
    let folder = tempfile::tempdir().unwrap();
    let wanted: Vec<u64> = (1..=300).collect();
    let clients: Vec<_> = (0..4).map(|_| client(&fake, folder.path(), Mode::Cache)).collect();
    let runs = clients.iter().map(|client| all(client, &wanted));
    for pulls in futures::future::join_all(runs).await {
        assert_eq!(pulls.len(), 300);
    }
    let replay = all(&client(&fake, folder.path(), Mode::Replay), &wanted).await;
    assert_eq!(replay.len(), 300);
    assert_eq!(files(&folder.path().join("pulls")).len(), 300, "one file each, and none left over");
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_not_writable_to_everybody_and_hold_no_secrets() {
    use std::os::unix::fs::PermissionsExt;
    let secret = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";
    let fake = Fake::start(1..=3).await;
    let folder = tempfile::tempdir().unwrap();
    let recording = Recording::open(&folder.path().join("new/recording")).unwrap();
    let client = builder(&fake.server.uri())
        .auth(github_client::Auth::token(secret.into()))
        .recording(recording, Mode::Cache)
        .build()
        .unwrap();
    all(&client, &[1, 2, 3]).await;
    client.graphql("query X{a}", json!({"a": 1})).await.unwrap();
    let files = files(folder.path());
    assert!(files.len() > 5, "{files:?}");
    for path in files {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o022, 0, "{} {mode:o}", path.display());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(secret) && !text.to_lowercase().contains("authorization"), "{}", path.display());
    }
}

#[test]
fn strange_folders_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.doc"), "precious").unwrap();
    for opened in [Recording::open(folder.path()), Recording::open_replay(folder.path())] {
        assert!(opened.unwrap_err().to_string().ends_with("is no recording"));
    }
    assert!(Recording::open_replay(&folder.path().join("absent")).is_err());
    let newer = tempfile::tempdir().unwrap();
    std::fs::write(newer.path().join("recording.json"), r#"{"schema":"github-recording/9"}"#).unwrap();
    assert!(Recording::open(newer.path()).unwrap_err().to_string().contains("github-recording/9"));
}

#[tokio::test]
async fn numbers_that_are_no_pull_requests_cost_one_request() {
    let fake = Fake::start(1..=3).await;
    fake.world().issues.insert(4);
    let folder = tempfile::tempdir().unwrap();
    let client = client(&fake, folder.path(), Mode::Cache);
    for _ in 0..2 {
        let batch = client.cached_pulls(&repo(), &numbers(1..=5)).await.unwrap();
        assert_eq!(batch.missing, [(number(4), Missing::Issue), (number(5), Missing::Absent)].into());
    }
    assert_eq!(
        fake.asked(),
        [("PullsByNumber".to_owned(), 2), ("PullsByNumber".to_owned(), 5), ("PullsUpdated".to_owned(), 0)]
    );
    // What comes into being is seen, and an issue that became a pull request too.
    fake.world().pulls.insert(5, crate::fake::pull(5));
    assert_eq!(client.cached_pulls(&repo(), &numbers(1..=5)).await.unwrap().found.len(), 4);
    fake.world().issues.remove(&4);
    fake.world().pulls.insert(4, crate::fake::pull(4));
    let batch = client.cached_pulls(&repo(), &numbers(1..=5)).await.unwrap();
    assert_eq!((batch.found.len(), batch.missing.len()), (5, 0));
}

/// The clock here may be wrong by hours; the server's is the one its answers are told in.
#[tokio::test]
async fn times_are_those_of_the_server() {
    let fake = Fake::start(1..=3).await;
    let folder = tempfile::tempdir().unwrap();
    let client = client(&fake, folder.path(), Mode::Cache);
    let answer = json!({"data": {
        "repository": {"nameWithOwner": "octo/tool", "c0": {"associatedPullRequests": {"nodes": []}}},
        "rateLimit": {"cost": 1, "limit": 5000, "remaining": 0, "resetAt": "2024-01-02T03:04:06Z"},
    }});
    let answer = wiremock::ResponseTemplate::new(200).set_body_json(answer);
    fake.world().first.push(answer.insert_header("date", "Tue, 02 Jan 2024 03:04:05 GMT"));
    let begin = Instant::now();
    client.pulls_of_commits(&repo(), &["1".repeat(40).parse().unwrap()]).await.unwrap();
    let [file] = files(&folder.path().join("commits")).try_into().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(r#""asked_at":"2024-01-02T03:04:05Z""#), "{text}");
    // The allowance is used up for a second of the server's.
    all(&client, &[1, 2, 3]).await;
    assert!(begin.elapsed() >= Duration::from_secs(1), "{:?}", begin.elapsed());
}
