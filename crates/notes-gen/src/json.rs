use std::collections::BTreeMap;

use crate::{Note, Notes};

/// Writes the notes as the original does: one object keyed by number as text (so `100` comes before `99`), two blanks of
/// indentation, `<`, `>`, `&` and the two Unicode line separators escaped, no newline at the end.
pub fn to_json(notes: &Notes) -> String {
    let by_text: BTreeMap<String, &Note> = notes.iter().map(|note| (note.pr_number.to_string(), note)).collect();
    let plain = serde_json::to_string_pretty(&by_text).expect("notes hold only text, numbers and flags");
    escape_json(&plain)
}

/// JSON that is inert inside HTML, as the original's encoder writes it. These characters occur in JSON inside strings only, so the
/// whole text may be searched.
pub(crate) fn escape_json(plain: &str) -> String {
    let mut json = String::with_capacity(plain.len() + plain.len() / 16);
    for character in plain.chars() {
        match character {
            '<' => json.push_str("\\u003c"),
            '>' => json.push_str("\\u003e"),
            '&' => json.push_str("\\u0026"),
            '\u{2028}' => json.push_str("\\u2028"),
            '\u{2029}' => json.push_str("\\u2029"),
            other => json.push(other),
        }
    }
    json
}

/// The text is not a map of notes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseNotesError {
    /// Not JSON, or a record without its fields.
    #[error("malformed notes at line {line}, column {column}: {message}")]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the JSON reader expected.
        message: String,
    },
    /// A key names another pull request than its record.
    #[error("the note under `{key}` says that it belongs to pull request {number}")]
    KeyMismatch {
        /// The key.
        key: String,
        /// The record's number.
        number: crate::PullNumber,
    },
}

/// Reads what [`to_json`] wrote, or the original's `release-notes-draft.json`.
pub fn from_json(json: &str) -> Result<Notes, ParseNotesError> {
    let by_text: BTreeMap<String, Note> = serde_json::from_str(json).map_err(|error| ParseNotesError::Malformed {
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    })?;
    for (key, note) in &by_text {
        if *key != note.pr_number.to_string() {
            return Err(ParseNotesError::KeyMismatch { key: key.clone(), number: note.pr_number });
        }
    }
    Ok(by_text.into_values().collect())
}
