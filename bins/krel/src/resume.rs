use std::fmt::{self, Write as _};

use cli_kit::{Command, Exit, Failure, Page, Render, Shell};
use release_flow::{
    inventory::{self, RunSummary},
    places::Mode,
};
use release_journal::{Approved, RunId, RunState};
use serde::Serialize;

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
    /// Only look for runs on the production places
    #[arg(long)]
    nomock: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

/// No run was left unfinished.
#[derive(Serialize)]
struct Nothing {
    resumed: Option<RunId>,
}

impl Render for Nothing {
    const SCHEMA: &'static str = "krel/resume/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        writeln!(page, "nothing to do: there is no unfinished run")
    }
}

impl Command for ResumeArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        let loaded = self.project.load()?;
        let runner = self.project.runner(shell, &loaded.config.project.name)?;
        let mut candidates: Vec<(Mode, RunSummary)> = Vec::new();
        for (mode, bucket) in buckets(&loaded)? {
            if self.nomock && mode == Mode::Mock {
                continue;
            }
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
                let Some(run) = &self.run else {
                    shell.result(&Nothing { resumed: None })?;
                    return Ok(Exit::Done);
                };
                let failure = Failure::new(Exit::Usage, format!("there is no run `{run}`"));
                return Err(failure.hint("`krel status` shows all runs"));
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
