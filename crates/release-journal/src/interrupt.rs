//! A request to stop, asked for once and honoured between two actions.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A flag that a signal handler raises and that runs look at between actions.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// A flag that is down.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks every run that watches this flag to stop after its current action.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked to stop.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
