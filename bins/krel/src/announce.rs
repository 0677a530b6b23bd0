use cli_kit::{Command, Exit, Failure, Shell};
use release_flow::{AnnounceRequest, plan::AnyPlan, plan_announce};
use release_version::ReleaseVersion;

use crate::{
    act::ActArgs,
    failure::{fail, typed_version},
    project::{ModeArgs, ProjectArgs},
};

/// Send the announcement of a release, once
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  krel announce --tag v1.2.0-alpha.1
  krel announce --tag v1.2.0-alpha.1 --nomock --plan")]
pub(crate) struct AnnounceArgs {
    #[command(flatten)]
    what: AnnounceWhat,
    #[command(flatten)]
    act: ActArgs,
}

/// What to announce
#[derive(Debug, clap::Args)]
pub(crate) struct AnnounceWhat {
    /// The released version
    #[arg(long, short, value_name = "VERSION")]
    tag: String,
    #[command(flatten)]
    mode: ModeArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

impl AnnounceWhat {
    pub(crate) async fn act(self, act: ActArgs, shell: &mut Shell) -> Result<Exit, Failure> {
        let loaded = self.project.load()?;
        let runner = self.project.runner(shell, &loaded.config.project.name)?;
        let version: ReleaseVersion = typed_version(&self.tag)?;
        let request = AnnounceRequest { version, mode: self.mode.mode() };
        let plan = plan_announce(&loaded, &request).await.map_err(fail)?;
        act.act(AnyPlan::Announce(plan), &runner, shell).await
    }
}

impl Command for AnnounceArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        self.what.act(self.act, shell).await
    }
}
