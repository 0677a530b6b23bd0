//! What a remote says while it sends.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gix::progress::{Count, Id, MessageLevel, NestedProgress, Progress, Step, StepShared, Unit};

/// The most that is kept of one remark, in characters.
const LONGEST: usize = 400;

/// Keeps what a remote complains of.
#[derive(Clone, Default)]
pub(crate) struct Words {
    complaints: Arc<Mutex<Vec<String>>>,
    step: StepShared,
}

impl Words {
    /// What the remote complained of, in one line.
    pub(crate) fn complaint(&self) -> Option<String> {
        let complaints = self.complaints();
        (!complaints.is_empty()).then(|| complaints.join("; "))
    }

    fn complaints(&self) -> MutexGuard<'_, Vec<String>> {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn child(&self) -> Self {
        Self { complaints: Arc::clone(&self.complaints), step: StepShared::default() }
    }

    fn keep(&self, text: &str) {
        let visible = |c: char| if c.is_control() { ' ' } else { c };
        let text: String = text.trim().chars().map(visible).take(LONGEST).collect();
        let mut complaints = self.complaints();
        if !text.is_empty() && complaints.len() < 3 && !complaints.contains(&text) {
            complaints.push(text);
        }
    }
}

impl Count for Words {
    fn set(&self, step: Step) {
        self.step.store(step, Ordering::Relaxed);
    }

    fn step(&self) -> Step {
        self.step.load(Ordering::Relaxed)
    }

    // What is counted here is also what is written: a count that stands still breaks a pack.
    fn inc_by(&self, step: Step) {
        self.step.fetch_add(step, Ordering::Relaxed);
    }

    fn counter(&self) -> StepShared {
        self.step.clone()
    }
}

impl Progress for Words {
    fn init(&mut self, _max: Option<Step>, _unit: Option<Unit>) {}

    fn set_name(&mut self, name: String) {
        // What is no progress comes as a name: `remote: fatal: unable to read …`.
        let text = name.split_once(": ").map_or(name.as_str(), |(_, text)| text);
        if ["fatal:", "error:"].iter().any(|sign| text.starts_with(sign)) {
            self.keep(text);
        }
    }

    fn name(&self) -> Option<String> {
        None
    }

    fn id(&self) -> Id {
        gix::progress::UNKNOWN
    }

    fn message(&self, level: MessageLevel, message: String) {
        if level == MessageLevel::Failure {
            self.keep(&message);
        }
    }
}

impl NestedProgress for Words {
    type SubProgress = Self;

    fn add_child(&mut self, _name: impl Into<String>) -> Self {
        self.child()
    }

    fn add_child_with_id(&mut self, _name: impl Into<String>, _id: Id) -> Self {
        self.child()
    }
}
