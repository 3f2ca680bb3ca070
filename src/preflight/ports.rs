//! The ports that a conversion and the registration after it need, and which process uses each.

use std::net::Ipv4Addr;

use super::{
    PortOwner, PortProtocol,
    finding::{code, finding},
    port_owner::{in_use, port_owner},
};
use crate::diagnose::{Finding, Severity};

/// A port and its purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CheckedPort {
    pub(super) protocol: PortProtocol,
    pub(super) number: u16,
    pub(super) severity: Severity,
    /// What it means if another program uses it.
    pub(super) means: &'static str,
}

impl CheckedPort {
    /// The ports that `check` inspects, in the order of their need.
    pub(super) fn all(tftp: u16, http: u16, isolated: bool) -> Vec<Self> {
        let port = |protocol, number, severity, means| Self {
            protocol,
            number,
            severity,
            means,
        };
        let mut ports = vec![port(
            PortProtocol::Udp,
            tftp,
            Severity::Error,
            "the TFTP server of this program needs it",
        )];
        if http != 0 {
            ports.push(port(
                PortProtocol::Tcp,
                http,
                Severity::Warning,
                "HTTP is served there; with --http-port 0 phones use only TFTP",
            ));
        }
        ports.push(if isolated {
            let means = "the DHCP server of --dhcp isolated needs it";
            port(PortProtocol::Udp, 67, Severity::Error, means)
        } else {
            let means = "a DHCP server on this machine: it must announce this machine as TFTP \
                         server";
            port(PortProtocol::Udp, 67, Severity::Note, means)
        });
        let registrar = "a call server on this machine, where converted phones may register";
        let sccp = "an SCCP call server on this machine: phones that register there stay on SCCP";
        ports.push(port(PortProtocol::Udp, 5060, Severity::Note, registrar));
        ports.push(port(PortProtocol::Tcp, 5060, Severity::Note, registrar));
        ports.push(port(PortProtocol::Tcp, 2000, Severity::Note, sccp));
        ports
    }

    pub(super) fn is_taken(&self, address: Ipv4Addr) -> bool {
        in_use(self.protocol, address, self.number)
    }

    /// The finding for a port in use.
    pub(super) fn taken(&self) -> Finding {
        self.held_by(port_owner(self.protocol, self.number))
    }

    fn held_by(&self, holder: Option<PortOwner>) -> Finding {
        let (protocol, flag) = match self.protocol {
            PortProtocol::Udp => ("UDP", 'u'),
            PortProtocol::Tcp => ("TCP", 't'),
        };
        let number = self.number;
        let who = holder
            .as_ref()
            .map_or_else(|| "another program".to_owned(), ToString::to_string);
        let message = format!("{who} uses {protocol} port {number}: {}", self.means);
        // A call server may stay, and so may the DHCP server that the phones need.
        let cure = match holder {
            _ if self.severity == Severity::Note => String::new(),
            Some(holder) => match holder.how_to_stop() {
                (text, Some(command)) => format!("{text}:\n    {command}"),
                (text, None) => format!("{text}."),
            },
            None => format!(
                "This user cannot see which program it is. Find it with:\n    sudo ss \
                 -ln{flag}p 'sport = :{number}'"
            ),
        };
        finding(code::PORT_BUSY, self.severity, message, cure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_of_a_port_is_named_with_the_command_that_stops_it() {
        let ports = CheckedPort::all(69, 6970, false);
        let held = |port: &CheckedPort| {
            port.held_by(Some(PortOwner {
                pid: 71,
                name: "in.tftpd".to_owned(),
                unit: Some("tftpd-hpa".to_owned()),
            }))
        };
        let tftp = held(&ports[0]);
        assert_eq!(tftp.severity, Severity::Error);
        assert!(
            tftp.message
                .starts_with("in.tftpd (process 71) uses UDP port 69")
        );
        assert!(
            tftp.cure.ends_with("sudo systemctl stop tftpd-hpa"),
            "{}",
            tftp.cure
        );
        assert_eq!(held(&ports[1]).severity, Severity::Warning);
        assert!(held(&ports[1]).message.contains("--http-port 0"));
        let hidden = ports[0].held_by(None);
        assert!(
            hidden.cure.ends_with("ss -lnup 'sport = :69'"),
            "{}",
            hidden.cure
        );
    }

    #[test]
    fn the_needed_ports_depend_on_the_options() {
        let of = |http, isolated, number| {
            CheckedPort::all(69, http, isolated)
                .into_iter()
                .find(|port| port.number == number)
                .map(|port| port.severity)
        };
        assert_eq!(of(0, false, 6970), None);
        assert_eq!(of(6970, false, 67), Some(Severity::Note));
        assert_eq!(of(6970, true, 67), Some(Severity::Error));
        assert_eq!(of(6970, true, 2000), Some(Severity::Note));
    }
}
