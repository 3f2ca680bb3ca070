//! Phones of servers that do not log addresses: an address 0.0.0.N stands for each.

use std::{
    collections::{HashMap, HashSet},
    net::Ipv4Addr,
};

use crate::phone::{MacAddress, RequestedFile};

/// Maximum number of phones without an address.
const UNADDRESSED_MAX: u32 = 65_535;

/// Phones of servers that do not log addresses.
#[derive(Debug, Default)]
pub(super) struct Unaddressed {
    /// The phones that names identify, by host.
    macs: HashMap<usize, HashSet<MacAddress>>,
    addresses: HashMap<(usize, Option<MacAddress>), Ipv4Addr>,
    lines: u64,
    left_out: u64,
}

impl Unaddressed {
    /// Reads a name that will be looked up later, so that the number of phones is known.
    pub(super) fn expect(&mut self, host: usize, name: &str) {
        if let Some(mac) = RequestedFile::parse(name).mac() {
            self.macs.entry(host).or_default().insert(mac);
        }
    }

    /// The lines that were looked up, and those that may be of several phones.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.lines, self.left_out)
    }

    /// The address that stands for the phone that requested this name; `None` if it may be one of
    /// several.
    pub(super) fn address(&mut self, host: usize, name: &str) -> Option<Ipv4Addr> {
        self.lines += 1;
        let macs = self.macs.get(&host);
        let mac = RequestedFile::parse(name).mac();
        let mac = match (mac, macs.map_or(0, HashSet::len)) {
            (None, 2..) => {
                self.left_out += 1;
                return None;
            }
            (None, _) => macs.and_then(|macs| macs.iter().next().copied()),
            (mac, _) => mac,
        };
        let next = u32::try_from(self.addresses.len()).unwrap_or(UNADDRESSED_MAX) + 1;
        let next = Ipv4Addr::from(next.min(UNADDRESSED_MAX));
        Some(*self.addresses.entry((host, mac)).or_insert(next))
    }
}
