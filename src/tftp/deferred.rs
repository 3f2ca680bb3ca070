//! Requests that wait for a decision of the service ([`TftpAnswer::Later`](super::TftpAnswer)).

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddrV4},
    time::{Duration, Instant},
};

use super::policy::{DEFER_INTERVAL, DEFERRED_MAX};

/// A request that waits.
#[derive(Debug)]
pub(super) struct DeferredRequest {
    since: Instant,
    due: Instant,
    pub(super) local: Ipv4Addr,
    pub(super) peer: SocketAddrV4,
    pub(super) datagram: Box<[u8]>,
}

impl DeferredRequest {
    /// A request that arrives at `now` and is not decided.
    pub(super) fn new(
        now: Instant,
        (local, peer): (Ipv4Addr, SocketAddrV4),
        datagram: &[u8],
    ) -> Self {
        Self {
            since: now,
            due: now + DEFER_INTERVAL,
            local,
            peer,
            datagram: datagram.into(),
        }
    }

    /// How long it has waited.
    pub(super) fn waited(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// The same, not decided at `now` either.
    pub(super) fn again(self, now: Instant) -> Self {
        Self {
            due: now + DEFER_INTERVAL,
            ..self
        }
    }
}

/// The requests that wait, by the time when they are passed to the service again.
#[derive(Debug, Default)]
pub(super) struct DeferredRequests(VecDeque<DeferredRequest>);

impl DeferredRequests {
    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.0.front().map(|request| request.due)
    }

    /// Removes the next one, if it is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<DeferredRequest> {
        self.0.pop_front_if(|request| request.due <= now)
    }

    /// Removes all.
    pub(super) fn take_all(&mut self) -> VecDeque<DeferredRequest> {
        std::mem::take(&mut self.0)
    }

    /// Adds one. Returns the one that gives way to it: it must be decided now.
    pub(super) fn push(&mut self, request: DeferredRequest) -> Option<DeferredRequest> {
        let is_full = self.0.len() >= DEFERRED_MAX;
        let oldest = self.0.pop_front_if(|_| is_full);
        self.0.push_back(request);
        oldest
    }

    /// Whether the same request of this peer waits already. Another one of the peer is dropped: the
    /// peer has given up on it.
    pub(super) fn repeats(&mut self, peer: SocketAddrV4, datagram: &[u8]) -> bool {
        self.0
            .retain(|request| request.peer != peer || *request.datagram == *datagram);
        self.0.iter().any(|request| request.peer == peer)
    }
}
