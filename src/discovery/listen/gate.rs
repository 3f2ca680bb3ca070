//! How much is taken from one address, and from all.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// Addresses that are remembered. Where more speak in one window, the others are passed over.
const ADDRESSES: usize = 4096;

/// Counts messages an address and window. Whoever sends may write any address as its own, so
/// that there is a limit for all of them together too.
#[derive(Debug)]
pub(super) struct Gate {
    window: Duration,
    each: u32,
    all: u32,
    /// The beginning of each address's window, and its messages since.
    places: HashMap<Ipv4Addr, (Instant, u32)>,
    /// The same for everybody.
    total: Option<(Instant, u32)>,
    swept: Option<Instant>,
}

impl Gate {
    /// Lets `each` messages of an address and `all` of everybody pass in a window.
    pub(super) fn new(window: Duration, each: u32, all: u32) -> Self {
        Self {
            window,
            each,
            all,
            places: HashMap::new(),
            total: None,
            swept: None,
        }
    }

    /// The place of this message in the window of its address, from 0; `None`: it is one too
    /// many.
    pub(super) fn pass(&mut self, now: Instant, address: Ipv4Addr) -> Option<u32> {
        let is_over = |from: Instant| now.saturating_duration_since(from) >= self.window;
        let (began, count) = self
            .total
            .filter(|(from, _)| !is_over(*from))
            .unwrap_or((now, 0));
        if count >= self.all {
            return None;
        }
        if self.places.len() >= ADDRESSES && !self.places.contains_key(&address) {
            // At most once a window, so that a flood does not pay for a search with each message.
            if self.swept.is_none_or(is_over) {
                self.swept = Some(now);
                self.places.retain(|_, (from, _)| !is_over(*from));
            }
            if self.places.len() >= ADDRESSES {
                return None;
            }
        }
        let place = self.places.entry(address).or_insert((now, 0));
        if is_over(place.0) {
            *place = (now, 0);
        }
        if place.1 >= self.each {
            return None;
        }
        place.1 += 1;
        self.total = Some((began, count + 1));
        Some(place.1 - 1)
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
    fn an_address_has_its_share_of_each_window() {
        let mut gate = Gate::new(WINDOW, 2, 100);
        let began = Instant::now();
        let mut at = |millis| gate.pass(began + Duration::from_millis(millis), address(1));
        assert_eq!([at(0), at(1), at(199)], [Some(0), Some(1), None]);
        assert_eq!([at(200), at(201), at(202)], [Some(0), Some(1), None]);
    }

    #[test]
    fn so_have_all_together() {
        let mut gate = Gate::new(WINDOW, 2, 3);
        let began = Instant::now();
        let passed = (0..9).filter(|number| gate.pass(began, address(*number)).is_some());
        assert_eq!(passed.count(), 3);
        assert_eq!(gate.pass(began + WINDOW, address(9)), Some(0));
    }

    #[test]
    fn no_number_of_addresses_makes_it_grow_for_ever() {
        let mut gate = Gate::new(WINDOW, 1, u32::MAX);
        let began = Instant::now();
        let passed = (0..10_000).filter(|number| gate.pass(began, address(*number)).is_some());
        assert_eq!(passed.count(), ADDRESSES);
        assert_eq!(gate.pass(began + WINDOW, address(20_000)), Some(0));
        assert_eq!(gate.places.len(), 1);
    }
}
