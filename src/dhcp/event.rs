//! Events of the DHCP server.

use std::net::Ipv4Addr;

use crate::{
    phone::MacAddress,
    track::{EvidenceSource, Observation, ObservationKind},
};

/// An event for the log and the tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DhcpEvent {
    /// A phone leased an address.
    Leased {
        /// The address.
        address: Ipv4Addr,
        /// The phone.
        mac: MacAddress,
    },
    /// A phone requested an address and none is free.
    Exhausted(MacAddress),
    /// A phone found this address in use by an unknown host.
    Declined(Ipv4Addr),
    /// A phone accepted another server's offer.
    OtherServer(Ipv4Addr),
}

impl DhcpEvent {
    /// The observation for the tracker.
    #[must_use]
    pub fn observation(&self) -> Option<Observation> {
        match *self {
            Self::Leased { address, mac } => Some(Observation {
                address,
                kind: ObservationKind::MacReported {
                    mac,
                    source: EvidenceSource::Dhcp,
                    sender: None,
                },
            }),
            _ => None,
        }
    }
}
