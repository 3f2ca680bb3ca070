//! A request repeated in the middle of its transfer: the network duplicated it, or the phone
//! restarted. A second transfer runs beside the first until an ACK shows which.

use std::time::{Duration, Instant};

use super::{
    super::{
        TftpAnswer, TftpRequest, TftpService, TransferOutcome,
        options::NegotiatedOptions,
        packet::{RequestOptions, error_code},
        peers::Peer,
        transfer::TftpTransfer,
        transmit::TransmitQueue,
    },
    ActiveTransfer, TftpEngine,
};
use crate::stage::FileReader;

/// How long the first transfer retransmits nothing after the second began; its ACKs still count.
const DUPLICATE_HOLD: Duration = Duration::from_secs(2);

impl<S: TftpService> TftpEngine<S> {
    /// Starts a second transfer beside the one in `slot`, whose request was repeated. Returns `false` if
    /// the table is full.
    pub(super) fn begin_duplicate(
        &mut self,
        now: Instant,
        slot: usize,
        out: &mut TransmitQueue,
    ) -> bool {
        let id = self.next;
        let all = self.transfers();
        let first = self.slots[slot]
            .as_mut()
            .expect("a busy peer's slot is taken");
        let address = *first.peer.ip();
        let of_address = self.by_address.get(&address).copied().unwrap_or(0);
        if all >= self.limits.transfers || of_address >= self.limits.transfers_per_address {
            return false;
        }
        self.next += 1;
        let port = self.ports.choose(now, all, &[first.port]);
        // A retransmission would reach a restarted phone before its first block.
        first.transfer.hold(now + DUPLICATE_HOLD);
        let file = first.reader.file().clone();
        let options = RequestOptions::new(&first.options);
        let size = file.size();
        let negotiated = NegotiatedOptions::negotiate(options, size, self.limits.block_max());
        let reader = FileReader::new(file, u64::from(negotiated.block_size));
        let (transfer, send) = TftpTransfer::start(now, size, negotiated);
        let duplicate = ActiveTransfer {
            id,
            is_reported: false,
            name: first.name.clone(),
            options: first.options.clone(),
            peer: first.peer,
            local: first.local,
            port,
            timer: transfer.deadline(),
            transfer,
            reader,
            unsent: None,
            reported_at: now,
        };
        let peer = duplicate.peer;
        let duplicate = self.insert(duplicate);
        self.peers.begin_duplicate(peer, slot, duplicate);
        self.transmit(now, duplicate, send, out);
        true
    }

    /// The phone acknowledged the second transfer, so it restarted: ends the first, unless it has
    /// ended by itself, and reports the second to the service. Returns `false` if the service refuses
    /// it now.
    pub(super) fn promote_duplicate(
        &mut self,
        now: Instant,
        duplicate: usize,
        out: &mut TransmitQueue,
    ) -> bool {
        let peer = self.slots[duplicate].as_ref().map(|active| active.peer);
        if let Some(Peer::Busy {
            slot: first,
            duplicate: Some(_),
            ..
        }) = peer.and_then(|peer| self.peers.get(now, peer))
        {
            self.end(now, first, TransferOutcome::Replaced);
        }
        let active = self.slots[duplicate]
            .as_mut()
            .expect("a duplicate's slot is taken");
        let name = String::from_utf8_lossy(&active.name).into_owned();
        let asked = TftpRequest {
            transfer: active.id,
            peer: active.peer,
            local: active.local,
            name: &name,
            waited: Duration::ZERO,
        };
        let (code, text) = match self.service.request(now, &asked) {
            TftpAnswer::Serve(file) => {
                active.is_reported = true;
                if file.has_bytes_of(active.reader.file()) {
                    return true;
                }
                (error_code::NOT_DEFINED, "the file changed; ask again")
            }
            TftpAnswer::Refuse(code, text) => (code, text),
            TftpAnswer::Later => (error_code::NOT_DEFINED, "not decided; try again later"),
            TftpAnswer::NotFound => (error_code::NOT_FOUND, "file not found"),
        };
        let (port, local, peer) = (active.port, active.local, active.peer);
        self.error(out, port, local, peer, code, text);
        self.end(now, duplicate, TransferOutcome::Refused);
        false
    }
}
