//! Every check that is possible before the first phone is powered: all findings, not only the first.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
};

use super::{
    FirewallOutput, Interface, PortProtocol, SelectedInterface, TrafficFlow, choose, dhcp_offers,
    finding::{code, finding},
    interfaces,
    port_owner::port_owner,
    ports::CheckedPort,
    rights::Rights,
    routed,
    selftest::self_test,
    unaddressed::{check_unaddressed, how_to_assign, interfaces_without_address},
};
use crate::{
    dhcp::{self, PacketSocket, ServerKind},
    diagnose::{Finding, Severity, worst_first},
    discovery::ArpTable,
    protocol::dhcp::SERVER_PORT,
    tftp::{BindErrorKind, Bound, Config, EngineKind, TransferPorts},
    track::Subnet,
};

/// The network options of a planned conversion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// The interface given on the command line.
    pub interface: Option<String>,
    /// The address given on the command line.
    pub listen: Option<Ipv4Addr>,
    /// The TFTP port.
    pub tftp_port: u16,
    /// The HTTP port; 0 = off.
    pub http_port: u16,
    /// The source ports of transfers.
    pub transfer_ports: TransferPorts,
    /// Networks behind a router, as the operator says.
    pub routed: Vec<Subnet>,
    /// Whether this program's own DHCP server will assign addresses.
    pub isolated: bool,
}

/// The selected address and the findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// The address to serve from.
    pub chosen: Option<SelectedInterface>,
    /// Most severe first.
    pub findings: Vec<Finding>,
}

/// Checks this machine and its network. Nothing is changed. `about` is called with a message before a
/// step that takes seconds.
pub fn check(options: &CheckOptions, mut about: impl FnMut(&str)) -> CheckResult {
    let all = interfaces();
    let mut findings = Vec::new();
    let (chosen, interface) = select_interface(options, &all, &mut findings);
    let address = chosen
        .as_ref()
        .map_or(Ipv4Addr::UNSPECIFIED, |chosen| chosen.address);

    let ports = CheckedPort::all(options.tftp_port, options.http_port, options.isolated);
    // A DHCP server bound to another interface only (libvirt runs one) does not conflict.
    let is_elsewhere = |port: &CheckedPort| {
        options.isolated
            && port.number == SERVER_PORT
            && interface
                .and_then(Interface::link)
                .is_some_and(|link| dhcp::BoundServer::open(link).is_ok())
    };
    let taken: Vec<&CheckedPort> = ports
        .iter()
        .filter(|port| port.is_taken(address) && !is_elsewhere(port))
        .collect();
    findings.extend(taken.iter().map(|port| port.taken()));
    let is_taken = |number| {
        let is = |port: &&CheckedPort| port.number == number && port.protocol == PortProtocol::Udp;
        taken.iter().any(is)
    };

    let rights = Rights::of_this_process(options.tftp_port);
    findings.extend(rights.findings(options.tftp_port));
    if rights.ports && !is_taken(options.tftp_port) && chosen.is_some() {
        findings.push(serve(options, address));
    }
    if let Some(interface) = interface {
        findings.extend(check_firewall(options, interface));
        let table = ArpTable::read().unwrap_or_default();
        findings.extend(routed::of_table(&table, &interface.name, &options.routed));
        // Without a carrier no server can answer, which is a finding already.
        if rights.frames && interface.carrier {
            about(&format!(
                "querying DHCP servers on {} (6 s) …",
                interface.name
            ));
            let include_local = is_taken(SERVER_PORT);
            match PendingDhcpProbe::open(options, interface, include_local) {
                Ok(probe) => findings.extend(probe.answers()),
                Err(finding) => findings.push(finding),
            }
        }
    }
    worst_first(&mut findings);
    CheckResult { chosen, findings }
}

/// Selects the address to serve from and its interface, and adds findings about them.
fn select_interface<'a>(
    options: &CheckOptions,
    all: &'a [Interface],
    findings: &mut Vec<Finding>,
) -> (Option<SelectedInterface>, Option<&'a Interface>) {
    let by_address = |address| all.iter().find(|interface| interface.address == address);
    let chosen = match options.listen {
        Some(address) => Ok(SelectedInterface {
            address,
            interface: by_address(address).map(|interface| interface.name.clone()),
            reason: "given by --listen".to_owned(),
        }),
        None => choose(all, options.interface.as_deref()),
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
    check_interface(chosen.address, interface, findings);
    if options.interface.is_none()
        && let (None, Some(selected)) = (options.listen, interface)
    {
        let unaddressed = interfaces_without_address();
        findings.extend(check_unaddressed(selected, &unaddressed, how_to_assign));
    }
    (Some(chosen), interface)
}

/// Checks whether phones can be reached from this address.
pub(super) fn check_interface(
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
                "{} has no carrier: no cable is connected, or the device at its other end is off",
                interface.name
            ),
            "Connect it to the phones' switch. A directly connected phone drops the carrier at \
             every boot: use a switch",
        ),
        Some(interface) if interface.wireless => tell(
            Severity::Warning,
            format!("{} is wireless, and these phones are wired", interface.name),
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
            "`ip address` lists this machine's addresses",
        ),
        None => tell(
            Severity::Note,
            format!(
                "{address} is not the first address of an interface: firewall and DHCP were not checked"
            ),
            "Name the interface that leads to the phones' switch with --interface",
        ),
    }
}

/// Starts the server on its real port and fetches a file from it.
pub(super) fn serve(options: &CheckOptions, address: Ipv4Addr) -> Finding {
    let listen = SocketAddrV4::new(address, options.tftp_port);
    let config = Config {
        transfer_ports: options.transfer_ports,
        ..Config::new(listen)
    };
    match Bound::bind(EngineKind::Native, &config) {
        Ok(server) => {
            let nonce = RandomState::new().build_hasher().finish();
            self_test(server, &format!("{nonce:016x}"))
        }
        Err(error) if error.kind == BindErrorKind::InUse => CheckedPort {
            protocol: PortProtocol::Udp,
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
            "`ip address` lists this machine's addresses",
        ),
    }
}

/// The packets that a firewall must accept.
fn flows(options: &CheckOptions) -> Vec<TrafficFlow> {
    let flow = |udp, port, severity| TrafficFlow {
        udp,
        port,
        transfer_ports: options.transfer_ports,
        severity,
    };
    let mut flows = vec![
        flow(true, Some(options.tftp_port), Severity::Error),
        flow(true, None, Severity::Error),
    ];
    if options.http_port != 0 {
        flows.push(flow(false, Some(options.http_port), Severity::Warning));
    }
    if options.isolated {
        flows.push(flow(true, Some(SERVER_PORT), Severity::Error));
    }
    flows
}

/// Checks what this machine's firewall does with packets from phones to an interface.
pub(super) fn check_firewall(options: &CheckOptions, interface: &Interface) -> Vec<Finding> {
    let output = FirewallOutput::collect(&interface.name);
    output.findings(&flows(options), &interface.name, interface.address)
}

/// A DHCP probe that is not sent yet. Its socket is open, which needs a privilege; sending needs none.
#[derive(Debug)]
pub struct PendingDhcpProbe {
    socket: PacketSocket,
    interface: Interface,
    isolated: bool,
    routed: Vec<Subnet>,
    /// Whether a server on this machine is queried too.
    include_local: bool,
    /// That server, if recognised.
    local: Option<ServerKind>,
}

impl PendingDhcpProbe {
    /// Opens the socket.
    ///
    /// # Errors
    /// A finding that says why the probe is not possible.
    pub(super) fn open(
        options: &CheckOptions,
        interface: &Interface,
        include_local: bool,
    ) -> Result<Self, Finding> {
        let Some(link) = interface.link() else {
            let message = format!(
                "{} is not an Ethernet interface: no phone can be connected to it",
                interface.name
            );
            let cure = "Name the interface that leads to the phones' switch with --interface";
            let severity = Severity::Warning;
            return Err(finding(code::WRONG_INTERFACE, severity, message, cure));
        };
        let local = include_local
            .then(|| port_owner(PortProtocol::Udp, SERVER_PORT))
            .flatten();
        Ok(Self {
            socket: PacketSocket::open(link).map_err(|error| probe_failed(&error))?,
            interface: interface.clone(),
            isolated: options.isolated,
            routed: options.routed.clone(),
            include_local,
            local: local.and_then(|holder| ServerKind::of_process(&holder.name)),
        })
    }

    /// Sends the probe and checks what each server would offer a phone, most severe first. Takes
    /// [`dhcp::PROBE_WINDOW`].
    #[must_use]
    pub fn answers(&self) -> Vec<Finding> {
        let expected = dhcp_offers::Expectation {
            interface: &self.interface,
            isolated: self.isolated,
            routed: &self.routed,
            local: self.local,
        };
        match self.socket.probe(self.include_local) {
            Ok(offers) => {
                let mut findings = dhcp_offers::check_offers(&offers, expected);
                worst_first(&mut findings);
                findings
            }
            Err(error) => vec![probe_failed(&error)],
        }
    }
}

fn probe_failed(error: &dyn std::fmt::Display) -> Finding {
    finding(
        code::NO_TFTP_ADDRESS,
        Severity::Warning,
        format!("cannot query DHCP servers: {error}"),
        "Check that the interface is up: `ip link`",
    )
}
