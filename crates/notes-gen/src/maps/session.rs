use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Note, PullNumber};

/// The record of an editing session: which notes somebody has looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who, by mail address.
    pub mail: String,
    /// Who.
    pub name: String,
    /// When it began, in seconds since 1970.
    pub date: i64,
    /// What was looked at.
    pub prs: Vec<Reviewed>,
}

/// A note as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// The pull request.
    pub nr: PullNumber,
    /// The note's [`review_hash`] then.
    pub hash: String,
}

/// The text is not a session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed session at line {line}, column {column}")]
pub struct ParseSessionError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

impl Session {
    /// A session in which nothing was looked at yet.
    pub fn new(mail: impl Into<String>, name: impl Into<String>, date: i64) -> Self {
        Self { mail: mail.into(), name: name.into(), date, prs: Vec::new() }
    }

    /// Reads a session file.
    pub fn parse(json: &str) -> Result<Self, ParseSessionError> {
        let session: Self = serde_json::from_str(json)
            .map_err(|error| ParseSessionError { line: error.line(), column: error.column() })?;
        Ok(session)
    }

    /// Writes a session file, as the original does.
    pub fn render(&self) -> String {
        serde_json::to_string_pretty(self).expect("a session holds only text and numbers")
    }

    /// Its file name: `maps-<date>.json`.
    pub fn file_name(&self) -> String {
        format!("maps-{}.json", self.date)
    }

    /// Writes down that a note was looked at; the newest hash of a note counts.
    pub fn review(&mut self, nr: PullNumber, hash: impl Into<String>) {
        let hash = hash.into();
        match self.prs.iter_mut().find(|reviewed| reviewed.nr == nr) {
            Some(reviewed) => reviewed.hash = hash,
            None => self.prs.push(Reviewed { nr, hash }),
        }
    }
}

/// What was looked at in all sessions: the hash of the newest session for each note.
pub fn reviewed(sessions: &[Session]) -> BTreeMap<PullNumber, String> {
    let mut ordered: Vec<&Session> = sessions.iter().collect();
    ordered.sort_by_key(|session| session.date);
    ordered.iter().flat_map(|session| &session.prs).map(|reviewed| (reviewed.nr, reviewed.hash.clone())).collect()
}

/// A hash over all that a map can change of a note, and the body it comes from: another value means that the note should be looked
/// at again. It is a SHA-256; the hashes of the original's sessions, SHA-1 over its own YAML, never compare equal.
pub fn review_hash(note: &Note, body: &str) -> String {
    let mut hasher = Sha256::new();
    let mut add = |text: &str| {
        hasher.update(text.len().to_le_bytes());
        hasher.update(text);
    };
    add(&note.text);
    add(&note.author);
    for list in [&note.areas, &note.kinds, &note.sigs] {
        add(&list.len().to_string());
        list.iter().for_each(|word| add(word));
    }
    for flag in [note.feature, note.action_required, note.do_not_publish] {
        add(if flag { "true" } else { "false" });
    }
    for link in &note.documentation {
        add(&link.description);
        add(&link.url);
        add(&String::from(link.kind.clone()));
    }
    add(&body.replace('\r', ""));
    hex::encode(hasher.finalize())
}
