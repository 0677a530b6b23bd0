//! One suite for every store.

use std::{future::Future, sync::Arc};

use release_journal::*;

/// What the engine relies on; `make` gives an empty store.
async fn contract<S: Store + Clone + 'static, F: Future<Output = S>>(kind: &str, make: impl Fn() -> F) {
    let store = make().await;
    assert_eq!(store.read("a/b").await.unwrap(), None, "{kind}: nothing is there");
    assert_eq!(store.list("").await.unwrap(), Vec::<String>::new(), "{kind}: an empty store");
    store.remove("a/b").await.unwrap();
    assert_eq!(store.create("a/b", b"one").await.unwrap(), Created::New, "{kind}");
    assert_eq!(store.create("a/b", b"two").await.unwrap(), Created::Exists, "{kind}");
    assert_eq!(store.read("a/b").await.unwrap().as_deref(), Some(&b"one"[..]), "{kind}: the first one stays");
    assert_eq!(store.create("empty", b"").await.unwrap(), Created::New, "{kind}: no bytes");
    assert_eq!(store.read("empty").await.unwrap().as_deref(), Some(&b""[..]), "{kind}");
    store.remove("a/b").await.unwrap();
    store.remove("a/b").await.unwrap();
    assert_eq!(store.read("a/b").await.unwrap(), None, "{kind}: removed");

    let store = make().await;
    for name in ["runs/b/2", "runs/b/10", "runs/b/1", "runs/bc/1", "leases/x", "runs/a+1_2.3-4/5"] {
        store.create(name, name.as_bytes()).await.unwrap();
    }
    for (prefix, expected) in [
        ("runs/b/", &["runs/b/1", "runs/b/10", "runs/b/2"][..]),
        ("runs/b", &["runs/b/1", "runs/b/10", "runs/b/2", "runs/bc/1"]),
        ("runs/b/1", &["runs/b/1", "runs/b/10"]),
        ("le", &["leases/x"]),
        ("runs/a+1_2.3-4/", &["runs/a+1_2.3-4/5"]),
        ("none/", &[]),
    ] {
        assert_eq!(store.list(prefix).await.unwrap(), expected, "{kind}: {prefix}");
    }
    assert_eq!(store.list("").await.unwrap().len(), 6, "{kind}");

    for name in [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        "a b",
        "a\\b",
        "a\0b",
        "ä",
        "a:b",
        "a\n",
        ".parts/a",
        "a/.hidden",
    ] {
        let bad = |result: Result<(), StoreError>| {
            assert!(matches!(result, Err(StoreError::BadName { .. })), "{kind}: {name:?}")
        };
        bad(store.create(name, b"x").await.map(drop));
        bad(store.read(name).await.map(drop));
        bad(store.remove(name).await);
    }
    let long = "a/".repeat(300) + "a";
    assert!(matches!(store.create(&long, b"x").await, Err(StoreError::BadName { .. })), "{kind}: long");
    for prefix in ["../", "a/../", "/", "a//", ".parts/"] {
        assert!(matches!(store.list(prefix).await, Err(StoreError::BadName { .. })), "{kind}: list {prefix:?}");
    }

    // Of many writers one wins, and its bytes are the ones that are there.
    for round in 0..20 {
        let name = format!("race/{round}");
        let barrier = Arc::new(tokio::sync::Barrier::new(8));
        let writers: Vec<_> = (0..8u8)
            .map(|writer| {
                let (store, name, barrier) = (store.clone(), name.clone(), barrier.clone());
                tokio::spawn(async move {
                    barrier.wait().await;
                    let created = store.create(&name, &vec![writer; 4096]).await.unwrap();
                    // Whoever lost finds the whole object, never a part.
                    let there = store.read(&name).await.unwrap().unwrap();
                    assert_eq!(there, vec![there[0]; 4096]);
                    (created == Created::New).then_some(writer)
                })
            })
            .collect();
        let mut winners = Vec::new();
        for writer in writers {
            winners.extend(writer.await.unwrap());
        }
        assert_eq!(winners.len(), 1, "{kind}: {winners:?}");
        assert_eq!(store.read(&name).await.unwrap().unwrap()[0], winners[0], "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory() {
    contract("memory", || async { MemoryStore::new() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn folder() {
    let parent = tempfile::tempdir().unwrap();
    let number = std::sync::atomic::AtomicUsize::new(0);
    let next = || number.fetch_add(1, std::sync::atomic::Ordering::SeqCst).to_string();
    contract("folder", || async { FolderStore::new(parent.path().join(next()).join("not/yet/there")) }).await;
}

#[tokio::test]
async fn what_a_killed_writer_left_is_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path());
    store.create("runs/a", b"whole").await.unwrap();
    std::fs::write(folder.path().join(".parts/half"), b"ha").unwrap();
    std::fs::write(folder.path().join("runs/.nfs0001"), b"left by a file server").unwrap();
    assert_eq!(store.list("").await.unwrap(), ["runs/a"]);
    assert_eq!(store.list("runs/").await.unwrap(), ["runs/a"]);
    // A store that died leaves no part behind that would be in the way of the next.
    assert_eq!(store.create("runs/half", b"whole").await.unwrap(), Created::New);
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), b"in the way").unwrap();
    let error = FolderStore::new(folder.path().join("file")).create("runs/a", b"x").await.unwrap_err();
    assert_eq!(error.to_string(), "cannot create `runs/a` in the journal");
    assert!(std::error::Error::source(&error).is_some());
}
