use std::collections::{BTreeMap, BTreeSet};

use crate::{Note, Notes, PullNumber};

/// The most bytes of notes that are read.
pub const MAX_NOTES: usize = 64 << 20;

/// How the same records are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum JsonForm {
    /// The draft: two blanks of indentation, no newline at the end.
    #[default]
    Draft,
    /// What the original's stand-alone command writes: the draft and a newline.
    StandAlone,
    /// For the notes web site: one line without a newline.
    Website,
}

/// Writes the notes as the original's drafts have them; see [`to_json_form`].
pub fn to_json(notes: &Notes) -> String {
    to_json_form(notes, JsonForm::Draft)
}

/// Writes the notes as the original does: one object keyed by number as text (so `100` comes before `99`), `<`, `>`, `&` and the two
/// Unicode line separators escaped. Lists keep their order.
pub fn to_json_form(notes: &Notes, form: JsonForm) -> String {
    let by_text: BTreeMap<String, &Note> = notes.iter().map(|note| (note.pr_number.to_string(), note)).collect();
    let plain = match form {
        JsonForm::Draft | JsonForm::StandAlone => serde_json::to_string_pretty(&by_text),
        JsonForm::Website => serde_json::to_string(&by_text),
    };
    let mut json = escape_json(&plain.expect("notes hold only text, numbers, flags and JSON"));
    if form == JsonForm::StandAlone {
        json.push('\n');
    }
    json
}

/// JSON that is inert inside HTML, as the original's encoder writes it. These characters occur in JSON inside strings only, so the
/// whole text may be searched.
pub(crate) fn escape_json(plain: &str) -> String {
    let mut json = String::with_capacity(plain.len() + plain.len() / 16);
    let mut rest = plain;
    while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        json.push_str(&rest[..at]);
        let mut characters = rest[at..].chars();
        json.push_str(match characters.next() {
            Some('<') => "\\u003c",
            Some('>') => "\\u003e",
            Some('&') => "\\u0026",
            Some('\u{2028}') => "\\u2028",
            _ => "\\u2029",
        });
        rest = characters.as_str();
    }
    json.push_str(rest);
    json
}

/// New notes over an older file: a note of the same pull request takes the place of the old one, others stay, as the original has
/// it, but for those that `gone` names (reverted, or taken out of the range), which the original keeps for ever.
#[must_use]
pub fn merge_notes(older: &Notes, newer: &Notes, gone: &BTreeSet<PullNumber>) -> Notes {
    let kept = older.iter().filter(|note| !gone.contains(&note.pr_number));
    kept.chain(newer).cloned().collect()
}

/// The text is not a map of notes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseNotesError {
    /// The text is longer than [`MAX_NOTES`].
    #[error("notes of {bytes} bytes are more than the {MAX_NOTES} that are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
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
        number: PullNumber,
    },
}

/// Reads what [`to_json`] wrote, or the original's `release-notes-draft.json`.
pub fn from_json(json: &str) -> Result<Notes, ParseNotesError> {
    if json.len() > MAX_NOTES {
        return Err(ParseNotesError::TooLarge { bytes: json.len() });
    }
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
