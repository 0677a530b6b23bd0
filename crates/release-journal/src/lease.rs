//! Leases: one run at a time on one subject, with nothing but create-only objects.
//!
//! A lease is a chain of numbered records `leases/<subject>/<number>.json`. The record with the highest number rules.
//! Taking, renewing and giving back a lease each **create the next number**; of two runs that try at once the store lets one
//! through, so no clock and no lock server is trusted for exclusion. Clocks only decide when a silent holder is given up.
//! Records that are superseded are removed by whoever superseded them.

use std::{fmt, future::Future, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Clock, Created, Store, StoreError, record::RunId};

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// A person or a job, as they name themselves.
    pub name: String,
    /// The machine.
    pub host: String,
    /// The process on that machine.
    pub pid: u32,
    /// The run that is being applied.
    pub run: RunId,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} on {}, process {})", self.name, self.run, self.host, self.pid)
    }
}

/// One link of a lease's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRecord {
    /// Who wrote it.
    pub holder: Holder,
    /// When the holder took the lease.
    pub acquired: Timestamp,
    /// When it ends unless it is renewed.
    pub expires: Timestamp,
    /// Held or given back.
    pub state: LeaseState,
}

/// Whether a lease is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeaseState {
    /// By the holder, until it expires.
    Held,
    /// By nobody.
    Released,
}

/// Why a lease was not taken or not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// Another run has it.
    #[error("`{subject}` is held by {holder} until {until}")]
    Held {
        /// What the lease is about.
        subject: String,
        /// Who has it.
        holder: Box<Holder>,
        /// Until when, unless renewed.
        until: Timestamp,
    },
    /// We had it, and somebody took it over after it had expired.
    #[error("the lease on `{subject}` was lost; it expired at {expired} and another run took it")]
    Lost {
        /// What the lease is about.
        subject: String,
        /// When ours ended.
        expired: Timestamp,
    },
    /// A record cannot be read.
    #[error("lease record `{name}` cannot be read")]
    Malformed {
        /// The record.
        name: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A lease that we hold.
#[derive(Debug)]
pub struct Lease<S> {
    store: S,
    subject: String,
    number: u64,
    record: LeaseRecord,
    ttl: Duration,
    clock: Clock,
}

fn name_of(subject: &str, number: u64) -> String {
    format!("leases/{subject}/{number:012}.json")
}

fn add(at: Timestamp, ttl: Duration) -> Timestamp {
    at.checked_add(ttl).unwrap_or(Timestamp::MAX)
}

async fn head<S: Store>(store: &S, subject: &str) -> Result<(u64, Option<LeaseRecord>), LeaseError> {
    loop {
        let names = store.list(&format!("leases/{subject}/")).await?;
        let Some(name) = names.last() else { return Ok((0, None)) };
        let number = name
            .rsplit('/')
            .next()
            .and_then(|last| last.strip_suffix(".json"))
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| StoreError::BadName { name: name.clone() })?;
        // The holder removes records it has superseded: if this one is gone, a higher one exists.
        if let Some(bytes) = store.read(name).await? {
            let record = serde_json::from_slice(&bytes)
                .map_err(|source| LeaseError::Malformed { name: name.clone(), source })?;
            return Ok((number, Some(record)));
        }
    }
}

/// Makes `number` the head of the chain; says whether we were the one.
///
/// Superseded records are removed, so a number may be free because the chain has long passed it: only a record that is the
/// head after it was made counts.
async fn create<S: Store>(store: &S, subject: &str, number: u64, record: &LeaseRecord) -> Result<bool, LeaseError> {
    let name = name_of(subject, number);
    let bytes = serde_json::to_vec(record).map_err(|source| LeaseError::Malformed { name: name.clone(), source })?;
    if store.create(&name, &bytes).await? == Created::Exists {
        return Ok(false);
    }
    if head(store, subject).await?.0 != number {
        store.remove(&name).await?;
        return Ok(false);
    }
    Ok(true)
}

impl<S: Store> Lease<S> {
    /// Takes the lease on `subject` for `ttl`.
    ///
    /// A lease is free when nobody took it yet, when it was given back, when it expired, or when `gone` says that the
    /// process that holds it no longer runs (answer `false` whenever in doubt, e.g. for another machine).
    ///
    /// # Errors
    /// [`LeaseError::Held`] names the holder.
    pub async fn acquire(
        store: S,
        subject: &str,
        holder: Holder,
        ttl: Duration,
        clock: Clock,
        gone: impl Fn(&Holder) -> bool + Send + Sync,
    ) -> Result<Self, LeaseError> {
        loop {
            let (number, current) = head(&store, subject).await?;
            let now = clock.now();
            if let Some(current) = current
                && current.state == LeaseState::Held
                && current.expires > now
                && !gone(&current.holder)
            {
                return Err(LeaseError::Held {
                    subject: subject.to_owned(),
                    holder: Box::new(current.holder),
                    until: current.expires,
                });
            }
            let record =
                LeaseRecord { holder: holder.clone(), acquired: now, expires: add(now, ttl), state: LeaseState::Held };
            // If somebody else was first, look again and report them.
            if create(&store, subject, number + 1, &record).await? {
                if number > 0 {
                    store.remove(&name_of(subject, number)).await?;
                }
                return Ok(Self { store, subject: subject.to_owned(), number: number + 1, record, ttl, clock });
            }
        }
    }

    /// The record that rules on `subject` at present, if there is one.
    ///
    /// # Errors
    /// When the store fails or holds a malformed record.
    pub async fn current(store: &S, subject: &str) -> Result<Option<LeaseRecord>, LeaseError> {
        Ok(head(store, subject).await?.1)
    }

    /// Our record.
    pub fn record(&self) -> &LeaseRecord {
        &self.record
    }

    /// Moves the end of the lease to one time-to-live from now.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] when somebody took the lease over meanwhile.
    pub async fn renew(&mut self) -> Result<(), LeaseError> {
        let expires = add(self.clock.now(), self.ttl);
        let superseded = self.number;
        if !self.append(LeaseRecord { expires, ..self.record.clone() }).await? {
            return Err(self.lost());
        }
        self.store.remove(&name_of(&self.subject, superseded)).await?;
        Ok(())
    }

    /// Makes sure that the lease is still ours, renewing it when less than half of its time is left.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] when it is not.
    pub async fn ensure(&mut self) -> Result<(), LeaseError> {
        let half = add(self.clock.now(), self.ttl / 2);
        if self.record.expires <= half {
            return self.renew().await;
        }
        match head(&self.store, &self.subject).await? {
            (number, _) if number == self.number => Ok(()),
            _ => Err(self.lost()),
        }
    }

    /// Runs `work` while renewing the lease in time.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] when the lease is lost; `work` is then dropped at its next await.
    pub async fn keep<T>(&mut self, work: impl Future<Output = T>) -> Result<T, LeaseError> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                result = &mut work => return Ok(result),
                () = tokio::time::sleep(self.ttl / 3) => self.renew().await?,
            }
        }
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// When the store fails; the lease then ends by itself.
    pub async fn release(mut self) -> Result<(), LeaseError> {
        let superseded = self.number;
        if self.append(LeaseRecord { state: LeaseState::Released, ..self.record.clone() }).await? {
            self.store.remove(&name_of(&self.subject, superseded)).await?;
        }
        Ok(())
    }

    async fn append(&mut self, record: LeaseRecord) -> Result<bool, LeaseError> {
        let new = create(&self.store, &self.subject, self.number + 1, &record).await?;
        if new {
            self.number += 1;
            self.record = record;
        }
        Ok(new)
    }

    fn lost(&self) -> LeaseError {
        LeaseError::Lost { subject: self.subject.clone(), expired: self.record.expires }
    }
}

/// The subjects that leases were ever taken on, sorted.
///
/// # Errors
/// When the store fails.
pub async fn lease_subjects<S: Store>(store: &S) -> Result<Vec<String>, StoreError> {
    let names = store.list("leases/").await?;
    let subjects = names.iter().filter_map(|name| name.strip_prefix("leases/")?.rsplit_once('/'));
    let subjects: std::collections::BTreeSet<&str> = subjects.map(|(subject, _)| subject).collect();
    Ok(subjects.into_iter().map(str::to_owned).collect())
}
