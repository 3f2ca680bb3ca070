//! Which peer has which transfer, and which peers had one recently.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, Hasher, RandomState},
    net::SocketAddrV4,
    time::{Duration, Instant},
};

use super::TransferPort;

/// How long a peer is remembered after its transfer. A late ACK must not count for the peer's next
/// transfer, which therefore uses the other port; and a repeated final ACK must not be answered as
/// an unknown transfer ID.
pub const MEMORY: Duration = Duration::from_secs(10);

/// Maximum number of peers remembered after their transfers.
pub const REMEMBERED: usize = 16_384;

/// The state of a peer (address and port).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// It has the transfer in this slot.
    Busy {
        /// Index into the engine's slots.
        slot: usize,
        /// The slot of a second transfer, for a request in the middle of the first: the network duplicated
        /// it, the phone restarted, or the request is forged. The next ACK shows which.
        second: Option<usize>,
        /// Another port that served it within [`MEMORY`], so that late packets may arrive there.
        previous: Option<TransferPort>,
    },
    /// Its transfer ended recently.
    Left {
        /// The port that served it.
        port: TransferPort,
        /// When it ended.
        at: Instant,
        /// Whether it has no reason to send more, so that further packets are late ones.
        quiet: bool,
    },
}

/// All peers that have or recently had a transfer.
#[derive(Debug, Default)]
pub struct Peers {
    known: HashMap<u64, Peer, Seed>,
    left: VecDeque<(Instant, u64)>,
}

impl Peers {
    /// The state of this peer.
    #[must_use]
    pub fn get(&self, now: Instant, peer: SocketAddrV4) -> Option<Peer> {
        let found = *self.known.get(&key(peer))?;
        match found {
            Peer::Left { at, .. } if now >= at + MEMORY => None,
            found => Some(found),
        }
    }

    /// Records a transfer. `previous`: another port that may receive late packets of this peer.
    pub fn begin(&mut self, peer: SocketAddrV4, slot: usize, previous: Option<TransferPort>) {
        let busy = Peer::Busy {
            slot,
            second: None,
            previous,
        };
        self.known.insert(key(peer), busy);
    }

    /// Records a second transfer beside the one in `slot`. `previous`: as with [`Peers::begin`].
    pub fn begin_second(
        &mut self,
        peer: SocketAddrV4,
        (slot, second): (usize, usize),
        previous: Option<TransferPort>,
    ) {
        let busy = Peer::Busy {
            slot,
            second: Some(second),
            previous,
        };
        self.known.insert(key(peer), busy);
    }

    /// Records the end of a transfer.
    pub fn end(&mut self, now: Instant, peer: SocketAddrV4, port: TransferPort, quiet: bool) {
        self.forget(now);
        let left = Peer::Left {
            port,
            at: now,
            quiet,
        };
        self.known.insert(key(peer), left);
        self.left.push_back((now, key(peer)));
    }

    /// Drops entries that are too old or too many.
    fn forget(&mut self, now: Instant) {
        while let Some(&(ended, key)) = self.left.front() {
            if self.left.len() < REMEMBERED && now < ended + MEMORY {
                break;
            }
            self.left.pop_front();
            if matches!(self.known.get(&key), Some(Peer::Left { at, .. }) if *at == ended) {
                self.known.remove(&key);
            }
        }
    }
}

fn key(peer: SocketAddrV4) -> u64 {
    u64::from(peer.ip().to_bits()) << 16 | u64::from(peer.port())
}

/// A hash of one multiplication with a secret factor; computed once per packet.
#[derive(Debug, Clone)]
struct Seed(u64);

impl Default for Seed {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0) | 1)
    }
}

impl BuildHasher for Seed {
    type Hasher = Folded;
    fn build_hasher(&self) -> Folded {
        Folded {
            seed: self.0,
            state: 0,
        }
    }
}

#[derive(Debug)]
struct Folded {
    seed: u64,
    state: u64,
}

impl Hasher for Folded {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(byte.into());
        }
    }

    fn write_u64(&mut self, value: u64) {
        let product =
            u128::from(self.state ^ value ^ self.seed.rotate_left(32)) * u128::from(self.seed);
        let bytes = product.to_le_bytes();
        let (low, high) = bytes.split_at(8);
        let half = |half: &[u8]| u64::from_le_bytes(half.try_into().expect("half of 16 bytes"));
        self.state = half(low) ^ half(high);
    }

    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const FIRST: TransferPort = TransferPort::new(0);
    const SECOND: TransferPort = TransferPort::new(1);

    fn peer(port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
    }

    #[test]
    fn a_peer_is_remembered_for_ten_seconds() {
        let mut peers = Peers::default();
        let now = Instant::now();
        peers.begin(peer(1), 5, None);
        let busy = Peer::Busy {
            slot: 5,
            second: None,
            previous: None,
        };
        assert_eq!(peers.get(now, peer(1)), Some(busy));
        assert_eq!(peers.get(now, peer(2)), None);
        peers.end(now, peer(1), SECOND, true);
        let almost = now + MEMORY.mul_f32(0.99);
        assert!(matches!(
            peers.get(almost, peer(1)),
            Some(Peer::Left { port: SECOND, .. })
        ));
        assert_eq!(peers.get(now + MEMORY, peer(1)), None);
    }

    #[test]
    fn a_peer_with_a_new_transfer_is_not_forgotten() {
        let mut peers = Peers::default();
        let now = Instant::now();
        peers.begin(peer(1), 5, None);
        peers.end(now, peer(1), FIRST, true);
        peers.begin(peer(1), 6, Some(FIRST));
        peers.end(now + MEMORY, peer(2), FIRST, true);
        assert_eq!(
            peers.get(now + MEMORY, peer(1)),
            Some(Peer::Busy {
                slot: 6,
                second: None,
                previous: Some(FIRST),
            })
        );
    }

    #[test]
    fn memory_is_bounded() {
        let mut peers = Peers::default();
        let now = Instant::now();
        for port in 0..=u16::MAX {
            peers.begin(peer(port), 0, None);
            peers.end(now, peer(port), FIRST, true);
        }
        assert!(peers.known.len() <= REMEMBERED && peers.left.len() <= REMEMBERED);
        peers.end(now + MEMORY, peer(0), FIRST, true);
        assert_eq!((peers.known.len(), peers.left.len()), (1, 1));
    }
}
