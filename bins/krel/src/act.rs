//! What every acting command does with its plan: show it, have it approved, apply it.

use std::{
    fmt::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use cli_kit::{Exit, Failure, OrExit, Page, Render, Shell, approve, human_bytes};
use release_flow::{Applied, Runner, apply, plan::AnyPlan};
use release_journal::{Approved, Event, Fingerprint, Plan as _, ProgressSink, Reach, RunError, canonical_json};
use serde::Serialize;

use crate::{failure::fail, project::now};

/// What to do with the plan
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ActArgs {
    /// Print the plan and stop
    #[arg(long, help_heading = "Plan")]
    plan: bool,
    /// Write the plan to a file for `krel apply`, and stop
    #[arg(long, value_name = "FILE", help_heading = "Plan")]
    plan_out: Option<PathBuf>,
    /// Approve the plan with this fingerprint, or at least its first twelve digits
    #[arg(long, value_name = "FINGERPRINT", help_heading = "Plan")]
    approve: Option<String>,
}

impl ActArgs {
    pub(crate) fn only_plan() -> Self {
        Self { plan: true, ..Self::default() }
    }

    pub(crate) fn approved(approve: Option<String>) -> Self {
        Self { approve, ..Self::default() }
    }

    pub(crate) fn with_out(mut self, plan_out: Option<PathBuf>) -> Self {
        self.plan_out = plan_out;
        self
    }

    /// Shows the plan, or has it approved and applies it.
    pub(crate) async fn act(self, plan: AnyPlan, runner: &Runner, shell: &mut Shell) -> Result<Exit, Failure> {
        if self.plan || self.plan_out.is_some() {
            if let Some(path) = &self.plan_out {
                write_plan(&plan, path)?;
            }
            let fingerprint = plan.fingerprint()?;
            shell.result(&PlanView { fingerprint, reach: plan.reach(), file: self.plan_out, plan })?;
            return Ok(Exit::Done);
        }
        let operator = shell.operator().to_owned();
        let approved = approve(shell, plan, self.approve.as_deref(), &operator, now()?).await?;
        let applied = run(&approved, runner).await?;
        shell.result(&AppliedView(applied))?;
        Ok(Exit::Done)
    }
}

/// Applies an approved plan; a run that stops half-way says how to go on.
pub(crate) async fn run(approved: &Approved<AnyPlan>, runner: &Runner) -> Result<Applied, Failure> {
    let name = format!("{}-{}", approved.plan().subject(), approved.plan().fingerprint()?.short());
    apply(approved, runner).await.map_err(|error| {
        let resumable = matches!(
            &error,
            release_flow::Error::Run(RunError::Step { .. } | RunError::NotDone { .. } | RunError::Interrupted { .. })
        );
        let failure = fail(error);
        if resumable { failure.hint(format!("go on with `krel resume {name}`")) } else { failure }
    })
}

fn write_plan(plan: &AnyPlan, path: &Path) -> Result<(), Failure> {
    let bytes = canonical_json(plan)?;
    std::fs::write(path, bytes)
        .or_exit(Exit::Usage)
        .map_err(|failure| failure.hint(format!("`--plan-out {}` must be a file you may write", path.display())))
}

/// A plan as a result.
#[derive(Serialize)]
pub(crate) struct PlanView {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) reach: Reach,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<PathBuf>,
    pub(crate) plan: AnyPlan,
}

impl Render for PlanView {
    const SCHEMA: &'static str = "krel/plan/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        writeln!(page, "{}", self.plan)?;
        writeln!(page, "fingerprint {}", self.fingerprint)?;
        if let Some(file) = &self.file {
            writeln!(page, "written to {}", file.display())?;
            writeln!(page, "next: krel apply {} --approve {}", file.display(), self.fingerprint)?;
        }
        Ok(())
    }
}

/// What came of a plan, as a result.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct AppliedView(pub(crate) Applied);

impl Render for AppliedView {
    const SCHEMA: &'static str = "krel/applied/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        match &self.0 {
            Applied::Staged(staged) => {
                let versions: Vec<String> = staged.versions.iter().map(ToString::to_string).collect();
                writeln!(page, "staged {} ({})", versions.join(", "), staged.mode)?;
                writeln!(page, "  {} files, {}, {} notes", staged.files, human_bytes(staged.bytes), staged.notes)?;
                writeln!(page, "  {}", staged.location)?;
                let nomock = if staged.mode == release_flow::places::Mode::Nomock { " --nomock" } else { "" };
                writeln!(page, "next: krel release --build-version {}{nomock}", staged.build_version)
            }
            Applied::Released(released) => {
                let versions: Vec<String> = released.versions.iter().map(ToString::to_string).collect();
                writeln!(page, "released {} ({})", versions.join(", "), released.mode)?;
                writeln!(page, "  {} files, {}", released.files, human_bytes(released.bytes))?;
                writeln!(page, "  tags {}", released.tags.join(", "))?;
                for marker in &released.markers {
                    writeln!(page, "  marker {marker}")?;
                }
                writeln!(page, "  {}", released.location)?;
                let nomock = if released.mode == release_flow::places::Mode::Nomock { " --nomock" } else { "" };
                let version = released.versions.first().map(ToString::to_string).unwrap_or_default();
                writeln!(page, "next: krel announce --tag {version}{nomock}")
            }
            Applied::Announced(announced) => {
                writeln!(page, "announced {} ({})", announced.version, announced.mode)?;
                writeln!(page, "  {}", announced.subject)?;
                writeln!(page, "  {}", announced.location)
            }
            _ => Ok(()),
        }
    }
}

/// Environment variable that makes the process kill itself at the n-th effect event; an effect is told of right before and right after
/// it happens. With it the safety of a killed run is tested on the real program.
const KILL_AT: &str = "KREL_FAULT_KILL_AT";

/// The sink, with the fault that the environment asks for.
pub(crate) fn with_fault(inner: Arc<dyn ProgressSink>) -> Result<Arc<dyn ProgressSink>, Failure> {
    let Ok(text) = std::env::var(KILL_AT) else { return Ok(inner) };
    let at = text.parse().or_exit(Exit::Usage).map_err(|failure| failure.hint(format!("`{KILL_AT}` is a number")))?;
    Ok(Arc::new(Fault { inner, at, seen: AtomicU64::new(0) }))
}

/// Kills the process at the n-th effect event, without any clean-up, as a power cut would.
struct Fault {
    inner: Arc<dyn ProgressSink>,
    at: u64,
    seen: AtomicU64,
}

impl ProgressSink for Fault {
    fn event(&self, event: &Event) {
        if let Event::Effect { .. } = event
            && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == self.at
        {
            let _killed = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
        self.inner.event(event);
    }
}
