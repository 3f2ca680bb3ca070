//! ERRORs: to whom, from which port, and when there is none.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::Instant,
};

use super::{
    super::{
        ForgerySign, TftpService, TransferOutcome, TransferPort,
        packet::{PacketHead, error_code},
        peers::Peer,
        port::UNSHARED_BELOW,
        transmit::TransmitQueue,
    },
    TftpEngine,
};

impl<S: TftpService> TftpEngine<S> {
    pub(super) fn is_busy(&self, now: Instant, peer: SocketAddrV4) -> bool {
        matches!(self.peers.get(now, peer), Some(Peer::Busy { .. }))
    }

    /// Answers a packet that the listener received with an ERROR. It never leaves from the port of a
    /// transfer of this peer: the packet may be forged, and the client would end its read.
    pub(super) fn listener_error(
        &mut self,
        now: Instant,
        local: Ipv4Addr,
        peer: SocketAddrV4,
        code: u16,
        text: &str,
        out: &mut TransmitQueue,
    ) {
        let mut used = Vec::new();
        if let Some(Peer::Busy { slot, second, .. }) = self.peers.get(now, peer) {
            let slots = [Some(slot), second].into_iter().flatten();
            let active = slots.filter_map(|slot| self.slots[slot].as_ref());
            used.extend(active.map(|active| active.port));
        }
        let port = self.ports.choose(now, self.transfers(), &used);
        if !used.contains(&port) {
            self.error(out, port, local, peer, code, text);
        }
    }

    /// An ACK of `peer` reached a port that serves it no transfer. If its transfer has no ACK yet, the
    /// sender guesses: the packets of the transfer name its port. The transfer then ends silently, so
    /// that there is one guess for each request. So do all transfers of the address without an ACK that share
    /// ports: with many forged requests, a sender would guess one in eight. It costs the
    /// address nothing else. Returns whether it was a guess.
    pub(super) fn end_guessed(
        &mut self,
        now: Instant,
        port: TransferPort,
        peer: SocketAddrV4,
    ) -> bool {
        let Some(Peer::Busy {
            slot,
            second,
            previous,
        }) = self.peers.get(now, peer)
        else {
            return false;
        };
        if previous == Some(port) || !self.ports.reveals_guesses() {
            return false;
        }
        let mut ended = false;
        for slot in [second, Some(slot)].into_iter().flatten() {
            let active = self.slots[slot].as_ref();
            if active.is_some_and(|active| !active.transfer.has_acknowledged()) {
                self.remove(now, slot, TransferOutcome::Replaced, true);
                ended = true;
            }
        }
        if ended {
            self.end_shared(now, *peer.ip());
            if self.guard.guessed(now, *peer.ip()) {
                self.service.forged(now, *peer.ip(), ForgerySign::Guesses);
            }
            self.ports.guessed(now);
        }
        ended
    }

    /// Ends the transfers of the address that have a shared port and no ACK.
    fn end_shared(&mut self, now: Instant, address: Ipv4Addr) {
        let unproven: Vec<usize> = self
            .slots
            .iter()
            .enumerate()
            .filter_map(|(slot, active)| Some((slot, active.as_ref()?)))
            .filter(|(_, active)| {
                *active.peer.ip() == address
                    && active.port.is_shared()
                    && active.reader.file().size() >= UNSHARED_BELOW
                    && !active.transfer.has_acknowledged()
            })
            .map(|(slot, _)| slot)
            .collect();
        for slot in unproven {
            self.remove(now, slot, TransferOutcome::Replaced, true);
        }
    }

    pub(super) fn error(
        &mut self,
        out: &mut TransmitQueue,
        port: TransferPort,
        from: Ipv4Addr,
        to: SocketAddrV4,
        code: u16,
        text: &str,
    ) {
        self.service.error_sent(code);
        out.push_head(port, from, to, PacketHead::error(code, text));
    }

    /// Answers a packet for a transfer that does not exist with ERROR 5, unless it is merely late.
    pub(super) fn unknown_tid(
        &mut self,
        now: Instant,
        port: TransferPort,
        local: Ipv4Addr,
        peer: SocketAddrV4,
        out: &mut TransmitQueue,
    ) {
        let late = match self.peers.get(now, peer) {
            // The packet reached the other port, so it belongs to the peer's previous transfer.
            Some(Peer::Busy { .. }) => true,
            Some(Peer::Left { quiet, .. }) => quiet,
            None => false,
        };
        if !late && self.guard.stranger(now, *peer.ip()) {
            let text = "unknown transfer ID";
            self.error(out, port, local, peer, error_code::UNKNOWN_TID, text);
        }
    }
}
