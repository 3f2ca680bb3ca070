//! Limits: transfers at once, and a bounded table that limits answers per address.

use std::{
    hash::{BuildHasher, RandomState},
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use super::options::{BLOCK_ASKED, BLOCK_GRANTED_MAX};
use crate::limits::{Rate, TokenBucket};

/// Maximum number of concurrent transfers to one address, unless configured otherwise. A phone uses
/// two, and a router may hide a floor of phones behind one address. A further request replaces the
/// oldest transfer of the address that has no ACK.
pub const TRANSFERS_PER_ADDRESS: usize = 512;

/// Maximum number of concurrent transfers, unless configured otherwise.
pub const TRANSFERS: usize = 2_048;

/// Requests per second that are answered per address in the long run. Every well-formed request
/// should get an answer, because a phone without one waits a minute; this limit only keeps a flood
/// of requests with a forged address from becoming a flood of answers.
pub const REQUESTS_PER_SECOND: u32 = 200;

/// Requests that are answered at once per address after a quiet period: a thousand requests that are
/// never acknowledged leave room for the others of the same address.
pub const REQUESTS_BURST: u32 = 2_048;

/// Guesses of a transfer's port, per address, before its further requests wait.
pub const GUESSES_BURST: u32 = 5;

/// Interval between guesses after that: so long no request of the address is answered.
pub const GUESS_INTERVAL: Duration = Duration::from_secs(2);

/// Interval between answers to malformed packets, and between answers to unknown transfer IDs, per
/// address.
pub const STRAY_INTERVAL: Duration = Duration::from_secs(1);

/// How often a request that is not decided yet is passed to the service again.
pub const DEFER_INTERVAL: Duration = Duration::from_millis(25);

/// Maximum number of requests that wait for a decision. A further one forces the decision about the
/// oldest.
pub const DEFERRED_MAX: usize = 64;

/// Number of addresses that the limits can distinguish.
pub const ADDRESSES: usize = 4_096;

/// The longest name that is passed to the service, in bytes.
pub const NAME_MAX: usize = 200;

/// Maximum number of bytes kept of a peer's ERROR text.
pub const ERROR_TEXT_MAX: usize = 200;

/// The limits of one engine.
#[derive(Debug, Clone, Copy)]
pub struct EngineLimits {
    /// Maximum number of concurrent transfers to one address.
    pub transfers_per_address: usize,
    /// Maximum number of concurrent transfers.
    pub transfers: usize,
    /// The largest block that is granted, in bytes: at most the MTU less 32.
    pub block_max: u16,
}

impl Default for EngineLimits {
    fn default() -> Self {
        Self {
            transfers_per_address: TRANSFERS_PER_ADDRESS,
            transfers: TRANSFERS,
            block_max: BLOCK_GRANTED_MAX,
        }
    }
}

impl EngineLimits {
    /// The largest block that is granted, clamped to the range of RFC 2348.
    #[must_use]
    pub(super) fn block_max(&self) -> u16 {
        let clamped = u64::from(self.block_max).clamp(*BLOCK_ASKED.start(), *BLOCK_ASKED.end());
        u16::try_from(clamped).expect("RFC 2348 ends below 65536")
    }
}

/// Requests that one address gets answered.
const REQUESTS: Rate = Rate::per_second(REQUESTS_PER_SECOND, REQUESTS_BURST);

/// Guesses of transfer ports, per address: one a minute is forgotten.
const GUESSES: Rate = Rate::one_each(Duration::from_mins(1), GUESSES_BURST);

/// Answers to malformed packets, per address; and the same for unknown transfer IDs.
const STRAYS: Rate = Rate::one_per(STRAY_INTERVAL);

#[derive(Debug, Clone, Copy)]
struct AddressBudget {
    address: Ipv4Addr,
    requests: TokenBucket,
    strays: TokenBucket,
    strangers: TokenBucket,
    guesses: TokenBucket,
    blocked_until: Option<Instant>,
}

impl AddressBudget {
    fn is_idle(&self, now: Instant) -> bool {
        self.guesses.is_full(now)
            && self.requests.is_full(now)
            && self.strays.is_full(now)
            && self.strangers.is_full(now)
    }
}

/// Limits answers per address in a table of fixed size: an address hashes to one budget and shares it
/// only while another address uses it.
#[derive(Debug)]
pub struct AnswerLimiter {
    budgets: Vec<AddressBudget>,
    hasher: RandomState,
}

impl Default for AnswerLimiter {
    fn default() -> Self {
        let empty = AddressBudget {
            address: Ipv4Addr::UNSPECIFIED,
            requests: TokenBucket::default(),
            strays: TokenBucket::default(),
            strangers: TokenBucket::default(),
            guesses: TokenBucket::default(),
            blocked_until: None,
        };
        Self {
            budgets: vec![empty; ADDRESSES],
            hasher: RandomState::new(),
        }
    }
}

impl AnswerLimiter {
    /// Whether to answer a well-formed request from this address.
    pub fn request(&mut self, now: Instant, address: Ipv4Addr) -> bool {
        let budget = self.budget(now, address);
        let is_blocked = budget.blocked_until.is_some_and(|until| now < until);
        !is_blocked && budget.requests.take(now, REQUESTS)
    }

    /// The peer proved its address by completing a transfer: its request does not count.
    pub fn proved(&mut self, now: Instant, address: Ipv4Addr) {
        self.budget(now, address).requests.give_back(REQUESTS);
    }

    /// An ACK for this address reached a wrong transfer port, as if its sender guessed the port.
    pub fn guessed(&mut self, now: Instant, address: Ipv4Addr) {
        let budget = self.budget(now, address);
        if !budget.guesses.take(now, GUESSES) {
            budget.blocked_until = Some(now + GUESS_INTERVAL);
        }
    }

    /// Whether to answer a malformed packet from this address.
    pub fn stray(&mut self, now: Instant, address: Ipv4Addr) -> bool {
        self.budget(now, address).strays.take(now, STRAYS)
    }

    /// Whether to answer an unknown transfer ID from this address.
    pub fn stranger(&mut self, now: Instant, address: Ipv4Addr) -> bool {
        self.budget(now, address).strangers.take(now, STRAYS)
    }

    fn budget(&mut self, now: Instant, address: Ipv4Addr) -> &mut AddressBudget {
        let many = self.budgets.len() as u64;
        let at = usize::try_from(self.hasher.hash_one(address) % many)
            .expect("a remainder of the table's length");
        let budget = &mut self.budgets[at];
        if budget.address != address && budget.is_idle(now) {
            *budget = AddressBudget {
                address,
                requests: TokenBucket::default(),
                strays: TokenBucket::default(),
                strangers: TokenBucket::default(),
                guesses: TokenBucket::default(),
                blocked_until: None,
            };
        }
        budget
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 7);

    #[test]
    fn a_stray_is_answered_once_a_second() {
        let mut guard = AnswerLimiter::default();
        let start = Instant::now();
        let answers = (0..3_000)
            .filter(|&ms| guard.stray(start + Duration::from_millis(ms), PHONE))
            .count();
        assert_eq!(answers, 3);
    }

    #[test]
    fn fifty_requests_a_second_are_never_limited() {
        let mut guard = AnswerLimiter::default();
        let start = Instant::now();
        for n in 0..5_000 {
            assert!(
                guard.request(start + Duration::from_millis(20) * n, PHONE),
                "{n}"
            );
        }
    }

    #[test]
    fn a_flood_of_requests_is_limited() {
        let mut guard = AnswerLimiter::default();
        let start = Instant::now();
        let answers = (0..100_000)
            .filter(|&n| guard.request(start + Duration::from_micros(100) * n, PHONE))
            .count();
        let due = (REQUESTS_BURST + 10 * REQUESTS_PER_SECOND) as usize;
        assert!(answers.abs_diff(due) <= 1, "{answers}");
    }

    #[test]
    fn requests_of_a_proven_peer_do_not_count() {
        let mut guard = AnswerLimiter::default();
        let now = Instant::now();
        for _ in 0..10 * REQUESTS_BURST {
            assert!(guard.request(now, PHONE));
            guard.proved(now, PHONE);
        }
    }

    #[test]
    fn many_addresses_take_no_more_memory() {
        let mut guard = AnswerLimiter::default();
        let now = Instant::now();
        for address in 0..50_000_u32 {
            guard.request(now, Ipv4Addr::from_bits(0x7f00_0000 + address));
        }
        assert_eq!(guard.budgets.len(), ADDRESSES);
    }

    #[test]
    fn a_block_limit_out_of_range_is_clamped() {
        for (asked, got) in [(0, 8), (1468, 1468), (65_535, 65_464)] {
            let limits = EngineLimits {
                block_max: asked,
                ..EngineLimits::default()
            };
            assert_eq!(limits.block_max(), got);
        }
    }
}
