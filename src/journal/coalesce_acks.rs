//! Which acknowledgements are recorded.
//!
//! The engine tells of them ten times a second and transfer, and of progress the newest is
//! as good as all. So the newest of each transfer is held back, and written
//!
//! - at once, where more came of it than progress;
//! - when [`ACK_INTERVAL`] has passed since the last line of its transfer, or since
//!   it came, which is short against every silence that the tracking judges;
//! - before any other line of its address, or of the address where a MAC that is named was
//!   last: there tracking may look at when the phone was last heard.
//!
//! So lines may be out of order by that much; readers put them in the order of their
//! moments. Folded again, the states, diagnoses and outcomes are those of the run. What a kill takes
//! is at most the newest acknowledged bytes of transfers that were running.

use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
    time::Duration,
};

use crate::{
    phone::{MacAddress, RequestedFile},
    track::{Event, Observation, ObservationKind, RunTime, TransferId},
};

/// How long acknowledged bytes of a transfer may be unrecorded.
pub const ACK_INTERVAL: Duration = Duration::from_secs(5);

/// Addresses of MACs that are remembered; a run has no more phones.
const MAX_NAMED: usize = crate::track::MAX_PHONES;

/// The newest acknowledged bytes of a transfer that are not written.
#[derive(Debug, Clone, Copy)]
struct Held {
    at: RunTime,
    bytes: u64,
}

/// A transfer of which acknowledgements come.
#[derive(Debug)]
struct Running {
    /// When a line of it was last written.
    written: RunTime,
    held: Option<Held>,
}

impl Running {
    fn since(at: RunTime) -> Self {
        Self {
            written: at,
            held: None,
        }
    }
}

/// Takes what is held of these transfers and was seen before a moment, in order.
fn released<'a>(
    transfers: impl Iterator<Item = (Ipv4Addr, TransferId, &'a mut Running)>,
    before: RunTime,
) -> Vec<(RunTime, Observation)> {
    let mut released: Vec<_> = transfers
        .filter_map(|(address, transfer, running)| {
            let Held { at, bytes } = running.held.take_if(|held| held.at < before)?;
            running.written = at;
            let seen = ObservationKind::Acknowledged { transfer, bytes };
            Some((at, Observation { address, seen }))
        })
        .collect();
    released.sort_by_key(|(at, _)| *at);
    released
}

/// Holds acknowledgements back.
#[derive(Debug, Default)]
pub(super) struct AckCoalescer {
    /// By address, and there by transfer. As many as the engine lets run at once.
    running: HashMap<Ipv4Addr, BTreeMap<TransferId, Running>>,
    named: HashMap<MacAddress, Ipv4Addr>,
}

impl AckCoalescer {
    /// Takes a observation and what came of it; gives what is to be written now, in order.
    pub(super) fn take(
        &mut self,
        at: RunTime,
        observation: &Observation,
        events: &[Event],
    ) -> Vec<(RunTime, Observation)> {
        let address = observation.address;
        if let ObservationKind::Acknowledged { transfer, bytes } = observation.seen {
            let here = self.running.get_mut(&address);
            let Some(running) = here.and_then(|here| here.get_mut(&transfer)) else {
                // Of a transfer whose request was not seen here nothing is joined.
                return vec![(at, observation.clone())];
            };
            // Bytes never become fewer, whatever comes late.
            let bytes = running.held.map_or(bytes, |held| bytes.max(held.bytes));
            running.held = Some(Held { at, bytes });
            let is_more = events
                .iter()
                .any(|event| !matches!(event, Event::Progress(_)));
            return if is_more || at.saturating_sub(running.written) >= ACK_INTERVAL {
                self.release(address)
            } else {
                Vec::new()
            };
        }
        let mut now = self.release(address);
        let mac = match &observation.seen {
            ObservationKind::Requested { name, .. } => RequestedFile::parse(name).mac(),
            ObservationKind::MacReported { mac, .. } => Some(*mac),
            _ => None,
        };
        if let Some(mac) = mac {
            if let Some(before) = self.named.get(&mac).filter(|before| **before != address) {
                now.extend(self.release(*before));
                now.sort_by_key(|(at, _)| *at);
            }
            if self.named.len() < MAX_NAMED || self.named.contains_key(&mac) {
                self.named.insert(mac, address);
            }
        }
        match &observation.seen {
            ObservationKind::Requested {
                transfer,
                served: Some(_),
                ..
            } => {
                let here = self.running.entry(address).or_default();
                here.insert(*transfer, Running::since(at));
            }
            ObservationKind::Ended { transfer, .. } => {
                if let Some(here) = self.running.get_mut(&address) {
                    here.remove(transfer);
                    if here.is_empty() {
                        self.running.remove(&address);
                    }
                }
            }
            _ => {}
        }
        now.push((at, observation.clone()));
        now
    }

    /// What came before this moment and is still held back.
    pub(super) fn release_before(&mut self, moment: RunTime) -> Vec<(RunTime, Observation)> {
        let all = self.running.iter_mut().flat_map(|(address, here)| {
            let running = here.iter_mut();
            running.map(|(transfer, running)| (*address, *transfer, running))
        });
        released(all, moment)
    }

    fn release(&mut self, address: Ipv4Addr) -> Vec<(RunTime, Observation)> {
        let here = self.running.get_mut(&address);
        let here = here.into_iter().flat_map(BTreeMap::iter_mut);
        let here = here.map(|(transfer, running)| (address, *transfer, running));
        released(here, RunTime::MAX)
    }
}
