//! A process killed at any time leaves whole objects. The test binary starts itself as the process to be killed.

use std::process::{Command, Stdio};
use std::time::Duration;

use artifact_publish::{Attributes, Bucket, Digests, Error, Expected, ObjectPrefix, Progress};

use crate::{folder, name, noise};

const PLACE: &str = "ARTIFACT_PUBLISH_TEST_PLACE";

fn child(test: &str, place: &std::path::Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a fixture can be made"));
    command.args(["--ignored", "--exact", test]).env(PLACE, place).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Writes without end: the same object over and over, and large new ones.
#[tokio::test]
#[ignore = "the process that the test below kills"]
async fn writer_to_be_killed() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let bucket = Bucket::open_folder(place.as_ref()).unwrap();
    for round in 0_u64.. {
        let seen = bucket.info(&name("marker")).await.unwrap();
        let expected = Expected::of(seen.as_ref().map(|seen| &seen.generation));
        let text = format!("{round}").repeat(1000);
        let attributes = Attributes::of_type(&format!("of/{round}"));
        bucket.replace(&name("marker"), text, &expected, &attributes).await.unwrap();
        let large = name(&format!("large/{}-{round}", std::process::id()));
        bucket.create(&large, noise(2_000_000, round), &Attributes::of_type("large/large")).await.unwrap();
    }
}

#[tokio::test]
async fn a_killed_writer_leaves_whole_objects() {
    let (root, bucket) = folder();
    let place = root.path().join("place");
    let mut leftovers = 0;
    for round in 0..12 {
        let mut writer = child("crash::writer_to_be_killed", &place).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(60 + 17 * round));
        writer.kill().unwrap();
        writer.wait().unwrap();
        leftovers += std::fs::read_dir(place.join(".tmp")).map_or(0, Iterator::count);
        for object in bucket.list(&ObjectPrefix::root()).await.unwrap() {
            let found = bucket.read(&object.name, 4_000_000).await.unwrap().unwrap();
            let which = object.name.as_str().rsplit_once('-').map(|(_, round)| round.parse::<u64>().unwrap());
            if let Some(which) = which {
                assert!(found.bytes == noise(2_000_000, which), "round {round}: {} is whole", object.name);
                assert_eq!(found.attributes, Attributes::of_type("large/large"), "round {round}");
            } else {
                let text = String::from_utf8(found.bytes.to_vec()).unwrap();
                let number = found.attributes.content_type.as_deref().unwrap().strip_prefix("of/").unwrap();
                assert_eq!(text, number.repeat(1000), "round {round}: bytes and attributes belong together");
            }
        }
    }
    assert!(bucket.info(&name("marker")).await.unwrap().is_some(), "the writers wrote");
    assert!(bucket.list(&"large".parse().unwrap()).await.unwrap().len() > 3, "the writers wrote");
    // The next writer sweeps what they left.
    let next = Bucket::open(bucket.url()).unwrap();
    next.check_writable().await.unwrap();
    assert_eq!(std::fs::read_dir(place.join(".tmp")).unwrap().count(), 0, "of {leftovers} left");
}

#[tokio::test]
async fn leftovers_are_swept_but_not_those_in_use() {
    let (root, bucket) = folder();
    let tmp = root.path().join("place/.tmp");
    std::fs::create_dir_all(&tmp).unwrap();
    std::fs::write(tmp.join("1-0"), "left").unwrap();
    let used = std::fs::File::create(tmp.join("1-1")).unwrap();
    used.lock().unwrap();
    bucket.create(&name("a"), "x", &Attributes::default()).await.unwrap();
    assert!(!tmp.join("1-0").exists() && tmp.join("1-1").exists());
    drop(used);
}

/// Runs with a limit on the size of files, which fails writes half way as a full disk does.
#[tokio::test]
#[ignore = "the process that the test below starts with a limit"]
async fn writer_with_a_limit() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let source = std::path::PathBuf::from(&place).with_extension("source");
    let bucket = Bucket::open_folder(place.as_ref()).unwrap();
    let error = bucket.upload(&name("a"), &source, &Attributes::default(), &Progress::none()).await.unwrap_err();
    assert!(matches!(error, Error::NoSpace { .. }), "{error:?}");
    assert!(bucket.info(&name("a")).await.unwrap().is_none());
    bucket.create(&name("b"), "small", &Attributes::default()).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_publishes_nothing() {
    let (root, bucket) = folder();
    let place = root.path().join("place");
    let bytes = noise(3_000_000, 3);
    std::fs::write(place.with_extension("source"), &bytes).unwrap();
    // Writing past the limit also sends a signal that would end the process; ignored, the write fails with `EFBIG`.
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" --ignored --exact crash::writer_with_a_limit"])
        .arg(std::env::current_exe().unwrap())
        .env(PLACE, &place)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert!(bucket.info(&name("b")).await.unwrap().is_some(), "the writer ran");
    assert_eq!(std::fs::read_dir(place.join(".tmp")).unwrap().count(), 0);
    let source = place.with_extension("source");
    let digests = bucket.upload(&name("a"), &source, &Attributes::default(), &Progress::none()).await.unwrap();
    assert_eq!(digests, Digests::of(&bytes));
}
