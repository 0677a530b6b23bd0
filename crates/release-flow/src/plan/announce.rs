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

impl fmt::Display for AnnouncePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} announcement of {} {}", self.mode, self.project.title, self.version)?;
        writeln!(f, "  subject        {}", self.subject)?;
        writeln!(f, "  from           {}", self.from)?;
        for to in &self.to {
            writeln!(f, "  to             {to}")?;
        }
        writeln!(f, "  text           html sha256 {}", self.html)?;
        writeln!(f, "                 text sha256 {}", self.text)?;
        write!(f, "  outbox         {}", self.places.outbox)
    }
}
