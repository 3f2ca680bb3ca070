//! A request in the middle of a transfer that has an ACK, from the same client port: the network duplicated
//! the first request, the phone restarted, or another host forged it. A second transfer runs beside the first
//! until an ACK shows which, so a forged request ends nothing, and a phone that restarted does not wait.

use std::time::{Duration, Instant};

use super::{
    super::{
        TftpAnswer, TftpRequest, TftpService, TransferOutcome, TransferPort,
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
const SECOND_HOLD: Duration = Duration::from_secs(2);

/// So long after its progress further requests hold it no more: they are forged.
const HOLD_MAX: Duration = Duration::from_secs(4);

impl<S: TftpService> TftpEngine<S> {
    /// A port for a second transfer beside the one in `slot`. `second`: the port of one that gives way to it.
    /// `None`: the first must end, because it has no ACK or no port or place is left.
    pub(super) fn place_beside(
        &mut self,
        now: Instant,
        slot: usize,
        (second, previous): (Option<TransferPort>, Option<TransferPort>),
    ) -> Option<TransferPort> {
        let first = self.slots[slot].as_ref()?;
        let address = *first.peer.ip();
        if !first.transfer.has_acknowledged() || self.reached_limit(now, address).is_some() {
            return None;
        }
        let transfers = self.transfers();
        // It may have made room itself.
        let first = self.slots[slot].as_mut()?;
        let mut used: Vec<_> = previous.into_iter().chain([first.port]).collect();
        used.extend(second);
        let port = self.ports.choose(now, transfers, &used);
        if port == first.port || Some(port) == previous {
            return None;
        }
        // A retransmission would reach a restarted phone before its first block.
        let until = first.transfer.progress_at() + HOLD_MAX;
        first.transfer.hold(until.min(now + SECOND_HOLD));
        Some(port)
    }

    /// Starts a second transfer of the file of the one in `slot`, whose request was repeated. Returns `false`
    /// if there is no room for it.
    pub(super) fn repeat_beside(
        &mut self,
        now: Instant,
        slot: usize,
        previous: Option<TransferPort>,
        out: &mut TransmitQueue,
    ) -> bool {
        let Some(port) = self.place_beside(now, slot, (None, previous)) else {
            return false;
        };
        let id = self.next;
        self.next += 1;
        let first = self.slots[slot]
            .as_ref()
            .expect("a busy peer's slot is taken");
        let file = first.reader.file().clone();
        let options = RequestOptions::new(&first.options);
        let size = file.size();
        let negotiated = NegotiatedOptions::negotiate(options, size, self.limits.block_max());
        let reader = FileReader::new(file, u64::from(negotiated.block_size));
        let (transfer, send) = TftpTransfer::start(now, size, negotiated);
        let second = ActiveTransfer {
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
            refusal: None,
            reported_at: now,
            has_progress: false,
        };
        let peer = second.peer;
        let second = self.insert(second);
        self.peers.begin_second(peer, (slot, second), previous);
        self.transmit(now, second, send, out);
        true
    }

    /// The phone acknowledged this transfer for the first time. If it is a second one, the phone restarted:
    /// ends the first, unless it has ended by itself, and reports the second to the service. Returns `false`
    /// if the service refuses it now.
    pub(super) fn on_first_ack(
        &mut self,
        now: Instant,
        slot: usize,
        out: &mut TransmitQueue,
    ) -> bool {
        let peer = self.slots[slot].as_ref().map(|active| active.peer);
        if let Some(Peer::Busy {
            slot: first,
            second: Some(second),
            ..
        }) = peer.and_then(|peer| self.peers.get(now, peer))
            && second == slot
        {
            self.end(now, first, TransferOutcome::Replaced);
        }
        let active = self.slots[slot]
            .as_mut()
            .expect("the slot of a transfer with an ACK is taken");
        if active.is_reported {
            return true;
        }
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
        self.end(now, slot, TransferOutcome::Refused);
        false
    }
}
