//! Changelog files of a branch, from git objects.

use std::collections::BTreeMap;

use git_repo::{CommitId, EntryKind, GitRepo};
use notes_gen::changelog::{
    ChangelogError, ChangelogLine, LineState, Outcome, Section, WhenDifferent, update_index, update_with,
};

use crate::Error;

/// The largest changelog that is read, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// Where a project keeps its changelogs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangelogFiles {
    /// The changelog of the version's line.
    pub file: String,
    /// The index of all changelogs; none for a project without.
    pub index: Option<String>,
}

impl ChangelogFiles {
    /// As Kubernetes does it: `CHANGELOG/CHANGELOG-X.Y.md` and `CHANGELOG/README.md`.
    ///
    /// # Errors
    /// When the tag holds no version.
    pub fn of_tag(tag: &str) -> Result<Self, ChangelogError> {
        Ok(Self { file: ChangelogLine::of_tag(tag)?.path(), index: Some("CHANGELOG/README.md".to_owned()) })
    }
}

/// What becomes of the changelogs of other lines that a branch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherChangelogs {
    /// They stay.
    Keep,
    /// They leave the branch with `vX.Y.0`; on the default branch they stay.
    Remove,
}

/// What a branch's changelogs become with a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangelogChanges {
    /// New contents by path, `None` to remove; empty when all is as it should be.
    pub files: BTreeMap<String, Option<Vec<u8>>>,
    /// What was done to the changelog itself.
    pub outcome: Outcome,
}

/// Works out the files of a commit on top of `head` that adds the section. Applied to what it made, it changes nothing.
///
/// # Errors
/// When a file cannot be read, or is no changelog.
pub fn changelog_changes(
    repo: &GitRepo,
    head: CommitId,
    section: &Section,
    files: &ChangelogFiles,
    others: OtherChangelogs,
    when_different: WhenDifferent<'_>,
) -> Result<ChangelogChanges, Error> {
    let malformed = |path: &str| {
        let path = path.to_owned();
        move |source: ChangelogError| Error::Malformed { path, source: source.into() }
    };
    let read = |path: &str| -> Result<Option<String>, Error> {
        let blob = repo.blob(head, path, MAX_FILE).map_err(Error::git(format!("read `{path}`")))?;
        let text = blob.map(String::from_utf8).transpose();
        text.map_err(|source| Error::Malformed { path: path.to_owned(), source: source.into() })
    };
    let mut changes = BTreeMap::new();
    let current = read(&files.file)?;
    let update = update_with(current.as_deref(), section, when_different).map_err(malformed(&files.file))?;
    if update.outcome.is_changed() {
        changes.insert(files.file.clone(), Some(update.text.into_bytes()));
        if others == OtherChangelogs::Remove {
            let folder = files.file.rsplit_once('/').map_or("", |(folder, _)| folder);
            let entries = repo.tree(head, folder).map_err(Error::git(format!("list `{folder}`")))?;
            let names = entries.iter().filter(|entry| entry.kind == EntryKind::File).map(|entry| entry.name.as_str());
            let stale = ChangelogLine::stale_files(section.tag(), names).map_err(malformed(&files.file))?;
            changes.extend(stale.into_iter().map(|name| (format!("{folder}/{name}"), None)));
        }
    }
    if let Some(path) = &files.index {
        let index = read(path)?;
        let line = ChangelogLine::of_tag(section.tag()).map_err(malformed(path))?;
        let state = LineState::of_tag(section.tag()).map_err(malformed(path))?;
        let update = update_index(index.as_deref(), line, state).map_err(malformed(path))?;
        if Some(&update.text) != index.as_ref() {
            changes.insert(path.clone(), Some(update.text.into_bytes()));
        }
    }
    Ok(ChangelogChanges { files: changes, outcome: update.outcome })
}
