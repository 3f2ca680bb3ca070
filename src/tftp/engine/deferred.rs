//! Requests that the service does not decide at once.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::{Duration, Instant},
};

use super::{
    super::{
        TftpService,
        deferred::DeferredRequest,
        packet::{ReadRequest, TftpPacket, decode, error_code},
        transmit::TransmitQueue,
    },
    TftpEngine,
};

impl<S: TftpService> TftpEngine<S> {
    /// Handles a read request, and keeps it if the service does not decide yet.
    pub(super) fn read_or_defer(
        &mut self,
        now: Instant,
        (local, peer): (Ipv4Addr, SocketAddrV4),
        datagram: &[u8],
        request: &ReadRequest<'_>,
        out: &mut TransmitQueue,
    ) {
        if self.deferred.repeats(peer, datagram)
            || self.read(now, (local, peer), Duration::ZERO, request, out)
        {
            return;
        }
        let request = DeferredRequest::new(now, (local, peer), datagram);
        if let Some(oldest) = self.deferred.push(request) {
            self.decide(now, Duration::MAX, &oldest, out);
        }
    }

    /// Passes the requests that are due to the service again.
    pub(super) fn tick_deferred(&mut self, now: Instant, out: &mut TransmitQueue) {
        while let Some(request) = self.deferred.take_due(now) {
            if !self.decide(now, request.waited(now), &request, out) {
                self.deferred.push(request.again(now));
            }
        }
    }

    /// Refuses the requests that wait: the engine stops.
    pub(super) fn stop_deferred(&mut self, now: Instant, out: &mut TransmitQueue) {
        for request in self.deferred.take_all() {
            let text = "the server is stopping";
            let code = error_code::NOT_DEFINED;
            self.listener_error(now, request.local, request.peer, code, text, out);
        }
    }

    /// Passes a request that waits to the service. Returns `false` if it is still not decided.
    fn decide(
        &mut self,
        now: Instant,
        waited: Duration,
        request: &DeferredRequest,
        out: &mut TransmitQueue,
    ) -> bool {
        // It was a read request when it arrived.
        let Ok(TftpPacket::Read(read)) = decode(&request.datagram) else {
            return true;
        };
        self.read(now, (request.local, request.peer), waited, &read, out)
    }
}
