//! Which MAC the kernel knows behind an address: proc(5), /proc/net/arp.

use std::{fs, net::Ipv4Addr};

use crate::phone::MacAddress;

/// The kernel's table. Empty where it cannot be read: then nobody is judged by it.
pub(super) fn table() -> String {
    fs::read_to_string("/proc/net/arp").unwrap_or_default()
}

/// The MAC that `table` has for `address`, if that is surely not `mac`. `None` where the
/// table has none, an incomplete one, or one with several addresses: that is a router with
/// phones behind it.
pub(super) fn other_than(table: &str, address: Ipv4Addr, mac: MacAddress) -> Option<MacAddress> {
    let entries: Vec<_> = table.lines().skip(1).filter_map(entry).collect();
    let (_, found) = *entries.iter().find(|(at, _)| *at == address)?;
    let addresses = entries.iter().filter(|(_, mac)| *mac == found).count();
    (found != mac && addresses == 1).then_some(found)
}

/// An entry that is complete: its flags have `ATF_COM`, 2.
fn entry(line: &str) -> Option<(Ipv4Addr, MacAddress)> {
    const COMPLETE: u32 = 2;
    let mut fields = line.split_whitespace();
    let address = fields.next()?.parse().ok()?;
    let flags = fields.nth(1)?.strip_prefix("0x")?;
    let mac: MacAddress = fields.next()?.parse().ok()?;
    let complete = u32::from_str_radix(flags, 16).ok()? & COMPLETE != 0;
    (complete && mac.bytes() != [0; 6]).then_some((address, mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
IP address       HW type     Flags       HW address            Mask     Device
10.0.0.5         0x1         0x2         00:11:22:33:44:05     *        eth0
10.0.0.6         0x1         0x0         00:00:00:00:00:00     *        eth0
10.0.0.7         0x1         0x6         00:11:22:33:44:07     *        eth0
10.9.0.1         0x1         0x2         00:11:22:33:44:99     *        eth0
10.9.0.2         0x1         0x2         00:11:22:33:44:99     *        eth0
";

    fn judge(last: [u8; 4], mac: u8) -> Option<u8> {
        let mac = MacAddress::new([0, 0x11, 0x22, 0x33, 0x44, mac]);
        other_than(TABLE, Ipv4Addr::from(last), mac).map(|mac| mac.bytes()[5])
    }

    #[test]
    fn a_configuration_is_withheld_only_where_the_table_names_another_phone() {
        assert_eq!(judge([10, 0, 0, 5], 0x05), None, "its own");
        assert_eq!(judge([10, 0, 0, 5], 0x07), Some(0x05), "another's");
        assert_eq!(
            judge([10, 0, 0, 7], 0x05),
            Some(0x07),
            "permanent entries count"
        );
        assert_eq!(judge([10, 0, 0, 6], 0x05), None, "not known yet");
        assert_eq!(judge([10, 0, 0, 8], 0x05), None, "not there");
        assert_eq!(judge([10, 9, 0, 1], 0x05), None, "a router");
    }

    #[test]
    fn a_table_that_is_no_table_judges_nobody() {
        let mac = MacAddress::new([1; 6]);
        for table in [
            "",
            "\n",
            "x\n10.0.0.5",
            "x\n10.0.0.5 0x1 2 zz",
            "h\n10.0.0.5 0x1 0xz 1 2",
        ] {
            assert_eq!(other_than(table, Ipv4Addr::new(10, 0, 0, 5), mac), None);
        }
    }

    #[test]
    fn this_machines_own_table_can_be_read() {
        assert!(table().starts_with("IP address"));
    }
}
