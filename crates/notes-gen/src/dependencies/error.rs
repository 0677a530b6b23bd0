use super::MAX_MANIFEST;

/// What is wrong in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestProblem {
    /// Larger than [`MAX_MANIFEST`].
    #[error("{bytes} bytes are more than the {MAX_MANIFEST} that are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Not UTF-8.
    #[error("it is not text in UTF-8")]
    NotText,
    /// A line is not as the format wants it.
    #[error("line {line}: expected {expected}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// Not JSON, or JSON of another shape.
    #[error("line {line}, column {column}: {message}")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the JSON reader expected.
        message: String,
    },
    /// A name or version holds characters that none of the package managers allows, for example blanks or brackets.
    #[error("`{text}` is not a name or version of a package")]
    NotAName {
        /// The text, escaped and cut.
        text: String,
    },
    /// The format is newer than this code.
    #[error("version {version} of the format is not known")]
    UnknownFormat {
        /// The version that the file states.
        version: String,
    },
}

/// A manifest cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read `{path}`")]
pub struct ManifestError {
    /// The file, from the root of the repository.
    pub path: String,
    /// Why.
    #[source]
    pub problem: ManifestProblem,
}

/// Two revisions cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError<E: std::error::Error + 'static> {
    /// The caller's function failed.
    #[error("cannot get `{path}`")]
    Read {
        /// The file, from the root of the repository.
        path: String,
        /// What the function said.
        source: E,
    },
    /// A manifest is malformed at the revision before.
    #[error("the revision before has a malformed manifest")]
    Before(#[source] ManifestError),
    /// A manifest is malformed at the revision after.
    #[error("the revision after has a malformed manifest")]
    After(#[source] ManifestError),
}
