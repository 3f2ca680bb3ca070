//! Where the phones' own configurations register them, and what the operator must know about it.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddrV4},
};

use crate::{
    discovery::SIP_PORT,
    lint::{self, RegisteringLine},
    phone::{MacAddress, RequestedFile},
    preflight::{self, PortProtocol},
    protocol::sip::SipTransport,
    stage::ExtraFile,
    text::escape,
    track::{ConfiguredLine, RegistrationTarget},
};

/// Where the phones' own configurations send their REGISTERs.
#[derive(Debug, Default)]
pub struct ExpectedRegistrations(Vec<ConfiguredPhone>);

/// A phone with a configuration of its own.
#[derive(Debug)]
struct ConfiguredPhone {
    mac: MacAddress,
    /// `None`: the configuration leaves it open, or names TLS.
    transport: Option<SipTransport>,
    lines: Vec<(String, Registrar)>,
}

/// The PBX of a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Registrar {
    At(SocketAddrV4),
    /// A host name, which may be any address.
    Named(String),
}

impl Registrar {
    fn of(line: &RegisteringLine, tftp: Ipv4Addr) -> Self {
        let address = match line.host.as_str() {
            "" => Some(tftp),
            host => host.parse().ok(),
        };
        address.map_or_else(
            || Self::Named(line.host.clone()),
            |address| Self::At(SocketAddrV4::new(address, line.port)),
        )
    }

    fn address(&self) -> Option<SocketAddrV4> {
        match self {
            Self::At(address) => Some(*address),
            Self::Named(_) => None,
        }
    }
}

impl ConfiguredPhone {
    fn addresses(&self) -> impl Iterator<Item = SocketAddrV4> {
        self.lines.iter().filter_map(|(_, at)| at.address())
    }
}

impl ExpectedRegistrations {
    /// Reads them from configurations; an empty host means the TFTP server.
    #[must_use]
    pub fn of(files: &[ExtraFile], tftp: Ipv4Addr) -> Self {
        let phone = |file: &ExtraFile| {
            let RequestedFile::Config { mac, .. } = RequestedFile::parse(file.name()) else {
                return None;
            };
            let lines = lint::registering_lines(file.bytes()).into_iter();
            let lines = lines.map(|line| {
                let registrar = Registrar::of(&line, tftp);
                (line.user, registrar)
            });
            Some(ConfiguredPhone {
                mac,
                transport: match lint::transport_layer(file.bytes()).as_deref() {
                    Some("1") => Some(SipTransport::Tcp),
                    Some("2") => Some(SipTransport::Udp),
                    _ => None,
                },
                lines: lines.collect(),
            })
        };
        Self(files.iter().filter_map(phone).collect())
    }

    /// What tracking needs. `visible`: where REGISTERs and their answers are observed.
    #[must_use]
    pub fn targets(&self, visible: &[SocketAddrV4]) -> Vec<RegistrationTarget> {
        let phones = self.0.iter();
        let target = |phone: &ConfiguredPhone| {
            let has_names = phone.lines.iter().any(|(_, at)| at.address().is_none());
            let pbx = phone.addresses().filter(|_| !has_names);
            let lines = phone.lines.iter().filter(|(user, _)| !user.is_empty());
            let line = |(user, at): &(String, Registrar)| ConfiguredLine {
                user: user.clone(),
                visible: at.address().is_some_and(|at| visible.contains(&at)),
            };
            RegistrationTarget {
                mac: phone.mac,
                pbx: pbx.collect(),
                transport: phone.transport,
                lines: lines.map(line).collect(),
            }
        };
        phones.map(target).collect()
    }

    /// The port they all share, or else the usual one.
    #[must_use]
    pub fn port(&self) -> u16 {
        let mut ports = self.0.iter().flat_map(ConfiguredPhone::addresses);
        let first = ports.next().map(|address| address.port());
        let only = first.filter(|first| ports.all(|address| address.port() == *first));
        only.unwrap_or(SIP_PORT)
    }

    /// The phones whose REGISTERs go to one of these addresses.
    #[must_use]
    pub fn at(&self, observed: &[SocketAddrV4]) -> Vec<MacAddress> {
        let is_observed =
            |phone: &&ConfiguredPhone| phone.addresses().any(|at| observed.contains(&at));
        self.0
            .iter()
            .filter(is_observed)
            .map(|phone| phone.mac)
            .collect()
    }

    /// Whether a phone registers at this port of one of these addresses.
    #[must_use]
    pub fn is_at(&self, addresses: &[Ipv4Addr], port: u16) -> bool {
        let mut registrars = self.0.iter().flat_map(ConfiguredPhone::addresses);
        registrars.any(|at| at.port() == port && addresses.contains(at.ip()))
    }

    /// What the operator must know about the PBXs before the first phone comes. `own`: the addresses
    /// of this machine; `visible`: where REGISTERs and their answers are observed; `listener`: where
    /// this program itself listens for REGISTERs.
    #[must_use]
    pub fn messages(
        &self,
        own: &[Ipv4Addr],
        visible: &[SocketAddrV4],
        listener: Option<SocketAddrV4>,
    ) -> Vec<String> {
        let mut pbxs = BTreeSet::new();
        for phone in &self.0 {
            let is_tcp = phone.transport == Some(SipTransport::Tcp);
            pbxs.extend(phone.lines.iter().map(|(_, at)| (at.clone(), is_tcp)));
        }
        let mut messages = Vec::new();
        let mut elsewhere = BTreeSet::new();
        for (pbx, is_tcp) in pbxs {
            match pbx {
                Registrar::At(at) if Some(at) == listener => messages.push(format!(
                    "phones register at {at}, where this program listens, which is no PBX: they \
                     get 503 (--sip-port)"
                )),
                Registrar::At(at) if own.contains(at.ip()) => {
                    messages.push(pbx_here(at, is_tcp));
                    if !visible.contains(&at) {
                        messages.push(format!(
                            "this program does not see whether phones register at {at}. {CHECK}"
                        ));
                    }
                }
                Registrar::At(at) => {
                    elsewhere.insert(at.to_string());
                }
                Registrar::Named(host) => {
                    elsewhere.insert(escape(&host));
                }
            }
        }
        messages.extend(elsewhere.into_iter().map(|pbx| {
            format!(
                "phones register at {pbx}, another machine: this program sees that only if a \
                 mirror port of the switch brings its SIP here. {CHECK}"
            )
        }));
        messages
    }
}

/// How to see registrations at the PBX itself.
const CHECK: &str = "Check on the PBX: asterisk -rx 'pjsip show contacts' (sip.conf: 'sip show \
                     peers')";

/// What is known of a PBX on this machine.
fn pbx_here(at: SocketAddrV4, is_tcp: bool) -> String {
    let (protocol, name) = if is_tcp {
        (PortProtocol::Tcp, "TCP")
    } else {
        (PortProtocol::Udp, "UDP")
    };
    let left = "the port is left to the PBX";
    if !preflight::is_port_used(protocol, at) {
        return format!(
            "phones register at {at}, this machine: nothing listens on its {name} port {} yet; \
             start the PBX before the phones restart ({left})",
            at.port()
        );
    }
    let owner = preflight::port_owner_at(protocol, at);
    let owner = owner.map_or_else(|| "a program".to_owned(), |owner| owner.to_string());
    format!("phones register at {at}, this machine: {owner} listens there on {name} ({left})")
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
        let registrations = ExpectedRegistrations::of(&own, us).targets(&[]);
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

    #[test]
    fn the_start_says_where_phones_register_and_how_to_check_it() {
        let us = Ipv4Addr::new(192, 0, 2, 1);
        let file = |host: &str| {
            let text = format!(
                "<device><sipLines><line><featureID>9</featureID><proxy>{host}</proxy>\
                 <name>6010</name></line><line><featureID>21</featureID><name>6011</name></line>\
                 </sipLines></device>"
            );
            let name = "SEP001D45AABB01.cnf.xml";
            ExtraFile::generated(name, Path::new("test"), text.into_bytes()).unwrap()
        };
        let messages = |host: &str, visible: &[SocketAddrV4]| {
            ExpectedRegistrations::of(&[file(host)], us).messages(&[us], visible, None)
        };
        let elsewhere = messages("192.0.2.9", &[]);
        assert_eq!(elsewhere.len(), 1, "{elsewhere:?}");
        for part in ["192.0.2.9:5060", "another machine", "pjsip show contacts"] {
            assert!(elsewhere[0].contains(part), "{elsewhere:?}");
        }
        assert!(messages("pbx.example.net", &[])[0].contains("pbx.example.net"));
        let here = messages("192.0.2.1", &[SocketAddrV4::new(us, 5060)]);
        assert!(here[0].contains("nothing listens"), "{here:?}");
        assert!(here[0].contains("left to the PBX"), "{here:?}");
        assert_eq!(here.len(), 1, "{here:?}");
        let blind = messages("192.0.2.1", &[]);
        assert!(blind[1].contains("does not see"), "{blind:?}");

        let expected = ExpectedRegistrations::of(&[file("192.0.2.1")], us);
        assert!(expected.is_at(&[us], 5060) && !expected.is_at(&[us], 5070));
        let lines = |visible| expected.targets(visible)[0].lines.clone();
        assert_eq!(lines(&[]).len(), 1, "a speed dial does not register");
        assert!(!lines(&[])[0].visible);
        assert!(lines(&[SocketAddrV4::new(us, 5060)])[0].visible);
    }
}
