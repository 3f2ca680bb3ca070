//! Who else says what phones run: the listeners that `convert` has for REGISTERs and alarms.

use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4},
    time::Instant,
};

use tokio::sync::mpsc;

use super::{Failure, listen::Ears, network};
use crate::{
    discovery::{SIP_PORT, listen, poll::Poller},
    lint,
    phone::{MacAddress, RequestedFile},
    preflight::{self, Protocol, SelectedInterface},
    protocol::{sccp, sip::SipTransport},
    stage::ExtraFile,
    track::{Observation, RegistrationTarget},
};

/// Where to hear phones that register.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct WitnessArgs {
    /// UDP and TCP port that REGISTERs are heard on, for the load that they name; 0: none.
    /// Default: 5060, if the phones are told that this machine is their call manager and the
    /// port is free.
    #[arg(long, value_name = "N")]
    sip_port: Option<u16>,
    /// TCP port that the alarms of phones on SCCP are heard on; 0: none. Default: 2000, as
    /// with --sip-port.
    #[arg(long, value_name = "N")]
    sccp_port: Option<u16>,
    /// Ask no phone for its web page, which tells the load that it runs. Else a converted phone
    /// is asked a few times, unless somebody else has told.
    #[arg(long)]
    no_web_poll: bool,
}

/// What the listeners hear, and when.
type Heard = mpsc::Receiver<(Instant, Observation)>;

/// What is bound, and what a person should know of it.
#[derive(Debug, Default)]
pub(crate) struct Witnesses {
    pub(crate) bound: listen::BoundListeners,
    pub(crate) words: Vec<String>,
    sip: Option<SocketAddrV4>,
}

impl WitnessArgs {
    /// Who asks phones for their web pages, unless nobody is to.
    pub(crate) fn poller(&self) -> Option<Poller> {
        (!self.no_web_poll).then(Poller::default)
    }

    /// Takes the ports. Who is named by nobody as a call manager hears nothing, unless a port
    /// was asked for. A port that was not asked for may be busy: that is told and all goes on.
    pub(crate) fn bind(
        &self,
        address: Ipv4Addr,
        call_manager: Ipv4Addr,
    ) -> Result<Witnesses, Failure> {
        let port = |asked: Option<u16>, usual: u16| match asked {
            Some(0) => None,
            Some(port) => Some((SocketAddrV4::new(address, port), true)),
            None => (address == call_manager).then(|| (SocketAddrV4::new(address, usual), false)),
        };
        let mut witnesses = Witnesses::default();
        if let Some((listen, asked)) = port(self.sip_port, SIP_PORT) {
            let bound = witnesses.bound.bind_sip(listen);
            if witnesses.judge(bound, listen, asked, "REGISTERs", "--sip-port")? {
                witnesses.sip = Some(listen);
            }
        }
        if let Some((listen, asked)) = port(self.sccp_port, sccp::PORT) {
            let bound = witnesses.bound.bind_sccp(listen);
            witnesses.judge(bound, listen, asked, "SCCP alarms", "--sccp-port")?;
        }
        Ok(witnesses)
    }
}

impl Witnesses {
    /// Says what became of a port; whether it is bound.
    fn judge(
        &mut self,
        bound: io::Result<()>,
        listen: SocketAddrV4,
        asked: bool,
        what: &str,
        flag: &str,
    ) -> Result<bool, Failure> {
        let error = match bound {
            Ok(()) => {
                self.words
                    .push(format!("{what} are heard on {listen} ({flag} 0: not)"));
                return Ok(true);
            }
            Err(error) => error,
        };
        let protocols = match flag {
            "--sip-port" => &[Protocol::Udp, Protocol::Tcp][..],
            _ => &[Protocol::Tcp],
        };
        let failure = network::cannot_bind(listen, protocols, &error);
        if asked {
            return Err(failure);
        }
        let holder = protocols
            .iter()
            .find_map(|protocol| preflight::port_owner_at(*protocol, listen));
        let by = holder.map_or_else(String::new, |holder| format!(" by {holder}"));
        self.words.push(format!(
            "{what} are not heard here: {}{by}. Phones are converted all the same",
            failure.error
        ));
        Ok(false)
    }

    /// Begins to listen, if there is anything to listen on.
    pub(crate) fn start(self) -> Result<Option<(listen::ListenerThread, Heard)>, Failure> {
        if !self.bound.has_sip() && !self.bound.has_sccp() {
            return Ok(None);
        }
        self.bound.start().map(Some).map_err(|error| {
            Failure::new(
                format!("the thread that listens for phones could not be started: {error}"),
                "Go without it: --sip-port 0 --sccp-port 0",
            )
        })
    }

    /// Where REGISTERs are taken here.
    pub(crate) fn sip(&self) -> Option<SocketAddrV4> {
        self.sip
    }

    /// Where REGISTERs cannot come unheard: at this program's own port, and at the port of a PBX
    /// on this machine, as its interface is heard.
    pub(crate) fn hears(&self, chosen: &SelectedInterface, ears: &Ears) -> Vec<SocketAddrV4> {
        let sip = ears.sip().filter(|_| !chosen.address.is_unspecified());
        let wire = sip.map(|port| SocketAddrV4::new(chosen.address, port));
        self.sip.into_iter().chain(wire).collect()
    }
}

/// Where phones' own configurations send their REGISTERs.
#[derive(Debug, Default)]
pub(crate) struct Registers {
    /// As far as tracking is told.
    pub(crate) registrations: Vec<RegistrationTarget>,
    /// Every place that is named by its address.
    places: Vec<(MacAddress, Vec<SocketAddrV4>)>,
}

impl Registers {
    /// Reads them; an empty host is the TFTP server.
    pub(crate) fn of(own: &[ExtraFile], tftp: Ipv4Addr) -> Self {
        let mut registers = Self::default();
        for file in own {
            let RequestedFile::Config { mac, .. } = RequestedFile::parse(file.name()) else {
                continue;
            };
            let named = lint::registrars(file.bytes());
            let place = |(host, port): &(String, u16)| {
                let host = match host.as_str() {
                    "" => tftp,
                    host => host.parse().ok()?,
                };
                Some(SocketAddrV4::new(host, *port))
            };
            let places: Vec<_> = named.iter().filter_map(place).collect();
            registers.registrations.push(RegistrationTarget {
                mac,
                // A host name may be any address.
                pbx: if places.len() == named.len() {
                    places.clone()
                } else {
                    Vec::new()
                },
                transport: match lint::transport_layer(file.bytes()).as_deref() {
                    Some("1") => Some(SipTransport::Tcp),
                    Some("2") => Some(SipTransport::Udp),
                    _ => None,
                },
            });
            registers.places.push((mac, places));
        }
        registers
    }

    /// The port at which all of them register; where they differ, the usual one.
    pub(crate) fn port(&self) -> u16 {
        let mut ports = self.places.iter().flat_map(|(_, places)| places);
        let first = ports.next().map(SocketAddrV4::port);
        let only = first.filter(|first| ports.all(|place| place.port() == *first));
        only.unwrap_or(SIP_PORT)
    }

    /// The phones of whom a REGISTER must come at one of these places.
    pub(crate) fn at(&self, heard: &[SocketAddrV4]) -> Vec<MacAddress> {
        let is_heard =
            |(_, places): &&(_, Vec<_>)| places.iter().any(|place| heard.contains(place));
        let here = self.places.iter().filter(is_heard);
        here.map(|(mac, _)| *mac).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn phones_whose_own_configuration_names_this_machine_are_waited_for() {
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
            let macs = Registers::of(&own, tftp).at(&[SocketAddrV4::new(us, port)]);
            macs.iter().map(|mac| mac.bytes()[5]).collect::<Vec<u8>>()
        };
        assert_eq!(named(5060, us), [1, 4]);
        assert_eq!(named(5060, Ipv4Addr::new(192, 0, 2, 9)), [1]);
        assert!(named(5070, us).is_empty(), "another port");
        assert!(Registers::of(&own, us).at(&[]).is_empty(), "nobody listens");
        assert_eq!(Registers::of(&own, us).port(), 5060);
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
            Registers::of(&files, us).port()
        };
        let (one, two) = (("001D45AABB01", "5160"), ("001D45AABB02", "5260"));
        assert_eq!(
            (elsewhere(&[one]), elsewhere(&[one, two]), elsewhere(&[])),
            (5160, 5060, 5060)
        );
        let told = Registers::of(&own, us).registrations;
        let pbx = |at: usize| told[at].pbx.clone();
        assert_eq!(
            pbx(1),
            [SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 2), 5060)]
        );
        assert_eq!(pbx(2), [], "a host name may be any address");
        assert!(
            told.iter()
                .all(|one| one.transport == Some(SipTransport::Tcp))
        );
    }
}
