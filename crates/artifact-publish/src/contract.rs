//! What every kind of bucket must do, as one suite to run against each.

use crate::bucket::{Attributes, Bucket, Created, Expected};
use crate::digest::{Digests, Sha256Digest};
use crate::error::Error;
use crate::name::{ObjectName, ObjectPrefix};
use crate::progress::Progress;

/// A bucket does not do what all buckets must.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A rule is broken.
    #[error("the bucket breaks a rule: {0}")]
    Rule(&'static str),
    /// An operation failed that must succeed.
    #[error("an operation failed that must succeed")]
    Failed(#[from] Error),
    /// A local file for the suite cannot be made.
    #[error("cannot use a local file")]
    Local(#[from] std::io::Error),
}

macro_rules! rule {
    ($condition:expr, $text:literal) => {
        if !$condition {
            return Err(Violation::Rule($text));
        }
    };
}

fn join(prefix: &ObjectPrefix, rest: &str) -> Result<ObjectName, Error> {
    Ok(prefix.join(rest)?)
}

/// Runs the suite below `prefix`, which must be empty, and leaves it empty when all rules hold.
///
/// # Errors
/// The first rule that is broken.
pub async fn check(bucket: &Bucket, prefix: &ObjectPrefix) -> Result<(), Violation> {
    rule!(bucket.list(prefix).await?.is_empty(), "the prefix is empty at the start");
    bucket.check_writable().await?;
    creates(bucket, prefix).await?;
    replaces(bucket, prefix).await?;
    lists(bucket, prefix).await?;
    transfers(bucket, prefix).await?;
    races(bucket, prefix).await?;
    for object in bucket.list(prefix).await? {
        bucket.remove(&object.name).await?;
    }
    rule!(bucket.list(prefix).await?.is_empty(), "what was removed is not listed");
    Ok(())
}

async fn creates(bucket: &Bucket, prefix: &ObjectPrefix) -> Result<(), Violation> {
    let plain = Attributes::default();
    let a = join(prefix, "create/a b+c.txt")?;
    rule!(bucket.info(&a).await?.is_none(), "an absent object has no info");
    rule!(bucket.read(&a, 100).await?.is_none(), "an absent object has no bytes");
    rule!(bucket.digests(&a, &Progress::none()).await?.is_none(), "an absent object has no digests");
    rule!(matches!(bucket.remove(&a).await, Err(Error::NotFound { .. })), "removing an absent object is an error");
    let text = Attributes {
        cache_control: Some("no-store".into()),
        metadata: [("key".to_owned(), "välue".to_owned())].into(),
        ..Attributes::of_type("text/plain")
    };
    rule!(bucket.create(&a, "one", &text).await? == Created::New, "the first create makes the object");
    rule!(bucket.create(&a, "one", &text).await? == Created::Identical, "the same bytes again are no error");
    match bucket.create(&a, "two!", &plain).await {
        Err(Error::Exists { there, offered, .. }) => {
            rule!(*there == Digests::of(b"one") && *offered == Digests::of(b"two!"), "a refusal names both digests");
        }
        _ => return Err(Violation::Rule("other bytes are refused")),
    }
    let found = bucket.read(&a, 3).await?.ok_or(Violation::Rule("a created object can be read"))?;
    rule!(found.bytes == "one", "the bytes are those of the first create");
    rule!(found.attributes == text, "the attributes are kept");
    let info = bucket.info(&a).await?.ok_or(Violation::Rule("a created object has info"))?;
    rule!(info.generation == found.generation && info.attributes == text && info.size == 3, "info and read agree");
    rule!(matches!(bucket.read(&a, 2).await, Err(Error::TooLarge { size: 3, limit: 2, .. })), "the read limit holds");
    rule!(
        bucket.digests(&a, &Progress::none()).await? == Some(Digests::of(b"one")),
        "the digests are those of the bytes"
    );
    bucket.remove(&a).await?;
    rule!(bucket.info(&a).await?.is_none(), "a removed object is gone");
    rule!(bucket.create(&a, "", &plain).await? == Created::New, "a removed object can be made again, also empty");
    let again = bucket.info(&a).await?.ok_or(Violation::Rule("an empty object has info"))?;
    rule!(again.attributes == plain && again.size == 0, "attributes do not outlive a removal");
    Ok(())
}

async fn replaces(bucket: &Bucket, prefix: &ObjectPrefix) -> Result<(), Violation> {
    let plain = Attributes::default();
    let b = join(prefix, "replace/b")?;
    let first = bucket.replace(&b, "1", &Expected::Absent, &plain).await?;
    rule!(
        bucket.info(&b).await?.map(|info| info.generation) == Some(first.clone()),
        "replace returns the new generation"
    );
    let moved = bucket.replace(&b, "2", &Expected::Absent, &plain).await;
    rule!(matches!(moved, Err(Error::Moved { found: Some(_), .. })), "an object that is there is not absent");
    let second = bucket.replace(&b, "2", &Expected::Generation(first.clone()), &Attributes::of_type("a/b")).await?;
    rule!(first != second, "other bytes have another generation");
    let moved = bucket.replace(&b, "3", &Expected::Generation(first.clone()), &plain).await;
    rule!(matches!(moved, Err(Error::Moved { .. })), "an old generation is refused");
    let found = bucket.read(&b, 9).await?.ok_or(Violation::Rule("a replaced object can be read"))?;
    rule!(found.bytes == "2", "a refused replacement changes nothing");
    rule!(found.attributes == Attributes::of_type("a/b"), "a replacement brings its attributes");
    let third = bucket.replace(&b, "2", &Expected::Generation(second.clone()), &plain).await?;
    rule!(third != second, "other attributes have another generation");
    let info = bucket.info(&b).await?.ok_or(Violation::Rule("a replaced object has info"))?;
    rule!(info.attributes == plain && info.generation == third, "attributes can be taken away");
    rule!(matches!(bucket.remove_if(&b, &second).await, Err(Error::Moved { .. })), "removal may be conditional");
    bucket.remove_if(&b, &third).await?;
    let gone = bucket.remove_if(&b, &third).await;
    rule!(matches!(gone, Err(Error::Moved { found: None, .. })), "a conditional removal of nothing is refused");
    let moved = bucket.replace(&b, "4", &Expected::Generation(third), &plain).await;
    rule!(matches!(moved, Err(Error::Moved { found: None, .. })), "an absent object has no generation");
    Ok(())
}

async fn lists(bucket: &Bucket, prefix: &ObjectPrefix) -> Result<(), Violation> {
    let typed = Attributes::of_type("text/plain");
    for text in ["list/v1.2/z", "list/v1.2/sub/a", "list/v1.20/x", "list/v1.2/a"] {
        bucket.create(&join(prefix, text)?, text.to_owned(), &typed).await?;
    }
    let below = prefix.folder("list/v1.2").map_err(Error::from)?;
    let objects = bucket.list(&below).await?;
    let names: Vec<&str> = objects.iter().filter_map(|object| below.strip(&object.name)).collect();
    rule!(names == ["a", "sub/a", "z"], "a list is sorted, goes into folders and ends at a slash");
    for object in &objects {
        rule!(bucket.info(&object.name).await?.as_ref() == Some(object), "list and info agree");
    }
    let none = prefix.folder("list/none").map_err(Error::from)?;
    rule!(bucket.list(&none).await?.is_empty(), "an absent prefix is an empty list");
    rule!(
        bucket.info(&below.as_str().parse::<ObjectName>().map_err(Error::from)?).await?.is_none(),
        "a folder is no object"
    );
    Ok(())
}

async fn transfers(bucket: &Bucket, prefix: &ObjectPrefix) -> Result<(), Violation> {
    let none = Progress::none();
    let folder = tempfile::tempdir()?;
    let large: Vec<u8> = (0..3_000_017_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let local = folder.path().join("large");
    std::fs::write(&local, &large)?;
    let (c, d) = (join(prefix, "move/c")?, join(prefix, "move/d")?);
    let typed = Attributes::of_type("application/octet-stream");
    rule!(bucket.upload(&c, &local, &typed, &none).await? == Digests::of(&large), "an upload returns the digests");
    rule!(bucket.upload(&c, &local, &typed, &none).await? == Digests::of(&large), "the same upload again is no error");
    let info = bucket.info(&c).await?.ok_or(Violation::Rule("an uploaded object has info"))?;
    rule!(info.attributes == typed && info.size == large.len() as u64, "an upload keeps size and attributes");
    let wrong = bucket.copy(&c, bucket, &d, &Sha256Digest::of(b"other"), &none).await;
    rule!(matches!(wrong, Err(Error::DigestMismatch { .. })), "a copy of other bytes is refused");
    rule!(bucket.info(&d).await?.is_none(), "a refused copy leaves nothing");
    let digest = Sha256Digest::of(&large);
    rule!(bucket.copy(&c, bucket, &d, &digest, &none).await? == Created::New, "a copy makes the object");
    rule!(bucket.copy(&c, bucket, &d, &digest, &none).await? == Created::Identical, "the same copy again is no error");
    rule!(bucket.info(&d).await?.is_some_and(|info| info.attributes == typed), "a copy keeps the attributes");
    std::fs::write(&local, b"other")?;
    let refused = bucket.upload(&c, &local, &typed, &none).await;
    rule!(matches!(refused, Err(Error::Exists { .. })), "an upload of other bytes is refused");
    let absent = join(prefix, "move/absent")?;
    let copied = bucket.copy(&absent, bucket, &absent, &digest, &none).await;
    rule!(matches!(copied, Err(Error::NotFound { .. })), "an absent object cannot be copied");
    rule!(bucket.download(&d, &local, &none).await? == Digests::of(&large), "a download returns the digests");
    rule!(std::fs::read(&local)? == large, "a download has the bytes");
    let gone = bucket.upload(&absent, &folder.path().join("absent"), &typed, &none).await;
    rule!(matches!(gone, Err(Error::Source { .. })), "an absent file cannot be uploaded");
    rule!(bucket.info(&absent).await?.is_none(), "a failed upload leaves nothing");
    Ok(())
}

/// Of many writers with one condition, one wins.
async fn races(bucket: &Bucket, prefix: &ObjectPrefix) -> Result<(), Violation> {
    let e = join(prefix, "race/e")?;
    let start = bucket.replace(&e, "start", &Expected::Absent, &Attributes::default()).await?;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let (bucket, e, start) = (bucket.clone(), e.clone(), start.clone());
        writers.spawn(async move {
            let bytes = format!("writer {writer}");
            bucket.replace(&e, bytes, &Expected::Generation(start), &Attributes::default()).await
        });
    }
    let (mut won, mut moved) = (0, 0);
    while let Some(outcome) = writers.join_next().await {
        match outcome {
            Ok(Ok(_)) => won += 1,
            Ok(Err(Error::Moved { .. })) => moved += 1,
            _ => return Err(Violation::Rule("a lost race is told as such")),
        }
    }
    rule!((won, moved) == (1, 7), "one of several conditional writers wins");
    Ok(())
}
