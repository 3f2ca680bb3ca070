//! A fleet of simulated phones on one cable, each with its own MAC: they lease an address, answer
//! ARP, announce themselves by CDP and reject datagrams to closed ports, as phones on a switch do.

mod leases;
mod streams;
mod truth;

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddrV4},
    sync::Arc,
    time::{Duration, Instant},
};

use leases::discover;
use pnet::datalink::{self, Channel, Config, DataLinkReceiver, DataLinkSender};
use reflash::{
    phone::{Family, LoadName, MacAddress},
    protocol::{
        dhcp::{CLIENT_PORT, DhcpMessage, SERVER_PORT},
        frame::{EthernetFrame, Payload},
    },
    simulator::{
        PhoneAction, PhoneEvent, SimulatedPhone,
        fleet::{FleetConfig, StartMix},
    },
};

use crate::{
    cdp,
    frames::{self, BROADCAST, Station},
    segments::{Connection, Received},
};

/// A phone that got no lease, or does not know the server's MAC, tries again after this time.
const RETRY: Duration = Duration::from_secs(2);
/// The port of a phone's first connection.
const FIRST_TCP_PORT: u16 = 32768;
/// Bytes of an Ethernet header.
const ETHERNET: usize = 14;

/// What a phone on a cable has besides its firmware.
struct CabledPhone {
    phone: SimulatedPhone,
    mac: MacAddress,
    /// `None` until it has a lease.
    address: Option<Ipv4Addr>,
    open: Option<u16>,
    connection: Option<Connection>,
    /// The port of the next connection.
    next_port: u16,
    /// The transaction of its DHCP exchange, and when it sends DISCOVER again.
    dhcp: Option<(u32, Instant)>,
    boots: u32,
    is_on: bool,
    announces: bool,
}

struct CabledFleet {
    began: Instant,
    server: SocketAddrV4,
    server_mac: Option<MacAddress>,
    phones: Vec<CabledPhone>,
    by_mac: HashMap<MacAddress, usize>,
    by_address: HashMap<Ipv4Addr, usize>,
    send: Box<dyn DataLinkSender>,
    receive: Box<dyn DataLinkReceiver>,
}

/// Plays `count` phones against `server` until each is finished or the time is over, and prints a
/// JSON line for each: what it has. `faults` as in `--fault`.
pub(crate) fn play(server: &str, count: &str, pace: &str, seconds: &str, faults: &[&str]) {
    let server: SocketAddrV4 = server.parse().unwrap();
    let config = FleetConfig {
        phones: count.parse().unwrap(),
        models: Family::F45.models().collect(),
        start: StartMix::Mixed,
        from: None,
        call_manager: None,
        pace: pace.parse().unwrap(),
        http: None,
        seed: 7,
        faults: Vec::new(),
        sizes: Arc::default(),
        addresses: Vec::new(),
        listed: Vec::new(),
        deadline: Duration::ZERO,
    };
    let mut members = config.members(server).unwrap();
    // Every other phone is healthy; the others have the faults in turn.
    if !faults.is_empty() {
        for (index, member) in members.iter_mut().enumerate().skip(1).step_by(2) {
            let fault = faults[index / 2 % faults.len()];
            member.faults = vec![fault.parse().unwrap()];
            let is_old = fault == "needs-bridge";
            if is_old && member.start != reflash::simulator::StartState::Recovery {
                member.start =
                    reflash::simulator::StartState::Application(LoadName::new("SCCP45.8-3-2S"));
            }
        }
    }
    run(
        server,
        members.into_iter().map(SimulatedPhone::new),
        seconds,
    );
}

/// Plays these phones.
pub(crate) fn run(
    server: SocketAddrV4,
    phones: impl Iterator<Item = SimulatedPhone>,
    seconds: &str,
) {
    let mut fleet = CabledFleet::new(server, phones);
    let end = Instant::now() + Duration::from_secs(seconds.parse().unwrap());
    fleet.run(end);
    fleet.print();
}

impl CabledFleet {
    fn new(server: SocketAddrV4, phones: impl Iterator<Item = SimulatedPhone>) -> Self {
        let interfaces = datalink::interfaces();
        let interface = interfaces.iter().find(|one| one.name == "eth0").unwrap();
        let config = Config {
            read_timeout: Some(Duration::from_millis(1)),
            read_buffer_size: 1 << 22,
            ..Config::default()
        };
        let Ok(Channel::Ethernet(send, receive)) = datalink::channel(interface, config) else {
            panic!("eth0 is not an Ethernet interface");
        };
        let began = Instant::now();
        let phones: Vec<CabledPhone> = phones
            .enumerate()
            .map(|(index, phone)| CabledPhone {
                mac: phone.config().mac,
                phone,
                address: None,
                open: None,
                connection: None,
                next_port: FIRST_TCP_PORT,
                dhcp: Some((transaction(index, 0), began)),
                boots: 0,
                is_on: false,
                announces: index % 3 != 0,
            })
            .collect();
        let by_mac = phones
            .iter()
            .enumerate()
            .map(|(index, one)| (one.mac, index))
            .collect();
        Self {
            began,
            server,
            server_mac: None,
            phones,
            by_mac,
            by_address: HashMap::new(),
            send,
            receive,
        }
    }

    fn run(&mut self, end: Instant) {
        let mut next_arp = Instant::now();
        while Instant::now() < end && self.phones.iter().any(|one| !one.phone.is_finished()) {
            while let Ok(bytes) = self.receive.next() {
                let bytes = bytes.to_vec();
                self.on_frame(&bytes);
            }
            if self.server_mac.is_none() && Instant::now() >= next_arp {
                next_arp = Instant::now() + RETRY;
                self.ask_for_the_server();
            }
            for index in 0..self.phones.len() {
                self.on_time(index);
            }
        }
    }

    /// ARP for the server, from a phone that has an address.
    fn ask_for_the_server(&mut self) {
        let Some(station) = self.phones.iter().find_map(CabledPhone::station) else {
            return;
        };
        let server = Station {
            mac: MacAddress::new([0; 6]),
            address: *self.server.ip(),
        };
        self.transmit(&frames::arp(1, station, server));
    }

    fn on_time(&mut self, index: usize) {
        let now = self.began.elapsed();
        let one = &mut self.phones[index];
        if let Some((xid, due)) = one.dhcp
            && Instant::now() >= due
        {
            one.dhcp = Some((xid, Instant::now() + RETRY));
            let discover = discover(one.mac, xid, one.phone.config().model);
            let frame = one.broadcast(&discover);
            self.transmit(&frame);
        }
        let one = &mut self.phones[index];
        if !one.is_on && one.address.is_some() && self.server_mac.is_some() {
            one.is_on = true;
            let actions = one.phone.power_on(now);
            self.act(index, actions);
        }
        if let Some((from, to)) = self.stations(index) {
            let connection = self.phones[index].connection.as_mut();
            if let Some(frame) = connection.and_then(|it| it.on_time(from, to)) {
                self.transmit(&frame);
            }
        }
        let one = &mut self.phones[index];
        if one.phone.next_deadline().is_some_and(|due| due <= now) {
            let actions = one.phone.wake(now);
            self.act(index, actions);
        }
    }

    fn on_frame(&mut self, bytes: &[u8]) {
        let Ok(frame) = EthernetFrame::decode(bytes) else {
            return;
        };
        match frame.payload {
            Payload::Arp(arp) => {
                if arp.sender == *self.server.ip() {
                    self.server_mac = Some(arp.sender_mac);
                }
                // The decoder keeps the sender only: the target is at the end of the packet.
                let target = Ipv4Addr::new(bytes[38], bytes[39], bytes[40], bytes[41]);
                if bytes[21] == 1
                    && let Some(&index) = self.by_address.get(&target)
                {
                    let from = self.phones[index].station().unwrap();
                    let to = Station {
                        mac: arp.sender_mac,
                        address: arp.sender,
                    };
                    self.transmit(&frames::arp(2, from, to));
                }
            }
            Payload::Ipv4Udp {
                source,
                destination,
                payload,
                ..
            } => {
                if destination.port() == CLIENT_PORT {
                    if let Ok(message) = DhcpMessage::decode(payload) {
                        self.on_dhcp(&message);
                    }
                } else if let Some(&index) = self.by_address.get(destination.ip()) {
                    self.on_datagram(index, source, destination.port(), payload, bytes);
                }
            }
            Payload::Ipv4Tcp {
                source,
                destination,
                seq,
                flags,
                payload,
                ..
            } => {
                if let Some(&index) = self.by_address.get(destination.ip()) {
                    let segment = Received {
                        from: source,
                        seq,
                        flags,
                        payload,
                    };
                    self.on_segment(index, destination.port(), &segment);
                }
            }
            _ => {}
        }
    }

    fn on_datagram(
        &mut self,
        index: usize,
        from: SocketAddrV4,
        port: u16,
        payload: &[u8],
        frame: &[u8],
    ) {
        let now = self.began.elapsed();
        let one = &mut self.phones[index];
        if one.open == Some(port) {
            let actions = one.phone.receive(now, port, from, payload);
            self.act(index, actions);
        } else if let (Some(station), Some(mac)) = (one.station(), self.server_mac) {
            let to = Station {
                mac,
                address: *from.ip(),
            };
            self.transmit(&frames::port_unreachable(station, to, &frame[ETHERNET..]));
        }
    }

    fn act(&mut self, index: usize, actions: Vec<PhoneAction>) {
        for action in actions {
            let one = &mut self.phones[index];
            match action {
                PhoneAction::Open(port) => one.open = Some(port),
                PhoneAction::Close(_) => one.open = None,
                PhoneAction::Send { port, to, bytes } => {
                    if let (Some(station), Some(mac)) = (one.station(), self.server_mac) {
                        let server = Station {
                            mac,
                            address: *to.ip(),
                        };
                        let frame = frames::udp(station, server, (port, to.port()), &bytes);
                        self.transmit(&frame);
                    }
                }
                PhoneAction::Connect { to, bytes } => self.connect(index, Some((to, bytes))),
                PhoneAction::Disconnect => self.connect(index, None),
                PhoneAction::ChangeAddress => {
                    let [a, b, c, d] = one.address.unwrap().octets();
                    self.move_to(index, Ipv4Addr::new(a, b, c + 100, d));
                }
                PhoneAction::Event(PhoneEvent::Booted(load)) => self.on_boot(index, load.as_ref()),
                PhoneAction::Event(_) => {}
            }
        }
    }

    /// At each start but the first a phone renews its lease, and an application announces itself.
    fn on_boot(&mut self, index: usize, load: Option<&LoadName>) {
        let one = &mut self.phones[index];
        one.boots += 1;
        if one.boots > 1 && one.address.is_some_and(|address| address.octets()[2] < 100) {
            one.dhcp = Some((transaction(index, one.boots), Instant::now()));
        }
        if let (true, Some(load), Some(address)) = (one.announces, load, one.address) {
            let number = one.phone.config().model.plain_number();
            let frame = cdp::frame_of(number, &one.mac.upper_hex(), address, load.as_str());
            self.transmit(&frame);
        }
    }

    fn transmit(&mut self, frame: &[u8]) {
        self.send.send_to(frame, None).unwrap().unwrap();
    }
}

impl CabledPhone {
    fn station(&self) -> Option<Station> {
        Some(Station {
            mac: self.mac,
            address: self.address?,
        })
    }

    /// A DHCP message of a client without an address.
    fn broadcast(&self, message: &DhcpMessage) -> Vec<u8> {
        let from = Station {
            mac: self.mac,
            address: Ipv4Addr::UNSPECIFIED,
        };
        let to = Station {
            mac: BROADCAST,
            address: Ipv4Addr::BROADCAST,
        };
        frames::udp(from, to, (CLIENT_PORT, SERVER_PORT), &message.encode())
    }
}

fn transaction(index: usize, boot: u32) -> u32 {
    u32::try_from(index).unwrap() << 8 | boot
}
