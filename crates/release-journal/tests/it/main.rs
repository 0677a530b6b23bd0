//! The engine against stores that fail, clocks that jump, and worlds that were left half-done.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod approval;
mod journal;
mod kill;
mod lease;
mod store;
mod world;
