//! Checks whether this machine's firewall accepts packets from phones.
//!
//! Reads the kernel's rules as far as this user may, and follows one packet of each kind through them.
//! Nothing is changed.

mod command;
mod iptables;
mod managers;
mod nft;
mod walk;

use std::net::Ipv4Addr;

use self::walk::{FirewallPacket, FirewallVerdict};
use super::finding::{code, finding};
use crate::{
    diagnose::{Finding, Severity},
    tftp::TransferPorts,
};

/// The lowest port that the kernel chooses for a socket (ip(7), `ip_local_port_range`: higher by
/// default).
const FIRST_RANDOM_PORT: u16 = 1024;

/// A kind of packet that phones send, as a firewall sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrafficFlow {
    /// UDP; otherwise TCP.
    pub udp: bool,
    /// The destination port; `None` = the source ports of transfers.
    pub port: Option<u16>,
    /// The source ports of transfers.
    pub transfer_ports: TransferPorts,
    /// The severity if it is blocked.
    pub severity: Severity,
}

impl TrafficFlow {
    fn packet(self, interface: &str, address: Ipv4Addr) -> FirewallPacket<'_> {
        FirewallPacket {
            interface,
            address,
            udp: self.udp,
            ports: self.ports(),
            established: self.is_transfer_ack(),
        }
    }

    /// The lowest and the highest port that it may have.
    fn ports(self) -> (u16, u16) {
        let TransferPorts { first, count } = self.transfer_ports;
        match (self.port, first) {
            (Some(port), _) => (port, port),
            (None, 0) => (FIRST_RANDOM_PORT, u16::MAX),
            (None, first) => (first, first.saturating_add(count.saturating_sub(1))),
        }
    }

    /// Whether it is an ACK of a transfer: it answers a packet of this machine, so connection tracking
    /// accepts it.
    fn is_transfer_ack(self) -> bool {
        self.port.is_none()
    }

    fn name(self) -> String {
        let protocol = if self.udp { "UDP" } else { "TCP" };
        match self.port {
            Some(port) => format!("{protocol} port {port}"),
            None => format!("the acknowledgements of transfers ({protocol})"),
        }
    }
}

/// The output of the firewall's programs. `None`: not installed, or not permitted for this user.
#[derive(Debug, Clone, Default)]
pub struct FirewallOutput {
    nft: Option<String>,
    iptables: Option<String>,
    ufw: Option<String>,
    firewalld: Option<String>,
    /// Installed programs that did not answer.
    silent: Vec<&'static str>,
    /// The interface's zone.
    zone: Option<String>,
}

impl FirewallOutput {
    /// Runs the firewall programs and keeps their output about an interface.
    #[must_use]
    pub fn collect(interface: &str) -> Self {
        let mut silent = Vec::new();
        let mut run = |program: &'static str, arguments: &[&str]| {
            let output = command::output_of(program, arguments);
            if output.is_none() && command::is_installed(program) {
                silent.push(program);
            }
            output
        };
        let nft = run("nft", &["-j", "list", "ruleset"]);
        let iptables = run("iptables-save", &[]);
        let ufw = run("ufw", &["status", "verbose"]);
        // It reports "not running" as an error, which is an answer too.
        let runs = command::output_of("firewall-cmd", &["--state"]).is_some();
        let zone = runs
            .then(|| {
                let of = format!("--get-zone-of-interface={interface}");
                command::output_of("firewall-cmd", &[&of])
                    .or_else(|| command::output_of("firewall-cmd", &["--get-default-zone"]))
            })
            .flatten()
            .map(|zone| zone.trim().to_owned());
        let firewalld = zone.as_ref().and_then(|zone| {
            let zone = format!("--zone={zone}");
            command::output_of("firewall-cmd", &[&zone, "--list-all"])
        });
        Self {
            nft,
            iptables,
            ufw,
            firewalld,
            silent,
            zone,
        }
    }

    /// Only the output of `nft -j list ruleset`, for tests.
    #[must_use]
    pub fn of_nft(output: String) -> Self {
        Self {
            nft: Some(output),
            ..Self::default()
        }
    }

    /// Only the output of `iptables-save`, for tests.
    #[must_use]
    pub fn of_iptables(output: String) -> Self {
        Self {
            iptables: Some(output),
            ..Self::default()
        }
    }

    /// Only the output of `ufw status verbose`, for tests.
    #[must_use]
    pub fn of_ufw(output: String) -> Self {
        Self {
            ufw: Some(output),
            ..Self::default()
        }
    }

    /// The verdict for a packet, and the nftables chain that blocks it. `None`: unknown.
    fn evaluate(
        &self,
        packet: &FirewallPacket<'_>,
    ) -> Option<(FirewallVerdict, Option<nft::ChainName>)> {
        let iptables = self
            .iptables
            .as_ref()
            .and_then(|text| iptables::evaluate(text, packet));
        let nft = self.nft.as_ref();
        let nft = nft.and_then(|text| nft::evaluate(text, packet, iptables.is_some()));
        let kernel = match (nft, iptables) {
            (Some((nft, place)), Some(iptables)) if nft >= iptables => Some((nft, place)),
            (Some(nft), None) => Some(nft),
            (_, iptables) => iptables.map(|verdict| (verdict, None)),
        };
        if let Some((FirewallVerdict::Accepts | FirewallVerdict::Refuses, _)) = kernel {
            return kernel;
        }
        let ufw = self
            .ufw
            .as_ref()
            .and_then(|text| managers::ufw(text, packet));
        let zone = self.firewalld.as_ref();
        let zone = zone.and_then(|text| managers::firewalld(text, packet));
        let manager = ufw.max(zone).map(|verdict| (verdict, None));
        manager.or(kernel)
    }

    /// The command that accepts a flow, for the program that manages the rules.
    fn cure(&self, flow: TrafficFlow, interface: &str, place: Option<&nft::ChainName>) -> String {
        let protocol = if flow.udp { "udp" } else { "tcp" };
        let port = flow.port.unwrap_or_default();
        if self.zone.is_some() && !flow.is_transfer_ack() {
            let zone = self.zone.as_deref().unwrap_or_default();
            return format!("sudo firewall-cmd --zone={zone} --add-port={port}/{protocol}");
        }
        if self.ufw.as_deref().is_some_and(managers::ufw_is_active) && !flow.is_transfer_ack() {
            return format!("sudo ufw allow in on {interface} to any port {port} proto {protocol}");
        }
        match (place, flow.is_transfer_ack()) {
            (
                Some(nft::ChainName {
                    family,
                    table,
                    chain,
                }),
                true,
            ) => {
                format!("sudo nft insert rule {family} {table} {chain} ct state established accept")
            }
            (
                Some(nft::ChainName {
                    family,
                    table,
                    chain,
                }),
                false,
            ) => format!(
                "sudo nft insert rule {family} {table} {chain} iifname \"{interface}\" \
                 {protocol} dport {port} accept"
            ),
            (None, true) => {
                "sudo iptables -I INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT".to_owned()
            }
            (None, false) => format!(
                "sudo iptables -I INPUT -i {interface} -p {protocol} --dport {port} -j ACCEPT"
            ),
        }
    }

    /// Findings about flows that are or may be blocked.
    #[must_use]
    pub fn findings(
        &self,
        flows: &[TrafficFlow],
        interface: &str,
        address: Ipv4Addr,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut unknown = false;
        for flow in flows {
            let packet = flow.packet(interface, address);
            let Some((verdict, place)) = self.evaluate(&packet) else {
                unknown = true;
                continue;
            };
            let cure = self.cure(*flow, interface, place.as_ref());
            let name = flow.name();
            match verdict {
                FirewallVerdict::Accepts => {}
                FirewallVerdict::Refuses => findings.push(finding(
                    code::FIREWALL,
                    flow.severity,
                    format!("this machine's firewall blocks {name} on {interface}"),
                    format!("Accept it for now:\n    {cure}"),
                )),
                FirewallVerdict::Perhaps => findings.push(finding(
                    code::FIREWALL,
                    flow.severity.min(Severity::Note),
                    format!(
                        "this machine's firewall accepts {name} on {interface} from some hosts, and its \
                         rules do not show whether phones are among them"
                    ),
                    format!("If no request arrives, accept it:\n    {cure}"),
                )),
            }
        }
        if unknown {
            findings.push(self.unknown());
        }
        findings
    }

    fn unknown(&self) -> Finding {
        let (message, cure) = if self.silent.is_empty() {
            (
                "cannot tell whether this machine has a firewall: neither nft nor iptables-save is \
                 installed"
                    .to_owned(),
                "If no request arrives, check that UDP port 69 is open",
            )
        } else {
            (
                format!(
                    "this user may not read the firewall's rules ({})",
                    self.silent.join(", ")
                ),
                "Run the command again with sudo",
            )
        };
        finding(code::FIREWALL, Severity::Note, message, cure)
    }
}

#[cfg(test)]
mod tests;
