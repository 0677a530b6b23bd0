use std::fmt::{self, Write as _};

use cli_kit::{Command, Exit, Failure, Page, Render, Shell};
use release_flow::{Reset, reset_mock};
use serde::Serialize;

use crate::{failure::fail, project::ProjectArgs};

/// Empty the mock places and make the mock repository a fresh copy of the source
///
/// Mock places are for throwing away: after a reset the same version can be rehearsed again. Production places are never touched.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  krel reset-mock && krel stage --type alpha")]
pub(crate) struct ResetMockArgs {
    #[command(flatten)]
    project: ProjectArgs,
}

#[derive(Serialize)]
#[serde(transparent)]
struct ResetView(Reset);

impl Render for ResetView {
    const SCHEMA: &'static str = "krel/mock-reset/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        writeln!(page, "removed {} objects; {} has {} refs again", self.0.objects, self.0.repository, self.0.refs)
    }
}

impl Command for ResetMockArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        let loaded = self.project.load()?;
        let work = self.project.work(&loaded.config.project.name)?;
        let reset = reset_mock(&loaded, &work).await.map_err(fail)?;
        shell.result(&ResetView(reset))?;
        Ok(Exit::Done)
    }
}
