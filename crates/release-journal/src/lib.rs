#![doc = include_str!("../README.md")]

mod approval;
mod canonical;
mod clock;
mod interrupt;
mod journal;
mod lease;
mod plan;
mod progress;
mod record;
mod step;
mod store;

pub use approval::{Approval, Approved, NotMock, Refused};
pub use canonical::{CanonicalError, canonical_json};
pub use clock::Clock;
pub use interrupt::Interrupt;
pub use journal::{Journal, JournalError, OpenOptions, RunError};
pub use lease::{Holder, Lease, LeaseError, LeaseRecord, LeaseState, lease_subjects};
pub use plan::{Fingerprint, ParseFingerprintError, Plan, Reach};
pub use progress::{Event, NoProgress, Phase, ProgressSink, StepOutcome, Unit};
pub use record::{Entry, History, HistoryError, Record, RunId, RunState, list_runs};
pub use step::{Difference, InvalidStepId, Observed, SkipReason, Step, StepId};
pub use store::{Created, FolderStore, MemoryStore, Store, StoreError};
