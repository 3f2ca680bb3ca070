//! Which clients get the configuration of a phone: it may hold its passwords.

use std::{
    io,
    net::Ipv4Addr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    discovery::{ArpTable, Route, probe_arp},
    phone::MacAddress,
    track::{Subnet, Withheld},
};

/// How long a request waits for the MAC of its sender. The kernel repeats an ARP request after 1 s,
/// and a phone on the same network answers within milliseconds.
pub(super) const RESOLVE_TIME: Duration = Duration::from_secs(1);

/// How old the copy of the ARP table may be: a flood of requests reads the table at most 200 times per
/// second.
const TABLE_AGE: Duration = Duration::from_millis(5);

/// Whether a client gets the configuration of a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Granted,
    /// The MAC of its address is not known yet.
    Unresolved,
    Withheld(Withheld),
}

/// What this machine knows about the address of a client.
#[derive(Debug)]
struct Client<'a> {
    address: Ipv4Addr,
    /// The MACs that the ARP table has for it.
    arp: &'a [MacAddress],
    route: Route,
    /// How long its request has waited.
    waited: Duration,
}

impl Client<'_> {
    /// Whether the client gets the configuration of the phone `mac`. `routed`: networks whose
    /// phones are behind a router, as the operator says.
    fn access(&self, mac: MacAddress, routed: &[Subnet]) -> Access {
        if self.route == Route::Local {
            return Access::Withheld(Withheld::ThisMachine);
        }
        let is_routed = routed.iter().any(|network| network.contains(self.address));
        if is_routed || self.route == Route::Gateway {
            return Access::Granted;
        }
        match self.arp.iter().find(|found| **found != mac) {
            Some(other) => Access::Withheld(Withheld::OtherDevice { mac: *other }),
            None if !self.arp.is_empty() => Access::Granted,
            None if self.waited < RESOLVE_TIME => Access::Unresolved,
            None => Access::Withheld(Withheld::Unresolved),
        }
    }
}

/// Decides which clients get the configuration of a phone.
#[derive(Debug)]
pub(super) struct SecretGuard {
    routed: Vec<Subnet>,
    /// The server is on loopback: the clients are simulated phones.
    is_rehearsal: bool,
    /// The ARP table, and when it was read.
    table: Mutex<Option<(Instant, ArpTable)>>,
}

impl SecretGuard {
    /// A guard of a server at the address `server`.
    pub(super) fn new(server: Ipv4Addr, routed: Vec<Subnet>) -> Self {
        Self {
            routed,
            is_rehearsal: server.is_loopback(),
            table: Mutex::new(None),
        }
    }

    /// Whether the client at `address`, whose request has waited for this time, gets the
    /// configuration of the phone `mac`. Never blocks: if the MAC of the address is not known, the
    /// kernel is made to resolve it, and the caller calls again until [`RESOLVE_TIME`] is over.
    pub(super) fn access(
        &self,
        now: Instant,
        address: Ipv4Addr,
        mac: MacAddress,
        waited: Duration,
    ) -> Access {
        if self.is_rehearsal {
            return Access::Granted;
        }
        let route = Route::to(address).unwrap_or_else(|error| {
            tracing::debug!(%address, %error, "the route is not known");
            // Then only ARP decides.
            Route::Link
        });
        let client = Client {
            address,
            arp: &self.arp(now, address),
            route,
            waited,
        };
        let access = client.access(mac, &self.routed);
        if access == Access::Unresolved
            && waited.is_zero()
            && let Err(error) = probe_arp(Ipv4Addr::UNSPECIFIED, [address].into_iter())
        {
            tracing::debug!(%address, %error, "no ARP probe sent");
        }
        access
    }

    /// The MACs of an address.
    fn arp(&self, now: Instant, address: Ipv4Addr) -> Vec<MacAddress> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |read: &Instant| now.saturating_duration_since(*read) < TABLE_AGE;
        if !table.as_ref().is_some_and(|(read, _)| is_fresh(read)) {
            *table = Some((now, read_table()));
        }
        table
            .as_ref()
            .map(|(_, table)| table.macs_at(address).collect())
            .unwrap_or_default()
    }
}

/// The ARP table; empty if it cannot be read, so that no address is resolved.
fn read_table() -> ArpTable {
    ArpTable::read().unwrap_or_else(|error: io::Error| {
        tracing::warn!("cannot read the ARP table: {error}");
        ArpTable::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: MacAddress = MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 1]);
    const OTHER: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 9]);
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 101);

    fn access(arp: &[MacAddress], route: Route, routed: &[&str], waited: u64) -> Access {
        let routed: Vec<Subnet> = routed.iter().map(|text| text.parse().unwrap()).collect();
        let client = Client {
            address: ADDRESS,
            arp,
            route,
            waited: Duration::from_millis(waited),
        };
        client.access(PHONE, &routed)
    }

    #[test]
    fn only_the_phone_itself_gets_its_configuration() {
        assert_eq!(access(&[PHONE], Route::Link, &[], 0), Access::Granted);
        let other = Access::Withheld(Withheld::OtherDevice { mac: OTHER });
        assert_eq!(access(&[OTHER], Route::Link, &[], 0), other);
        // On two interfaces: the request may have come from either.
        assert_eq!(access(&[PHONE, OTHER], Route::Link, &[], 0), other);
        assert_eq!(access(&[OTHER], Route::None, &[], 0), other);
    }

    #[test]
    fn an_address_without_an_arp_entry_is_refused_after_a_second() {
        for route in [Route::Link, Route::None] {
            assert_eq!(access(&[], route, &[], 0), Access::Unresolved);
            assert_eq!(access(&[], route, &[], 999), Access::Unresolved);
            let refused = Access::Withheld(Withheld::Unresolved);
            assert_eq!(access(&[], route, &[], 1_000), refused);
        }
    }

    #[test]
    fn phones_behind_a_router_get_their_configurations() {
        assert_eq!(access(&[], Route::Gateway, &[], 0), Access::Granted);
        let inside = ["10.2.0.0/16", "192.0.2.96/27"];
        assert_eq!(access(&[OTHER], Route::Link, &inside, 0), Access::Granted);
        let outside = ["10.2.0.0/16", "192.0.2.64/27"];
        let refused = access(&[OTHER], Route::Link, &outside, 0);
        assert!(matches!(refused, Access::Withheld(_)), "{refused:?}");
    }

    #[test]
    fn accounts_of_this_machine_get_no_configuration() {
        let refused = Access::Withheld(Withheld::ThisMachine);
        assert_eq!(access(&[], Route::Local, &[], 0), refused);
        assert_eq!(access(&[PHONE], Route::Local, &["0.0.0.0/0"], 0), refused);
    }

    #[test]
    fn a_rehearsal_serves_simulated_phones_on_loopback() {
        let now = Instant::now();
        let client = Ipv4Addr::new(127, 0, 0, 5);
        let rehearsal = SecretGuard::new(Ipv4Addr::LOCALHOST, Vec::new());
        let access = rehearsal.access(now, client, PHONE, Duration::ZERO);
        assert_eq!(access, Access::Granted);
        let run = SecretGuard::new(Ipv4Addr::UNSPECIFIED, Vec::new());
        let access = run.access(now, client, PHONE, Duration::ZERO);
        assert_eq!(access, Access::Withheld(Withheld::ThisMachine));
    }
}
