//! Pull requests through the recording: what is known to be unchanged is not asked for again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::recording::{Known, SyncState};
use crate::transport::on_disk;
use crate::{Error, Event, GithubClient, Mode, PullBatch, PullNumber, PullRecord, PullState, RecordingError, RepoId};

impl GithubClient {
    /// Pull requests by number, by the least number of requests. Without a recording all are asked for. With one:
    /// [`Mode::Record`] asks for all and writes them down; [`Mode::Cache`] asks what changed since the last time (one request), and for
    /// those alone; [`Mode::Offline`] and [`Mode::Replay`] ask for nothing.
    ///
    /// A run that is stopped keeps what it had. Several may use the same folder at once.
    ///
    /// # Errors
    /// What concerns all numbers. What concerns one is in [`PullBatch::failed`].
    pub async fn cached_pulls(&self, repo: &RepoId, numbers: &[PullNumber]) -> Result<PullBatch, Error> {
        match &self.recording {
            None | Some((_, Mode::Record)) => self.pulls_by_number(repo, numbers).await,
            Some((_, Mode::Replay | Mode::Offline)) => self.recorded_pulls(repo, numbers).await,
            Some((_, Mode::Cache)) => self.refreshed_pulls(repo, numbers).await,
        }
    }

    async fn refreshed_pulls(&self, repo: &RepoId, numbers: &[PullNumber]) -> Result<PullBatch, Error> {
        let known = self.known_pulls(repo, numbers).await?;
        let merged: BTreeMap<PullNumber, Timestamp> =
            known.iter().filter_map(|(number, known)| Some((*number, age(known)?))).collect();
        let fresh = if merged.is_empty() { BTreeSet::new() } else { self.still_fresh(repo, merged).await? };
        let mut batch = PullBatch::default();
        let mut stale = Vec::new();
        let wanted: BTreeSet<PullNumber> = numbers.iter().copied().collect();
        let mut known = known;
        for number in wanted {
            match known.remove(&number) {
                Some(known) if fresh.contains(&number) => batch.add(number, known),
                // Also what was missing: a number may be taken by now, and an issue may have become a pull request.
                _ => stale.push(number),
            }
        }
        if !stale.is_empty() {
            let asked = self.pulls_by_number(repo, &stale).await?;
            self.end_sync(repo, asked.found.values()).await?;
            batch.extend(asked);
        }
        Ok(batch)
    }

    async fn known_pulls(&self, repo: &RepoId, numbers: &[PullNumber]) -> Result<BTreeMap<PullNumber, Known>, Error> {
        let Some((recording, _)) = &self.recording else { return Ok(BTreeMap::new()) };
        let (recording, host, of) = (recording.clone(), self.shared.endpoints.host.clone(), repo.clone());
        let wanted = numbers.to_vec();
        let loaded = on_disk(move || recording.pulls(&host, &of, &wanted)).await?;
        for error in loaded.damaged.into_values() {
            match error {
                // What cannot be read is asked for again, and then written anew.
                RecordingError::Damaged { path, .. } | RecordingError::TooLarge { path, .. } => {
                    self.shared.tell(&Event::DamagedFile { path });
                }
                error => return Err(error.into()),
            }
        }
        Ok(loaded.known)
    }

    /// Those of the recorded pull requests, given with their age, that did not change since. The state is brought up to date.
    async fn still_fresh(
        &self,
        repo: &RepoId,
        recorded: BTreeMap<PullNumber, Timestamp>,
    ) -> Result<BTreeSet<PullNumber>, Error> {
        let Some((recording, _)) = &self.recording else { return Ok(BTreeSet::new()) };
        let (reader, host, of) = (recording.clone(), self.shared.endpoints.host.clone(), repo.clone());
        let state = on_disk(move || reader.sync_state(&host, &of)).await?;
        let page = self.updated_page(repo, None, None).await?;
        let mut found = SyncState::before(page.time);
        found.changed = page.pulls().map(|pull| (pull.number, pull.updated_at)).collect();
        let mut ages = recorded.clone();
        match state.filter(|state| page.reaches(state.synced_at)) {
            // The list reaches back to where the last one began, so it and the exceptions of the state tell everything.
            Some(state) => {
                for (number, changed) in state.changed {
                    let known = found.changed.entry(number).or_insert(changed);
                    *known = (*known).max(changed);
                }
                found.unchecked = state.unchecked;
            }
            // Too much happened, or nobody knows since when: each is asked for its time, and the others stay to be checked.
            None => {
                let (reader, host, of) = (recording.clone(), self.shared.endpoints.host.clone(), repo.clone());
                found.unchecked = on_disk(move || reader.recorded_numbers(&host, &of)).await?;
                self.check_ages(repo, recorded.keys().copied().collect(), &mut found, &mut ages).await?;
            }
        }
        let unchecked: Vec<PullNumber> =
            recorded.keys().copied().filter(|number| found.unchecked.contains(number)).collect();
        if !unchecked.is_empty() {
            self.check_ages(repo, unchecked, &mut found, &mut ages).await?;
        }
        let (writer, host, of) = (recording.clone(), self.shared.endpoints.host.clone(), repo.clone());
        let state = found.clone();
        let state = on_disk(move || writer.put_sync_state(&host, &of, state, &ages)).await?;
        Ok(recorded.into_iter().filter(|(number, age)| state.holds(*number, *age)).map(|(number, _)| number).collect())
    }

    /// Asks for the time of the last change of each, and takes them off the list of those to be checked.
    async fn check_ages(
        &self,
        repo: &RepoId,
        numbers: Vec<PullNumber>,
        found: &mut SyncState,
        ages: &mut BTreeMap<PullNumber, Timestamp>,
    ) -> Result<(), Error> {
        let times = self.updated_at(repo, &numbers).await?;
        for number in numbers {
            found.unchecked.remove(&number);
            match times.get(&number) {
                Some(time) => drop(found.changed.insert(number, *time)),
                // It is gone, so what is recorded cannot be trusted; asking for it will tell.
                None => {
                    ages.remove(&number);
                    found.changed.insert(number, Timestamp::MAX);
                }
            }
        }
        Ok(())
    }

    /// Records that were just written are no exceptions any more.
    async fn end_sync<'a>(&self, repo: &RepoId, written: impl Iterator<Item = &'a PullRecord>) -> Result<(), Error> {
        let Some((recording, _)) = &self.recording else { return Ok(()) };
        let written: BTreeMap<PullNumber, Timestamp> = written.map(|pull| (pull.number, pull.updated_at)).collect();
        let (recording, host, of) = (recording.clone(), self.shared.endpoints.host.clone(), repo.clone());
        on_disk(move || match recording.sync_state(&host, &of)? {
            Some(state) if written.keys().any(|n| state.unchecked.contains(n) || state.changed.contains_key(n)) => {
                recording.put_sync_state(&host, &of, state, &written).map(drop)
            }
            _ => Ok(()),
        })
        .await
    }
}

/// The age of a record that the list of merged pull requests can tell to be unchanged.
fn age(known: &Known) -> Option<Timestamp> {
    match known {
        Known::Pull(pull) if pull.state == PullState::Merged => Some(pull.updated_at),
        _ => None,
    }
}
