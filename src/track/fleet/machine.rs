//! The fleet: observations in, events out, and the schedule of what time alone changes.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    net::Ipv4Addr,
};

use super::super::{
    catalog::Catalog,
    conversion::FileRequest,
    event::{Event, PhoneId},
    identity::Registry,
    observation::{EvidenceSource, Observation, ObservationKind, RunTime},
    plan::{Plan, RegistrationTarget},
};
use crate::phone::{MacAddress, RequestedFile};

/// All phones of a run. Observations go in, events come out; it has no clock and no socket.
///
/// # Examples
///
/// ```
/// use std::{net::Ipv4Addr, time::Duration};
/// use reflash::track::{
///     Event, Fleet, Observation, ObservationKind, Plan, State, TransferId, Transport,
/// };
///
/// let mut fleet = Fleet::new(Plan::default());
/// let request = Observation {
///     address: Ipv4Addr::new(192, 0, 2, 7),
///     kind: ObservationKind::Requested {
///         transfer: TransferId(1),
///         transport: Transport::Tftp,
///         name: "CTLSEP001D45AABB01.tlv".to_owned(),
///         port: 49_152,
///         served: None,
///         error: None,
///         sender: None,
///     },
/// };
/// let events = fleet.observe(Duration::from_secs(1), &request);
/// assert!(matches!(&events[0], Event::Step(step) if step.state == State::Configuring));
/// ```
#[derive(Debug)]
pub struct Fleet {
    pub(super) plan: Plan,
    pub(super) catalog: Catalog,
    pub(super) only: Option<HashSet<MacAddress>>,
    pub(super) register_here: HashSet<MacAddress>,
    pub(super) registration_targets: HashMap<MacAddress, RegistrationTarget>,
    pub(super) registry: Registry,
    /// The address and the source of the newest claims that are disputed.
    pub(super) disputed: VecDeque<(Ipv4Addr, EvidenceSource)>,
    /// Clients that did not get the configuration of a phone that is not in the run, and whether no host
    /// answered ARP for them.
    pub(super) withheld: Vec<(Ipv4Addr, MacAddress, bool)>,
    /// When to check which phone; never later than the phone's deadline.
    pub(super) schedule: BTreeSet<(RunTime, PhoneId)>,
    pub(super) done: usize,
    pub(super) failed: usize,
    pub(super) draining: Option<RunTime>,
    /// The survey has ended, and the route of every phone that it observed is planned.
    pub(super) survey_is_over: bool,
    /// When a phone became done, or a done phone last sent a request.
    pub(super) done_active: Option<RunTime>,
    pub(super) now: RunTime,
}

impl Fleet {
    /// An empty fleet for this plan.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self {
            catalog: Catalog::new(&plan),
            only: plan
                .only
                .as_ref()
                .map(|only| only.iter().copied().collect()),
            register_here: plan.registering.iter().copied().collect(),
            registration_targets: plan
                .registrations
                .iter()
                .map(|target| (target.mac, target.clone()))
                .collect(),
            registry: Registry::new(
                plan.expected_macs()
                    .unwrap_or_default()
                    .iter()
                    .copied()
                    .collect(),
            ),
            plan,
            disputed: VecDeque::new(),
            withheld: Vec::new(),
            schedule: BTreeSet::new(),
            done: 0,
            failed: 0,
            draining: None,
            survey_is_over: false,
            done_active: None,
            now: RunTime::ZERO,
        }
    }

    /// The time of the newest observation or tick.
    #[must_use]
    pub fn now(&self) -> RunTime {
        self.now
    }

    /// Applies what time alone changed until `at`, then an observation. A time before
    /// [`Fleet::now`] counts as now.
    ///
    /// The events of the observations do not depend on when [`Fleet::tick`] was called between
    /// them: a record of the observations is a record of the fleet.
    pub fn observe(&mut self, at: RunTime, observation: &Observation) -> Vec<Event> {
        let mut events = self.tick(at);
        events.extend(self.apply(self.now, observation));
        // If an episode was removed from a phone, the phone has its earlier deadline again, which
        // may have passed.
        events.extend(self.tick(self.now));
        events
    }

    fn apply(&mut self, at: RunTime, observation: &Observation) -> Vec<Event> {
        let address = observation.address;
        match &observation.kind {
            ObservationKind::Requested {
                transfer,
                transport,
                name,
                port,
                served,
                error,
                sender,
            } => {
                let file = RequestedFile::parse(name);
                let request = FileRequest {
                    transfer: *transfer,
                    transport: *transport,
                    name,
                    port: *port,
                    file: &file,
                    served: served.as_ref(),
                    error: error.as_ref(),
                };
                self.on_request(at, address, request, *sender)
            }
            ObservationKind::Withheld {
                transfer,
                transport,
                name,
                mac,
                reason,
            } => {
                let file = RequestedFile::parse(name);
                let request = FileRequest {
                    transfer: *transfer,
                    transport: *transport,
                    name,
                    port: 0,
                    file: &file,
                    served: None,
                    error: None,
                };
                self.on_withheld(at, address, *mac, request, *reason)
            }
            ObservationKind::RequestRepeated { transfer } => {
                self.on_repetition(at, address, *transfer)
            }
            ObservationKind::Acknowledged { transfer, bytes } => {
                self.on_acknowledged(at, *transfer, *bytes)
            }
            ObservationKind::Ended {
                transfer,
                end,
                bytes,
            } => self.on_transfer_end(at, *transfer, end, *bytes),
            fact => self.apply_fact(at, address, fact),
        }
    }

    /// Applies what time alone changes until `at`: phones settle and stall, each at its own
    /// time, and a survey ends.
    pub fn tick(&mut self, at: RunTime) -> Vec<Event> {
        let until = at.max(self.now);
        let mut events = Vec::new();
        if let Some(end) = self.survey_ends().filter(|end| *end <= until) {
            events.extend(self.check_due_phones(end));
            events.extend(self.end_survey(end));
        }
        events.extend(self.check_due_phones(until));
        events
    }

    fn check_due_phones(&mut self, until: RunTime) -> Vec<Event> {
        let until = until.max(self.now);
        let mut events = Vec::new();
        while let Some(&(due, id)) = self.schedule.first() {
            if due > until {
                break;
            }
            let at = due.max(self.now);
            self.now = at;
            self.schedule.pop_first();
            if let Some(phone) = self.registry.phones.get_mut(&id)
                && phone.scheduled == Some(due)
            {
                phone.scheduled = None;
                events.extend(self.update(at, id, |phone, cx, out| {
                    phone.conversion.tick(cx, out);
                    if phone.restarts.tick(cx.at) {
                        let detail = "no sign of a restart within 10 minutes of the order";
                        let source = EvidenceSource::Sccp;
                        phone.conversion.note(source, detail.to_owned(), out);
                        out.push(phone.conversion.snapshot());
                    }
                }));
            }
        }
        self.now = until;
        events
    }

    /// The phone at this address.
    pub(super) fn id_at(&self, address: Ipv4Addr) -> Option<PhoneId> {
        self.registry.at(address).map(|(id, _)| id)
    }
}
