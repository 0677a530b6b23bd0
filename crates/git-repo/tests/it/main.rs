//! Real repositories; the git program is the judge.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panic, as tests do")]

mod bundle;
mod components;
mod fetch;
mod mirror;
mod push;
mod read;
mod support;
mod worktree;
mod write;
