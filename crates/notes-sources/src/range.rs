//! Which commits a document is about.

use std::collections::{BTreeSet, HashSet};

use git_repo::{CommitId, CommitRange, GitRepo, RefName};
use notes_gen::{CommitInfo, Lines};

use crate::Error;
use crate::tags::version_of;

/// One end of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// How the end is called in the document: a tag, a branch, or the commit.
    pub name: String,
    /// The commit.
    pub commit: CommitId,
}

/// The ends of a range of commits: what `end` has and `start` has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ends {
    /// Where it begins; the commit itself is not part of the range. Nothing for the whole history.
    pub start: Option<End>,
    /// Where it ends; this commit is part of the range.
    pub end: End,
}

/// One end as somebody asked for it: a revision (tag, branch, `HEAD~3`) or a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// A revision.
    pub revision: Option<String>,
    /// A commit; with a revision too, the revision is only its name.
    pub commit: Option<String>,
}

impl Wanted {
    /// A revision.
    pub fn revision(revision: impl Into<String>) -> Self {
        Self { revision: Some(revision.into()), commit: None }
    }

    /// Nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.revision.is_none() && self.commit.is_none()
    }
}

/// Finds the commit of a revision as people name it for release notes: a tag as it is, a branch rather as the remote has it
/// (`origin/release-1.30`) than as the clone has it, anything else as git does.
///
/// # Errors
/// When nothing has this name.
pub fn resolve(repo: &GitRepo, revision: &str) -> Result<CommitId, Error> {
    let unknown = || Error::git(format!("find revision `{revision}`"));
    if version_of(revision.rsplit('/').next().unwrap_or(revision), "").is_none() {
        for place in ["refs/remotes/origin", "refs/heads"] {
            let Ok(name) = format!("{place}/{revision}").parse::<RefName>() else { continue };
            if let Some(object) = repo.object_of(&name).map_err(unknown())? {
                return repo.resolve(&object.to_string()).map_err(unknown());
            }
        }
    } else if let Ok(name) = format!("refs/tags/{revision}").parse::<RefName>()
        && repo.object_of(&name).map_err(unknown())?.is_some()
    {
        return repo.resolve(name.as_str()).map_err(unknown());
    }
    repo.resolve(revision).map_err(unknown())
}

fn end_of(repo: &GitRepo, wanted: &Wanted, which: &'static str) -> Result<End, Error> {
    match (&wanted.revision, &wanted.commit) {
        (None, None) => Err(Error::NoEnd { end: which }),
        (Some(revision), None) => Ok(End { name: revision.clone(), commit: resolve(repo, revision)? }),
        (name, Some(commit)) => {
            let id = repo.resolve(commit).map_err(Error::git(format!("find commit `{commit}`")))?;
            Ok(End { name: name.clone().unwrap_or_else(|| id.short(12)), commit: id })
        }
    }
}

/// Resolves both ends and refuses a range that makes no sense.
///
/// # Errors
/// [`Error::NoEnd`], [`Error::Swapped`], [`Error::Unrelated`], [`Error::Shallow`], or what git says.
pub fn ends(repo: &GitRepo, start: &Wanted, end: &Wanted) -> Result<Ends, Error> {
    let end = end_of(repo, end, "end")?;
    let start = if start.is_empty() { None } else { Some(end_of(repo, start, "start")?) };
    let ends = Ends { start, end };
    check(repo, &ends)?;
    Ok(ends)
}

/// Refuses ends that are swapped or unrelated.
pub(crate) fn check(repo: &GitRepo, ends: &Ends) -> Result<(), Error> {
    let Some(start) = &ends.start else { return Ok(()) };
    let base = repo.merge_base(start.commit, ends.end.commit).map_err(Error::git("compare the ends of the range"))?;
    let named = || (start.name.clone(), ends.end.name.clone());
    match base {
        None => match shallow(repo)?.into_iter().next() {
            Some(boundary) => Err(Error::Shallow { boundary }),
            None => {
                let (start, end) = named();
                Err(Error::Unrelated { start, end })
            }
        },
        Some(base) if base == ends.end.commit && base != start.commit => {
            let (start, end) = named();
            Err(Error::Swapped { start, end })
        }
        Some(_) => Ok(()),
    }
}

/// Where the history of a shallow clone ends; nothing for a whole clone.
fn shallow(repo: &GitRepo) -> Result<BTreeSet<CommitId>, Error> {
    let path = repo.git_dir().join("shallow");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().filter_map(|line| line.trim().parse().ok()).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(Error::read(&path)(error)),
    }
}

/// What is listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOptions {
    /// Leaves out the first commit after the start on the way to the end, which on some branches only opens the line.
    pub first_commit: FirstCommit,
    /// What becomes of the line that a merge without a number brought in.
    pub lines: Lines,
    /// Folders or files: `touched` names the commits that change something in them. Empty for all.
    pub paths: Vec<String>,
}

/// What becomes of the first commit after the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FirstCommit {
    /// It is part of the range.
    #[default]
    Kept,
    /// It is left out.
    Skipped,
}

/// The commits of a range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Newest first.
    pub commits: Vec<CommitInfo>,
    /// What becomes of the line that a merge without a number brought in, as it was asked for; the commits are there in any case.
    pub lines: Lines,
    /// With path filters: the commits that differ from their first parent in one of the paths.
    pub touched: Option<HashSet<notes_gen::CommitId>>,
}

/// Lists the commits of a range, from the local objects alone.
///
/// # Errors
/// [`Error::Shallow`] when the history of the range is not all there, or what git says.
pub fn list(repo: &GitRepo, ends: &Ends, options: &ListOptions) -> Result<Listing, Error> {
    let mut range = CommitRange::of(ends.end.commit);
    range.exclude.extend(ends.start.as_ref().map(|start| start.commit));
    if let (FirstCommit::Skipped, Some(start)) = (options.first_commit, &ends.start) {
        range.exclude.extend(first_after(repo, start.commit, ends.end.commit)?);
    }
    let boundaries = shallow(repo)?;
    let mut commits = Vec::new();
    let mut cut = None;
    repo.for_each_commit(&range, |commit| {
        if boundaries.contains(&commit.id()) {
            cut = Some(commit.id());
            return std::ops::ControlFlow::Break(());
        }
        commits.push(CommitInfo {
            id: notes_gen::CommitId::new(commit.id().to_string()),
            parents: commit.parents().map(|parent| notes_gen::CommitId::new(parent.to_string())).collect(),
            message: commit.message().into_owned(),
        });
        std::ops::ControlFlow::Continue(())
    })
    .map_err(Error::git("list the commits of the range"))?;
    if let Some(boundary) = cut {
        return Err(Error::Shallow { boundary });
    }
    let touched = if options.paths.is_empty() { None } else { Some(touched(repo, &commits, &options.paths)?) };
    Ok(Listing { commits, lines: options.lines, touched })
}

/// The child of `start` on the first-parent line that leads to `end`.
fn first_after(repo: &GitRepo, start: CommitId, end: CommitId) -> Result<Option<CommitId>, Error> {
    let line = CommitRange::between(start, end).first_parent();
    let ids = repo.commit_ids(&line).map_err(Error::git("list the commits of the range"))?;
    Ok(ids.last().copied())
}

fn touched(repo: &GitRepo, commits: &[CommitInfo], paths: &[String]) -> Result<HashSet<notes_gen::CommitId>, Error> {
    let failed = || Error::git("compare the files of two commits");
    let parse = |id: &notes_gen::CommitId| id.as_str().parse::<CommitId>().ok();
    let mut touched = HashSet::new();
    for commit in commits {
        let Some(id) = parse(&commit.id) else { continue };
        let parent = commit.parents.first().and_then(parse);
        for path in paths {
            let now = repo.object_at(id, path).map_err(failed())?;
            let before = match parent {
                Some(parent) => repo.object_at(parent, path).map_err(failed())?,
                None => None,
            };
            if now != before {
                touched.insert(commit.id.clone());
                break;
            }
        }
    }
    Ok(touched)
}
