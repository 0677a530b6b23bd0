//! The command as a process, and with a person at an editor.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod editor;
mod process;
