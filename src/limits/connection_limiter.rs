//! A limit on connections that are open at once, per address and in all.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts open connections. Clones share the count.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionLimiter(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    total: usize,
    per_address: usize,
    open: Mutex<HashMap<Ipv4Addr, usize>>,
}

impl Counts {
    /// The counts stay correct if a thread panics while it holds the lock.
    fn open(&self) -> MutexGuard<'_, HashMap<Ipv4Addr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionLimiter {
    /// A limiter that permits `per_address` connections of each address and `total` in all.
    pub(crate) fn new(per_address: usize, total: usize) -> Self {
        Self(Arc::new(Counts {
            total,
            per_address,
            open: Mutex::default(),
        }))
    }

    /// A permit for one more connection. `None`: a limit is reached.
    pub(crate) fn acquire(&self, address: Ipv4Addr) -> Option<ConnectionPermit> {
        let mut open = self.0.open();
        let total: usize = open.values().sum();
        let of_address = open.get(&address).copied().unwrap_or(0);
        if total >= self.0.total || of_address >= self.0.per_address {
            return None;
        }
        open.insert(address, of_address + 1);
        Some(ConnectionPermit {
            counts: Arc::clone(&self.0),
            address,
        })
    }

    /// Whether no connection of any address is permitted.
    pub(crate) fn is_full(&self) -> bool {
        self.0.open().values().sum::<usize>() >= self.0.total
    }
}

/// Permission for one connection; given back when dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    counts: Arc<Counts>,
    address: Ipv4Addr,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut open = self.counts.open();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_limited_per_address_and_in_total_and_are_returned() {
        let limiter = ConnectionLimiter::new(2, 3);
        let [one, two] = [1, 2].map(|last| Ipv4Addr::new(192, 0, 2, last));
        let mut permits: Vec<_> = (0..5).filter_map(|_| limiter.acquire(one)).collect();
        assert_eq!(permits.len(), 2);
        assert!(!limiter.is_full());
        permits.extend(limiter.clone().acquire(two));
        assert!(limiter.is_full());
        assert!(limiter.acquire(two).is_none(), "in all");
        permits.clear();
        assert!(limiter.0.open().is_empty());
        assert!(limiter.acquire(two).is_some());
    }
}
