//! REST, one file an area.

mod limits;
mod raw;
pub(crate) mod repos;
