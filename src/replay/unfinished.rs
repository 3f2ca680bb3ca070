//! Transfers without an end in the lines of a server that logs ends.

use std::{
    collections::{HashMap, HashSet},
    net::Ipv4Addr,
};

use super::trace::{Trace, TraceEvent};
use crate::track::TransferEnd;

/// One server logs the ends of its transfers and another does not, so what phones have is
/// inferred from requests. Of the first, a request without an end was not completed.
pub(super) fn end<K>(trace: &mut Trace, asked: &[(usize, K)], has_ends: impl Fn(&K) -> bool) {
    let mut open: HashSet<usize> = HashSet::new();
    let mut newest: HashMap<Ipv4Addr, usize> = HashMap::new();
    for (index, key) in asked {
        let request = &trace.requests[*index];
        newest.insert(request.address, *index);
        if has_ends(key) && !request.ended {
            open.insert(*index);
        }
    }
    for last in newest.values() {
        open.remove(last);
    }
    if open.is_empty() {
        return;
    }
    let events = std::mem::take(&mut trace.events);
    for (time, event) in events {
        let asked = match event {
            TraceEvent::Requested(index) if open.contains(&index) => Some(index),
            _ => None,
        };
        trace.events.push((time, event));
        if let Some(index) = asked {
            let end = TransferEnd::Vanished { all_sent: false };
            trace.end(time, index, end, None);
        }
    }
}
