//! SIGINT, SIGTERM and SIGHUP as one stream of numbers.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end a run, caught while this exists.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Begins to catch the signals. Call it inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// If a handler cannot be installed.
    pub fn catch() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The number of the next signal: 2, 15 or 1.
    pub async fn next(&mut self) -> u8 {
        // Numbers: POSIX, signal.h; the same on every Linux.
        tokio::select! {
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
            _ = self.hangup.recv() => 1,
        }
    }
}
