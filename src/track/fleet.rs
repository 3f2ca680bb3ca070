//! All phones of a run.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    net::Ipv4Addr,
    time::Duration,
};

use jiff::Timestamp;

use super::{
    Event, Observation, ObservationKind, PhoneId, RegistrationTarget, Report, RunTime, ServedFile,
    TransferId, Transport,
    announce::{event, reference},
    catalog::Catalog,
    conversion::{Ask, Change, ExpectedActivity, Scene},
    identity::{Owner, Phone, Registry},
    plan::Plan,
    report,
};
use crate::{
    diagnose::Diagnosis,
    phone::{MacAddress, RequestedFile},
    track::View,
};

mod ends;
mod others;
mod survey;
mod words;

pub use survey::SurveyResult;

/// How long the end of a run waits for phones that are between two images.
pub const DRAIN_LIMIT: Duration = Duration::from_mins(3);

/// How long a done phone must have been silent before a run ends by itself: it may be in
/// the middle of its configuration, and a server that is gone costs it a minute a file.
pub const QUIET_BEFORE_END: Duration = Duration::from_secs(5);

/// Transfers of which more may be heard; beyond that a new one's end is not recorded. The
/// engine serves far fewer at once.
const MAX_TRANSFERS: usize = 65_536;

/// What an address may have now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Names are resolved in this view.
    Serve(View),
    /// The run is ending and this phone is not between two images.
    Draining,
}

/// Whether a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Somebody is expected, or nobody said when to end.
    Running,
    /// Every expected phone is done or has failed, the time is up, or too many failed:
    /// begin to drain.
    Ended,
}

/// The parts of [`ObservationKind::Requested`].
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    transfer: TransferId,
    transport: Transport,
    name: &'a str,
    port: u16,
    served: Option<&'a ServedFile>,
}

/// All phones of a run: observations in, events out.
#[derive(Debug)]
pub struct Fleet {
    plan: Plan,
    catalog: Catalog,
    only: Option<HashSet<MacAddress>>,
    registering: HashSet<MacAddress>,
    registrations: HashMap<MacAddress, RegistrationTarget>,
    registry: Registry,
    /// When to look at which phone; never later than its deadline.
    schedule: BTreeSet<(RunTime, PhoneId)>,
    done: usize,
    failed: usize,
    draining: Option<RunTime>,
    /// The survey is over, and the way of every phone that was heard in it is known.
    survey_is_over: bool,
    /// When a phone was done, or a done one last asked for something.
    done_heard: Option<RunTime>,
    now: RunTime,
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
            registering: plan.registering.iter().copied().collect(),
            registrations: plan
                .registrations
                .iter()
                .map(|one| (one.mac, one.clone()))
                .collect(),
            plan,
            registry: Registry::default(),
            schedule: BTreeSet::new(),
            done: 0,
            failed: 0,
            draining: None,
            survey_is_over: false,
            done_heard: None,
            now: RunTime::ZERO,
        }
    }

    /// Folds one observation in, after what time alone did until then. `at` never goes back;
    /// where it does, it counts as now.
    ///
    /// What comes of observations is the same whenever [`Fleet::tick`] was called between them:
    /// a record of the observations is a record of the fleet.
    pub fn observe(&mut self, at: RunTime, observation: &Observation) -> Vec<Event> {
        let mut events = self.tick(at);
        events.extend(self.seen(self.now, observation));
        // A phone may become again what it was before, and be past its moment.
        events.extend(self.tick(self.now));
        events
    }

    /// The moment of the newest observation or tick.
    #[must_use]
    pub fn now(&self) -> RunTime {
        self.now
    }

    fn seen(&mut self, at: RunTime, observation: &Observation) -> Vec<Event> {
        let address = observation.address;
        match &observation.seen {
            ObservationKind::Requested {
                transfer,
                transport,
                name,
                port,
                served,
            } => {
                let asked = Asked {
                    transfer: *transfer,
                    transport: *transport,
                    name,
                    port: *port,
                    served: served.as_ref(),
                };
                self.asked(at, address, asked)
            }
            ObservationKind::Acknowledged { transfer, bytes } => {
                match self.registry.transfers.get(transfer) {
                    Some(Owner::Phone(id)) => self.fold(at, *id, |phone, scene, out| {
                        phone.conversion.acknowledged(scene, *transfer, *bytes, out);
                    }),
                    Some(Owner::Other(address)) => {
                        self.of_other(at, *address, *transfer, |row| {
                            row.acknowledge(*bytes);
                        });
                        Vec::new()
                    }
                    None => Vec::new(),
                }
            }
            ObservationKind::Ended {
                transfer,
                end,
                bytes,
            } => match self.registry.transfers.remove(transfer) {
                Some(Owner::Phone(id)) => self.fold(at, id, |phone, scene, out| {
                    // An episode may have begun since; the transfer is of before it.
                    let conversion = match &mut phone.before {
                        Some(before) if phone.conversion.rows.get(*transfer).is_none() => before,
                        _ => &mut phone.conversion,
                    };
                    conversion.ended(scene, *transfer, end, *bytes, out);
                }),
                Some(Owner::Other(address)) => {
                    self.of_other(at, address, *transfer, |row| {
                        row.end(end, *bytes);
                    });
                    Vec::new()
                }
                None => Vec::new(),
            },
            ObservationKind::MacReported { mac, source } => {
                let id = self.registry.witnessed(at, address, *mac, *source);
                self.told(at, id, |phone, scene, out| {
                    phone.conversion.named_by(scene.at, *source, out);
                })
            }
            ObservationKind::Load {
                load,
                source,
                detail,
            } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, scene, out| {
                    phone.conversion.load(scene, load, *source, detail, out);
                })
            }
            beside => self.worded(at, address, beside),
        }
    }

    fn asked(&mut self, at: RunTime, address: Ipv4Addr, asked: Asked<'_>) -> Vec<Event> {
        let Asked {
            transfer,
            transport,
            name,
            port,
            served,
        } = asked;
        let request = RequestedFile::parse(name);
        let is_phone = match request {
            RequestedFile::Recovery(_) | RequestedFile::Manifest(_) => {
                self.registry.asks_as_a_phone(at, address, name)
            }
            _ => true,
        };
        let id = match (&request, request.mac()) {
            (_, Some(mac)) => self.registry.name(at, address, mac),
            (RequestedFile::Recovery(model), _) if is_phone => {
                self.registry.in_recovery(at, address, *model)
            }
            (RequestedFile::Manifest(_), _) if is_phone => self.registry.listed(at, address),
            _ => {
                let here = self.registry.at(address).map(|(id, _)| id);
                if here.is_none() {
                    self.other_asked(at, address, asked);
                }
                here
            }
        };
        let mut events = self.forget_gone();
        let Some(id) = id else {
            return events;
        };
        if served.is_some() && self.registry.transfers.len() < MAX_TRANSFERS {
            self.registry.transfers.insert(transfer, Owner::Phone(id));
        }
        let ask = Ask {
            transfer,
            transport,
            name,
            port,
            request: &request,
            served,
        };
        events.extend(self.fold(at, id, |phone, scene, out| {
            phone.address = address;
            phone.conversion.asked(scene, ask, out);
        }));
        events
    }

    /// A witness told something of the phone `id`, if there was a place for it.
    fn told(
        &mut self,
        at: RunTime,
        id: Option<PhoneId>,
        tell: impl FnOnce(&mut Phone, Scene<'_>, &mut Vec<Change>),
    ) -> Vec<Event> {
        let mut events = self.forget_gone();
        if let Some(id) = id {
            events.extend(self.fold(at, id, tell));
        }
        events
    }

    /// Tells one phone something, and turns what came of it into events.
    fn fold(
        &mut self,
        at: RunTime,
        id: PhoneId,
        tell: impl FnOnce(&mut Phone, Scene<'_>, &mut Vec<Change>),
    ) -> Vec<Event> {
        let Some(phone) = self.registry.phones.get_mut(&id) else {
            return Vec::new();
        };
        let excluded = match (&self.only, phone.mac) {
            (Some(only), Some(mac)) => !only.contains(&mac),
            _ => false,
        };
        let scene = Scene {
            at,
            catalog: &self.catalog,
            excluded,
            registers: phone.mac.is_some_and(|mac| self.registering.contains(&mac)),
            registration: phone.mac.and_then(|mac| self.registrations.get(&mac)),
            requests_only: self.plan.requests_only,
            survey: self.plan.survey,
            network: self.plan.network,
        };
        let mut changes = Vec::new();
        let (was_done, active) = (phone.conversion.is_done(), phone.conversion.active);
        tell(phone, scene, &mut changes);
        // Phones that announce and register themselves all day hold up no end of a run.
        if phone.conversion.is_done() && (!was_done || phone.conversion.active != active) {
            self.done_heard = Some(at);
        }
        // The record names a phone once it is there, and again once it has a name.
        if !phone.announced || phone.announced_mac != phone.mac {
            let is_new = !std::mem::replace(&mut phone.announced, true);
            phone.announced_mac = phone.mac;
            if is_new {
                let told = |diagnosis: &Diagnosis| {
                    changes
                        .iter()
                        .any(|change| matches!(change, Change::Raised(told) if told == diagnosis))
                };
                // What it brings along from the address where it was taken for another phone.
                let brought: Vec<Change> = phone
                    .conversion
                    .standing
                    .iter()
                    .map(|standing| &standing.diagnosis)
                    .filter(|diagnosis| !told(diagnosis))
                    .map(|diagnosis| Change::Raised(diagnosis.clone()))
                    .collect();
                changes.extend(brought);
            }
            if !changes
                .iter()
                .any(|change| matches!(change, Change::Step { .. }))
            {
                changes.push(phone.conversion.as_is());
            }
        }
        let counted = (phone.conversion.is_done(), phone.conversion.is_failed());
        for (before, now, sum) in [
            (phone.counted.0, counted.0, &mut self.done),
            (phone.counted.1, counted.1, &mut self.failed),
        ] {
            match (before, now) {
                (false, true) => *sum += 1,
                (true, false) => *sum = sum.saturating_sub(1),
                _ => {}
            }
        }
        phone.counted = counted;
        // Deadlines mostly move away; the earlier appointment then finds nothing to do.
        if let Some(deadline) = phone.conversion.deadline(self.plan.survey)
            && phone.scheduled.is_none_or(|scheduled| deadline < scheduled)
        {
            if let Some(scheduled) = phone.scheduled.replace(deadline) {
                self.schedule.remove(&(scheduled, id));
            }
            self.schedule.insert((deadline, id));
        }
        if changes.is_empty() {
            return Vec::new();
        }
        let phone = reference(id, phone, &self.plan.names);
        changes
            .into_iter()
            .map(|change| event(phone.clone(), change))
            .collect()
    }

    /// Phones that are part of another's history now, or never were phones, count no more.
    fn forget_gone(&mut self) -> Vec<Event> {
        let gone = std::mem::take(&mut self.registry.gone);
        let mut events: Vec<Event> = gone
            .into_iter()
            .map(|(id, phone)| {
                self.done = self.done.saturating_sub(usize::from(phone.counted.0));
                self.failed = self.failed.saturating_sub(usize::from(phone.counted.1));
                Event::Gone {
                    phone: reference(id, &phone, &self.plan.names),
                }
            })
            .collect();
        for (id, diagnosis) in std::mem::take(&mut self.registry.misplaced) {
            // The phone is as it was before; it may be done or failed again.
            let phone = self.fold(self.now, id, |_, _, out| {
                out.push(Change::Withdrawn(diagnosis));
            });
            events.extend(phone);
        }
        for (id, diagnosis) in std::mem::take(&mut self.registry.brought) {
            let phone = self.fold(self.now, id, |_, _, out| {
                out.push(Change::Raised(diagnosis));
            });
            events.extend(phone);
        }
        events
    }

    /// Lets time pass: phones settle and stall, each at its own moment, and a survey ends.
    pub fn tick(&mut self, at: RunTime) -> Vec<Event> {
        let until = at.max(self.now);
        let mut events = Vec::new();
        if let Some(end) = self.survey_ends().filter(|end| *end <= until) {
            events.extend(self.let_pass(end));
            events.extend(self.end_survey(end));
        }
        events.extend(self.let_pass(until));
        events
    }

    fn let_pass(&mut self, until: RunTime) -> Vec<Event> {
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
                events.extend(self.fold(at, id, |phone, scene, out| {
                    phone.conversion.tick(scene, out);
                }));
            }
        }
        self.now = until;
        events
    }

    /// Every phone as it is and what stands in its way, for a display that has not seen how
    /// it came so.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Event> {
        let phones = self.registry.phones.iter();
        phones
            .flat_map(|(id, phone)| {
                let standing = phone.conversion.standing.iter();
                let raised = standing.map(|standing| Change::Raised(standing.diagnosis.clone()));
                let told = reference(*id, phone, &self.plan.names);
                std::iter::once(phone.conversion.as_is())
                    .chain(raised)
                    .map(move |change| event(told.clone(), change))
            })
            .collect()
    }

    /// How many phones are done, and how many there are.
    #[must_use]
    pub fn done_of_total(&self) -> (usize, usize) {
        (self.done, self.registry.phones.len())
    }

    /// When [`Fleet::tick`] next has something to do, or [`Fleet::run_state`] or
    /// [`Fleet::drained`] change by time alone. May be early, never late.
    #[must_use]
    pub fn next_deadline(&self) -> Option<RunTime> {
        let phone = self.schedule.first().map(|(due, _)| *due);
        let timeout = self.plan.timeout.filter(|timeout| *timeout > self.now);
        let drain = self
            .draining
            .map(|since| since + DRAIN_LIMIT)
            .filter(|end| *end > self.now);
        let quiet = self
            .done_heard
            .map(|heard| heard + QUIET_BEFORE_END)
            .filter(|end| *end > self.now);
        [phone, timeout, drain, quiet, self.survey_ends()]
            .into_iter()
            .flatten()
            .min()
    }

    /// What a phone is silent for and how long that is normal; `None` where nothing is
    /// waited for. After `until` it counts as stalled, as refusing or as settled.
    #[must_use]
    pub fn expected(&self, id: PhoneId) -> Option<ExpectedActivity> {
        let phone = self.registry.phones.get(&id)?;
        phone.conversion.expected(self.now, self.plan.survey)
    }

    /// Every phone whose silence is normal now, with the name that events know it by.
    pub fn expected_activity(&self) -> impl Iterator<Item = (PhoneId, ExpectedActivity)> {
        let phones = self.registry.phones.iter();
        phones.filter_map(|(id, phone)| {
            let expected = phone.conversion.expected(self.now, self.plan.survey);
            Some((*id, expected?))
        })
    }

    /// Phones and addresses that were not recorded because there are too many.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.registry.dropped
    }

    /// Everything known, with moments turned into times of day by the run's beginning.
    #[must_use]
    pub fn report(&self, began: Timestamp) -> Report {
        report::build(&self.registry, &self.plan, began)
    }
}
