use cli_kit::{Command, Exit, Failure, Shell};
use release_flow::{
    inventory::{self, RunSummary},
    places::Mode,
};
use release_journal::{Approved, RunId, RunState};

use crate::{
    act::{ActArgs, AppliedView, run},
    failure::fail,
    project::ProjectArgs,
    status::buckets,
};

/// Go on with a run that was stopped, wherever it was stopped
///
/// The destinations are asked what is there; only the gaps are closed. The plan and its approval come from the journal.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  krel resume                                    the only unfinished run
  krel resume stage-v1.2.0-alpha.1-3f2a9c0b71de")]
pub(crate) struct ResumeArgs {
    /// The run, as `krel status` shows it; may be left out when one run is unfinished
    run: Option<RunId>,
    #[command(flatten)]
    project: ProjectArgs,
}

impl Command for ResumeArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        let loaded = self.project.load()?;
        let runner = self.project.runner(shell, &loaded.config.project.name)?;
        let mut candidates: Vec<(Mode, RunSummary)> = Vec::new();
        for (mode, bucket) in buckets(&loaded)? {
            for summary in inventory::runs(&bucket).await.map_err(fail)? {
                let wanted = match &self.run {
                    Some(run) => summary.run == *run,
                    None => summary.state != RunState::Complete,
                };
                if wanted {
                    candidates.push((mode, summary));
                }
            }
        }
        let (mode, summary) = match candidates.len() {
            1 => candidates.remove(0),
            0 => {
                let text = match &self.run {
                    Some(run) => format!("there is no run `{run}`"),
                    None => "there is no unfinished run".to_owned(),
                };
                return Err(Failure::new(Exit::Usage, text).hint("`krel status` shows all runs"));
            }
            _ => {
                let names = candidates.iter().map(|(_, summary)| format!("krel resume {}", summary.run));
                let failure = Failure::new(Exit::Usage, "several runs are unfinished; name one");
                return Err(names.fold(failure, Failure::hint));
            }
        };
        let bucket = buckets(&loaded)?.into_iter().find(|(of, _)| *of == mode).map(|(_, bucket)| bucket);
        let bucket = bucket.ok_or_else(|| Failure::new(Exit::Unexpected, "the bucket of the run is gone"))?;
        let (plan, approval) = inventory::resume(&bucket, &summary.run).await.map_err(fail)?;
        shell.note(&plan);
        match approval {
            Some(approval) => {
                let approved = Approved::production(plan, approval)?;
                let applied = run(&approved, &runner).await?;
                shell.result(&AppliedView(applied))?;
                Ok(Exit::Done)
            }
            None => ActArgs::approved(None).act(plan, &runner, shell).await,
        }
    }
}
