//! Container images: made in the work folder, staged, and promoted by digest.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use artifact_publish::Attributes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use registry_client::{
    ArchiveOptions, Descriptor, Digest, ImageBuilder, ImageReference, ImageStore, Layer, Manifest, OciLayout, Platform,
    RepositoryName, Tag, Verification, check_index, make_index, read_docker_archive, write_docker_archive,
};
use release_journal::{Observed, Step, StepId};
use serde::{Deserialize, Serialize};

use super::{different, id, publish::ReleaseContext, source::remove, upload::object};
use crate::{
    Error,
    engine::BuildJob,
    manifest::{StagedImage, StagedObject},
    plan::{ImageJob, ImagePart, StagePlan, StageVersion, TarballSource},
    runner::StageContext,
};

/// What staged repositories begin with; the name behind it is the public one.
pub(crate) const STAGING: &str = "staging";

/// Why images were not made, staged or promoted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImageStepError {
    #[error("cannot make image `{image}` for {platform}")]
    Build { image: String, platform: String, source: Box<registry_client::Error> },
    #[error("the archive of image `{image}` is for {found}, not for {wanted}")]
    ArchivePlatform { image: String, wanted: String, found: String },
    #[error("cannot use image `{image}`")]
    Image { image: String, source: Box<registry_client::Error> },
    #[error("`{name}` is no name in a registry")]
    Name { name: String, source: registry_client::ParseNameError },
    #[error("image `{image}` in staging is not what was staged: {found}")]
    Changed { image: String, found: String },
    #[error(transparent)]
    Flow(#[from] Error),
}

impl ImageStepError {
    fn image(name: &str) -> impl FnOnce(registry_client::Error) -> Self {
        let image = name.to_owned();
        move |source| Self::Image { image, source: Box::new(source) }
    }
}

fn name(text: &str) -> Result<RepositoryName, ImageStepError> {
    text.parse().map_err(|source| ImageStepError::Name { name: text.to_owned(), source })
}

fn tag(text: &str) -> Result<Tag, ImageStepError> {
    text.parse().map_err(|source| ImageStepError::Name { name: text.to_owned(), source })
}

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

/// Puts the images into the staging part of the registry and their archives into the bucket.
pub(crate) struct StageImages<'v> {
    version: &'v StageVersion,
    images: &'v [StagedImage],
    /// The archives that this run has just uploaded, so that looking again does not read them again.
    archives: Mutex<Option<Vec<StagedObject>>>,
}

/// Where staged images are, as evidence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pushed {
    repositories: Vec<String>,
}

/// The repositories of an image: one a platform, and the index.
pub(crate) fn repositories(image: &StagedImage) -> Vec<(String, Digest)> {
    let arch = |platform: &str| platform.split_once('/').map_or(platform.to_owned(), |(_, arch)| arch.to_owned());
    let mut all: Vec<(String, Digest)> = image
        .platforms
        .iter()
        .map(|(platform, digest)| (format!("{}-{}", image.name, arch(platform)), *digest))
        .collect();
    all.push((image.name.clone(), image.index));
    all
}

/// Whether a tag of a repository points to a digest: nothing when there is no such tag.
async fn look(
    store: &ImageStore,
    repository: &str,
    tag: &Tag,
) -> Result<Option<(OciLayout, Descriptor)>, ImageStepError> {
    let Some(layout) = store.repository(&name(repository)?).await.map_err(ImageStepError::image(repository))? else {
        return Ok(None);
    };
    let found = layout.resolve(tag).await.map_err(ImageStepError::image(repository))?;
    Ok(found.map(|found| (layout, found)))
}

/// Copies an image or index with all its children and tags it: the tag must not be there, or be at `expected`.
async fn publish(
    from: &OciLayout,
    image: &Descriptor,
    store: &ImageStore,
    repository: &str,
    tag: &Tag,
    expected: Option<&Digest>,
) -> Result<(), ImageStepError> {
    let to = store.create_repository(&name(repository)?).await.map_err(ImageStepError::image(repository))?;
    from.copy_to(image, &to).await.map_err(ImageStepError::image(repository))?;
    to.tag(tag, image, expected).await.map_err(ImageStepError::image(repository))
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

/// The descriptor of an image or index that the layout holds without a tag.
async fn described(layout: &OciLayout, digest: &Digest, index: bool) -> Result<Descriptor, ImageStepError> {
    let text = digest.to_string();
    let size = layout.blob_size(digest).await.map_err(ImageStepError::image(&text))?;
    let media = if index { registry_client::MediaType::OciIndex } else { registry_client::MediaType::OciManifest };
    Ok(Descriptor::new(media, *digest, size.unwrap_or(0)))
}

/// Compares all repositories of the images with the digests they should have.
async fn observe_images(
    store: &ImageStore,
    images: &[StagedImage],
    part: &str,
) -> Result<Observed<Pushed>, ImageStepError> {
    let mut done = Vec::new();
    let mut absent = false;
    for image in images {
        for (repository, digest) in repositories(image) {
            let repository = if part.is_empty() { repository } else { format!("{part}/{repository}") };
            match look(store, &repository, &image.tag).await? {
                None => absent = true,
                Some((_, found)) if found.digest == digest => done.push(format!("{repository}@{digest}")),
                Some((_, found)) => {
                    return Ok(different(format!("image `{repository}:{}`", image.tag), digest, found.digest));
                }
            }
        }
    }
    Ok(if absent { Observed::Absent } else { Observed::Done(Pushed { repositories: done }) })
}

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

/// What the registry has under the public names of images at a tag, if anything: the name of one.
///
/// # Errors
/// When the registry does not answer.
pub(crate) async fn published(
    places: &crate::places::Places,
    version: &str,
    repositories: impl IntoIterator<Item = String>,
) -> Result<Option<String>, Error> {
    let store = places.open_registry()?;
    for repository in repositories {
        let failed = |error: ImageStepError| Error::Image { image: repository.clone(), source: Box::new(error) };
        let tag = tag(version).map_err(failed)?;
        if look(&store, &repository, &tag).await.map_err(failed)?.is_some() {
            return Ok(Some(format!("image `{repository}:{tag}`")));
        }
    }
    Ok(None)
}

/// What is told of an image that is not there.
pub(crate) const NOT_THERE: &str = "not in the registry";

/// What differs between the public images and the staged ones, for every platform and the index; nothing when all is well.
pub(crate) async fn verify(
    store: &ImageStore,
    images: &[StagedImage],
    depth: Verification,
) -> Result<Vec<(String, Result<String, String>)>, Error> {
    let mut out = Vec::new();
    for image in images {
        let failed = |error: ImageStepError| Error::Image { image: image.name.clone(), source: Box::new(error) };
        let expected: BTreeMap<Platform, Digest> =
            image.platforms.iter().filter_map(|(platform, digest)| Some((platform.parse().ok()?, *digest))).collect();
        for (repository, digest) in repositories(image) {
            let subject = format!("{repository}:{}", image.tag);
            let told = match look(store, &repository, &image.tag).await.map_err(failed)? {
                None => Err(NOT_THERE.to_owned()),
                Some((_, found)) if found.digest != digest => Err(format!("expected {digest}, found {}", found.digest)),
                Some((layout, found)) => match layout.walk(&found, depth).await {
                    Ok(_) if digest != image.index => Ok(digest.to_string()),
                    Ok(_) => index_of(&layout, &found, &expected).await,
                    Err(error) => Err(error.to_string()),
                },
            };
            out.push((subject, told));
        }
    }
    Ok(out)
}

async fn index_of(
    layout: &OciLayout,
    found: &Descriptor,
    expected: &BTreeMap<Platform, Digest>,
) -> Result<String, String> {
    let Manifest::Index(index) = layout.manifest(found).await.map_err(|error| error.to_string())? else {
        return Err("an image where an index should be".to_owned());
    };
    let differences = check_index(&index, expected);
    if differences.is_empty() {
        Ok(format!("{} with {} platforms", found.digest, expected.len()))
    } else {
        Err(differences.to_string())
    }
}
