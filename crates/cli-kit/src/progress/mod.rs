//! How the events of a run are shown on stderr.

mod bars;
mod json;
mod plain;

use std::{sync::Arc, time::Duration};

use release_journal::{NoProgress, ProgressSink, StepOutcome};

use crate::{Paint, ProgressMode, console::Console, human_bytes, human_count, human_duration};

/// The sink for a mode that is no longer `Auto`.
pub(crate) fn sink(mode: ProgressMode, console: Console, paint: Paint) -> Arc<dyn ProgressSink> {
    match mode {
        ProgressMode::None => Arc::new(NoProgress),
        ProgressMode::Json => Arc::new(json::JsonLines::new(console)),
        ProgressMode::Bars if console.bars().is_some() => Arc::new(bars::Bars::new(console, paint)),
        ProgressMode::Bars | ProgressMode::Plain | ProgressMode::Auto => plain::PlainLines::start(console),
    }
}

/// `[3/12] copy:v1.2.0`
fn label(index: usize, total: usize, step: &str) -> String {
    let width = total.to_string().len();
    format!("[{index:>width$}/{total}] {step}")
}

/// `run stage-v1.2.0: 12 steps`
fn started(run: &str, total: usize) -> String {
    format!("run {run}: {}", human_count(total, "step"))
}

/// How a step ended: `done (1.2 s)`.
fn ending(outcome: &StepOutcome, duration_ms: u64) -> String {
    let time = human_duration(Duration::from_millis(duration_ms));
    match outcome {
        StepOutcome::Ran => format!("done ({time})"),
        StepOutcome::AlreadyDone => format!("already done ({time})"),
        StepOutcome::Skipped { reason } => format!("not needed: {reason}"),
        StepOutcome::Failed => format!("failed ({time})"),
        _ => format!("ended ({time})"),
    }
}

/// How the run ended.
fn run_ending(run: &str, complete: bool, duration_ms: u64) -> String {
    let time = human_duration(Duration::from_millis(duration_ms));
    if complete { format!("run {run} complete ({time})") } else { format!("run {run} stopped ({time})") }
}

/// `1.2 MiB of 3.4 GiB, 35 %`
fn amount(done: u64, total: Option<u64>, unit: release_journal::Unit) -> String {
    let quantity = |n: u64| match unit {
        release_journal::Unit::Bytes => human_bytes(n),
        _ => n.to_string(),
    };
    match total {
        Some(total) if total > 0 => {
            let percent = u128::from(done) * 100 / u128::from(total);
            format!("{} of {}, {percent} %", quantity(done), quantity(total))
        }
        _ => quantity(done),
    }
}
