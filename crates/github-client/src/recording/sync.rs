//! How far changes of a repository were looked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::pulls::{json, repo_folder};
use super::{Recording, RecordingError, io, shelf};
use crate::{PullNumber, RepoId};

/// The largest state that is read.
const MAX_STATE: u64 = 64 << 20;
/// Changes that GitHub's lists may not show yet, with the time that a request may take: copies lag, and times are whole seconds.
const LAG: SignedDuration = SignedDuration::from_secs(120);
/// A process that asked for a pull request longer ago than this is not about to write it down any more.
const IN_FLIGHT: SignedDuration = SignedDuration::from_hours(24);

/// What is known about the age of the records of a repository: each was the newest at `synced_at`, but for the exceptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SyncState {
    /// All changes before this time are accounted for.
    pub(crate) synced_at: Timestamp,
    /// Pull requests that were seen to have changed, and when.
    #[serde(default)]
    pub(crate) changed: BTreeMap<PullNumber, Timestamp>,
    /// Records that could not be checked when the list of changes did not reach back.
    #[serde(default)]
    pub(crate) unchecked: BTreeSet<PullNumber>,
}

impl SyncState {
    /// What was asked for until this time of the server is known.
    pub(crate) fn before(time: Timestamp) -> Self {
        Self::at(time.checked_sub(LAG).unwrap_or(time))
    }

    fn at(time: Timestamp) -> Self {
        Self { synced_at: time, changed: BTreeMap::new(), unchecked: BTreeSet::new() }
    }

    /// Whether a record of this age may be used.
    pub(crate) fn holds(&self, number: PullNumber, updated_at: Timestamp) -> bool {
        !self.unchecked.contains(&number) && self.changed.get(&number).is_none_or(|changed| *changed <= updated_at)
    }

    /// Adds what another process found out. Both accounts begin at a time when all was known, so together they reach to the later end.
    fn merge(&mut self, other: Self) {
        self.synced_at = self.synced_at.max(other.synced_at);
        for (number, time) in other.changed {
            let known = self.changed.entry(number).or_insert(time);
            *known = (*known).max(time);
        }
        self.unchecked.extend(other.unchecked);
    }
}

impl Recording {
    /// The state of a repository, as last written. A damaged one is as good as none.
    pub(crate) fn sync_state(&self, host: &str, repo: &RepoId) -> Result<Option<SyncState>, RecordingError> {
        let path = state_path(self.folder(), host, repo);
        match shelf::read_bounded(&path, MAX_STATE) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(RecordingError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(RecordingError::TooLarge { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Before the first records of a repository are written, the time is written from which on changes have to be looked for. Records that
    /// are there already may be of any age.
    pub(crate) fn begin_sync(&self, host: &str, repo: &RepoId, time: Timestamp) -> Result<(), RecordingError> {
        if state_path(self.folder(), host, repo).exists() {
            return Ok(());
        }
        let state = SyncState { unchecked: self.recorded_numbers(host, repo)?, ..SyncState::before(time) };
        self.put_sync_state(host, repo, state, &BTreeMap::new()).map(drop)
    }

    /// Adds to the state what was found out; `recorded` holds records that were checked or written just now, with their age.
    pub(crate) fn put_sync_state(
        &self,
        host: &str,
        repo: &RepoId,
        found: SyncState,
        recorded: &BTreeMap<PullNumber, Timestamp>,
    ) -> Result<SyncState, RecordingError> {
        let path = state_path(self.writable()?, host, repo);
        let folder = path.parent().unwrap_or(&path);
        shelf::create_folder(folder)?;
        let lock_path = path.with_extension("lock");
        let lock = shelf::open_lock(&lock_path)?;
        lock.lock().map_err(|source| io("lock", &lock_path, source))?;
        let mut state = found;
        if let Some(known) = self.sync_state(host, repo)? {
            state.merge(known);
        }
        let old = state.synced_at.checked_sub(IN_FLIGHT).unwrap_or(state.synced_at);
        state.unchecked.retain(|number| !recorded.contains_key(number));
        // What records hold by now need not be remembered, nor what nobody asked for and nobody can be about to write.
        let in_folder = self.recorded_numbers(host, repo)?;
        state.changed.retain(|number, changed| match recorded.get(number) {
            Some(updated_at) => *updated_at < *changed,
            None => in_folder.contains(number) || *changed > old,
        });
        shelf::write_whole(&path, &json(&state))?;
        // The lock goes with the file handle.
        drop(lock);
        Ok(state)
    }
}

fn state_path(root: &Path, host: &str, repo: &RepoId) -> PathBuf {
    let folder = repo_folder(root, "sync", host, repo);
    // A name may hold dots, so the ending is added rather than replaced.
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".json");
    folder.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: u64) -> PullNumber {
        PullNumber::new(number).unwrap()
    }

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn accounts_of_two_processes_are_joined() {
        let folder = tempfile::tempdir().unwrap();
        let recording = Recording::open(&folder.path().join("r")).unwrap();
        let repo = "o/r.x".parse().unwrap();
        let put = |state, recorded: &[(u64, i64)]| {
            let recorded = recorded.iter().map(|(n, t)| (number(*n), time(*t))).collect();
            recording.put_sync_state("h", &repo, state, &recorded).unwrap()
        };
        assert_eq!(recording.sync_state("h", &repo).unwrap(), None);
        assert_eq!(put(SyncState::at(time(0)), &[]).synced_at, time(0));

        let one =
            SyncState { changed: [(number(1), time(50)), (number(2), time(60))].into(), ..SyncState::at(time(100)) };
        let two = SyncState { changed: [(number(1), time(70))].into(), ..SyncState::at(time(90)) };
        put(one, &[]);
        let both = put(two, &[]);
        assert_eq!(both.synced_at, time(100));
        assert_eq!(both.changed[&number(1)], time(70));
        assert!(!both.holds(number(1), time(60)) && both.holds(number(1), time(70)) && both.holds(number(3), time(1)));

        // A record that is new enough ends the exception; one that is not does not.
        let left = put(SyncState::at(time(100)), &[(1, 69), (2, 60)]);
        assert_eq!(left.changed.keys().copied().collect::<Vec<_>>(), [number(1)]);
        let left = put(SyncState { unchecked: [number(5)].into(), ..SyncState::at(time(100)) }, &[(1, 70)]);
        assert!(left.changed.is_empty() && !left.holds(number(5), time(99)));
        assert!(put(SyncState::at(time(100)), &[(5, 3)]).holds(number(5), time(3)));
        assert_eq!(recording.sync_state("h", &repo).unwrap().unwrap().synced_at, time(100));

        // Of what nobody recorded, only what is recent is remembered.
        let far = SyncState {
            changed: [(number(8), time(0)), (number(9), time(99_000))].into(),
            ..SyncState::at(time(100_000))
        };
        assert_eq!(put(far, &[]).changed.keys().copied().collect::<Vec<_>>(), [number(9)]);
    }
}
