//! Building images.

use std::collections::BTreeMap;
use std::io::Read;

use registry_client::{Compression, Digest, Error, ImageBuilder, Layer, MediaType, Verification, make_index};

use crate::support::{World, config, created, manifest, program, tree};

#[tokio::test]
async fn two_runs_are_equal_byte_for_byte() {
    let world = World::new();
    let mut trees = Vec::new();
    for run in ["one", "two"] {
        let layout = world.layout(run).await;
        let (_, index) = world.index(&layout).await;
        layout.tag(&"v1.0.0".parse().unwrap(), &index, None).await.unwrap();
        trees.push(tree(layout.folder()));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(trees[0], trees[1]);
    // index.json, oci-layout, index, 3 manifests, 3 configs, 3 layers
    assert_eq!(trees[0].len(), 12);
}

#[tokio::test]
async fn the_layer_holds_what_was_given() {
    let world = World::new();
    let layout = world.layout("l").await;
    for compression in [Compression::None, Compression::Gzip] {
        let binary = world.file("tool", program("x"));
        let built = ImageBuilder::new("linux/amd64".parse().unwrap(), created())
            .compression(compression)
            .layer(
                Layer::new("files")
                    .file("/usr/local/bin/tool", &binary, 0o755)
                    .bytes("etc/passwd", "root:x:0:0\n", 0o644)
                    .folder("tmp", 0o1777),
            )
            .build(&layout)
            .await
            .unwrap();
        assert_eq!(built.bytes_read, program("x").len() as u64);
        let manifest = manifest(&layout, &built.image).await;
        let blob = layout.read_blob(&manifest.layers()[0].digest, 1 << 20).await.unwrap();
        assert_eq!(blob.len() as u64, built.bytes_stored);
        let mut bytes = Vec::new();
        match compression {
            Compression::None => bytes.extend_from_slice(&blob),
            _ => {
                assert_eq!(blob[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], "no name and no time");
                flate2::read::GzDecoder::new(&blob[..]).read_to_end(&mut bytes).map(drop).unwrap();
            }
        }
        let expected = [MediaType::OciLayer, MediaType::OciLayerGzip];
        assert_eq!(manifest.layers()[0].media_type, expected[usize::from(compression == Compression::Gzip)]);
        let config = layout.config(&manifest).await.unwrap();
        assert_eq!(config.diff_ids(), [Digest::of(&bytes)]);

        let mut archive = tar::Archive::new(&bytes[..]);
        let entries: Vec<(String, u32, u64, u64, u64, Vec<u8>)> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let mut entry = entry.unwrap();
                let mut content = Vec::new();
                entry.read_to_end(&mut content).map(drop).unwrap();
                let header = entry.header();
                (
                    String::from_utf8(entry.path_bytes().into_owned()).unwrap(),
                    header.mode().unwrap(),
                    header.mtime().unwrap(),
                    header.uid().unwrap(),
                    header.gid().unwrap(),
                    content,
                )
            })
            .collect();
        let mtime = 1_598_452_233;
        let folder = |name: &str, mode| (name.to_owned(), mode, mtime, 0, 0, Vec::new());
        assert_eq!(
            entries,
            [
                folder("etc/", 0o755),
                ("etc/passwd".into(), 0o644, mtime, 0, 0, b"root:x:0:0\n".to_vec()),
                folder("tmp/", 0o1777),
                folder("usr/", 0o755),
                folder("usr/local/", 0o755),
                folder("usr/local/bin/", 0o755),
                ("usr/local/bin/tool".into(), 0o755, mtime, 0, 0, program("x")),
            ]
        );
    }
}

#[tokio::test]
async fn the_config_says_what_was_asked() {
    let world = World::new();
    let layout = world.layout("l").await;
    let built = world
        .image("linux/arm/v7")
        .user("65532:65532")
        .cmd(["--help"])
        .env("B", "2")
        .env("A", "1")
        .label("z", "last")
        .label("a", "first")
        .working_dir("/work")
        .annotation("org.example", "note")
        .build(&layout)
        .await
        .unwrap();
    let config = config(&layout, &built.image).await;
    assert_eq!(config.digest(), &built.config);
    let diff_id = config.diff_ids()[0];
    let expected = format!(
        concat!(
            r#"{{"created":"2020-08-26T14:30:33.5Z","architecture":"arm","os":"linux","variant":"v7","#,
            r#""config":{{"Cmd":["--help"],"Entrypoint":["/usr/bin/tool"],"Env":["A=1","B=2"],"#,
            r#""Labels":{{"a":"first","z":"last"}},"User":"65532:65532","WorkingDir":"/work"}},"#,
            r#""rootfs":{{"type":"layers","diff_ids":["{}"]}},"#,
            r#""history":[{{"created":"2020-08-26T14:30:33.5Z","created_by":"COPY tool"}}]}}"#
        ),
        diff_id
    );
    assert_eq!(String::from_utf8_lossy(config.bytes()), expected);
    let manifest = manifest(&layout, &built.image).await;
    assert_eq!(manifest.annotations()["org.example"], "note");
    assert_eq!(manifest.config().media_type, MediaType::OciConfig);
}

#[tokio::test]
async fn a_base_is_taken_over() {
    let world = World::new();
    let (bases, layout) = (world.layout("bases").await, world.layout("l").await);
    let mut images = Vec::new();
    for platform in ["linux/amd64", "linux/arm64/v8"] {
        let base = ImageBuilder::new(platform.parse().unwrap(), created())
            .layer(Layer::new("base").bytes("etc/os-release", format!("ID={platform}"), 0o644))
            .user("1")
            .entrypoint(["/bin/sh"])
            .cmd(["-c"])
            .env("PATH", "/bin")
            .env("X", "base")
            .label("from", "base")
            .build(&bases)
            .await
            .unwrap();
        images.push((base.image, base.platform));
    }
    let index = bases.put_index(&make_index(&images, &BTreeMap::new()).unwrap()).await.unwrap();

    for base in [&index, &images[1].0] {
        let built = world.image("linux/arm64").base(&bases, base).env("X", "own").build(&layout).await.unwrap();
        let (own, from) = (config(&layout, &built.image).await, config(&bases, &images[1].0).await);
        assert_eq!(own.diff_ids()[0], from.diff_ids()[0]);
        assert_eq!((own.diff_ids().len(), own.history().len()), (2, 2));
        assert_eq!(own.run().user, "1");
        assert_eq!(own.run().entrypoint, ["/usr/bin/tool"]);
        assert!(own.run().cmd.is_empty(), "arguments belong to the program of the base");
        assert_eq!(own.run().env, ["PATH=/bin", "X=own"]);
        assert_eq!(own.run().labels["from"], "base");
        assert_eq!(layout.walk(&built.image, Verification::Bytes).await.unwrap().len(), 4);
    }

    let before = tree(layout.folder());
    for (base, wanted, there) in [
        (&images[0].0, "linux/arm64", "linux/amd64"),
        (&index, "linux/s390x", "linux/amd64 linux/arm64/v8"),
        (&images[0].0, "windows/amd64", "linux/amd64"),
    ] {
        let error = world.image(wanted).base(&bases, base).build(&layout).await.unwrap_err();
        let Error::BasePlatform { wanted: asked, found } = error else { panic!("{wanted}: {error:?}") };
        assert_eq!(asked.to_string(), wanted);
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "), there);
    }
    assert_eq!(tree(layout.folder()), before, "nothing was written");
}

#[tokio::test]
async fn unknown_fields_of_a_base_are_kept_and_docker_layers_renamed() {
    let world = World::new();
    let layout = world.layout("l").await;
    let layer = crate::support::tar_of(&[crate::support::file("a", b"a")]);
    let text = format!(
        r#"{{"architecture":"amd64","os":"linux","container_config":{{}},"config":{{"StopSignal":"SIGQUIT","Cmd":null,"OnBuild":null}},
            "rootfs":{{"type":"layers","diff_ids":["{}"]}}}}"#,
        Digest::of(&layer)
    );
    let mut blobs = Vec::new();
    for bytes in [text.into_bytes(), layer] {
        let size = bytes.len();
        blobs.push((layout.put_blob(bytes.into()).await.unwrap(), size));
    }
    let docker = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"{}","digest":"{}","size":{}}},"layers":[{{"mediaType":"{}","digest":"{}","size":{}}}]}}"#,
        MediaType::DockerManifest,
        MediaType::DockerConfig,
        blobs[0].0,
        blobs[0].1,
        MediaType::DockerLayer,
        blobs[1].0,
        blobs[1].1
    );
    let parsed = registry_client::Manifest::parse(docker, None).unwrap();
    let base = layout.put_manifest(&parsed).await.unwrap();
    let built = world.image("linux/amd64").base(&layout, &base).build(&layout).await.unwrap();
    let own = config(&layout, &built.image).await;
    let value: serde_json::Value = serde_json::from_slice(own.bytes()).unwrap();
    assert_eq!(value["config"]["StopSignal"], "SIGQUIT");
    assert!(value.get("container_config").is_none());
    let media_types: Vec<_> =
        manifest(&layout, &built.image).await.layers().iter().map(|layer| layer.media_type.clone()).collect();
    assert_eq!(media_types, [MediaType::OciLayer, MediaType::OciLayerGzip]);
}

#[tokio::test]
async fn what_is_refused() {
    let world = World::new();
    let layout = world.layout("l").await;
    let before = tree(layout.folder());
    let builder = || ImageBuilder::new("linux/amd64".parse().unwrap(), created());
    assert!(matches!(builder().build(&layout).await, Err(Error::NoLayers)));

    let missing = world.path("tool-s390x");
    let layer = Layer::new("").bytes("a", "first", 0o644).file("usr/bin/tool", &missing, 0o755);
    let error = builder().layer(layer).build(&layout).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("`{}` is missing; it should become `usr/bin/tool` in the image", missing.display())
    );
    let folder = builder().layer(Layer::new("").file("a", world.folder.path(), 0o755)).build(&layout).await;
    assert!(matches!(folder, Err(Error::SourceRefused { .. })));
    let climbs = builder().layer(Layer::new("").bytes("../a", "", 0o755)).build(&layout).await;
    assert!(matches!(climbs, Err(Error::BadLayerPath { .. })));
    assert_eq!(tree(layout.folder()), before, "nothing is left, also no temporary file");
}
