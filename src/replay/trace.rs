//! What a foreign record tells, before it is observations.

use std::{collections::HashMap, net::Ipv4Addr};

use jiff::Timestamp;

use super::timestamp::{Calendar, LogTime, since};
use crate::{
    phone::{MacAddress, normalized_name},
    protocol::Malformed,
    track::{
        EvidenceSource, Observation, ObservationKind, Plan, RunTime, ServedFile, TransferEnd,
        TransferId, Transport,
    },
};

/// Requests that are read from one trace; later ones are ignored.
pub const MAX_REQUESTS: usize = 1_000_000;

/// Observations that are read from one trace; later ones are ignored.
pub const MAX_OBSERVATIONS: usize = 1_000_000;

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub address: Ipv4Addr,
    /// 0 where the record does not tell.
    pub port: u16,
    pub transport: Transport,
    /// As asked.
    pub name: String,
    /// What is served for it, where that is not the name as asked.
    pub staged: Option<String>,
    /// Whether something was found; assumed until the record says no.
    pub found: bool,
    /// The file's bytes, where they are known.
    pub size: Option<u64>,
    /// Whether the record told how it ended.
    pub ended: bool,
}

/// One fact, in the record's order.
#[derive(Debug, Clone)]
pub(super) enum TraceEvent {
    Requested(usize),
    Acknowledged(usize, u64),
    /// How, and the bytes, where they are known.
    Ended(usize, TransferEnd, Option<u64>),
    /// Somebody asked from this address in a frame of this MAC; whom ARP had there then.
    MacSeen {
        address: Ipv4Addr,
        mac: MacAddress,
        arp: Option<MacAddress>,
    },
    /// A witness told it.
    Observed(Box<Observation>),
}

/// How much of a record was understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Lines or packets that were looked at.
    pub read: u64,
    /// Those that tell of a request, of its fate, or of a phone.
    pub understood: u64,
    /// Lines of a TFTP server that were not understood, and packets of an unknown link layer.
    pub unknown: u64,
    /// Packets that are not what they should be.
    pub damaged: u64,
    /// Whether the record goes on after what was read: it is damaged there, or too long.
    pub cut: bool,
}

/// The first damaged packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DamagedPacket {
    /// Which, counted from 1.
    pub packet: u64,
    /// What is wrong with it.
    pub fault: Malformed,
}

/// What a foreign record tells.
#[derive(Debug, Default)]
pub struct Trace {
    /// How much of it was understood.
    pub tally: Tally,
    /// In a word or two, for people: `tftpd-hpa log`.
    pub what: &'static str,
    /// The first damaged packet.
    pub damage: Option<DamagedPacket>,
    pub(super) requests: Vec<Request>,
    pub(super) events: Vec<(LogTime, TraceEvent)>,
    /// Facts that witnesses told.
    pub(super) observations: usize,
    /// Whether a witness told of a phone.
    pub(super) has_phones: bool,
    /// Whether it tells how transfers end well; else a request is all there is.
    pub(super) has_ends: bool,
    pub(super) calendar: Calendar,
}

/// A record as observations.
#[derive(Debug)]
pub struct TraceObservations {
    /// The time of day of moment 0.
    pub began: Timestamp,
    /// In order.
    pub observations: Vec<(RunTime, Observation)>,
}

impl Trace {
    /// Whether it tells of no request and of no phone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && !self.has_phones
    }

    /// Whether nothing is known of transfers but that they were asked for.
    #[must_use]
    pub fn is_requests_only(&self) -> bool {
        !self.has_ends
    }

    /// The number of its requests.
    #[must_use]
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// A further request. `None` beyond [`MAX_REQUESTS`].
    pub(super) fn ask(&mut self, time: LogTime, request: Request) -> Option<usize> {
        if self.requests.len() >= MAX_REQUESTS {
            self.tally.cut = true;
            return None;
        }
        let index = self.requests.len();
        self.requests.push(request);
        self.events.push((time, TraceEvent::Requested(index)));
        Some(index)
    }

    /// How a request ended, once.
    pub(super) fn end(
        &mut self,
        time: LogTime,
        index: usize,
        end: TransferEnd,
        bytes: Option<u64>,
    ) {
        let request = &mut self.requests[index];
        if !std::mem::replace(&mut request.ended, true) {
            self.events
                .push((time, TraceEvent::Ended(index, end, bytes)));
        }
    }

    /// A request was answered with an error, of which "not found" is one.
    pub(super) fn refuse(&mut self, index: usize) {
        let request = &mut self.requests[index];
        if !request.ended {
            request.ended = true;
            request.found = false;
        }
    }

    /// The record as the observations of a run that served this plan. Where the record does not
    /// tell a file's size, the plan may.
    #[must_use]
    pub fn observations(&self, plan: &Plan) -> TraceObservations {
        let sizes: HashMap<String, (&str, u64)> = plan
            .stages
            .iter()
            .flat_map(|stage| &stage.manifests)
            .flat_map(|manifest| &manifest.images)
            .map(|(name, size)| (normalized_name(name), (name.as_str(), *size)))
            .collect();
        let served = |request: &Request| {
            let bare = normalized_name(&request.name);
            let known = sizes
                .get(&bare)
                .or_else(|| sizes.get(bare.rsplit('/').next().unwrap_or(&bare)));
            let name = match (&request.staged, known) {
                (Some(staged), _) => staged.clone(),
                (None, Some((name, _))) => (*name).to_owned(),
                (None, None) => plain(&request.name).to_owned(),
            };
            let planned = known.map(|(_, size)| *size).filter(|size| *size > 0);
            let size = request.size.or(planned);
            ServedFile {
                name,
                size: size.unwrap_or(ServedFile::UNKNOWN_SIZE),
            }
        };
        let times = self
            .calendar
            .times(self.events.iter().map(|(time, _)| *time));
        let began = times.first().copied().unwrap_or(Timestamp::UNIX_EPOCH);
        let mut now = RunTime::ZERO;
        let mut observations = Vec::new();
        for (time, (_, fact)) in times.into_iter().zip(&self.events) {
            now = now.max(since(began, time));
            let id = |index: &usize| TransferId(*index as u64);
            let (address, seen) = match fact {
                TraceEvent::Requested(index) => {
                    let request = &self.requests[*index];
                    let seen = ObservationKind::Requested {
                        transfer: id(index),
                        transport: request.transport,
                        name: request.name.clone(),
                        port: request.port,
                        served: request.found.then(|| served(request)),
                    };
                    (request.address, seen)
                }
                TraceEvent::Acknowledged(index, bytes) => {
                    let seen = ObservationKind::Acknowledged {
                        transfer: id(index),
                        bytes: *bytes,
                    };
                    (self.requests[*index].address, seen)
                }
                TraceEvent::Ended(index, end, bytes) => {
                    let request = &self.requests[*index];
                    let whole = (*end == TransferEnd::Delivered).then(|| served(request).size);
                    let whole = whole.filter(|size| *size != ServedFile::UNKNOWN_SIZE);
                    let seen = ObservationKind::Ended {
                        transfer: id(index),
                        end: end.clone(),
                        bytes: bytes.or(whole).unwrap_or(0),
                    };
                    (request.address, seen)
                }
                TraceEvent::MacSeen { address, mac, .. } => {
                    let seen = ObservationKind::MacReported {
                        mac: *mac,
                        source: EvidenceSource::Neighbour,
                    };
                    (*address, seen)
                }
                TraceEvent::Observed(observation) => {
                    (observation.address, observation.seen.clone())
                }
            };
            observations.push((now, Observation { address, seen }));
        }
        TraceObservations {
            began,
            observations,
        }
    }
}

/// A name without `/` or `./` before it.
fn plain(name: &str) -> &str {
    let mut rest = name.trim_end();
    while let Some(shorter) = rest.strip_prefix("./").or_else(|| rest.strip_prefix('/')) {
        rest = shorter;
    }
    rest
}
