use std::path::PathBuf;

use cli_kit::{Command, Exit, Failure, Shell};

use crate::{act::ActArgs, announce::AnnounceWhat, release::ReleaseWhat, stage::StageWhat};

/// Show what a stage, release or announcement would do, and change nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  krel plan stage --type beta --nomock
  krel plan release --plan-out release.json --build-version v1.2.0-alpha.0.4+0123456789abcd --nomock
  krel apply release.json --approve FINGERPRINT")]
pub(crate) struct PlanArgs {
    /// Write the plan to this file, for `krel apply`
    #[arg(long, value_name = "FILE", visible_alias = "out", global = true)]
    plan_out: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Plan a stage run
    Stage(StageWhat),
    /// Plan a release run
    Release(ReleaseWhat),
    /// Plan an announcement
    Announce(AnnounceWhat),
}

impl Command for PlanArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        let act = ActArgs::only_plan().with_out(self.plan_out);
        match self.what {
            What::Stage(what) => what.act(act, shell).await,
            What::Release(what) => what.act(act, shell).await,
            What::Announce(what) => what.act(act, shell).await,
        }
    }
}
