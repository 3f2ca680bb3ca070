//! A limit per address and time window, with a limit for all addresses together.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// Addresses that are counted at once. Messages from further addresses are refused until a
/// window ends.
const MAX_ADDRESSES: usize = 4096;

/// Counts messages per address in fixed windows. Unlike a [`super::TokenBucket`] it also returns
/// the index of each message in its window.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    window: Duration,
    per_address: u32,
    total: u32,
    addresses: HashMap<Ipv4Addr, Window>,
    all: Option<Window>,
    last_sweep: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    start: Instant,
    messages: u32,
}

impl RateLimiter {
    /// A limiter that admits `per_address` messages of each address and `total` of all addresses
    /// per window.
    pub(crate) fn new(window: Duration, per_address: u32, total: u32) -> Self {
        Self {
            window,
            per_address,
            total,
            addresses: HashMap::new(),
            all: None,
            last_sweep: None,
        }
    }

    /// Counts a message and returns its index in the window of its address, from 0. `None`: the
    /// message is over a limit.
    pub(crate) fn admit(&mut self, now: Instant, address: Ipv4Addr) -> Option<u32> {
        let is_over = |start: Instant| now.saturating_duration_since(start) >= self.window;
        let new = Window {
            start: now,
            messages: 0,
        };
        let mut all = self.all.filter(|all| !is_over(all.start)).unwrap_or(new);
        if all.messages >= self.total {
            return None;
        }
        if self.addresses.len() >= MAX_ADDRESSES && !self.addresses.contains_key(&address) {
            // At most once per window: a flood must not cause a sweep with each message.
            if self.last_sweep.is_none_or(is_over) {
                self.last_sweep = Some(now);
                self.addresses.retain(|_, window| !is_over(window.start));
            }
            if self.addresses.len() >= MAX_ADDRESSES {
                return None;
            }
        }
        let window = self.addresses.entry(address).or_insert(new);
        if is_over(window.start) {
            *window = new;
        }
        if window.messages >= self.per_address {
            return None;
        }
        let index = window.messages;
        window.messages += 1;
        all.messages += 1;
        self.all = Some(all);
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_millis(200);

    fn address(number: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(0x0a00_0000 + number)
    }

    #[test]
    fn each_address_has_its_limit_per_window() {
        let mut limiter = RateLimiter::new(WINDOW, 2, 100);
        let start = Instant::now();
        let mut at = |millis| limiter.admit(start + Duration::from_millis(millis), address(1));
        assert_eq!([at(0), at(1), at(199)], [Some(0), Some(1), None]);
        assert_eq!([at(200), at(201), at(202)], [Some(0), Some(1), None]);
    }

    #[test]
    fn all_addresses_together_have_a_limit_per_window() {
        let mut limiter = RateLimiter::new(WINDOW, 2, 3);
        let start = Instant::now();
        let admitted = (0..9).filter(|number| limiter.admit(start, address(*number)).is_some());
        assert_eq!(admitted.count(), 3);
        assert_eq!(limiter.admit(start + WINDOW, address(9)), Some(0));
    }

    #[test]
    fn the_number_of_counted_addresses_is_bounded() {
        let mut limiter = RateLimiter::new(WINDOW, 1, u32::MAX);
        let start = Instant::now();
        let admitted =
            (0..10_000).filter(|number| limiter.admit(start, address(*number)).is_some());
        assert_eq!(admitted.count(), MAX_ADDRESSES);
        assert_eq!(limiter.admit(start + WINDOW, address(20_000)), Some(0));
        assert_eq!(limiter.addresses.len(), 1);
    }
}
