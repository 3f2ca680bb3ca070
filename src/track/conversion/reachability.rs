//! Whether the phone and this machine can reach each other.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::Duration,
};

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
    /// The phone got a lease, and it has requested nothing here since.
    pub(super) unused_lease: Option<UnusedLease>,
    /// The phone asks for an address and gets no answer.
    pub(super) unleased: Option<RepeatedEvent>,
    /// Its requests find no TFTP server at this address.
    pub(super) closed_server: Option<(SocketAddrV4, RepeatedEvent)>,
    /// Requests of this PBX to this port of the phone find it closed.
    pub(super) closed_contact: Option<(SocketAddrV4, SocketAddrV4, RepeatedEvent)>,
    /// When packets were seen last that another sender sends with the phone's address.
    pub(super) forged: Option<RunTime>,
    /// Leases that were recorded as evidence.
    pub(super) lease_notes: u8,
}

/// Repeated requests for one name without an acknowledgement.
#[derive(Debug, Clone)]
pub(in crate::track) struct UnackedRequests {
    pub(super) name: String,
    pub(super) first: RunTime,
    pub(super) last: RunTime,
    /// 0 if the record does not give it.
    pub(super) port: u16,
    pub(super) ports: u16,
    pub(super) requests: u16,
    /// Requests that came so soon after the previous one that no answer to it had arrived.
    pub(super) repetitions: u16,
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

/// A lease after which no request came here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnusedLease {
    pub(super) options: LeaseOptions,
    pub(super) address: Ipv4Addr,
    /// This machine's address; `None` if it is not known.
    pub(super) own: Option<Ipv4Addr>,
    /// Whether the options lead the phone to this machine, or to any TFTP server if this
    /// machine's address is not known.
    pub(super) leads_here: bool,
    pub(super) at: RunTime,
}

/// What happened several times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RepeatedEvent {
    pub(super) first: RunTime,
    pub(super) last: RunTime,
    pub(super) count: u32,
}

impl RepeatedEvent {
    pub(super) fn new(at: RunTime) -> Self {
        Self {
            first: at,
            last: at,
            count: 1,
        }
    }

    /// It happened again, unless that was less than `apart` ago.
    pub(super) fn again(&mut self, at: RunTime, apart: Duration) {
        if at.saturating_sub(self.last) >= apart {
            self.last = at;
            self.count = self.count.saturating_add(1);
        }
    }
}

impl Reachability {
    /// `idle`: nothing was observed in the later part of the history.
    pub(super) fn absorb_earlier(&mut self, earlier: Self, idle: bool) {
        if idle {
            self.unacked = earlier.unacked;
            self.other_subnet = self.other_subnet.or(earlier.other_subnet);
            self.unused_lease = self.unused_lease.take().or(earlier.unused_lease);
            self.unleased = self.unleased.or(earlier.unleased);
            self.closed_server = self.closed_server.or(earlier.closed_server);
            self.closed_contact = self.closed_contact.or(earlier.closed_contact);
            self.forged = self.forged.or(earlier.forged);
        }
    }
}
