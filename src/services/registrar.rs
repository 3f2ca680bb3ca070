//! Listeners for REGISTERs and SCCP alarms, and the registrations that are expected from the
//! phones' configurations.

use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4},
    time::Instant,
};

use tokio::sync::mpsc;

use super::{bind::bind_failure, captures::Captures};
use crate::{
    discovery::{SIP_PORT, listen},
    failure::Failure,
    lint,
    phone::{MacAddress, RequestedFile},
    preflight::{self, PortProtocol, SelectedInterface},
    protocol::{sccp, sip::SipTransport},
    stage::ExtraFile,
    track::{Observation, RegistrationTarget},
};

/// The ports of the listeners. `None` is the usual port, if phones use this machine as their call
/// manager; 0 is no listener.
#[derive(Debug, Clone, Copy, Default)]
pub struct RegistrarPorts {
    /// UDP and TCP, for REGISTERs.
    pub sip: Option<u16>,
    /// TCP, for alarms of SCCP phones.
    pub sccp: Option<u16>,
}

/// Observations of the listeners, and when they were made.
pub type Observations = mpsc::Receiver<(Instant, Observation)>;

/// Listeners that are bound, and messages for the operator.
#[derive(Debug, Default)]
pub struct RegistrarListeners {
    bound: listen::BoundListeners,
    messages: Vec<String>,
    sip: Option<SocketAddrV4>,
}

impl RegistrarListeners {
    /// Binds the ports. A port that a flag names must be free; without a flag, a busy port only
    /// causes a message.
    ///
    /// # Errors
    /// A port that a flag names cannot be bound.
    pub fn bind(
        ports: RegistrarPorts,
        address: Ipv4Addr,
        call_manager: Ipv4Addr,
    ) -> Result<Self, Failure> {
        let port = |requested: Option<u16>, usual: u16| match requested {
            Some(0) => None,
            Some(port) => Some((SocketAddrV4::new(address, port), true)),
            None => (address == call_manager).then(|| (SocketAddrV4::new(address, usual), false)),
        };
        let mut listeners = Self::default();
        if let Some((listen, is_required)) = port(ports.sip, SIP_PORT) {
            let bound = listeners.bound.bind_sip(listen);
            if listeners.note(bound, listen, is_required, "REGISTERs", "--sip-port")? {
                listeners.sip = Some(listen);
            }
        }
        if let Some((listen, is_required)) = port(ports.sccp, sccp::PORT) {
            let bound = listeners.bound.bind_sccp(listen);
            listeners.note(bound, listen, is_required, "SCCP alarms", "--sccp-port")?;
        }
        Ok(listeners)
    }

    /// Notes the result of binding a port; returns whether it is bound.
    fn note(
        &mut self,
        bound: io::Result<()>,
        listen: SocketAddrV4,
        is_required: bool,
        what: &str,
        flag: &str,
    ) -> Result<bool, Failure> {
        let error = match bound {
            Ok(()) => {
                self.messages.push(format!(
                    "listening for {what} on {listen} (disable: {flag} 0)"
                ));
                return Ok(true);
            }
            Err(error) => error,
        };
        let protocols = match flag {
            "--sip-port" => &[PortProtocol::Udp, PortProtocol::Tcp][..],
            _ => &[PortProtocol::Tcp],
        };
        let failure = bind_failure(listen, protocols, &error);
        if is_required {
            return Err(failure);
        }
        let holder = protocols
            .iter()
            .find_map(|protocol| preflight::port_owner_at(*protocol, listen));
        let by = holder.map_or_else(String::new, |holder| format!(" by {holder}"));
        self.messages.push(format!(
            "not listening for {what}: {}{by}. Conversion continues without it",
            failure.error
        ));
        Ok(false)
    }

    /// Messages for the operator.
    #[must_use]
    pub fn messages(&self) -> &[String] {
        &self.messages
    }

    /// Starts the listeners, if any is bound.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(self) -> Result<Option<(listen::ListenerThread, Observations)>, Failure> {
        if !self.bound.has_sip() && !self.bound.has_sccp() {
            return Ok(None);
        }
        self.bound.start().map(Some).map_err(|error| {
            Failure::new(
                format!("cannot start the thread of the registrar listeners: {error}"),
                "Run without them: --sip-port 0 --sccp-port 0",
            )
        })
    }

    /// Where this program listens for REGISTERs.
    #[must_use]
    pub fn sip(&self) -> Option<SocketAddrV4> {
        self.sip
    }

    /// The addresses at which every REGISTER is observed: this program's own listener, and the
    /// port of a PBX on this machine, because its interface is captured.
    #[must_use]
    pub fn observed_at(
        &self,
        chosen: &SelectedInterface,
        captures: &Captures,
    ) -> Vec<SocketAddrV4> {
        let sip = captures.sip().filter(|_| !chosen.address.is_unspecified());
        let on_interface = sip.map(|port| SocketAddrV4::new(chosen.address, port));
        self.sip.into_iter().chain(on_interface).collect()
    }
}

/// Where the phones' own configurations send their REGISTERs.
#[derive(Debug, Default)]
pub struct ExpectedRegistrations {
    /// In the form that tracking needs.
    pub registrations: Vec<RegistrationTarget>,
    /// Every registrar that is named by its address.
    registrars: Vec<(MacAddress, Vec<SocketAddrV4>)>,
}

impl ExpectedRegistrations {
    /// Reads them from configurations; an empty host means the TFTP server.
    #[must_use]
    pub fn of(files: &[ExtraFile], tftp: Ipv4Addr) -> Self {
        let mut expected = Self::default();
        for file in files {
            let RequestedFile::Config { mac, .. } = RequestedFile::parse(file.name()) else {
                continue;
            };
            let named = lint::registrars(file.bytes());
            let address = |(host, port): &(String, u16)| {
                let host = match host.as_str() {
                    "" => tftp,
                    host => host.parse().ok()?,
                };
                Some(SocketAddrV4::new(host, *port))
            };
            let registrars: Vec<_> = named.iter().filter_map(address).collect();
            expected.registrations.push(RegistrationTarget {
                mac,
                // A host name may be any address.
                pbx: if registrars.len() == named.len() {
                    registrars.clone()
                } else {
                    Vec::new()
                },
                transport: match lint::transport_layer(file.bytes()).as_deref() {
                    Some("1") => Some(SipTransport::Tcp),
                    Some("2") => Some(SipTransport::Udp),
                    _ => None,
                },
            });
            expected.registrars.push((mac, registrars));
        }
        expected
    }

    /// The port they all share, or else the usual one.
    #[must_use]
    pub fn port(&self) -> u16 {
        let mut ports = self.registrars.iter().flat_map(|(_, addresses)| addresses);
        let first = ports.next().map(SocketAddrV4::port);
        let only = first.filter(|first| ports.all(|address| address.port() == *first));
        only.unwrap_or(SIP_PORT)
    }

    /// The phones whose REGISTERs go to one of these addresses.
    #[must_use]
    pub fn at(&self, observed: &[SocketAddrV4]) -> Vec<MacAddress> {
        let is_observed = |(_, addresses): &&(_, Vec<_>)| {
            addresses.iter().any(|address| observed.contains(address))
        };
        let registrars = self.registrars.iter().filter(is_observed);
        registrars.map(|(mac, _)| *mac).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn phones_whose_configuration_names_this_machine_must_register() {
        let us = Ipv4Addr::new(192, 0, 2, 1);
        let file = |mac: &str, host: &str| {
            let text = format!(
                "<device><callManager><processNodeName>{host}</processNodeName></callManager>\
                 <transportLayerProtocol>1</transportLayerProtocol>\
                 <sipLines><line><proxy>USECALLMANAGER</proxy><name>6010</name></line></sipLines>\
                 </device>"
            );
            let name = format!("SEP{mac}.cnf.xml");
            ExtraFile::generated(&name, Path::new("test"), text.into_bytes()).unwrap()
        };
        let own = [
            file("001D45AABB01", "192.0.2.1"),
            file("001D45AABB02", "192.0.2.2"),
            file("001D45AABB03", "pbx.example.net"),
            file("001D45AABB04", ""),
        ];
        let named = |port, tftp| {
            let macs = ExpectedRegistrations::of(&own, tftp).at(&[SocketAddrV4::new(us, port)]);
            macs.iter().map(|mac| mac.bytes()[5]).collect::<Vec<u8>>()
        };
        assert_eq!(named(5060, us), [1, 4]);
        assert_eq!(named(5060, Ipv4Addr::new(192, 0, 2, 9)), [1]);
        assert!(named(5070, us).is_empty(), "another port");
        assert!(
            ExpectedRegistrations::of(&own, us).at(&[]).is_empty(),
            "no listener"
        );
        assert_eq!(ExpectedRegistrations::of(&own, us).port(), 5060);
        let elsewhere = |names: &[(&str, &str)]| {
            let files = names.iter().map(|(mac, port)| {
                let port = format!("<ports><sipPort>{port}</sipPort></ports></callManager>");
                let text = String::from_utf8(file(mac, "192.0.2.1").bytes().to_vec()).unwrap();
                let text = text.replace("</callManager>", &port);
                ExtraFile::generated(
                    &format!("SEP{mac}.cnf.xml"),
                    Path::new("test"),
                    text.into_bytes(),
                )
            });
            let files: Vec<_> = files.map(Result::unwrap).collect();
            ExpectedRegistrations::of(&files, us).port()
        };
        let (one, two) = (("001D45AABB01", "5160"), ("001D45AABB02", "5260"));
        assert_eq!(
            (elsewhere(&[one]), elsewhere(&[one, two]), elsewhere(&[])),
            (5160, 5060, 5060)
        );
        let registrations = ExpectedRegistrations::of(&own, us).registrations;
        let pbx = |at: usize| registrations[at].pbx.clone();
        assert_eq!(
            pbx(1),
            [SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 2), 5060)]
        );
        assert_eq!(pbx(2), [], "a host name may be any address");
        assert!(
            registrations
                .iter()
                .all(|one| one.transport == Some(SipTransport::Tcp))
        );
    }
}
