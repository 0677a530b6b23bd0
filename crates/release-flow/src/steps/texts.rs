//! Release notes and the announcement made of them.

use std::{collections::BTreeMap, path::Path};

use git_repo::CommitRange;
use mail_announce::{ReleaseInput, announce_release};
use notes_gen::{
    CommitId, CommitInfo, Document, Fallback, GatherOptions, Gathered, MergeTitles, gather, render_html,
    render_markdown, render_notes, select, to_json,
};
use release_journal::{Observed, Step, StepId};
use release_version::{BranchState, Role};
use serde::{Deserialize, Serialize};

use super::{id, source::remove};
use crate::{Error, forge, plan::StageVersion, runner::StageContext};

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
}

/// Why notes were not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TextsError {
    /// The range makes no sense.
    #[error("cannot tell the commits of the release")]
    Range(#[from] notes_gen::RangeError),
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
const EVIDENCE: &str = "written.json";

impl Texts<'_> {
    async fn gather(&self, cx: &StageContext<'_>) -> Result<(Gathered, usize), TextsError> {
        let (plan, workspace) = (cx.plan, cx.workspace.clone());
        let (since, end) = (plan.notes.since.as_ref().map(|since| since.commit), self.0.commit);
        let commits = tokio::task::spawn_blocking(move || -> Result<Vec<CommitInfo>, Error> {
            let range = since.map_or_else(|| CommitRange::of(end), |since| CommitRange::between(since, end));
            let commits =
                workspace.open_source()?.commits(&range).map_err(Error::git("list the commits of the release"))?;
            let info = |commit: git_repo::Commit| CommitInfo {
                id: CommitId::new(commit.id.to_string()),
                parents: commit.parents.iter().map(|parent| CommitId::new(parent.to_string())).collect(),
                message: commit.message,
            };
            Ok(commits.into_iter().map(info).collect())
        })
        .await
        .map_err(|error| Error::work("read", cx.workspace.source())(std::io::Error::other(error)))??;
        let mut options = GatherOptions::default();
        options.repository = plan.project.homepage.clone();
        if commits.is_empty() {
            return Ok((Gathered::default(), 0));
        }
        let selection = select(&commits, &CommitId::new(end.to_string()))?;
        let gathered = match &plan.notes.pull_requests {
            Some(url) => {
                let recorded = forge::recorded(url).map_err(Error::from)?;
                take(gather(&selection, &recorded, &options).await)
            }
            None => {
                options.fallbacks = vec![Fallback::Title];
                let titles = MergeTitles::new(&commits, plan.project.homepage.as_ref());
                take(gather(&selection, &titles, &options).await)
            }
        };
        Ok((gathered, commits.len()))
    }

    fn document(&self, cx: &StageContext<'_>, gathered: &Gathered) -> Document {
        let mut document = Document::new(self.0.tag.clone(), gathered.notes.clone());
        document.previous = cx.plan.notes.since.as_ref().map(|since| since.tag.clone());
        document.repository = cx.plan.project.homepage.clone();
        document
    }
}

/// The result of a source that cannot fail.
fn take<T>(result: Result<T, notes_gen::GatherError<std::convert::Infallible>>) -> T {
    match result {
        Ok(gathered) => gathered,
        Err(notes_gen::GatherError::Source { source, .. }) => match source {},
        Err(_) => unreachable!("the source is the only thing that can fail"),
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
        let (gathered, commits) = self.gather(cx).await?;
        let document = self.document(cx, &gathered);
        let notes = render_notes(&gathered.notes);
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
            notes_markdown: notes,
            ..ReleaseInput::default()
        };
        let announcement = announce_release(&input)?;
        let missing: Vec<u64> = gathered.accounting.missing().into_iter().map(|number| number.get()).collect();
        let written = Written { notes: gathered.notes.len(), commits, missing };
        let json = serde_json::to_string(&written)
            .map_err(|source| TextsError::Evidence { path: EVIDENCE.to_owned(), source })?;
        let files = BTreeMap::from([
            ("release-notes.md", render_markdown(&document) + "\n"),
            ("release-notes.html", render_html(&document)),
            ("release-notes.json", to_json(&gathered.notes) + "\n"),
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
