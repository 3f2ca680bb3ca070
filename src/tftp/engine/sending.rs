//! Packets of transfers, some of which wait for the disk.

use std::{
    cmp::Reverse,
    task::Poll,
    time::{Duration, Instant},
};

use super::{
    super::{
        TftpService, TransferOutcome,
        packet::error_code,
        transfer::Send,
        transmit::{Outgoing, TransmitQueue},
    },
    ActiveTransfer, TftpEngine,
};

/// How long packets wait for the disk before their transfer ends.
pub(super) const DISK_TIME: Duration = Duration::from_secs(20);

impl<S: TftpService> TftpEngine<S> {
    /// Sends packets of a transfer. What must be read from disk first is sent by
    /// [`TftpEngine::resume`]. Returns `false` if the transfer ended because its file changed or
    /// cannot be read.
    pub(super) fn transmit(
        &mut self,
        now: Instant,
        slot: usize,
        send: Send,
        out: &mut TransmitQueue,
    ) -> bool {
        let waker = self.waker.clone();
        let active = self.slot(slot);
        let is_waiting = active.unsent.take().is_some();
        let blocks = match send {
            Send::OptionAck => {
                if let Some(head) = active.transfer.option_ack() {
                    out.push_head(active.port, active.local, active.peer, head);
                }
                // The disk reads the first block while the peer answers.
                let (_, first) = active.transfer.block(1);
                let _ = active.reader.poll(first, &waker);
                self.schedule(slot);
                return true;
            }
            Send::Blocks(blocks) => blocks,
        };
        let last = *blocks.end();
        for block in blocks {
            let (head, range) = active.transfer.block(block);
            match active.reader.poll(range, &waker) {
                Poll::Ready(Ok(body)) => out.push(
                    active.port,
                    Outgoing {
                        from: active.local,
                        to: active.peer,
                        head,
                        body: Some(body),
                        is_proven: active.transfer.has_acknowledged(),
                    },
                ),
                Poll::Ready(Err(_)) => {
                    self.fail(
                        now,
                        slot,
                        "the file changed or cannot be read; try again",
                        out,
                    );
                    return false;
                }
                Poll::Pending => {
                    active.unsent = Some(Send::Blocks(block..=last));
                    active.transfer.hold(now + DISK_TIME);
                    if !is_waiting {
                        self.wait_for_disk(slot);
                    }
                    break;
                }
            }
        }
        self.schedule(slot);
        true
    }

    /// Sends the packets that waited for the disk, as far as they are read.
    pub fn resume(&mut self, now: Instant, out: &mut TransmitQueue) {
        for (slot, id) in std::mem::take(&mut self.waiting) {
            let active = self.slots[slot].as_mut().filter(|active| active.id == id);
            let Some((active, send)) =
                active.and_then(|active| active.unsent.take().map(|send| (active, send)))
            else {
                continue;
            };
            active.transfer.sent_late(now);
            self.transmit(now, slot, send, out);
        }
    }

    fn wait_for_disk(&mut self, slot: usize) {
        let waiting = (slot, self.slot(slot).id);
        self.waiting.push(waiting);
        // Of transfers that ended while a disk does not answer.
        if self.waiting.len() > 2 * self.slots.len() {
            let slots = &self.slots;
            self.waiting.retain(|&(slot, id)| {
                let active = slots[slot].as_ref();
                active.is_some_and(|active| active.id == id && active.unsent.is_some())
            });
        }
    }

    /// Ends a transfer whose file cannot be sent.
    pub(super) fn fail(&mut self, now: Instant, slot: usize, text: &str, out: &mut TransmitQueue) {
        let active = self.slot(slot);
        let (port, local, peer) = (active.port, active.local, active.peer);
        self.error(out, port, local, peer, error_code::NOT_DEFINED, text);
        self.end(now, slot, TransferOutcome::FileFailed);
    }

    /// Adds an entry for an earlier deadline, as the heap cannot move one.
    pub(super) fn schedule(&mut self, slot: usize) {
        let active = self.slot(slot);
        let (deadline, id) = (active.transfer.deadline(), active.id);
        if deadline < active.timer {
            active.timer = deadline;
            self.timers.push(Reverse((deadline, slot, id)));
        }
    }

    fn slot(&mut self, slot: usize) -> &mut ActiveTransfer {
        self.slots[slot]
            .as_mut()
            .expect("the slot of a transfer is taken")
    }
}
