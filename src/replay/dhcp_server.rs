//! Lines of the DHCP servers of dnsmasq and ISC, which show the address of a MAC:
//!
//! ```text
//! dnsmasq-dhcp[20]: DHCPACK(eth0) 192.0.2.9 00:1d:45:aa:bb:01 SEP001D45AABB01
//! dhcpd[20]: DHCPACK on 192.0.2.9 to 00:1d:45:aa:bb:01 (SEP001D45AABB01) via eth0
//! ```

use super::{log_line::address, server_line::ServerMessage};

/// Reads a line. Accepts any text.
pub(super) fn read(text: &str) -> Option<ServerMessage<'_>> {
    let words = || text.strip_prefix("DHCPACK").map(str::split_whitespace);
    Some(ServerMessage::Leased {
        address: words()?.find_map(address)?,
        mac: words()?
            .filter(|word| word.contains(':'))
            .find_map(|word| word.parse().ok())?,
    })
}
