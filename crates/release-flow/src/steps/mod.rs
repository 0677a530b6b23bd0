//! The steps: each one effect, with the means to see at its destination whether it has happened.

pub(crate) mod ahead;
pub(crate) mod announce;
pub(crate) mod build;
pub(crate) mod changelog;
pub(crate) mod images;
pub(crate) mod manifest;
pub(crate) mod package;
pub(crate) mod page;
pub(crate) mod publish;
pub(crate) mod push;
pub(crate) mod section;
pub(crate) mod source;
pub(crate) mod texts;
pub(crate) mod upload;

use release_journal::{Difference, Observed, StepId};

/// A step id from parts that plans have checked: versions, tags, build versions, marker names.
pub(crate) fn id(kind: &str, subject: impl ToString) -> StepId {
    StepId::new(kind, subject.to_string()).expect("versions, tags and object names hold no white space")
}

pub(crate) fn different<O>(subject: impl Into<String>, expected: impl ToString, found: impl ToString) -> Observed<O> {
    Observed::Different(Difference {
        subject: subject.into(),
        expected: expected.to_string(),
        found: found.to_string(),
    })
}
