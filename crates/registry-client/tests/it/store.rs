//! A folder as a registry.

use registry_client::{Error, ImageStore, RepositoryName};

use crate::support::World;

fn name(text: &str) -> RepositoryName {
    text.parse().unwrap()
}

#[tokio::test]
async fn repositories_may_lie_within_one_another() {
    let world = World::new();
    let url = url::Url::from_file_path(world.path("store")).unwrap();
    let store = ImageStore::open(&url).unwrap();
    assert!(store.repositories().await.unwrap().is_empty());
    assert!(store.repository(&name("a")).await.unwrap().is_none());
    for repository in ["a/b/c", "a", "x-y"] {
        let layout = store.create_repository(&name(repository)).await.unwrap();
        let built = world.image("linux/amd64").build(&layout).await.unwrap();
        layout.tag(&"v1".parse().unwrap(), &built.image, None).await.unwrap();
    }
    assert_eq!(store.repositories().await.unwrap(), [name("a"), name("a/b/c"), name("x-y")]);
    let layout = store.repository(&name("a/b/c")).await.unwrap().unwrap();
    assert_eq!(layout.folder(), world.path("store/a/b/c"));
    assert_eq!(layout.tags().await.unwrap().len(), 1);
    assert!(store.repository(&name("a/b")).await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_refused() {
    let world = World::new();
    let store = ImageStore::open_folder(&world.path("store"));
    for reserved in ["blobs", "a/blobs/sha256", "a/index.json", "oci-layout/x"] {
        assert!(
            matches!(store.create_repository(&name(reserved)).await, Err(Error::ReservedName { .. })),
            "{reserved}"
        );
    }
    for url in ["https://registry.example/a", "file://host/a", "file:///a?b", "memory:x"] {
        assert!(matches!(ImageStore::open(&url.parse().unwrap()), Err(Error::BadPlace { .. })), "{url}");
    }
}
