//! Ranges, sources and files of release notes, on real repositories.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod comparing;
mod discovering;
mod ranges;
mod reading;
