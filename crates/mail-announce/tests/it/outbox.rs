use std::fs;

use mail_announce::{FolderOutbox, MessageError, Outbox, SendError};
use sha2::{Digest, Sha256};

use crate::plain;

fn names(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn the_second_send_finds_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = FolderOutbox::new(folder.path().join("mails"));
    let mail = plain("Kubernetes v1.19.0 is live!");
    assert_eq!(outbox.find(&mail.message_id).await.unwrap(), None);
    assert!(!folder.path().join("mails").exists(), "looking makes nothing");

    let receipt = outbox.send(&mail).await.unwrap();
    let name = format!("{}.eml", mail.message_id);
    assert_eq!(names(&folder.path().join("mails")), std::slice::from_ref(&name));
    assert!(name.starts_with("kubernetes-v1.19.0-is-live."), "{name}");
    let bytes = fs::read(outbox.path(&mail.message_id)).unwrap();
    assert_eq!(bytes, mail.render().unwrap());
    assert_eq!(receipt.sha256, hex::encode(Sha256::digest(&bytes)));
    assert!(receipt.location.starts_with("file:///") && receipt.location.ends_with(&name), "{}", receipt.location);

    assert_eq!(FolderOutbox::new(folder.path().join("mails")).send(&mail).await.unwrap(), receipt);
    assert_eq!(outbox.find(&mail.message_id).await.unwrap(), Some(receipt));
    assert_eq!(names(&folder.path().join("mails")), [name]);
}

#[tokio::test]
async fn another_mail_under_the_same_id_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = FolderOutbox::new(folder.path());
    let mail = plain("subject");
    let receipt = outbox.send(&mail).await.unwrap();
    let mut other = mail.clone();
    other.text = "something else".into();
    let error = outbox.send(&other).await.unwrap_err();
    assert!(matches!(error, SendError::Conflict { ref found, .. } if *found == receipt.sha256), "{error}");
    assert_eq!(fs::read(outbox.path(&mail.message_id)).unwrap(), mail.render().unwrap());
    assert_eq!(names(folder.path()).len(), 1);
}

#[tokio::test]
async fn what_is_not_the_mail_is_not_taken_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = FolderOutbox::new(folder.path());
    let (mail, other) = (plain("subject"), plain("other subject"));
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("cut off in the head", mail.render().unwrap()[..20].to_vec()),
        ("another mail", other.render().unwrap()),
    ] {
        fs::write(outbox.path(&mail.message_id), &bytes).unwrap();
        assert!(matches!(outbox.find(&mail.message_id).await, Err(SendError::Foreign { .. })), "{name}");
        assert!(matches!(outbox.send(&mail).await, Err(SendError::Foreign { .. })), "{name}");
        assert_eq!(fs::read(outbox.path(&mail.message_id)).unwrap(), bytes, "{name}");
    }
    let mut changed = mail.render().unwrap();
    changed.extend_from_slice(b"more");
    fs::write(outbox.path(&mail.message_id), changed).unwrap();
    assert!(matches!(outbox.send(&mail).await, Err(SendError::Conflict { .. })));
}

#[tokio::test]
async fn leftovers_of_a_killed_run_go() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = FolderOutbox::new(folder.path());
    let mail = plain("subject");
    fs::write(folder.path().join(format!(".{}.abc.partial", mail.message_id)), "half").unwrap();
    fs::write(folder.path().join("other"), "stays").unwrap();
    outbox.send(&mail).await.unwrap();
    assert_eq!(names(folder.path()), ["other".to_owned(), format!("{}.eml", mail.message_id)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_senders_make_one_mail() {
    let folder = tempfile::tempdir().unwrap();
    let mail = plain("subject");
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (outbox, mail) = (FolderOutbox::new(folder.path()), mail.clone());
            tokio::spawn(async move { outbox.send(&mail).await })
        })
        .collect();
    let mut receipts = Vec::new();
    for task in tasks {
        receipts.push(task.await.unwrap().unwrap());
    }
    receipts.dedup();
    assert_eq!(receipts.len(), 1);
    assert_eq!(names(folder.path()), [format!("{}.eml", mail.message_id)]);
}

#[tokio::test]
async fn failures_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "x").unwrap();
    let outbox = FolderOutbox::new(folder.path().join("file"));
    assert!(matches!(outbox.send(&plain("subject")).await, Err(SendError::Io { .. })));
    let outbox = FolderOutbox::new(folder.path());
    let mut bad = plain("subject");
    bad.subject = "a\nb".into();
    let error = outbox.send(&bad).await;
    assert!(matches!(error, Err(SendError::Message(MessageError::HeaderInjection { .. }))));
    assert_eq!(names(folder.path()), ["file"]);
}

#[tokio::test]
async fn the_longest_id_stays_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = FolderOutbox::new(folder.path());
    let mut mail = plain("subject");
    mail.message_id = format!("{}@{}", "a".repeat(100), "b".repeat(99)).parse().unwrap();
    let receipt = outbox.send(&mail).await.unwrap();
    assert_eq!(outbox.find(&mail.message_id).await.unwrap(), Some(receipt));
}
