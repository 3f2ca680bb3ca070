//! Lines that do not name their client: which address they belong to.
//!
//! A name with a MAC belongs to the address where that MAC was last observed: in a request, or in a
//! DHCP lease in the same log. A name without one belongs to the only phone of the host, if there is
//! only one. A phone whose address no line shows gets a stand-in address until the report.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    net::Ipv4Addr,
};

use crate::phone::{MacAddress, RequestedFile};

/// Maximum number of phones whose address is not known.
const UNADDRESSED_MAX: u32 = 65_535;

/// Maximum number of MACs, and of addresses, that are kept.
const KNOWN_MAX: usize = 65_536;

/// The phones of one host's lines.
#[derive(Debug, Default)]
struct HostPhones {
    /// Those that names identify.
    macs: HashSet<MacAddress>,
    /// Addresses that requested what only phones request, and whether a MAC was named there.
    addresses: HashMap<Ipv4Addr, bool>,
}

/// The clients of lines without one.
#[derive(Debug, Default)]
pub(super) struct Unaddressed {
    hosts: HashMap<usize, HostPhones>,
    /// Where each MAC is observed first, and where it was observed last so far.
    first: HashMap<MacAddress, Ipv4Addr>,
    last: HashMap<MacAddress, Ipv4Addr>,
    /// The stand-in addresses, 0.0.0.N.
    stand_ins: HashMap<(usize, Option<MacAddress>), Ipv4Addr>,
    lines: u64,
    left_out: u64,
}

/// What the lines without a client came to.
#[derive(Debug, Default)]
pub(super) struct UnaddressedTally {
    /// The lines.
    pub lines: u64,
    /// Those that may be of several phones.
    pub left_out: u64,
    /// The stand-in addresses.
    pub stand_ins: BTreeSet<Ipv4Addr>,
}

impl Unaddressed {
    /// Reads a name before the lines are folded, so that the phones of the whole log are known.
    pub(super) fn expect(&mut self, host: usize, address: Option<Ipv4Addr>, name: &str) {
        let file = RequestedFile::parse(name);
        let phones = self.hosts.entry(host).or_default();
        let mac = file.mac();
        if let Some(mac) = mac
            && phones.macs.len() < KNOWN_MAX
        {
            phones.macs.insert(mac);
        }
        let Some(address) = address else { return };
        if file != RequestedFile::Other && phones.addresses.len() < KNOWN_MAX {
            *phones.addresses.entry(address).or_default() |= mac.is_some();
        }
        if let Some(mac) = mac {
            self.expect_mac(address, mac);
        }
    }

    /// The log shows this MAC at this address, in whatever line.
    pub(super) fn expect_mac(&mut self, address: Ipv4Addr, mac: MacAddress) {
        if self.first.len() < KNOWN_MAX {
            self.first.entry(mac).or_insert(address);
        }
    }

    /// The line that is folded now shows this MAC at this address.
    pub(super) fn observe(&mut self, address: Ipv4Addr, mac: Option<MacAddress>) {
        let is_stand_in = address.octets()[0] == 0;
        if let Some(mac) = mac
            && !is_stand_in
            && (self.last.len() < KNOWN_MAX || self.last.contains_key(&mac))
        {
            self.last.insert(mac, address);
        }
    }

    /// What the lines came to.
    pub(super) fn tally(&self) -> UnaddressedTally {
        UnaddressedTally {
            lines: self.lines,
            left_out: self.left_out,
            stand_ins: self.stand_ins.values().copied().collect(),
        }
    }

    /// The address of the client that requested this name; `None` if it may be one of several.
    pub(super) fn address(&mut self, host: usize, name: &str) -> Option<Ipv4Addr> {
        self.lines += 1;
        if let Some(mac) = RequestedFile::parse(name).mac() {
            return Some(self.address_of(host, mac));
        }
        let Some(phones) = self.hosts.get(&host) else {
            return Some(self.stand_in(host, None));
        };
        let unnamed = phones.addresses.iter().filter(|(_, has_mac)| !**has_mac);
        let mut unnamed = unnamed.map(|(address, _)| *address);
        let address = match (phones.macs.len(), unnamed.next(), unnamed.next()) {
            (0, None, _) => Some(self.stand_in(host, None)),
            (0, only, None) => only,
            (1, None, _) => {
                let mac = phones.macs.iter().next().copied();
                mac.map(|mac| self.address_of(host, mac))
            }
            _ => None,
        };
        self.left_out += u64::from(address.is_none());
        address
    }

    fn address_of(&mut self, host: usize, mac: MacAddress) -> Ipv4Addr {
        let known = self.last.get(&mac).or_else(|| self.first.get(&mac));
        let known = known.copied();
        known.unwrap_or_else(|| self.stand_in(host, Some(mac)))
    }

    fn stand_in(&mut self, host: usize, mac: Option<MacAddress>) -> Ipv4Addr {
        let next = u32::try_from(self.stand_ins.len()).unwrap_or(UNADDRESSED_MAX) + 1;
        let next = Ipv4Addr::from(next.min(UNADDRESSED_MAX));
        *self.stand_ins.entry((host, mac)).or_insert(next)
    }
}

impl UnaddressedTally {
    /// Gives the phones without a known address the unspecified one in the report.
    pub(super) fn hide(&self, stand_ins: &mut BTreeMap<Ipv4Addr, Ipv4Addr>) {
        let unknown = |stand_in: &Ipv4Addr| (*stand_in, Ipv4Addr::UNSPECIFIED);
        stand_ins.extend(self.stand_ins.iter().map(unknown));
    }
}
