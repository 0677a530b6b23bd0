//! Build commands.

use release_journal::{Observed, RunError, Step, StepId};
use serde::{Deserialize, Serialize};

use super::id;
use crate::{
    Error,
    engine::{BuildError, Workshop},
    plan::StageVersion,
    runner::StageContext,
};

/// Builds everything of a version.
pub(crate) struct Build<'v>(pub(crate) &'v StageVersion);

/// A build result, as evidence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Built {
    job: String,
    path: String,
    size: u64,
}

/// Why a build step stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildStepError {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Work(#[from] Error),
}

/// A build that was not begun because somebody asked to stop is no failed step.
pub(crate) fn interrupted(error: RunError) -> RunError {
    match error {
        RunError::Step { step, source }
            if matches!(
                source.downcast_ref::<BuildStepError>(),
                Some(BuildStepError::Build(BuildError::Interrupted { .. }))
            ) =>
        {
            RunError::Interrupted { step }
        }
        other => other,
    }
}

impl Build<'_> {
    fn workshop(&self, cx: &StageContext<'_>) -> Workshop {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Workshop {
            source: cx.workspace.source(),
            out: cx.workspace.out(),
            logs: cx.workspace.logs(),
            parallel: cx.plan.parallel.unwrap_or((cores / 2).max(1)),
            redactor: cx.runner.redactor.clone(),
            sink: cx.runner.sink.clone(),
            interrupt: cx.runner.interrupt.clone(),
        }
    }
}

impl<'a> Step<StageContext<'a>> for Build<'_> {
    type Output = Vec<Built>;
    type Error = BuildStepError;

    fn id(&self) -> StepId {
        id("build", self.0.version)
    }

    async fn observe(&self, cx: &StageContext<'a>) -> Result<Observed<Vec<Built>>, BuildStepError> {
        let workshop = self.workshop(cx);
        if !workshop.missing(&self.0.jobs)?.is_empty() {
            return Ok(Observed::Absent);
        }
        let mut built = Vec::new();
        for job in &self.0.jobs {
            for artifact in &job.artifacts {
                let path = workshop.results_of(job).join(&artifact.path);
                let size = std::fs::metadata(&path).map_err(Error::work("look at", &path))?.len();
                built.push(Built { job: job.id.clone(), path: artifact.path.clone(), size });
            }
        }
        Ok(Observed::Done(built))
    }

    async fn run(&self, cx: &StageContext<'a>) -> Result<(), BuildStepError> {
        let repository = cx.workspace.open_source()?;
        // What an earlier, stopped build did to files of the repository is undone; files git does not know stay as its cache.
        repository.checkout(self.0.commit).await.map_err(Error::git(format!("check {} out", self.0.tag)))?;
        Ok(self.workshop(cx).run(&self.0.jobs, &<Self as Step<StageContext<'a>>>::id(self)).await?)
    }
}
