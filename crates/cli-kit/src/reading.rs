//! Work that only reads, which an interrupt ends at once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use release_journal::Interrupt;

use crate::{Exit, Failure, Shell};

/// How much work is under way that may be dropped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readers(Arc<AtomicUsize>);

impl Readers {
    /// Whether an interrupt ends the work of this moment.
    pub(crate) fn any(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

/// Runs work that only reads.
#[derive(Debug)]
#[must_use]
pub struct Reading {
    interrupt: Interrupt,
    readers: Readers,
}

#[derive(Debug)]
struct Count(Readers);

impl Drop for Count {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shell {
    /// For work that only reads: it has no effect that matters, so it need not be finished when somebody asks to stop.
    pub fn reading(&self) -> Reading {
        Reading { interrupt: self.interrupt(), readers: self.readers().clone() }
    }
}

impl Reading {
    /// Does the work. At the first Ctrl-C or SIGTERM it is dropped where it waits: no further request starts, and what it wrote
    /// beside files is removed.
    ///
    /// # Errors
    /// That of the work; exit 130 when interrupted.
    pub async fn run<T>(self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let Self { interrupt, readers } = self;
        readers.0.fetch_add(1, Ordering::SeqCst);
        let count = Count(readers);
        let result = tokio::select! {
            biased;
            () = interrupt.raised() => None,
            result = work => Some(result),
        };
        let interrupted = || Failure::new(Exit::Interrupted, "interrupted");
        let result = match result {
            // What waits inside may have heard of it first.
            Some(Err(failure)) if failure.exit() == Exit::Interrupted => Err(interrupted()),
            Some(result) => result,
            None => Err(interrupted()),
        };
        drop(count);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GlobalArgs, Interaction};

    #[tokio::test]
    async fn an_interrupt_drops_the_work() {
        let (shell, _) = Shell::captured(&GlobalArgs::default(), Interaction::None, "");
        assert_eq!(shell.reading().run(async { Ok(7) }).await.unwrap(), 7);
        let (flag, readers) = (shell.interrupt(), shell.readers().clone());
        assert!(!readers.any());
        let dropped = Arc::new(());
        let held = Arc::clone(&dropped);
        let work = async move {
            assert!(readers.any());
            flag.raise();
            std::future::pending::<()>().await;
            drop(held);
            Ok(())
        };
        let failure = shell.reading().run(work).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Interrupted);
        assert_eq!(Arc::strong_count(&dropped), 1, "what the work held is gone");
        assert!(!shell.readers().any());
    }
}
