//! Small images and tar files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use registry_client::{
    BuiltImage, Descriptor, Digest, ImageBuilder, ImageConfig, ImageManifest, Layer, Manifest, OciLayout, make_index,
};

pub(crate) fn created() -> jiff::Timestamp {
    "2020-08-26T14:30:33.5Z".parse().unwrap()
}

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    pub(crate) async fn layout(&self, name: &str) -> OciLayout {
        OciLayout::create(&self.path(name)).await.unwrap()
    }

    /// An image with one program.
    pub(crate) fn image(&self, platform: &str) -> ImageBuilder {
        let binary = self.file(&format!("tool-{}", platform.replace('/', "-")), program(platform));
        ImageBuilder::new(platform.parse().unwrap(), created())
            .layer(Layer::new("COPY tool").file("/usr/bin/tool", binary, 0o755))
            .entrypoint(["/usr/bin/tool"])
    }

    /// Three images and their index.
    pub(crate) async fn index(&self, layout: &OciLayout) -> (Vec<BuiltImage>, Descriptor) {
        let mut images = Vec::new();
        for platform in ["linux/s390x", "linux/amd64", "linux/arm/v7"] {
            images.push(self.image(platform).build(layout).await.unwrap());
        }
        let entries: Vec<_> = images.iter().map(|built| (built.image.clone(), built.platform.clone())).collect();
        let index = layout.put_index(&make_index(&entries, &BTreeMap::new()).unwrap()).await.unwrap();
        (images, index)
    }
}

/// Bytes of a program: several blocks that compress a little.
pub(crate) fn program(seed: &str) -> Vec<u8> {
    (0..3000).flat_map(|index| Digest::of(format!("{seed}{index}").as_bytes()).hex().into_bytes()).collect()
}

pub(crate) async fn manifest(layout: &OciLayout, image: &Descriptor) -> ImageManifest {
    match layout.manifest(image).await.unwrap() {
        Manifest::Image(manifest) => *manifest,
        Manifest::Index(_) => panic!("an index"),
    }
}

pub(crate) async fn config(layout: &OciLayout, image: &Descriptor) -> ImageConfig {
    layout.config(&manifest(layout, image).await).await.unwrap()
}

/// Every file below a folder with its bytes.
pub(crate) fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// An entry of a tar file as somebody hostile would write it.
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: tar::EntryType,
    pub(crate) link: &'a str,
    pub(crate) bytes: &'a [u8],
}

pub(crate) fn file<'a>(name: &'a str, bytes: &'a [u8]) -> Entry<'a> {
    Entry { name, kind: tar::EntryType::Regular, link: "", bytes }
}

pub(crate) fn link<'a>(name: &'a str, kind: tar::EntryType, target: &'a str) -> Entry<'a> {
    Entry { name, kind, link: target, bytes: b"" }
}

pub(crate) fn tar_of(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        // Names are put in raw: the library refuses those that matter here.
        header.as_mut_bytes()[..entry.name.len()].copy_from_slice(entry.name.as_bytes());
        header.as_mut_bytes()[157..157 + entry.link.len()].copy_from_slice(entry.link.as_bytes());
        header.set_entry_type(entry.kind);
        header.set_mode(0o644);
        header.set_size(entry.bytes.len() as u64);
        header.set_cksum();
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(entry.bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

/// The parts of a docker archive with one layer, to be changed by a test.
pub(crate) struct Saved {
    pub(crate) config: Vec<u8>,
    pub(crate) manifest: Vec<u8>,
    pub(crate) layer: Vec<u8>,
}

impl Saved {
    pub(crate) fn new(layer: &[Entry<'_>]) -> Self {
        Self::of_layer(tar_of(layer))
    }

    pub(crate) fn of_layer(layer: Vec<u8>) -> Self {
        let config = serde_json::json!({
            "architecture": "amd64", "os": "linux", "docker_version": "19.03", "config": {"Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": [Digest::of(&layer).to_string()]},
        });
        Self {
            config: serde_json::to_vec_pretty(&config).unwrap(),
            manifest: Self::manifest(&["k.example/a-amd64:v1"]),
            layer,
        }
    }

    pub(crate) fn manifest(tags: &[&str]) -> Vec<u8> {
        serde_json::to_vec(
            &serde_json::json!([{"Config": "config.json", "RepoTags": tags, "Layers": ["one/layer.tar"]}]),
        )
        .unwrap()
    }

    pub(crate) fn entries(&self) -> Vec<Entry<'_>> {
        vec![
            file("config.json", &self.config),
            file("one/layer.tar", &self.layer),
            file("manifest.json", &self.manifest),
        ]
    }

    pub(crate) fn tar(&self) -> Vec<u8> {
        tar_of(&self.entries())
    }
}
