//! Copies staged images to their public names.

use registry_client::{Descriptor, Digest, ImageStore, OciLayout, Verification};
use release_journal::{Observed, Step, StepId};

use super::{ImageStepError, Pushed, STAGING, described, name, observe_images, publish, repositories};
use crate::{
    Error,
    manifest::StagedImage,
    steps::{id, publish::ReleaseContext},
};

/// Copies the staged images of a version to their public names: every platform, then the index.
pub(crate) struct Promote<'v> {
    pub(crate) version: String,
    pub(crate) images: &'v [StagedImage],
}

impl<'a> Step<ReleaseContext<'a>> for Promote<'_> {
    type Output = Pushed;
    type Error = ImageStepError;

    fn id(&self) -> StepId {
        id("promote", &self.version)
    }

    async fn observe(&self, cx: &ReleaseContext<'a>) -> Result<Observed<Pushed>, ImageStepError> {
        let store = cx.plan.places.open_registry().map_err(Error::from)?;
        observe_images(&store, self.images, "").await
    }

    async fn run(&self, cx: &ReleaseContext<'a>) -> Result<(), ImageStepError> {
        let store = cx.plan.places.open_registry().map_err(Error::from)?;
        for image in self.images {
            for (repository, digest) in repositories(image) {
                let (layout, descriptor) = staged(&store, &repository, &digest, image.index == digest).await?;
                let push = publish(&layout, &descriptor, &store, &repository, &image.tag, None);
                cx.runner.effect(format!("image `{repository}`"), push).await?;
            }
        }
        Ok(())
    }
}

/// Looks for what would stop the promotion: a public name that is another image, or staging that is not what was staged.
pub(crate) async fn look_ahead(cx: &ReleaseContext<'_>, images: &[StagedImage]) -> Result<(), Error> {
    let store = cx.plan.places.open_registry()?;
    let failed = |error: ImageStepError| Error::Image { image: STAGING.to_owned(), source: Box::new(error) };
    match observe_images(&store, images, "").await.map_err(failed)? {
        Observed::Done(_) => return Ok(()),
        Observed::Different(difference) => return Err(difference.into()),
        _ => {}
    }
    for (repository, digest, index) in images.iter().flat_map(|image| {
        repositories(image).into_iter().map(move |(repository, digest)| (repository, digest, digest == image.index))
    }) {
        let place = format!("{STAGING}/{repository}@{digest}");
        let (layout, descriptor) = match staged(&store, &repository, &digest, index).await {
            Ok(found) => found,
            Err(ImageStepError::Changed { found, .. }) => return Err(Error::StagedChanged { place, found }),
            Err(error) => return Err(failed(error)),
        };
        if let Err(error) = layout.walk(&descriptor, Verification::Bytes).await {
            return Err(Error::StagedChanged { place, found: error.to_string() });
        }
    }
    Ok(())
}

/// A staged image or index by its digest, wherever the tag points by now.
async fn staged(
    store: &ImageStore,
    repository: &str,
    digest: &Digest,
    index: bool,
) -> Result<(OciLayout, Descriptor), ImageStepError> {
    let place = format!("{STAGING}/{repository}");
    let nothing = || ImageStepError::Changed { image: format!("{place}@{digest}"), found: "nothing".to_owned() };
    let layout = store.repository(&name(&place)?).await.map_err(ImageStepError::image(&place))?.ok_or_else(nothing)?;
    if layout.blob_size(digest).await.map_err(ImageStepError::image(&place))?.is_none() {
        return Err(nothing());
    }
    let descriptor = described(&layout, digest, index).await?;
    Ok((layout, descriptor))
}
