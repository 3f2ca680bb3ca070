//! Makes the kernel resolve addresses by ARP.

use std::{
    io,
    net::{Ipv4Addr, UdpSocket},
};

/// The port of the discard service (RFC 863), which ignores what it receives.
const DISCARD: u16 = 9;

/// Sends an empty datagram to each address, for which the kernel first resolves its MAC by ARP.
pub(crate) fn probe_arp(
    from: Ipv4Addr,
    addresses: impl Iterator<Item = Ipv4Addr>,
) -> io::Result<()> {
    let socket = UdpSocket::bind((from, 0))?;
    for address in addresses {
        // The error may be that of an earlier address at which there is no host.
        if let Err(error) = socket.send_to(&[], (address, DISCARD)) {
            tracing::debug!(%address, %error, "no ARP probe sent");
        }
    }
    Ok(())
}
