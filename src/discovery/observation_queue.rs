//! The bounded queue of observations to the session.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use tokio::sync::mpsc::{Sender, error::TrySendError};

use crate::track::Observation;

/// Sends observations without ever blocking; counts those that do not fit.
#[derive(Debug)]
pub(crate) struct ObservationQueue {
    queue: Sender<(Instant, Observation)>,
    what: &'static str,
    dropped: AtomicU64,
}

impl ObservationQueue {
    /// `what` names the observations in warnings, as in "REGISTERs and SCCP alarms".
    pub(crate) fn new(queue: Sender<(Instant, Observation)>, what: &'static str) -> Self {
        Self {
            queue,
            what,
            dropped: AtomicU64::new(0),
        }
    }

    /// Sends an observation, or counts it if the queue is full and warns the first time. After the
    /// end of the run, when the queue is closed, nothing counts as lost.
    pub(crate) fn send(&self, at: Instant, observation: Observation) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send((at, observation))
            && self.dropped.fetch_add(1, Ordering::Relaxed) == 0
        {
            tracing::warn!(
                "{}: more observations than can be processed; dropping the excess",
                self.what
            );
        }
    }

    /// Observations that were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Warns at the end of the run if any were dropped.
    pub(crate) fn end(&self) {
        let dropped = self.dropped();
        if dropped > 0 {
            tracing::warn!(
                "{}: {dropped} observations were dropped; there were more than could be processed",
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
    fn a_full_queue_counts_drops_and_a_closed_queue_does_not() {
        let (queue, mut taken) = mpsc::channel(2);
        let queue_end = ObservationQueue::new(queue, "a test");
        let send = |count: usize| {
            for _ in 0..count {
                let kind = ObservationKind::MacReported {
                    mac: MacAddress::new([0, 0x1d, 0x45, 0, 0, 1]),
                    source: EvidenceSource::Dhcp,
                    sender: None,
                };
                let address = Ipv4Addr::LOCALHOST;
                queue_end.send(Instant::now(), Observation { address, kind });
            }
        };
        send(2);
        assert_eq!(queue_end.dropped(), 0);
        send(3);
        assert_eq!(queue_end.dropped(), 3);
        assert!(taken.try_recv().is_ok());
        send(1);
        assert_eq!(queue_end.dropped(), 3, "the queue has room again");
        drop(taken);
        send(4);
        assert_eq!(queue_end.dropped(), 3, "the run is over");
    }
}
