//! Reads transports, endpoints and their passwords from `pjsip.conf`.

use super::asterisk_conf::{AsteriskConf, AsteriskFile, Section};
use crate::inventory::Secret;

/// The name of a file without a path.
const PJSIP: &str = "pjsip.conf";

/// The protocol of a transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransportProtocol {
    /// `protocol=tcp`.
    Tcp,
    /// `protocol=udp`, the default.
    Udp,
    /// `protocol=tls`.
    Tls,
    /// Another protocol, such as WebSocket, which Cisco phones do not support.
    Other,
}

/// One section with `type=transport`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PjsipTransport {
    /// Its name.
    pub name: String,
    /// The name of its file.
    pub file: String,
    /// Its protocol.
    pub protocol: TransportProtocol,
    /// The port of `bind`.
    pub port: u16,
}

/// One section with `type=endpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PjsipEndpoint {
    /// Its name, with which a phone registers.
    pub name: String,
    /// The name of its file.
    pub file: String,
    /// The name of its transport, if set.
    pub transport: Option<String>,
    /// The names of its `auth` sections.
    pub auths: Vec<String>,
    /// The names of its `aor` sections.
    pub aors: Vec<String>,
    /// Whether responses go to the source port of the request. Asterisk's default is yes.
    pub force_rport: bool,
    /// Whether contact addresses are rewritten. Asterisk's default is no.
    pub rewrite_contact: bool,
}

/// One section with `type=auth`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PjsipAuth {
    /// Its name.
    pub name: String,
    /// The name of its file.
    pub file: String,
    /// The user name that the phone must give.
    pub username: String,
    /// The password; `None` if the file has only a digest of it.
    pub password: Option<Secret>,
}

/// One section with `type=aor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PjsipAor {
    /// Its name.
    pub name: String,
    /// How many phones may register; 0, Asterisk's default, means none.
    pub max_contacts: u32,
}

/// The transports, endpoints and passwords of a PBX.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PjsipConfig {
    /// The transports.
    pub transports: Vec<PjsipTransport>,
    /// The endpoints.
    pub endpoints: Vec<PjsipEndpoint>,
    /// The user names and passwords.
    pub auths: Vec<PjsipAuth>,
    /// The addresses of record.
    pub aors: Vec<PjsipAor>,
    /// Whether the file includes others that were not read.
    pub partial: bool,
    /// Whether `FreePBX` writes the file.
    pub is_freepbx: bool,
}

impl PjsipConfig {
    /// Reads a file without those that it includes. Accepts any text; without transports and
    /// endpoints the result is empty.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self::of(&AsteriskConf::read(text))
    }

    /// Reads a file with those that it includes.
    #[must_use]
    pub fn of_file(file: &AsteriskFile) -> Self {
        Self::of(&AsteriskConf::of_file(file))
    }

    /// The endpoint of this name.
    pub(super) fn endpoint(&self, name: &str) -> Option<&PjsipEndpoint> {
        self.endpoints.iter().find(|one| one.name == name)
    }

    fn of(conf: &AsteriskConf) -> Self {
        let mut read = Self {
            partial: conf.partial,
            is_freepbx: conf.is_freepbx,
            ..Self::default()
        };
        for section in conf.sections.iter().filter(|section| !section.is_template) {
            read.add_section(section);
        }
        read
    }

    fn add_section(&mut self, section: &Section) {
        let name = section.name.clone();
        let file = section.file(PJSIP);
        match section.lower("type").as_deref() {
            Some("transport") => {
                let protocol = match section.lower("protocol").as_deref() {
                    Some("tcp") => TransportProtocol::Tcp,
                    Some("tls") => TransportProtocol::Tls,
                    Some("udp") | None => TransportProtocol::Udp,
                    Some(_) => TransportProtocol::Other,
                };
                let default = match protocol {
                    TransportProtocol::Tls => 5061,
                    _ => 5060,
                };
                self.transports.push(PjsipTransport {
                    name,
                    file,
                    protocol,
                    port: section.port_of("bind").unwrap_or(default),
                });
            }
            Some("endpoint") => self.endpoints.push(PjsipEndpoint {
                name,
                file,
                transport: section.value("transport").map(str::to_owned),
                auths: section.list("auth"),
                aors: section.list("aors"),
                force_rport: section.is_on("force_rport", true),
                rewrite_contact: section.is_on("rewrite_contact", false),
            }),
            Some("auth") => self.auths.push(PjsipAuth {
                file,
                username: section.value("username").unwrap_or(&name).to_owned(),
                password: section
                    .value("password")
                    .map(|password| Secret::new(password.to_owned())),
                name,
            }),
            Some("aor") => self.aors.push(PjsipAor {
                max_contacts: section
                    .value("max_contacts")
                    .and_then(|most| most.parse().ok())
                    .unwrap_or(0),
                name,
            }),
            Some("wizard") => self.add_wizard(section),
            _ => {}
        }
    }

    /// A section of `pjsip_wizard.conf`, which makes an endpoint with its `auth` and `aor`.
    fn add_wizard(&mut self, section: &Section) {
        let name = section.name.clone();
        let auth = format!("{name}-iauth");
        self.aors.push(PjsipAor {
            name: name.clone(),
            max_contacts: 1,
        });
        let username = section.value("inbound_auth/username");
        self.endpoints.push(PjsipEndpoint {
            file: section.file(PJSIP),
            transport: section
                .value("transport")
                .or(section.value("endpoint/transport"))
                .map(str::to_owned),
            auths: username.map(|_| auth.clone()).into_iter().collect(),
            aors: vec![name.clone()],
            force_rport: section.is_on("endpoint/force_rport", true),
            rewrite_contact: section.is_on("endpoint/rewrite_contact", false),
            name,
        });
        if let Some(username) = username {
            self.auths.push(PjsipAuth {
                name: auth,
                file: section.file(PJSIP),
                username: username.to_owned(),
                password: section
                    .value("inbound_auth/password")
                    .map(|password| Secret::new(password.to_owned())),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports_and_endpoints_are_found_through_templates_and_comments() {
        let read = PjsipConfig::read(
            "; a comment\n\
             [transport-tcp]\ntype = transport\nprotocol=tcp ; why not\nbind=0.0.0.0\n\
             [transport-udp](+)\ntype=transport\n\
             [wss]\ntype=transport\nprotocol=wss\n\
             ;-- [gone]\ntype=endpoint\n--; [phone](!)\ntype=endpoint\nforce_rport = no\n\
             [1001](phone)\ntransport => transport-tcp\n\
             [1001]\ntype=auth\npassword=a\\;b=c\n\
             [1002](phone)\nrewrite_contact=yes\nforce_rport=yes\n\
             [transport-tcp](+)\nprotocol=tls\n",
        );
        let transports = [
            ("transport-tcp", TransportProtocol::Tls),
            ("transport-udp", TransportProtocol::Udp),
            ("wss", TransportProtocol::Other),
        ];
        let expected: Vec<_> = transports
            .iter()
            .map(|(name, protocol)| PjsipTransport {
                name: (*name).to_owned(),
                file: PJSIP.to_owned(),
                protocol: *protocol,
                port: if *name == "transport-tcp" { 5061 } else { 5060 },
            })
            .collect();
        assert_eq!(read.transports, expected);
        let endpoint = |name: &str, transport: Option<&str>, on: bool| PjsipEndpoint {
            name: name.to_owned(),
            file: PJSIP.to_owned(),
            transport: transport.map(str::to_owned),
            auths: Vec::new(),
            aors: Vec::new(),
            force_rport: on,
            rewrite_contact: on,
        };
        let endpoints = [
            endpoint("1001", Some("transport-tcp"), false),
            endpoint("1002", None, true),
        ];
        assert_eq!(read.endpoints, endpoints);
        assert!(!read.partial);
        assert_eq!(read.auths[0].password.as_ref().unwrap().expose(), "a;b=c");
        assert!(!format!("{read:?}").contains("a;b"), "no password is shown");
    }

    #[test]
    fn a_wizard_makes_an_endpoint_with_its_password() {
        let read = PjsipConfig::read(
            "[phone](!)\ntype=wizard\nendpoint/force_rport=no\n\
             [1001](phone)\ninbound_auth/username=1001\ninbound_auth/password=a\n",
        );
        assert_eq!(read.endpoints.len(), 1);
        assert!(!read.endpoints[0].force_rport);
        assert_eq!(read.endpoints[0].auths, [read.auths[0].name.as_str()]);
        assert_eq!(read.auths[0].username, "1001");
    }

    #[test]
    fn includes_are_detected_and_defaults_match_asterisk() {
        let read = PjsipConfig::read("#include pjsip.transports.conf\n[7]\ntype=endpoint\n");
        assert!(read.partial && read.endpoints[0].force_rport);
        assert!(!read.endpoints[0].rewrite_contact);
    }
}
