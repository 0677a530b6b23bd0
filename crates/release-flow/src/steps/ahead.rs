//! What would stop a release half-way, looked for before its first effect.

use artifact_publish::{Depth, TreeOptions, verify_tree};
use release_journal::{Observed, Step};

use super::{
    changelog::Changelog,
    images,
    page::PublishPage,
    publish::{Copy, Keep, MoveMarker, ReleaseContext, digest_of},
    push::Push,
    upload::{folder, object, told},
};
use crate::{Error, observe::published};

/// Looks at everything staged, byte for byte, and at every destination.
///
/// # Errors
/// [`Error::StagedChanged`] when staging does not hold what the manifest says, [`Error::Moved`] when a destination holds something
/// that the plan does not know.
pub(crate) async fn look_ahead(cx: &ReleaseContext<'_>) -> Result<(), Error> {
    for (version, staged) in cx.plan.versions.iter().zip(&cx.manifest.versions) {
        let copy = Copy::new(version, &staged.files);
        if !at_destination(cx, &copy).await? {
            let from = folder(&version.from)?;
            let differences = verify_tree(&cx.bucket, &from, &staged.files, Depth::Bytes, &TreeOptions::default())
                .await
                .map_err(Error::bucket(format!("read the staged files of {}", version.version)))?;
            if !differences.is_empty() {
                return Err(Error::StagedChanged {
                    place: cx.bucket.address(from.as_str()),
                    found: told(&differences),
                });
            }
        }
    }
    for staged in cx.manifest.versions.iter().filter(|staged| !staged.images.is_empty()) {
        images::look_ahead(cx, &staged.images).await?;
    }
    if let Observed::Different(difference) = Push::look(cx).await? {
        return Err(difference.into());
    }
    for changelog in &cx.plan.changelogs {
        Changelog(changelog).look_ahead(cx).await?;
    }
    for page in &cx.plan.pages {
        at_destination(cx, &PublishPage(page)).await?;
    }
    if !at_destination(cx, &Keep).await? {
        for staged in cx.manifest.logs.iter().chain([&cx.manifest.bundle]) {
            let name = object(&format!("{}/{}", cx.plan.prefix, staged.path))?;
            let found = digest_of(&cx.bucket, &name).await?;
            if found != Some(staged.sha256) {
                let found = found.map_or_else(|| "nothing".to_owned(), |digest| format!("sha256 {digest}"));
                return Err(Error::StagedChanged { place: cx.bucket.address(name.as_str()), found });
            }
        }
    }
    // Once a file is public there is no way back to another plan: the markers follow their rule then.
    let mut begun = false;
    for version in &cx.plan.versions {
        begun |= published(&cx.bucket, &version.version).await?.is_some();
    }
    for marker in cx.plan.markers.iter().filter(|_| !begun) {
        MoveMarker(marker).as_planned(cx).await?;
    }
    Ok(())
}

/// Whether the step's result is there; anything else that is there is an error.
async fn at_destination<'a, S>(cx: &ReleaseContext<'a>, step: &S) -> Result<bool, Error>
where
    S: Step<ReleaseContext<'a>, Error = Error>,
{
    match step.observe(cx).await? {
        Observed::Done(_) => Ok(true),
        Observed::Different(difference) => Err(difference.into()),
        _ => Ok(false),
    }
}
