//! Where evidence comes from.

use serde::{Deserialize, Serialize};

/// Where a piece of evidence comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EvidenceSource {
    /// Requests to this server.
    Requests,
    /// The kernel's neighbour (ARP) table.
    Neighbour,
    /// Cisco Discovery Protocol.
    Cdp,
    /// Link Layer Discovery Protocol with its media endpoint extension.
    Lldp,
    /// Captured DHCP.
    Dhcp,
    /// A SIP REGISTER or its User-Agent.
    Sip,
    /// An SCCP alarm.
    Sccp,
    /// The phone's own web page.
    Web,
    /// The operator, who read the phone's screen.
    Person,
}

impl EvidenceSource {
    /// Whether another host on the network can forge it without receiving what is sent to the phone.
    #[must_use]
    pub fn is_forgeable(self) -> bool {
        !matches!(self, Self::Requests | Self::Person)
    }
}
