#![doc = include_str!("../README.md")]

mod apply;
mod error;
mod observe;
mod plan;

pub use apply::{Proposed, apply};
pub use error::Error;
pub use observe::{Places, observe};
pub use plan::{Holds, Observed, OpenPull, PlanError, Proposal, ProposalPlan, PullAction, Push, plan};
