//! Files that documents are made from.

use std::fs;

use notes_sources::{Error, MAX_TEXT, hash_archives, read_images, read_maps, read_sums, read_text};

#[test]
fn maps_of_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("b.yml", "b");
    write("a/z.yaml", "z");
    write("a/notes.md", "no map");
    write(".git/x.yaml", "hidden");
    write("c.yaml", "c");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", dir.path().join("link.yaml")).unwrap();
    let names: Vec<String> = read_maps(dir.path()).unwrap().into_iter().map(|file| file.text).collect();
    assert_eq!(names, ["z", "b", "c"]);
    assert_eq!(read_maps(&dir.path().join("b.yml")).unwrap().len(), 1, "a single file");
    let missing = read_maps(&dir.path().join("none")).unwrap_err();
    assert!(missing.to_string().contains("none"), "{missing}");
    write("large.yaml", &"x".repeat(MAX_TEXT as usize + 1));
    assert!(matches!(read_maps(dir.path()), Err(Error::TooLarge { .. })));
    fs::write(dir.path().join("large.yaml"), [0xff]).unwrap();
    assert!(matches!(read_text(&dir.path().join("large.yaml"), 10), Err(Error::Malformed { .. })));
}

#[tokio::test]
async fn archives_and_their_sums() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tool-client-linux-amd64.tar.gz"), "bytes").unwrap();
    fs::write(dir.path().join("README"), "no archive").unwrap();
    let hashed = hash_archives(dir.path()).await.unwrap();
    assert_eq!(hashed.len(), 1);
    // sha512sum of the five bytes.
    assert!(hashed[0].sha512().starts_with("ad87abc1efb42e03"), "{}", hashed[0].sha512());
    let sums = dir.path().join("SHA512SUMS");
    fs::write(&sums, format!("{}  {}\n", hashed[0].sha512(), hashed[0].name())).unwrap();
    assert_eq!(read_sums(&sums).unwrap(), hashed);
    fs::write(&sums, "abc  ../x\n").unwrap();
    assert!(matches!(read_sums(&sums), Err(Error::Malformed { .. })));
}

#[test]
fn images_of_a_build() {
    let dir = tempfile::tempdir().unwrap();
    assert!(read_images(dir.path()).unwrap().is_empty());
    let archive = |arch: &str, name: &str, entry: &str, manifest: &str| {
        let folder = dir.path().join("release-images").join(arch);
        fs::create_dir_all(&folder).unwrap();
        let mut tar = tar::Builder::new(fs::File::create(folder.join(name)).unwrap());
        let mut header = tar::Header::new_gnu();
        header.set_size(manifest.len() as u64);
        header.set_cksum();
        tar.append_data(&mut header, entry, manifest.as_bytes()).unwrap();
        tar.finish().unwrap();
    };
    for arch in ["amd64", "arm64"] {
        let manifest = format!(r#"[{{"Config":"x","RepoTags":["registry.example.org/tool-{arch}:v1"],"Layers":[]}}]"#);
        archive(arch, "tool.tar", "manifest.json", &manifest);
    }
    let images = read_images(dir.path()).unwrap();
    assert_eq!(images["tool"].iter().collect::<Vec<_>>(), ["amd64", "arm64"]);
    archive("amd64", "other.tar", "something", "x");
    assert!(read_images(dir.path()).unwrap_err().to_string().contains("other.tar"));
}
