#![doc = include_str!("../README.md")]

mod error;
mod plan;

pub use error::Error;
pub use plan::{Merged, Observed, OpenPull, PlanError, Proposal, ProposalPlan, PullAction, Push, plan};
