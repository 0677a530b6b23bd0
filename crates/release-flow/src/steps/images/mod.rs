//! Container images: made in the work folder, staged, and promoted by digest.

mod make;
mod promote;
mod stage;

use std::collections::BTreeMap;

use registry_client::{
    Descriptor, Digest, ImageStore, Manifest, OciLayout, Platform, RepositoryName, Tag, Verification, check_index,
};
use release_journal::Observed;
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    make::{MakeImages, check_bases},
    promote::{Promote, look_ahead},
    stage::StageImages,
};
use super::different;
use crate::{Error, manifest::StagedImage};

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
        let platforms = if expected.len() == 1 { "platform" } else { "platforms" };
        Ok(format!("{} with {} {platforms}", found.digest, expected.len()))
    } else {
        Err(differences.to_string())
    }
}
