//! One phone of a fleet, and its link to the server.

use std::{
    collections::{HashMap, HashSet},
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

use reflash::{
    phone::{LoadName, Model},
    simulator::{PhoneConfig, SimulatedPhone},
    track::{EvidenceSource, ObservationKind},
};

use super::{
    bundles::Bundles,
    scenario::{Cause, Member},
    server::Http,
    world::{HTTP, LISTENER, SERVER, http::Connection},
};

/// The block after which a black hole begins.
const HOLE: u16 = 20;

pub(crate) struct Device {
    pub(crate) member: Member,
    pub(crate) phone: SimulatedPhone,
    pub(crate) address: Ipv4Addr,
    pub(crate) home: Ipv4Addr,
    pub(crate) port: Option<u16>,
    pub(crate) connection: Option<Connection>,
    /// The name that each port requested.
    pub(crate) requested: HashMap<u16, String>,
    /// Ports whose ACKs are lost from now on.
    pub(crate) muted: HashSet<u16>,
    pub(crate) restarts: Vec<Duration>,
    /// The newest first.
    mac_reports: Vec<(Duration, EvidenceSource)>,
    pub(crate) last_ack_lost: bool,
    /// The server has answered a request of its current load.
    pub(crate) was_answered: bool,
    /// The load of the application that started last; `None` in its boot loader.
    pub(crate) running: Option<LoadName>,
}

impl Device {
    pub(crate) fn new(seed: u64, index: u8, member: &Member, bundles: &Bundles) -> Self {
        let home = Ipv4Addr::new(10, 0, 1, index + 1);
        let mut restarts: Vec<Duration> = member
            .restarts
            .iter()
            .map(|second| Duration::from_secs(*second))
            .collect();
        restarts.sort_unstable();
        let phone = SimulatedPhone::new(PhoneConfig {
            mac: member.mac,
            model: Model::by_number(member.model.number).expect("a model"),
            start: member.start.clone(),
            server: SocketAddrV4::new(SERVER, LISTENER),
            http: (member.http != Http::Never).then_some(SocketAddrV4::new(SERVER, HTTP)),
            pace: 1.0,
            seed,
            faults: member.faults(),
            sizes: bundles.of(member.model.family).sizes.clone(),
        });
        Self {
            member: member.clone(),
            phone,
            address: home,
            home,
            port: None,
            connection: None,
            requested: HashMap::new(),
            muted: HashSet::new(),
            restarts,
            mac_reports: member
                .mac_reports
                .iter()
                .rev()
                .map(|(second, source)| (Duration::from_secs(*second), *source))
                .collect(),
            last_ack_lost: false,
            was_answered: false,
            running: None,
        }
    }

    /// When its MAC is reported next.
    pub(crate) fn next_mac_report(&self) -> Option<Duration> {
        self.mac_reports.last().map(|(at, _)| *at)
    }

    /// The report of its MAC that is due now. The ARP table knows hosts that have sent something, and
    /// a boot loader renews no lease.
    pub(crate) fn take_mac_report(&mut self, now: Duration) -> Option<ObservationKind> {
        let (_, source) = self.mac_reports.pop_if(|(at, _)| *at <= now)?;
        let is_possible = match source {
            EvidenceSource::Dhcp => self.phone.contents().load.is_some(),
            _ => !self.requested.is_empty(),
        };
        let mac = self.member.mac;
        is_possible.then_some(ObservationKind::MacReported {
            mac,
            source,
            sender: None,
        })
    }

    /// The ACKs of this port are lost from now on.
    pub(crate) fn mute(&mut self, port: u16) {
        self.muted.insert(port);
        let name = self.requested.get(&port).cloned().unwrap_or_default();
        // The last image of its load.
        let parts = [".9-4-1-3SR3.zz", "bin9", "APP", "skern", "rootfs", ".sb2"];
        self.last_ack_lost |=
            name.starts_with("cvm") || parts.iter().any(|part| name.contains(part));
    }

    /// Whether a packet of the server to this port is lost.
    pub(crate) fn swallows(&self, port: u16, bytes: &[u8]) -> bool {
        match self.member.cause {
            Cause::Firewall => true,
            Cause::BlackHole => {
                let block = u16::from_be_bytes([bytes[2], bytes[3]]);
                let name = self.requested.get(&port);
                let is_apps = name.is_some_and(|name| name.starts_with("apps"));
                is_apps && bytes[1] == 3 && block > HOLE
            }
            _ => false,
        }
    }

    /// Whether it actually runs the images of the target.
    pub(crate) fn is_converted(&self, bundles: &Bundles) -> bool {
        let contents = self.phone.contents();
        let Some(load) = contents.load else {
            return false;
        };
        let mut images: Vec<(String, &String)> = contents
            .images
            .iter()
            .map(|(name, hash)| (name.to_lowercase(), hash))
            .collect();
        images.sort();
        let target = bundles.of(self.member.model.family);
        let whole = images.len() == target.hashes.len()
            && images
                .iter()
                .all(|(name, hash)| target.hashes.get(name) == Some(hash));
        load == target.load || load.is_recovery() && whole
    }
}
