//! What a run wrote down.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Approval, SkipReason, StepId, Store, StoreError, store::check_name};

/// Name of a run: the subject of its plan and the short fingerprint, e.g. `stage-v1.2.0-alpha.1-3f2a9c0b71de`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RunId {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains('/') {
            return Err(StoreError::BadName { name: text.chars().take(120).collect() });
        }
        check_name(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for RunId {
    type Error = StoreError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(run: RunId) -> Self {
        run.0
    }
}

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it: the holder's name and machine.
    pub by: String,
    /// About which step; nothing for the run as a whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step: Option<StepId>,
    /// What happened.
    pub entry: Entry,
}

/// What a [`Record`] says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Entry {
    /// The run was opened, for the first time or again; these are its steps, as far as they are known.
    Opened {
        /// Step ids in order.
        steps: Vec<StepId>,
    },
    /// The step is about to run.
    Intent,
    /// The destination shows the result.
    Done {
        /// The step's output.
        evidence: Value,
        /// Whether the step ran just before (otherwise the result was found there).
        ran: bool,
    },
    /// The step is not needed.
    NotNeeded {
        /// Why.
        reason: SkipReason,
    },
    /// The step failed.
    Failed {
        /// The error and its causes.
        error: String,
    },
    /// The run stopped at somebody's request.
    Interrupted,
    /// Every step is done.
    Complete,
}

/// Why a history cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// No such run.
    #[error("there is no run `{run}` in the journal")]
    NoSuchRun {
        /// The run.
        run: RunId,
    },
    /// An object of the journal cannot be read.
    #[error("journal object `{name}` cannot be read")]
    Malformed {
        /// The object.
        name: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far a run has come, by its own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Every step is done.
    Complete,
    /// The last thing written is a failure.
    Failed,
    /// It was stopped at somebody's request.
    Interrupted,
    /// Neither: it runs now, or it was killed.
    Unfinished,
}

/// All that a run wrote down. For people: nothing is decided by it.
#[derive(Debug, Clone)]
pub struct History {
    /// The run.
    pub run: RunId,
    /// The plan, as it was written.
    pub plan: Value,
    /// The approval, when the plan needed one.
    pub approval: Option<Approval>,
    /// The records in order.
    pub records: Vec<Record>,
}

impl History {
    /// Reads the history of `run`.
    ///
    /// # Errors
    /// [`HistoryError::NoSuchRun`], or what made an object unreadable.
    pub async fn read<S: Store>(store: &S, run: &RunId) -> Result<Self, HistoryError> {
        let Some(plan) = read_json(store, &format!("runs/{run}/plan.json")).await? else {
            return Err(HistoryError::NoSuchRun { run: run.clone() });
        };
        let approval = read_json(store, &format!("runs/{run}/approval.json")).await?;
        let mut records = Vec::new();
        for name in store.list(&format!("runs/{run}/records/")).await? {
            records.extend(read_json(store, &name).await?);
        }
        Ok(Self { run: run.clone(), plan, approval, records })
    }

    /// How far the run has come.
    #[must_use]
    pub fn state(&self) -> RunState {
        match self.records.last().map(|record| &record.entry) {
            Some(Entry::Complete) => RunState::Complete,
            Some(Entry::Failed { .. }) => RunState::Failed,
            Some(Entry::Interrupted) => RunState::Interrupted,
            _ => RunState::Unfinished,
        }
    }

    /// The steps in order of first mention, each with the last thing written about it.
    #[must_use]
    pub fn steps(&self) -> Vec<(StepId, Option<&Record>)> {
        let mut order: Vec<StepId> = Vec::new();
        let mut last: BTreeMap<StepId, &Record> = BTreeMap::new();
        for record in &self.records {
            if let Entry::Opened { steps } = &record.entry {
                for step in steps {
                    if !order.contains(step) {
                        order.push(step.clone());
                    }
                }
            }
            if let Some(step) = &record.step {
                if !order.contains(step) {
                    order.push(step.clone());
                }
                last.insert(step.clone(), record);
            }
        }
        order
            .into_iter()
            .map(|step| {
                let record = last.get(&step).copied();
                (step, record)
            })
            .collect()
    }
}

pub(crate) async fn read_json<S: Store, T: DeserializeOwned>(store: &S, name: &str) -> Result<Option<T>, HistoryError> {
    match store.read(name).await? {
        Some(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| HistoryError::Malformed { name: name.to_owned(), source }),
        None => Ok(None),
    }
}

/// The runs a store knows, sorted by name.
///
/// # Errors
/// When the store fails.
pub async fn list_runs<S: Store>(store: &S) -> Result<Vec<RunId>, HistoryError> {
    let names = store.list("runs/").await?;
    Ok(names
        .iter()
        .filter_map(|name| name.strip_prefix("runs/")?.strip_suffix("/plan.json"))
        .filter_map(|run| run.parse().ok())
        .collect())
}
