//! A request that comes again in the middle of its transfer: was it doubled on its way, or did
//! the phone start again? A second transfer stands beside the first until an ACK tells.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    super::{
        Answer, End, Request, Service,
        options::{Agreed, Options},
        outbox::Outbox,
        packet::error_code,
        transfer::Transfer,
    },
    Engine, Live, emit,
};

/// How long a transfer sends nothing unasked after a rival began: its ACKs still count.
const RIVAL_TIME: Duration = Duration::from_secs(2);

impl<S: Service> Engine<S> {
    /// Starts a second transfer beside the one in `slot`, whose request came again: doubled
    /// on its way, or by a phone that started again. Its ACKs will tell. `false`: no room.
    pub(super) fn challenge(&mut self, now: Instant, slot: usize, out: &mut Outbox) -> bool {
        let id = self.next;
        let all = self.transfers();
        let first = self.slots[slot]
            .as_mut()
            .expect("a busy peer's slot is taken");
        let address = *first.peer.ip();
        let here = self.by_address.get(&address).copied().unwrap_or(0);
        if all >= self.limits.transfers || here >= self.limits.transfers_per_address {
            return false;
        }
        self.next += 1;
        // What it sends unasked would reach a phone that started again before its first block.
        first.transfer.hold(now + RIVAL_TIME);
        let file = first.transfer.file().clone();
        let options = Options::new(&first.options);
        let agreed = Agreed::negotiate(options, file.bytes.len() as u64, self.limits.block_max());
        let (transfer, send) = Transfer::start(now, file, agreed);
        let rival = Live {
            id,
            is_told: false,
            name: first.name.clone(),
            options: first.options.clone(),
            peer: first.peer,
            local: first.local,
            port: first.port.other(),
            timer: transfer.deadline(),
            transfer,
            told: now,
        };
        let peer = rival.peer;
        emit(&rival, send, out);
        let rival = self.seat(rival);
        self.peers.challenge(peer, slot, rival);
        true
    }

    /// The phone acknowledged the rival: it started again, and the first is of no use. Only
    /// now the service is told. `false`: it may not have the file any more.
    pub(super) fn promote(
        &mut self,
        now: Instant,
        first: usize,
        rival: usize,
        out: &mut Outbox,
    ) -> bool {
        self.end(now, first, End::Replaced);
        let live = self.slots[rival].as_mut().expect("a rival's slot is taken");
        let name = String::from_utf8_lossy(&live.name).into_owned();
        let asked = Request {
            transfer: live.id,
            peer: live.peer,
            local: live.local,
            name: &name,
        };
        let (code, text) = match self.service.request(now, &asked) {
            Answer::Serve(file) => {
                live.is_told = true;
                let begun = &live.transfer.file().bytes;
                if Arc::ptr_eq(&file.bytes, begun) || file.bytes == *begun {
                    return true;
                }
                (error_code::NOT_DEFINED, "the file changed; ask again")
            }
            Answer::Refuse(code, text) => (code, text),
            Answer::NotFound => (error_code::NOT_FOUND, "file not found"),
        };
        let (port, local, peer) = (live.port, live.local, live.peer);
        self.error(out, port, local, peer, code, text);
        self.end(now, rival, End::Refused);
        false
    }
}
