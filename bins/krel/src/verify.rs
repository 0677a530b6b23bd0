use std::fmt::{self, Write as _};

use artifact_publish::Depth;
use cli_kit::{Command, Exit, Failure, Page, Render, Shell, Table};
use release_flow::verify::{Verdict, Verification, verify};
use release_version::ReleaseVersion;
use serde::Serialize;

use crate::{
    failure::{fail, typed_version},
    project::{ModeArgs, ProjectArgs},
};

/// Read a release again from all its places and compare everything with everything
///
/// Exit code 9 when something is missing or different.
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
        if self.good {
            writeln!(page, "{}: {version} ({mode}) is as it was released", paint.good("verified"))
        } else {
            writeln!(page, "{}: {version} ({mode}) is not as it was released", paint.bad("different"))
        }
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Different => "DIFFERENT",
        Verdict::Missing => "MISSING",
        Verdict::Pending => "not yet",
        _ => "unknown",
    }
}

impl Command for VerifyArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        let loaded = self.project.load()?;
        let version: ReleaseVersion = typed_version(&self.version)?;
        let depth = if self.deep { Depth::Bytes } else { Depth::Metadata };
        let verification = verify(&loaded, &version, self.mode.mode(), depth).await.map_err(fail)?;
        let good = verification.is_good();
        shell.result(&VerificationView { good, verification })?;
        Ok(if good { Exit::Done } else { Exit::Difference })
    }
}
