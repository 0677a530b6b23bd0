use std::fmt::{self, Write as _};

use artifact_publish::Depth;
use cli_kit::{Command, Exit, Failure, Page, Render, Shell, Table};
use release_flow::verify::{Conclusion, Verdict, Verification, verify};
use release_version::ReleaseVersion;
use serde::Serialize;

use crate::{
    failure::{fail, typed_version},
    project::{ModeArgs, ProjectArgs},
};

/// Read a release again from all its places and compare everything with everything
///
/// Every place is looked at, whatever the others say. Exit code 9 when something is missing, different or edited; 7 when a place
/// could not be reached and nothing else is wrong.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  krel verify v1.2.0-alpha.1
  krel verify v1.2.0-alpha.1 --nomock --deep")]
pub(crate) struct VerifyArgs {
    /// The released version
    // clap knows `version` as the flag of that name.
    #[arg(id = "released", value_name = "VERSION")]
    version: String,
    /// Read every byte of every file, instead of names and sizes
    #[arg(long)]
    deep: bool,
    #[command(flatten)]
    mode: ModeArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

#[derive(Serialize)]
pub(crate) struct VerificationView {
    pub(crate) good: bool,
    pub(crate) conclusion: Conclusion,
    #[serde(flatten)]
    pub(crate) verification: Verification,
}

impl Render for VerificationView {
    const SCHEMA: &'static str = "krel/verification/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        let mut table = Table::new(["check", "verdict", "detail"]);
        for check in &self.verification.checks {
            table.row([check.subject.clone(), word(check.verdict).to_owned(), check.detail.clone()]);
        }
        page.table(&table)?;
        let (version, mode) = (self.verification.version, self.verification.mode);
        let paint = page.paint();
        let (word, rest) = match self.conclusion {
            Conclusion::AsReleased => ("verified", "is as it was released"),
            Conclusion::NotAnnounced => ("verified", "is as it was released; not announced yet"),
            Conclusion::Edited => ("edited", "is as it was released, but for texts that were edited since"),
            Conclusion::Unreachable => {
                ("unreachable", "could not be looked at everywhere; what could be is as it was released")
            }
            _ => ("different", "is not as it was released"),
        };
        let word = if self.good { paint.good(word).to_string() } else { paint.bad(word).to_string() };
        writeln!(page, "{word}: {version} ({mode}) {rest}")
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Different => "DIFFERENT",
        Verdict::Missing => "MISSING",
        Verdict::Edited => "EDITED",
        Verdict::Pending => "not yet",
        Verdict::Unreachable => "UNREACHABLE",
        _ => "unknown",
    }
}

impl Command for VerifyArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        let loaded = self.project.load()?;
        let version: ReleaseVersion = typed_version(&self.version)?;
        let depth = if self.deep { Depth::Bytes } else { Depth::Metadata };
        let verification = verify(&loaded, &version, self.mode.mode(), depth).await.map_err(fail)?;
        let (good, conclusion) = (verification.is_good(), verification.conclusion());
        shell.result(&VerificationView { good, conclusion, verification })?;
        Ok(match conclusion {
            _ if good => Exit::Done,
            Conclusion::Unreachable => Exit::Unavailable,
            _ => Exit::Difference,
        })
    }
}
