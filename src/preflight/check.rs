//! Everything that can be known before the first phone is powered: all findings, not the first.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
};

use super::{
    ChooseError, Chosen, FirewallOutput, Flow, Interface, Protocol, choose,
    finding::{code, finding},
    holder::holder,
    interfaces, offers,
    ports::Port,
    rights::Rights,
    selftest::self_test,
};
use crate::{
    dhcp::{self, PacketSocket, ServerKind},
    diagnose::{Finding, Severity, worst_first},
    protocol::dhcp::SERVER_PORT,
    tftp::{BindErrorKind, Bound, Config, EngineKind},
};

/// What a conversion is to look like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The interface that was named.
    pub interface: Option<String>,
    /// The address that was named.
    pub listen: Option<Ipv4Addr>,
    /// The TFTP port.
    pub tftp_port: u16,
    /// The HTTP port; 0: none.
    pub http_port: u16,
    /// The port that transfers leave from; 0: any.
    pub transfer_port: u16,
    /// This program's own DHCP server is to give the addresses.
    pub isolated: bool,
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The address that would be served from.
    pub chosen: Option<Chosen>,
    /// The worst first.
    pub findings: Vec<Finding>,
}

/// Looks at this machine and its network. Nothing is changed. `about` is told before what takes
/// seconds.
pub fn check(wanted: &Wanted, mut about: impl FnMut(&str)) -> Checked {
    let all = interfaces();
    let mut findings = Vec::new();
    let (chosen, interface) = place(wanted, &all, &mut findings);
    let address = chosen
        .as_ref()
        .map_or(Ipv4Addr::UNSPECIFIED, |chosen| chosen.address);

    let ports = Port::all(wanted.tftp_port, wanted.http_port, wanted.isolated);
    // A DHCP server of another interface alone (libvirt has one) is not in the way of ours.
    let is_elsewhere = |port: &Port| {
        wanted.isolated
            && port.number == SERVER_PORT
            && interface
                .and_then(Interface::link)
                .is_some_and(|link| dhcp::BoundServer::open(link).is_ok())
    };
    let taken: Vec<&Port> = ports
        .iter()
        .filter(|port| port.is_taken(address) && !is_elsewhere(port))
        .collect();
    findings.extend(taken.iter().map(|port| port.taken()));
    let is_taken = |number| {
        let is = |port: &&Port| port.number == number && port.protocol == Protocol::Udp;
        taken.iter().any(is)
    };

    let rights = Rights::of_this_process(wanted.tftp_port);
    findings.extend(rights.findings(wanted.tftp_port));
    if rights.ports && !is_taken(wanted.tftp_port) && chosen.is_some() {
        findings.push(serve(wanted, address));
    }
    if let Some(interface) = interface {
        findings.extend(said(wanted, interface));
        // Without a carrier nobody can answer, which is said already.
        if rights.frames && interface.carrier {
            about(&format!(
                "asking for DHCP servers on {}, 6 s …",
                interface.name
            ));
            let include_local = is_taken(SERVER_PORT);
            match Asking::open(wanted, interface, include_local) {
                Ok(asking) => findings.extend(asking.answers()),
                Err(finding) => findings.push(finding),
            }
        }
    }
    worst_first(&mut findings);
    Checked { chosen, findings }
}

/// The address to serve from and its interface, with what is wrong with them.
fn place<'a>(
    wanted: &Wanted,
    all: &'a [Interface],
    findings: &mut Vec<Finding>,
) -> (Option<Chosen>, Option<&'a Interface>) {
    let by_address = |address| all.iter().find(|interface| interface.address == address);
    let chosen = match wanted.listen {
        Some(address) => Ok(Chosen {
            address,
            interface: by_address(address).map(|interface| interface.name.clone()),
            reason: "you named it".to_owned(),
        }),
        None => choose(all, wanted.interface.as_deref()),
    };
    let chosen = match chosen {
        Ok(chosen) => chosen,
        Err(error) => {
            let (message, cure) = (error.to_string(), error.cure());
            let severity = Severity::Error;
            findings.push(finding(code::WRONG_INTERFACE, severity, message, cure));
            return (None, None);
        }
    };
    let interface = by_address(chosen.address);
    judge_place(chosen.address, interface, findings);
    (Some(chosen), interface)
}

/// Whether phones can be behind this address.
pub(super) fn judge_place(
    address: Ipv4Addr,
    interface: Option<&Interface>,
    findings: &mut Vec<Finding>,
) {
    let mut tell = |severity, message: String, cure: &str| {
        findings.push(finding(code::WRONG_INTERFACE, severity, message, cure));
    };
    match interface {
        Some(interface) if !interface.carrier => tell(
            Severity::Error,
            format!(
                "{} has no carrier: no cable, or nothing at its other end",
                interface.name
            ),
            "Connect it to the switch of the phones. A phone on the cable itself takes the \
             carrier away whenever it boots: put a switch between",
        ),
        Some(interface) if interface.wireless => tell(
            Severity::Warning,
            format!(
                "{} is a radio, and these phones have a cable",
                interface.name
            ),
            "Name the interface that leads to the phones' switch with --interface",
        ),
        Some(_) => {}
        None if address.is_loopback() => tell(
            Severity::Warning,
            format!("no phone can reach {address}"),
            "Name the interface that leads to the phones' switch with --interface",
        ),
        None if UdpSocket::bind((address, 0)).is_err() => tell(
            Severity::Error,
            format!("{address} is not an address of this machine"),
            "`ip address` lists the addresses that there are",
        ),
        None => tell(
            Severity::Note,
            format!(
                "{address} is no interface's first address: firewall and DHCP were not looked at"
            ),
            "Name the interface that leads to the phones' switch with --interface",
        ),
    }
}

impl ChooseError {
    /// What to do about it.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Several(_) => "Say which one the phones are connected to: --interface NAME",
            Self::Unknown { .. } => {
                "Name one of these, or give it an address with your system's own tools"
            }
            Self::Nothing(_) => {
                "Connect the cable and give the interface an address, or name an address \
                 yourself: --listen ADDRESS"
            }
        }
    }
}

/// The server on its real port, and a file from it.
pub(super) fn serve(wanted: &Wanted, address: Ipv4Addr) -> Finding {
    let listen = SocketAddrV4::new(address, wanted.tftp_port);
    let config = Config {
        transfer_port: wanted.transfer_port,
        ..Config::new(listen)
    };
    match Bound::bind(EngineKind::Native, &config) {
        Ok(server) => {
            let nonce = RandomState::new().build_hasher().finish();
            self_test(server, &format!("{nonce:016x}"))
        }
        Err(error) if error.kind == BindErrorKind::InUse => Port {
            protocol: Protocol::Udp,
            number: error.port,
            severity: Severity::Error,
            means: "the TFTP server of this program needs it",
        }
        .taken(),
        Err(error) => finding(
            code::SELF_TEST,
            Severity::Error,
            format!(
                "cannot listen on {}, UDP port {}: {}",
                error.address, error.port, error.source
            ),
            "`ip address` lists the addresses that there are",
        ),
    }
}

/// What a firewall has to let in.
fn flows(wanted: &Wanted) -> Vec<Flow> {
    let flow = |udp, port, severity| Flow {
        udp,
        port,
        severity,
    };
    let mut flows = vec![
        flow(true, Some(wanted.tftp_port), Severity::Error),
        flow(true, None, Severity::Error),
    ];
    if wanted.http_port != 0 {
        flows.push(flow(false, Some(wanted.http_port), Severity::Warning));
    }
    if wanted.isolated {
        flows.push(flow(true, Some(SERVER_PORT), Severity::Error));
    }
    flows
}

/// What this machine's firewall does with what phones send to an interface.
pub(super) fn said(wanted: &Wanted, interface: &Interface) -> Vec<Finding> {
    let said = FirewallOutput::ask(&interface.name);
    said.findings(&flows(wanted), &interface.name, interface.address)
}

/// A question to the DHCP servers of a network that is not asked yet. Its socket is open, which
/// takes a right; asking takes none.
#[derive(Debug)]
pub struct Asking {
    socket: PacketSocket,
    interface: Interface,
    isolated: bool,
    /// A server on this machine is asked as well.
    include_local: bool,
    /// That server, if it was recognised.
    local: Option<ServerKind>,
}

impl Asking {
    /// Opens the socket. An error is what was found instead.
    pub(super) fn open(
        wanted: &Wanted,
        interface: &Interface,
        include_local: bool,
    ) -> Result<Self, Finding> {
        let Some(link) = interface.link() else {
            let message = format!("{} is no Ethernet: no phone is behind it", interface.name);
            let cure = "Name the interface that leads to the phones' switch with --interface";
            let severity = Severity::Warning;
            return Err(finding(code::WRONG_INTERFACE, severity, message, cure));
        };
        let local = include_local
            .then(|| holder(Protocol::Udp, SERVER_PORT))
            .flatten();
        Ok(Self {
            socket: PacketSocket::open(link).map_err(|error| not_asked(&error))?,
            interface: interface.clone(),
            isolated: wanted.isolated,
            include_local,
            local: local.and_then(|holder| ServerKind::of_process(&holder.name)),
        })
    }

    /// Asks, and judges what the servers would tell a phone, the worst first. Takes
    /// [`dhcp::PROBE_WINDOW`].
    #[must_use]
    pub fn answers(&self) -> Vec<Finding> {
        let place = offers::Place {
            interface: &self.interface,
            isolated: self.isolated,
            local: self.local,
        };
        match self.socket.probe(self.include_local) {
            Ok(offers) => {
                let mut findings = offers::judge(&offers, place);
                worst_first(&mut findings);
                findings
            }
            Err(error) => vec![not_asked(&error)],
        }
    }
}

fn not_asked(error: &dyn std::fmt::Display) -> Finding {
    finding(
        code::NO_TFTP_ADDRESS,
        Severity::Warning,
        format!("DHCP servers could not be asked: {error}"),
        "See that the interface is up: `ip link`",
    )
}
