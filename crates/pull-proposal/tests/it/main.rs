//! Integration tests of `pull-proposal`.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod planning;
mod proposing;
