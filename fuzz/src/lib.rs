//! What several targets ask of their results.

pub mod inert;
