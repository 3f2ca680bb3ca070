//! Whether a capture has the packets of both directions.

use std::collections::HashSet;

use super::{
    note::TraceNote,
    trace::{Trace, TraceEvent},
};
use crate::track::{TransferEnd, Transport};

/// Which packets of TFTP transfers a capture has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Directions {
    /// A packet of a server to a client that requested a file, or an ICMP message for its port.
    pub answers: bool,
    /// A first block of a file that no client requested.
    pub lone_answers: bool,
}

impl Directions {
    /// Notes at the end of a capture that it has one direction only.
    pub(super) fn close(self, trace: &mut Trace) {
        let has_requests = trace
            .requests
            .iter()
            .any(|request| request.transport == Transport::Tftp);
        if has_requests && !self.answers {
            // Answers before their requests are those of a capture that is not in order.
            if !self.lone_answers {
                trace.notes.push(TraceNote::OneDirection);
            }
            trace.has_ends = false;
            forget_silence(trace);
        } else if !has_requests && self.lone_answers {
            trace.notes.push(TraceNote::AnswersOnly);
        }
    }
}

/// Without a packet of a server, silence is no evidence: only a request that the phone's timer
/// repeated was not answered.
fn forget_silence(trace: &mut Trace) {
    let repeated: HashSet<usize> = trace
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            TraceEvent::Repeated(index) => Some(*index),
            _ => None,
        })
        .collect();
    let requests = &mut trace.requests;
    trace.events.retain(|(_, event)| match event {
        TraceEvent::Ended(index, TransferEnd::Vanished { .. } | TransferEnd::Replaced, _)
            if !repeated.contains(index) =>
        {
            requests[*index].ended = false;
            false
        }
        _ => true,
    });
}
