//! The contents of a log or a capture, before they are converted to observations.

use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
};

use jiff::Timestamp;

use super::{
    note::TraceNote,
    timestamp::{LogTime, since},
};
use crate::{
    phone::{MacAddress, normalized_name},
    protocol::Malformed,
    track::{
        EvidenceSource, Observation, ObservationKind, Plan, Report, RunTime, ServedFile, TftpError,
        TransferEnd, TransferId, Transport,
    },
};

/// Maximum number of requests that are read from one trace; later ones are ignored.
pub const MAX_REQUESTS: usize = 1_000_000;

/// Maximum number of observations that are read from one trace; later ones are ignored.
pub const MAX_OBSERVATIONS: usize = 1_000_000;

/// One request.
#[derive(Debug, Clone)]
pub(super) struct ReplayedRequest {
    pub address: Ipv4Addr,
    /// 0 if unknown.
    pub port: u16,
    pub transport: Transport,
    /// As requested.
    pub name: String,
    /// The name of the served file, if it differs.
    pub staged: Option<String>,
    /// Whether the file was found; assumed until the trace shows otherwise.
    pub found: bool,
    /// The size of the file in bytes, if known.
    pub size: Option<u64>,
    /// Whether its end is known.
    pub ended: bool,
}

/// One event, in the order of the trace.
#[derive(Debug, Clone)]
pub(super) enum TraceEvent {
    Requested(usize),
    /// The same request again, from the phone's timer.
    Repeated(usize),
    Acknowledged(usize, u64),
    /// How it ended, and the bytes, if known.
    Ended(usize, TransferEnd, Option<u64>),
    /// A request came from this address in a frame of this MAC. `arp`: the MAC that ARP had for the
    /// address at that time.
    MacSeen {
        address: Ipv4Addr,
        mac: MacAddress,
        arp: Option<MacAddress>,
    },
    /// An observation from the wire.
    Observed(Box<Observation>),
}

/// How much of a trace was understood.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Lines or packets read.
    pub read: u64,
    /// Those with a request, the end of a transfer, or a phone.
    pub understood: u64,
    /// Lines of a TFTP server that were not understood, and packets of an unknown link layer.
    pub unknown: u64,
    /// The number of the first of them, from 1.
    pub first_unknown: Option<u64>,
    /// Malformed packets.
    pub damaged: u64,
    /// Whether a part was not read because the trace is damaged or too long.
    pub cut: bool,
}

/// The first damaged packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DamagedPacket {
    /// Its number, from 1.
    pub packet: u64,
    /// What is wrong with it.
    pub fault: Malformed,
}

/// The contents of a log or a capture.
///
/// # Examples
///
/// ```
/// use reflash::{replay, track::{Fleet, State}};
///
/// let log = b"\
/// Jul 28 10:00:00 pbx dnsmasq-tftp[20]: file /srv/tftp/CTLSEP001D45AABB01.tlv not found for 192.0.2.9
/// Jul 28 10:00:01 pbx dnsmasq-tftp[20]: sent /srv/tftp/XMLDefault.cnf.xml to 192.0.2.9
/// ";
/// let mut trace = replay::read_from(&mut &log[..], replay::ReplayFormat::Log, Some(2026), None)?;
/// assert_eq!(trace.len(), 2);
///
/// let plan = replay::plan(&mut trace, Vec::new());
/// let recorded = trace.observations(&plan);
/// let mut fleet = Fleet::new(plan);
/// for (at, observation) in &recorded.observations {
///     fleet.observe(*at, observation);
/// }
/// let report = fleet.report(recorded.began);
/// assert_eq!(report.phones[0].mac, "001d45aabb01".parse().ok());
/// assert_eq!(report.phones[0].state, State::Configuring);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Trace {
    /// How much of it was understood.
    pub tally: Tally,
    /// What it is, for people: `tftpd-hpa log`.
    pub what: String,
    /// The first damaged packet.
    pub damage: Option<DamagedPacket>,
    /// What a reader must know.
    pub notes: Vec<TraceNote>,
    pub(super) requests: Vec<ReplayedRequest>,
    /// The errors that requests were answered with, if the trace gives them.
    pub(super) errors: HashMap<usize, TftpError>,
    pub(super) events: Vec<(LogTime, TraceEvent)>,
    /// The real addresses of phones that were given another one, because phones of two networks
    /// have one address.
    pub(super) stand_ins: BTreeMap<Ipv4Addr, Ipv4Addr>,
    /// The number of observations from the wire.
    pub(super) observations: usize,
    /// Whether a phone was observed on the wire.
    pub(super) has_phones: bool,
    /// Whether it shows that transfers are complete; otherwise it has requests alone.
    pub(super) has_ends: bool,
}

/// The observations of a trace.
#[derive(Debug)]
pub struct TraceObservations {
    /// The time of day at run time 0.
    pub began: Timestamp,
    /// The observations, in order.
    pub observations: Vec<(RunTime, Observation)>,
}

impl Trace {
    /// Whether it has neither a request nor a phone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && !self.has_phones
    }

    /// Whether only the requests of transfers are known.
    #[must_use]
    pub fn is_requests_only(&self) -> bool {
        !self.has_ends
    }

    /// The number of its requests.
    #[must_use]
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// Gives the phones of a report of this trace their real addresses.
    pub fn restore_addresses(&self, report: &mut Report) {
        let phones = report.phones.iter_mut().map(|phone| &mut phone.address);
        let others = report.others.iter_mut().map(|other| &mut other.address);
        for address in phones.chain(others) {
            *address = self.stand_ins.get(address).copied().unwrap_or(*address);
        }
    }

    /// Adds a request; `None` beyond [`MAX_REQUESTS`].
    pub(super) fn add_request(&mut self, time: LogTime, request: ReplayedRequest) -> Option<usize> {
        if self.requests.len() >= MAX_REQUESTS {
            self.tally.cut = true;
            return None;
        }
        let index = self.requests.len();
        self.requests.push(request);
        self.events.push((time, TraceEvent::Requested(index)));
        Some(index)
    }

    /// Records that the phone's timer repeated a request; [`MAX_OBSERVATIONS`] at most.
    pub(super) fn repeat(&mut self, time: LogTime, index: usize) {
        if self.observations < MAX_OBSERVATIONS {
            self.observations += 1;
            self.events.push((time, TraceEvent::Repeated(index)));
        }
    }

    /// Records how a request ended, once.
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

    /// Records that a request was answered with "not found".
    pub(super) fn refuse(&mut self, index: usize) {
        let request = &mut self.requests[index];
        if !request.ended {
            request.ended = true;
            request.found = false;
        }
    }

    /// Records that a request was answered with this error.
    pub(super) fn refuse_with(&mut self, index: usize, error: TftpError) {
        const NOT_FOUND: u16 = 1;
        if !self.requests[index].ended && (error.code != NOT_FOUND || error.is_denial()) {
            self.errors.insert(index, error);
        }
        self.refuse(index);
    }

    /// Converts the trace to the observations of a run that served this plan. Sizes that the trace
    /// does not have are taken from the plan.
    #[must_use]
    pub fn observations(&self, plan: &Plan) -> TraceObservations {
        let sizes: HashMap<String, (&str, u64)> = plan
            .stages
            .iter()
            .flat_map(|stage| &stage.manifests)
            .flat_map(|manifest| &manifest.images)
            .map(|(name, size)| (normalized_name(name), (name.as_str(), *size)))
            .collect();
        let served = |request: &ReplayedRequest| {
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
        let mut latest = Timestamp::UNIX_EPOCH;
        let times = self.events.iter().map(|(time, _)| {
            if let LogTime::At(time) = time {
                latest = latest.max(*time);
            }
            latest
        });
        let times: Vec<Timestamp> = times.collect();
        let began = times.first().copied().unwrap_or(Timestamp::UNIX_EPOCH);
        let mut now = RunTime::ZERO;
        let mut observations = Vec::new();
        for (time, (_, fact)) in times.into_iter().zip(&self.events) {
            now = now.max(since(began, time));
            let id = |index: &usize| TransferId(*index as u64);
            let (address, kind) = match fact {
                TraceEvent::Requested(index) => {
                    let request = &self.requests[*index];
                    let kind = ObservationKind::Requested {
                        transfer: id(index),
                        transport: request.transport,
                        name: request.name.clone(),
                        port: request.port,
                        served: request.found.then(|| served(request)),
                        error: self.errors.get(index).cloned(),
                        sender: None,
                    };
                    (request.address, kind)
                }
                TraceEvent::Repeated(index) => {
                    let transfer = id(index);
                    let kind = ObservationKind::RequestRepeated { transfer };
                    (self.requests[*index].address, kind)
                }
                TraceEvent::Acknowledged(index, bytes) => {
                    let kind = ObservationKind::Acknowledged {
                        transfer: id(index),
                        bytes: *bytes,
                    };
                    (self.requests[*index].address, kind)
                }
                TraceEvent::Ended(index, end, bytes) => {
                    let request = &self.requests[*index];
                    let whole = (*end == TransferEnd::Delivered).then(|| served(request).size);
                    let whole = whole.filter(|size| *size != ServedFile::UNKNOWN_SIZE);
                    let kind = ObservationKind::Ended {
                        transfer: id(index),
                        end: end.clone(),
                        bytes: bytes.or(whole).unwrap_or(0),
                    };
                    (request.address, kind)
                }
                TraceEvent::MacSeen { address, mac, .. } => {
                    let kind = ObservationKind::MacReported {
                        mac: *mac,
                        source: EvidenceSource::Neighbour,
                        sender: None,
                    };
                    (*address, kind)
                }
                TraceEvent::Observed(observation) => {
                    (observation.address, observation.kind.clone())
                }
            };
            observations.push((now, Observation { address, kind }));
        }
        TraceObservations {
            began,
            observations,
        }
    }
}

/// A name without a leading `/` or `./`.
fn plain(name: &str) -> &str {
    let mut rest = name.trim_end();
    while let Some(shorter) = rest.strip_prefix("./").or_else(|| rest.strip_prefix('/')) {
        rest = shorter;
    }
    rest
}
