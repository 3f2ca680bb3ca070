//! SIGINT, SIGTERM and SIGHUP as one stream of numbers.

use std::{
    io,
    time::{Duration, Instant},
};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end a run, caught while this exists.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    first: Option<Instant>,
}

/// SIGHUP, POSIX, signal.h.
const HANGUP: u8 = 1;

/// When a terminal closes, its shell and the kernel both send SIGHUP, and some service managers send
/// it after SIGTERM. Within this time after the first signal it does not count as a second one.
const SAME_END: Duration = Duration::from_secs(1);

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
            first: None,
        })
    }

    /// The number of the next signal: 2, 15 or 1.
    pub async fn next(&mut self) -> u8 {
        // Numbers: POSIX, signal.h; the same on every Linux.
        tokio::select! {
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
            _ = self.hangup.recv() => HANGUP,
        }
    }

    /// Whether this signal belongs to the same end of the run as the first one.
    pub(super) fn is_same_end(&mut self, number: u8) -> bool {
        let now = Instant::now();
        let is_repeated = self
            .first
            .is_some_and(|first| now.duration_since(first) < SAME_END);
        self.first.get_or_insert(now);
        number == HANGUP && is_repeated
    }
}
