//! Observations on their way to the session, and how many of them found no room.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use tokio::sync::mpsc::{Sender, error::TrySendError};

use crate::track::Observation;

/// Hands observations over without waiting for anybody.
#[derive(Debug)]
pub(crate) struct ObservationQueue {
    queue: Sender<(Instant, Observation)>,
    what: &'static str,
    dropped: AtomicU64,
}

impl ObservationQueue {
    /// Of a queue; `what` is told, in words.
    pub(crate) fn new(queue: Sender<(Instant, Observation)>, what: &'static str) -> Self {
        Self {
            queue,
            what,
            dropped: AtomicU64::new(0),
        }
    }

    /// Hands one over, or counts it where there is no room; the first of those is said. When the
    /// run is over nobody takes any, and nothing is lost.
    pub(crate) fn send(&self, at: Instant, observation: Observation) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send((at, observation))
            && self.dropped.fetch_add(1, Ordering::Relaxed) == 0
        {
            tracing::warn!(
                "there is more of {} than can be taken: some of it is left out",
                self.what
            );
        }
    }

    /// How many found no room.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Says at the end how many found no room, if any did.
    pub(crate) fn end(&self) {
        let dropped = self.dropped();
        if dropped > 0 {
            tracing::warn!(
                "{dropped} observations from {} were left out: there was more than could be taken",
                self.what
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::sync::mpsc;

    use super::*;
    use crate::{
        phone::MacAddress,
        track::{EvidenceSource, ObservationKind},
    };

    #[test]
    fn what_finds_no_room_is_counted_and_what_nobody_wants_is_not() {
        let (queue, mut taken) = mpsc::channel(2);
        let outbox = ObservationQueue::new(queue, "a test");
        let send = |count: usize| {
            for _ in 0..count {
                let seen = ObservationKind::MacReported {
                    mac: MacAddress::new([0, 0x1d, 0x45, 0, 0, 1]),
                    source: EvidenceSource::Dhcp,
                };
                let address = Ipv4Addr::LOCALHOST;
                outbox.send(Instant::now(), Observation { address, seen });
            }
        };
        send(2);
        assert_eq!(outbox.dropped(), 0);
        send(3);
        assert_eq!(outbox.dropped(), 3);
        assert!(taken.try_recv().is_ok());
        send(1);
        assert_eq!(outbox.dropped(), 3, "there is room again");
        drop(taken);
        send(4);
        assert_eq!(outbox.dropped(), 3, "the run is over");
    }
}
