//! Whether the phone and this machine can reach each other.

use std::net::Ipv4Addr;

use crate::track::{
    lease::LeaseOptions,
    observation::{EvidenceSource, RunTime},
    plan::Subnet,
};

/// What hinders packets between the phone and this machine, as far as observed.
#[derive(Debug, Clone, Default)]
pub(in crate::track) struct Reachability {
    /// The phone repeats a request and acknowledges nothing.
    pub unacked: Option<UnackedRequests>,
    /// The phone was observed in another network and has requested nothing here.
    pub(super) other_subnet: Option<OtherSubnet>,
    /// The phone's lease names another TFTP server, and it has requested nothing here since.
    pub(super) wrong_tftp_server: Option<WrongTftpServer>,
    /// Leases that were recorded as evidence.
    pub(super) lease_notes: u8,
}

/// Repeated requests for one name without an acknowledgement.
#[derive(Debug, Clone)]
pub(in crate::track) struct UnackedRequests {
    pub(super) name: String,
    pub(super) first: RunTime,
    pub(super) last: RunTime,
    pub(super) port: u16,
    pub(super) ports: u16,
    pub(super) requests: u16,
    pub(super) transfers: u16,
}

/// A phone that tags its frames and whose address is not in the served network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OtherSubnet {
    pub(super) vlan: u16,
    pub(super) source: EvidenceSource,
    pub(super) address: Ipv4Addr,
    pub(super) at: RunTime,
    pub(super) network: Subnet,
}

/// A lease that names another TFTP server than this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrongTftpServer {
    pub(super) options: LeaseOptions,
    pub(super) address: Ipv4Addr,
    pub(super) own: Ipv4Addr,
    pub(super) at: RunTime,
}

impl Reachability {
    /// `idle`: nothing was observed in the later part of the history.
    pub(super) fn absorb_earlier(&mut self, earlier: Self, idle: bool) {
        if idle {
            self.unacked = earlier.unacked;
            self.other_subnet = self.other_subnet.or(earlier.other_subnet);
            self.wrong_tftp_server = self.wrong_tftp_server.take().or(earlier.wrong_tftp_server);
        }
    }
}
