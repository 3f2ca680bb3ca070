//! Which hosts answer no ARP request, as the kernel's table shows (proc(5), /proc/net/arp).

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read as _},
    net::Ipv4Addr,
    time::{Duration, Instant},
};

const FILE: &str = "/proc/net/arp";

/// Bytes of the table that are read: about 10,000 entries.
const MAX_BYTES: u64 = 1024 * 1024;

/// How old what was read of the table may be. It is read only while frames wait for ARP replies.
const MAX_AGE: Duration = Duration::from_millis(250);

/// The addresses without a MAC address.
#[derive(Debug, Default)]
pub(super) struct Unresolved {
    addresses: HashSet<Ipv4Addr>,
    read_at: Option<Instant>,
}

impl Unresolved {
    /// Whether the kernel requested the MAC address of this address and has no reply. Reads the table if
    /// what was read is too old.
    pub(super) fn contains(&mut self, now: Instant, address: Ipv4Addr) -> bool {
        if self.read_at.is_none_or(|at| now >= at + MAX_AGE) {
            self.read_at = Some(now);
            self.addresses = read().map_or_else(
                |error| {
                    tracing::debug!(%error, "cannot read {FILE}");
                    HashSet::new()
                },
                |text| incomplete(&text),
            );
        }
        self.addresses.contains(&address)
    }
}

fn read() -> io::Result<String> {
    let mut text = String::new();
    File::open(FILE)?
        .take(MAX_BYTES)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// The addresses of entries without the flag `ATF_COM`.
fn incomplete(table: &str) -> HashSet<Ipv4Addr> {
    /// The entry is complete.
    const ATF_COM: u32 = 2;
    let entries = table.lines().skip(1).filter_map(|line| {
        let mut fields = line.split_whitespace();
        let address = fields.next()?.parse().ok()?;
        let flags = fields.nth(1)?.strip_prefix("0x")?;
        let flags = u32::from_str_radix(flags, 16).ok()?;
        (flags & ATF_COM == 0).then_some(address)
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_without_a_reply_are_unresolved() {
        let table = "IP address       HW type     Flags       HW address            Mask     Device\n\
            192.0.2.120      0x1         0x0         00:00:00:00:00:00     *        eth0\n\
            192.0.2.101      0x1         0x2         02:52:45:48:00:00     *        eth0\n\
            192.0.2.102      0x1         0x6         02:52:45:48:00:01     *        eth0\n\
            192.0.2.300      0x1         0x0\nx\n\n192.0.2.9 0x1\n";
        let unresolved = HashSet::from([Ipv4Addr::new(192, 0, 2, 120)]);
        assert_eq!(incomplete(table), unresolved);
        assert_eq!(incomplete(""), HashSet::new());
    }
}
