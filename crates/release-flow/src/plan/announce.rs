use std::fmt;

use artifact_publish::Sha256Digest;
use release_journal::{Plan, Reach};
use release_version::ReleaseVersion;
use serde::{Deserialize, Serialize};

use super::{Project, subject};
use crate::places::{Mode, Places};

/// Send the announcement of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnnouncePlan {
    /// Version of the tool that made the plan.
    pub tool: String,
    /// Which places and recipients.
    pub mode: Mode,
    /// What was released.
    pub project: Project,
    /// The version.
    pub version: ReleaseVersion,
    /// Identity of the mail: a second mail with it is never sent.
    pub message_id: String,
    /// The sender.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// Folder of the release in the bucket, with the texts.
    pub prefix: String,
    /// Digest of the HTML text.
    pub html: Sha256Digest,
    /// Digest of the plain text.
    pub text: Sha256Digest,
    /// The beginning of the plain text, for the approver to read.
    pub preview: String,
    /// The places.
    pub places: Places,
}

impl Plan for AnnouncePlan {
    fn subject(&self) -> String {
        subject("announce", &self.version)
    }

    fn is_empty(&self) -> bool {
        false
    }

    fn reach(&self) -> Reach {
        self.mode.reach()
    }
}

/// How many lines of a text a plan shows.
const SHOWN_LINES: usize = 200;
/// How many characters of a line.
const SHOWN_COLUMNS: usize = 400;

impl AnnouncePlan {
    /// As much of a text as a plan shows: nothing that steers a terminal, and what is left out is said.
    pub(crate) fn preview_of(text: &str) -> String {
        let mut shown = String::new();
        for line in text.lines().take(SHOWN_LINES) {
            shown.extend(line.chars().filter(|c| !c.is_control()).take(SHOWN_COLUMNS));
            if line.chars().count() > SHOWN_COLUMNS {
                shown.push_str(" …");
            }
            shown.push('\n');
        }
        match text.lines().count().saturating_sub(SHOWN_LINES) {
            0 => {}
            more => shown.push_str(&format!("… and {more} more lines\n")),
        }
        shown
    }
}

impl fmt::Display for AnnouncePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} announcement of {} {}", self.mode, self.project.title, self.version)?;
        writeln!(f, "  subject        {}", self.subject)?;
        writeln!(f, "  from           {}", self.from)?;
        for to in &self.to {
            writeln!(f, "  to             {to}")?;
        }
        writeln!(f, "  html sha256    {}", self.html)?;
        writeln!(f, "  text sha256    {}", self.text)?;
        writeln!(f, "  outbox         {}", self.places.outbox)?;
        write!(f, "  text")?;
        for line in self.preview.lines() {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}
