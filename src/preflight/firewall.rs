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
mod tests {
    use super::*;

    pub(super) fn packet(
        udp: bool,
        port: Option<u16>,
        established: bool,
    ) -> FirewallPacket<'static> {
        FirewallPacket {
            interface: "eth0",
            address: Ipv4Addr::new(192, 0, 2, 10),
            udp,
            ports: port.map_or((FIRST_RANDOM_PORT, u16::MAX), |port| (port, port)),
            established,
        }
    }

    const TFTP: TrafficFlow = TrafficFlow {
        udp: true,
        port: Some(69),
        transfer_ports: TransferPorts::RANDOM,
        severity: Severity::Error,
    };
    const TRANSFERS: TrafficFlow = TrafficFlow { port: None, ..TFTP };

    const CLOSED: &str = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n";
    const NFT_CLOSED: &str = r#"{"nftables":[{"chain":{"family":"inet","table":"t","name":"in",
        "type":"filter","hook":"input","prio":0,"policy":"drop"}}]}"#;

    fn findings(output: &FirewallOutput) -> Vec<Finding> {
        output.findings(&[TFTP, TRANSFERS], "eth0", Ipv4Addr::new(192, 0, 2, 10))
    }

    fn cures(output: &FirewallOutput) -> Vec<String> {
        let found = findings(output);
        assert!(
            found
                .iter()
                .all(|finding| finding.severity == Severity::Error)
        );
        found.into_iter().map(|finding| finding.cure).collect()
    }

    #[test]
    fn the_cure_is_for_the_program_that_manages_the_rules() {
        let text = |text: &str| Some(text.to_owned());
        let iptables = FirewallOutput {
            iptables: text(CLOSED),
            ..FirewallOutput::default()
        };
        assert_eq!(
            cures(&iptables),
            [
                "Accept it for now:\n    sudo iptables -I INPUT -i eth0 -p udp --dport 69 -j ACCEPT",
                "Accept it for now:\n    sudo iptables -I INPUT -m conntrack --ctstate ESTABLISHED -j \
                 ACCEPT"
            ]
        );
        let nft = FirewallOutput {
            nft: text(NFT_CLOSED),
            ..FirewallOutput::default()
        };
        assert_eq!(
            cures(&nft),
            [
                "Accept it for now:\n    sudo nft insert rule inet t in iifname \"eth0\" udp dport 69 \
                 accept",
                "Accept it for now:\n    sudo nft insert rule inet t in ct state established accept"
            ]
        );
        let ufw = FirewallOutput {
            ufw: text("Status: active\nDefault: deny (incoming)\n"),
            ..iptables.clone()
        };
        assert!(cures(&ufw)[0].ends_with("sudo ufw allow in on eth0 to any port 69 proto udp"));
        let firewalld = FirewallOutput {
            zone: text("home"),
            ..nft.clone()
        };
        assert!(cures(&firewalld)[0].ends_with("--zone=home --add-port=69/udp"));
    }

    #[test]
    fn nftables_and_iptables_must_both_accept_the_packet() {
        let open = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n".to_owned();
        let output = FirewallOutput {
            iptables: Some(open.clone()),
            nft: Some(NFT_CLOSED.to_owned()),
            ..FirewallOutput::default()
        };
        assert_eq!(findings(&output).len(), 2);
        let output = FirewallOutput {
            iptables: Some(open),
            ..FirewallOutput::default()
        };
        assert_eq!(findings(&output), []);
    }

    #[test]
    fn a_firewall_that_accepts_port_69_alone_blocks_transfers() {
        let with = |rules: &str| FirewallOutput {
            iptables: Some(format!(
                "*filter\n:INPUT DROP [0:0]\n-A INPUT -p udp --dport 69 -j ACCEPT\n{rules}COMMIT\n"
            )),
            ..FirewallOutput::default()
        };
        let severities = |output: &FirewallOutput, first| {
            let transfer_ports = TransferPorts { first, count: 256 };
            let flow = TrafficFlow {
                transfer_ports,
                ..TRANSFERS
            };
            let address = Ipv4Addr::new(192, 0, 2, 10);
            let found = output.findings(&[TFTP, flow], "eth0", address);
            let severities: Vec<_> = found.iter().map(|finding| finding.severity).collect();
            severities
        };
        let random = 0;
        assert_eq!(severities(&with(""), random), [Severity::Error]);
        let stateful = with("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n");
        assert_eq!(severities(&stateful, random), []);
        let fixed = with("-A INPUT -p udp --dport 30000:30255 -j ACCEPT\n");
        assert_eq!(severities(&fixed, 30000), []);
        assert_eq!(severities(&fixed, 40000), [Severity::Error]);
        assert_eq!(severities(&fixed, 30100), [Severity::Note]);
        assert_eq!(severities(&fixed, random), [Severity::Note]);
    }

    #[test]
    fn rules_that_cannot_be_read_give_a_note_and_no_guess() {
        for silent in [vec![], vec!["nft"]] {
            let output = FirewallOutput {
                silent,
                ..FirewallOutput::default()
            };
            let found = findings(&output);
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].severity, Severity::Note);
        }
    }
}
