use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use artifact_publish::{
    Attributes, Bucket, ChangedFile, Created, Depth, Digests, Error, ObjectPrefix, Progress, Sha512Digest, StagedTree,
    TreeDifferences, TreeOptions, copy_tree, stage_tree, verify_tree,
};

use crate::{folder, memory, name, noise, prefix};

fn sample(root: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let files = BTreeMap::from([
        ("bin/linux/amd64/tool", noise(1_500_000, 1)),
        ("bin/linux/arm64/tool", noise(10, 2)),
        ("tool.tar.gz", noise(700_000, 3)),
        ("empty", Vec::new()),
        ("with space+plus", b"x".to_vec()),
    ]);
    for (path, bytes) in &files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a fixture can be made")).expect("a fixture can be made");
        std::fs::write(path, bytes).expect("a fixture can be made");
    }
    files
}

async fn stage(local: &Path, bucket: &Bucket) -> Result<StagedTree, Error> {
    stage_tree(local, bucket, &prefix("stage/v1"), &TreeOptions::default()).await
}

#[tokio::test]
async fn the_layout_is_that_of_kubernetes_and_the_system_tools_agree() {
    let (root, bucket) = folder();
    let local = root.path().join("local");
    let files = sample(&local);
    let tree = stage(&local, &bucket).await.unwrap();
    let mut expected: Vec<String> = files.keys().map(|path| (*path).to_owned()).collect();
    expected.extend(["SHA256SUMS".to_owned(), "SHA512SUMS".to_owned()]);
    for path in expected.clone() {
        expected.extend([format!("{path}.sha256"), format!("{path}.sha512")]);
    }
    expected.sort();
    assert_eq!(tree.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(
        tree.payload().map(|file| file.path.as_str()).collect::<Vec<_>>(),
        files.keys().copied().collect::<Vec<_>>()
    );
    let place = root.path().join("place/stage/v1");
    for file in &tree.files {
        let bytes = std::fs::read(place.join(&file.path)).unwrap();
        assert_eq!(Digests::of(&bytes), file.digests(), "{}", file.path);
        if let Some(original) = files.get(file.path.as_str()) {
            assert!(&bytes == original, "{}", file.path);
        }
    }
    let sum = std::fs::read_to_string(place.join("SHA512SUMS.sha512")).unwrap();
    assert_eq!(sum, Sha512Digest::of(&std::fs::read(place.join("SHA512SUMS")).unwrap()).to_string());
    let sums = std::fs::read_to_string(place.join("SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count(), files.len());
    assert!(sums.ends_with("  with space+plus\n"));
    for (program, list) in [("sha256sum", "SHA256SUMS"), ("sha512sum", "SHA512SUMS")] {
        let output = Command::new(program).args(["--strict", "-c", list]).current_dir(&place).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let json = serde_json::to_string(&tree).unwrap();
    assert_eq!(serde_json::from_str::<StagedTree>(&json).unwrap(), tree);
}

#[tokio::test]
async fn staging_again_keeps_and_completes() {
    let (root, bucket) = folder();
    let local = root.path().join("local");
    sample(&local);
    let tree = stage(&local, &bucket).await.unwrap();
    let in_memory = memory();
    assert_eq!(stage(&local, &in_memory).await.unwrap(), tree, "any bucket, the same tree");
    for lost in ["tool.tar.gz", "SHA256SUMS", "empty.sha512"] {
        bucket.remove(&name(&format!("stage/v1/{lost}"))).await.unwrap();
    }
    let kept = std::fs::metadata(root.path().join("place/stage/v1/bin/linux/amd64/tool")).unwrap().modified().unwrap();
    let seen = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&seen);
    let options = TreeOptions::with_progress(Progress::new(move |bytes| {
        counter.fetch_add(bytes, Ordering::Relaxed);
    }));
    assert_eq!(stage_tree(&local, &bucket, &prefix("stage/v1"), &options).await.unwrap(), tree);
    assert_eq!(seen.load(Ordering::Relaxed), 1_500_000 + 10 + 700_000 + 1, "each byte once");
    let after = std::fs::metadata(root.path().join("place/stage/v1/bin/linux/amd64/tool")).unwrap().modified().unwrap();
    assert_eq!(kept, after);
}

#[tokio::test]
async fn other_bytes_and_other_files_are_refused() {
    let (root, bucket) = folder();
    let local = root.path().join("local");
    let files = sample(&local);
    let tree = stage(&local, &bucket).await.unwrap();
    std::fs::write(local.join("tool.tar.gz"), "rebuilt").unwrap();
    match stage(&local, &bucket).await.unwrap_err() {
        Error::Exists { object, there, offered } => {
            assert_eq!(object, bucket.address("stage/v1/tool.tar.gz"));
            assert_eq!((*there, *offered), (Digests::of(&files["tool.tar.gz"]), Digests::of(b"rebuilt")));
        }
        error => panic!("{error:?}"),
    }
    std::fs::remove_file(local.join("tool.tar.gz")).unwrap();
    match stage(&local, &bucket).await.unwrap_err() {
        Error::Extra { names, .. } => assert_eq!(names, ["tool.tar.gz", "tool.tar.gz.sha256", "tool.tar.gz.sha512"]),
        error => panic!("{error:?}"),
    }
    let found = verify_tree(&bucket, &prefix("stage/v1"), &tree, Depth::Bytes, &TreeOptions::default()).await.unwrap();
    assert!(found.is_empty(), "the refusals changed nothing: {found:?}");
}

#[tokio::test]
async fn local_folders_that_cannot_be_staged() {
    type Prepare = fn(&Path);
    let cases: [(&str, Prepare); 7] = [
        ("empty folder", |_| {}),
        ("link", |root| std::os::unix::fs::symlink("/etc/hostname", root.join("a")).unwrap()),
        ("sums of its own", |root| std::fs::write(root.join("SHA256SUMS"), "x").unwrap()),
        ("digest of its own", |root| {
            std::fs::write(root.join("a"), "x").unwrap();
            std::fs::write(root.join("a.sha512"), "x").unwrap();
        }),
        ("digest of the sums", |root| std::fs::write(root.join("SHA512SUMS.sha256"), "x").unwrap()),
        ("control character", |root| std::fs::write(root.join("a\nb"), "x").unwrap()),
        ("pipe", |root| assert!(Command::new("mkfifo").arg(root.join("p")).status().unwrap().success())),
    ];
    for (case, prepare) in cases {
        let (root, bucket) = folder();
        let local = root.path().join("local");
        std::fs::create_dir(&local).unwrap();
        prepare(&local);
        let error = stage(&local, &bucket).await.unwrap_err();
        assert!(matches!(error, Error::SourceRefused { .. } | Error::BadName(_)), "{case}: {error:?}");
        assert!(!root.path().join("place").exists(), "{case}");
    }
    let (root, bucket) = folder();
    assert!(matches!(stage(&root.path().join("none"), &bucket).await, Err(Error::Source { .. })));
}

#[tokio::test]
async fn a_file_added_while_staging_is_noticed() {
    let (root, bucket) = folder();
    let local = root.path().join("local");
    sample(&local);
    let late = local.join("late");
    let options = TreeOptions::with_progress(Progress::new(move |_| std::fs::write(&late, "late").unwrap()));
    let error = stage_tree(&local, &bucket, &prefix("stage/v1"), &options).await.unwrap_err();
    assert!(matches!(error, Error::SourceChanged { .. }), "{error:?}");
}

#[tokio::test]
async fn verification_tells_missing_extra_and_changed() {
    let (root, bucket) = folder();
    let local = root.path().join("local");
    sample(&local);
    let tree = stage(&local, &bucket).await.unwrap();
    let look =
        async |depth| verify_tree(&bucket, &prefix("stage/v1"), &tree, depth, &TreeOptions::default()).await.unwrap();
    assert_eq!(look(Depth::Bytes).await, TreeDifferences::default());
    assert_eq!(look(Depth::Metadata).await, TreeDifferences::default());
    let place = root.path().join("place/stage/v1");
    std::fs::write(place.join("bin/linux/arm64/tool"), "0123456789").unwrap();
    std::fs::write(place.join("empty"), "longer").unwrap();
    std::fs::remove_file(place.join("tool.tar.gz.sha256")).unwrap();
    std::fs::write(place.join("bin/linux/other"), "x").unwrap();
    let changed = |path: &str, bytes: &[u8], depth| ChangedFile {
        path: path.to_owned(),
        expected: tree.get(path).unwrap().digests(),
        size: bytes.len() as u64,
        found: (depth == Depth::Bytes).then(|| Digests::of(bytes)),
    };
    for (depth, same_size) in [(Depth::Metadata, None), (Depth::Bytes, Some("bin/linux/arm64/tool"))] {
        let found = look(depth).await;
        assert_eq!(found.missing, ["tool.tar.gz.sha256"]);
        assert_eq!(found.extra, ["bin/linux/other"]);
        let mut expected: Vec<ChangedFile> = same_size.iter().map(|path| changed(path, b"0123456789", depth)).collect();
        expected.push(changed("empty", b"longer", depth));
        assert_eq!(found.changed, expected);
    }
}

#[tokio::test]
async fn promotion_copies_what_was_staged_and_nothing_else() {
    let (root, staging) = folder();
    let local = root.path().join("local");
    sample(&local);
    let tree = stage(&local, &staging).await.unwrap();
    for release in [folder().1, memory()] {
        let (from, to) = (prefix("stage/v1"), prefix("release/v1"));
        let options = TreeOptions::default();
        let copy = async || copy_tree(&staging, &from, &release, &to, &tree, &options).await;
        // An interrupted copy left one file.
        let first = tree.get("tool.tar.gz").unwrap();
        let there = to.join("tool.tar.gz").unwrap();
        let source = from.join("tool.tar.gz").unwrap();
        let made = staging.copy(&source, &release, &there, &first.sha256, &Progress::none()).await;
        assert_eq!(made.unwrap(), Created::New);
        let outcome = copy().await.unwrap();
        assert_eq!((outcome.copied, outcome.kept, outcome.bytes), (tree.files.len() - 1, 1, tree.size()));
        assert!(verify_tree(&release, &to, &tree, Depth::Bytes, &options).await.unwrap().is_empty());
        assert_eq!(copy().await.unwrap().copied, 0);

        release.create(&to.join("of/another/release").unwrap(), "x", &Attributes::default()).await.unwrap();
        assert!(matches!(copy().await.unwrap_err(), Error::Extra { names, .. } if names == ["of/another/release"]));
        release.remove(&to.join("of/another/release").unwrap()).await.unwrap();
        release.remove(&there).await.unwrap();
        release.create(&there, "other", &Attributes::default()).await.unwrap();
        assert!(matches!(copy().await.unwrap_err(), Error::Exists { .. }));
    }
    // What changed in staging since does not get out.
    std::fs::write(root.path().join("place/stage/v1/tool.tar.gz"), "changed").unwrap();
    let release = memory();
    let (from, to) = (prefix("stage/v1"), ObjectPrefix::root());
    let outcome = copy_tree(&staging, &from, &release, &to, &tree, &TreeOptions::default()).await;
    assert!(matches!(outcome.unwrap_err(), Error::DigestMismatch { .. }));
    assert!(release.info(&name("tool.tar.gz")).await.unwrap().is_none());
    assert!(release.info(&name("SHA256SUMS")).await.unwrap().is_none(), "checksum files go last");
}
