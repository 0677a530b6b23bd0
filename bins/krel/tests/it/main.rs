//! The built program, as a process, on real repositories and folders.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panic, as tests do")]

mod approvals;
mod build_trouble;
mod command_line;
mod containers;
mod disk_full;
mod images;
mod json;
mod kill;
mod lines;
mod meanwhile;
mod notes;
mod projects;
mod proposals;
mod refusals;
mod reset;
mod tampering;
mod together;
mod verify;
mod world;
