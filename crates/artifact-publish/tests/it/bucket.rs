use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use artifact_publish::contract;
use artifact_publish::{Attributes, Bucket, Created, Digests, Error, Expected, ObjectPrefix, Progress, Sha256Digest};

use crate::{folder, memory, name, noise, prefix};

#[tokio::test]
async fn the_folder_keeps_the_contract() {
    let (_root, bucket) = folder();
    contract::check(&bucket, &ObjectPrefix::root()).await.unwrap();
    contract::check(&bucket, &prefix("some/where")).await.unwrap();
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::check(&memory(), &ObjectPrefix::root()).await.unwrap();
    contract::check(&memory(), &prefix("some/where")).await.unwrap();
}

#[tokio::test]
async fn urls() {
    for bad in ["https://a/b", "file://host/a", "memory://host/a", "memory:a?b", "file:///a#b", "gs://bucket"] {
        assert!(matches!(Bucket::open(&bad.parse().unwrap()), Err(Error::BadPlace { .. })), "{bad}");
    }
    let open = |url: &str| Bucket::open(&url.parse().unwrap()).unwrap();
    open("memory:shared-in-urls").create(&name("a"), "1", &Attributes::default()).await.unwrap();
    assert!(open("memory:shared-in-urls").info(&name("a")).await.unwrap().is_some());
    assert!(open("memory:other-in-urls").info(&name("a")).await.unwrap().is_none());
    assert!(open("memory:").info(&name("a")).await.unwrap().is_none());
    assert_eq!(open("memory:shared-in-urls").address("a/b"), "memory:shared-in-urls/a/b");
    assert_eq!(open("file:///p%20q/").address("a/b"), "file:///p q/a/b");
}

#[tokio::test]
async fn a_person_can_look_at_the_folder() {
    let (root, bucket) = folder();
    bucket.create(&name("release/v1/a.txt"), "one", &Attributes::of_type("text/plain")).await.unwrap();
    bucket.create(&name("release/v1/b"), "two", &Attributes::default()).await.unwrap();
    let place = root.path().join("place");
    assert_eq!(std::fs::read(place.join("release/v1/a.txt")).unwrap(), b"one");
    let sidecar = std::fs::read_to_string(place.join(".attributes/release/v1/a.txt.json")).unwrap();
    assert!(sidecar.contains("\"content_type\": \"text/plain\""), "{sidecar}");
    assert!(!place.join(".attributes/release/v1/b.json").exists());
    assert_eq!(std::fs::read_dir(place.join(".tmp")).unwrap().count(), 0);
    // Edited by hand: other bytes, so neither the attributes nor the generation are those that were written.
    let before = bucket.info(&name("release/v1/a.txt")).await.unwrap().unwrap();
    std::fs::write(place.join("release/v1/a.txt"), "owo").unwrap();
    let after = bucket.info(&name("release/v1/a.txt")).await.unwrap().unwrap();
    assert_ne!(before.generation, after.generation);
    assert_eq!(after.attributes, Attributes::default());
}

#[tokio::test]
async fn nothing_leads_out_of_the_folder() {
    let (root, bucket) = folder();
    let place = root.path().join("place");
    let outside = root.path().join("outside");
    std::fs::create_dir_all(place.join("real")).unwrap();
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::write(outside.join("secret"), "secret").unwrap();
    symlink(&outside, place.join("link")).unwrap();
    symlink(outside.join("secret"), place.join("real/file")).unwrap();
    symlink(outside.join("new"), place.join("real/dangling")).unwrap();
    let plain = Attributes::default();
    for object in ["link/secret", "link/new", "real/file", "real/dangling"] {
        let object = name(object);
        let obstructed = |error| assert!(matches!(error, Error::Obstructed { .. }), "{object}: {error:?}");
        obstructed(bucket.info(&object).await.unwrap_err());
        obstructed(bucket.read(&object, 10).await.unwrap_err());
        obstructed(bucket.digests(&object, &Progress::none()).await.unwrap_err());
        obstructed(bucket.create(&object, "x", &plain).await.unwrap_err());
        obstructed(bucket.replace(&object, "x", &Expected::Absent, &plain).await.unwrap_err());
        obstructed(bucket.remove(&object).await.unwrap_err());
    }
    assert!(matches!(bucket.list(&ObjectPrefix::root()).await, Err(Error::Obstructed { .. })));
    assert!(matches!(bucket.list(&prefix("link")).await, Err(Error::Obstructed { .. })));
    assert_eq!(std::fs::read(outside.join("secret")).unwrap(), b"secret");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);

    std::fs::remove_dir_all(&place).unwrap();
    std::fs::create_dir_all(&place).unwrap();
    symlink(&outside, place.join(".tmp")).unwrap();
    assert!(bucket.create(&name("a"), "x", &plain).await.is_err());
    std::fs::remove_file(place.join(".tmp")).unwrap();
    symlink(outside.join("lock"), place.join(".lock")).unwrap();
    assert!(bucket.create(&name("a"), "x", &plain).await.is_err());
    std::fs::remove_file(place.join(".lock")).unwrap();
    symlink(&outside, place.join(".attributes")).unwrap();
    assert!(bucket.create(&name("a"), "x", &Attributes::of_type("a/b")).await.is_err());
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
}

#[tokio::test]
async fn other_things_in_the_way() {
    for bucket in [folder().1, memory()] {
        let plain = Attributes::default();
        bucket.create(&name("a/b"), "1", &plain).await.unwrap();
        let obstructed = |error| assert!(matches!(error, Error::Obstructed { .. }), "{bucket:?}: {error:?}");
        obstructed(bucket.create(&name("a"), "1", &plain).await.unwrap_err());
        obstructed(bucket.create(&name("a/b/c"), "1", &plain).await.unwrap_err());
        obstructed(bucket.replace(&name("a"), "1", &Expected::Absent, &plain).await.unwrap_err());
        assert!(bucket.info(&name("a")).await.unwrap().is_none());
        assert!(bucket.info(&name("a/b/c")).await.unwrap().is_none());
        assert!(bucket.list(&prefix("a/b")).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_pipe_does_not_hang() {
    let (root, bucket) = folder();
    std::fs::create_dir_all(root.path().join("place")).unwrap();
    let status = std::process::Command::new("mkfifo").arg(root.path().join("place/pipe")).status().unwrap();
    assert!(status.success());
    assert!(matches!(bucket.info(&name("pipe")).await, Err(Error::Obstructed { .. })));
    assert!(matches!(bucket.list(&ObjectPrefix::root()).await, Err(Error::Obstructed { .. })));
}

#[tokio::test]
async fn an_unwritable_place_is_told() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("file"), "x").unwrap();
    for path in ["file", "file/place"] {
        let bucket = Bucket::open_folder(&root.path().join(path)).unwrap();
        let error = bucket.check_writable().await.unwrap_err();
        assert!(matches!(error, Error::Obstructed { .. } | Error::Io { .. }), "{path}: {error:?}");
        assert!(error.to_string().contains(path), "{error}");
    }
    let (root, bucket) = folder();
    assert!(bucket.list(&ObjectPrefix::root()).await.unwrap().is_empty());
    assert!(matches!(bucket.remove(&name("a")).await, Err(Error::NotFound { .. })));
    assert!(!root.path().join("place").exists(), "looking makes nothing");
    bucket.check_writable().await.unwrap();
    assert!(bucket.list(&ObjectPrefix::root()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_changing_source_is_refused() {
    for bucket in [folder().1, memory()] {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("log");
        std::fs::write(&path, noise(3_000_000, 1)).unwrap();
        let growing = path.clone();
        let progress = Progress::new(move |_| {
            let mut file = std::fs::File::options().append(true).open(&growing).unwrap();
            std::io::Write::write_all(&mut file, b"more").unwrap();
        });
        let error = bucket.upload(&name("a"), &path, &Attributes::default(), &progress).await.unwrap_err();
        assert!(matches!(error, Error::SourceChanged { .. }), "{error:?}");
        assert!(bucket.list(&ObjectPrefix::root()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn between_buckets() {
    let (root, place) = folder();
    let bytes = noise(2_500_000, 2);
    let typed = Attributes::of_type("application/gzip");
    place.create(&name("a"), bytes.clone(), &typed).await.unwrap();
    let (other, seen) = (memory(), Arc::new(AtomicU64::new(0)));
    let counter = Arc::clone(&seen);
    let progress = Progress::new(move |bytes| {
        counter.fetch_add(bytes, Ordering::Relaxed);
    });
    let digest = Sha256Digest::of(&bytes);
    assert_eq!(place.copy(&name("a"), &other, &name("x/a"), &digest, &progress).await.unwrap(), Created::New);
    assert_eq!(seen.load(Ordering::Relaxed), bytes.len() as u64);
    assert_eq!(other.copy(&name("x/a"), &place, &name("b"), &digest, &progress).await.unwrap(), Created::New);
    assert_eq!(place.info(&name("b")).await.unwrap().unwrap().attributes, typed);
    // A later edit of one leaves the other alone: no links.
    std::fs::write(root.path().join("place/a"), "edited").unwrap();
    assert_eq!(place.digests(&name("b"), &Progress::none()).await.unwrap(), Some(Digests::of(&bytes)));
    let error = place.copy(&name("a"), &other, &name("c"), &digest, &Progress::none()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("`{}` has the SHA-256 digest {}, expected {digest}", place.address("a"), Sha256Digest::of(b"edited"))
    );
    other.create(&name("c"), "foreign", &typed).await.unwrap();
    match place.copy(&name("a"), &other, &name("c"), &digest, &Progress::none()).await.unwrap_err() {
        Error::Exists { there, offered, .. } => {
            assert_eq!((*there, *offered), (Digests::of(b"foreign"), Digests::of(b"edited")));
        }
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn many_creators_one_winner() {
    let (_root, bucket) = folder();
    for round in 0..40 {
        let lease = name(&format!("lease-{round}"));
        let mut creators = tokio::task::JoinSet::new();
        for creator in 0..16_u8 {
            // Each has a bucket of its own, as separate processes have: each of them also sweeps what killed ones left.
            let (bucket, lease) = (Bucket::open(bucket.url()).unwrap(), lease.clone());
            let attributes = Attributes::of_type(if creator % 2 == 0 { "even/even" } else { "odd/odd" });
            creators.spawn(async move { bucket.create(&lease, vec![creator % 2; 100], &attributes).await });
        }
        let mut outcomes = [0; 3];
        while let Some(outcome) = creators.join_next().await {
            match outcome.unwrap() {
                Ok(Created::New) => outcomes[0] += 1,
                Ok(Created::Identical) => outcomes[1] += 1,
                Err(Error::Exists { .. }) => outcomes[2] += 1,
                Err(error) => panic!("round {round}: {error:?}"),
            }
        }
        assert_eq!(outcomes, [1, 7, 8], "round {round}");
        let found = bucket.read(&lease, 100).await.unwrap().unwrap();
        let expected = if found.bytes[0] == 0 { "even/even" } else { "odd/odd" };
        assert_eq!(found.attributes, Attributes::of_type(expected), "round {round}");
    }
}
