use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};

use release_journal::{Event, ProgressSink, StepId, Unit};

use super::{amount, ending, label, run_ending};
use crate::{
    console::Console,
    human::{Lines, human_duration},
};

/// How long a running step may be silent. CI systems give up on jobs that say nothing, and people do too.
const SILENCE: Duration = Duration::from_secs(10);

/// A line for each step that ended, and a line every ten seconds while one runs.
#[derive(Debug)]
pub(super) struct PlainLines {
    console: Console,
    running: Mutex<BTreeMap<StepId, Running>>,
}

#[derive(Debug)]
struct Running {
    label: String,
    started: Instant,
    spoke: Instant,
    amount: Option<(u64, Option<u64>, Unit)>,
}

impl PlainLines {
    fn new(console: Console) -> Self {
        Self { console, running: Mutex::default() }
    }

    /// A sink with a thread that breaks long silences; the thread ends soon after the sink is dropped.
    pub(super) fn start(console: Console) -> Arc<Self> {
        let sink = Arc::new(Self::new(console));
        let weak: Weak<Self> = Arc::downgrade(&sink);
        let spawned = thread::Builder::new().name("progress".to_owned()).spawn(move || {
            loop {
                thread::sleep(Duration::from_millis(500));
                match weak.upgrade() {
                    Some(sink) => sink.tick(Instant::now()),
                    None => return,
                }
            }
        });
        // Without the thread, long steps are silent; nothing else is lost.
        spawned.map(drop).ok();
        sink
    }

    fn line(&self, text: &str) {
        self.console.write(&(self.console.clean(text, Lines::One) + "\n"));
    }

    fn tick(&self, now: Instant) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        for step in running.values_mut() {
            if now.saturating_duration_since(step.spoke) >= SILENCE {
                step.spoke = now;
                let time = human_duration(now.saturating_duration_since(step.started));
                let text = match step.amount {
                    Some((done, total, unit)) => format!("{} … {} ({time})", step.label, amount(done, total, unit)),
                    None => format!("{} … running ({time})", step.label),
                };
                self.line(&text);
            }
        }
    }

    fn event_at(&self, event: &Event, now: Instant) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::RunStarted { run, total } => self.line(&super::started(run, *total)),
            Event::StepStarted { step, index, total } => {
                let label = label(*index, *total, &step.to_string());
                running.insert(step.clone(), Running { label, started: now, spoke: now, amount: None });
            }
            Event::Advanced { step, done, total, unit } => {
                if let Some(step) = running.get_mut(step) {
                    step.amount = Some((*done, *total, *unit));
                }
            }
            Event::Note { step, text } => {
                let label = running.get_mut(step).map(|step| {
                    step.spoke = now;
                    step.label.clone()
                });
                self.line(&format!("{}: {text}", label.unwrap_or_else(|| step.to_string())));
            }
            Event::StepEnded { step, outcome, duration_ms } => {
                let label = running.remove(step).map_or_else(|| step.to_string(), |step| step.label);
                self.line(&format!("{label} … {}", ending(outcome, *duration_ms)));
            }
            Event::RunEnded { run, complete, duration_ms } => self.line(&run_ending(run, *complete, *duration_ms)),
            _ => {}
        }
    }
}

impl ProgressSink for PlainLines {
    fn event(&self, event: &Event) {
        self.event_at(event, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use release_journal::StepOutcome;

    use super::*;
    use crate::{Redaction, shell::Buffer};

    #[test]
    fn a_run() {
        let (out, redaction) = (Buffer::default(), Redaction::new());
        redaction.set(Arc::new(|text| text.replace("s3cret", "[redacted]")));
        let sink = PlainLines::new(Console::new(Box::new(out.clone()), None, redaction));
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let step = |name| StepId::new(name, "v1.2.0").unwrap();
        let started = |name, index| Event::StepStarted { step: step(name), index, total: 12 };
        let ended = |name, outcome| Event::StepEnded { step: step(name), outcome, duration_ms: 1234 };

        sink.event_at(&Event::RunStarted { run: "stage-v1.2.0-abc".into(), total: 12 }, at(0));
        sink.event_at(&started("tag", 1), at(0));
        sink.event_at(&ended("tag", StepOutcome::AlreadyDone), at(1));
        sink.event_at(&started("build", 2), at(1));
        sink.tick(at(10)); // nine seconds of silence: nothing yet
        sink.tick(at(11));
        sink.event_at(&Event::Note { step: step("build"), text: "linux/amd64 \u{1b}[2J s3cret".into() }, at(15));
        sink.tick(at(24)); // the note counts as a word
        sink.event_at(&ended("build", StepOutcome::Ran), at(25));
        sink.event_at(&started("copy", 3), at(25));
        let advanced = |done, total| Event::Advanced { step: step("copy"), done, total, unit: Unit::Bytes };
        sink.event_at(&advanced(512, Some(2048)), at(30));
        sink.tick(at(35));
        sink.event_at(&advanced(4096, None), at(36));
        sink.tick(at(45));
        sink.event_at(&ended("copy", StepOutcome::Skipped { reason: "no images".into() }), at(46));
        sink.event_at(&started("mail", 12), at(46));
        sink.event_at(&ended("mail", StepOutcome::Failed), at(47));
        sink.event_at(
            &Event::RunEnded { run: "stage-v1.2.0-abc".into(), complete: false, duration_ms: 47_000 },
            at(47),
        );
        insta::assert_snapshot!(out.text(), @r"
        run stage-v1.2.0-abc: 12 steps
        [ 1/12] tag:v1.2.0 … already done (1.2 s)
        [ 2/12] build:v1.2.0 … running (10.0 s)
        [ 2/12] build:v1.2.0: linux/amd64 �[2J [redacted]
        [ 2/12] build:v1.2.0 … done (1.2 s)
        [ 3/12] copy:v1.2.0 … 512 B of 2.0 KiB, 25 % (10.0 s)
        [ 3/12] copy:v1.2.0 … 4.0 KiB (20.0 s)
        [ 3/12] copy:v1.2.0 … not needed: no images
        [12/12] mail:v1.2.0 … failed (1.2 s)
        run stage-v1.2.0-abc stopped (47.0 s)
        ");
    }

    #[test]
    fn the_thread_does_not_keep_the_sink() {
        let sink = PlainLines::start(Console::new(Box::new(Buffer::default()), None, Redaction::new()));
        let weak = Arc::downgrade(&sink);
        drop(sink);
        let end = Instant::now() + Duration::from_secs(10);
        while weak.strong_count() > 0 && Instant::now() < end {
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(weak.strong_count(), 0);
    }
}
