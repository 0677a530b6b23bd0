//! Markers: each names this release, or a later one that is a release and belongs there.

use std::collections::BTreeMap;

use artifact_publish::{Bucket, read_marker};
use git_repo::{ObjectId, RefName};
use release_version::{BuildVersion, Marker, ReleaseVersion};

use super::{Context, report::Report, wanted::Wanted};
use crate::{Error, observe::published, steps::upload::object};

/// Looks at every marker that the rules give to the versions.
pub(super) async fn markers(
    report: &mut Report,
    cx: &Context<'_>,
    bucket: &Bucket,
    refs: Option<&BTreeMap<RefName, ObjectId>>,
    wanted: &Wanted,
) -> Result<(), Error> {
    for (marker, version) in &wanted.markers {
        let path = marker.path();
        let subject = format!("marker `{path}`");
        let read = read_marker(bucket, &object(&path)?).await.map_err(Error::bucket(format!("read marker `{path}`")));
        let Some(found) = report.settle(&subject, read)? else { continue };
        let Some(found) = found.map(|marker| marker.version) else {
            report.missing(subject, format!("expected {version}, found no `{path}`"));
            continue;
        };
        if found == version.to_string() {
            report.saw();
            report.ok(subject, found);
            continue;
        }
        let judged = match judge(marker, version, &found) {
            Ok(later) => {
                let released = is_released(cx, bucket, refs, &later).await;
                let Some(lacks) = report.settle(&subject, released)? else { continue };
                lacks.map_or(Ok(()), |lacks| Err(format!("{found}, which is not released here: {lacks}")))
            }
            Err(why) => Err(format!("{found}, {why}")),
        };
        match judged {
            Ok(()) => report.ok(subject, format!("{found}, a later release than {version}")),
            Err(found) => report.different(subject, format!("{version} or a later release"), found),
        }
    }
    Ok(())
}

/// The later version that a marker names, when it may name it.
fn judge(marker: &Marker, version: &ReleaseVersion, found: &str) -> Result<ReleaseVersion, &'static str> {
    let later: ReleaseVersion = found.parse().map_err(|_not_a_version| "which is no release version")?;
    if !marker.admits(&BuildVersion::from(later)) {
        return Err("which does not belong there");
    }
    if later < *version {
        return Err("which is earlier");
    }
    Ok(later)
}

/// What a release of this version would have and this bucket and repository have not; nothing when it is released.
async fn is_released(
    cx: &Context<'_>,
    bucket: &Bucket,
    refs: Option<&BTreeMap<RefName, ObjectId>>,
    version: &ReleaseVersion,
) -> Result<Option<String>, Error> {
    let tag = cx.rules.policy.tag_name(version);
    let mut lacks = Vec::new();
    if published(bucket, version).await?.is_none() {
        lacks.push(format!("no files in `{}`", crate::plan::release_prefix(version)));
    }
    let name = RefName::tag(&tag).map_err(|error| Error::git("name the tag")(error.into()))?;
    // A repository that does not answer has a check of its own.
    if refs.is_some_and(|refs| !refs.contains_key(&name)) {
        lacks.push(format!("no tag `{tag}`"));
    }
    Ok((!lacks.is_empty()).then(|| lacks.join(", ")))
}
