//! The table of transfers: slots, eviction and ends.

use std::{
    cmp::Reverse,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use super::{
    super::{TftpService, TransferOutcome, peers::Peer, transfer::TftpTransfer},
    ActiveTransfer, TftpEngine,
};

/// Within this time a client acknowledges its first packet. Its transfer is not evicted before, if another
/// address has more than [`GREEDY`].
const ACK_EXPECTED: Duration = Duration::from_millis(250);

/// Transfers of one address, beyond which it gives way to a request of another one: more than 16 phones
/// behind one address need.
const GREEDY: usize = 64;

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

    /// Ends the oldest transfer of this address that has no ACK: a peer that never acknowledged must not
    /// keep others out. Returns `false` if every transfer of the address has one.
    pub(super) fn make_room_at(&mut self, now: Instant, address: Ipv4Addr) -> bool {
        let oldest = self.oldest_unacknowledged(Some(address));
        oldest.is_some_and(|slot| self.evict(now, slot))
    }

    /// Ends a transfer so that one for this address can start, in a full table: the oldest without an ACK,
    /// unless its peer had no time for one. Else the address with the most transfers gives one up. An address
    /// never gives up its only transfer. Returns `false` if none can be ended.
    pub(super) fn make_room_for(&mut self, now: Instant, address: Ipv4Addr) -> bool {
        let oldest = self.oldest_unacknowledged(None);
        let is_young = |slot: usize| {
            let active = self.slots[slot].as_ref();
            active.is_some_and(|active| now < active.transfer.progress_at() + ACK_EXPECTED)
        };
        let greedy = match oldest {
            Some(slot) if !is_young(slot) => None,
            Some(_) => self.greediest(GREEDY),
            None => self.greediest(self.transfers_of(address) + 1),
        };
        let slot = greedy.or(oldest);
        slot.is_some_and(|slot| self.evict(now, slot))
    }

    /// The oldest transfer, of this address or of all, that has no ACK.
    fn oldest_unacknowledged(&self, address: Option<Ipv4Addr>) -> Option<usize> {
        self.unacknowledged
            .iter()
            .filter(|&&(slot, id)| self.is_unacknowledged(slot, id))
            .filter_map(|&(slot, _)| Some((slot, self.slots[slot].as_ref()?)))
            .find(|(_, active)| address.is_none_or(|address| *active.peer.ip() == address))
            .map(|(slot, _)| slot)
    }

    /// Of the address with the most transfers, if it has more than this many, the one without progress for
    /// the longest time.
    fn greediest(&self, more_than: usize) -> Option<usize> {
        let most = self.by_address.iter().max_by_key(|(_, count)| **count);
        let (&address, _) = most.filter(|(_, count)| **count > more_than)?;
        let all = self.slots.iter().enumerate();
        all.filter_map(|(slot, active)| Some((slot, active.as_ref()?)))
            .filter(|(_, active)| *active.peer.ip() == address)
            .min_by_key(|(_, active)| active.transfer.progress_at())
            .map(|(slot, _)| slot)
    }

    /// The number of transfers of this address.
    pub(super) fn transfers_of(&self, address: Ipv4Addr) -> usize {
        self.by_address.get(&address).copied().unwrap_or(0)
    }

    /// Ends a transfer whose place is needed. If it has used up its first sends, it timed out. Any other was
    /// merely replaced, which says nothing about its peer; if it acknowledges later, ERROR 5 makes it request
    /// the file again.
    fn evict(&mut self, now: Instant, slot: usize) -> bool {
        let active = self.slots[slot].as_ref();
        let transfer = active.map(|active| &active.transfer);
        let end = transfer
            .filter(|transfer| transfer.has_used_up_first_sends(now))
            .map_or(TransferOutcome::Replaced, TftpTransfer::timed_out);
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
                second: Some(second),
                ..
            }) => {
                let stays = if slot == first { second } else { first };
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
