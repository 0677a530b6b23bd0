use cli_kit::{Command, Exit, Failure, Shell};
use release_flow::{ReleaseRequest, plan::AnyPlan, plan_release};
use release_version::BuildVersion;

use crate::{
    act::ActArgs,
    failure::{fail, typed_version},
    project::{ModeArgs, ProjectArgs},
};

/// Make a staged build public
///
/// Copies and verifies the files, pushes tags and branches in one atomic push, publishes the page, archives plan and logs, and moves
/// the markers last.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  krel release --build-version v1.2.0-alpha.0.4+0123456789abcd
  krel release --build-version v1.2.0-alpha.0.4+0123456789abcd --nomock --plan
  krel release --build-version v1.2.0-alpha.0.4+0123456789abcd --nomock --approve 3f2a9c0b71de")]
pub(crate) struct ReleaseArgs {
    #[command(flatten)]
    what: ReleaseWhat,
    #[command(flatten)]
    act: ActArgs,
}

/// What to release
#[derive(Debug, clap::Args)]
pub(crate) struct ReleaseWhat {
    /// The staged build, as `krel stage` printed it
    #[arg(long, value_name = "VERSION")]
    build_version: String,
    #[command(flatten)]
    mode: ModeArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

impl ReleaseWhat {
    pub(crate) async fn act(self, act: ActArgs, shell: &mut Shell) -> Result<Exit, Failure> {
        let loaded = self.project.load()?;
        let runner = self.project.runner(shell, &loaded.config.project.name)?;
        let build_version: BuildVersion = typed_version(&self.build_version)?;
        let request = ReleaseRequest { build_version, mode: self.mode.mode() };
        let plan = plan_release(&loaded, &request, &runner.work.join("cache")).await.map_err(fail)?;
        act.act(AnyPlan::Release(plan), &runner, shell).await
    }
}

impl Command for ReleaseArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        self.what.act(self.act, shell).await
    }
}
