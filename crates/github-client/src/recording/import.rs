//! Recordings of other tools.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::{RecordingError, io, shelf};
use crate::wire::RestPull;
use crate::{CommitPull, ObjectId, PullNumber, PullRecord, RepoId};

/// The largest file that is read.
const MAX_FILE: u64 = 512 << 20;

/// Pull requests by number, and by the commit they were merged as.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    pulls: BTreeMap<PullNumber, PullRecord>,
    /// Pull requests that were only listed for a commit: REST's lists hold less than single answers, but all that a record needs.
    listed: BTreeMap<PullNumber, PullRecord>,
    of_commits: BTreeMap<ObjectId, BTreeSet<PullNumber>>,
}

#[derive(Deserialize)]
struct GoFile<T> {
    #[serde(rename = "Result")]
    result: T,
}

impl Imported {
    /// Reads a folder; `None` when it has no form that is known.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, RecordingError> {
        let mut imported = Self::default();
        if folder.join("pulls.json").is_file() {
            for pull in read_json::<Vec<RestPull>>(&folder.join("pulls.json"))? {
                imported.add(pull, Whole::Yes);
            }
            let of_commits = folder.join("pulls-of-commits.json");
            if of_commits.is_file() {
                for pull in read_json::<Vec<RestPull>>(&of_commits)? {
                    imported.add(pull, Whole::No);
                }
            }
            return Ok(Some(imported));
        }
        let mut known = false;
        for path in files(folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some((api, number)) = name.strip_suffix(".json").and_then(|name| name.rsplit_once('-')) else {
                continue;
            };
            if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
                continue;
            }
            match api {
                "GetPullRequest" => imported.add(read_json::<GoFile<RestPull>>(&path)?.result, Whole::Yes),
                // Go writes an empty list as `null`.
                "ListPullRequestsWithCommit" => {
                    for pull in read_json::<GoFile<Option<Vec<RestPull>>>>(&path)?.result.into_iter().flatten() {
                        imported.add(pull, Whole::No);
                    }
                }
                "GetCommit" | "GetRepoCommit" | "ListCommits" | "ListTags" | "ListReleases" => {}
                _ => continue,
            }
            known = true;
        }
        Ok(known.then_some(imported))
    }

    fn add(&mut self, pull: RestPull, whole: Whole) {
        // What lacks a number or a time is no pull request, and a recording cut down by hand may hold such.
        let Some(record) = pull.into_record("https://github.com") else { return };
        if let Some(commit) = &record.merge_commit {
            self.of_commits.entry(commit.clone()).or_default().insert(record.number);
        }
        let pulls = if whole == Whole::Yes { &mut self.pulls } else { &mut self.listed };
        pulls.insert(record.number, record);
    }

    pub(super) fn pull(&self, repo: &RepoId, number: PullNumber) -> Option<&PullRecord> {
        let pull = self.pulls.get(&number).or_else(|| self.listed.get(&number))?;
        belongs(pull, repo).then_some(pull)
    }

    pub(super) fn numbers(&self, repo: &RepoId) -> BTreeSet<PullNumber> {
        let all = self.pulls.values().chain(self.listed.values());
        all.filter(|pull| belongs(pull, repo)).map(|pull| pull.number).collect()
    }

    pub(super) fn pulls_of(&self, repo: &RepoId, commit: &ObjectId) -> Vec<CommitPull> {
        let numbers = self.of_commits.get(commit).into_iter().flatten();
        numbers.filter_map(|number| self.pull(repo, *number)).map(CommitPull::from).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Yes,
    No,
}

/// Whether the pull request's page is one of the repository.
fn belongs(pull: &PullRecord, repo: &RepoId) -> bool {
    Url::parse(&pull.url).is_ok_and(|url| {
        let mut parts = url.path_segments().into_iter().flatten();
        let (owner, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        RepoId::new(owner, name).is_ok_and(|found| found == *repo)
    })
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, RecordingError> {
    let listed = std::fs::read_dir(folder).map_err(|source| io("list", folder, source))?;
    let mut paths: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, RecordingError> {
    let bytes = shelf::read_bounded(path, MAX_FILE)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| RecordingError::Damaged { path: path.to_owned(), detail: error.to_string() })
}
