//! cli-kit as a process: channels, exit codes, signals.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod process;
