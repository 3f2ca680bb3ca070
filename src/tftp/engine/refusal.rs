//! What a peer refuses, and what this server refuses it: ERRORs and ICMP errors that end a transfer, and
//! requests beyond the limit of an address.
//!
//! An ERROR or ICMP error may be forged. Before the first ACK, and in the first moment of a transfer, it ends the
//! transfer at once: the host of a forged address refuses what it did not request. Later it names the reason if
//! no ACK follows ([`REFUSED_SILENCE`](super::super::transfer::REFUSED_SILENCE)).

use std::{net::SocketAddrV4, time::Instant};

use super::{
    super::{
        ForgerySign, TftpService, TransferOutcome, TransferPort, answer_limiter::Admission,
        peers::Peer, policy::ERROR_TEXT_MAX,
    },
    TftpEngine,
};

impl<S: TftpService> TftpEngine<S> {
    /// The peer sent an ERROR to this port.
    pub(super) fn peer_error(
        &mut self,
        now: Instant,
        port: TransferPort,
        peer: SocketAddrV4,
        code: u16,
        text: &[u8],
    ) {
        self.refused(now, port, peer, || {
            let text = &text[..text.len().min(ERROR_TEXT_MAX)];
            TransferOutcome::PeerError(code, String::from_utf8_lossy(text).into_owned())
        });
    }

    /// ICMP reported the peer's port as closed.
    pub fn port_closed(&mut self, now: Instant, port: TransferPort, peer: SocketAddrV4) {
        self.refused(now, port, peer, || TransferOutcome::PortClosed);
    }

    fn refused(
        &mut self,
        now: Instant,
        port: TransferPort,
        peer: SocketAddrV4,
        outcome: impl FnOnce() -> TransferOutcome,
    ) {
        let Some((slot, active)) = self.find(now, port, peer) else {
            return;
        };
        if active.transfer.outlives_refusal(now) {
            active.refusal.get_or_insert_with(outcome);
            self.schedule(slot);
        } else {
            self.end(now, slot, outcome());
        }
    }

    /// How a well-formed request of this peer is answered.
    pub(super) fn admit(&mut self, now: Instant, peer: SocketAddrV4) -> Admission {
        let admission = self.guard.request(now, peer);
        if admission != Admission::Full && self.guard.flooded(now, *peer.ip()) {
            self.service.forged(now, *peer.ip(), ForgerySign::Flood);
        }
        admission
    }

    /// The first packet of the peer's newest transfer is not sent again by itself.
    pub(super) fn send_once(&mut self, now: Instant, peer: SocketAddrV4) {
        if let Some(Peer::Busy { slot, second, .. }) = self.peers.get(now, peer)
            && let Some(active) = &mut self.slots[second.unwrap_or(slot)]
        {
            active.transfer.send_once();
        }
    }
}
