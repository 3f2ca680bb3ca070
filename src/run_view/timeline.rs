//! One phone over time: its states, and when diagnoses were raised and withdrawn.

use jiff::Timestamp;

use crate::{diagnose::Code, track::State};

/// Maximum number of spans, and of marks, that are kept of one phone; the oldest are dropped.
pub const MAX_SPANS: usize = 512;

/// One state, for as long as it lasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The state.
    pub state: State,
    /// When the phone entered it.
    pub from: Timestamp,
    /// When the phone left it, or the time of the last event in this state.
    pub to: Timestamp,
}

/// A diagnosis that was raised or withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// Its code.
    pub code: Code,
    /// Whether it was withdrawn then.
    pub withdrawn: bool,
}

/// One phone over time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    /// States, oldest first.
    pub spans: Vec<Span>,
    /// Diagnoses, oldest first.
    pub marks: Vec<Mark>,
}

impl Timeline {
    pub(super) fn enter(&mut self, at: Timestamp, state: State) {
        if let Some(last) = self.spans.last_mut() {
            last.to = at;
            if last.state == state {
                return;
            }
        }
        if self.spans.len() >= MAX_SPANS {
            self.spans.remove(0);
        }
        self.spans.push(Span {
            state,
            from: at,
            to: at,
        });
    }

    pub(super) fn mark(&mut self, at: Timestamp, code: Code, withdrawn: bool) {
        if self.marks.len() >= MAX_SPANS {
            self.marks.remove(0);
        }
        self.marks.push(Mark {
            at,
            code,
            withdrawn,
        });
    }

    pub(super) fn close(&mut self, at: Timestamp) {
        if let Some(last) = self.spans.last_mut() {
            last.to = last.to.max(at);
        }
    }
}
