//! Recordings of other tools.

use std::path::PathBuf;

use github_client::{Error, GithubClient, Mode, ObjectId, Recording, RepoId};

use crate::{number, numbers};

/// A folder of shared data; the tests that need it pass without it.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let told = std::env::var_os("KREL_SHARED").map(PathBuf::from);
    let found = [Some(beside), told].into_iter().flatten().map(|root| root.join(folder)).find(|path| path.exists());
    if found.is_none() {
        println!("skipped: there is no shared folder `{folder}`");
    }
    found
}

fn kubernetes() -> RepoId {
    "kubernetes/kubernetes".parse().unwrap()
}

fn replay(folder: &str) -> Option<GithubClient> {
    let recording = Recording::open_replay(&shared(folder)?).unwrap();
    Some(GithubClient::builder().recording(recording, Mode::Replay).build().unwrap())
}

#[tokio::test]
async fn both_foreign_forms_give_the_same() {
    let Some(go) = replay("data/release-notes/recorded-api/changelog-v1.16.3") else { return };
    let Some(cut) = replay("data/github-recordings/v1.16.3") else { return };
    let wanted = numbers([85025, 84964, 85024, 82801, 83789]);
    let whole = go.cached_pulls(&kubernetes(), &wanted).await.unwrap().whole().unwrap();
    assert_eq!(whole.found.len(), 5);
    assert_eq!(cut.cached_pulls(&kubernetes(), &wanted).await.unwrap().found, whole.found);
    let pull = &whole.found[&number(85025)];
    assert_eq!(pull.title, "Automated cherry pick of #85024: kubeadm: fix skipped etcd upgrade on secondary cp nodes");
    assert_eq!(pull.author.as_ref().unwrap().login, "neolit123");
    assert_eq!(pull.head_label(), "neolit123:automated-cherry-pick-of-#85024-origin-release-1.16");
    assert!(pull.labels.contains(&"cncf-cla: yes".to_owned()));

    let merge: ObjectId = "09185a04091510940228e6b63df0671aaa37606f".parse().unwrap();
    let other: ObjectId = "0".repeat(40).parse().unwrap();
    for client in [&go, &cut] {
        let found = client.pulls_of_commits(&kubernetes(), &[merge.clone(), other.clone()]).await.unwrap();
        assert_eq!(found[&merge].iter().map(|pull| pull.number.get()).collect::<Vec<_>>(), [84964]);
        assert!(found[&other].is_empty());
        let missing = client.cached_pulls(&kubernetes(), &numbers([1])).await.unwrap();
        assert!(matches!(missing.failed[&number(1)], Error::NotRecorded { .. }));
        let elsewhere = client.cached_pulls(&"other/repo".parse().unwrap(), &wanted).await.unwrap();
        assert_eq!(elsewhere.failed.len(), 5);
        assert_eq!(client.usage().requests, 0);
    }
}

#[tokio::test]
async fn every_recorded_pull_request_is_read() {
    let Some(client) = replay("data/github-recordings/v1.19.0-alpha.1") else { return };
    let path = shared("data/github-recordings/v1.19.0-alpha.1/pulls.json").unwrap();
    let pulls: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let wanted = numbers(pulls.iter().map(|pull| pull["number"].as_u64().unwrap()));
    let found = client.cached_pulls(&kubernetes(), &wanted).await.unwrap().found;
    for pull in &pulls {
        let record = found.values().find(|record| Some(record.number.get()) == pull["number"].as_u64());
        // Old numbers in a message may be those of another repository; such a pull request is still one of its own repository.
        let Some(record) = record else {
            assert!(!pull["html_url"].as_str().unwrap().contains("/kubernetes/kubernetes/"), "{}", pull["html_url"]);
            continue;
        };
        assert_eq!(record.title, pull["title"].as_str().unwrap());
        assert_eq!(record.body, pull["body"].as_str().unwrap_or_default());
        assert_eq!(record.labels.len(), pull["labels"].as_array().map_or(0, Vec::len));
    }
    assert!(found.len() > 390, "{}", found.len());
}

#[test]
fn a_foreign_recording_is_only_read() {
    let Some(folder) = shared("data/github-recordings/v1.16.3") else { return };
    let recording = Recording::open_replay(&folder).unwrap();
    let error = GithubClient::builder().recording(recording, Mode::Cache).build().unwrap_err();
    assert!(error.to_string().contains("can only be replayed"), "{error}");
}
