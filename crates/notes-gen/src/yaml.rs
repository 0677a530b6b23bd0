//! Reading YAML that strangers wrote: bounded in size, nesting and aliases.

use serde::de::DeserializeOwned;
use serde_saphyr::{Budget, Error, Options, options};

/// The largest YAML text that is read, in bytes.
pub const MAX_YAML: usize = 4 << 20;

/// Bounds for a text of the given length, so that aliases cannot make it grow far.
pub(crate) fn bounded(bytes: usize) -> Options {
    let mut budget = Budget::default();
    budget.max_reader_input_bytes = Some(MAX_YAML);
    budget.max_events = 16 * 1024 + bytes;
    budget.max_nodes = 16 * 1024 + bytes;
    budget.max_depth = 32;
    budget.max_documents = 4096;
    budget.max_aliases = 64;
    budget.max_anchors = 64;
    budget.max_total_scalar_bytes = 64 * 1024 + 2 * bytes;
    options! { budget: Some(budget), with_snippet: false, }
}

/// Why YAML text could not be read, and where.
pub(crate) struct YamlProblem {
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) message: String,
}

impl YamlProblem {
    pub(crate) fn new(error: &Error) -> Self {
        let place = error.location();
        // The place is told in fields of its own.
        let message = error.without_snippet().to_string();
        let message = message.lines().next().unwrap_or_default();
        let message = message.rsplit_once(" at line ").map_or(message, |(said, _)| said).trim().to_owned();
        let (line, column) = place.map_or((0, 0), |place| (place.line(), place.column()));
        Self { line, column, message }
    }
}

/// One document of a known type.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, YamlProblem> {
    if text.len() > MAX_YAML {
        let message = format!("{} bytes are more than the {MAX_YAML} that are read", text.len());
        return Err(YamlProblem { line: 1, column: 1, message });
    }
    serde_saphyr::from_str_with_options(text, bounded(text.len())).map_err(|error| YamlProblem::new(&error))
}
