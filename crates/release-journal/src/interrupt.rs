//! A request to stop, asked for once and honoured between two actions.

use std::sync::Arc;

use tokio::sync::watch;

/// A flag that a signal handler raises and that runs look at between actions. It can be waited for too.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<watch::Sender<bool>>);

impl Interrupt {
    /// A flag that is down.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks every run that watches this flag to stop after its current action.
    pub fn raise(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody asked to stop.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends when somebody asks to stop, or has asked already.
    pub fn raised(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let (flag, mut watched) = (self.clone(), self.0.subscribe());
        async move {
            // It ends early only when every flag is gone, and this one is here.
            watched.wait_for(|raised| *raised).await.ok();
            drop(flag);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_can_be_waited_for() {
        let interrupt = Interrupt::new();
        let (early, other) = (interrupt.raised(), interrupt.clone());
        drop(interrupt);
        let waiting = tokio::spawn(early);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished() && !other.is_raised());
        other.raise();
        waiting.await.unwrap();
        other.raised().await;
        assert!(other.is_raised());
    }
}
