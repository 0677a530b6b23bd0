//! The changelog section of a version, made where its notes and digests are known, and staged for the release.

use artifact_publish::{Attributes, StagedTree};
use notes_gen::{
    Document,
    changelog::{self, DownloadFile, DownloadGroup, Downloads, Section},
    from_json,
};
use release_journal::{Observed, Step, StepId};

use super::{
    id,
    upload::{object, observe_object},
};
use crate::{Error, manifest::StagedObject, plan::StageVersion, runner::StageContext};

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
    #[error(transparent)]
    Flow(#[from] Error),
}

impl StageSection<'_> {
    fn path(&self) -> String {
        format!("changelog/{}.md", self.version.version)
    }

    fn text(&self, cx: &StageContext<'_>) -> Result<Vec<u8>, SectionStepError> {
        let path = cx.workspace.texts(self.version).join("release-notes.json");
        let json = std::fs::read_to_string(&path).map_err(Error::work("read", &path))?;
        let mut document = Document::new(self.version.tag.clone(), from_json(&json)?);
        document.previous = cx.plan.notes.since.as_ref().map(|since| since.tag.clone());
        document.repository = cx.plan.project.homepage.clone();
        let mut archives = Vec::new();
        for file in self.files.payload().filter(|file| file.path.ends_with(".tar.gz") && !file.path.contains('/')) {
            archives.push(DownloadFile::new(&file.path, file.sha512.to_string())?);
        }
        let downloads = cx
            .plan
            .changelog_downloads
            .as_ref()
            .filter(|_| !archives.is_empty())
            .map(|prefix| downloads(prefix, &cx.plan.project.name, archives));
        let section = Section::compose(&document, downloads.as_ref())?;
        Ok(section.markdown().as_bytes().to_vec())
    }
}

/// The groups that Kubernetes has for its archives, and one for what is in none of them.
fn downloads(prefix: &url::Url, project: &str, archives: Vec<DownloadFile>) -> Downloads {
    let mut downloads = Downloads::by_name(prefix.clone(), project, archives.clone());
    let grouped = |file: &DownloadFile| {
        downloads.groups.iter().any(|group| group.files.iter().any(|known| known.name() == file.name()))
    };
    let files: Vec<DownloadFile> = archives.into_iter().filter(|file| !grouped(file)).collect();
    if !files.is_empty() {
        downloads.groups.push(DownloadGroup { heading: "Binaries".to_owned(), files });
    }
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
