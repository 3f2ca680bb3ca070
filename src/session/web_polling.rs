//! Phones' web pages, where somebody asks for them.

use crate::{
    discovery::poll::{PollResult, Poller},
    track::{PollCandidate, RunTime},
};

/// Who asks, if anybody does.
pub(super) struct WebPolling(Option<Poller>);

impl WebPolling {
    pub(super) fn new(poller: Option<Poller>) -> Self {
        Self(poller)
    }

    /// Asks who is due.
    pub(super) fn look(&mut self, now: RunTime, wanted: &[PollCandidate]) {
        if let Some(poller) = &mut self.0 {
            poller.update(now, wanted);
        }
    }

    /// Waits for the next answer, or the lack of one. Where nobody is asked, for ever.
    pub(super) async fn next(&mut self, now: impl Fn() -> RunTime) -> PollResult {
        match &mut self.0 {
            Some(poller) => poller.next(now).await,
            None => std::future::pending().await,
        }
    }
}
