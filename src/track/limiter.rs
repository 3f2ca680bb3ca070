//! Which observations a run takes in: a bounded number of each host and of all hosts that are no
//! known phones. The others are counted. An observation that is counted reaches neither the fleet
//! nor the journal, so a replay of the journal still gives the fleet of the run.
//!
//! A sender can forge any source address, and some of what a phone sends. It cannot acknowledge a
//! part of a file without receiving it: a request over the limits is taken in late, when bytes of
//! its file are acknowledged.

mod repetition;

use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
    time::{Duration, Instant},
};

pub use repetition::REPEATED_REPORT;
use serde::{Deserialize, Serialize};

use self::repetition::{Repetition, Reports};
use super::observation::{
    EvidenceSource, Observation, ObservationKind, RunTime, TransferId, Transport,
};
use crate::{
    limits::{Rate, TokenBucket},
    phone::MacAddress,
};

/// Requests of one address that are taken in before an ACK: 600 at once, then one per second.
pub const UNACKNOWLEDGED_BURST: u32 = 600;
const UNACKNOWLEDGED: Rate = Rate::one_each(Duration::from_secs(1), UNACKNOWLEDGED_BURST);

/// Requests of one address that are taken in because bytes were acknowledged, beyond those above:
/// 4,000 at once, then one per second. A conversion has fewer than 60.
pub const ACKNOWLEDGED_BURST: u32 = 4_000;
const ACKNOWLEDGED: Rate = Rate::one_each(Duration::from_secs(1), ACKNOWLEDGED_BURST);

/// Facts of one address and source that are taken in: 300 at once, then one each 3 s. A phone
/// reports about five with CDP each minute, and as many with LLDP each 30 s.
pub const REPORTED_BURST: u32 = 300;
const REPORTED: Rate = Rate::one_each(Duration::from_secs(3), REPORTED_BURST);

/// Requests and facts of all addresses without a known phone: 20,000 at once, then five per second.
pub const STRANGERS_BURST: u32 = 20_000;
const STRANGERS: Rate = Rate::per_second(5, STRANGERS_BURST);

/// How often full buckets are removed.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);

/// Transfers over the limits that are held until an ACK. The servers run fewer at once.
const MAX_HELD: usize = 8_192;

/// Who sent an observation, as far as the fleet knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sender {
    /// A phone that the operator listed, or one that acknowledged a part of a file, has the address.
    pub is_known: bool,
    /// The operator listed no phones, so any phone is one of the run.
    pub is_wanted: bool,
    /// Nothing is in progress at the phone, so that a repeated report changes nothing.
    pub is_idle: bool,
}

/// What there is space for in the journal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Space {
    /// Requests of known phones, and those that are acknowledged if no phones are listed.
    Requests,
    /// What known phones send, and requests that are acknowledged.
    Phones,
    /// All hosts.
    #[default]
    All,
}

/// What happens to an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intake {
    /// It is taken in.
    Taken,
    /// These are taken in, and then it: they were held back, and it shows that they count.
    After(Vec<Observation>),
    /// It is only counted.
    Counted,
}

/// How many observations were counted and not taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Requests and their repetitions.
    pub requests: u64,
    /// Facts that CDP, LLDP, DHCP, SIP, SCCP and other sources report.
    pub reports: u64,
}

impl Counted {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds these counts.
    pub fn add(&mut self, more: Self) {
        self.requests = self.requests.saturating_add(more.requests);
        self.reports = self.reports.saturating_add(more.reports);
    }
}

/// What is limited separately for each host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Unacknowledged,
    Acknowledged,
    /// `None`: closed ports.
    Reported(Option<EvidenceSource>),
}

impl Subject {
    fn rate(self) -> Rate {
        match self {
            Self::Unacknowledged => UNACKNOWLEDGED,
            Self::Acknowledged => ACKNOWLEDGED,
            Self::Reported(_) => REPORTED,
        }
    }
}

/// A host: an address, or a phone without one.
type Host = (Ipv4Addr, Option<MacAddress>);

/// Limits what a run takes in; see the module.
#[derive(Debug)]
pub struct ObservationLimiter {
    /// The moment of run time 0.
    epoch: Instant,
    hosts: HashMap<(Host, Subject), TokenBucket>,
    strangers: TokenBucket,
    held: BTreeMap<TransferId, Observation>,
    reports: Reports,
    counted: Counted,
    swept: RunTime,
}

impl ObservationLimiter {
    /// A limiter that has taken in nothing. `epoch` is the origin of its times, any moment.
    #[must_use]
    pub fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            hosts: HashMap::new(),
            strangers: TokenBucket::default(),
            held: BTreeMap::new(),
            reports: Reports::default(),
            counted: Counted::default(),
            swept: RunTime::ZERO,
        }
    }

    /// What was counted since the last call.
    pub fn take_counted(&mut self) -> Counted {
        std::mem::take(&mut self.counted)
    }

    /// Decides about one observation.
    pub fn take_in(
        &mut self,
        at: RunTime,
        observation: &Observation,
        sender: Sender,
        space: Space,
    ) -> Intake {
        if at.saturating_sub(self.swept) >= SWEEP_INTERVAL {
            self.swept = at;
            let now = self.moment(at);
            self.hosts.retain(|_, bucket| !bucket.is_full(now));
        }
        let host = (observation.address, None);
        match &observation.kind {
            ObservationKind::Requested {
                transfer,
                transport,
                served,
                ..
            } => {
                // A connection over TCP has the address of its sender.
                let is_taken = match transport {
                    Transport::Tftp => {
                        let subject = Subject::Unacknowledged;
                        has_space(sender, space) && self.take(at, host, subject, sender)
                    }
                    Transport::Http => self.take_acknowledged(at, host, sender, space),
                };
                if is_taken {
                    self.reports.forget(observation.address);
                    return Intake::Taken;
                }
                self.counted.requests += 1;
                if served.is_some() && self.held.len() < MAX_HELD {
                    self.held.insert(*transfer, observation.clone());
                }
                Intake::Counted
            }
            ObservationKind::Withheld { .. } => {
                let is_taken = has_space(sender, space)
                    && self.take(at, host, Subject::Unacknowledged, sender);
                self.counted.requests += u64::from(!is_taken);
                taken(is_taken)
            }
            ObservationKind::RequestRepeated { transfer } => {
                let is_taken = !self.held.contains_key(transfer)
                    && has_space(sender, space)
                    && self.take(at, host, Subject::Unacknowledged, sender);
                self.counted.requests += u64::from(!is_taken);
                taken(is_taken)
            }
            ObservationKind::Acknowledged { transfer, bytes } => {
                self.on_acknowledged(at, host, (*transfer, *bytes), sender, space)
            }
            ObservationKind::Ended {
                transfer, bytes, ..
            } => {
                let intake = self.on_acknowledged(at, host, (*transfer, *bytes), sender, space);
                self.held.remove(transfer);
                intake
            }
            kind => self.on_report(at, observation, source(kind), sender, space),
        }
    }

    /// A request that is taken in because its sender receives what is sent to its address.
    fn take_acknowledged(&mut self, at: RunTime, host: Host, sender: Sender, space: Space) -> bool {
        let has_space = has_space(sender, space) || sender.is_wanted || space == Space::Phones;
        has_space && self.take_own(at, host, Subject::Acknowledged)
    }

    fn on_acknowledged(
        &mut self,
        at: RunTime,
        host: Host,
        (transfer, bytes): (TransferId, u64),
        sender: Sender,
        space: Space,
    ) -> Intake {
        if !self.held.contains_key(&transfer) {
            return Intake::Taken;
        }
        if bytes == 0 || !self.take_acknowledged(at, host, sender, space) {
            return Intake::Counted;
        }
        let request = self.held.remove(&transfer);
        self.counted.requests = self.counted.requests.saturating_sub(1);
        self.reports.forget(host.0);
        Intake::After(request.into_iter().collect())
    }

    fn on_report(
        &mut self,
        at: RunTime,
        observation: &Observation,
        source: Option<EvidenceSource>,
        sender: Sender,
        space: Space,
    ) -> Intake {
        // What the operator says, and what this program notes itself.
        if matches!(
            source,
            Some(EvidenceSource::Requests | EvidenceSource::Person)
        ) {
            return Intake::Taken;
        }
        let before = match self
            .reports
            .repetition(at, observation, source, sender.is_idle)
        {
            Repetition::Refused | Repetition::Repeated => {
                self.counted.reports += 1;
                return Intake::Counted;
            }
            Repetition::New(before) => before,
        };
        let host = (observation.address, mac_without_address(&observation.kind));
        let has_space = match space {
            Space::All => true,
            Space::Phones => sender.is_known,
            Space::Requests => false,
        };
        if !has_space || !self.take(at, host, Subject::Reported(source), sender) {
            self.reports.refuse(observation, source);
            self.counted.reports += 1;
            return Intake::Counted;
        }
        self.reports.take(at, observation, source);
        if before.is_empty() {
            return Intake::Taken;
        }
        let repeated = before.len() as u64;
        self.counted.reports = self.counted.reports.saturating_sub(repeated);
        Intake::After(before)
    }

    /// Takes one token of the host, and one of all strangers if it is one.
    fn take(&mut self, at: RunTime, host: Host, subject: Subject, sender: Sender) -> bool {
        let now = self.moment(at);
        // First the total: forged addresses must not fill the table.
        if !sender.is_known && !self.strangers.take(now, STRANGERS) {
            return false;
        }
        let is_taken = self.take_own(at, host, subject);
        if !is_taken && !sender.is_known {
            self.strangers.give_back(STRANGERS);
        }
        is_taken
    }

    fn take_own(&mut self, at: RunTime, host: Host, subject: Subject) -> bool {
        let now = self.moment(at);
        let bucket = self.hosts.entry((host, subject)).or_default();
        bucket.take(now, subject.rate())
    }

    fn moment(&self, at: RunTime) -> Instant {
        self.epoch.checked_add(at).unwrap_or(self.epoch)
    }
}

/// Whether the journal has space for a request of this sender that is not acknowledged.
fn has_space(sender: Sender, space: Space) -> bool {
    sender.is_known || space == Space::All
}

fn taken(is_taken: bool) -> Intake {
    if is_taken {
        Intake::Taken
    } else {
        Intake::Counted
    }
}

/// The phone, if it has no address yet.
fn mac_without_address(kind: &ObservationKind) -> Option<MacAddress> {
    match kind {
        ObservationKind::AddressWanted { mac, .. }
        | ObservationKind::AddressAnswered { mac, .. } => Some(*mac),
        _ => None,
    }
}

/// The source of a report; `None` for a closed port.
fn source(kind: &ObservationKind) -> Option<EvidenceSource> {
    match kind {
        ObservationKind::MacReported { source, .. }
        | ObservationKind::Load { source, .. }
        | ObservationKind::Model { source, .. }
        | ObservationKind::UserAgent { source, .. }
        | ObservationKind::AddressConflict { source, .. }
        | ObservationKind::Vlan { source, .. }
        | ObservationKind::Hardware { source, .. }
        | ObservationKind::Alarm { source, .. }
        | ObservationKind::SwitchPort { source, .. }
        | ObservationKind::Remark { source, .. } => Some(*source),
        ObservationKind::SccpRegistered { .. } | ObservationKind::SccpLeft { .. } => {
            Some(EvidenceSource::Sccp)
        }
        // What this program does itself.
        ObservationKind::RestartOrdered { .. }
        | ObservationKind::RestartNotSent { .. }
        | ObservationKind::RestartWithheld { .. } => Some(EvidenceSource::Requests),
        ObservationKind::Register { .. } => Some(EvidenceSource::Sip),
        ObservationKind::LeaseAcked { .. }
        | ObservationKind::AddressWanted { .. }
        | ObservationKind::AddressAnswered { .. } => Some(EvidenceSource::Dhcp),
        _ => None,
    }
}
