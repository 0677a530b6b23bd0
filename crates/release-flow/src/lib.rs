#![doc = include_str!("../README.md")]

mod announce;
mod apply;
pub mod config;
pub mod doctor;
pub mod engine;
mod error;
pub mod forge;
pub mod inventory;
pub mod manifest;
mod mock;
mod notes;
pub mod observe;
pub mod places;
pub mod plan;
mod release;
mod resolve;
mod runner;
mod stage;
mod steps;
mod store;
pub mod verify;

pub use announce::{AnnounceRequest, plan_announce};
pub use apply::{Announced, Applied, Released, Staged, apply};
pub use error::Error;
pub use mock::{Reset, reset_mock};
pub use release::{ReleaseRequest, plan_release};
pub use resolve::{Rules, StageRequest, StaleBuild};
pub use runner::{Runner, host};
pub use stage::{places, plan_stage};
pub use store::BucketStore;
