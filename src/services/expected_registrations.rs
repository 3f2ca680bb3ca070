//! Where the phones' own configurations register them, and what the operator must know about it.

use std::{
    collections::BTreeSet,
    fmt,
    net::{Ipv4Addr, SocketAddrV4},
    path::Path,
};

use super::configured_transport::ConfiguredTransport;
use crate::{
    discovery::SIP_PORT,
    lint::{self, RegisteringLine},
    phone::{MacAddress, RequestedFile},
    preflight,
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
    transport: ConfiguredTransport,
    lines: Vec<RegisteringAt>,
}

/// A line of a phone, and where it registers.
#[derive(Debug)]
struct RegisteringAt {
    user: String,
    at: Registrar,
    /// Where it registers if that fails.
    backups: Vec<Registrar>,
}

/// The PBX of a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Registrar {
    At(SocketAddrV4),
    /// A host name, which may be any address.
    Named(String),
}

impl Registrar {
    fn of(host: &str, port: u16, tftp: Ipv4Addr) -> Self {
        let address = match host {
            "" => Some(tftp),
            host => host.parse().ok(),
        };
        address.map_or_else(
            || Self::Named(host.to_owned()),
            |address| Self::At(SocketAddrV4::new(address, port)),
        )
    }

    fn address(&self) -> Option<SocketAddrV4> {
        match self {
            Self::At(address) => Some(*address),
            Self::Named(_) => None,
        }
    }
}

impl fmt::Display for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(address) => address.fmt(f),
            Self::Named(host) => f.write_str(&escape(host)),
        }
    }
}

impl ConfiguredPhone {
    /// Every registrar that its lines use.
    fn registrars(&self) -> impl Iterator<Item = &Registrar> {
        let lines = self.lines.iter();
        lines.flat_map(|line| std::iter::once(&line.at).chain(&line.backups))
    }

    fn addresses(&self) -> impl Iterator<Item = SocketAddrV4> {
        self.registrars().filter_map(Registrar::address)
    }

    /// Whether a capture shows this line's REGISTERs.
    fn is_visible(&self, line: &RegisteringAt, visible: &[SocketAddrV4]) -> bool {
        let at = line.at.address();
        !self.transport.is_encrypted() && at.is_some_and(|at| visible.contains(&at))
    }
}

/// Whether a file of this name holds the lines of a 7940 or 7960: `SIP<MAC>.cnf`.
fn is_settings(name: &str) -> bool {
    let is_of_phone = matches!(RequestedFile::parse(name), RequestedFile::LegacyConfig(_));
    let base = name.rsplit('/').next().unwrap_or(name);
    is_of_phone
        && base
            .get(..3)
            .is_some_and(|start| start.eq_ignore_ascii_case("sip"))
}

impl ExpectedRegistrations {
    /// Reads them from configurations; an empty host means the TFTP server.
    #[must_use]
    pub fn of(files: &[ExtraFile], tftp: Ipv4Addr) -> Self {
        let at = |host: &str, port| Registrar::of(host, port, tftp);
        let registering = |line: RegisteringLine| RegisteringAt {
            at: at(&line.host, line.port),
            backups: line
                .backups
                .iter()
                .map(|(host, port)| at(host, *port))
                .collect(),
            user: line.user,
        };
        let mut common = files.iter();
        let common = common.find_map(|file| {
            lint::common_settings(Path::new(file.name()), file.source(), file.bytes())
        });
        let phone = |file: &ExtraFile| {
            let (mac, transport, lines) = match RequestedFile::parse(file.name()) {
                RequestedFile::Config { mac, .. } => {
                    let transport = ConfiguredTransport::of(file.bytes());
                    (mac, transport, lint::registering_lines(file.bytes()))
                }
                // Its firmware has no other transport.
                RequestedFile::LegacyConfig(mac) if is_settings(file.name()) => {
                    let lines = lint::lines_of_settings(file.bytes(), common.as_ref());
                    (mac, ConfiguredTransport::Udp, lines)
                }
                _ => return None,
            };
            Some(ConfiguredPhone {
                mac,
                transport,
                lines: lines.into_iter().map(registering).collect(),
            })
        };
        let mut phones: Vec<_> = files.iter().filter_map(phone).collect();
        // Of a 7940 or 7960, the SEP file names only the load.
        let with_settings: BTreeSet<_> = files
            .iter()
            .filter(|file| is_settings(file.name()))
            .filter_map(|file| RequestedFile::parse(file.name()).mac())
            .collect();
        phones.retain(|phone| !phone.lines.is_empty() || !with_settings.contains(&phone.mac));
        Self(phones)
    }

    /// What tracking needs. `visible`: where REGISTERs and their answers are observed.
    #[must_use]
    pub fn targets(&self, visible: &[SocketAddrV4]) -> Vec<RegistrationTarget> {
        let phones = self.0.iter();
        let target = |phone: &ConfiguredPhone| {
            let has_names = phone.registrars().any(|at| at.address().is_none());
            let pbx = phone.addresses().filter(|_| !has_names);
            let lines = phone.lines.iter().filter(|line| !line.user.is_empty());
            let line = |line: &RegisteringAt| ConfiguredLine {
                user: line.user.clone(),
                visible: phone.is_visible(line, visible),
            };
            RegistrationTarget {
                mac: phone.mac,
                pbx: pbx.collect(),
                transport: phone.transport.observed(),
                lines: lines.map(line).collect(),
            }
        };
        phones.map(target).collect()
    }

    /// The port they all share, or else the usual one.
    #[must_use]
    pub fn port(&self) -> u16 {
        let phones = self
            .0
            .iter()
            .filter(|phone| !phone.transport.is_encrypted());
        let mut ports = phones.flat_map(ConfiguredPhone::addresses);
        let first = ports.next().map(|address| address.port());
        let only = first.filter(|first| ports.all(|address| address.port() == *first));
        only.unwrap_or(SIP_PORT)
    }

    /// The phones whose REGISTERs go to one of these addresses.
    #[must_use]
    pub fn at(&self, observed: &[SocketAddrV4]) -> Vec<MacAddress> {
        let is_observed = |phone: &&ConfiguredPhone| {
            let mut lines = phone.lines.iter();
            lines.any(|line| phone.is_visible(line, observed))
        };
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
        let mut backups = BTreeSet::new();
        for phone in &self.0 {
            for line in &phone.lines {
                pbxs.insert((&line.at, phone.transport));
                backups.extend(&line.backups);
            }
        }
        let mut messages = Vec::new();
        let mut elsewhere = BTreeSet::new();
        for (pbx, transport) in pbxs {
            match pbx {
                Registrar::At(at) if Some(*at) == listener => messages.push(format!(
                    "phones register at {at}, where this program listens, which is no PBX: they \
                     get 503 (--sip-port)"
                )),
                Registrar::At(at) if own.contains(at.ip()) => {
                    messages.push(pbx_here(*at, transport));
                    if transport.is_encrypted() {
                        messages.push(format!(
                            "TLS is encrypted: this program does not see whether phones register \
                             at {at}. {CHECK}"
                        ));
                    } else if !visible.contains(at) {
                        messages.push(format!(
                            "this program does not see whether phones register at {at}. {CHECK}"
                        ));
                    }
                }
                pbx => {
                    elsewhere.insert((pbx, transport.is_encrypted()));
                }
            }
        }
        messages.extend(elsewhere.into_iter().map(|(pbx, is_tls)| {
            let why = if is_tls {
                "over TLS: this program does not see that"
            } else {
                "another machine: this program sees that only if a mirror port of the switch \
                 brings its SIP here"
            };
            format!("phones register at {pbx}, {why}. {CHECK}")
        }));
        messages.extend(
            backups
                .into_iter()
                .map(|pbx| format!("phones use {pbx} if their first PBX does not answer")),
        );
        messages
    }
}

/// How to see registrations at the PBX itself.
const CHECK: &str = "Check on the PBX: asterisk -rx 'pjsip show contacts' (sip.conf: 'sip show \
                     peers')";

/// What is known of a PBX on this machine, at which phones register.
fn pbx_here(at: SocketAddrV4, transport: ConfiguredTransport) -> String {
    let left = "the port is left to the PBX";
    let protocols = transport.protocols();
    let names: Vec<&str> = protocols.iter().map(|(_, name)| *name).collect();
    let names = names.join(" or ");
    let used: Vec<_> = protocols
        .iter()
        .filter(|(protocol, _)| preflight::is_port_used(*protocol, at))
        .collect();
    let Some((first, _)) = used.first() else {
        return format!(
            "phones register at {at}, this machine: nothing listens on its {names} port {} yet; \
             start the PBX before the phones restart ({left})",
            at.port()
        );
    };
    let owner = preflight::port_owner_at(*first, at);
    let owner = owner.map_or_else(|| "a program".to_owned(), |owner| owner.to_string());
    let names: Vec<&str> = used.iter().map(|(_, name)| *name).collect();
    format!(
        "phones register at {at}, this machine: {owner} listens there on {} ({left})",
        names.join(" and ")
    )
}

#[cfg(test)]
mod tests;
