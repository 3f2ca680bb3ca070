//! The kernel's table of neighbours as a witness: which MAC an address has before the
//! phone names itself. Its text is that of proc(5), /proc/net/arp.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read as _},
    net::Ipv4Addr,
    time::Duration,
};

use crate::phone::MacAddress;

/// How often the table is read while an address without a MAC is listed.
pub(super) const INTERVAL: Duration = Duration::from_secs(2);

/// Bytes of the table that are read: some 10,000 entries.
const MOST: u64 = 1024 * 1024;

const TABLE: &str = "/proc/net/arp";

/// The table's text.
pub(super) fn read() -> io::Result<String> {
    let mut text = String::new();
    File::open(TABLE)?.take(MOST).read_to_string(&mut text)?;
    Ok(text)
}

/// Who is at which of `addresses`. A MAC that has several addresses is a router, or a host
/// that answers for others: it names nobody.
pub(super) fn macs_at(table: &str, addresses: &[Ipv4Addr]) -> Vec<(Ipv4Addr, MacAddress)> {
    let entries: Vec<_> = table.lines().skip(1).filter_map(entry).collect();
    let mut counts: HashMap<MacAddress, usize> = HashMap::new();
    for (_, mac) in &entries {
        *counts.entry(*mac).or_default() += 1;
    }
    entries
        .into_iter()
        .filter(|(address, mac)| counts[mac] == 1 && addresses.contains(address))
        .collect()
}

/// The MAC that the table has for `address`, if that is surely not `mac`.
pub(super) fn other_mac(table: &str, address: Ipv4Addr, mac: MacAddress) -> Option<MacAddress> {
    let (_, found) = *macs_at(table, &[address]).first()?;
    (found != mac).then_some(found)
}

/// One line: address, hardware type (1: Ethernet), flags (2: complete), MAC, mask, device.
fn entry(line: &str) -> Option<(Ipv4Addr, MacAddress)> {
    const ETHERNET: u32 = 1;
    const COMPLETE: u32 = 2;
    let hex = |text: &str| u32::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    let mut fields = line.split_whitespace();
    let address = fields.next()?.parse().ok()?;
    let kind = hex(fields.next()?)?;
    let flags = hex(fields.next()?)?;
    let mac: MacAddress = fields.next()?.parse().ok()?;
    let is_one = kind == ETHERNET && flags & COMPLETE != 0 && mac.bytes() != [0; 6];
    is_one.then_some((address, mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARP: &str = "\
IP address       HW type     Flags       HW address            Mask     Device
192.0.2.5        0x1         0x2         00:1d:45:aa:bb:05     *        eth0
192.0.2.6        0x1         0x0         00:00:00:00:00:00     *        eth0
192.0.2.7        0x1         0x6         00:1d:45:aa:bb:07     *        eth0
192.0.2.8        0x20        0x2         00:1d:45:aa:bb:08     *        ib0
198.51.100.1     0x1         0x2         00:1d:45:aa:bb:99     *        eth0
198.51.100.2     0x1         0x2         00:1d:45:aa:bb:99     *        eth0
";

    fn who(last: &[[u8; 4]]) -> Vec<(u8, u8)> {
        let addresses: Vec<Ipv4Addr> = last.iter().copied().map(Ipv4Addr::from).collect();
        macs_at(ARP, &addresses)
            .into_iter()
            .map(|(address, mac)| (address.octets()[3], mac.bytes()[5]))
            .collect()
    }

    #[test]
    fn a_complete_entry_names_the_address_that_was_asked_about() {
        assert_eq!(who(&[[192, 0, 2, 5], [192, 0, 2, 7]]), [(5, 5), (7, 7)]);
        assert_eq!(who(&[[192, 0, 2, 7]]), [(7, 7)]);
        assert_eq!(who(&[]), []);
        assert_eq!(who(&[[192, 0, 2, 6]]), [], "not complete");
        assert_eq!(who(&[[192, 0, 2, 8]]), [], "no Ethernet");
        assert_eq!(who(&[[192, 0, 2, 9]]), [], "not there");
    }

    #[test]
    fn a_mac_with_several_addresses_is_a_router_and_names_nobody() {
        assert_eq!(who(&[[198, 51, 100, 1]]), []);
        assert_eq!(who(&[[198, 51, 100, 1], [198, 51, 100, 2]]), []);
    }

    #[test]
    fn a_secret_is_withheld_only_where_the_table_names_another_phone() {
        let judge = |address: [u8; 4], mac: u8| {
            let mac = MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, mac]);
            other_mac(ARP, Ipv4Addr::from(address), mac).map(|mac| mac.bytes()[5])
        };
        assert_eq!(judge([192, 0, 2, 5], 5), None, "its own");
        assert_eq!(judge([192, 0, 2, 5], 7), Some(5), "another's");
        assert_eq!(judge([192, 0, 2, 6], 5), None, "not known yet");
        assert_eq!(judge([192, 0, 2, 9], 5), None, "not there");
        assert_eq!(judge([198, 51, 100, 1], 5), None, "a router");
    }

    #[test]
    fn what_is_no_table_names_nobody() {
        let here = [Ipv4Addr::new(192, 0, 2, 5)];
        for table in [
            "",
            "\n\n",
            "header\n192.0.2.5",
            "header\n192.0.2.5 0x1 2 00:1d:45:aa:bb:05",
            "header\n192.0.2.5 0x1 0x2 zz:zz",
            "192.0.2.5 0x1 0x2 00:1d:45:aa:bb:05 * eth0\n",
        ] {
            assert_eq!(macs_at(table, &here), [], "{table}");
        }
    }
}
