#![doc = include_str!("../README.md")]

mod address;
mod apply;
mod error;
mod files;
mod observe;
mod plan;

pub use address::{Address, BadAddress};
pub use apply::{Proposed, apply};
pub use error::Error;
pub use files::{Files, FilesError};
pub use observe::{Places, observe};
pub use plan::{Holds, MadeCommit, Observed, OpenPull, PlanError, Proposal, ProposalPlan, PullAction, Push, plan};
