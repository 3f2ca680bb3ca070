//! The table of transfers: slots, eviction and ends.

use std::{cmp::Reverse, net::Ipv4Addr, time::Instant};

use super::{
    super::{TftpService, TransferOutcome, peers::Peer},
    ActiveTransfer, TftpEngine,
};

impl<S: TftpService> TftpEngine<S> {
    /// Puts a transfer into a slot and starts its timer.
    pub(super) fn insert(&mut self, active: ActiveTransfer) -> usize {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.timers.push(Reverse((active.timer, slot, active.id)));
        self.unacknowledged.push_back((slot, active.id));
        *self.by_address.entry(*active.peer.ip()).or_default() += 1;
        self.slots[slot] = Some(active);
        if self.unacknowledged.len() > 2 * self.slots.len() {
            let mut unacknowledged = std::mem::take(&mut self.unacknowledged);
            unacknowledged.retain(|&(slot, id)| self.is_unacknowledged(slot, id));
            self.unacknowledged = unacknowledged;
        }
        slot
    }

    fn is_unacknowledged(&self, slot: usize, id: u64) -> bool {
        let active = self.slots[slot].as_ref();
        active.is_some_and(|active| active.id == id && !active.transfer.has_acknowledged())
    }

    /// Ends the oldest transfer, of this address or of all, that has no ACK: a peer that never
    /// acknowledged must not keep others out. Returns `false` if every transfer has one.
    ///
    /// One that has used up its first sends timed out. A younger one was merely replaced, which says
    /// nothing about its peer; if it acknowledges later, ERROR 5 makes it request the file again.
    pub(super) fn make_room(&mut self, now: Instant, address: Option<Ipv4Addr>) -> bool {
        let old = self
            .unacknowledged
            .iter()
            .filter(|&&(slot, id)| self.is_unacknowledged(slot, id))
            .filter_map(|&(slot, _)| Some((slot, self.slots[slot].as_ref()?)))
            .find(|(_, active)| address.is_none_or(|address| *active.peer.ip() == address))
            .map(|(slot, active)| {
                let end = if active.transfer.has_used_up_first_sends(now) {
                    active.transfer.timed_out()
                } else {
                    TransferOutcome::Replaced
                };
                (slot, end)
            });
        let Some((slot, end)) = old else {
            return false;
        };
        self.remove(now, slot, end, false);
        true
    }

    /// Ends a transfer: frees its slot and reports the end to the service.
    pub(super) fn end(&mut self, now: Instant, slot: usize, end: TransferOutcome) {
        let quiet = !matches!(end, TransferOutcome::TimedOut { .. });
        self.remove(now, slot, end, quiet);
    }

    /// Ends a transfer. `quiet`: its peer has no reason to send more.
    pub(super) fn remove(&mut self, now: Instant, slot: usize, end: TransferOutcome, quiet: bool) {
        let active = self.slots[slot]
            .take()
            .expect("only a taken slot's transfer ends");
        self.free.push(slot);
        let address = *active.peer.ip();
        if let Some(count) = self.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
        while let Some(&(slot, id)) = self.unacknowledged.front()
            && !self.is_unacknowledged(slot, id)
        {
            self.unacknowledged.pop_front();
        }
        match self.peers.get(now, active.peer) {
            Some(Peer::Busy {
                slot: first,
                duplicate: Some(duplicate),
                ..
            }) => {
                let stays = if slot == first { duplicate } else { first };
                self.peers.begin(active.peer, stays, Some(active.port));
            }
            _ => self.peers.end(now, active.peer, active.port, quiet),
        }
        if active.is_reported {
            self.service
                .ended(now, active.id, end, active.transfer.acknowledged());
        }
    }
}
