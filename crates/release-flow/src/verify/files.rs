//! The files of a version, and the lists of sums that users compare them with.

use std::collections::BTreeMap;

use artifact_publish::{Bucket, Depth, TreeOptions, verify_tree};

use super::{
    Context,
    evidence::read,
    report::{Report, Verdict},
    wanted::WantedVersion,
};
use crate::{
    Error,
    manifest::StagedVersion,
    plan::human_bytes,
    steps::upload::{folder, told},
};

/// Compares the public folder of a version with its manifest.
pub(super) async fn files(
    report: &mut Report,
    cx: &Context<'_>,
    bucket: &Bucket,
    wanted: &WantedVersion,
) -> Result<(), Error> {
    let subject = format!("files of {}", wanted.version);
    let to = folder(&wanted.to)?;
    let Some(staged) = &wanted.staged else { return counted(report, bucket, wanted).await };
    let differences = verify_tree(bucket, &to, &staged.files, cx.depth, &TreeOptions::default())
        .await
        .map_err(Error::bucket(format!("look at `{to}`")))?;
    let count = staged.files.files.len();
    let size = human_bytes(staged.files.size());
    if count > 0 && differences.missing.len() == count && differences.extra.is_empty() {
        report.missing(subject, format!("expected {count} files, {size}, found `{}` empty", wanted.to));
        return Ok(());
    }
    report.saw();
    if differences.is_empty() {
        let what = if cx.depth == Depth::Bytes { "every byte" } else { "names and sizes" };
        report.ok(subject, format!("{count} files, {size}: {what}"));
    } else {
        report.different(subject, format!("{count} files, {size}"), told(&differences));
    }
    for (list, digits) in [("SHA256SUMS", 64), ("SHA512SUMS", 128)] {
        sums(report, bucket, &wanted.to, staged, list, digits).await?;
    }
    Ok(())
}

/// Without a manifest there is only what the plan has counted.
async fn counted(report: &mut Report, bucket: &Bucket, wanted: &WantedVersion) -> Result<(), Error> {
    let subject = format!("files of {}", wanted.version);
    let to = folder(&wanted.to)?;
    let objects = bucket.list(&to).await.map_err(Error::bucket(format!("list `{to}`")))?;
    let words = |(files, bytes): (usize, u64)| format!("{files} files, {}", human_bytes(bytes));
    let found = (objects.len(), objects.iter().map(|info| info.size).sum());
    if objects.is_empty() {
        report.missing(subject, format!("`{}` is empty", wanted.to));
        return Ok(());
    }
    report.saw();
    match wanted.planned {
        Some(planned) if planned != found => report.different(subject, words(planned), words(found)),
        _ => report.add(subject, Verdict::Unknown, format!("{}, and no manifest to compare them with", words(found))),
    }
    Ok(())
}

/// The list of sums as a user downloads it, against the digests that staging computed.
async fn sums(
    report: &mut Report,
    bucket: &Bucket,
    to: &str,
    staged: &StagedVersion,
    list: &str,
    digits: usize,
) -> Result<(), Error> {
    let subject = format!("{list} of {}", staged.version);
    let Some(bytes) = read(bucket, &format!("{to}/{list}")).await? else {
        report.missing(subject, format!("`{to}/{list}` is not there"));
        return Ok(());
    };
    let text = String::from_utf8_lossy(&bytes);
    let found: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.split_once("  ")).map(|(sum, path)| (path, sum)).collect();
    let listed = |path: &str| !path.ends_with(".sha256") && !path.ends_with(".sha512") && path != list;
    let mut wrong = Vec::new();
    for file in staged.files.files.iter().filter(|file| listed(&file.path)) {
        let expected = if digits == 64 { file.sha256.to_string() } else { file.sha512.to_string() };
        match found.get(file.path.as_str()) {
            Some(sum) if *sum == expected => {}
            // One of the two lists cannot hold the other, which is made after it.
            None if file.path == "SHA256SUMS" || file.path == "SHA512SUMS" => {}
            sum => wrong.push((&file.path, expected, sum.map_or_else(|| "nothing".to_owned(), |sum| shown(sum)))),
        }
    }
    match wrong.first() {
        None => report.ok(subject, format!("{} sums", found.len())),
        Some((path, expected, sum)) => {
            let more = if wrong.len() > 1 { format!(", and {} more", wrong.len() - 1) } else { String::new() };
            report.different(subject, format!("{expected} for `{path}`"), format!("{sum}{more}"));
        }
    }
    Ok(())
}

/// A word of a file from outside, for a table.
fn shown(word: &str) -> String {
    word.chars().take(128).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
