//! The REGISTERs of one user, and which of them are unanswered.

use std::time::Duration;

use crate::track::observation::RunTime;

/// Copies of one packet within this time are one packet that was captured twice. A phone waits
/// 500 ms before it retransmits (T1 of RFC 3261, 17.1.2.2).
pub(super) const DUPLICATE_PACKET_WITHIN: Duration = Duration::from_millis(300);

/// The requests of one line since it was last registered, or since the first one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Requests {
    /// The first request.
    pub(super) since: RunTime,
    /// The newest request or retransmission.
    pub(super) last: RunTime,
    pub(super) count: u32,
    /// Retransmissions of the newest request since it was answered, or since it was sent.
    pub(super) retransmissions: u32,
    /// The first request without an answer, if none has been answered since.
    pub(super) unanswered_since: Option<RunTime>,
    /// Requests without an answer since then.
    pub(super) unanswered: u32,
    /// The answer is overdue.
    pub(super) overdue: bool,
    /// The answers take a path that is not observed: the phone continued as if it had one.
    pub(super) answers_hidden: bool,
}

impl Requests {
    pub(super) fn new(at: RunTime) -> Self {
        Self {
            since: at,
            last: at,
            count: 0,
            retransmissions: 0,
            unanswered_since: None,
            unanswered: 0,
            overdue: false,
            answers_hidden: false,
        }
    }

    pub(super) fn on_sent(&mut self, at: RunTime) {
        self.last = at;
        self.count = self.count.saturating_add(1);
        self.retransmissions = 0;
        self.unanswered_since.get_or_insert(at);
        self.unanswered = self.unanswered.saturating_add(1);
    }

    /// Returns whether this is not a second copy of one packet.
    pub(super) fn on_retransmitted(&mut self, at: RunTime) -> bool {
        let is_new = at.saturating_sub(self.last) >= DUPLICATE_PACKET_WITHIN;
        if is_new {
            self.last = at;
            self.retransmissions = self.retransmissions.saturating_add(1);
        }
        is_new
    }

    pub(super) fn on_answered(&mut self, at: RunTime) {
        self.last = at;
        self.retransmissions = 0;
        self.unanswered_since = None;
        self.unanswered = 0;
        self.overdue = false;
    }
}
