//! Archives that somebody made to mislead.

use std::io::Write;

use registry_client::{
    ArchiveLimits, ArchiveOptions, Digest, Error, LoadedImage, OciLayout, read_docker_archive, read_oci_archive,
};
use tar::EntryType;

use crate::support::{Entry, Saved, World, file, link, tar_of, tree};

async fn load(world: &World, layout: &OciLayout, bytes: &[u8]) -> Result<LoadedImage, Error> {
    read_docker_archive(&world.file("hostile.tar", bytes), layout, ArchiveOptions::default()).await
}

#[tokio::test]
async fn none_or_several_images_or_tags() {
    let world = World::new();
    let layout = world.layout("l").await;
    let mut saved = Saved::new(&[file("a", b"x")]);
    for tags in [&[][..], &["k.example/a:1", "k.example/a:2"]] {
        saved.manifest = Saved::manifest(tags);
        match load(&world, &layout, &saved.tar()).await {
            Err(Error::TagCount { tags: found, archive }) => {
                assert_eq!(found, tags);
                assert_eq!(archive, world.path("hostile.tar"));
            }
            other => panic!("{tags:?}: {other:?}"),
        }
    }
    saved.manifest = br#"[{"Config":"config.json","RepoTags":null,"Layers":["one/layer.tar"]}]"#.to_vec();
    assert!(matches!(load(&world, &layout, &saved.tar()).await, Err(Error::TagCount { .. })));
    saved.manifest = b"[]".to_vec();
    let none = load(&world, &layout, &saved.tar()).await;
    assert!(matches!(none, Err(Error::ImageCount { found: 0, .. })), "{none:?}");
    saved.manifest = br#"[{"Config":"a","RepoTags":["x:1"]},{"Config":"b","RepoTags":["y:2"]}]"#.to_vec();
    match load(&world, &layout, &saved.tar()).await {
        Err(Error::ImageCount { found: 2, names, .. }) => assert_eq!(names, ["x:1", "y:2"]),
        other => panic!("{other:?}"),
    }
    for (case, manifest) in
        [("no json", "x"), ("no list", "{}"), ("no tag", r#"[{"Config":"config.json","RepoTags":["a"]}]"#)]
    {
        saved.manifest = manifest.into();
        assert!(matches!(load(&world, &layout, &saved.tar()).await, Err(Error::Malformed { .. })), "{case}");
    }
    saved.manifest = Saved::manifest(&["k.example/A B:1"]);
    assert!(matches!(load(&world, &layout, &saved.tar()).await, Err(Error::BadName(_))));
}

#[tokio::test]
async fn archives_that_climb_out_or_are_ambiguous() {
    let world = World::new();
    let layout = world.layout("l").await;
    let before = tree(layout.folder());
    let saved = Saved::new(&[file("a", b"x")]);
    let with = |extra: Entry<'_>| {
        let mut entries = saved.entries();
        entries.insert(0, extra);
        tar_of(&entries)
    };
    for (case, bytes) in [
        ("..", with(file("../evil", b"x"))),
        (".. within", with(file("a/../../evil", b"x"))),
        ("absolute", with(file("/etc/evil", b"x"))),
        ("symlink out", with(link("l", EntryType::Symlink, "../x"))),
        ("absolute symlink", with(link("l", EntryType::Symlink, "/etc/passwd"))),
        ("hard link out", with(link("l", EntryType::Link, "../x"))),
        ("absolute hard link", with(link("l", EntryType::Link, "/etc/passwd"))),
        ("a long name", {
            let name = format!("{}../../x\0", "a/".repeat(100));
            let mut long = tar_of(&[Entry {
                name: "././@LongLink",
                kind: EntryType::GNULongName,
                link: "",
                bytes: name.as_bytes(),
            }]);
            long.truncate(long.len() - 1024);
            long.extend(with(file("short", b"x")));
            long
        }),
        ("an extended name", {
            let mut long =
                tar_of(&[Entry { name: "pax", kind: EntryType::XHeader, link: "", bytes: b"13 path=../x\n" }]);
            long.truncate(long.len() - 1024);
            long.extend(with(file("short", b"x")));
            long
        }),
    ] {
        let error = load(&world, &layout, &bytes).await.unwrap_err();
        assert!(matches!(error, Error::ClimbsOut { .. }), "{case}: {error:?}");
    }
    let twice = load(&world, &layout, &with(file("./manifest.json", b"[]"))).await.unwrap_err();
    assert!(matches!(twice, Error::DuplicateEntry { ref entry, .. } if entry == "manifest.json"), "{twice:?}");
    let both = load(&world, &layout, &with(link("manifest.json/", EntryType::Directory, ""))).await.unwrap_err();
    assert!(matches!(both, Error::DuplicateEntry { .. }), "{both:?}");
    for (case, bytes) in [
        ("device", with(link("dev", EntryType::Char, ""))),
        (
            "size in an extended header",
            with(Entry { name: "pax", kind: EntryType::XHeader, link: "", bytes: b"10 size=5\n" }),
        ),
        ("links in a circle", {
            tar_of(&[
                link("manifest.json", EntryType::Symlink, "other"),
                link("other", EntryType::Symlink, "manifest.json"),
            ])
        }),
        ("no manifest", tar_of(&[file("config.json", &saved.config)])),
        ("no layer", tar_of(&[file("config.json", &saved.config), file("manifest.json", &saved.manifest)])),
        ("empty", Vec::new()),
        ("cut within a file", saved.tar()[..1500].to_vec()),
        ("no tar", vec![7; 4096]),
        ("deep json", tar_of(&[file("manifest.json", "[".repeat(1 << 20).as_bytes())])),
    ] {
        let error = load(&world, &layout, &bytes).await.unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{case}: {error:?}");
    }
    assert_eq!(tree(layout.folder()), before, "nothing of them is there");
}

#[tokio::test]
async fn layers_that_climb_out() {
    let world = World::new();
    let layout = world.layout("l").await;
    let before = tree(layout.folder());
    for (case, entry) in [
        ("..", file("../evil", b"x")),
        (".. within", file("usr/../../evil", b"x")),
        ("absolute ..", file("/../evil", b"x")),
        ("hard link", link("evil", EntryType::Link, "../../etc/shadow")),
    ] {
        let plain = Saved::new(&[file("fine", b"x"), entry]);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&plain.layer).unwrap();
        let packed =
            Saved { layer: gzip.finish().unwrap(), config: plain.config.clone(), manifest: plain.manifest.clone() };
        for saved in [plain, packed] {
            let error = load(&world, &layout, &saved.tar()).await.unwrap_err();
            assert!(matches!(error, Error::ClimbsOut { .. }), "{case}: {error:?}");
            assert!(error.to_string().contains("the layer `one/layer.tar`"), "{error}");
        }
    }
    // A symbolic link may point anywhere: it is followed within the image only.
    let links =
        Saved::new(&[link("etc/mtab", EntryType::Symlink, "/proc/mounts"), link("x", EntryType::Symlink, "../../y")]);
    assert_eq!(tree(layout.folder()), before, "nothing of them is there");
    load(&world, &layout, &links.tar()).await.map(drop).unwrap();
}

#[tokio::test]
async fn digests_and_counts_must_agree() {
    let world = World::new();
    let layout = world.layout("l").await;
    let before = tree(layout.folder());
    let mut saved = Saved::new(&[file("a", b"x")]);
    saved.layer[0] = b'b';
    let other = Saved::new(&[file("b", b"x")]);
    saved.layer = other.layer;
    let error = load(&world, &layout, &saved.tar()).await.unwrap_err();
    assert!(matches!(error, Error::DigestMismatch { found, .. } if found == Digest::of(&saved.layer)), "{error:?}");

    let saved = Saved::new(&[file("a", b"x")]);
    let hex = Digest::of(b"other").hex();
    for name in [format!("{hex}.json"), format!("blobs/sha256/{hex}")] {
        let manifest = format!(r#"[{{"Config":"{name}","RepoTags":["a:1"],"Layers":["one/layer.tar"]}}]"#);
        let bytes = tar_of(&[
            file(&name, &saved.config),
            file("one/layer.tar", &saved.layer),
            file("manifest.json", manifest.as_bytes()),
        ]);
        let error = load(&world, &layout, &bytes).await.unwrap_err();
        assert!(matches!(error, Error::DigestMismatch { expected, .. } if expected.hex() == hex), "{error:?}");
    }
    let mut several = Saved::new(&[file("a", b"x")]);
    several.manifest =
        br#"[{"Config":"config.json","RepoTags":["a:1"],"Layers":["one/layer.tar","one/layer.tar"]}]"#.to_vec();
    assert!(matches!(load(&world, &layout, &several.tar()).await, Err(Error::Malformed { .. })));
    let zstd = Saved::of_layer(vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0]);
    assert!(matches!(load(&world, &layout, &zstd.tar()).await, Err(Error::Unsupported { .. })));
    assert_eq!(tree(layout.folder()), before, "nothing of them is there");
}

#[tokio::test]
async fn limits_hold() {
    let world = World::new();
    let layout = world.layout("l").await;
    let zeros = vec![0; 1 << 20];
    let saved = Saved::new(&[file("zeros", &zeros), file("b", b"x")]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&saved.layer).unwrap();
    let bomb = Saved { layer: gzip.finish().unwrap(), ..Saved::new(&[file("zeros", &zeros), file("b", b"x")]) };
    let length = saved.layer.len() as u64;
    type Change = fn(&mut ArchiveLimits, u64);
    let cases: [(&str, Change, bool); 9] = [
        ("defaults", |_, _| {}, true),
        ("no limits", |limits, _| (limits.layer_bytes, limits.image_bytes) = (u64::MAX, u64::MAX), true),
        ("exact bytes", |limits, length| limits.layer_bytes = length, true),
        ("layer bytes", |limits, length| limits.layer_bytes = length - 1, false),
        ("image bytes", |limits, length| limits.image_bytes = length - 1, false),
        ("entries", |limits, _| limits.entries = 2, false),
        ("exact entries", |limits, _| limits.entries = 3, true),
        ("layer entries", |limits, _| limits.layer_entries = 1, false),
        ("layers", |limits, _| limits.layers = 0, false),
    ];
    for (case, change, fine) in cases {
        for archive in [&saved, &bomb] {
            let mut options = ArchiveOptions::default();
            change(&mut options.limits, length);
            let path = world.file("a.tar", archive.tar());
            match read_docker_archive(&path, &layout, options).await {
                Ok(_) => assert!(fine, "{case}"),
                Err(error) => assert!(!fine && matches!(error, Error::TooLarge { .. }), "{case}: {error:?}"),
            }
        }
    }
    let long = vec![b'a'; 70_000];
    let name = tar_of(&[Entry { name: "x", kind: EntryType::GNULongName, link: "", bytes: &long }]);
    assert!(matches!(load(&world, &layout, &name).await, Err(Error::TooLarge { .. })));
    let manifest = vec![b' '; 5 << 20];
    assert!(matches!(
        load(&world, &layout, &tar_of(&[file("manifest.json", &manifest)])).await,
        Err(Error::TooLarge { .. })
    ));
}

#[tokio::test]
async fn oci_archives() {
    let world = World::new();
    let (from, layout) = (world.layout("from").await, world.layout("l").await);
    let built = world.image("linux/amd64").build(&from).await.unwrap();
    let blob = |digest: &Digest| std::fs::read(from.folder().join("blobs/sha256").join(digest.hex())).unwrap();
    let version = br#"{"imageLayoutVersion":"1.0.0"}"#;
    let image = serde_json::to_string(&built.image).unwrap();
    let one = format!(r#"{{"schemaVersion":2,"manifests":[{image}]}}"#);
    let two = format!(r#"{{"schemaVersion":2,"manifests":[{image},{image}]}}"#);
    let name = format!("blobs/sha256/{}", built.image.digest.hex());
    let (manifest, other) = (blob(&built.image.digest), blob(&built.config));
    let load = async |entries: &[Entry<'_>]| {
        let path = world.file("o.tar", tar_of(entries));
        read_oci_archive(&path, &layout, ArchiveLimits::default()).await.unwrap_err()
    };
    let error = load(&[file("oci-layout", version), file("index.json", two.as_bytes())]).await;
    assert!(matches!(error, Error::ImageCount { found: 2, .. }), "{error:?}");
    let error = load(&[file("index.json", one.as_bytes())]).await;
    assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
    let error = load(&[file("oci-layout", version), file("index.json", one.as_bytes())]).await;
    assert!(matches!(error, Error::MissingBlob { digest, .. } if digest == built.image.digest), "{error:?}");
    let error = load(&[file("oci-layout", version), file("index.json", one.as_bytes()), file(&name, &other)]).await;
    assert!(matches!(error, Error::DigestMismatch { .. }), "{error:?}");
    let error = load(&[file("oci-layout", version), file("index.json", one.as_bytes()), file(&name, &manifest)]).await;
    assert!(matches!(error, Error::MissingBlob { digest, .. } if digest == built.config), "{error:?}");
    let error = load(&[file("oci-layout", version), file("index.json", one.as_bytes()), file("../x", b"")]).await;
    assert!(matches!(error, Error::ClimbsOut { .. }), "{error:?}");
}
