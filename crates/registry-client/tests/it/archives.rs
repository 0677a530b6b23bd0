//! Docker and OCI archives, there and back.

use std::io::Write;

use registry_client::{
    ArchiveLimits, ArchiveOptions, Compression, Digest, MediaType, Verification, read_docker_archive, read_oci_archive,
    write_docker_archive, write_oci_archive,
};

use crate::support::{Saved, World, config, file, link, manifest, tar_of, tree};

#[tokio::test]
async fn a_docker_archive_keeps_config_and_layers() {
    let world = World::new();
    let saved = Saved::new(&[file("usr/bin/tool", b"program"), file("/etc/absolute", b"as ko writes it")]);
    let archive = world.file("a.tar", saved.tar());
    for compression in [Compression::None, Compression::Gzip] {
        let layout = world.layout(&format!("{compression:?}")).await;
        let loaded = read_docker_archive(&archive, &layout, ArchiveOptions::new(compression)).await.unwrap();
        assert_eq!(loaded.name.to_string(), "k.example/a-amd64:v1");
        assert_eq!(loaded.platform.to_string(), "linux/amd64");
        assert_eq!(loaded.config, Digest::of(&saved.config));
        assert_eq!(config(&layout, &loaded.image).await.bytes(), &saved.config[..]);
        let layer = manifest(&layout, &loaded.image).await.layers()[0].clone();
        let expected = [MediaType::OciLayer, MediaType::OciLayerGzip];
        assert_eq!(layer.media_type, expected[usize::from(compression == Compression::Gzip)]);
        if compression == Compression::None {
            assert_eq!(layer.digest, Digest::of(&saved.layer));
        }
        layout.walk(&loaded.image, Verification::Bytes).await.map(drop).unwrap();

        let back = world.path("back.tar");
        let size = write_docker_archive(&layout, &loaded.image, &loaded.name, &back).await.unwrap();
        assert_eq!(std::fs::metadata(&back).unwrap().len(), size);
        let other = world.layout(&format!("{compression:?}-other")).await;
        let again = read_docker_archive(&back, &other, ArchiveOptions::new(compression)).await.unwrap();
        assert_eq!(again, loaded);
        assert_eq!(tree(other.folder()), tree(layout.folder()));
    }
}

#[tokio::test]
async fn written_archives_are_equal_and_plain() {
    let world = World::new();
    let layout = world.layout("l").await;
    let built = world.image("linux/amd64").build(&layout).await.unwrap();
    let name = "k.example/tool-amd64:v1.0.0".parse().unwrap();
    let mut archives = Vec::new();
    for run in 0..2 {
        let path = world.path(&format!("{run}.tar"));
        write_docker_archive(&layout, &built.image, &name, &path).await.map(drop).unwrap();
        archives.push(std::fs::read(&path).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(archives[0], archives[1]);
    let diff_id = config(&layout, &built.image).await.diff_ids()[0].hex();
    let names: Vec<String> = tar::Archive::new(&archives[0][..])
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    assert_eq!(names, [format!("{}.json", built.config.hex()), format!("{diff_id}.tar"), "manifest.json".into()]);
    let (index, untagged) = (world.index(&layout).await.1, "k.example/tool".parse().unwrap());
    assert!(write_docker_archive(&layout, &index, &name, &world.path("x.tar")).await.is_err(), "an index");
    assert!(write_docker_archive(&layout, &built.image, &untagged, &world.path("x.tar")).await.is_err(), "no tag");
    assert!(!world.path("x.tar").exists());
}

#[tokio::test]
async fn links_and_compressed_layers_as_other_programs_write_them() {
    let world = World::new();
    let saved = Saved::new(&[file("a", b"x")]);
    let linked = tar_of(&[
        file("config.json", &saved.config),
        link("one/layer.tar", tar::EntryType::Symlink, "../two/layer.tar"),
        file("two/layer.tar", &saved.layer),
        link("two/", tar::EntryType::Directory, ""),
        link("two", tar::EntryType::Directory, ""),
        file("./manifest.json", &saved.manifest),
    ]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&saved.layer).unwrap();
    let gzip = gzip.finish().unwrap();
    let compressed = tar_of(&[
        file("config.json", &saved.config),
        file("one/layer.tar", &gzip),
        file("manifest.json", &saved.manifest),
    ]);
    let layout = world.layout("l").await;
    let load = async |name: &str, bytes: &[u8]| {
        let path = world.file(name, bytes);
        read_docker_archive(&path, &layout, ArchiveOptions::new(Compression::None)).await.unwrap()
    };
    let linked = load("linked.tar", &linked).await;
    assert_eq!(linked.image, load("plain.tar", &saved.tar()).await.image);
    let compressed = load("compressed.tar", &compressed).await;
    assert_eq!(compressed.config, linked.config);
    let layer = manifest(&layout, &compressed.image).await.layers()[0].clone();
    assert_eq!((layer.media_type, layer.digest), (MediaType::OciLayerGzip, Digest::of(&gzip)));
}

#[tokio::test]
async fn an_oci_archive_keeps_everything() {
    let world = World::new();
    let (from, to) = (world.layout("from").await, world.layout("to").await);
    let (_, index) = world.index(&from).await;
    let tag = "v1.0.0".parse().unwrap();
    let mut archives = Vec::new();
    for run in 0..2 {
        let path = world.path(&format!("{run}.tar"));
        write_oci_archive(&from, &index, Some(&tag), &path).await.map(drop).unwrap();
        archives.push(std::fs::read(&path).unwrap());
    }
    assert_eq!(archives[0], archives[1]);
    let read = read_oci_archive(&world.path("0.tar"), &to, ArchiveLimits::default()).await.unwrap();
    assert_eq!(read.digest, index.digest);
    assert_eq!(read.annotations[registry_client::REF_NAME], "v1.0.0");
    from.tag(&tag, &index, None).await.unwrap();
    to.tag(&tag, &read, None).await.unwrap();
    assert_eq!(tree(from.folder()), tree(to.folder()));
    write_oci_archive(&to, &read, None, &world.path("none.tar")).await.map(drop).unwrap();
    let unnamed = read_oci_archive(&world.path("none.tar"), &from, ArchiveLimits::default()).await.unwrap();
    assert_eq!(unnamed, index);
}
