//! The engine: observe, and only where something is missing, write the intent, run, observe again, write the evidence.

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use crate::{
    Approved, CanonicalError, Clock, Created, Difference, Entry, Event, Holder, Interrupt, Lease, LeaseError, Observed,
    Plan, ProgressSink, Record, RunId, Step, StepId, StepOutcome, Store, StoreError, canonical_json,
};

/// How a journal is opened.
#[derive(Clone)]
#[non_exhaustive]
pub struct OpenOptions {
    /// Who opens it, e.g. the operator's login name.
    pub name: String,
    /// The machine.
    pub host: String,
    /// This process.
    pub pid: u32,
    /// What the lease is about, e.g. a branch name: letters, digits, `.`, `-`, `_`.
    pub lease: String,
    /// How long a silent holder keeps the lease. It is renewed three times in that span.
    pub ttl: Duration,
    /// The time.
    pub clock: Clock,
    /// Who is told what happens.
    pub sink: Arc<dyn ProgressSink>,
    /// The flag that asks the run to stop.
    pub interrupt: Interrupt,
}

impl std::fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenOptions").field("name", &self.name).field("lease", &self.lease).finish_non_exhaustive()
    }
}

impl OpenOptions {
    /// Options with a lease of two minutes.
    pub fn new(
        name: impl Into<String>,
        host: impl Into<String>,
        lease: impl Into<String>,
        clock: Clock,
        sink: Arc<dyn ProgressSink>,
        interrupt: Interrupt,
    ) -> Self {
        Self {
            name: name.into(),
            host: host.into(),
            pid: std::process::id(),
            lease: lease.into(),
            ttl: Duration::from_secs(120),
            clock,
            sink,
            interrupt,
        }
    }
}

/// Why a run could not be opened or written down.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The plan has no canonical form, or its subject cannot name a run.
    #[error("the plan cannot name a run")]
    BadPlan(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The journal holds another plan under this run's name.
    #[error("the journal holds another plan as `{run}`")]
    OtherPlan {
        /// The run.
        run: RunId,
    },
    /// Another process writes to this run.
    #[error("another process writes to run `{run}`")]
    Crowded {
        /// The run.
        run: RunId,
    },
    /// The lease.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CanonicalError> for JournalError {
    fn from(error: CanonicalError) -> Self {
        Self::BadPlan(Box::new(error))
    }
}

/// Why a step, and so the run, stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The step failed.
    #[error("step `{step}` failed")]
    Step {
        /// Which.
        step: StepId,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The destination holds something that the plan does not know.
    #[error("step `{step}` must not run: the destination holds something else; plan again")]
    Moved {
        /// Which.
        step: StepId,
        /// What is there.
        #[source]
        difference: Difference,
    },
    /// The step ran without an error, and the destination does not show the result.
    #[error("step `{step}` ran, and its result is not to be seen at the destination")]
    NotDone {
        /// Which.
        step: StepId,
    },
    /// Somebody asked to stop.
    #[error("interrupted before step `{step}`")]
    Interrupted {
        /// The step that would have been next.
        step: StepId,
    },
    /// The journal or the lease.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A run being applied: holds the lease, writes the records.
pub struct Journal<S> {
    store: S,
    run: RunId,
    lease: Lease<S>,
    next: u64,
    index: usize,
    steps: Vec<StepId>,
    started: std::time::Instant,
    options: OpenOptions,
}

impl<S> std::fmt::Debug for Journal<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("run", &self.run).field("next", &self.next).finish_non_exhaustive()
    }
}

/// The name of the run that applies `plan`.
fn run_id<P: Plan>(plan: &P) -> Result<RunId, JournalError> {
    format!("{}-{}", plan.subject(), plan.fingerprint()?.short())
        .parse()
        .map_err(|error: StoreError| JournalError::BadPlan(Box::new(error)))
}

impl<S: Store + Clone> Journal<S> {
    /// Opens the run of an approved plan, new or begun before: writes plan and approval if they are not there yet, and takes
    /// the lease. `steps` are the ids of the steps to come, for whoever watches.
    ///
    /// `gone` tells whether a lease holder's process is known to be dead, so that a killed run can be resumed at once.
    ///
    /// # Errors
    /// [`LeaseError::Held`] when another run holds the lease; [`JournalError::OtherPlan`] when the name is taken.
    pub async fn open<P: Plan>(
        store: S,
        plan: &Approved<P>,
        steps: Vec<StepId>,
        options: OpenOptions,
        gone: impl Fn(&Holder) -> bool + Send + Sync,
    ) -> Result<Self, JournalError> {
        let run = run_id(plan.plan())?;
        let bytes = canonical_json(plan.plan())?;
        let holder =
            Holder { name: options.name.clone(), host: options.host.clone(), pid: options.pid, run: run.clone() };
        let lease =
            Lease::acquire(store.clone(), &options.lease, holder, options.ttl, options.clock.clone(), gone).await?;
        let mut journal =
            Self { store, run, lease, next: 1, index: 0, steps, started: std::time::Instant::now(), options };
        match journal.begin(plan, &bytes).await {
            Ok(()) => Ok(journal),
            Err(error) => {
                // A run that never began keeps nobody waiting.
                if let Err(error) = journal.lease.release().await {
                    tracing::warn!(%error, "the lease was not given back; it ends by itself");
                }
                Err(error)
            }
        }
    }

    /// Writes plan, approval and the first record.
    async fn begin<P: Plan>(&mut self, plan: &Approved<P>, bytes: &[u8]) -> Result<(), JournalError> {
        let (store, run) = (&self.store, &self.run);
        let name = format!("runs/{run}/plan.json");
        if store.create(&name, bytes).await? == Created::Exists && store.read(&name).await?.as_deref() != Some(bytes) {
            return Err(JournalError::OtherPlan { run: run.clone() });
        }
        if let Some(approval) = plan.approval() {
            store.create(&format!("runs/{run}/approval.json"), &json(approval)?).await?;
        }
        if let Some(last) = store.list(&format!("runs/{run}/records/")).await?.last() {
            let digits = last.rsplit('/').next().and_then(|file| file.strip_suffix(".json"));
            let number = digits.and_then(|digits| digits.parse::<u64>().ok());
            self.next = number.ok_or_else(|| StoreError::BadName { name: last.clone() })? + 1;
        }
        self.write(None, Entry::Opened { steps: self.steps.clone() }).await?;
        self.tell(&Event::RunStarted { run: self.run.to_string(), total: self.steps.len() });
        Ok(())
    }

    /// The run's name.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// Brings one step to its result: looks, and only if nothing is there, runs it and looks again.
    ///
    /// # Errors
    /// [`RunError::Moved`] when the destination holds something else, [`RunError::Step`] when the step fails,
    /// [`RunError::Interrupted`] when the run was asked to stop before the step.
    pub async fn step<Cx: Sync, St: Step<Cx>>(&mut self, cx: &Cx, step: &St) -> Result<St::Output, RunError> {
        let id = step.id();
        if self.options.interrupt.is_raised() {
            self.write(Some(&id), Entry::Interrupted).await?;
            return Err(RunError::Interrupted { step: id });
        }
        self.index += 1;
        let started = std::time::Instant::now();
        let total = self.steps.len().max(self.index);
        self.tell(&Event::StepStarted { step: id.clone(), index: self.index, total });
        tracing::debug!(step = %id, "step begins");
        let result = self.advance(cx, step, &id).await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match result {
            Ok((output, outcome)) => {
                tracing::info!(step = %id, duration_ms, ?outcome, "step done");
                self.tell(&Event::StepEnded { step: id, outcome, duration_ms });
                Ok(output)
            }
            Err(error) => {
                self.tell(&Event::StepEnded { step: id.clone(), outcome: StepOutcome::Failed, duration_ms });
                // Without the lease, the record numbers belong to another run.
                if !matches!(error, RunError::Journal(JournalError::Lease(LeaseError::Lost { .. })))
                    && let Err(unwritten) = self.write(Some(&id), Entry::Failed { error: chain(&error) }).await
                {
                    tracing::warn!(step = %id, error = %chain(&unwritten), "the failure was not written to the journal");
                }
                Err(error)
            }
        }
    }

    async fn advance<Cx: Sync, St: Step<Cx>>(
        &mut self,
        cx: &Cx,
        step: &St,
        id: &StepId,
    ) -> Result<(St::Output, StepOutcome), RunError> {
        self.lease.ensure().await.map_err(JournalError::from)?;
        let failed = |error: St::Error| RunError::Step { step: id.clone(), source: Box::new(error) };
        match self.lease.keep(step.observe(cx)).await.map_err(JournalError::from)?.map_err(failed)? {
            Observed::Done(output) => {
                self.done(id, &output, false).await?;
                Ok((output, StepOutcome::AlreadyDone))
            }
            Observed::NotNeeded { reason, output } => {
                let outcome = StepOutcome::Skipped { reason: reason.0.clone() };
                self.write(Some(id), Entry::NotNeeded { reason }).await?;
                Ok((output, outcome))
            }
            Observed::Different(difference) => Err(RunError::Moved { step: id.clone(), difference }),
            Observed::Absent => {
                self.write(Some(id), Entry::Intent).await?;
                self.tell(&Event::Effect { phase: crate::Phase::Before, subject: format!("step {id}") });
                self.lease.keep(step.run(cx)).await.map_err(JournalError::from)?.map_err(failed)?;
                self.tell(&Event::Effect { phase: crate::Phase::After, subject: format!("step {id}") });
                match self.lease.keep(step.observe(cx)).await.map_err(JournalError::from)?.map_err(failed)? {
                    Observed::Done(output) => {
                        self.done(id, &output, true).await?;
                        Ok((output, StepOutcome::Ran))
                    }
                    // Overtaken: somebody else's effect stands in for it.
                    Observed::NotNeeded { reason, output } => {
                        let outcome = StepOutcome::Skipped { reason: reason.0.clone() };
                        self.write(Some(id), Entry::NotNeeded { reason }).await?;
                        Ok((output, outcome))
                    }
                    Observed::Different(difference) => Err(RunError::Moved { step: id.clone(), difference }),
                    Observed::Absent => Err(RunError::NotDone { step: id.clone() }),
                }
            }
        }
    }

    /// Closes the run: writes that it is complete and gives the lease back.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn complete(mut self) -> Result<RunId, JournalError> {
        self.write(None, Entry::Complete).await?;
        let duration_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.tell(&Event::RunEnded { run: self.run.to_string(), complete: true, duration_ms });
        self.lease.release().await?;
        Ok(self.run)
    }

    /// Leaves the run as it is and gives the lease back, so that it can be resumed at once.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn abandon(self) -> Result<RunId, JournalError> {
        let duration_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.tell(&Event::RunEnded { run: self.run.to_string(), complete: false, duration_ms });
        self.lease.release().await?;
        Ok(self.run)
    }

    async fn done<O: Serialize>(&mut self, id: &StepId, output: &O, ran: bool) -> Result<(), JournalError> {
        let evidence = serde_json::to_value(output)
            .map_err(|error| StoreError::failed("write the evidence of", &id.to_string(), error))?;
        self.write(Some(id), Entry::Done { evidence, ran }).await
    }

    async fn write(&mut self, step: Option<&StepId>, entry: Entry) -> Result<(), JournalError> {
        let record = Record {
            at: self.options.clock.now(),
            by: format!("{}@{}", self.options.name, self.options.host),
            step: step.cloned(),
            entry,
        };
        let name = format!("runs/{}/records/{:08}.json", self.run, self.next);
        match self.store.create(&name, &json(&record)?).await? {
            Created::New => {
                self.next += 1;
                Ok(())
            }
            Created::Exists => Err(JournalError::Crowded { run: self.run.clone() }),
        }
    }

    fn tell(&self, event: &Event) {
        self.options.sink.event(event);
    }
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, JournalError> {
    serde_json::to_vec(value).map_err(|error| JournalError::BadPlan(Box::new(error)))
}

/// The error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
