//! Reads peers from `sip.conf`, the configuration of Asterisk's older driver, `chan_sip`.

use super::asterisk_conf::{AsteriskConf, AsteriskFile, Section};
use crate::inventory::Secret;

/// One peer, with which a phone registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipPeer {
    /// Its name.
    pub name: String,
    /// The name of its file.
    pub file: String,
    /// The password; `None` if the file has none, or only a digest of it.
    pub secret: Option<Secret>,
    /// The value of `nat`, in lower case; from `[general]` if the peer has none.
    pub nat: Option<String>,
    /// Whether it may register: `host=dynamic`.
    pub is_dynamic: bool,
    /// The protocols that it may use, in lower case; UDP if there are none. From `[general]` if the
    /// peer has none.
    pub transports: Vec<String>,
}

/// The peers and ports of a PBX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipConfig {
    /// The peers.
    pub peers: Vec<SipPeer>,
    /// The UDP port.
    pub udp_port: u16,
    /// The TCP port; `None` if TCP is off, the default.
    pub tcp_port: Option<u16>,
    /// Whether the file includes others that were not read.
    pub partial: bool,
    /// Whether `FreePBX` writes the file.
    pub is_freepbx: bool,
}

/// The SIP port.
const DEFAULT_PORT: u16 = 5060;

impl SipConfig {
    /// Reads a file without those that it includes; `None` if it is not one of `chan_sip`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::of(&AsteriskConf::read(text))
    }

    /// Reads a file with those that it includes.
    #[must_use]
    pub fn of_file(file: &AsteriskFile) -> Option<Self> {
        Self::of(&AsteriskConf::of_file(file))
    }

    /// The peer of this name.
    pub(super) fn peer(&self, name: &str) -> Option<&SipPeer> {
        self.peers.iter().find(|one| one.name == name)
    }

    fn of(conf: &AsteriskConf) -> Option<Self> {
        let is_peer = |section: &&Section| {
            matches!(
                section.lower("type").as_deref(),
                Some("friend" | "peer" | "user")
            )
        };
        let general = conf
            .sections
            .iter()
            .find(|section| section.name == "general");
        let has_own_keys = |section: &Section| {
            ["bindport", "udpbindaddr", "tcpenable", "nat", "srvlookup"]
                .iter()
                .any(|key| section.value(key).is_some())
        };
        if !conf.sections.iter().any(|section| is_peer(&section))
            && !general.is_some_and(has_own_keys)
        {
            return None;
        }
        let of_general = |key: &str| general.and_then(|general| general.lower(key));
        let port = |key: &str| {
            let bound = general.and_then(|general| general.port_of(key));
            bound.or_else(|| of_general("bindport")?.parse().ok())
        };
        let udp_port = port("udpbindaddr")
            .or_else(|| port("bindaddr"))
            .unwrap_or(DEFAULT_PORT);
        let tcp = general.is_some_and(|general| general.is_on("tcpenable", false));
        let peers = conf
            .sections
            .iter()
            .filter(|section| !section.is_template)
            .filter(is_peer)
            .map(|section| SipPeer {
                name: section.name.clone(),
                file: section.file("sip.conf"),
                secret: section
                    .value("secret")
                    .map(|secret| Secret::new(secret.to_owned())),
                is_dynamic: section.lower("host").as_deref() == Some("dynamic"),
                transports: {
                    let own = section.list("transport");
                    let inherited = || general.map(|general| general.list("transport"));
                    let listed = if own.is_empty() {
                        inherited().unwrap_or_default()
                    } else {
                        own
                    };
                    let lower = listed.iter().map(|one| one.to_ascii_lowercase());
                    lower.collect()
                },
                nat: section.lower("nat").or_else(|| of_general("nat")),
            })
            .collect();
        Some(Self {
            peers,
            udp_port,
            tcp_port: tcp.then(|| port("tcpbindaddr").unwrap_or(udp_port)),
            partial: conf.partial,
            is_freepbx: conf.is_freepbx,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_inherit_nat_and_the_ports_are_those_of_general() {
        let read = SipConfig::read(
            "[general]\nbindport=5070\ntcpenable=yes\ntcpbindaddr=0.0.0.0:5080\nnat=no\n\
             [phones](!)\ntype=friend\nnat=Force_rport,comedia\n\
             [201](phones)\nsecret=a;b\n[202]\ntype=peer\n",
        )
        .unwrap();
        assert_eq!((read.udp_port, read.tcp_port), (5070, Some(5080)));
        let peers: Vec<_> = read
            .peers
            .iter()
            .map(|peer| (peer.name.as_str(), peer.nat.as_deref()))
            .collect();
        assert_eq!(
            peers,
            [("201", Some("force_rport,comedia")), ("202", Some("no"))]
        );
        assert_eq!(read.peers[0].secret.as_ref().unwrap().expose(), "a");
        assert!(!format!("{read:?}").contains("\"a\""), "{read:?}");
        for other in ["", "[1001]\ntype=endpoint\n", "[general]\nuser=x\n"] {
            assert_eq!(SipConfig::read(other), None, "{other}");
        }
    }
}
