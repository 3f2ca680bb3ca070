//! The sockets of a server: the listener and a pool of transfer ports.

use std::{
    hash::{BuildHasher, RandomState},
    num::NonZeroU64,
    time::{Duration, Instant},
};

/// With fewer transfers than this, each has a random one of all ports.
pub(super) const TRANSFERS_ON_ALL_PORTS: usize = 8;

/// Further transfers have a random one of this many ports, so that one system call receives or sends
/// packets of several transfers (docs/measurements.md).
pub(super) const SHARED_PORTS: u16 = 8;

/// Files smaller than this never use the shared ports, however many transfers run: the ACK of a configuration
/// or a manifest proves more than that of an image (docs/states.md, "Requests that count"), and a small file
/// gains nothing from sharing.
pub(super) const UNSHARED_BELOW: u64 = 65_536;

/// After a guess of a port, every transfer has a random one of all ports for this long.
pub(super) const GUESSES_REMEMBERED: Duration = Duration::from_hours(1);

/// One of the source ports of transfers. Which one serves a transfer is random, so a host that sees
/// none of its packets cannot acknowledge them. A peer's next transfer within
/// [`super::peers::MEMORY`] uses another one, so a late ACK cannot count twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferPort(u16);

impl TransferPort {
    /// The port with this index in the pool.
    #[must_use]
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// Whether many transfers may share it.
    pub(crate) fn is_shared(self) -> bool {
        self.0 < SHARED_PORTS
    }

    /// Its index in the pool.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The transfer ports that there are, and the choice among them.
#[derive(Debug)]
pub(crate) struct PortPool {
    ports: u16,
    /// A keyed hash of a counter, with a random key: the next value cannot be predicted from earlier ones.
    random: RandomState,
    chosen: u64,
    /// Until then all ports are used, because one was guessed.
    all_until: Option<Instant>,
    /// For tests: the first free port, always.
    in_order: bool,
}

impl PortPool {
    /// A pool of this many ports, at least two.
    pub(crate) fn new(ports: u16) -> Self {
        Self {
            ports: ports.max(2),
            random: RandomState::new(),
            chosen: 0,
            all_until: None,
            in_order: false,
        }
    }

    #[cfg(test)]
    pub(crate) fn in_order(ports: u16) -> Self {
        Self {
            in_order: true,
            ..Self::new(ports)
        }
    }

    /// Whether an ACK to a wrong port is a guess: with two ports, every other one may be a late ACK.
    pub(crate) fn reveals_guesses(&self) -> bool {
        self.ports > 2
    }

    /// A port was guessed: for some time, each transfer has a random one of all ports.
    pub(crate) fn guessed(&mut self, now: Instant) {
        self.all_until = Some(now + GUESSES_REMEMBERED);
    }

    /// A random port that is none of these, beside this many transfers. If all ports are among them, the
    /// last of these.
    pub(crate) fn choose(
        &mut self,
        now: Instant,
        transfers: usize,
        used: &[TransferPort],
    ) -> TransferPort {
        let is_guessed = self.all_until.is_some_and(|until| now < until);
        let ports = if is_guessed || transfers < TRANSFERS_ON_ALL_PORTS {
            self.ports
        } else {
            self.ports.min(SHARED_PORTS)
        };
        let is_free = |index: &u16| used.iter().all(|port| port.0 != *index);
        let free = (0..ports).filter(is_free).count() as u64;
        let Some(limit) = NonZeroU64::new(free) else {
            return used.last().copied().unwrap_or(TransferPort(0));
        };
        self.chosen += 1;
        let at = if self.in_order {
            0
        } else {
            self.random.hash_one(self.chosen) % limit
        };
        let at = usize::try_from(at).unwrap_or(0);
        let index = (0..ports).filter(is_free).nth(at);
        TransferPort(index.unwrap_or(0))
    }
}

/// The socket that received a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Socket {
    /// The address that receives requests.
    Listener,
    /// Receives ACKs.
    Transfer(TransferPort),
}
