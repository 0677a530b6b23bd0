//! A record's text: is it one, is it right, who may see it.

use std::fmt;

use jiff::Timestamp;
use notes_gen::{
    cve::{Cve, CveField, CveRecord},
    maps::{MapFile, Maps, NoteMap, render_map},
};
use serde::Serialize;

use crate::CveId;

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file's name.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// Whether the file is a record at all.
    #[serde(skip)]
    pub(crate) kind: ProblemKind,
}

/// Whether a file is a record at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// It is none.
    Form,
    /// It is one, and says something wrong or too little.
    Content,
}

impl Problem {
    pub(crate) fn form(file: impl Into<String>, line: usize, problem: impl Into<String>) -> Self {
        Self { file: file.into(), line, problem: problem.into(), kind: ProblemKind::Form }
    }

    pub(crate) fn is_of_content(&self) -> bool {
        self.kind == ProblemKind::Content
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.problem)
    }
}

/// A record as its file holds it.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) map: NoteMap,
    /// Why it cannot be published yet.
    pub(crate) problems: Vec<Problem>,
    /// The checked record, when there is no problem.
    pub(crate) cve: Option<Cve>,
}

impl Written {
    /// Reads the text of a record. What is not even a record of that id is an error.
    pub(crate) fn parse(id: &CveId, text: &str) -> Result<Self, Vec<Problem>> {
        let name = id.file_name();
        let problem = |line, problem: &str| vec![Problem::form(name.clone(), line, problem)];
        let file = MapFile::parse(name.clone(), text)
            .map_err(|error| vec![Problem::form(error.file, error.line, error.problem.to_string())])?;
        let [map] = file.maps() else {
            return Err(problem(1, "the file of a record holds exactly one document"));
        };
        let Some(record) = &map.cve else {
            return Err(problem(1, "there is no `cve` below `datafields`"));
        };
        if record.id != id.to_string() {
            return Err(problem(record.line_of(CveField::Id), "`id` is not the one that names the file"));
        }
        let map = map.clone();
        let checked = Maps::new(vec![vec![file]]).check().err().map(|errors| errors.errors).unwrap_or_default();
        let problems: Vec<Problem> = checked
            .into_iter()
            .map(|error| Problem {
                kind: ProblemKind::Content,
                ..Problem::form(error.file, error.line, error.problem.to_string())
            })
            .collect();
        let cve = map.cve.as_ref().and_then(|record| record.check(map.pull).ok());
        Ok(Self { map, problems, cve })
    }

    /// The record.
    pub(crate) fn record(&self) -> &CveRecord {
        self.map.cve.as_ref().expect("it was parsed as a record")
    }

    /// Until when nothing of it may be shown; nothing when that time is over.
    pub(crate) fn embargo(&self, now: Timestamp) -> Option<Timestamp> {
        self.map.embargoed_until().filter(|end| now < *end)
    }

    /// The line of its embargo, from 1.
    pub(crate) fn embargo_line(&self) -> usize {
        let record = self.record();
        if record.embargo.is_some() { record.line_of(CveField::Embargo) } else { 1 }
    }

    /// Its text with another end of its embargo. Where the embargo is a line of its own every other line stays, comments too;
    /// otherwise the text is made anew.
    pub(crate) fn with_embargo(&self, text: &str, embargo: Option<Timestamp>) -> String {
        let mut map = self.map.clone();
        map.embargo = None;
        if let Some(record) = &mut map.cve {
            record.embargo = embargo;
        }
        let anew = render_map(&map, None);
        let edited = self.with_embargo_line(text, embargo);
        let file = MapFile::parse(String::new(), &edited);
        let is_it = file.is_ok_and(|file| file.maps().len() == 1 && render_map(&file.maps()[0], None) == anew);
        if is_it { edited } else { anew }
    }

    fn with_embargo_line(&self, text: &str, embargo: Option<Timestamp>) -> String {
        let record = self.record();
        let old = record.embargo.map(|_| record.line_of(CveField::Embargo));
        let id = record.line_of(CveField::Id);
        let mut edited = String::with_capacity(text.len() + 64);
        for (line, number) in text.split_inclusive('\n').zip(1..) {
            if let (true, Some(end)) = (number == old.unwrap_or(id), embargo) {
                let indent = &line[..line.len() - line.trim_start().len()];
                let newline = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
                edited.push_str(&format!("{indent}embargo: {end}{newline}"));
            }
            // One at the beginning of a line is the map's.
            let is_old = old == Some(number) || (self.map.embargo.is_some() && line.starts_with("embargo:"));
            if !is_old {
                edited.push_str(line);
            }
        }
        edited
    }
}

/// The text that a new record begins with.
pub(crate) fn skeleton(id: &CveId, map: NoteMap) -> String {
    let mut map = map;
    let mut record = map.cve.take().unwrap_or_default();
    record.id = id.to_string();
    map.cve = Some(record);
    format!(
        "# {id}: fill in the fields; an unchanged or empty file cancels.\n\
         # `pr` or `linkedPRs` say which pull requests fix it. `vector` is CVSS 3.0, 3.1 or 4.0; `score` is its score;\n\
         # `rating` follows from it and may stay empty. `issue` may be added. `embargo: 2026-12-01T00:00:00Z` holds all\n\
         # of it back until that instant. `description` may have several lines, as a block after `|-`.\n{}",
        render_map(&map, None)
    )
}
