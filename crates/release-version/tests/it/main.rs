//! The rules of the release process as tables, then properties.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod branches;
mod forms;
mod markers;
mod next;
mod order;
mod parse;
mod properties;
mod semver_policy;
mod tags;
mod wild;
mod worked_rows;
