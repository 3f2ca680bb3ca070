//! A network of simulated phones, with a clock of its own.

use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

use crate::{
    failure::Failure,
    phone::MacAddress,
    protocol::sip::SipTransport,
    restart::{
        ami::{AmiResult, Contact, DeviceState, EndpointState},
        converted::{
            Candidate, Order, PhoneSignal, RestartRun, RestartSite, RestartedPhone, SignalKind, Way,
        },
        notify::{Answer, NotifyEvent, TIMEOUT},
    },
};

pub(super) const PATIENCE: Duration = Duration::from_mins(10);
pub(super) const BOOT: Duration = Duration::from_secs(90);

/// How a phone behaves.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Habit {
    Obeys,
    /// Drops every NOTIFY.
    Drops,
    /// In a call until this time; obeys a NOTIFY after it.
    InCallUntil(Duration),
    /// Lost its power once: Asterisk has the Call-ID from before.
    IsStale,
}

pub(super) struct Phone {
    pub(super) habit: Habit,
    pub(super) registrations: u32,
    /// When it is registered again.
    pub(super) back_at: Option<Duration>,
    pub(super) orders: Vec<Duration>,
}

#[derive(Default)]
pub(super) struct World {
    pub(super) now: Duration,
    pub(super) phones: BTreeMap<String, Phone>,
    pub(super) captures: bool,
    pub(super) signals: Vec<PhoneSignal>,
    pub(super) has_pbx: bool,
    pub(super) recorded: usize,
    pub(super) history: Vec<(String, Option<&'static str>)>,
    pub(super) ends_at: Option<Duration>,
    pub(super) fails_to_record: bool,
    /// Captured as soon as an order is sent.
    pub(super) after_order: Vec<PhoneSignal>,
    /// Of every phone.
    pub(super) user_agent: Option<&'static str>,
    /// Registered for each extension besides its phone.
    pub(super) further_contacts: usize,
}

pub(super) fn mac(number: u8) -> MacAddress {
    MacAddress::from_hex(&format!("001d45aabb{number:02x}")).unwrap()
}

pub(super) fn address(name: &str) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, name[2..].parse().unwrap())
}

pub(super) fn call_id(name: &str, registration: u32) -> String {
    format!("{registration}@{}", address(name))
}

pub(super) fn register(
    name: &str,
    registration: u32,
    alarm: Option<u16>,
    leaves: bool,
) -> PhoneSignal {
    PhoneSignal {
        mac: Some(mac(address(name).octets()[3])),
        address: address(name),
        kind: SignalKind::Register {
            call_id: call_id(name, registration),
            pbx: Ipv4Addr::new(192, 0, 2, 1),
            port: 5060,
            transport: SipTransport::Udp,
            is_unregister: leaves,
            alarm,
            model: None,
        },
    }
}

impl World {
    pub(super) fn with(habits: &[Habit]) -> Self {
        let phone = |(index, habit): (usize, &Habit)| {
            let phone = Phone {
                habit: *habit,
                registrations: if *habit == Habit::IsStale { 2 } else { 1 },
                back_at: None,
                orders: Vec::new(),
            };
            (format!("10{:02}", index + 11), phone)
        };
        Self {
            phones: habits.iter().enumerate().map(phone).collect(),
            has_pbx: true,
            ..Self::default()
        }
    }

    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let candidate = |name: &String| {
            let number = address(name).octets()[3];
            Candidate::named(mac(number), name.clone())
        };
        self.phones.keys().map(candidate).collect()
    }

    pub(super) fn run(&mut self) -> RestartRun {
        let mut run = RestartRun::new(self.candidates(), PATIENCE, |_| None);
        assert!(run.survey(self, Duration::ZERO).unwrap());
        run.restart(self).unwrap();
        run
    }

    /// The phone `name` gets a NOTIFY with this Call-ID.
    fn order(&mut self, name: &str, with: &NotifyEvent) -> Option<u16> {
        let now = self.now;
        let phone = self.phones.get_mut(name).unwrap();
        phone.orders.push(now);
        if phone.habit == Habit::Drops {
            return None;
        }
        if let NotifyEvent::ServiceControl(given) = with
            && given.as_str() != call_id(name, phone.registrations)
        {
            return Some(400);
        }
        phone.back_at = Some(now + BOOT);
        Some(200)
    }
}

impl RestartSite for World {
    fn now(&self) -> Duration {
        self.now
    }

    fn wait(&mut self, time: Duration) -> bool {
        self.now += time;
        for (name, phone) in &mut self.phones {
            let was = phone.registrations;
            if phone.back_at.is_some_and(|at| self.now >= at) {
                phone.back_at = None;
                phone.registrations += 1;
                phone.habit = Habit::Obeys;
                if self.captures {
                    self.signals.push(register(name, was, None, true));
                    self.signals.push(register(name, was + 1, Some(22), false));
                }
            }
        }
        self.ends_at.is_none_or(|end| self.now < end)
    }

    fn signals(&mut self) -> Vec<PhoneSignal> {
        std::mem::take(&mut self.signals)
    }

    fn has_pbx(&self) -> bool {
        self.has_pbx
    }

    fn is_own(&self, address: Ipv4Addr) -> bool {
        address == Ipv4Addr::new(192, 0, 2, 1)
    }

    fn endpoint(&mut self, name: &str) -> Result<Option<EndpointState>, Failure> {
        let Some(phone) = self.phones.get(name) else {
            return Ok(None);
        };
        let is_busy = matches!(phone.habit, Habit::InCallUntil(end) if self.now < end);
        if phone.back_at.is_some() {
            return Ok(Some(EndpointState {
                device: DeviceState::Unavailable,
                ..EndpointState::default()
            }));
        }
        let known = match phone.habit {
            Habit::IsStale => 1,
            _ => phone.registrations,
        };
        Ok(Some(EndpointState {
            device: if is_busy {
                DeviceState::InCall("In use".to_owned())
            } else {
                DeviceState::NotInUse
            },
            contacts: (0..=self.further_contacts)
                .map(|number| Contact {
                    id: Some(format!("{name};@{}", number + 1)),
                    uri: match number {
                        0 => format!("sip:{name}@{}:5060", address(name)),
                        _ => format!("sip:{name}@198.51.100.{number}:5060"),
                    },
                    user_agent: self.user_agent.unwrap_or("Cisco-CP7965G/9.3.1").to_owned(),
                    call_id: Some(match number {
                        0 => call_id(name, known),
                        _ => format!("{number}@198.51.100.{number}"),
                    }),
                })
                .collect(),
            has_more: false,
        }))
    }

    fn notify_by_pbx(&mut self, order: &Order) -> Result<AmiResult, Failure> {
        let Way::Ami { endpoint } = &order.way else {
            panic!("{order:?}");
        };
        let status = self.order(endpoint, &order.event);
        self.signals.append(&mut self.after_order);
        if let Some(status) = status.filter(|_| self.captures) {
            self.signals.push(PhoneSignal {
                mac: None,
                address: address(endpoint),
                kind: SignalKind::NotifyAnswered(status),
            });
        }
        Ok(AmiResult::NotifySent)
    }

    fn notify_by_udp(&mut self, order: &Order) -> Result<Option<Answer>, Failure> {
        let Way::Udp { user, .. } = &order.way else {
            panic!("{order:?}");
        };
        let status = self.order(user, &order.event);
        if status.is_none() {
            self.now += TIMEOUT;
            if self.ends_at.is_some_and(|end| self.now >= end) {
                return Ok(None);
            }
        }
        Ok(Some(status.map_or(Answer::Silence, Answer::of_status)))
    }

    fn record(&mut self, order: &Order) -> Result<(), Failure> {
        if self.fails_to_record {
            return Err(Failure::new("the disk is full", ""));
        }
        self.recorded += 1;
        let sent: usize = self.phones.values().map(|phone| phone.orders.len()).sum();
        assert_eq!(
            self.recorded,
            sent + 1,
            "{order:?} is recorded before it is sent"
        );
        Ok(())
    }

    fn changed(&mut self, phone: &RestartedPhone) {
        let name = phone.candidate.lines[0].clone();
        self.history.push((name, phone.status.name()));
    }
}
