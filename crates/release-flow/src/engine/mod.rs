//! The local build engine: commands in parallel within a bound, a log each, results verified before they count.

mod container;
mod job;
mod process;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};
use release_journal::{Event, Interrupt, ProgressSink, StepId};
use secret_redactor::Redactor;

pub use container::find_engine;
pub use job::{ArtifactSpec, BuildJob, ContainerSpec};

/// Why a build did not give its results.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The command failed.
    #[error("build `{job}` failed with {status}; its log is `{}`; it ends with:\n{tail}", log.display())]
    Failed {
        /// The job.
        job: String,
        /// The exit status in words.
        status: String,
        /// Where the whole output is.
        log: PathBuf,
        /// The last lines of the output.
        tail: String,
    },
    /// The command took too long and was stopped.
    #[error("build `{job}` was stopped after {seconds} s; its log is `{}`; it ends with:\n{tail}", log.display())]
    TimedOut {
        /// The job.
        job: String,
        /// The time it was given.
        seconds: u32,
        /// Where the whole output is.
        log: PathBuf,
        /// The last lines of the output.
        tail: String,
    },
    /// The command succeeded and a result is not there.
    #[error("build `{job}` succeeded and did not make `{artifact}`; its log is `{}`", log.display())]
    Missing {
        /// The job.
        job: String,
        /// The path below `{out}`.
        artifact: String,
        /// Where the whole output is.
        log: PathBuf,
    },
    /// A result is a link, a folder, or something else that is not a file.
    #[error("build `{job}` made `{artifact}`, which is not a regular file")]
    NotAFile {
        /// The job.
        job: String,
        /// The path below `{out}`.
        artifact: String,
    },
    /// A result is an executable for another platform.
    #[error("build `{job}` made a binary for another platform")]
    WrongPlatform {
        /// The job.
        job: String,
        /// What was found and expected.
        source: artifact_publish::BinaryError,
    },
    /// No program runs containers here.
    #[error("build `{job}` wants a container, and none of docker, podman, buildah can be run")]
    NoEngine {
        /// The job.
        job: String,
    },
    /// Files or processes.
    #[error("build `{job}`: cannot {operation}")]
    Io {
        /// The job.
        job: String,
        /// What was tried.
        operation: String,
        /// Why.
        source: io::Error,
    },
    /// Somebody asked to stop before this job began.
    #[error("interrupted before build `{job}`")]
    Interrupted {
        /// The job that would have been next.
        job: String,
    },
}

/// Where builds happen on this machine.
#[derive(Clone)]
pub struct Workshop {
    /// The source tree, at the released commit.
    pub source: PathBuf,
    /// Folder of results: one folder a job.
    pub out: PathBuf,
    /// Folder of logs: one file a job.
    pub logs: PathBuf,
    /// How many commands run at once.
    pub parallel: usize,
    /// What takes secrets out of logs.
    pub redactor: Redactor,
    /// Who watches.
    pub sink: Arc<dyn ProgressSink>,
    /// The flag that keeps further jobs from starting.
    pub interrupt: Interrupt,
}

impl std::fmt::Debug for Workshop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workshop").field("source", &self.source).field("out", &self.out).finish_non_exhaustive()
    }
}

impl Workshop {
    /// The folder of a finished job's results. It exists only when every result passed its check.
    #[must_use]
    pub fn results_of(&self, job: &BuildJob) -> PathBuf {
        self.out.join(job.build_name())
    }

    /// The log of a job.
    #[must_use]
    pub fn log_of(&self, job: &BuildJob) -> PathBuf {
        self.logs.join(format!("{}.log", job.build_name()))
    }

    /// The jobs whose results are not there.
    ///
    /// # Errors
    /// When results are there that do not pass their checks.
    pub fn missing<'a>(&self, jobs: &'a [BuildJob]) -> Result<Vec<&'a BuildJob>, BuildError> {
        let mut missing = Vec::new();
        for job in jobs {
            if self.results_of(job).is_dir() {
                self.check(job, &self.results_of(job))?;
            } else {
                missing.push(job);
            }
        }
        Ok(missing)
    }

    /// Runs the jobs whose results are not there, some at a time. After a failure no further job starts.
    ///
    /// # Errors
    /// The first failure; jobs that were running are waited for, so that their results are kept.
    pub async fn run(&self, jobs: &[BuildJob], step: &StepId) -> Result<(), BuildError> {
        let missing = self.missing(jobs)?;
        let failed = AtomicBool::new(false);
        let mut runs: Vec<BoxFuture<'_, Result<(), BuildError>>> = Vec::new();
        for job in missing {
            runs.push(self.run_unless(job, step, &failed).boxed());
        }
        let results: Vec<Result<(), BuildError>> =
            stream::iter(runs).buffer_unordered(self.parallel.max(1)).collect().await;
        results.into_iter().collect()
    }

    async fn run_unless(&self, job: &BuildJob, step: &StepId, failed: &AtomicBool) -> Result<(), BuildError> {
        if failed.load(Ordering::SeqCst) {
            return Ok(());
        }
        let result = self.run_one(job, step).await;
        if result.is_err() {
            failed.store(true, Ordering::SeqCst);
        }
        result
    }

    async fn run_one(&self, job: &BuildJob, step: &StepId) -> Result<(), BuildError> {
        if self.interrupt.is_raised() {
            return Err(BuildError::Interrupted { job: job.id.clone() });
        }
        let io = |operation: &str, path: &Path, source| BuildError::Io {
            job: job.id.clone(),
            operation: format!("{operation} `{}`", path.display()),
            source,
        };
        let part = self.out.join(format!("{}.part", job.build_name()));
        process::stop_orphan(&part);
        match fs::remove_dir_all(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io("remove", &part, error)),
            _ => {}
        }
        fs::create_dir_all(&part).map_err(|error| io("create", &part, error))?;
        fs::create_dir_all(&self.logs).map_err(|error| io("create", &self.logs, error))?;
        let started = std::time::Instant::now();
        process::run(job, &self.source, &part, &self.log_of(job), self.redactor.clone()).await?;
        self.check(job, &part)?;
        let done = self.results_of(job);
        fs::rename(&part, &done).map_err(|error| io("rename the results to", &done, error))?;
        let text = format!("built {} in {:.1} s", job.id, started.elapsed().as_secs_f64());
        self.sink.event(&Event::Note { step: step.clone(), text });
        Ok(())
    }

    /// Every artifact is there, is a plain file, and an executable's header agrees with the platform.
    fn check(&self, job: &BuildJob, folder: &Path) -> Result<(), BuildError> {
        for artifact in &job.artifacts {
            let path = folder.join(&artifact.path);
            let found = fs::symlink_metadata(&path);
            match found {
                Ok(found) if found.is_file() => {}
                Ok(_) => {
                    return Err(BuildError::NotAFile { job: job.id.clone(), artifact: artifact.path.clone() });
                }
                Err(_) => {
                    return Err(BuildError::Missing {
                        job: job.id.clone(),
                        artifact: artifact.path.clone(),
                        log: self.log_of(job),
                    });
                }
            }
            if artifact.binary {
                artifact_publish::check_platform(&path, job.platform.header())
                    .map_err(|source| BuildError::WrongPlatform { job: job.id.clone(), source })?;
            }
        }
        Ok(())
    }
}
