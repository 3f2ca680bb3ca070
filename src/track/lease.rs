//! The boot options of a DHCP lease, and the TFTP server that a phone picks from them.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// The boot options that a DHCP server gave a starting phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseOptions {
    /// The DHCP server, option 54.
    pub server: Ipv4Addr,
    /// The TFTP servers of option 150, in their order; at most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tftp: Vec<Ipv4Addr>,
    /// The TFTP server of option 66, an address or a host name, unescaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The next server (`siaddr`), if set.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "next")]
    pub next_server: Option<Ipv4Addr>,
}

/// The server that a phone contacts: from option 150, else from option 66, else the next server,
/// which not every phone uses and many DHCP servers set to themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BootServer<'a> {
    /// Option 150: the first of these, as long as it answers.
    List(&'a [Ipv4Addr]),
    /// Option 66 is an address.
    Address(Ipv4Addr),
    /// Option 66 is a host name, which DNS resolves.
    Name(&'a str),
    /// Only a next server is given.
    Next(Ipv4Addr),
    /// None.
    None,
}

impl LeaseOptions {
    pub(crate) fn boot_server(&self) -> BootServer<'_> {
        if !self.tftp.is_empty() {
            return BootServer::List(&self.tftp);
        }
        match (&self.name, self.next_server) {
            // Some servers terminate the text with a NUL.
            (Some(name), _) => match name.trim_end_matches('\0').trim().parse() {
                Ok(address) => BootServer::Address(address),
                Err(_) => BootServer::Name(name),
            },
            (None, Some(next)) => BootServer::Next(next),
            (None, None) => BootServer::None,
        }
    }

    /// Whether the options name a TFTP server that every phone contacts.
    pub(crate) fn names_a_server(&self) -> bool {
        match self.boot_server() {
            BootServer::List(_) | BootServer::Address(_) | BootServer::Name(_) => true,
            BootServer::Next(_) | BootServer::None => false,
        }
    }

    /// Whether every phone that follows these options contacts this address first.
    #[must_use]
    pub fn leads_to(&self, own: Ipv4Addr) -> bool {
        match self.boot_server() {
            BootServer::List(listed) => listed.first() == Some(&own),
            BootServer::Address(address) => address == own,
            BootServer::Name(_) | BootServer::Next(_) | BootServer::None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
    const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 66);

    #[test]
    fn option_150_comes_before_66_and_66_before_the_next_server() {
        let leads = |tftp: &[Ipv4Addr], name: Option<&str>, next| {
            let leased = LeaseOptions {
                server: OTHER,
                tftp: tftp.to_vec(),
                name: name.map(str::to_owned),
                next_server: next,
            };
            leased.leads_to(OWN)
        };
        assert!(leads(&[OWN, OTHER], Some("192.0.2.66"), Some(OTHER)));
        assert!(!leads(&[OTHER, OWN], Some("192.0.2.10"), Some(OWN)));
        assert!(leads(&[], Some("192.0.2.10\0"), Some(OTHER)));
        assert!(!leads(&[], Some("192.0.2.66"), Some(OWN)));
        assert!(!leads(&[], Some("tftp.example"), Some(OWN)), "by DNS");
        assert!(!leads(&[], None, Some(OWN)), "not every phone");
        assert!(!leads(&[], None, None));
    }
}
