use crate::cve::CveProblem;

/// Why a map cannot be used. Name and place of the file are told, and words of this crate; nothing of what the file says, except
/// an unknown key of a file without embargo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct MapError {
    /// The file's name.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: MapProblem,
}

/// What is wrong with a map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MapProblem {
    /// Not YAML of the kind that is read.
    #[error("{what}")]
    Yaml {
        /// What is wrong.
        what: &'static str,
    },
    /// The document is not a map.
    #[error("a map with the key `pr` is expected here")]
    NotAMap,
    /// A key that maps do not have.
    #[error("unknown key{}{hint}", key.as_ref().map(|key| format!(" `{key}`")).unwrap_or_default())]
    UnknownKey {
        /// The key; nothing in a file under embargo.
        key: Option<String>,
        /// What may be meant.
        hint: String,
    },
    /// A value of another type.
    #[error("`{key}` must be {expected}")]
    Type {
        /// The key.
        key: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// The document names no pull request.
    #[error("`pr` is missing")]
    MissingPull,
    /// The CVE record of the document cannot be published.
    #[error("the `cve` record cannot be used: {0}")]
    Cve(CveProblem),
}
