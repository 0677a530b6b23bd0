//! Makes the images of a version.

use std::{collections::BTreeMap, fs, path::PathBuf};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use registry_client::{
    ArchiveOptions, Descriptor, ImageBuilder, ImageReference, Layer, OciLayout, Platform, Tag, make_index,
    read_docker_archive, write_docker_archive,
};
use release_journal::{Observed, Step, StepId};

use super::{ImageStepError, tag};
use crate::{
    Error,
    engine::BuildJob,
    manifest::StagedImage,
    plan::{ImageJob, ImagePart, StagePlan, StageVersion, TarballSource},
    runner::StageContext,
    steps::{id, source::remove},
};

/// Makes the images of a version in the work folder: one layout for all of them, and a docker archive each.
pub(crate) struct MakeImages<'v>(pub(crate) &'v StageVersion);

/// Images that are made at once, at most.
const MOST_AT_ONCE: usize = 8;
/// Written when the folder is whole.
const EVIDENCE: &str = "images.json";

impl MakeImages<'_> {
    fn folder(&self, cx: &StageContext<'_>) -> PathBuf {
        cx.workspace.root().join("images").join(self.0.version.to_string())
    }

    /// The image of one platform, in the layout and as a docker archive.
    async fn part(
        &self,
        cx: &StageContext<'_>,
        layout: &OciLayout,
        job: &ImageJob,
        part: &ImagePart,
        tag: &Tag,
    ) -> Result<(Descriptor, Platform), ImageStepError> {
        let platform = Platform::new(&part.platform.os(), &part.platform.arch());
        let failed = |source: registry_client::Error| ImageStepError::Build {
            image: job.name.clone(),
            platform: part.platform.to_string(),
            source: Box::new(source),
        };
        let image = match &part.archive {
            Some(source) => {
                let archive = self.path(cx, source);
                let loaded = read_docker_archive(&archive, layout, ArchiveOptions::default()).await.map_err(failed)?;
                if !loaded.platform.fits(&platform) {
                    return Err(ImageStepError::ArchivePlatform {
                        image: job.name.clone(),
                        wanted: platform.to_string(),
                        found: loaded.platform.to_string(),
                    });
                }
                loaded.image
            }
            None => self.build(cx, layout, job, part, &platform).await?,
        };
        let archive = self.folder(cx).join("release-images").join(part.platform.arch());
        fs::create_dir_all(&archive).map_err(Error::work("create", &archive))?;
        let archive = archive.join(format!("{}.tar", job.name.replace('/', "-")));
        let reference: ImageReference = format!("{}-{}:{tag}", job.name, part.platform.arch())
            .parse()
            .map_err(|source| ImageStepError::Name { name: job.name.clone(), source })?;
        write_docker_archive(layout, &image, &reference, &archive).await.map_err(failed)?;
        Ok((image, platform))
    }

    async fn build(
        &self,
        cx: &StageContext<'_>,
        layout: &OciLayout,
        job: &ImageJob,
        part: &ImagePart,
        platform: &Platform,
    ) -> Result<Descriptor, ImageStepError> {
        let failed = |source: registry_client::Error| ImageStepError::Build {
            image: job.name.clone(),
            platform: part.platform.to_string(),
            source: Box::new(source),
        };
        let mut builder = ImageBuilder::new(platform.clone(), cx.plan.commit_time);
        if let Some(base) = &job.base {
            let store = OciLayout::open(base.layout.as_ref()).await.map_err(failed)?;
            let found = store.resolve(&base.tag).await.map_err(failed)?;
            match found {
                Some(found) if found.digest == base.digest => builder = builder.base(&store, &found),
                found => {
                    return Err(Error::Moved {
                        what: format!("base image `{}` of `{}`", base.tag, job.name),
                        expected: base.digest.to_string(),
                        found: found.map_or_else(|| "nothing".to_owned(), |found| found.digest.to_string()),
                    }
                    .into());
                }
            }
        }
        let mut layer = Layer::new(format!("{} {}", cx.plan.project.name, self.0.version));
        for file in &part.files {
            let source = self.path(cx, &file.from);
            layer = layer.file(file.to.trim_start_matches('/'), &source, mode(&source)?);
        }
        builder = builder.layer(layer);
        if !job.entrypoint.is_empty() {
            builder = builder.entrypoint(job.entrypoint.clone());
        }
        if !job.cmd.is_empty() {
            builder = builder.cmd(job.cmd.clone());
        }
        if let Some(user) = &job.user {
            builder = builder.user(user);
        }
        for (key, value) in &job.labels {
            builder = builder.label(key, value);
        }
        for (key, value) in &job.env {
            builder = builder.env(key, value);
        }
        Ok(builder.build(layout).await.map_err(failed)?.image)
    }

    fn path(&self, cx: &StageContext<'_>, source: &TarballSource) -> PathBuf {
        match source {
            TarballSource::Source(path) => cx.workspace.source().join(path),
            TarballSource::Result { job, path } => {
                let job = self.0.jobs.iter().find(|known| known.id == *job);
                cx.workspace.out().join(job.map_or_else(String::new, BuildJob::build_name)).join(path)
            }
        }
    }
}

fn mode(path: &std::path::Path) -> Result<u32, Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = fs::metadata(path).map_err(Error::work("look at", path))?;
    Ok(if found.permissions().mode() & 0o111 != 0 { 0o755 } else { 0o644 })
}

impl<'a> Step<StageContext<'a>> for MakeImages<'_> {
    type Output = Vec<StagedImage>;
    type Error = ImageStepError;

    fn id(&self) -> StepId {
        id("images", self.0.version)
    }

    async fn observe(&self, cx: &StageContext<'a>) -> Result<Observed<Vec<StagedImage>>, ImageStepError> {
        let path = self.folder(cx).join(EVIDENCE);
        match fs::read(&path) {
            Ok(bytes) => Ok(match serde_json::from_slice(&bytes) {
                Ok(images) => Observed::Done(images),
                // Not ours: made again from its beginning.
                Err(_) => Observed::Absent,
            }),
            Err(_) => Ok(Observed::Absent),
        }
    }

    async fn run(&self, cx: &StageContext<'a>) -> Result<(), ImageStepError> {
        let folder = self.folder(cx);
        remove(&folder)?;
        fs::create_dir_all(&folder).map_err(Error::work("create", &folder))?;
        let layout = OciLayout::create(&folder.join("layout")).await.map_err(ImageStepError::image("layout"))?;
        let tag = tag(&self.0.version.to_string())?;
        // Each is a stream through the compressor with a few blocks in memory: as many at once as there are cores, and no more than
        // stay within a small memory.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST_AT_ONCE);
        let mut parts = Vec::new();
        for job in &self.0.images {
            for part in &job.platforms {
                parts.push(self.part(cx, &layout, job, part, &tag));
            }
        }
        let mut made = stream::iter(parts).buffered(cores).try_collect::<Vec<_>>().await?.into_iter();
        let mut images = Vec::new();
        for job in &self.0.images {
            let entries: Vec<(Descriptor, Platform)> = made.by_ref().take(job.platforms.len()).collect();
            let index = make_index(&entries, &BTreeMap::new()).map_err(ImageStepError::image(&job.name))?;
            let index = layout.put_index(&index).await.map_err(ImageStepError::image(&job.name))?;
            let digests = entries.iter().map(|(image, _)| image.digest);
            let platforms = job.platforms.iter().map(|part| part.platform.to_string()).zip(digests).collect();
            images.push(StagedImage { name: job.name.clone(), tag: tag.clone(), index: index.digest, platforms });
        }
        let json = release_journal::canonical_json(&images).map_err(Error::from)?;
        let part = folder.join(format!("{EVIDENCE}.part"));
        fs::write(&part, json).map_err(Error::work("write", &part))?;
        fs::rename(&part, folder.join(EVIDENCE)).map_err(Error::work("write", &part))?;
        Ok(())
    }
}

/// Looks at the base of every image for every platform, before anything is built.
pub(crate) async fn check_bases(plan: &StagePlan) -> Result<(), Error> {
    for image in plan.versions.iter().flat_map(|version| &version.images) {
        let Some(base) = &image.base else { continue };
        for part in image.platforms.iter().filter(|part| part.archive.is_none()) {
            let failed = |source: registry_client::Error| Error::Base {
                image: image.name.clone(),
                base: format!("{}:{}", base.layout, base.tag),
                platform: part.platform.to_string(),
                source: Box::new(source),
            };
            let platform = Platform::new(&part.platform.os(), &part.platform.arch());
            let layout = OciLayout::open(base.layout.as_ref()).await.map_err(failed)?;
            let found = layout.resolve(&base.tag).await.map_err(failed)?;
            if let Some(found) = found.filter(|found| found.digest == base.digest) {
                layout.base_for(&found, &platform).await.map_err(failed)?;
            }
        }
    }
    Ok(())
}
