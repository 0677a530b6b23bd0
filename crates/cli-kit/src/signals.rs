//! Ctrl-C and SIGTERM.

use release_journal::Interrupt;

use crate::{Exit, Paint, console::Console, reading::Readers};

const FIRST: &str = "stopping after the current action; press Ctrl-C again to stop at once";
const SECOND: &str = "stopped at once; what is done stays done, and resuming is safe";

/// Watches for signals from within a runtime: the first raises the flag, the second ends the process.
pub(crate) fn watch(console: Console, paint: Paint, interrupt: Interrupt, readers: Readers) {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            tracing::warn!(%error, "signals cannot be watched; Ctrl-C stops at once");
            return;
        }
    };
    tokio::spawn(async move {
        signals.next().await;
        // What only reads ends now, and says so itself.
        if !readers.any() {
            console.write(&format!("\n{} {FIRST}\n", paint.warn("interrupted:")));
        }
        interrupt.raise();
        signals.next().await;
        console.write(&format!("\n{} {SECOND}\n", paint.warn("interrupted:")));
        abort();
    });
}

#[expect(clippy::exit, reason = "the running action may block its thread for minutes; nothing else ends it now")]
fn abort() {
    std::process::exit(Exit::Interrupted.code().into());
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        tokio::signal::ctrl_c().await.ok();
    }
}
