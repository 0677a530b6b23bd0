//! What a run tells whoever is watching: events, and the sink they go to.

use serde::Serialize;

use crate::StepId;

/// One thing that happened during a run.
///
/// Events are for eyes, not for proof: nothing is ever decided by them, and a run without any sink does the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A run begins; `total` steps are known.
    RunStarted {
        /// Name of the run, e.g. `stage-v1.2.0-alpha.1-3f2a…`.
        run: String,
        /// Number of steps the run has.
        total: usize,
    },
    /// Step `index` (from 1) of `total` begins.
    StepStarted {
        /// Which step.
        step: StepId,
        /// Position of the step, from 1.
        index: usize,
        /// Number of steps of the run.
        total: usize,
    },
    /// Part of a step's work is done.
    Advanced {
        /// Which step.
        step: StepId,
        /// Units done so far.
        done: u64,
        /// Units to do in all, when known.
        total: Option<u64>,
        /// What is counted.
        unit: Unit,
    },
    /// An effect on a destination is about to happen, or has just happened. What a fault injector counts.
    Effect {
        /// Which side of the effect this is.
        phase: Phase,
        /// What is changed, e.g. `` object `release/v1.2.0/a.tar.gz` ``.
        subject: String,
    },
    /// The step is worth a word, e.g. `built linux/amd64 in 3 s`.
    Note {
        /// Which step.
        step: StepId,
        /// One line, no line break at the end.
        text: String,
    },
    /// The step ended.
    StepEnded {
        /// Which step.
        step: StepId,
        /// How.
        outcome: StepOutcome,
        /// Wall time in milliseconds.
        duration_ms: u64,
    },
    /// The run ended, well or not.
    RunEnded {
        /// Name of the run.
        run: String,
        /// Whether every step is done.
        complete: bool,
        /// Wall time in milliseconds.
        duration_ms: u64,
    },
}

/// The side of an effect on which an [`Event::Effect`] is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Right before.
    Before,
    /// Right after.
    After,
}

/// What an [`Event::Advanced`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Things: files, commits, jobs.
    Items,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StepOutcome {
    /// It was done now.
    Ran,
    /// The destination already held the result.
    AlreadyDone,
    /// It is not needed, for this reason.
    Skipped {
        /// Why.
        reason: String,
    },
    /// It failed; the error follows by another way.
    Failed,
}

/// Where events go: bars on a terminal, plain lines, JSON lines, nowhere.
pub trait ProgressSink: Send + Sync {
    /// Takes one event. Must not block for long and must not fail: a broken terminal never stops a release.
    fn event(&self, event: &Event);
}

/// The sink that drops everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl ProgressSink for NoProgress {
    fn event(&self, _event: &Event) {}
}
