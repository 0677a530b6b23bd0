//! Layouts: blobs, tags, copies.

use std::sync::Arc;

use registry_client::{Descriptor, Digest, Error, MediaType, OciLayout, Tag, Verification};

use crate::support::{World, tree};

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

#[tokio::test]
async fn tags_move_only_from_what_was_seen() {
    let world = World::new();
    let layout = world.layout("l").await;
    let (images, index) = world.index(&layout).await;
    let (one, two) = (&images[0].image, &images[1].image);

    assert_eq!(layout.resolve(&tag("v1")).await.unwrap(), None);
    let early = layout.tag(&tag("v1"), one, Some(&two.digest)).await.unwrap_err();
    assert!(matches!(early, Error::Moved { found: None, .. }), "{early:?}");
    layout.tag(&tag("v1"), one, None).await.unwrap();
    layout.tag(&tag("latest"), &index, None).await.unwrap();
    let before = tree(layout.folder());
    layout.tag(&tag("v1"), one, None).await.unwrap();
    assert_eq!(tree(layout.folder()), before, "done already");
    let moved = layout.tag(&tag("v1"), two, None).await.unwrap_err();
    assert!(matches!(moved, Error::Moved { expected: None, found: Some(found), .. } if found == one.digest));
    layout.tag(&tag("v1"), two, Some(&one.digest)).await.unwrap();

    let tags = layout.tags().await.unwrap();
    let found: Vec<_> = tags.iter().map(|(tag, image)| (tag.as_str(), image.digest)).collect();
    assert_eq!(found, [("latest", index.digest), ("v1", two.digest)]);
    let again = OciLayout::open(layout.folder()).await.unwrap();
    assert_eq!(again.resolve(&tag("latest")).await.unwrap().unwrap().media_type, MediaType::OciIndex);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_writers_one_wins_each_step() {
    let world = World::new();
    let layout = Arc::new(world.layout("l").await);
    let (images, _) = world.index(&layout).await;
    layout.tag(&tag("v1"), &images[0].image, None).await.unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|index: usize| {
            let (layout, from) = (Arc::clone(&layout), images[0].image.digest);
            let to = images[1 + index % 2].image.clone();
            tokio::spawn(async move {
                layout.tag(&tag(&format!("own-{index}")), &to, None).await.unwrap();
                layout.tag(&tag("v1"), &to, Some(&from)).await.is_ok().then_some(to.digest)
            })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        winners.extend(task.await.unwrap());
    }
    let now = layout.resolve(&tag("v1")).await.unwrap().unwrap().digest;
    assert!(!winners.is_empty() && winners.iter().all(|winner| *winner == now), "{winners:?} {now}");
    assert_eq!(layout.tags().await.unwrap().len(), 17);
}

#[tokio::test]
async fn a_tag_needs_a_whole_image() {
    let world = World::new();
    let layout = world.layout("l").await;
    let (images, index) = world.index(&layout).await;
    let blob = |digest: &Digest| layout.folder().join("blobs/sha256").join(digest.hex());
    std::fs::remove_file(blob(&images[2].image.digest)).unwrap();
    for missing in [&index, &images[2].image] {
        let error = layout.tag(&tag("v1"), missing, None).await.unwrap_err();
        assert!(matches!(error, Error::MissingBlob { digest, .. } if digest == images[2].image.digest), "{error:?}");
    }
    std::fs::write(blob(&images[0].config), "{}").unwrap();
    let error = layout.tag(&tag("v1"), &images[0].image, None).await.unwrap_err();
    assert!(matches!(error, Error::SizeMismatch { found: 2, .. }), "{error:?}");
    assert!(layout.tags().await.unwrap().is_empty());
}

#[tokio::test]
async fn copies_carry_only_what_is_missing_byte_for_byte() {
    let world = World::new();
    let (from, to) = (world.layout("from").await, world.layout("to").await);
    let (images, index) = world.index(&from).await;
    let first = from.copy_to(&images[1].image, &to).await.unwrap();
    assert_eq!((first.copied, first.present), (3, 0));
    let rest = from.copy_to(&index, &to).await.unwrap();
    assert_eq!((rest.copied, rest.present), (7, 3));
    to.tag(&tag("v1"), &index, None).await.unwrap();
    from.tag(&tag("v1"), &index, None).await.unwrap();
    assert_eq!(tree(from.folder()), tree(to.folder()));
    assert_eq!(first.bytes + rest.bytes, {
        let all = to.walk(&index, Verification::Bytes).await.unwrap();
        assert_eq!(all.len(), 10);
        assert_eq!(all.last().unwrap().digest, index.digest, "children first");
        all.iter().map(|blob| blob.size).sum::<u64>()
    });
    let again = from.copy_to(&index, &to).await.unwrap();
    assert_eq!((again.copied, again.bytes, again.present), (0, 0, 10));
}

#[tokio::test]
async fn damage_is_found_and_never_copied() {
    let world = World::new();
    let (from, to) = (world.layout("from").await, world.layout("to").await);
    let (images, index) = world.index(&from).await;
    let manifest = crate::support::manifest(&from, &images[0].image).await;
    let layer = &manifest.layers()[0];
    let path = from.folder().join("blobs/sha256").join(layer.digest.hex());
    let whole = std::fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    bytes[100] ^= 1;
    std::fs::write(&path, &bytes).unwrap();

    assert_eq!(from.walk(&index, Verification::Sizes).await.unwrap().len(), 10);
    for error in
        [from.walk(&index, Verification::Bytes).await.unwrap_err(), from.copy_to(&index, &to).await.unwrap_err()]
    {
        assert!(matches!(error, Error::DigestMismatch { expected, .. } if expected == layer.digest), "{error:?}");
    }
    assert_eq!(to.blob_size(&layer.digest).await.unwrap(), None);
    assert_eq!(to.blob_size(&index.digest).await.unwrap(), None, "documents come after what they point to");

    std::fs::write(&path, &whole[1..]).unwrap();
    let error = from.walk(&index, Verification::Sizes).await.unwrap_err();
    assert!(matches!(error, Error::SizeMismatch { .. }), "{error:?}");
    // The right bytes heal what is damaged.
    from.put_blob(whole.clone().into()).await.unwrap();
    assert_eq!(from.walk(&index, Verification::Bytes).await.unwrap().len(), 10);
    assert!(std::fs::read_dir(to.folder().join(".tmp")).unwrap().next().is_none());

    let manifest_path = from.folder().join("blobs/sha256").join(index.digest.hex());
    std::fs::write(&manifest_path, vec![b' '; index.size as usize]).unwrap();
    assert!(matches!(from.manifest(&index).await, Err(Error::DigestMismatch { .. })));
}

#[tokio::test]
async fn files_become_blobs_only_with_the_promised_digest() {
    let world = World::new();
    let layout = world.layout("l").await;
    let file = world.file("blob", "content");
    let right = Descriptor::new(MediaType::OciLayer, Digest::of(b"content"), 7);
    for (case, wrong) in [
        ("digest", Descriptor::new(MediaType::OciLayer, Digest::of(b"other"), 7)),
        ("short", Descriptor { size: 6, ..right.clone() }),
        ("long", Descriptor { size: 8, ..right.clone() }),
    ] {
        assert!(layout.put_blob_file(&file, &wrong).await.is_err(), "{case}");
        assert_eq!(layout.blob_size(&right.digest).await.unwrap(), None, "{case}");
    }
    layout.put_blob_file(&file, &right).await.unwrap();
    assert_eq!(layout.read_blob(&right.digest, 7).await.unwrap(), "content");
    assert!(matches!(layout.read_blob(&right.digest, 6).await, Err(Error::TooLarge { limit: 6, .. })));
}

#[tokio::test]
async fn the_index_file_of_another_program_is_kept() {
    let world = World::new();
    let layout = world.layout("l").await;
    let (images, _) = world.index(&layout).await;
    let foreign = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":5,"x-own":[1],"annotations":{{"org.opencontainers.image.ref.name":"docker.io/library/name:tag"}}}}],"x-top":{{"y":null}}}}"#,
        Digest::of(b"other")
    );
    std::fs::write(layout.folder().join("index.json"), &foreign).unwrap();
    std::fs::remove_dir(layout.folder().join(".tmp")).unwrap();
    layout.tag(&tag("v1"), &images[0].image, None).await.unwrap();
    let text = std::fs::read_to_string(layout.folder().join("index.json")).unwrap();
    for kept in [r#""x-own":[1]"#, r#""x-top":{"y":null}"#, "docker.io/library/name:tag"] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    assert_eq!(layout.images().await.unwrap().len(), 2);
    assert_eq!(layout.tags().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_no_layout_is_refused() {
    let world = World::new();
    let empty = world.path("empty");
    std::fs::create_dir(&empty).unwrap();
    assert!(matches!(OciLayout::open(&empty).await, Err(Error::NotLayout { .. })));
    let entry = |name: &str| {
        format!(
            r#"{{"mediaType":"a/b","digest":"{}","size":1,"annotations":{{"org.opencontainers.image.ref.name":"{name}"}}}}"#,
            Digest::of(b"x")
        )
    };
    for (case, layout, index) in [
        ("version", r#"{"imageLayoutVersion":"2.0.0"}"#, r#"{"schemaVersion":2,"manifests":[]}"#.to_owned()),
        ("no version", "{}", r#"{"schemaVersion":2,"manifests":[]}"#.into()),
        ("index is no json", r#"{"imageLayoutVersion":"1.0.0"}"#, "x".into()),
        ("index is an image", r#"{"imageLayoutVersion":"1.0.0"}"#, r#"{"schemaVersion":2}"#.into()),
        (
            "a name twice",
            r#"{"imageLayoutVersion":"1.0.0"}"#,
            format!(r#"{{"schemaVersion":2,"manifests":[{},{}]}}"#, entry("v1"), entry("v1")),
        ),
        (
            "deep",
            r#"{"imageLayoutVersion":"1.0.0"}"#,
            format!(r#"{{"schemaVersion":2,"manifests":[],"x":{}"#, "[".repeat(1 << 20)),
        ),
    ] {
        let folder = world.path(case);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("oci-layout"), layout).unwrap();
        std::fs::write(folder.join("index.json"), index).unwrap();
        assert!(OciLayout::open(&folder).await.is_err(), "{case}");
        assert!(OciLayout::create(&folder).await.is_err(), "{case}");
    }
}

#[tokio::test]
async fn what_killed_writers_left_is_swept_but_not_what_others_write() {
    let world = World::new();
    let layout = world.layout("l").await;
    let left = layout.folder().join(".tmp/blob-left");
    std::fs::write(&left, "half").unwrap();
    let writing = std::fs::File::open(layout.folder().join(".tmp")).unwrap();
    writing.lock_shared().unwrap();
    OciLayout::create(layout.folder()).await.unwrap();
    assert!(left.exists());
    drop(writing);
    OciLayout::create(layout.folder()).await.unwrap();
    assert!(!left.exists());
}

#[tokio::test]
async fn an_index_in_an_index_is_followed_so_far() {
    let world = World::new();
    let layout = world.layout("l").await;
    let (_, mut index) = world.index(&layout).await;
    for depth in 1..12 {
        let nested =
            registry_client::make_index(&[(index, "linux/amd64".parse().unwrap())], &Default::default()).unwrap();
        index = layout.put_index(&nested).await.unwrap();
        let walked = layout.walk(&index, Verification::Sizes).await;
        if depth <= 7 {
            assert_eq!(walked.unwrap().len(), 10 + depth);
        } else {
            assert!(matches!(walked, Err(Error::TooLarge { .. })), "{depth}");
        }
    }
}
