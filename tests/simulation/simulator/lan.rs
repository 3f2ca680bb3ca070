//! One phone and one server on a link with half a millisecond of latency, in virtual time.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use reflash::simulator::{PhoneAction, PhoneEvent, SimulatedPhone};

use super::responder::{Reply, Responder};

pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
pub(crate) const HOME: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 1);
pub(crate) const AWAY: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 1);
const LATENCY: Duration = Duration::from_micros(500);

enum Flight {
    ToServer(SocketAddrV4, Vec<u8>),
    ToPhone(Reply),
}

pub(crate) struct Lan {
    pub(crate) phone: SimulatedPhone,
    pub(crate) server: Responder,
    pub(crate) now: Duration,
    /// Every event of the phone, with its time.
    pub(crate) actions: Vec<(Duration, PhoneAction)>,
    /// Datagrams of the server that arrived at a closed port.
    pub(crate) unreachable: usize,
    address: Ipv4Addr,
    port: Option<u16>,
    flights: BTreeMap<(Duration, u64), Flight>,
    count: u64,
}

impl Lan {
    pub(crate) fn new(phone: SimulatedPhone, server: Responder) -> Self {
        let mut lan = Self {
            phone,
            server,
            now: Duration::ZERO,
            actions: Vec::new(),
            unreachable: 0,
            address: HOME,
            port: None,
            flights: BTreeMap::new(),
            count: 0,
        };
        let actions = lan.phone.power_on(lan.now);
        lan.act(actions);
        lan
    }

    /// Runs until the phone is finished or until the time `until`; returns whether it is finished.
    pub(crate) fn play(&mut self, until: Duration) -> bool {
        while !self.phone.is_finished() {
            let arrival = self.flights.keys().next().map(|(at, _)| *at);
            let due = [
                arrival,
                self.phone.next_deadline(),
                self.server.next_deadline(),
            ];
            let Some(next) = due.into_iter().flatten().min() else {
                panic!("a phone that is not finished always waits for something");
            };
            if next > until {
                return false;
            }
            self.now = self.now.max(next);
            if arrival == Some(next) {
                let (_, flight) = self.flights.pop_first().expect("it is there");
                self.arrive(flight);
            }
            let actions = self.phone.wake(self.now);
            self.act(actions);
            let replies = self.server.wake(self.now);
            self.answer(replies);
        }
        true
    }

    pub(crate) fn notes(&self) -> impl Iterator<Item = &PhoneEvent> {
        self.actions.iter().filter_map(|(_, action)| match action {
            PhoneAction::Event(note) => Some(note),
            _ => None,
        })
    }

    fn fly(&mut self, flight: Flight) {
        self.count += 1;
        self.flights
            .insert((self.now + LATENCY, self.count), flight);
    }

    fn answer(&mut self, replies: impl IntoIterator<Item = Reply>) {
        for reply in replies {
            self.fly(Flight::ToPhone(reply));
        }
    }

    fn arrive(&mut self, flight: Flight) {
        match flight {
            Flight::ToServer(from, bytes) => {
                let reply = self.server.receive(self.now, from, &bytes);
                self.answer(reply);
            }
            Flight::ToPhone((tid, to, bytes)) => {
                if (*to.ip(), Some(to.port())) == (self.address, self.port) {
                    let from = SocketAddrV4::new(SERVER, tid);
                    let actions = self.phone.receive(self.now, to.port(), from, &bytes);
                    self.act(actions);
                } else {
                    self.unreachable += 1;
                    self.server.unreachable(to);
                }
            }
        }
    }

    fn act(&mut self, actions: Vec<PhoneAction>) {
        for action in actions {
            match &action {
                PhoneAction::Open(port) => {
                    assert_eq!(self.port.replace(*port), None, "one port at a time");
                }
                PhoneAction::Close(port) => assert_eq!(self.port.take(), Some(*port)),
                PhoneAction::Send { port, to, bytes } => {
                    assert_eq!(self.port, Some(*port), "only from an open port");
                    assert_eq!(*to.ip(), SERVER);
                    self.fly(Flight::ToServer(
                        SocketAddrV4::new(self.address, *port),
                        bytes.clone(),
                    ));
                }
                PhoneAction::ChangeAddress => {
                    assert_eq!(self.port, None, "no port is open while the address changes");
                    self.address = AWAY;
                }
                PhoneAction::Connect { .. } | PhoneAction::Disconnect => {
                    panic!("without an HTTP server, phones use TFTP only");
                }
                PhoneAction::Event(_) => {}
            }
            self.actions.push((self.now, action));
        }
    }
}
