//! The addresses that the server may assign: those of one subnet without reserved ones.

use std::{collections::BTreeSet, net::Ipv4Addr};

use crate::phone::MacAddress;

/// Maximum number of addresses of a pool, whatever the size of the subnet: more than an isolated
/// switch has phones, and half of what the kernel's ARP table holds (`gc_thresh3`, 1024), because
/// each address is probed.
pub const MAX_POOL: u32 = 512;

/// The assignable addresses of a subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    first: u32,
    count: u32,
    mask: u32,
    excluded: BTreeSet<Ipv4Addr>,
}

impl Pool {
    /// The pool of the subnet of `own` with this prefix length, without `excluded`, `own`, and the
    /// subnet's first and last address. `None`: no address is left.
    #[must_use]
    pub fn new(own: Ipv4Addr, prefix: u8, excluded: &[Ipv4Addr]) -> Option<Self> {
        // /31 and /32 have only a first and a last address.
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

    /// Whether the address can be that of a host of the subnet: neither the subnet's first nor its last.
    #[must_use]
    pub fn is_host(&self, address: Ipv4Addr) -> bool {
        let (address, network) = (u32::from(address), self.first - 1);
        address & self.mask == network && address != network && address != network | !self.mask
    }

    /// The number of assignable addresses.
    #[must_use]
    pub fn size(&self) -> usize {
        self.candidates(MacAddress::new([0; 6])).count()
    }

    /// Whether the address may be assigned.
    #[must_use]
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        let place = u32::from(address).checked_sub(self.first);
        place.is_some_and(|place| place < self.count) && !self.excluded.contains(&address)
    }

    /// All assignable addresses, each once, in an order that depends on the phone's MAC: so a phone
    /// gets the same address from a later run of the server.
    pub fn candidates(&self, mac: MacAddress) -> impl Iterator<Item = Ipv4Addr> {
        // FNV-1a, 32 bits: spreads adjacent MACs; it needs no secrecy.
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

/// The mask of a prefix length of up to 32.
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
    fn a_pool_is_its_subnet_without_its_ends_and_excluded_addresses() {
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
    fn a_subnet_without_free_addresses_has_no_pool() {
        let own = Ipv4Addr::new(192, 0, 2, 1);
        assert_eq!(Pool::new(own, 32, &[]), None);
        assert_eq!(Pool::new(own, 31, &[]), None);
        assert_eq!(Pool::new(own, 30, &[Ipv4Addr::new(192, 0, 2, 2)]), None);
    }

    proptest! {
        #[test]
        fn candidates_are_in_the_pool(own: u32, prefix in 0_u8..=32, mac: [u8; 6]) {
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
