//! Releases and their files.

use std::path::Path;

use futures::TryStreamExt;
use github_client::{
    Error, GithubClient, MakeLatest, Mode, NewAsset, NewRelease, Recording, Release, ReleaseChange, RepoId,
};
use testkit::github::{Answer, Asset, Fault, GithubServer, On, World};

use crate::builder;

fn repo() -> RepoId {
    "octo/tool".parse().unwrap()
}

fn start() -> (GithubServer, GithubClient) {
    let mut world = World::new();
    world.repository("octo/tool").commit("main", "First", &[("README.md", "x")]);
    let server = GithubServer::start(world);
    let client = builder(server.url()).build().unwrap();
    (server, client)
}

async fn draft(client: &GithubClient) -> Release {
    let new = NewRelease { tag: "v1.0.0".into(), name: Some("v1.0.0".into()), draft: true, ..NewRelease::default() };
    client.create_release(&repo(), &new).await.unwrap()
}

fn asset(path: &Path) -> NewAsset<'_> {
    NewAsset { name: "tool.tar.gz", label: None, content_type: "application/gzip", path }
}

/// What the server holds of the files of a release.
fn held(server: &GithubServer, release: &Release) -> Vec<(String, Vec<u8>)> {
    server.world(|world| {
        let release = &world.repositories["octo/tool"].releases[&release.id.get()];
        release.assets.iter().map(|asset| (asset.name.clone(), asset.bytes.clone())).collect()
    })
}

#[tokio::test]
async fn from_draft_to_latest() {
    let (server, client) = start();
    let repo = repo();
    let made = draft(&client).await;
    assert!(made.draft);
    assert!(client.release_by_tag(&repo, "v1.0.0").await.unwrap_err().is_not_found());
    assert_eq!(client.find_release(&repo, "v1.0.0").await.unwrap().map(|release| release.id), Some(made.id));
    assert_eq!(client.find_release(&repo, "v9.9.9").await.unwrap(), None);
    let change = ReleaseChange { body: Some("notes".into()), ..ReleaseChange::default() };
    assert_eq!(client.update_release(&repo, made.id, &change).await.unwrap().body, "notes");
    let published = client.publish_release(&repo, made.id, MakeLatest::Yes).await.unwrap();
    assert!(!published.draft && published.published_at.is_some());
    assert_eq!(client.latest_release(&repo).await.unwrap().tag, "v1.0.0");
    assert_eq!(client.release_by_tag(&repo, "v1.0.0").await.unwrap().body, "notes");
    assert!(client.git_ref(&repo, "tags/v1.0.0").await.is_ok(), "publishing makes the tag");
    let twice =
        client.create_release(&repo, &NewRelease { tag: "v1.0.0".into(), ..NewRelease::default() }).await.unwrap_err();
    assert!(
        twice.to_string().ends_with("rejected with status 422: Validation Failed: Release.tag_name: already_exists"),
        "{twice}"
    );
    assert_eq!(client.releases(&repo).try_collect::<Vec<_>>().await.unwrap().len(), 1);
    client.delete_release(&repo, made.id).await.unwrap();
    assert!(client.latest_release(&repo).await.unwrap_err().is_not_found());
    server.finish();
}

#[tokio::test]
async fn files_go_up_and_come_down_whole() {
    let (server, client) = start();
    let release = draft(&client).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tool");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(&path, &bytes).unwrap();
    let uploaded = client.upload_asset(&repo(), release.id, &asset(&path)).await.unwrap();
    assert_eq!(
        (uploaded.name.as_str(), uploaded.size, uploaded.content_type.as_str()),
        ("tool.tar.gz", 3_000_000, "application/gzip")
    );
    assert_eq!(held(&server, &release), [("tool.tar.gz".to_owned(), bytes.clone())]);
    // Again is the same.
    assert_eq!(client.upload_asset(&repo(), release.id, &asset(&path)).await.unwrap().id, uploaded.id);
    // Another file of that name is not replaced.
    let other = folder.path().join("other");
    std::fs::write(&other, &bytes[..2_999_999]).unwrap();
    let refused = client.upload_asset(&repo(), release.id, &asset(&other)).await.unwrap_err();
    assert!(matches!(refused, Error::Differs { what: "the size", .. }), "{refused:?}");
    std::fs::write(&other, bytes.iter().rev().copied().collect::<Vec<u8>>()).unwrap();
    let refused = client.upload_asset(&repo(), release.id, &asset(&other)).await.unwrap_err();
    assert!(matches!(refused, Error::Differs { what: "the SHA-256", .. }), "{refused:?}");

    let down = folder.path().join("down");
    let digest = client.download_asset(&repo(), &uploaded, &down).await.unwrap();
    assert_eq!(std::fs::read(&down).unwrap(), bytes);
    assert_eq!(uploaded.digest, Some(format!("sha256:{digest}")));

    // Bytes that changed on the server do not arrive.
    server.world(|world| {
        let release = world.repositories.get_mut("octo/tool").unwrap().releases.get_mut(&release.id.get()).unwrap();
        let asset: &mut Asset = &mut release.assets[0];
        asset.bytes[1_000_000] ^= 1;
    });
    let absent = folder.path().join("absent");
    let refused = client.download_asset(&repo(), &uploaded, &absent).await.unwrap_err();
    assert!(matches!(refused, Error::Differs { what: "the SHA-256", .. }), "{refused:?}");
    server.world(|world| {
        let release = world.repositories.get_mut("octo/tool").unwrap().releases.get_mut(&release.id.get()).unwrap();
        release.assets[0].bytes.push(0);
    });
    let refused = client.download_asset(&repo(), &uploaded, &absent).await.unwrap_err();
    assert!(matches!(refused, Error::Differs { what: "the size", .. }), "{refused:?}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "nothing half is left: {left:?}");

    client.delete_asset(&repo(), uploaded.id).await.unwrap();
    assert!(held(&server, &release).is_empty());
    server.finish();
}

#[tokio::test]
async fn transfers_survive_a_bad_day() {
    let (server, client) = start();
    let release = draft(&client).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tool");
    let bytes = vec![7; 700_000];
    std::fs::write(&path, &bytes).unwrap();
    let uploads = On::Path("POST", "/uploads".to_owned());
    for answer in [Answer::Status(502), Answer::Closed, Answer::CutBody] {
        server.inject(Fault::new(uploads.clone(), answer.clone()).times(1));
        let uploaded = client.upload_asset(&repo(), release.id, &asset(&path)).await.unwrap();
        assert_eq!(held(&server, &release), [("tool.tar.gz".to_owned(), bytes.clone())], "{answer:?}");
        server.heal();
        client.delete_asset(&repo(), uploaded.id).await.unwrap();
    }
    let uploaded = client.upload_asset(&repo(), release.id, &asset(&path)).await.unwrap();
    for answer in [Answer::Status(503), Answer::Closed, Answer::CutBody] {
        server.inject(Fault::new(On::Path("GET", "/repos/octo/tool/releases/assets".to_owned()), answer).times(1));
        let down = folder.path().join("down");
        client.download_asset(&repo(), &uploaded, &down).await.unwrap();
        assert_eq!(std::fs::read(&down).unwrap(), bytes);
        server.heal();
    }
    server.inject(Fault::new(uploads, Answer::Status(500)));
    let error =
        client.upload_asset(&repo(), release.id, &NewAsset { name: "other", ..asset(&path) }).await.unwrap_err();
    assert!(matches!(&error, Error::Unavailable { spent, .. } if spent.attempts == 3), "{error:?}");
    server.finish();
}

#[tokio::test]
async fn nothing_is_transferred_in_a_replay() {
    let (server, client) = start();
    let release = draft(&client).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tool");
    std::fs::write(&path, "x").unwrap();
    let uploaded = client.upload_asset(&repo(), release.id, &asset(&path)).await.unwrap();
    let recording = Recording::open(&folder.path().join("recording")).unwrap();
    let replay = client.with_recording(recording, Mode::Replay).unwrap();
    let before = server.counts().requests();
    assert!(matches!(replay.upload_asset(&repo(), release.id, &asset(&path)).await, Err(Error::NotRecorded { .. })));
    assert!(matches!(replay.download_asset(&repo(), &uploaded, &path).await, Err(Error::NotRecorded { .. })));
    assert!(matches!(replay.delete_release(&repo(), release.id).await, Err(Error::NotRecorded { .. })));
    assert_eq!(server.counts().requests(), before);
    server.finish();
}
