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

    /// Ends the oldest transfer, of this address or of all, that has no ACK and has used up its
    /// retransmissions: a peer that never acknowledged must not keep others out.
    pub(super) fn make_room(&mut self, now: Instant, address: Option<Ipv4Addr>) -> bool {
        let old = self
            .unacknowledged
            .iter()
            .filter(|&&(slot, id)| self.is_unacknowledged(slot, id))
            .filter_map(|&(slot, _)| Some((slot, self.slots[slot].as_ref()?)))
            .take_while(|(_, active)| active.transfer.may_be_evicted(now))
            .find(|(_, active)| address.is_none_or(|address| *active.peer.ip() == address))
            .map(|(slot, active)| (slot, active.transfer.timed_out()));
        let Some((slot, end)) = old else {
            return false;
        };
        self.end(now, slot, end);
        true
    }

    /// Ends a transfer: frees its slot and reports the end to the service.
    pub(super) fn end(&mut self, now: Instant, slot: usize, end: TransferOutcome) {
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
        let quiet = !matches!(end, TransferOutcome::TimedOut { .. });
        match self.peers.get(now, active.peer) {
            Some(Peer::Busy {
                slot: first,
                duplicate: Some(duplicate),
                ..
            }) => {
                let stays = if slot == first { duplicate } else { first };
                self.peers.begin(now, active.peer, stays);
            }
            _ => self.peers.end(now, active.peer, active.port, quiet),
        }
        if active.is_reported {
            self.service
                .ended(now, active.id, end, active.transfer.acknowledged());
        }
    }
}
