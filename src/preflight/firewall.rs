//! Whether this machine's own firewall lets in what phones send.
//!
//! The kernel's rules are read as far as this user may, and one packet of each kind is followed
//! through them. Nothing is changed.

mod command;
mod iptables;
mod managers;
mod nft;
mod walk;

use std::net::Ipv4Addr;

use self::walk::{Packet, Verdict};
use super::finding::{code, finding};
use crate::diagnose::{Finding, Severity};

/// What phones send, as a firewall sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// UDP, else TCP.
    pub udp: bool,
    /// To which port; `None`: to the ports that transfers leave from.
    pub port: Option<u16>,
    /// What stands still without it.
    pub severity: Severity,
}

impl Flow {
    fn packet(self, interface: &str, address: Ipv4Addr) -> Packet<'_> {
        Packet {
            interface,
            address,
            udp: self.udp,
            port: self.port,
            established: self.is_transfers(),
        }
    }

    /// Transfers answer what this machine sent: every rule that follows connections lets them in.
    fn is_transfers(self) -> bool {
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

/// What the firewall's programs printed. `None`: not installed, or not for this user.
#[derive(Debug, Clone, Default)]
pub struct FirewallOutput {
    nft: Option<String>,
    iptables: Option<String>,
    ufw: Option<String>,
    firewalld: Option<String>,
    /// Programs that are there and did not answer.
    silent: Vec<&'static str>,
    /// The zone of the interface.
    zone: Option<String>,
}

impl FirewallOutput {
    /// Asks all of them about an interface.
    #[must_use]
    pub fn ask(interface: &str) -> Self {
        let mut silent = Vec::new();
        let mut ask = |program: &'static str, arguments: &[&str]| {
            let said = command::said(program, arguments);
            if said.is_none() && command::is_there(program) {
                silent.push(program);
            }
            said
        };
        let nft = ask("nft", &["-j", "list", "ruleset"]);
        let iptables = ask("iptables-save", &[]);
        let ufw = ask("ufw", &["status", "verbose"]);
        // It says "not running" with an error, which is an answer too.
        let runs = command::said("firewall-cmd", &["--state"]).is_some();
        let zone = runs
            .then(|| {
                let of = format!("--get-zone-of-interface={interface}");
                command::said("firewall-cmd", &[&of])
                    .or_else(|| command::said("firewall-cmd", &["--get-default-zone"]))
            })
            .flatten()
            .map(|zone| zone.trim().to_owned());
        let firewalld = zone.as_ref().and_then(|zone| {
            let zone = format!("--zone={zone}");
            command::said("firewall-cmd", &[&zone, "--list-all"])
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

    /// What `nft -j list ruleset` printed, for output that was captured elsewhere.
    #[must_use]
    pub fn of_nft(output: String) -> Self {
        Self {
            nft: Some(output),
            ..Self::default()
        }
    }

    /// What `iptables-save` printed.
    #[must_use]
    pub fn of_iptables(output: String) -> Self {
        Self {
            iptables: Some(output),
            ..Self::default()
        }
    }

    /// What `ufw status verbose` printed.
    #[must_use]
    pub fn of_ufw(output: String) -> Self {
        Self {
            ufw: Some(output),
            ..Self::default()
        }
    }

    /// What becomes of a packet, and which chain of nftables is in its way. `None`: nobody says.
    fn judge(&self, packet: &Packet<'_>) -> Option<(Verdict, Option<nft::Place>)> {
        let iptables = self
            .iptables
            .as_ref()
            .and_then(|text| iptables::judge(text, packet));
        let nft = self.nft.as_ref();
        let nft = nft.and_then(|text| nft::judge(text, packet, iptables.is_some()));
        let kernel = match (nft, iptables) {
            (Some((nft, place)), Some(iptables)) if nft >= iptables => Some((nft, place)),
            (Some(nft), None) => Some(nft),
            (_, iptables) => iptables.map(|verdict| (verdict, None)),
        };
        if let Some((Verdict::Accepts | Verdict::Refuses, _)) = kernel {
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

    /// The line that lets a flow in, in the words of whoever keeps the rules.
    fn cure(&self, flow: Flow, interface: &str, place: Option<&nft::Place>) -> String {
        let protocol = if flow.udp { "udp" } else { "tcp" };
        let port = flow.port.unwrap_or_default();
        if self.zone.is_some() && !flow.is_transfers() {
            let zone = self.zone.as_deref().unwrap_or_default();
            return format!("sudo firewall-cmd --zone={zone} --add-port={port}/{protocol}");
        }
        if self.ufw.as_deref().is_some_and(managers::ufw_is_active) && !flow.is_transfers() {
            return format!("sudo ufw allow in on {interface} to any port {port} proto {protocol}");
        }
        match (place, flow.is_transfers()) {
            (
                Some(nft::Place {
                    family,
                    table,
                    chain,
                }),
                true,
            ) => {
                format!("sudo nft insert rule {family} {table} {chain} ct state established accept")
            }
            (
                Some(nft::Place {
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

    /// What is in the way of these flows, or may be.
    #[must_use]
    pub fn findings(&self, flows: &[Flow], interface: &str, address: Ipv4Addr) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut unknown = false;
        for flow in flows {
            let packet = flow.packet(interface, address);
            let Some((verdict, place)) = self.judge(&packet) else {
                unknown = true;
                continue;
            };
            let cure = self.cure(*flow, interface, place.as_ref());
            let name = flow.name();
            match verdict {
                Verdict::Accepts => {}
                Verdict::Refuses => findings.push(finding(
                    code::FIREWALL,
                    flow.severity,
                    format!("this machine's firewall keeps {name} out on {interface}"),
                    format!("Let it in for now:\n    {cure}"),
                )),
                Verdict::Perhaps => findings.push(finding(
                    code::FIREWALL,
                    flow.severity.min(Severity::Note),
                    format!(
                        "this machine's firewall lets {name} in on {interface} for some, and its \
                         rules do not say whether phones are among them"
                    ),
                    format!("If no request comes, let it in:\n    {cure}"),
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
                "whether this machine has a firewall is not known: neither nft nor iptables-save \
                 is installed"
                    .to_owned(),
                "If no request comes, look whether UDP port 69 is let in",
            )
        } else {
            (
                format!(
                    "this user may not read the firewall's rules ({})",
                    self.silent.join(", ")
                ),
                "Run it again with sudo to have them read",
            )
        };
        finding(code::FIREWALL, Severity::Note, message, cure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn packet(udp: bool, port: Option<u16>, established: bool) -> Packet<'static> {
        Packet {
            interface: "eth0",
            address: Ipv4Addr::new(192, 0, 2, 10),
            udp,
            port,
            established,
        }
    }

    const TFTP: Flow = Flow {
        udp: true,
        port: Some(69),
        severity: Severity::Error,
    };
    const TRANSFERS: Flow = Flow { port: None, ..TFTP };

    const CLOSED: &str = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n";
    const NFT_CLOSED: &str = r#"{"nftables":[{"chain":{"family":"inet","table":"t","name":"in",
        "type":"filter","hook":"input","prio":0,"policy":"drop"}}]}"#;

    fn findings(said: &FirewallOutput) -> Vec<Finding> {
        said.findings(&[TFTP, TRANSFERS], "eth0", Ipv4Addr::new(192, 0, 2, 10))
    }

    fn cures(said: &FirewallOutput) -> Vec<String> {
        let found = findings(said);
        assert!(
            found
                .iter()
                .all(|finding| finding.severity == Severity::Error)
        );
        found.into_iter().map(|finding| finding.cure).collect()
    }

    #[test]
    fn the_line_is_that_of_whoever_keeps_the_rules() {
        let text = |text: &str| Some(text.to_owned());
        let iptables = FirewallOutput {
            iptables: text(CLOSED),
            ..FirewallOutput::default()
        };
        assert_eq!(
            cures(&iptables),
            [
                "Let it in for now:\n    sudo iptables -I INPUT -i eth0 -p udp --dport 69 -j ACCEPT",
                "Let it in for now:\n    sudo iptables -I INPUT -m conntrack --ctstate ESTABLISHED -j \
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
                "Let it in for now:\n    sudo nft insert rule inet t in iifname \"eth0\" udp dport 69 \
                 accept",
                "Let it in for now:\n    sudo nft insert rule inet t in ct state established accept"
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
    fn both_tables_of_the_kernel_have_to_let_it_in() {
        let open = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n".to_owned();
        let said = FirewallOutput {
            iptables: Some(open.clone()),
            nft: Some(NFT_CLOSED.to_owned()),
            ..FirewallOutput::default()
        };
        assert_eq!(findings(&said).len(), 2);
        let said = FirewallOutput {
            iptables: Some(open),
            ..FirewallOutput::default()
        };
        assert_eq!(findings(&said), []);
    }

    #[test]
    fn what_nobody_says_is_a_note_and_never_a_guess() {
        for silent in [vec![], vec!["nft"]] {
            let said = FirewallOutput {
                silent,
                ..FirewallOutput::default()
            };
            let found = findings(&said);
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].severity, Severity::Note);
        }
    }
}
