//! Polling of phones' web pages, if it is enabled.

use crate::{
    discovery::poll::{PollResult, Poller},
    track::{PollCandidate, RunTime},
};

/// The poller, if polling is enabled.
pub(super) struct WebPolling(Option<Poller>);

impl WebPolling {
    pub(super) fn new(poller: Option<Poller>) -> Self {
        Self(poller)
    }

    /// Polls the phones that are due.
    pub(super) fn poll_due(&mut self, now: RunTime, wanted: &[PollCandidate]) {
        if let Some(poller) = &mut self.0 {
            poller.update(now, wanted);
        }
    }

    /// Waits for the next answer or timeout; forever if polling is disabled.
    pub(super) async fn next(&mut self, now: impl Fn() -> RunTime) -> PollResult {
        match &mut self.0 {
            Some(poller) => poller.next(now).await,
            None => std::future::pending().await,
        }
    }
}
