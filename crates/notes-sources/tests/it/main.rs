//! Ranges, sources and files of release notes, on real repositories.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod changelogs;
mod comparing;
mod discovering;
mod github;
mod lines;
mod pages;
mod ranges;
mod reading;
