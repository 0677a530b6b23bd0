//! The changelog section of a version, made where its notes and digests are known, and staged for the release.

use std::collections::{BTreeMap, BTreeSet};

use artifact_publish::{Attributes, StagedTree};
use notes_gen::{
    Layout,
    changelog::{self, ArchNames, DownloadFile, DownloadGroup, Downloads, ImageTable, Section},
    from_json, render,
};
use release_journal::{Observed, Step, StepId};

use super::{
    id,
    texts::{DEPENDENCIES, EVIDENCE, Written},
    upload::{object, observe_object},
};
use crate::{Error, manifest::StagedObject, notes, plan::StageVersion, runner::StageContext};

/// Stages the section.
pub(crate) struct StageSection<'v> {
    pub(crate) version: &'v StageVersion,
    pub(crate) files: &'v StagedTree,
}

/// Why the section was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SectionStepError {
    #[error("cannot write the changelog section")]
    Changelog(#[from] changelog::ChangelogError),
    #[error("the notes of this run cannot be read")]
    Notes(#[from] notes_gen::ParseNotesError),
    #[error("what this run wrote about its notes cannot be read")]
    Evidence(#[from] serde_json::Error),
    #[error(transparent)]
    Flow(#[from] Error),
}

impl StageSection<'_> {
    fn path(&self) -> String {
        format!("changelog/{}.md", self.version.version)
    }

    fn text(&self, cx: &StageContext<'_>) -> Result<Vec<u8>, SectionStepError> {
        let read = |name: &str| {
            let path = cx.workspace.texts(self.version).join(name);
            std::fs::read_to_string(&path).map_err(Error::work("read", &path))
        };
        let written: Written = serde_json::from_str(&read(EVIDENCE)?)?;
        let dependencies = Some(read(DEPENDENCIES)?).filter(|report| !report.is_empty());
        let records = from_json(&read("release-notes.json")?)?;
        let range = written.pulls.into_iter().collect();
        let mut document = notes::document(cx.plan, &self.version.tag, records, &range, dependencies)?;
        let mut archives = Vec::new();
        for file in self.files.payload().filter(|file| file.path.ends_with(".tar.gz") && !file.path.contains('/')) {
            archives.push(DownloadFile::new(&file.path, file.sha512.to_string())?);
        }
        let images = self.images(cx);
        document.downloads = cx
            .plan
            .changelog_downloads
            .as_ref()
            .filter(|_| !archives.is_empty() || images.is_some())
            .map(|prefix| downloads(prefix, &cx.plan.project.name, archives, images));
        let markdown = render(&document, &notes::rendering(cx.plan, Layout::Changelog));
        let section = Section::new(&document.version, &markdown)?;
        Ok(section.markdown().as_bytes().to_vec())
    }

    /// The table of the version's images, when the profile says where users get them.
    fn images(&self, cx: &StageContext<'_>) -> Option<ImageTable> {
        let words = notes::profile(cx.plan).document;
        let images: BTreeMap<String, BTreeSet<String>> = self
            .version
            .images
            .iter()
            .map(|image| {
                (image.name.clone(), image.platforms.iter().map(|part| part.platform.arch().to_string()).collect())
            })
            .collect();
        if images.is_empty() || words.image_registry.is_empty() {
            return None;
        }
        let browse = words.image_console.parse().ok();
        Some(ImageTable { registry: words.image_registry, browse, arch_names: ArchNames::default(), images })
    }
}

/// The groups that Kubernetes has for its archives, and one for what is in none of them.
fn downloads(prefix: &url::Url, project: &str, archives: Vec<DownloadFile>, images: Option<ImageTable>) -> Downloads {
    let mut downloads = Downloads::by_name(prefix.clone(), project, archives.clone());
    let grouped = |file: &DownloadFile| {
        downloads.groups.iter().any(|group| group.files.iter().any(|known| known.name() == file.name()))
    };
    let files: Vec<DownloadFile> = archives.into_iter().filter(|file| !grouped(file)).collect();
    if !files.is_empty() {
        downloads.groups.push(DownloadGroup { heading: "Binaries".to_owned(), files });
    }
    downloads.images = images;
    downloads
}

impl<'a> Step<StageContext<'a>> for StageSection<'_> {
    type Output = StagedObject;
    type Error = SectionStepError;

    fn id(&self) -> StepId {
        id("section", self.version.version)
    }

    async fn observe(&self, cx: &StageContext<'a>) -> Result<Observed<StagedObject>, SectionStepError> {
        let text = self.text(cx)?;
        let sha256 = artifact_publish::Sha256Digest::of(&text);
        let staged = StagedObject { path: self.path(), size: text.len() as u64, sha256 };
        let name = object(&format!("{}/{}", cx.plan.prefix, staged.path))?;
        Ok(observe_object(&cx.bucket, &name, staged).await?)
    }

    async fn run(&self, cx: &StageContext<'a>) -> Result<(), SectionStepError> {
        let name = object(&format!("{}/{}", cx.plan.prefix, self.path()))?;
        let markdown = Attributes::of_type("text/markdown; charset=utf-8");
        cx.bucket.create(&name, self.text(cx)?, &markdown).await.map_err(Error::bucket(format!("stage `{name}`")))?;
        Ok(())
    }
}
