//! When a phone was observed.

use crate::track::observation::RunTime;

/// When a phone was observed, and how many requests it sent.
#[derive(Debug, Clone, Copy)]
pub(in crate::track) struct Activity {
    /// The first observation.
    pub first: RunTime,
    /// The newest observation.
    pub last: RunTime,
    /// The newest request or acknowledgement. A report of another source does not count.
    pub last_request: RunTime,
    /// The request or acknowledgement before the newest one.
    pub before: RunTime,
    /// The server was stopped since the newest request.
    pub not_served: bool,
    /// The number of requests.
    pub requests: u64,
    /// When the phone last showed in this boot that its application runs: it accepted a
    /// configuration, or it registered.
    pub running_since: Option<RunTime>,
}

impl Activity {
    pub(super) fn new(at: RunTime) -> Self {
        Self {
            first: at,
            last: at,
            last_request: at,
            before: at,
            not_served: false,
            requests: 0,
            running_since: None,
        }
    }

    /// The phone sent a request or an acknowledgement.
    pub(super) fn on_request(&mut self, at: RunTime) {
        self.last = at;
        self.before = self.last_request;
        self.last_request = at;
        self.not_served = false;
    }

    /// Since when silence counts. A phone that `survey` kept from its load is silent on
    /// purpose until the survey ends and the operator restarts the phone.
    pub(super) fn silent_since(&self, survey: Option<RunTime>) -> RunTime {
        survey.map_or(self.last_request, |end| self.last_request.max(end))
    }

    pub(super) fn absorb_earlier(&mut self, earlier: Self) {
        self.first = self.first.min(earlier.first);
        self.last = self.last.max(earlier.last);
        self.last_request = self.last_request.max(earlier.last_request);
        self.running_since = self.running_since.or(earlier.running_since);
        self.requests += earlier.requests;
    }
}
