//! Read requests: repeats, limits, and the start of a transfer.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::Instant,
};

use super::{
    super::{
        TftpAnswer, TftpRequest, TftpService, TransferOutcome, TransferPort,
        options::NegotiatedOptions,
        packet::{ReadRequest, error_code},
        peers::Peer,
        policy::NAME_MAX,
        transfer::TftpTransfer,
        transmit::TransmitQueue,
    },
    ActiveTransfer, TftpEngine,
};
use crate::stage::{FileReader, OpenFile};

impl<S: TftpService> TftpEngine<S> {
    pub(super) fn read(
        &mut self,
        now: Instant,
        local: Ipv4Addr,
        peer: SocketAddrV4,
        request: &ReadRequest<'_>,
        out: &mut TransmitQueue,
    ) {
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
                duplicate,
                previous: before,
            }) => {
                let newest = self.slots[duplicate.unwrap_or(slot)]
                    .as_mut()
                    .expect("a busy peer's slots are taken");
                if newest.matches_request(request) {
                    if let Some(send) = newest.transfer.retransmit(now) {
                        self.service.retransmitted(send.packets());
                        self.transmit(now, duplicate.unwrap_or(slot), send, out);
                        return;
                    }
                    if before.is_none() && self.begin_duplicate(now, slot, out) {
                        return;
                    }
                }
                // The first of two comes before the newest: of two ports, the newest is used again.
                let mut used = Vec::new();
                for slot in [Some(slot), duplicate].into_iter().flatten() {
                    used.extend(self.slots[slot].as_ref().map(|active| active.port));
                    self.end(now, slot, TransferOutcome::Replaced);
                }
                previous = used.last().copied();
                used.extend(before);
                self.ports.choose(now, transfers, &used)
            }
        };
        if !request.is_octet() {
            let text = "only mode octet (binary) is served";
            return self.error(out, port, local, peer, error_code::ILLEGAL, text);
        }
        if request.name.len() > NAME_MAX {
            let text = "name longer than 200 bytes";
            return self.error(out, port, local, peer, error_code::ILLEGAL, text);
        }
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
        };
        let refusal = match self.service.request(now, &asked) {
            TftpAnswer::Refuse(code, text) => {
                return self.error(out, port, local, peer, code, text);
            }
            TftpAnswer::NotFound => {
                let code = error_code::NOT_FOUND;
                return self.error(out, port, local, peer, code, "file not found");
            }
            TftpAnswer::Serve(file) => {
                if !possible {
                    (error_code::NOT_FOUND, "file not found")
                } else if self.transfers_of(*peer.ip()) >= self.limits.transfers_per_address
                    && !self.make_room_at(now, *peer.ip())
                {
                    let text = "too many transfers to one address; try again later";
                    (error_code::NOT_DEFINED, text)
                } else if self.transfers() >= self.limits.transfers
                    && !self.make_room_for(now, *peer.ip())
                {
                    (
                        error_code::NOT_DEFINED,
                        "too many transfers; try again later",
                    )
                } else {
                    return self.start(now, &asked, (port, previous), request, file, out);
                }
            }
        };
        self.error(out, port, local, peer, refusal.0, refusal.1);
        self.service
            .ended(now, transfer, TransferOutcome::Refused, 0);
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
            reported_at: now,
        };
        let slot = self.insert(active);
        self.peers.begin(asked.peer, slot, previous);
        self.transmit(now, slot, send, out);
    }
}
