use artifact_publish::{Archive, Digests, Error};
use secret_redactor::Redactor;

use crate::{folder, name, prefix};

#[tokio::test]
async fn logs_lose_codes_and_secrets() {
    let (root, bucket) = folder();
    let redactor = Redactor::builder().secret("hunter2-hunter2").build().unwrap();
    let archive = Archive::new(bucket.clone(), prefix("archive/run-1"), redactor);
    let log = root.path().join("build.log");
    std::fs::write(
        &log,
        b"\x1b[32mok\x1b[0m 10%\r100%\r\npush https://x:hunter2-hun\x1b[1mter2@host\n\xff end hunter2-hunter2",
    )
    .unwrap();
    let digests = archive.put_log("logs/build.log", &log).await.unwrap();
    let clean: &[u8] = b"ok 10%100%\npush https://[redacted]@host\n\xff end [redacted]";
    let stored = bucket.read(&name("archive/run-1/logs/build.log"), 1000).await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&stored.bytes), String::from_utf8_lossy(clean));
    assert_eq!(digests, Digests::of(clean));
    assert_eq!(stored.attributes.content_type.as_deref(), Some("text/plain; charset=utf-8"));
    assert_eq!(archive.put_log("logs/build.log", &log).await.unwrap(), digests, "again is no error");

    std::fs::write(&log, b"\x1b[1m{\"token\": \"hunter2-hunter2\"}\r\n").unwrap();
    archive.put_file("plan.json", &log).await.unwrap();
    let stored = bucket.read(&name("archive/run-1/plan.json"), 1000).await.unwrap().unwrap();
    assert_eq!(&stored.bytes[..], b"\x1b[1m{\"token\": \"[redacted]\"}\r\n");

    assert!(matches!(archive.put_log("logs/build.log", &log).await, Err(Error::Exists { .. })));
    assert!(matches!(archive.put_log("../x", &log).await, Err(Error::BadName(_))));
    let missing = archive.put_log("y", &root.path().join("missing")).await;
    assert!(matches!(missing, Err(Error::Source { .. })));
}
