//! Reads a release again from all its places and compares everything with everything.
//!
//! What should be there is told by three witnesses: the archived plan, the plan that the journal holds with its approval, and the rules
//! applied to the stage manifest. Where they contradict each other, that is a difference of its own, and whatever one of them wants is
//! looked for: an emptied plan hides nothing.

mod evidence;
mod files;
mod git;
mod images;
mod journal;
mod mail;
mod markers;
mod pages;
mod report;
mod wanted;

use artifact_publish::Depth;
use release_version::ReleaseVersion;

pub use self::report::{Check, Conclusion, Verdict, Verification};
use self::{
    evidence::Evidence,
    git::Remote,
    report::{Report, missing_folder},
    wanted::Wanted,
};
use crate::{
    Error,
    config::Loaded,
    places::{Mode, Places},
    resolve::{Rules, project},
    stage::places,
};

/// What every part of a verification looks at.
struct Context<'a> {
    loaded: &'a Loaded,
    places: Places,
    rules: Rules,
    project: String,
    version: ReleaseVersion,
    mode: Mode,
    depth: Depth,
}

/// Compares all places of a mode with what was approved and staged.
///
/// # Errors
/// [`Error::NotReleased`] when nothing of the version is anywhere; otherwise only when the configuration is of no use. What differs and
/// what cannot be reached is no error: it is in the result.
pub async fn verify(
    loaded: &Loaded,
    version: &ReleaseVersion,
    mode: Mode,
    depth: Depth,
) -> Result<Verification, Error> {
    let cx = Context {
        loaded,
        places: places(loaded, mode)?,
        rules: Rules::of(&loaded.config)?,
        project: project(&loaded.config).name,
        version: *version,
        mode,
        depth,
    };
    let mut report = Report::new(*version, mode, depth);
    let bucket = cx.places.open_bucket()?;
    let reached = match missing_folder(&cx.places.bucket) {
        Some(detail) => {
            report.not_there("bucket", detail);
            None
        }
        None => Some(&bucket),
    };
    let mut evidence = Evidence::default();
    if let Some(bucket) = reached {
        let gathered = evidence::gather(&mut report, &cx, bucket).await;
        evidence = report.settle("bucket", gathered)?.unwrap_or_default();
    }
    let wanted = Wanted::new(&cx, &evidence)?;
    report.plan(&evidence, &wanted);
    if let Some(bucket) = reached {
        for wanted in &wanted.versions {
            let looked = files::files(&mut report, &cx, bucket, wanted).await;
            report.settle(&format!("files of {}", wanted.version), looked)?;
        }
    }
    images::images(&mut report, &cx, &wanted).await?;
    let scratch = tempfile::tempdir().map_err(Error::work("create a folder in", std::env::temp_dir()))?;
    let mut remote = Remote::open(&mut report, &cx, scratch.path()).await?;
    if let Some(remote) = &mut remote {
        git::tags(&mut report, remote, &wanted)?;
        git::branches(&mut report, remote, &wanted).await?;
        git::changelogs(&mut report, remote, reached, &wanted).await?;
    }
    pages::pages(&mut report, &cx, &wanted).await?;
    if let Some(bucket) = reached {
        let refs = remote.as_ref().map(Remote::refs);
        markers::markers(&mut report, &cx, bucket, refs, &wanted).await?;
    }
    mail::mail(&mut report, &cx, reached, &evidence, &wanted).await?;
    if report.is_of_nothing() {
        return Err(Error::NotReleased { version: *version, bucket: bucket.url().to_string() });
    }
    Ok(report.done())
}
