//! What every run has around it: a work folder, a journal, somebody who watches.

use std::{path::PathBuf, sync::Arc};

use artifact_publish::{Bucket, Moment, Progress};
use git_repo::GitRepo;
use github_client::GithubClient;
use release_journal::{
    Approved, Clock, Event, Holder, Interrupt, Journal, OpenOptions, Phase, ProgressSink, StepId, Unit,
};
use secret_redactor::Redactor;

use crate::{
    Error,
    plan::{AnyPlan, StagePlan, StageVersion},
    store::BucketStore,
};

/// A journal in a bucket.
pub(crate) type RunJournal = Journal<BucketStore>;

/// Who runs plans on this machine, and where.
#[derive(Clone)]
#[non_exhaustive]
pub struct Runner {
    /// Folder for clones, build results and logs; one folder a run.
    pub work: PathBuf,
    /// The operator's name.
    pub name: String,
    /// The machine's name.
    pub host: String,
    /// The time of journal records and leases.
    pub clock: Clock,
    /// The date of what is dated when it is done: mails, pages, commits of changelogs. No plan and no digest depends on it.
    pub dates: Clock,
    /// What takes secrets out of logs.
    pub redactor: Redactor,
    /// Who watches.
    pub sink: Arc<dyn ProgressSink>,
    /// The flag that asks runs to stop.
    pub interrupt: Interrupt,
    /// How GitHub is reached, if it can be.
    pub github: Option<GithubClient>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("work", &self.work).field("name", &self.name).finish_non_exhaustive()
    }
}

impl Runner {
    /// A runner.
    pub fn new(
        work: impl Into<PathBuf>,
        name: impl Into<String>,
        host: impl Into<String>,
        redactor: Redactor,
        sink: Arc<dyn ProgressSink>,
        interrupt: Interrupt,
    ) -> Self {
        Self {
            work: work.into(),
            name: name.into(),
            host: host.into(),
            clock: Clock::system(),
            dates: Clock::system(),
            redactor,
            sink,
            interrupt,
            github: None,
        }
    }

    /// The same runner with a way to reach GitHub.
    #[must_use]
    pub fn with_github(mut self, client: GithubClient) -> Self {
        self.github = Some(client);
        self
    }

    /// The same runner with another clock for dates.
    #[must_use]
    pub fn with_dates(mut self, dates: Clock) -> Self {
        self.dates = dates;
        self
    }

    pub(crate) async fn open(
        &self,
        bucket: &Bucket,
        plan: &Approved<AnyPlan>,
        steps: Vec<StepId>,
    ) -> Result<RunJournal, Error> {
        let options = OpenOptions::new(
            &self.name,
            &self.host,
            lease_of(plan.plan()),
            self.clock.clone(),
            self.sink.clone(),
            self.interrupt.clone(),
        );
        let host = self.host.clone();
        let gone = move |holder: &Holder| holder.host == host && !process_runs(holder.pid);
        Ok(Journal::open(BucketStore::new(bucket.clone()), plan, steps, options, gone).await?)
    }

    /// The bucket as steps use it: every change is told to the sink. The journal's own writes are not: they are no effects.
    pub(crate) fn watched(&self, bucket: &Bucket) -> Bucket {
        let sink = self.sink.clone();
        bucket.watched(move |moment, address| {
            let phase = match moment {
                Moment::Before => Phase::Before,
                Moment::After => Phase::After,
            };
            sink.event(&Event::Effect { phase, subject: format!("object `{address}`") });
        })
    }

    /// Tells the sink about an effect on a destination, before and after it.
    pub(crate) async fn effect<T>(&self, subject: String, effect: impl Future<Output = T>) -> T {
        self.sink.event(&Event::Effect { phase: Phase::Before, subject: subject.clone() });
        let result = effect.await;
        self.sink.event(&Event::Effect { phase: Phase::After, subject });
        result
    }

    /// A listener that turns bytes done into events of a step.
    pub(crate) fn bytes(&self, step: &StepId, total: Option<u64>) -> Progress {
        let (sink, step, done) = (self.sink.clone(), step.clone(), std::sync::atomic::AtomicU64::new(0));
        Progress::new(move |bytes| {
            let done = done.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed) + bytes;
            sink.event(&Event::Advanced { step: step.clone(), done, total, unit: Unit::Bytes });
        })
    }

    pub(crate) fn note(&self, step: &StepId, text: impl Into<String>) {
        self.sink.event(&Event::Note { step: step.clone(), text: text.into() });
    }
}

/// What the lease of a plan is about: its branch, or the release that is announced.
pub(crate) fn lease_of(plan: &AnyPlan) -> String {
    match plan {
        AnyPlan::Stage(plan) => lease_name(&plan.branch),
        AnyPlan::Release(plan) => lease_name(&plan.branch),
        AnyPlan::Announce(plan) => lease_name(&format!("announce-{}", plan.version)),
    }
}

/// A branch as the subject of a lease: only letters that a journal's names may hold.
fn lease_name(branch: &str) -> String {
    let fine = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    branch.chars().map(fine).collect()
}

/// The name of this machine, as leases carry it.
#[must_use]
pub fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "unknown".to_owned() } else { name }
}

/// Whether a process of this machine runs. In doubt it does.
pub(crate) fn process_runs(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else { return true };
    !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
}

/// The folder of one stage run on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    pub(crate) fn new(runner: &Runner, run: &str) -> Self {
        Self { root: runner.work.join(run) }
    }

    pub(crate) fn root(&self) -> &PathBuf {
        &self.root
    }

    /// The clone that is built.
    pub(crate) fn source(&self) -> PathBuf {
        self.root.join("src")
    }

    /// Build results, one folder a build.
    pub(crate) fn out(&self) -> PathBuf {
        self.root.join("out")
    }

    /// Build logs, one file a build.
    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Notes and announcement of a version.
    pub(crate) fn texts(&self, version: &StageVersion) -> PathBuf {
        self.root.join("texts").join(version.version.to_string())
    }

    /// Everything of a version that is uploaded.
    pub(crate) fn publish(&self, version: &StageVersion) -> PathBuf {
        self.root.join("publish").join(version.version.to_string())
    }

    /// The bundle of the tags and branches.
    pub(crate) fn bundle(&self) -> PathBuf {
        self.root.join("git.bundle")
    }

    pub(crate) fn open_source(&self) -> Result<GitRepo, Error> {
        GitRepo::open(self.source()).map_err(Error::git("open the clone"))
    }
}

/// What the steps of a stage run share.
pub(crate) struct StageContext<'a> {
    pub(crate) plan: &'a StagePlan,
    pub(crate) runner: &'a Runner,
    pub(crate) workspace: Workspace,
    pub(crate) bucket: Bucket,
}
