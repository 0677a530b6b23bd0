//! Pull requests of GitHub as a source of notes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use github_client::{CommitPull, GithubClient, ObjectId, PullBatch, PullRecord, RepoId};
use notes_gen::{Author, CommitId, PullNumber, PullRequest, PullSource};

/// What to do when some pull requests cannot be had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WhenIncomplete {
    /// The run ends with an error that names them: no note is lost without anybody knowing.
    #[default]
    Fail,
    /// The notes of the others are made; [`GithubSource::incomplete`] names those that are missing.
    GoOn,
}

/// Pull requests of a repository on GitHub, through the client's recording if it has one.
#[derive(Debug)]
pub struct GithubSource {
    client: GithubClient,
    repo: RepoId,
    when_incomplete: WhenIncomplete,
    failed: Mutex<BTreeMap<PullNumber, String>>,
    unrecorded: Mutex<BTreeSet<PullNumber>>,
}

/// Pull requests could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GithubSourceError {
    /// GitHub, or the recording, does not answer.
    #[error("cannot get the pull requests of `{repo}`")]
    Github {
        /// The repository.
        repo: RepoId,
        /// Why.
        source: Box<github_client::Error>,
    },
    /// Some pull requests could not be had, whatever was tried.
    #[error("cannot get pull request{} {} of `{repo}`", if .numbers.len() == 1 { "" } else { "s" }, list(.numbers))]
    Incomplete {
        /// The repository.
        repo: RepoId,
        /// Their numbers, ascending.
        numbers: Vec<PullNumber>,
        /// Why the first of them could not be had.
        source: Box<github_client::Error>,
    },
}

impl GithubSourceError {
    /// The error of the client behind it.
    pub fn client_error(&self) -> &github_client::Error {
        match self {
            Self::Github { source, .. } | Self::Incomplete { source, .. } => source,
        }
    }
}

fn list(numbers: &[PullNumber]) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<String> = numbers.iter().take(SHOWN).map(|number| format!("#{number}")).collect();
    let more = numbers.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

impl GithubSource {
    /// A source of the pull requests of `repo`.
    pub fn new(client: GithubClient, repo: RepoId, when_incomplete: WhenIncomplete) -> Self {
        Self { client, repo, when_incomplete, failed: Mutex::default(), unrecorded: Mutex::default() }
    }

    /// The pull requests that could not be had, with what went wrong; empty unless [`WhenIncomplete::GoOn`] was chosen.
    pub fn incomplete(&self) -> BTreeMap<PullNumber, String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What commits inside of pull requests name, and the recording that answers does not hold: whether it is a pull request of the range
    /// is not known.
    pub fn unrecorded(&self) -> BTreeSet<PullNumber> {
        self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn error(&self, source: github_client::Error) -> GithubSourceError {
        GithubSourceError::Github { repo: self.repo.clone(), source: Box::new(source) }
    }

    fn take(&self, batch: PullBatch) -> Result<BTreeMap<PullNumber, PullRequest>, GithubSourceError> {
        let notes_number = |number: &github_client::PullNumber| PullNumber::new(number.get());
        if self.when_incomplete == WhenIncomplete::Fail {
            let numbers = batch.failed.keys().filter_map(notes_number).collect();
            if let Some((_, source)) = batch.failed.into_iter().next() {
                return Err(GithubSourceError::Incomplete {
                    repo: self.repo.clone(),
                    numbers,
                    source: Box::new(source),
                });
            }
        } else {
            let failed =
                batch.failed.iter().filter_map(|(number, error)| Some((notes_number(number)?, error.to_string())));
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).extend(failed);
        }
        Ok(batch.found.into_values().filter_map(pull_request).map(|pull| (pull.number, pull)).collect())
    }
}

impl PullSource for GithubSource {
    type Error = GithubSourceError;

    async fn pulls(&self, numbers: &[PullNumber]) -> Result<BTreeMap<PullNumber, PullRequest>, GithubSourceError> {
        let wanted: Vec<_> = numbers.iter().filter_map(|number| github_client::PullNumber::new(number.get())).collect();
        let batch = self.client.cached_pulls(&self.repo, &wanted).await.map_err(|source| self.error(source))?;
        self.take(batch)
    }

    async fn pulls_and_inner(
        &self,
        numbers: &[PullNumber],
        inner: &[PullNumber],
    ) -> Result<BTreeMap<PullNumber, PullRequest>, GithubSourceError> {
        let all: BTreeSet<PullNumber> = numbers.iter().chain(inner).copied().collect();
        let wanted: Vec<_> = all.iter().filter_map(|number| github_client::PullNumber::new(number.get())).collect();
        let mut batch = self.client.cached_pulls(&self.repo, &wanted).await.map_err(|source| self.error(source))?;
        // A recording that was made before anybody asked for them is whole without.
        let needed: BTreeSet<&PullNumber> = numbers.iter().collect();
        let inner = inner.iter().filter(|number| !needed.contains(number));
        for number in inner.filter_map(|number| github_client::PullNumber::new(number.get())) {
            if matches!(batch.failed.get(&number), Some(github_client::Error::NotRecorded { .. })) {
                batch.failed.remove(&number);
                let number = PullNumber::new(number.get());
                self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner).extend(number);
            }
        }
        self.take(batch)
    }

    async fn pulls_of_misnamed(
        &self,
        commits: &[CommitId],
    ) -> Result<BTreeMap<CommitId, Vec<PullNumber>>, GithubSourceError> {
        match self.pulls_of_commits(commits).await {
            Err(GithubSourceError::Github { source, .. })
                if matches!(*source, github_client::Error::NotRecorded { .. }) =>
            {
                Ok(BTreeMap::new())
            }
            answer => answer,
        }
    }

    async fn pulls_of_commits(
        &self,
        commits: &[CommitId],
    ) -> Result<BTreeMap<CommitId, Vec<PullNumber>>, GithubSourceError> {
        let asked: Vec<_> = commits.iter().filter_map(|commit| commit.as_str().parse().ok()).collect();
        let answer = self.client.pulls_of_commits(&self.repo, &asked).await.map_err(|source| self.error(source))?;
        // A commit may have come in by several, say into a branch and then with all of it into another. The one whose merge it is tells
        // of it best; of the others, the last one brought it where it is now.
        let numbers = |commit: &ObjectId, pulls: Vec<CommitPull>| -> Vec<PullNumber> {
            let mut merged: Vec<_> = pulls.into_iter().filter(|pull| pull.merged_at.is_some()).collect();
            merged.sort_by_key(|pull| (pull.merge_commit.as_ref() != Some(commit), Reverse(pull.merged_at)));
            merged.into_iter().filter_map(|pull| PullNumber::new(pull.number.get())).collect()
        };
        let found = answer.into_iter().map(|(commit, pulls)| {
            let numbers = numbers(&commit, pulls);
            (CommitId::new(commit.as_str()), numbers)
        });
        Ok(found.filter(|(_, numbers)| !numbers.is_empty()).collect())
    }
}

/// A pull request of GitHub as notes see it; nothing for a number that is none.
pub fn pull_request(record: PullRecord) -> Option<PullRequest> {
    let mut pull = PullRequest::new(PullNumber::new(record.number.get())?, record.title.clone());
    pull.head = Some(record.head_label());
    pull.body = Some(record.body);
    pull.labels = record.labels;
    pull.author = record.author.map(|author| Author { login: author.login, url: Some(author.url) });
    pull.url = Some(record.url);
    pull.merge_commit = record.merge_commit.map(|commit| CommitId::new(commit.as_str()));
    pull.milestone = record.milestone;
    pull.base = Some(record.base_ref);
    Some(pull)
}
