//! Read requests: repeats, limits, and the start of a transfer.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::{Duration, Instant},
};

use super::{
    super::{
        TftpAnswer, TftpRequest, TftpService, TransferOutcome, TransferPort,
        options::NegotiatedOptions,
        packet::{ReadRequest, error_code},
        peers::Peer,
        policy::NAME_MAX,
        port::UNSHARED_BELOW,
        transfer::TftpTransfer,
        transmit::TransmitQueue,
    },
    ActiveTransfer, TftpEngine,
};
use crate::stage::{FileReader, OpenFile};

impl<S: TftpService> TftpEngine<S> {
    /// Handles a request that has waited for this time. Returns `false` if the service does not
    /// decide yet.
    pub(super) fn read(
        &mut self,
        now: Instant,
        (local, peer): (Ipv4Addr, SocketAddrV4),
        waited: Duration,
        request: &ReadRequest<'_>,
        out: &mut TransmitQueue,
    ) -> bool {
        if let Some(text) = malformed(request) {
            self.listener_error(now, local, peer, error_code::ILLEGAL, text, out);
            return true;
        }
        let Some((port, previous)) = self.choose_port(now, peer, request, out) else {
            return true;
        };
        let name = String::from_utf8_lossy(request.name);
        let possible =
            matches!(name, std::borrow::Cow::Borrowed(_)) && !name.chars().any(char::is_control);
        let transfer = self.next;
        self.next += 1;
        let asked = TftpRequest {
            transfer,
            peer,
            local,
            name: &name,
            waited,
        };
        let (code, text) = match self.service.request(now, &asked) {
            TftpAnswer::Later if waited < Duration::MAX => return false,
            TftpAnswer::Later => (
                error_code::NOT_DEFINED,
                "too many requests; try again later",
            ),
            TftpAnswer::Refuse(code, text) => (code, text),
            TftpAnswer::NotFound => (error_code::NOT_FOUND, "file not found"),
            TftpAnswer::Serve(file) => {
                let limit = if possible {
                    self.reached_limit(now, *peer.ip())
                } else {
                    Some((error_code::NOT_FOUND, "file not found"))
                };
                let Some(refusal) = limit else {
                    let port = if file.size() < UNSHARED_BELOW {
                        self.unshared_port(now, peer, previous)
                    } else {
                        port
                    };
                    self.start(now, &asked, (port, previous), request, file, out);
                    return true;
                };
                self.service
                    .ended(now, transfer, TransferOutcome::Refused, 0);
                refusal
            }
        };
        self.error(out, port, local, peer, code, text);
        true
    }

    /// One of all ports, for a small file.
    fn unshared_port(
        &mut self,
        now: Instant,
        peer: SocketAddrV4,
        previous: Option<TransferPort>,
    ) -> TransferPort {
        let mut used: Vec<_> = previous.into_iter().collect();
        if let Some(Peer::Busy { slot, second, .. }) = self.peers.get(now, peer) {
            let slots = [Some(slot), second].into_iter().flatten();
            let busy = slots.filter_map(|slot| self.slots[slot].as_ref());
            used.extend(busy.map(|active| active.port));
        }
        self.ports.choose(now, 0, &used)
    }

    /// The limit that keeps a further transfer to this address from starting, as an ERROR.
    pub(super) fn reached_limit(
        &mut self,
        now: Instant,
        address: Ipv4Addr,
    ) -> Option<(u16, &'static str)> {
        if self.transfers_of(address) >= self.limits.transfers_per_address
            && !self.make_room_at(now, address)
        {
            let text = "too many transfers to one address; try again later";
            return Some((error_code::NOT_DEFINED, text));
        }
        (self.transfers() >= self.limits.transfers && !self.make_room_for(now, address)).then_some(
            (
                error_code::NOT_DEFINED,
                "too many transfers; try again later",
            ),
        )
    }

    /// The port of the peer's next transfer, and that of its previous one. Its transfer ends, unless it has an
    /// ACK. `None`: the request repeats that of a transfer, and is handled.
    fn choose_port(
        &mut self,
        now: Instant,
        peer: SocketAddrV4,
        request: &ReadRequest<'_>,
        out: &mut TransmitQueue,
    ) -> Option<(TransferPort, Option<TransferPort>)> {
        let mut previous = None;
        let transfers = self.transfers();
        let port = match self.peers.get(now, peer) {
            None => self.ports.choose(now, transfers, &[]),
            Some(Peer::Left { port, .. }) => {
                previous = Some(port);
                self.ports.choose(now, transfers, &[port])
            }
            Some(Peer::Busy {
                slot,
                second,
                previous: before,
            }) => {
                let newest = second.unwrap_or(slot);
                let active = self.slots[newest]
                    .as_mut()
                    .expect("a busy peer's slots are taken");
                if active.matches_request(request) {
                    if let Some(send) = active.transfer.retransmit(now) {
                        self.service.retransmitted(send.packets());
                        self.transmit(now, newest, send, out);
                        return None;
                    }
                    if self.repeat_beside(now, slot, before, out) {
                        return None;
                    }
                }
                let port_of = |slot: usize| self.slots[slot].as_ref().map(|active| active.port);
                let (first_port, second_port) = (port_of(slot), second.and_then(port_of));
                if let Some(second) = second {
                    self.end(now, second, TransferOutcome::Replaced);
                }
                if let Some(port) = self.place_beside(now, slot, (second_port, before)) {
                    return Some((port, before));
                }
                if self.slots[slot].is_some() {
                    self.end(now, slot, TransferOutcome::Replaced);
                }
                // The first of two comes before the newest: of two ports, the newest is used again.
                let mut used: Vec<_> = first_port.into_iter().chain(second_port).collect();
                previous = used.last().copied();
                used.extend(before);
                self.ports.choose(now, transfers, &used)
            }
        };
        Some((port, previous))
    }

    fn start(
        &mut self,
        now: Instant,
        asked: &TftpRequest<'_>,
        (port, previous): (TransferPort, Option<TransferPort>),
        request: &ReadRequest<'_>,
        file: OpenFile,
        out: &mut TransmitQueue,
    ) {
        let size = file.size();
        let negotiated =
            NegotiatedOptions::negotiate(request.options, size, self.limits.block_max());
        let reader = FileReader::new(file, u64::from(negotiated.block_size));
        let (transfer, send) = TftpTransfer::start(now, size, negotiated);
        let active = ActiveTransfer {
            id: asked.transfer,
            is_reported: true,
            name: request.name.into(),
            options: request.options.as_bytes().into(),
            peer: asked.peer,
            local: asked.local,
            port,
            timer: transfer.deadline(),
            transfer,
            reader,
            unsent: None,
            refusal: None,
            reported_at: now,
            has_progress: false,
        };
        let slot = self.insert(active);
        match self.peers.get(now, asked.peer) {
            Some(Peer::Busy { slot: first, .. }) => {
                self.peers.begin_second(asked.peer, (first, slot), previous);
            }
            _ => self.peers.begin(asked.peer, slot, previous),
        }
        self.transmit(now, slot, send, out);
    }
}

/// Why no service answers a request, if that is so.
fn malformed(request: &ReadRequest<'_>) -> Option<&'static str> {
    if !request.is_octet() {
        return Some("only mode octet (binary) is served");
    }
    (request.name.len() > NAME_MAX).then_some("name longer than 200 bytes")
}
