//! Limits on what is answered per address.
//!
//! A forged source address must neither draw many packets to the host that has it, nor keep that host from
//! this server. Two rules follow.
//!
//! A limit counts answers, and never blocks an address. Beyond it, the ports next to that of the address's last
//! complete transfer have a limit of their own, as phones use the next port for the next file, and a sample of
//! the other requests is answered (`sample`).
//!
//! A guess of a transfer port costs only the transfer that it is for. Its sender pays more: it sees no packet, so
//! it does not know which of its guesses is right, and must send every ACK of a file with each of them. One guess
//! in 256 is right, so a file of n blocks takes it 256 times n + 1 packets, half a million for 1 MB, and the host
//! at the address ends that transfer before by an ICMP error, if it sends them.

use std::{
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, SocketAddrV4},
    time::{Duration, Instant},
};

use super::sample::RequestSample;
use crate::limits::{Rate, TokenBucket};

/// Requests per second that are answered per address in the long run. Every well-formed request
/// should get an answer, because a phone without one waits a minute; this limit only keeps a flood
/// of requests with a forged address from becoming a flood of answers.
pub const REQUESTS_PER_SECOND: u32 = 200;

/// Requests that are answered at once per address after a quiet period: a thousand requests that are
/// never acknowledged leave room for the others of the same address.
pub const REQUESTS_BURST: u32 = 2_048;

/// Ports after that of the last complete transfer whose requests have a limit of their own. Phones use the
/// next port for each file, found or not, and for a file without an answer three.
pub const NEXT_PORTS: u16 = 16;

/// Requests per second that are answered from these ports.
pub const NEXT_PER_SECOND: u32 = 20;

/// How long these ports are remembered. A phone between two files writes for minutes.
pub const NEXT_REMEMBERED: Duration = Duration::from_mins(15);

/// Guesses of transfer ports in one address, one a minute forgotten, before they are reported: a single one
/// may be a late ACK.
pub const GUESSES_UNREPORTED: u32 = 5;

/// Interval between reports of forged packets in one address.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(30);

/// Interval between answers to malformed packets, and between answers to unknown transfer IDs, per
/// address.
pub const STRAY_INTERVAL: Duration = Duration::from_secs(1);

/// Number of addresses that the limits can distinguish.
pub const ADDRESSES: usize = 4_096;

/// Requests that one address gets answered.
const REQUESTS: Rate = Rate::per_second(REQUESTS_PER_SECOND, REQUESTS_BURST);

/// The same from the ports after that of its last complete transfer.
const NEXT: Rate = Rate::per_second(NEXT_PER_SECOND, NEXT_PER_SECOND);

const GUESSES: Rate = Rate::one_each(Duration::from_mins(1), GUESSES_UNREPORTED);

const REPORTS: Rate = Rate::one_per(REPORT_INTERVAL);

/// Answers to malformed packets, per address; and the same for unknown transfer IDs.
const STRAYS: Rate = Rate::one_per(STRAY_INTERVAL);

/// How a well-formed request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// As usual.
    Full,
    /// With one packet, and no retransmission by the server: the address sent too many requests.
    Once,
    /// Not at all.
    Refused,
}

#[derive(Debug, Clone, Copy)]
struct AddressBudget {
    address: Ipv4Addr,
    requests: TokenBucket,
    next: TokenBucket,
    sample: RequestSample,
    strays: TokenBucket,
    strangers: TokenBucket,
    guesses: TokenBucket,
    reports: TokenBucket,
    /// The client port of the last complete transfer, and when that ended.
    proven: Option<(u16, Instant)>,
}

impl AddressBudget {
    fn new(address: Ipv4Addr) -> Self {
        Self {
            address,
            requests: TokenBucket::default(),
            next: TokenBucket::default(),
            sample: RequestSample::default(),
            strays: TokenBucket::default(),
            strangers: TokenBucket::default(),
            guesses: TokenBucket::default(),
            reports: TokenBucket::default(),
            proven: None,
        }
    }

    fn is_idle(&self, now: Instant) -> bool {
        self.guesses.is_full(now)
            && self.requests.is_full(now)
            && self.strays.is_full(now)
            && self.strangers.is_full(now)
    }

    fn is_next(&self, now: Instant, port: u16) -> bool {
        self.proven.is_some_and(|(proven, at)| {
            port.wrapping_sub(proven) <= NEXT_PORTS && now < at + NEXT_REMEMBERED
        })
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
        Self {
            budgets: vec![AddressBudget::new(Ipv4Addr::UNSPECIFIED); ADDRESSES],
            hasher: RandomState::new(),
        }
    }
}

impl AnswerLimiter {
    /// How to answer a well-formed request of this peer.
    pub fn request(&mut self, now: Instant, peer: SocketAddrV4) -> Admission {
        let port = peer.port();
        let hash = self.hasher.hash_one(peer);
        let budget = self.budget(now, *peer.ip());
        if budget.requests.take(now, REQUESTS)
            || (budget.is_next(now, port) && budget.next.take(now, NEXT))
        {
            Admission::Full
        } else if budget.sample.take(now, hash) {
            Admission::Once
        } else {
            Admission::Refused
        }
    }

    /// The peer proved its address by completing a transfer: its request does not count.
    pub fn proved(&mut self, now: Instant, peer: SocketAddrV4) {
        let budget = self.budget(now, *peer.ip());
        budget.requests.give_back(REQUESTS);
        budget.proven = Some((peer.port(), now));
    }

    /// An ACK for this address reached a wrong transfer port, as if its sender guessed the port. Returns
    /// whether to report it.
    pub fn guessed(&mut self, now: Instant, address: Ipv4Addr) -> bool {
        let budget = self.budget(now, address);
        !budget.guesses.take(now, GUESSES) && budget.reports.take(now, REPORTS)
    }

    /// A request of this address was beyond its limit. Returns whether to report it.
    pub fn flooded(&mut self, now: Instant, address: Ipv4Addr) -> bool {
        self.budget(now, address).reports.take(now, REPORTS)
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
            *budget = AddressBudget::new(address);
        }
        budget
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample::SAMPLED_PER_SECOND, *};

    const PHONE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 7);

    const PEER: SocketAddrV4 = SocketAddrV4::new(PHONE, 49_152);

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
                guard.request(start + Duration::from_millis(20) * n, PEER) == Admission::Full,
                "{n}"
            );
        }
    }

    #[test]
    fn a_flood_of_requests_is_limited() {
        let mut guard = AnswerLimiter::default();
        let start = Instant::now();
        let answers = (0..100_000)
            .map(|n| {
                let peer = SocketAddrV4::new(PHONE, u16::try_from(n % 60_000).unwrap());
                guard.request(start + Duration::from_micros(100) * n, peer)
            })
            .collect::<Vec<_>>();
        let count = |wanted| answers.iter().filter(|answer| **answer == wanted).count();
        let due = (REQUESTS_BURST + 10 * REQUESTS_PER_SECOND) as usize;
        let full = count(Admission::Full);
        assert!(full.abs_diff(due) <= 1, "{full}");
        let once = count(Admission::Once);
        assert!(once <= 10 * SAMPLED_PER_SECOND as usize + 8, "{once}");
    }

    #[test]
    fn requests_of_a_proven_peer_do_not_count() {
        let mut guard = AnswerLimiter::default();
        let now = Instant::now();
        for _ in 0..10 * REQUESTS_BURST {
            assert_eq!(guard.request(now, PEER), Admission::Full);
            guard.proved(now, PEER);
        }
    }

    #[test]
    fn many_addresses_take_no_more_memory() {
        let mut guard = AnswerLimiter::default();
        let now = Instant::now();
        for address in 0..50_000_u32 {
            let address = Ipv4Addr::from_bits(0x7f00_0000 + address);
            guard.request(now, SocketAddrV4::new(address, 49_152));
        }
        assert_eq!(guard.budgets.len(), ADDRESSES);
    }
}
