//! ERRORs: to whom, from which port, and when there is none.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::Instant,
};

use super::{
    super::{
        TftpService, TransferPort,
        packet::{PacketHead, error_code},
        peers::Peer,
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
        let port = match self.peers.get(now, peer) {
            Some(Peer::Busy {
                duplicate: Some(_), ..
            }) => return,
            Some(Peer::Busy { slot, .. }) => {
                let active = self.slots[slot].as_ref();
                active.map_or(TransferPort::First, |active| active.port.other())
            }
            Some(Peer::Left { .. }) | None => TransferPort::First,
        };
        self.error(out, port, local, peer, code, text);
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
