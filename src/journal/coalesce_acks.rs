//! Reduces how many acknowledgements are recorded.
//!
//! A server reports acknowledged bytes ten times a second for each transfer, and only the newest
//! report counts. The newest of each transfer is held back and written
//!
//! - at once, if it caused events other than progress, or is the first of its transfer: the first
//!   one may prove a request, without an event;
//! - when [`ACK_INTERVAL`] has passed since the last acknowledgement of its transfer that was
//!   written, which is short compared with every time limit of tracking;
//! - before any other line of its address, or of a later address of a MAC that was reported there:
//!   tracking may check there when the phone was last active.
//!
//! So a line may be up to [`ACK_INTERVAL`] late; readers sort lines by run time. The states,
//! diagnoses and outcomes of a replay equal those of the run. A kill loses at most the newest
//! acknowledged bytes of running transfers.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::Ipv4Addr,
    time::Duration,
};

use crate::{
    phone::{MacAddress, RequestedFile},
    track::{Event, Observation, ObservationKind, RunTime, TransferId},
};

/// How long acknowledged bytes of a transfer may stay unrecorded.
pub const ACK_INTERVAL: Duration = Duration::from_secs(5);

/// How many MACs are remembered with their address.
const MAX_NAMED: usize = crate::track::MAX_PHONES;

/// How many earlier addresses of the MACs at one address are remembered.
const MAX_EARLIER: usize = 16;

/// The newest acknowledged bytes of a transfer, not written yet.
#[derive(Debug, Clone, Copy)]
struct Held {
    at: RunTime,
    bytes: u64,
}

/// A running transfer.
#[derive(Debug, Default)]
struct Running {
    /// The time of the newest acknowledgement that was written.
    written: Option<RunTime>,
    held: Option<Held>,
}

/// Takes the acknowledgements that are held back for these transfers and were observed before
/// `before`, in order.
fn released<'a>(
    transfers: impl Iterator<Item = (Ipv4Addr, TransferId, &'a mut Running)>,
    before: RunTime,
) -> Vec<(RunTime, Observation)> {
    let mut released: Vec<_> = transfers
        .filter_map(|(address, transfer, running)| {
            let Held { at, bytes } = running.held.take_if(|held| held.at < before)?;
            running.written = Some(at);
            let kind = ObservationKind::Acknowledged { transfer, bytes };
            Some((at, Observation { address, kind }))
        })
        .collect();
    released.sort_by_key(|(at, _)| *at);
    released
}

/// Holds acknowledgements back; see the module.
#[derive(Debug, Default)]
pub(super) struct AckCoalescer {
    /// By address and transfer. The servers limit how many there are.
    running: HashMap<Ipv4Addr, BTreeMap<TransferId, Running>>,
    named: HashMap<MacAddress, Ipv4Addr>,
    /// By address: the earlier addresses, with running transfers, of MACs that are here now.
    earlier: HashMap<Ipv4Addr, BTreeSet<Ipv4Addr>>,
}

impl AckCoalescer {
    /// Takes an observation and the events that followed; returns what must be written now, in
    /// order.
    pub(super) fn process(
        &mut self,
        at: RunTime,
        observation: &Observation,
        events: &[Event],
    ) -> Vec<(RunTime, Observation)> {
        let address = observation.address;
        if let ObservationKind::Acknowledged { transfer, bytes } = observation.kind {
            let transfers = self.running.get_mut(&address);
            let Some(running) = transfers.and_then(|transfers| transfers.get_mut(&transfer)) else {
                // The request of this transfer was not recorded.
                return vec![(at, observation.clone())];
            };
            // Acknowledged bytes never decrease, even if reports come out of order.
            let bytes = running.held.map_or(bytes, |held| bytes.max(held.bytes));
            running.held = Some(Held { at, bytes });
            let is_more = events
                .iter()
                .any(|event| !matches!(event, Event::Progress(_)));
            let is_late = running
                .written
                .is_none_or(|written| at.saturating_sub(written) >= ACK_INTERVAL);
            return if is_more || is_late {
                self.release(address)
            } else {
                Vec::new()
            };
        }
        let mut now = self.release(address);
        let mac = match &observation.kind {
            ObservationKind::Requested { name, .. } => RequestedFile::parse(name).mac(),
            ObservationKind::MacReported { mac, .. } => Some(*mac),
            _ => None,
        };
        if let Some(mac) = mac {
            let before = self.named.get(&mac).copied();
            if let Some(before) = before.filter(|before| *before != address) {
                now.extend(self.release(before));
                now.sort_by_key(|(at, _)| *at);
                self.moved(before, address);
            }
            if self.named.len() < MAX_NAMED || self.named.contains_key(&mac) {
                self.named.insert(mac, address);
            }
        }
        match &observation.kind {
            ObservationKind::Requested {
                transfer,
                served: Some(_),
                ..
            } => {
                let transfers = self.running.entry(address).or_default();
                transfers.insert(*transfer, Running::default());
            }
            ObservationKind::Ended { transfer, .. } => {
                if let Some(transfers) = self.running.get_mut(&address) {
                    transfers.remove(transfer);
                    if transfers.is_empty() {
                        self.running.remove(&address);
                    }
                }
            }
            _ => {}
        }
        now.push((at, observation.clone()));
        now
    }

    /// What is held back and was observed before this run time.
    pub(super) fn release_before(&mut self, moment: RunTime) -> Vec<(RunTime, Observation)> {
        let all = self.running.iter_mut().flat_map(|(address, transfers)| {
            let running = transfers.iter_mut();
            running.map(|(transfer, running)| (*address, *transfer, running))
        });
        released(all, moment)
    }

    /// A MAC moved: its transfers at the address before are still those of the phone.
    fn moved(&mut self, before: Ipv4Addr, address: Ipv4Addr) {
        let mut earlier = self.earlier.remove(&before).unwrap_or_default();
        earlier.insert(before);
        earlier.extend(self.earlier.remove(&address).unwrap_or_default());
        earlier.retain(|at| *at != address && self.running.contains_key(at));
        while earlier.len() > MAX_EARLIER {
            earlier.pop_first();
        }
        if !earlier.is_empty() {
            self.earlier.insert(address, earlier);
        }
    }

    /// What is held back for this address, and for earlier addresses of its MACs, in order.
    fn release(&mut self, address: Ipv4Addr) -> Vec<(RunTime, Observation)> {
        let mut now = self.release_at(address);
        let Some(mut earlier) = self.earlier.remove(&address) else {
            return now;
        };
        earlier.retain(|before| self.running.contains_key(before));
        for before in &earlier {
            now.extend(self.release_at(*before));
        }
        now.sort_by_key(|(at, _)| *at);
        if !earlier.is_empty() {
            self.earlier.insert(address, earlier);
        }
        now
    }

    fn release_at(&mut self, address: Ipv4Addr) -> Vec<(RunTime, Observation)> {
        let transfers = self.running.get_mut(&address);
        let transfers = transfers.into_iter().flat_map(BTreeMap::iter_mut);
        let transfers = transfers.map(|(transfer, running)| (address, *transfer, running));
        released(transfers, RunTime::MAX)
    }
}
