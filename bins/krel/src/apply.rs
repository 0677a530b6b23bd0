use std::path::PathBuf;

use cli_kit::{Command, Exit, Failure, OrExit, Shell};
use release_flow::plan::AnyPlan;
use release_notes::ProposalArgs;
use serde::Deserialize;

use crate::{act::ActArgs, project::ProjectArgs};

/// Apply a plan that was written to a file and reviewed
///
/// No decision is made: the plan is applied as it stands, or refused when the world has moved since. Applying a plan that was applied
/// before, wholly or in part, goes on from there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  krel stage --type alpha --nomock --plan-out stage.json
  krel apply stage.json --approve 3f2a9c0b71de
  krel apply draft.json --approve 0b71de3f2a9c   a proposal of `krel release-notes draft-pr --plan-out`")]
pub(crate) struct ApplyArgs {
    /// The plan
    file: PathBuf,
    /// Approve the plan with this fingerprint, or at least its first twelve digits
    #[arg(long, value_name = "FINGERPRINT")]
    approve: Option<String>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    proposal: ProposalArgs,
}

/// What kind of plan a file holds.
#[derive(Deserialize)]
struct Kind {
    plan: String,
}

/// The largest plan that is read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

impl Command for ApplyArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        let named = |failure: Failure| failure.hint(format!("is `{}` a plan of `--plan-out`?", self.file.display()));
        let size = std::fs::metadata(&self.file).or_exit(Exit::Usage).map_err(named)?.len();
        if size > MAX_BYTES {
            return Err(Failure::new(
                Exit::Usage,
                format!("`{}` has {size} bytes; a plan is smaller", self.file.display()),
            ));
        }
        let text = std::fs::read(&self.file).or_exit(Exit::Usage).map_err(named)?;
        if serde_json::from_slice::<Kind>(&text).is_ok_and(|kind| kind.plan == "proposal") {
            let plan = ProposalArgs::read(&text).map_err(named)?;
            return self.proposal.apply(plan, self.approve.as_deref(), shell).await;
        }
        let plan: AnyPlan = serde_json::from_slice(&text).or_exit(Exit::Usage).map_err(named)?;
        let project = match &plan {
            AnyPlan::Stage(plan) => &plan.project.name,
            AnyPlan::Release(plan) => &plan.project.name,
            AnyPlan::Announce(plan) => &plan.project.name,
        };
        let runner = self.project.runner(shell, project)?;
        ActArgs::approved(self.approve).act(plan, &runner, shell).await
    }
}
