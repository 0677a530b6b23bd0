//! What the outside services accept and answer, as data of the shared folder; absent without it.
//!
//! A request of a client is held against a closed description: an unknown path, parameter or field is a mistake that the
//! service itself would often drop in silence. A reply of one of our fakes is judged by the types in it only, because
//! real replies lack fields that the description calls required.

mod graphql;
mod rest;
mod schemas;

use std::fmt;
use std::path::PathBuf;

pub use graphql::GraphqlContract;
pub(crate) use graphql::{Prepared, is_object_id};
pub use rest::{Operation, RestContract};

/// How a request or a reply breaks a contract, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(String);

impl Violation {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Violation {}

/// A file of the folder with contracts, or `None` when that folder is not there.
fn read(path: &str) -> Option<String> {
    let file: PathBuf = crate::shared_folder()?.join("contracts").join(path);
    if !file.is_file() {
        return None;
    }
    Some(std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display())))
}
