use cli_kit::{Command, Exit, Failure, Shell};
use release_flow::{StageRequest, StaleBuild, plan::AnyPlan, plan_stage};
use release_version::{BuildVersion, Bump, ReleaseKind};

use crate::{
    act::ActArgs,
    failure::{fail, typed_version},
    project::{ModeArgs, ProjectArgs, fixed_date, now},
};

/// Build a commit and put everything into staging
///
/// Nothing becomes public. Without --nomock the mock places are used. The result names the build version that `krel release` is given.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  krel stage --type alpha
  krel stage --type rc --branch release-1.30 --nomock --plan-out stage.json
  krel stage --type official --bump patch        a project with `policy: semver`")]
pub(crate) struct StageArgs {
    #[command(flatten)]
    what: StageWhat,
    #[command(flatten)]
    act: ActArgs,
}

/// What to stage
#[derive(Debug, clap::Args)]
pub(crate) struct StageWhat {
    /// The kind of release: alpha, beta, rc or official
    #[arg(long = "type", value_name = "KIND", default_value = "alpha")]
    kind: ReleaseKind,
    /// The branch to release from; by default the project's default branch
    #[arg(long)]
    branch: Option<String>,
    /// The build to release, such as v1.2.0-alpha.0.4+0123456789abcd; by default the head of the branch
    #[arg(long, value_name = "VERSION")]
    build_version: Option<String>,
    /// Which number goes up under `policy: semver`: major, minor or patch
    #[arg(long)]
    bump: Option<Bump>,
    /// Release a build of the default branch that is behind its head
    #[arg(long)]
    allow_stale_build: bool,
    #[command(flatten)]
    mode: ModeArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

impl StageWhat {
    pub(crate) async fn act(self, act: ActArgs, shell: &mut Shell) -> Result<Exit, Failure> {
        let loaded = self.project.load()?;
        let runner = self.project.runner(shell, &loaded.config.project.name)?;
        let build_version = match &self.build_version {
            Some(text) => Some(typed_version::<BuildVersion>(text)?),
            None => None,
        };
        let request = StageRequest {
            kind: self.kind,
            branch: self.branch,
            build_version,
            mode: self.mode.mode(),
            bump: self.bump,
            stale: if self.allow_stale_build { StaleBuild::Allow } else { StaleBuild::Refuse },
            date: fixed_date()?,
        };
        let plan = plan_stage(&loaded, &request, &runner.work.join("cache"), now()?).await.map_err(fail)?;
        act.act(AnyPlan::Stage(plan), &runner, shell).await
    }
}

impl Command for StageArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        self.what.act(self.act, shell).await
    }
}
