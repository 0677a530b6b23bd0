//! Plans on real repositories, and inputs of all kinds.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panic, as tests do")]

mod config;
mod cut;
mod hostile;
mod plan;
mod preset;
mod world;
