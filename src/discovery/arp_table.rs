//! The kernel's ARP table: which MAC has which IPv4 address (proc(5), /proc/net/arp).

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, Read as _},
    net::Ipv4Addr,
};

use crate::phone::MacAddress;

const FILE: &str = "/proc/net/arp";

/// Bytes of the table that are read: about 10,000 entries.
const MAX_BYTES: u64 = 1024 * 1024;

/// The complete Ethernet entries of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ArpTable(Vec<ArpEntry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct ArpEntry {
    address: Ipv4Addr,
    mac: MacAddress,
    interface: String,
}

impl ArpTable {
    /// Reads the table.
    ///
    /// # Errors
    /// The table cannot be read.
    pub(crate) fn read() -> io::Result<Self> {
        let mut text = String::new();
        File::open(FILE)?
            .take(MAX_BYTES)
            .read_to_string(&mut text)?;
        Ok(Self::parse(&text))
    }

    /// The first line is a heading. Lines of another form are ignored.
    pub(crate) fn parse(text: &str) -> Self {
        Self(text.lines().skip(1).filter_map(entry).collect())
    }

    /// The hosts on an interface.
    pub(crate) fn on_interface(&self, name: &str) -> impl Iterator<Item = (Ipv4Addr, MacAddress)> {
        self.0
            .iter()
            .filter(move |entry| entry.interface == name)
            .map(|entry| (entry.address, entry.mac))
    }

    /// The MACs of those `addresses` that are in the table. A MAC with several addresses is a
    /// router, or a host that answers for others, and is left out.
    pub(crate) fn unique_macs(&self, addresses: &[Ipv4Addr]) -> Vec<(Ipv4Addr, MacAddress)> {
        let mut counts: HashMap<MacAddress, usize> = HashMap::new();
        for entry in &self.0 {
            *counts.entry(entry.mac).or_default() += 1;
        }
        self.0
            .iter()
            .filter(|entry| counts[&entry.mac] == 1 && addresses.contains(&entry.address))
            .map(|entry| (entry.address, entry.mac))
            .collect()
    }

    /// The MACs at `address`: several if interfaces differ.
    pub(crate) fn macs_at(&self, address: Ipv4Addr) -> impl Iterator<Item = MacAddress> {
        let entries = self.0.iter();
        entries
            .filter(move |entry| entry.address == address)
            .map(|entry| entry.mac)
    }

    /// The MACs of an interface that have several addresses, with these addresses.
    pub(crate) fn shared_macs(&self, interface: &str) -> Vec<(MacAddress, Vec<Ipv4Addr>)> {
        let mut addresses: BTreeMap<MacAddress, Vec<Ipv4Addr>> = BTreeMap::new();
        for (address, mac) in self.on_interface(interface) {
            addresses.entry(mac).or_default().push(address);
        }
        let all = addresses.into_iter();
        all.filter(|(_, addresses)| addresses.len() > 1).collect()
    }
}

/// One line: address, hardware type (1: Ethernet), flags (2: complete), MAC, mask, interface.
fn entry(line: &str) -> Option<ArpEntry> {
    const ETHERNET: u32 = 1;
    const COMPLETE: u32 = 2;
    let hex = |text: &str| u32::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [address, hardware, flags, mac, _, interface] = fields.as_slice() else {
        return None;
    };
    let mac: MacAddress = mac.parse().ok()?;
    let is_usable =
        hex(hardware)? == ETHERNET && hex(flags)? & COMPLETE != 0 && mac.bytes() != [0; 6];
    is_usable.then_some(ArpEntry {
        address: address.parse().ok()?,
        mac,
        interface: (*interface).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
IP address       HW type     Flags       HW address            Mask     Device
192.0.2.5        0x1         0x2         00:1d:45:aa:bb:05     *        eth0
192.0.2.6        0x1         0x0         00:00:00:00:00:00     *        eth0
192.0.2.7        0x1         0x6         00:1d:45:aa:bb:07     *        eth0
192.0.2.8        0x20        0x2         00:1d:45:aa:bb:08     *        ib0
nonsense
192.0.2.10       0x1         0x2         00:1d:45:aa:bb:10     *        eth1
198.51.100.1     0x1         0x2         00:1d:45:aa:bb:99     *        eth0
198.51.100.2     0x1         0x2         00:1d:45:aa:bb:99     *        eth0
";

    fn macs(addresses: &[[u8; 4]]) -> Vec<(u8, u8)> {
        let addresses: Vec<Ipv4Addr> = addresses.iter().copied().map(Ipv4Addr::from).collect();
        ArpTable::parse(TABLE)
            .unique_macs(&addresses)
            .into_iter()
            .map(|(address, mac)| (address.octets()[3], mac.bytes()[5]))
            .collect()
    }

    #[test]
    fn a_complete_entry_gives_the_mac_of_an_address() {
        assert_eq!(macs(&[[192, 0, 2, 5], [192, 0, 2, 7]]), [(5, 5), (7, 7)]);
        assert_eq!(macs(&[[192, 0, 2, 7]]), [(7, 7)]);
        assert_eq!(macs(&[]), []);
        assert_eq!(macs(&[[192, 0, 2, 6]]), [], "not complete");
        assert_eq!(macs(&[[192, 0, 2, 8]]), [], "not Ethernet");
        assert_eq!(macs(&[[192, 0, 2, 9]]), [], "not in the table");
    }

    #[test]
    fn a_mac_with_several_addresses_is_a_router_and_left_out() {
        assert_eq!(macs(&[[198, 51, 100, 1]]), []);
        assert_eq!(macs(&[[198, 51, 100, 1], [198, 51, 100, 2]]), []);
    }

    #[test]
    fn an_address_has_the_macs_of_complete_entries() {
        let table = ArpTable::parse(TABLE);
        let at = |address: [u8; 4]| -> Vec<u8> {
            let macs = table.macs_at(Ipv4Addr::from(address));
            macs.map(|mac| mac.bytes()[5]).collect()
        };
        assert_eq!(at([192, 0, 2, 5]), [5]);
        assert_eq!(at([192, 0, 2, 6]), [0; 0], "incomplete");
        assert_eq!(at([192, 0, 2, 9]), [0; 0], "not in the table");
        assert_eq!(at([198, 51, 100, 1]), [0x99]);
    }

    #[test]
    fn a_mac_with_several_addresses_is_shared() {
        let shared = ArpTable::parse(TABLE).shared_macs("eth0");
        let addresses = [[198, 51, 100, 1], [198, 51, 100, 2]].map(Ipv4Addr::from);
        let mac = MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 0x99]);
        assert_eq!(shared, [(mac, addresses.to_vec())]);
        assert_eq!(ArpTable::parse(TABLE).shared_macs("eth1"), []);
    }

    #[test]
    fn complete_entries_of_an_interface_are_listed() {
        let table = ArpTable::parse(TABLE);
        let hosts: Vec<u8> = table
            .on_interface("eth0")
            .map(|(address, _)| address.octets()[3])
            .collect();
        assert_eq!(hosts, [5, 7, 1, 2]);
        assert_eq!(ArpTable::parse("").on_interface("eth0").next(), None);
    }

    #[test]
    fn text_that_is_no_table_gives_no_entries() {
        for text in [
            "",
            "\n\n",
            "header\n192.0.2.5",
            "header\n192.0.2.5 0x1 2 00:1d:45:aa:bb:05",
            "header\n192.0.2.5 0x1 0x2 zz:zz",
            "192.0.2.5 0x1 0x2 00:1d:45:aa:bb:05 * eth0\n",
        ] {
            assert_eq!(ArpTable::parse(text), ArpTable::default(), "{text}");
        }
    }
}
