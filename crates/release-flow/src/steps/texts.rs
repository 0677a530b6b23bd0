//! Release notes and the announcement made of them.

use std::{collections::BTreeMap, path::Path};

use mail_announce::{ReleaseInput, announce_release};
use notes_gen::{
    Fallback, Layout, PullNumber,
    dependencies::{RenderOptions as DependencyOptions, render_dependencies},
    html_page, render, to_json,
};
use notes_sources::{
    Collect, Collected, End, Ends, GithubSource, ListOptions, WhenIncomplete, collect, compare_dependencies,
    list_range, titles,
};
use release_journal::{Observed, Step, StepId};
use release_version::{BranchState, Role};
use serde::{Deserialize, Serialize};

use super::{id, source::remove};
use crate::{Error, forge, notes, plan::StageVersion, runner::StageContext};

/// Writes the notes and the announcement of a version.
pub(crate) struct Texts<'v>(pub(crate) &'v StageVersion);

/// What the notes hold, as evidence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Written {
    /// Notes.
    pub(crate) notes: usize,
    /// Commits of the range.
    pub(crate) commits: usize,
    /// Pull requests that the source did not know.
    pub(crate) missing: Vec<u64>,
    /// All pull requests of the range.
    #[serde(default)]
    pub(crate) pulls: Vec<PullNumber>,
}

/// Why notes were not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TextsError {
    /// The notes.
    #[error("cannot gather the notes of the release")]
    Collect(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The announcement.
    #[error("cannot write the announcement")]
    Announcement(#[from] mail_announce::AnnounceError),
    /// The evidence file is not ours.
    #[error("`{path}` is malformed")]
    Evidence {
        /// The file.
        path: String,
        /// Why.
        source: serde_json::Error,
    },
    /// Anything else.
    #[error(transparent)]
    Flow(#[from] Error),
}

/// What stands for evidence in the folder of texts; not published.
pub(super) const EVIDENCE: &str = "written.json";
/// The dependency report, for the changelog; not published by itself.
pub(super) const DEPENDENCIES: &str = "dependencies.md";

impl Texts<'_> {
    async fn gather(&self, cx: &StageContext<'_>) -> Result<(Collected, Option<String>), TextsError> {
        let plan = cx.plan;
        let git = cx.workspace.open_source()?;
        let since = plan.notes.since.as_ref().map(|since| End { name: since.tag.clone(), commit: since.commit });
        let ends = Ends { start: since, end: End { name: self.0.tag.clone(), commit: self.0.commit } };
        let listing = list_range(&git, &ends, &ListOptions::default()).await.map_err(Error::from)?;
        let mut rules = Collect::new(notes::profile(plan), notes::EVERYTHING_SEEN);
        rules.repository = plan.project.homepage.clone();
        rules.maps = notes::maps_of(&plan.notes.maps)?;
        let collected = match &plan.notes.pull_requests {
            Some(url) if url.scheme() == "github" => {
                let no_github = || Error::NoGithub { from: url.to_string() };
                let repo = url.path().parse().map_err(|_unusable| no_github())?;
                let client = cx.runner.github.clone().ok_or_else(no_github)?;
                let source = GithubSource::new(client, repo, WhenIncomplete::Fail);
                collect(&listing, &ends, &source, &rules).await.map_err(|error| TextsError::Collect(error.into()))?
            }
            Some(url) => {
                let recorded = forge::recorded(url).map_err(Error::from)?;
                collect(&listing, &ends, &recorded, &rules).await.map_err(|error| TextsError::Collect(error.into()))?
            }
            None => {
                if !rules.profile.fallbacks.contains(&Fallback::Title) {
                    rules.profile.fallbacks.push(Fallback::Title);
                }
                let titles = titles(&listing, plan.project.homepage.as_ref());
                collect(&listing, &ends, &titles, &rules).await.map_err(|error| TextsError::Collect(error.into()))?
            }
        };
        let folders = &plan.notes.dependencies;
        let dependencies = if folders.is_empty() {
            None
        } else {
            let report = compare_dependencies(&git, None, &ends, folders).await.map_err(Error::from)?;
            (!report.manifests.is_empty()).then(|| render_dependencies(&report, &DependencyOptions::default()))
        };
        Ok((collected, dependencies))
    }
}

impl<'a> Step<StageContext<'a>> for Texts<'_> {
    type Output = Written;
    type Error = TextsError;

    fn id(&self) -> StepId {
        id("notes", self.0.version)
    }

    async fn observe(&self, cx: &StageContext<'a>) -> Result<Observed<Written>, TextsError> {
        let path = cx.workspace.texts(self.0).join(EVIDENCE);
        match std::fs::read(&path) {
            Ok(bytes) => {
                let path = path.display().to_string();
                let written = serde_json::from_slice(&bytes).map_err(|source| TextsError::Evidence { path, source })?;
                Ok(Observed::Done(written))
            }
            Err(_) => Ok(Observed::Absent),
        }
    }

    async fn run(&self, cx: &StageContext<'a>) -> Result<(), TextsError> {
        // A long chain of futures ends here; in a box it does not grow those of every caller.
        let (collected, dependencies) = Box::pin(self.gather(cx)).await?;
        let range = collected.accounting.pulls();
        let count = collected.notes.len();
        let document = notes::document(cx.plan, &self.0.tag, collected.notes, &range, dependencies.clone())?;
        let changelog = render(&document, &notes::rendering(cx.plan, Layout::Changelog));
        let page = |suffix: &str| {
            let home = cx.plan.project.homepage.as_ref()?;
            format!("{}/{suffix}", home.as_str().trim_end_matches('/')).parse().ok()
        };
        let input = ReleaseInput {
            project: cx.plan.project.title.clone(),
            version: self.0.tag.clone(),
            new_branch: (cx.plan.branch_state == BranchState::New && self.0.role == Role::Prime)
                .then(|| cx.plan.branch.clone()),
            release_page: page(&format!("releases/tag/{}", self.0.tag)),
            notes_markdown: render(&document, &notes::rendering(cx.plan, Layout::Draft)),
            ..ReleaseInput::default()
        };
        let announcement = announce_release(&input)?;
        let missing: Vec<u64> = collected.accounting.missing().into_iter().map(|number| number.get()).collect();
        let pulls = range.iter().copied().collect();
        let written = Written { notes: count, commits: collected.commits, missing, pulls };
        let json = serde_json::to_string(&written)
            .map_err(|source| TextsError::Evidence { path: EVIDENCE.to_owned(), source })?;
        let files = BTreeMap::from([
            ("release-notes.html", html_page(&document.version, &changelog)),
            ("release-notes.md", changelog + "\n"),
            ("release-notes.json", to_json(&document.notes) + "\n"),
            (DEPENDENCIES, dependencies.unwrap_or_default()),
            ("announcement.html", announcement.html),
            ("announcement.txt", announcement.text),
            ("announcement-subject.txt", announcement.subject),
            (EVIDENCE, json),
        ]);
        write_folder(&cx.workspace.texts(self.0), &files)?;
        if !written.missing.is_empty() {
            let numbers: Vec<String> = written.missing.iter().map(|number| format!("#{number}")).collect();
            let text = format!("no record of pull requests {}", numbers.join(", "));
            cx.runner.note(&<Self as Step<StageContext<'a>>>::id(self), text);
        }
        Ok(())
    }
}

/// Writes the files into a folder that appears whole or not at all.
fn write_folder(folder: &Path, files: &BTreeMap<&str, String>) -> Result<(), Error> {
    let part = folder.with_file_name(format!(
        "{}.part",
        folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    ));
    remove(&part)?;
    std::fs::create_dir_all(&part).map_err(Error::work("create", &part))?;
    for (name, text) in files {
        let path = part.join(name);
        std::fs::write(&path, text).map_err(Error::work("write", &path))?;
    }
    remove(folder)?;
    std::fs::rename(&part, folder).map_err(Error::work("create", folder))
}

/// The notes that a release page shows.
pub(crate) const NOTES_MARKDOWN: &str = "release-notes.md";

/// The texts that are published.
pub(crate) const PUBLISHED: [&str; 6] = [
    "announcement-subject.txt",
    "announcement.html",
    "announcement.txt",
    "release-notes.html",
    "release-notes.json",
    "release-notes.md",
];
