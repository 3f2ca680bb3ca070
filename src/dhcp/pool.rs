//! The addresses that may be given: those of one subnet, less those that are somebody's.

use std::{collections::BTreeSet, net::Ipv4Addr};

use crate::phone::MacAddress;

/// Addresses that a pool has at most, whatever the subnet's size: more phones than one switch of
/// their own has, and half of what the kernel's table of neighbours holds (`gc_thresh3`, 1024),
/// as each is looked for.
pub const MAX_POOL: u32 = 512;

/// Part of a subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    first: u32,
    count: u32,
    mask: u32,
    excluded: BTreeSet<Ipv4Addr>,
}

impl Pool {
    /// The pool of the subnet that `own` with this prefix length is in. `excluded` are given to
    /// nobody; nor are the subnet's first and last address and `own`. `None`: there is none to
    /// give.
    #[must_use]
    pub fn new(own: Ipv4Addr, prefix: u8, excluded: &[Ipv4Addr]) -> Option<Self> {
        // /31 and /32 have no addresses beside the ends.
        if prefix > 30 {
            return None;
        }
        let mask = mask_of(prefix);
        let network = u32::from(own) & mask;
        let last = network | !mask;
        let count = (last - network - 1).min(MAX_POOL);
        let mut pool = Self {
            first: network + 1,
            count,
            mask,
            excluded: excluded.iter().copied().collect(),
        };
        pool.excluded.insert(own);
        let any = pool.candidates(MacAddress::new([0; 6])).next().is_some();
        any.then_some(pool)
    }

    /// The subnet's mask.
    #[must_use]
    pub fn mask(&self) -> Ipv4Addr {
        self.mask.into()
    }

    /// Whether an address may be given to somebody.
    #[must_use]
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        let place = u32::from(address).checked_sub(self.first);
        place.is_some_and(|place| place < self.count) && !self.excluded.contains(&address)
    }

    /// Every address that may be given, each once, in an order of the phone's own: so a phone
    /// gets the address again that it had from another run of this server.
    pub fn candidates(&self, mac: MacAddress) -> impl Iterator<Item = Ipv4Addr> {
        // FNV-1a, 32 bits: spreads phones of neighbouring MACs; nothing depends on secrecy.
        let hash = mac.bytes().iter().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        });
        let start = hash % self.count;
        (0..self.count)
            .map(move |step| self.first + (start + step) % self.count)
            .map(Ipv4Addr::from)
            .filter(|address| !self.excluded.contains(address))
    }
}

/// The mask of a prefix length up to 32.
fn mask_of(prefix: u8) -> u32 {
    u32::MAX
        .checked_shl(32 - u32::from(prefix.min(32)))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pool_is_its_subnet_without_its_ends_and_what_is_taken() {
        let own = Ipv4Addr::new(192, 0, 2, 9);
        let taken = Ipv4Addr::new(192, 0, 2, 10);
        let pool = Pool::new(own, 29, &[taken]).unwrap();
        assert_eq!(pool.mask(), Ipv4Addr::new(255, 255, 255, 248));
        let mut all: Vec<u8> = pool
            .candidates(MacAddress::new([2; 6]))
            .map(|address| address.octets()[3])
            .collect();
        all.sort_unstable();
        assert_eq!(all, [11, 12, 13, 14]);
        assert!(!pool.contains(own) && !pool.contains(taken));
        assert!(!pool.contains(Ipv4Addr::new(192, 0, 2, 15)), "broadcast");
        assert!(!pool.contains(Ipv4Addr::new(192, 0, 2, 8)), "the network");
        assert!(pool.contains(Ipv4Addr::new(192, 0, 2, 14)));
    }

    #[test]
    fn a_subnet_of_hosts_alone_has_nothing_to_give() {
        let own = Ipv4Addr::new(192, 0, 2, 1);
        assert_eq!(Pool::new(own, 32, &[]), None);
        assert_eq!(Pool::new(own, 31, &[]), None);
        assert_eq!(Pool::new(own, 30, &[Ipv4Addr::new(192, 0, 2, 2)]), None);
    }

    proptest! {
        #[test]
        fn what_is_given_is_in_the_pool(own: u32, prefix in 0_u8..=32, mac: [u8; 6]) {
            let own = Ipv4Addr::from(own);
            if let Some(pool) = Pool::new(own, prefix, &[]) {
                let all: Vec<_> = pool.candidates(MacAddress::new(mac)).collect();
                prop_assert!(all.len() <= MAX_POOL as usize);
                prop_assert!(all.iter().all(|address| pool.contains(*address) && *address != own));
                let unique: BTreeSet<_> = all.iter().collect();
                prop_assert_eq!(unique.len(), all.len());
            }
        }
    }
}
