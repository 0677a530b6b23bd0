//! Pull requests and the commits they came with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Recording, RecordingError, host_folder, shelf};
use crate::{CommitPull, Missing, ObjectId, PullNumber, PullRecord, RepoId};

/// The largest record that is read. GitHub cuts descriptions at 64 KiB of characters, so this is far above what can be.
const MAX_RECORD: u64 = 16 << 20;

/// What the recording knows of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    Pull(Box<PullRecord>),
    Missing(Missing),
}

/// What was found on the disk, and what could not be used.
#[derive(Debug, Default)]
pub(crate) struct Loaded<K, V> {
    pub(crate) known: BTreeMap<K, V>,
    pub(crate) damaged: BTreeMap<K, RecordingError>,
}

#[derive(Serialize, Deserialize)]
struct NoPull {
    number: PullNumber,
    missing: Missing,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct CommitFile {
    pub(crate) commit: ObjectId,
    pub(crate) asked_at: Timestamp,
    pub(crate) pulls: Vec<CommitPull>,
}

impl Recording {
    /// The newest of what is recorded of these numbers.
    pub(crate) fn pulls(
        &self,
        host: &str,
        repo: &RepoId,
        numbers: &[PullNumber],
    ) -> Result<Loaded<PullNumber, Known>, RecordingError> {
        let mut loaded = Loaded { known: BTreeMap::new(), damaged: BTreeMap::new() };
        if let Some(imported) = self.imported() {
            let pull =
                |number: &PullNumber| Some((*number, Known::Pull(Box::new(imported.pull(repo, *number)?.clone()))));
            loaded.known = numbers.iter().filter_map(pull).collect();
            return Ok(loaded);
        }
        let folder = repo_folder(self.folder(), "pulls", host, repo);
        let mut shelves: BTreeMap<u64, BTreeSet<PullNumber>> = BTreeMap::new();
        for number in numbers {
            shelves.entry(shelf_of(*number)).or_default().insert(*number);
        }
        for (shelf, wanted) in shelves {
            let mut newest: BTreeMap<PullNumber, shelf::Entry> = BTreeMap::new();
            for entry in shelf::list(&folder.join(shelf.to_string()))? {
                let Some(number) = number_of(&entry).filter(|number| wanted.contains(number)) else { continue };
                // `none` sorts after every time, but a pull request that was once seen is worth more than that it was not.
                let rank = |entry: &shelf::Entry| (!entry.key.ends_with("-none"), entry.key.clone());
                if newest.get(&number).is_none_or(|known| rank(known) < rank(&entry)) {
                    newest.insert(number, entry);
                }
            }
            for (number, entry) in newest {
                match read_known(&entry, number) {
                    Ok(Some(known)) => drop(loaded.known.insert(number, known)),
                    Ok(None) => {}
                    Err(error) => drop(loaded.damaged.insert(number, error)),
                }
            }
        }
        Ok(loaded)
    }

    /// Writes down what is known of numbers. What was recorded as a pull request stays when it is missing now: it may only be hidden.
    pub(crate) fn put_pulls(
        &self,
        host: &str,
        repo: &RepoId,
        values: &BTreeMap<PullNumber, Known>,
    ) -> Result<(), RecordingError> {
        let root = self.writable()?;
        let folder = repo_folder(root, "pulls", host, repo);
        let mut shelves: BTreeMap<u64, Vec<(String, Vec<u8>)>> = BTreeMap::new();
        for (&number, known) in values {
            let file = match known {
                Known::Pull(pull) => (format!("{number}-{}", pull.updated_at.strftime("%Y%m%dT%H%M%SZ")), json(pull)),
                Known::Missing(missing) => (format!("{number}-none"), json(&NoPull { number, missing: *missing })),
            };
            shelves.entry(shelf_of(number)).or_default().push(file);
        }
        shelves.into_iter().try_for_each(|(shelf, files)| shelf::put(root, &folder.join(shelf.to_string()), &files))
    }

    /// All numbers that are recorded for a repository.
    pub(crate) fn recorded_numbers(&self, host: &str, repo: &RepoId) -> Result<BTreeSet<PullNumber>, RecordingError> {
        if let Some(imported) = self.imported() {
            return Ok(imported.numbers(repo));
        }
        let folder = repo_folder(self.folder(), "pulls", host, repo);
        let mut numbers = BTreeSet::new();
        let shelves = match std::fs::read_dir(&folder) {
            Ok(shelves) => shelves,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(numbers),
            Err(source) => return Err(super::io("list", &folder, source)),
        };
        for shelf in shelves.flatten() {
            let pulls = shelf::list(&shelf.path())?.into_iter().filter(|entry| !entry.key.ends_with("-none"));
            numbers.extend(pulls.filter_map(|entry| number_of(&entry)));
        }
        Ok(numbers)
    }

    /// The pull requests of commits, with the time they were asked for; in recordings of others that time is not known.
    pub(crate) fn commits(
        &self,
        host: &str,
        repo: &RepoId,
        commits: &[ObjectId],
    ) -> Result<Loaded<ObjectId, CommitFile>, RecordingError> {
        let mut loaded = Loaded { known: BTreeMap::new(), damaged: BTreeMap::new() };
        for commit in commits {
            if let Some(imported) = self.imported() {
                let pulls = imported.pulls_of(repo, commit);
                let file = CommitFile { commit: commit.clone(), asked_at: Timestamp::UNIX_EPOCH, pulls };
                loaded.known.insert(commit.clone(), file);
                continue;
            }
            match self.commit(host, repo, commit) {
                Ok(Some(file)) => drop(loaded.known.insert(commit.clone(), file)),
                Ok(None) => {}
                Err(error @ (RecordingError::Damaged { .. } | RecordingError::TooLarge { .. })) => {
                    loaded.damaged.insert(commit.clone(), error);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(loaded)
    }

    fn commit(&self, host: &str, repo: &RepoId, commit: &ObjectId) -> Result<Option<CommitFile>, RecordingError> {
        let folder = commit_folder(self.folder(), host, repo, commit);
        let Some(entry) = shelf::find(&folder, commit.as_str())? else { return Ok(None) };
        let Some(bytes) = shelf::read(&entry, MAX_RECORD)? else { return Ok(None) };
        parse::<CommitFile>(&entry.path, &bytes).map(Some)
    }

    /// Writes the pull requests of commits down.
    pub(crate) fn put_commits(&self, host: &str, repo: &RepoId, files: &[CommitFile]) -> Result<(), RecordingError> {
        let root = self.writable()?;
        files.iter().try_for_each(|file| {
            let folder = commit_folder(root, host, repo, &file.commit);
            shelf::put(root, &folder, &[(file.commit.to_string(), json(file))])
        })
    }
}

fn read_known(entry: &shelf::Entry, number: PullNumber) -> Result<Option<Known>, RecordingError> {
    let Some(bytes) = shelf::read(entry, MAX_RECORD)? else { return Ok(None) };
    let (known, found) = if entry.key.ends_with("-none") {
        let file: NoPull = parse(&entry.path, &bytes)?;
        (Known::Missing(file.missing), file.number)
    } else {
        let record: PullRecord = parse(&entry.path, &bytes)?;
        let number = record.number;
        (Known::Pull(Box::new(record)), number)
    };
    if found == number {
        return Ok(Some(known));
    }
    let detail = format!("it holds number {found}");
    Err(RecordingError::Damaged { path: entry.path.clone(), detail })
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, RecordingError> {
    serde_json::from_slice(bytes)
        .map_err(|error| RecordingError::Damaged { path: path.to_owned(), detail: error.to_string() })
}

/// The bytes of a file. Nothing that is recorded can fail to become JSON: there are no maps with other keys than text.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn number_of(entry: &shelf::Entry) -> Option<PullNumber> {
    entry.key.split_once('-')?.0.parse().ok()
}

fn shelf_of(number: PullNumber) -> u64 {
    number.get() / 1000
}

pub(super) fn repo_folder(root: &Path, area: &str, host: &str, repo: &RepoId) -> PathBuf {
    let (owner, name) = repo.key();
    root.join(area).join(host_folder(host)).join(owner).join(name)
}

fn commit_folder(root: &Path, host: &str, repo: &RepoId, commit: &ObjectId) -> PathBuf {
    repo_folder(root, "commits", host, repo).join(&commit.as_str()[..2])
}
