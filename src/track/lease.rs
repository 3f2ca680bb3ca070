//! What a DHCP server tells a phone with its address, and where that sends it.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// What a DHCP server told a phone that starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseOptions {
    /// Who told it: option 54.
    pub server: Ipv4Addr,
    /// Option 150, the TFTP servers in their order; 16 at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tftp: Vec<Ipv4Addr>,
    /// Option 66, an address or a host's name as it came; escape it before it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `siaddr`, the next server, where it is set.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "next")]
    pub next_server: Option<Ipv4Addr>,
}

/// Where that sends the phone: by option 150, where there is none by option 66, then by the next
/// server, which not every phone goes by and many servers set to themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BootServer<'a> {
    /// Option 150: to the first of these as long as it answers.
    List(&'a [Ipv4Addr]),
    /// Option 66 is an address.
    Address(Ipv4Addr),
    /// Option 66 is a name: the DNS server decides.
    Name(&'a str),
    /// There is a next server alone.
    Next(Ipv4Addr),
    /// Nowhere.
    Nowhere,
}

impl LeaseOptions {
    pub(crate) fn boot_server(&self) -> BootServer<'_> {
        if !self.tftp.is_empty() {
            return BootServer::List(&self.tftp);
        }
        match (&self.name, self.next_server) {
            // Some servers end the text with a NUL.
            (Some(name), _) => match name.trim_end_matches('\0').trim().parse() {
                Ok(address) => BootServer::Address(address),
                Err(_) => BootServer::Name(name),
            },
            (None, Some(next)) => BootServer::Next(next),
            (None, None) => BootServer::Nowhere,
        }
    }

    /// Whether every phone that goes by it comes to this address first.
    #[must_use]
    pub fn leads_to(&self, own: Ipv4Addr) -> bool {
        match self.boot_server() {
            BootServer::List(listed) => listed.first() == Some(&own),
            BootServer::Address(address) => address == own,
            BootServer::Name(_) | BootServer::Next(_) | BootServer::Nowhere => false,
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
