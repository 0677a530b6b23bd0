use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use artifact_publish::{
    Compression, Digests, Progress, TarEntry, TarSource, TarballError, TarballOptions, build_tarball, write_tarball,
};

use crate::noise;

fn options(compression: Compression) -> TarballOptions {
    TarballOptions { mtime: "2020-08-26T12:00:00Z".parse().expect("a fixture can be made"), compression }
}

fn entry(path: &str, source: TarSource, mode: u32) -> TarEntry {
    TarEntry { path: path.into(), source, mode }
}

fn sample(root: &Path) -> Vec<TarEntry> {
    std::fs::write(root.join("tool"), noise(1_200_000, 1)).expect("a fixture can be made");
    let long = format!("kubernetes/{}/file", "deep-folder/".repeat(20).trim_end_matches('/'));
    vec![
        entry("kubernetes/version", TarSource::Bytes("v1.19.0\n".into()), 0o644),
        entry("kubernetes/bin/tool", TarSource::File(root.join("tool")), 0o755),
        entry("kubernetes", TarSource::Folder, 0o755),
        entry("kubernetes/latest", TarSource::Symlink("bin/tool".into()), 0o777),
        entry(&long, TarSource::Bytes("deep".into()), 0o600),
    ]
}

#[tokio::test]
async fn two_runs_are_equal_and_the_system_tar_reads_them() {
    let root = tempfile::tempdir().unwrap();
    let entries = sample(root.path());
    let long = entries[4].path.clone();
    for (file, compression) in [("a.tar", Compression::None), ("a.tar.gz", Compression::Gzip)] {
        let path = root.path().join(file);
        let digests = build_tarball(&path, entries.clone(), options(compression), &Progress::none()).await.unwrap();
        let first = std::fs::read(&path).unwrap();
        assert_eq!(Digests::of(&first), digests, "{file}");
        let mut reversed = entries.clone();
        reversed.reverse();
        // Times and rights of the source must not matter.
        std::fs::File::open(root.path().join("tool")).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        let (second, again) = write_tarball(Vec::new(), reversed, options(compression), &Progress::none()).unwrap();
        assert!(first == second && digests == again, "{file}");
        let output = Command::new("tar")
            .args(["--utc", "--numeric-owner", "--full-time", "-tvf"])
            .arg(&path)
            .env("TZ", "UTC")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
        let listing: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(words).collect();
        let time = "2020-08-26 12:00:00";
        let expected = [
            format!("drwxr-xr-x 0/0 0 {time} kubernetes/"),
            format!("-rwxr-xr-x 0/0 1200000 {time} kubernetes/bin/tool"),
            format!("-rw------- 0/0 4 {time} {long}"),
            format!("lrwxrwxrwx 0/0 0 {time} kubernetes/latest -> bin/tool"),
            format!("-rw-r--r-- 0/0 8 {time} kubernetes/version"),
        ];
        assert_eq!(listing, expected, "{file}");
        let unpacked = root.path().join(format!("{file}.d"));
        std::fs::create_dir(&unpacked).unwrap();
        let status = Command::new("tar").arg("-xf").arg(&path).arg("-C").arg(&unpacked).status().unwrap();
        assert!(status.success());
        assert!(std::fs::read(unpacked.join("kubernetes/latest")).unwrap() == noise(1_200_000, 1), "{file}");
    }
    let gzip = std::fs::read(root.path().join("a.tar.gz")).unwrap();
    assert_eq!(gzip[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], "no name, no time, no system");
}

#[test]
fn refused_entries() {
    let bytes = || TarSource::Bytes("x".into());
    let link = |target: &str| TarSource::Symlink(target.into());
    let cases: Vec<(&str, Vec<TarEntry>)> = vec![
        ("absolute", vec![entry("/a", bytes(), 0o644)]),
        ("up", vec![entry("a/../b", bytes(), 0o644)]),
        ("empty part", vec![entry("a//b", bytes(), 0o644)]),
        ("trailing slash", vec![entry("a/", TarSource::Folder, 0o755)]),
        ("empty", vec![entry("", bytes(), 0o644)]),
        ("control", vec![entry("a\nb", bytes(), 0o644)]),
        ("twice", vec![entry("a", bytes(), 0o644), entry("a", bytes(), 0o644)]),
        ("below a file", vec![entry("a", bytes(), 0o644), entry("a/b", bytes(), 0o644)]),
        ("below a link", vec![entry("a", link("b"), 0o777), entry("a/c", bytes(), 0o644)]),
        ("absolute link", vec![entry("a", link("/etc"), 0o777)]),
        ("link out", vec![entry("a/b", link("../../etc"), 0o777)]),
        ("link out by a detour", vec![entry("a/b", link("c/../../../d"), 0o777)]),
        ("empty link", vec![entry("a", link(""), 0o777)]),
        ("folder as file", vec![entry("a", TarSource::File("/".into()), 0o644)]),
    ];
    for (case, entries) in cases {
        let error = write_tarball(Vec::new(), entries, options(Compression::None), &Progress::none()).unwrap_err();
        assert!(matches!(error, TarballError::BadEntry { .. }), "{case}: {error:?}");
    }
    let inside = vec![entry("a/b/c", link("../../d"), 0o777), entry("d", bytes(), 0o644)];
    assert!(write_tarball(Vec::new(), inside, options(Compression::None), &Progress::none()).is_ok());
}

#[tokio::test]
async fn failures_leave_no_tarball() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.tar.gz");
    let missing = vec![entry("a", TarSource::File(root.path().join("missing")), 0o644)];
    let error = build_tarball(&path, missing, options(Compression::Gzip), &Progress::none()).await.unwrap_err();
    assert!(matches!(error, TarballError::Source { .. }), "{error:?}");

    let growing: PathBuf = root.path().join("log");
    std::fs::write(&growing, noise(300_000, 1)).unwrap();
    let entries = vec![entry("log", TarSource::File(growing.clone()), 0o644)];
    for (case, change) in [("longer", 400_000), ("shorter", 10)] {
        let changing = growing.clone();
        let progress = Progress::new(move |_| {
            std::fs::File::options().write(true).open(&changing).unwrap().set_len(change).unwrap()
        });
        let error = build_tarball(&path, entries.clone(), options(Compression::None), &progress).await.unwrap_err();
        assert!(matches!(error, TarballError::SourceChanged { .. }), "{case}: {error:?}");
        std::fs::write(&growing, noise(300_000, 1)).unwrap();
    }
    let names: Vec<_> = std::fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["log"]);
    let nowhere = root.path().join("none/a.tar");
    let error = build_tarball(&nowhere, entries, options(Compression::None), &Progress::none()).await.unwrap_err();
    assert!(matches!(error, TarballError::Write { .. }), "{error:?}");
}

pub(crate) fn unpack(archive: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
    let mut archive = tar::Archive::new(archive);
    let entries = archive.entries().expect("a fixture can be made");
    entries
        .map(|entry| {
            let mut entry = entry.expect("a fixture can be made");
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("a fixture can be made");
            let path = String::from_utf8(entry.path_bytes().into_owned()).expect("a fixture can be made");
            (path, entry.header().mode().expect("a fixture can be made"), bytes)
        })
        .collect()
}
