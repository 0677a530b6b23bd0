use std::fmt::{self, Write as _};

use artifact_publish::Bucket;
use cli_kit::{Command, Exit, Failure, Page, Render, Shell, Table};
use release_flow::{
    config::Loaded,
    inventory::{self, RunSummary},
    places::{Mode, Places},
};
use release_journal::{RunId, RunState};
use serde::Serialize;

use crate::{failure::fail, project::ProjectArgs};

/// Show runs and how far they have come
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  krel status                                    all runs
  krel status stage-v1.2.0-alpha.1-3f2a9c0b71de  one run with its steps")]
pub(crate) struct StatusArgs {
    /// One run, with its steps
    run: Option<RunId>,
    /// Only runs on the production places
    #[arg(long)]
    nomock: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

/// The buckets of both modes.
pub(crate) fn buckets(loaded: &Loaded) -> Result<Vec<(Mode, Bucket)>, Failure> {
    let sets = [(Mode::Mock, &loaded.config.places.mock), (Mode::Nomock, &loaded.config.places.production)];
    let mut buckets = Vec::new();
    for (mode, set) in sets {
        let places = Places::resolve(set, &loaded.folder).map_err(|error| fail(error.into()))?;
        buckets.push((mode, places.open_bucket().map_err(|error| fail(error.into()))?));
    }
    Ok(buckets)
}

#[derive(Serialize)]
struct Runs {
    runs: Vec<RunSummary>,
    #[serde(skip)]
    steps: Steps,
}

#[derive(PartialEq)]
enum Steps {
    Shown,
    Counted,
}

impl Render for Runs {
    const SCHEMA: &'static str = "krel/runs/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        if self.runs.is_empty() {
            return writeln!(page, "no runs yet");
        }
        if self.steps == Steps::Shown {
            return self.runs.iter().try_for_each(|run| steps(run, page));
        }
        let mut table = Table::new(["run", "mode", "branch", "state", "steps", "held by", "last"]).right(4);
        for run in &self.runs {
            let done = run.steps.iter().filter(|step| matches!(step.state, "done" | "skipped")).count();
            table.row([
                run.run.to_string(),
                run.mode.to_string(),
                run.branch.clone(),
                word(run.state).to_owned(),
                format!("{done}/{}", run.steps.len()),
                run.holder.as_ref().map(|record| record.holder.name.clone()).unwrap_or_default(),
                run.last.map(|at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()).unwrap_or_default(),
            ]);
        }
        page.table(&table)
    }
}

fn steps(run: &RunSummary, page: &mut Page) -> fmt::Result {
    writeln!(page, "{}: {}", run.run, word(run.state))?;
    if let Some(record) = &run.holder {
        writeln!(page, "held by {} until {}", record.holder, record.expires)?;
    }
    let mut table = Table::new(["step", "state", "at", "error"]);
    for step in &run.steps {
        table.row([
            step.step.to_string(),
            step.state.to_owned(),
            step.at.map(|at| at.strftime("%H:%M:%SZ").to_string()).unwrap_or_default(),
            step.error.clone().unwrap_or_default(),
        ]);
    }
    page.table(&table)
}

fn word(state: RunState) -> &'static str {
    match state {
        RunState::Complete => "complete",
        RunState::Failed => "failed",
        RunState::Interrupted => "interrupted",
        RunState::Unfinished => "unfinished",
    }
}

impl Command for StatusArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        let loaded = self.project.load()?;
        let mut runs = Vec::new();
        for (mode, bucket) in buckets(&loaded)? {
            if self.nomock && mode == Mode::Mock {
                continue;
            }
            runs.extend(inventory::runs(&bucket).await.map_err(fail)?);
        }
        let steps = if self.run.is_some() { Steps::Shown } else { Steps::Counted };
        if let Some(run) = &self.run {
            runs.retain(|summary| summary.run == *run);
            if runs.is_empty() {
                let failure = Failure::new(Exit::Usage, format!("there is no run `{run}`"));
                return Err(failure.hint("`krel status` shows all runs"));
            }
        }
        shell.result(&Runs { runs, steps })?;
        Ok(Exit::Done)
    }
}
