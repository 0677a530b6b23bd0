use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use release_journal::{Event, ProgressSink, StepId, StepOutcome, Unit};

use super::{ending, label, run_ending};
use crate::{Paint, console::Console, human::Lines};

/// A bar for each running step, a line for each that ended.
pub(super) struct Bars {
    console: Console,
    paint: Paint,
    running: Mutex<BTreeMap<StepId, Bar>>,
}

struct Bar {
    label: String,
    bar: ProgressBar,
    /// Whether the bar counts something of a known size; nothing before it counts.
    counts: Option<(Unit, bool)>,
}

impl fmt::Debug for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bars")
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .progress_chars("=> ")
        .tick_chars("|/-\\ ")
}

fn template(counts: Option<(Unit, bool)>) -> &'static str {
    match counts {
        None => "{spinner} {prefix}  {elapsed}",
        Some((Unit::Bytes, true)) => {
            "{spinner} {prefix}  [{bar:24}] {binary_bytes}/{binary_total_bytes}  {elapsed}, {eta} left"
        }
        Some((Unit::Bytes, false)) => "{spinner} {prefix}  {binary_bytes}  {elapsed}",
        Some((_, true)) => "{spinner} {prefix}  [{bar:24}] {pos}/{len}  {elapsed}, {eta} left",
        Some((_, false)) => "{spinner} {prefix}  {pos}  {elapsed}",
    }
}

impl Bars {
    pub(super) fn new(console: Console, paint: Paint) -> Self {
        Self { console, paint, running: Mutex::default() }
    }

    fn begin(&self, label: &str) -> ProgressBar {
        let bar = ProgressBar::new_spinner();
        let bar = match self.console.bars() {
            Some(bars) => bars.add(bar),
            None => bar,
        };
        bar.set_style(style(template(None)));
        bar.set_prefix(self.console.clean(label, Lines::One));
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    }

    fn line(&self, text: &str) {
        self.console.write(&(self.console.clean(text, Lines::One) + "\n"));
    }

    fn ended(&self, label: &str, outcome: &StepOutcome, duration_ms: u64) {
        let text = self.console.clean(&format!("{label} {}", ending(outcome, duration_ms)), Lines::One);
        let text = match outcome {
            StepOutcome::Ran => format!("{} {text}\n", self.paint.good("✓")),
            StepOutcome::Failed => format!("{} {text}\n", self.paint.bad("✗")),
            StepOutcome::AlreadyDone => format!("{} {text}\n", self.paint.good("=")),
            _ => format!("{} {text}\n", self.paint.dim("-")),
        };
        self.console.write(&text);
    }
}

impl ProgressSink for Bars {
    fn event(&self, event: &Event) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::RunStarted { run, total } => self.line(&super::started(run, *total)),
            Event::StepStarted { step, index, total } => {
                let label = label(*index, *total, &step.to_string());
                let bar = self.begin(&label);
                running.insert(step.clone(), Bar { label, bar, counts: None });
            }
            Event::Advanced { step, done, total, unit } => {
                if let Some(bar) = running.get_mut(step) {
                    let counts = Some((*unit, total.is_some()));
                    if bar.counts != counts {
                        bar.counts = counts;
                        bar.bar.set_style(style(template(counts)));
                    }
                    match total {
                        Some(total) => bar.bar.set_length(*total),
                        None => bar.bar.unset_length(),
                    }
                    bar.bar.set_position(*done);
                }
            }
            Event::Note { step, text } => self.line(&format!("  {step}: {text}")),
            Event::StepEnded { step, outcome, duration_ms } => {
                let label = running.remove(step).map_or_else(
                    || step.to_string(),
                    |bar| {
                        bar.bar.finish_and_clear();
                        if let Some(bars) = self.console.bars() {
                            bars.remove(&bar.bar);
                        }
                        bar.label
                    },
                );
                self.ended(&label, outcome, *duration_ms);
            }
            Event::RunEnded { run, complete, duration_ms } => {
                self.line(&run_ending(run, *complete, *duration_ms));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use indicatif::{MultiProgress, ProgressDrawTarget, TermLike};

    use super::*;
    use crate::{Redaction, shell::Buffer};

    /// A terminal that keeps every text that was drawn.
    #[derive(Debug, Clone, Default)]
    struct Drawn(Arc<Mutex<String>>);

    impl TermLike for Drawn {
        fn width(&self) -> u16 {
            120
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            self.0.lock().unwrap().push('\n');
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_run() {
        let (out, drawn) = (Buffer::default(), Drawn::default());
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::term_like_with_hz(Box::new(drawn.clone()), 250));
        let redaction = Redaction::new();
        redaction.set(Arc::new(|text| text.replace("s3cret", "[redacted]")));
        let console = Console::new(Box::new(out.clone()), Some(bars), redaction);
        let sink = Bars::new(console, Paint::plain());
        let step = || StepId::new("copy", "s3cret").unwrap();
        sink.event(&Event::RunStarted { run: "stage-v1".into(), total: 10 });
        sink.event(&Event::StepStarted { step: step(), index: 3, total: 10 });
        for _ in 0..40 {
            sink.event(&Event::Advanced { step: step(), done: 1024, total: Some(4096), unit: Unit::Bytes });
            std::thread::sleep(Duration::from_millis(5));
        }
        sink.event(&Event::Note { step: step(), text: "half".into() });
        sink.event(&Event::StepEnded { step: step(), outcome: StepOutcome::Ran, duration_ms: 1200 });
        sink.event(&Event::RunEnded { run: "stage-v1".into(), complete: true, duration_ms: 1300 });
        assert_eq!(
            out.text(),
            "run stage-v1: 10 steps\n  copy:[redacted]: half\n✓ [ 3/10] copy:[redacted] done (1.2 s)\n\
             run stage-v1 complete (1.3 s)\n"
        );
        let drawn = drawn.0.lock().unwrap().clone();
        assert!(drawn.contains("[ 3/10] copy:[redacted]"), "{drawn}");
        assert!(drawn.contains("[======>") && drawn.contains("1.00 KiB/4.00 KiB"), "{drawn}");
        assert!(!drawn.contains("s3cret"), "{drawn}");
    }
}
