//! Puts made images into staging.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use artifact_publish::Attributes;
use registry_client::OciLayout;
use release_journal::{Observed, Step, StepId};

use super::{ImageStepError, STAGING, described, look, observe_images, publish, repositories};
use crate::{
    Error,
    manifest::{StagedImage, StagedObject},
    plan::StageVersion,
    runner::StageContext,
    steps::{id, upload::object},
};

/// Puts the images into the staging part of the registry and their archives into the bucket.
pub(crate) struct StageImages<'v> {
    version: &'v StageVersion,
    images: &'v [StagedImage],
    /// The archives that this run has just uploaded, so that looking again does not read them again.
    archives: Mutex<Option<Vec<StagedObject>>>,
}

impl<'v> StageImages<'v> {
    pub(crate) fn new(version: &'v StageVersion, images: &'v [StagedImage]) -> Self {
        Self { version, images, archives: Mutex::new(None) }
    }

    fn archives(&self, cx: &StageContext<'_>) -> Vec<(String, PathBuf)> {
        let folder = cx.workspace.root().join("images").join(self.version.version.to_string()).join("release-images");
        let mut all = Vec::new();
        for job in &self.version.images {
            for part in &job.platforms {
                let file = format!("{}/{}.tar", part.platform.arch(), job.name.replace('/', "-"));
                all.push((format!("{}/release-images/{file}", self.version.version), folder.join(&file)));
            }
        }
        all
    }
}

impl<'a> Step<StageContext<'a>> for StageImages<'_> {
    type Output = Vec<StagedObject>;
    type Error = ImageStepError;

    fn id(&self) -> StepId {
        id("stage-images", self.version.version)
    }

    async fn observe(&self, cx: &StageContext<'a>) -> Result<Observed<Vec<StagedObject>>, ImageStepError> {
        let store = cx.plan.places.open_registry().map_err(Error::from)?;
        let pushed = observe_images(&store, self.images, STAGING).await?;
        // What an earlier process uploaded is proved by uploading again: equal digests are kept.
        let uploaded = self.archives.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(match (pushed, uploaded) {
            (Observed::Done(_), Some(archives)) => Observed::Done(archives),
            // Another build of the version may have been staged before; the tag moves on, and promotion goes by digest.
            _ => Observed::Absent,
        })
    }

    async fn run(&self, cx: &StageContext<'a>) -> Result<(), ImageStepError> {
        let progress = cx.runner.bytes(&<Self as Step<StageContext<'a>>>::id(self), None);
        let mut archives = Vec::new();
        for (path, file) in self.archives(cx) {
            let object = object(&format!("{}/{path}", cx.plan.prefix))?;
            let plain = Attributes::of_type("application/x-tar");
            let digests = cx
                .bucket
                .upload(&object, &file, &plain, &progress)
                .await
                .map_err(Error::bucket(format!("stage `{path}`")))?;
            archives.push(StagedObject { path, size: digests.size, sha256: digests.sha256 });
        }
        *self.archives.lock().unwrap_or_else(PoisonError::into_inner) = Some(archives);
        let folder = cx.workspace.root().join("images").join(self.version.version.to_string()).join("layout");
        let layout = OciLayout::open(&folder).await.map_err(ImageStepError::image("layout"))?;
        let store = cx.plan.places.open_registry().map_err(Error::from)?;
        for image in self.images {
            for (repository, digest) in repositories(image) {
                let repository = format!("{STAGING}/{repository}");
                let descriptor = described(&layout, &digest, image.index == digest).await?;
                let before = look(&store, &repository, &image.tag).await?.map(|(_, found)| found.digest);
                let push = publish(&layout, &descriptor, &store, &repository, &image.tag, before.as_ref());
                cx.runner.effect(format!("image `{repository}`"), push).await?;
            }
        }
        Ok(())
    }
}
