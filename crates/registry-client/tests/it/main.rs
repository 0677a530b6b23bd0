//! Images on disk, judged by their bytes, by the published schemas and by programs that are not ours.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests fail by panic, and say what they skip")]

mod archives;
mod builder;
mod components;
mod hostile;
mod layout;
mod properties;
mod schemas;
mod store;
mod support;
