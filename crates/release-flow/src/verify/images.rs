//! Container images: the index and every platform under their public names.

use artifact_publish::Depth;

use super::{Context, report::Report, wanted::Wanted};
use crate::{Error, places::folder_of, steps::images};

/// Compares the public images with the staged ones.
pub(super) async fn images(report: &mut Report, cx: &Context<'_>, wanted: &Wanted) -> Result<(), Error> {
    let versions = wanted.versions.iter().filter_map(|wanted| wanted.staged.as_ref());
    let staged: Vec<_> = versions.flat_map(|staged| staged.images.clone()).collect();
    if staged.is_empty() {
        return Ok(());
    }
    let Some(registry) = report.settle("images", cx.places.open_registry().map_err(Error::from))? else {
        return Ok(());
    };
    if let Some(url) = &cx.places.registry
        && !folder_of("registry", url)?.exists()
    {
        report.not_there("images", format!("`{}` is not there", registry.folder().display()));
        return Ok(());
    }
    let depth = match cx.depth {
        Depth::Bytes => registry_client::Verification::Bytes,
        Depth::Metadata => registry_client::Verification::Sizes,
    };
    for image in &staged {
        let subject = format!("image `{}:{}`", image.name, image.tag);
        let told = images::verify(&registry, std::slice::from_ref(image), depth).await;
        for (subject, told) in report.settle(&subject, told)?.unwrap_or_default() {
            let subject = format!("image `{subject}`");
            match told {
                Err(detail) if detail == images::NOT_THERE => report.missing(subject, detail),
                told => {
                    report.saw();
                    match told {
                        Ok(detail) => report.ok(subject, detail),
                        Err(detail) => report.add(subject, super::Verdict::Different, detail),
                    }
                }
            }
        }
    }
    Ok(())
}
