//! One fleet, one server and the network between them, in virtual time.

mod claims;
pub(crate) mod first_phones;
pub(crate) mod http;
mod phone_events;
mod reports;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    net::{Ipv4Addr, SocketAddrV4},
    path::Path,
    time::{Duration, Instant},
};

use reflash::{
    simulator::{PhoneAction, PhoneContents, StartState},
    tftp::{
        Socket, TransferPort, engine::TftpEngine, policy::EngineLimits, transmit::TransmitQueue,
    },
    track::{ObservationKind, PhoneReport, Plan, View},
};
use tempfile::NamedTempFile;

use http::HttpPart;
use reports::{cdp, dhcp, journal};

use super::{
    bundles::{Bundles, Files, views},
    device::Device,
    scenario::{Cause, Member, Random, Scenario},
    server::Server,
    slots,
};

pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
pub(crate) const LISTENER: u16 = 69;
pub(crate) const HTTP: u16 = 6970;
const TRANSFERS: [u16; 2] = [3000, 3001];
const LATENCY: Duration = Duration::from_micros(400);
/// The end of a run whose phones do not finish.
const HORIZON: Duration = Duration::from_mins(40);
/// The time that a run continues after all phones are idle.
const AFTERWARDS: Duration = Duration::from_mins(3);
enum Flight {
    ToServer(SocketAddrV4, u16, Vec<u8>),
    ToPhone(usize, u16, u16, Vec<u8>),
    Evidence(usize, ObservationKind),
    /// Of this connection.
    Http(usize, u64, HttpPart),
}

/// The result of one phone, and its reports.
pub(crate) struct PlayedPhone {
    pub(crate) member: Member,
    pub(crate) contents: PhoneContents,
    pub(crate) converted: bool,
    /// An image of its load is missing on the server; `None` if it is in a fleet of phones with
    /// recovery manifests.
    pub(crate) lacks_image: Option<bool>,
    pub(crate) was_answered: bool,
    pub(crate) last_ack_lost: bool,
    pub(crate) reports: Vec<PhoneReport>,
}

pub(crate) struct Played {
    pub(crate) scenario: Scenario,
    pub(crate) phones: Vec<PlayedPhone>,
    pub(crate) false_claims: Vec<String>,
}

struct World<'a> {
    bundles: &'a Bundles,
    scenario: Scenario,
    now: Duration,
    began: Instant,
    engine: TftpEngine<Server>,
    server: Server,
    out: TransmitQueue,
    devices: Vec<Device>,
    flights: BinaryHeap<Reverse<(Duration, u64, usize)>>,
    waiting: HashMap<u64, Flight>,
    count: u64,
    connections: u64,
    random: Random,
    false_claims: Vec<String>,
    /// The journal of the run.
    record: NamedTempFile,
    plan: Plan,
}

pub(crate) fn play(seed: u64, bundles: &Bundles) -> Played {
    let mut world = World::new(seed, bundles);
    world.run();
    world.result()
}

impl<'a> World<'a> {
    fn new(seed: u64, bundles: &'a Bundles) -> Self {
        let of_slots = slots::is_of_slots(seed);
        let scenario = if of_slots {
            slots::scenario(seed, bundles)
        } else {
            Scenario::new(seed, &bundles.target.load)
        };
        let target = if scenario.capitals {
            &bundles.capitals
        } else {
            &bundles.target
        };
        let plan = Plan {
            stages: if of_slots {
                bundles.slots.iter().map(|one| one.plan.clone()).collect()
            } else {
                vec![target.plan.clone()]
            },
            bridge: scenario
                .bridge
                .then(|| bundles.bridge.plan.clone())
                .into_iter()
                .collect(),
            ..Plan::default()
        };
        let views = views(&scenario, bundles, target);
        Self::with(scenario, bundles, plan, views)
    }

    fn with(
        scenario: Scenario,
        bundles: &'a Bundles,
        plan: Plan,
        views: HashMap<View, Files>,
    ) -> Self {
        let seed = scenario.seed;
        let began = Instant::now();
        // In memory if possible: thousands of fleets need no disk.
        let memory = Path::new("/dev/shm");
        let record = if memory.is_dir() {
            NamedTempFile::new_in(memory)
        } else {
            NamedTempFile::new()
        };
        let record = record.expect("a temporary file");
        let journal = journal(&record, &plan);
        let server = Server::new(began, plan.clone(), views, journal);
        let devices: Vec<Device> = (0_u8..)
            .zip(&scenario.members)
            .map(|(index, member)| Device::new(seed, index, member, bundles))
            .collect();
        for device in &devices {
            if device.member.model.family.slots().is_none() {
                server.run().http.insert(device.home, device.member.http);
            }
        }
        Self {
            engine: TftpEngine::new(EngineLimits::default(), 2, server.clone()),
            bundles,
            scenario,
            now: Duration::ZERO,
            began,
            server,
            out: TransmitQueue::default(),
            devices,
            flights: BinaryHeap::new(),
            waiting: HashMap::new(),
            count: 0,
            connections: 0,
            random: Random::new(!seed),
            false_claims: Vec::new(),
            record,
            plan,
        }
    }

    fn run(&mut self) {
        for index in 0..self.devices.len() {
            let device = &mut self.devices[index];
            let actions = device.phone.power_on(self.now);
            if device.member.dhcp {
                let mac = device.member.mac;
                self.fly(Flight::Evidence(index, dhcp(mac)));
            }
            let device = &self.devices[index];
            if device.member.witness && device.member.start == StartState::Recovery {
                let load = device.member.before();
                self.fly(Flight::Evidence(index, cdp(load)));
            }
            self.act(index, actions);
        }
        let mut end = HORIZON;
        loop {
            let idle = self
                .devices
                .iter()
                .all(|device| device.phone.is_finished() && device.restarts.is_empty());
            if idle {
                end = end.min(self.now + AFTERWARDS);
            } else {
                end = HORIZON;
            }
            let Some(next) = self.next().filter(|next| *next <= end) else {
                break;
            };
            self.now = next.max(self.now);
            self.step();
        }
        self.now = end;
        self.server.run().tick(end);
        self.check_claims();
    }

    fn next(&self) -> Option<Duration> {
        let flight = self.flights.peek().map(|Reverse((at, ..))| *at);
        let engine = self.engine.next_deadline().map(|due| due - self.began);
        // A run ticks five times a second; a deadline that does not move must not stop the time
        // here.
        let tick = self.server.run().fleet.next_deadline();
        let tick = tick.map(|due| due.max(self.now + Duration::from_millis(1)));
        let phones = self.devices.iter().flat_map(|device| {
            let restart = device.restarts.first().copied();
            [
                device.phone.next_deadline(),
                restart,
                device.next_mac_report(),
            ]
        });
        phones.chain([flight, engine, tick]).flatten().min()
    }

    fn step(&mut self) {
        let now = self.now;
        while let Some(&Reverse((at, _, index))) = self.flights.peek() {
            if at > now {
                break;
            }
            self.flights.pop();
            if let Some(flight) = self.waiting.remove(&(index as u64)) {
                self.arrive(flight);
            }
        }
        for index in 0..self.devices.len() {
            let device = &mut self.devices[index];
            if device.restarts.first().is_some_and(|at| *at <= now) {
                device.restarts.remove(0);
                let actions = device.phone.power_cycle(now);
                self.act(index, actions);
            }
            if let Some(seen) = self.devices[index].take_mac_report(now) {
                self.fly(Flight::Evidence(index, seen));
            }
            let device = &mut self.devices[index];
            if device.phone.next_deadline().is_some_and(|due| due <= now) {
                let actions = device.phone.wake(now);
                self.act(index, actions);
            }
        }
        let instant = self.began + now;
        self.engine.tick(instant, &mut self.out);
        self.send();
        {
            let mut run = self.server.run();
            if run.fleet.next_deadline().is_some_and(|due| due <= now) {
                run.tick(now);
            }
        }
        self.check_claims();
    }

    fn fly(&mut self, flight: Flight) {
        let at = self.now + LATENCY;
        self.count += 1;
        let index = usize::try_from(self.count).expect("few flights");
        self.waiting.insert(self.count, flight);
        self.flights.push(Reverse((at, self.count, index)));
    }

    /// Sends the packets of the engine, except those that are lost.
    fn send(&mut self) {
        let mut queued = Vec::new();
        self.out
            .drain(|port, queue| queued.push((port, std::mem::take(queue))));
        for (port, queue) in queued {
            for packet in queue {
                let bytes = packet.to_vec();
                let to = self
                    .devices
                    .iter()
                    .position(|device| device.address == *packet.to.ip());
                let Some(index) = to else { continue };
                if self.devices[index].swallows(packet.to.port(), &bytes) {
                    continue;
                }
                let flight =
                    Flight::ToPhone(index, packet.to.port(), TRANSFERS[port.index()], bytes);
                self.fly(flight);
            }
        }
    }

    fn arrive(&mut self, flight: Flight) {
        let now = self.began + self.now;
        match flight {
            Flight::ToServer(from, to, bytes) => {
                let socket = match to {
                    LISTENER => Socket::Listener,
                    _ if to == TRANSFERS[0] => Socket::Transfer(TransferPort::new(0)),
                    _ => Socket::Transfer(TransferPort::new(1)),
                };
                self.engine
                    .datagram(now, socket, SERVER, from, &bytes, &mut self.out);
                self.send();
            }
            Flight::ToPhone(index, port, from, bytes) => {
                let device = &mut self.devices[index];
                if device.port == Some(port) {
                    let is_last = bytes.len() < 516 && bytes[1] == 3;
                    let loses = device.member.cause == Cause::LostFinalAcks;
                    if is_last && loses && self.random.percent(40) {
                        device.mute(port);
                    }
                    let from = SocketAddrV4::new(SERVER, from);
                    let actions = device.phone.receive(self.now, port, from, &bytes);
                    self.act(index, actions);
                } else if self.scenario.icmp {
                    let peer = SocketAddrV4::new(device.address, port);
                    let port = TransferPort::new(u16::from(from == TRANSFERS[1]));
                    self.engine.port_closed(now, port, peer);
                }
            }
            Flight::Http(index, connection, part) => self.http_arrives(index, connection, part),
            Flight::Evidence(index, kind) => {
                let address = self.devices[index].address;
                self.server.run().observe(self.now, address, kind);
            }
        }
    }

    fn act(&mut self, index: usize, actions: Vec<PhoneAction>) {
        for action in actions {
            let device = &mut self.devices[index];
            match action {
                PhoneAction::Open(port) => {
                    device.muted.remove(&port);
                    device.port = Some(port);
                }
                PhoneAction::Close(_) => device.port = None,
                PhoneAction::Send { port, to, bytes } => {
                    if bytes[1] == 1 {
                        let name = bytes[2..].split(|byte| *byte == 0).next();
                        let name = String::from_utf8_lossy(name.unwrap_or_default());
                        device.requested.insert(port, name.into_owned());
                    } else if device.muted.contains(&port) {
                        continue;
                    }
                    let from = SocketAddrV4::new(device.address, port);
                    self.fly(Flight::ToServer(from, to.port(), bytes));
                }
                PhoneAction::Connect { bytes, .. } => self.connect(index, &bytes),
                PhoneAction::Disconnect => self.disconnect(index),
                PhoneAction::ChangeAddress => {
                    let [a, b, _, d] = device.home.octets();
                    device.address = Ipv4Addr::new(a, b, 2, d);
                    let (http, address) = (device.member.http, device.address);
                    if device.member.model.family.slots().is_none() {
                        self.server.run().http.insert(address, http);
                    }
                }
                PhoneAction::Event(note) => self.on_phone_event(index, &note),
            }
        }
    }
}
