//! Who is on the network already, as the kernel's table of neighbours knows it (proc(5),
//! /proc/net/arp), once it was made to look.

use std::{
    fs::File,
    io::{self, Read as _},
    net::{Ipv4Addr, UdpSocket},
};

use crate::phone::MacAddress;

const TABLE: &str = "/proc/net/arp";

/// Bytes of the table that are read: some 10,000 entries.
const MOST: u64 = 1024 * 1024;

/// The port of the discard service (RFC 863): what comes there means nothing.
const DISCARD: u16 = 9;

/// Makes the kernel look for every one of these: an empty datagram needs the host's MAC first.
pub(super) fn probe_arp(
    from: Ipv4Addr,
    addresses: impl Iterator<Item = Ipv4Addr>,
) -> io::Result<()> {
    let socket = UdpSocket::bind((from, 0))?;
    for address in addresses {
        // An error is a late word of an earlier address: nobody is there. That is no fault.
        if let Err(error) = socket.send_to(&[], (address, DISCARD)) {
            tracing::debug!(%address, %error, "no neighbour");
        }
    }
    Ok(())
}

/// Who has which address on the interface.
pub(super) fn read(interface: &str) -> io::Result<Vec<(Ipv4Addr, MacAddress)>> {
    let mut text = String::new();
    File::open(TABLE)?.take(MOST).read_to_string(&mut text)?;
    Ok(parse(&text, interface))
}

fn parse(table: &str, interface: &str) -> Vec<(Ipv4Addr, MacAddress)> {
    const COMPLETE: u32 = 2;
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [address, _, flags, mac, _, device] = fields.as_slice() else {
                return None;
            };
            let flags = u32::from_str_radix(flags.strip_prefix("0x")?, 16).ok()?;
            let there = *device == interface && flags & COMPLETE != 0;
            there.then_some((address.parse().ok()?, mac.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_complete_and_on_the_interface_is_there() {
        let table = "\
IP address       HW type     Flags       HW address            Mask     Device
192.0.2.5        0x1         0x2         00:1d:45:aa:bb:05     *        eth0
192.0.2.6        0x1         0x0         00:00:00:00:00:00     *        eth0
192.0.2.7        0x1         0x2         00:1d:45:aa:bb:07     *        eth1
nonsense
192.0.2.8        0x1         0x6         00:1d:45:aa:bb:08     *        eth0
";
        let there: Vec<u8> = parse(table, "eth0")
            .iter()
            .map(|(address, _)| address.octets()[3])
            .collect();
        assert_eq!(there, [5, 8]);
        assert_eq!(parse("", "eth0"), []);
    }
}
