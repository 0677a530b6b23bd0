//! stderr: the one place where lines, prompts and bars meet.

use std::{
    fmt,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use indicatif::MultiProgress;

use crate::{
    Redaction,
    human::{Lines, printable},
};

/// stderr, shared. Writing never fails: a broken terminal must not stop a release.
#[derive(Clone)]
pub(crate) struct Console(Arc<Inner>);

struct Inner {
    out: Mutex<Box<dyn Write + Send>>,
    bars: Option<MultiProgress>,
    redaction: Redaction,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Console")
    }
}

impl Console {
    pub(crate) fn new(out: Box<dyn Write + Send>, bars: Option<MultiProgress>, redaction: Redaction) -> Self {
        Self(Arc::new(Inner { out: Mutex::new(out), bars, redaction }))
    }

    pub(crate) fn bars(&self) -> Option<&MultiProgress> {
        self.0.bars.as_ref()
    }

    pub(crate) fn redaction(&self) -> &Redaction {
        &self.0.redaction
    }

    /// Text from elsewhere: secrets and what steers a terminal are taken out.
    pub(crate) fn clean(&self, text: &str, lines: Lines) -> String {
        printable(&self.0.redaction.apply(text), lines)
    }

    /// Writes text that is already clean, with the bars out of the way.
    pub(crate) fn write(&self, text: &str) {
        let write = || {
            let mut out = self.0.out.lock().unwrap_or_else(PoisonError::into_inner);
            out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
        };
        match &self.0.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }
}
