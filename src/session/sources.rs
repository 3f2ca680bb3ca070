//! Observations from captures, listeners and pollers, merged into one stream.

use std::{future::poll_fn, task::Poll, time::Instant};

use tokio::sync::mpsc::Receiver;

use crate::track::Observation;

/// Observations that are taken from one source at once, so that signals and the display are not
/// delayed.
const AT_ONCE: usize = 64;

/// The queues of all sources.
pub(super) struct ObservationSources(Vec<Receiver<(Instant, Observation)>>);

impl ObservationSources {
    pub(super) fn new(queues: Vec<Receiver<(Instant, Observation)>>) -> Self {
        Self(queues)
    }

    /// Waits for observations; forever if no source is left.
    pub(super) async fn next(&mut self) -> Vec<(Instant, Observation)> {
        poll_fn(|context| {
            let mut taken = Vec::new();
            self.0.retain_mut(|queue| {
                let taken = queue.poll_recv_many(context, &mut taken, AT_ONCE);
                // Ready without an observation: the sender is gone.
                taken != Poll::Ready(0)
            });
            if taken.is_empty() {
                Poll::Pending
            } else {
                Poll::Ready(taken)
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use futures_lite::future::{block_on, poll_once};
    use tokio::sync::mpsc::channel;

    use super::*;
    use crate::{
        phone::MacAddress,
        track::{EvidenceSource, ObservationKind},
    };

    fn observation(last: u8) -> (Instant, Observation) {
        let kind = ObservationKind::MacReported {
            mac: MacAddress::new([2, 0, 0, 0, 0, last]),
            source: EvidenceSource::Cdp,
            sender: None,
        };
        let address = Ipv4Addr::new(192, 0, 2, last);
        (Instant::now(), Observation { address, kind })
    }

    /// How many observations are ready.
    fn ready(sources: &mut ObservationSources) -> Option<usize> {
        let taken = block_on(poll_once(sources.next()));
        taken.map(|taken| taken.len())
    }

    #[test]
    fn sources_are_merged_and_closed_ones_removed() {
        let (one, first) = channel(8);
        let (two, second) = channel(8);
        let mut sources = ObservationSources::new(vec![first, second]);
        one.try_send(observation(1)).unwrap();
        two.try_send(observation(2)).unwrap();
        assert_eq!(ready(&mut sources), Some(2));
        assert_eq!(ready(&mut sources), None);
        one.try_send(observation(3)).unwrap();
        drop(one);
        assert_eq!(ready(&mut sources), Some(1), "its last observation counts");
        two.try_send(observation(4)).unwrap();
        assert_eq!(ready(&mut sources), Some(1));
        assert_eq!(sources.0.len(), 1);
        drop(two);
        assert_eq!(ready(&mut sources), None, "no source is left");
        assert!(sources.0.is_empty());
    }
}
