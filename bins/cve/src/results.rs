//! The results: lines for people, JSON documents for programs. The documents are public API.

use std::fmt::{self, Write};

use cli_kit::{Page, Render, Table};
use jiff::Timestamp;
use notes_gen::cve::Cve;
use serde::Serialize;

use crate::{error::records, record::Problem};

/// What became of a record.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Created,
    Changed,
    Unchanged,
    Deleted,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Deleted => "deleted",
        }
    }
}

/// The result of `new`, `edit` and `delete`.
#[derive(Debug, Serialize)]
pub(crate) struct RecordOutcome {
    pub(crate) id: String,
    pub(crate) outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) embargo: Option<Timestamp>,
    /// Why it cannot be published yet, with `--incomplete`.
    pub(crate) problems: Vec<Problem>,
}

impl Render for RecordOutcome {
    const SCHEMA: &'static str = "krel/cve-outcome/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        write!(page, "{} {}", self.outcome.word(), self.id)?;
        match self.embargo {
            Some(embargo) => writeln!(page, ", under embargo until {embargo}"),
            None => writeln!(page),
        }
    }
}

/// The result of `validate`.
#[derive(Debug, Serialize)]
pub(crate) struct Validation {
    pub(crate) files: usize,
    pub(crate) problems: Vec<Problem>,
}

impl Render for Validation {
    const SCHEMA: &'static str = "krel/cve-validation/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        for problem in &self.problems {
            writeln!(page, "{problem}")?;
        }
        if self.problems.is_empty() {
            let verb = if self.files == 1 { "is" } else { "are" };
            writeln!(page, "{} {verb} fit for publication", records(self.files))?;
        }
        Ok(())
    }
}

/// One record, as far as it may be shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub(crate) enum Shown {
    /// All of it.
    Record {
        /// The checked record.
        #[serde(flatten)]
        cve: Box<Cve>,
        /// The end of its embargo, when that is still to come.
        #[serde(skip_serializing_if = "Option::is_none")]
        embargo: Option<Timestamp>,
    },
    /// It cannot be published.
    Invalid { id: String, problems: Vec<Problem> },
    /// It is under embargo.
    Withheld { id: String, embargo: Timestamp },
}

impl Render for Shown {
    const SCHEMA: &'static str = "krel/cve/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        match self {
            Self::Record { cve, embargo } => {
                writeln!(page, "{}: {}", cve.id, cve.title)?;
                writeln!(page, "rating   {} ({}) {}", cve.rating, cve.score, cve.vector)?;
                writeln!(page, "explain  {}", cve.calc_link)?;
                let pulls: Vec<String> = cve.pulls.iter().map(|pull| format!("#{pull}")).collect();
                writeln!(page, "pulls    {}", pulls.join(" "))?;
                if let Some(issue) = &cve.issue {
                    writeln!(page, "issue    {issue}")?;
                }
                if let Some(date) = cve.published {
                    writeln!(page, "date     {date}")?;
                }
                if let Some(embargo) = embargo {
                    writeln!(page, "embargo  {embargo}")?;
                }
                writeln!(page, "\n{}", cve.description)
            }
            Self::Invalid { problems, .. } => problems.iter().try_for_each(|problem| writeln!(page, "{problem}")),
            Self::Withheld { id, embargo } => writeln!(page, "{id} is under embargo until {embargo}"),
        }
    }
}

/// A line of `list`.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rating: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) embargo: Option<Timestamp>,
    pub(crate) problems: usize,
}

/// The result of `list`.
#[derive(Debug, Serialize)]
pub(crate) struct List {
    pub(crate) records: Vec<Listed>,
    /// How many records are under embargo and not among them.
    pub(crate) withheld: usize,
}

impl Render for List {
    const SCHEMA: &'static str = "krel/cve-list/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        let mut table = Table::new(["ID", "SCORE", "RATING", "TITLE"]).right(1);
        for record in &self.records {
            let title = match (&record.title, record.embargo) {
                _ if record.problems > 0 => "(not fit for publication)".to_owned(),
                (Some(title), Some(embargo)) => format!("{title} (embargo until {embargo})"),
                (Some(title), None) => title.clone(),
                (None, _) => String::new(),
            };
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            table.row([record.id.clone(), text(&record.score), text(&record.rating), title]);
        }
        if !table.is_empty() {
            page.table(&table)?;
        }
        match self.withheld {
            0 => Ok(()),
            count => writeln!(page, "{count} under embargo, not shown"),
        }
    }
}
