//! The table of transfers: slots, what gives way to others, and ends.

use std::{cmp::Reverse, net::Ipv4Addr, time::Instant};

use super::{
    super::{End, Service, peers::Peer},
    Engine, Live,
};

impl<S: Service> Engine<S> {
    /// Gives a transfer a slot and its timer.
    pub(super) fn seat(&mut self, live: Live) -> usize {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.timers.push(Reverse((live.timer, slot, live.id)));
        self.unheard.push_back((slot, live.id));
        *self.by_address.entry(*live.peer.ip()).or_default() += 1;
        self.slots[slot] = Some(live);
        if self.unheard.len() > 2 * self.slots.len() {
            let mut unheard = std::mem::take(&mut self.unheard);
            unheard.retain(|&(slot, id)| self.is_unheard(slot, id));
            self.unheard = unheard;
        }
        slot
    }

    fn is_unheard(&self, slot: usize, id: u64) -> bool {
        let live = self.slots[slot].as_ref();
        live.is_some_and(|live| live.id == id && !live.transfer.heard())
    }

    /// Ends the oldest transfer, of this address or of all, that never had an ACK and has
    /// sent what it may: who never acknowledged anything keeps nobody else out.
    pub(super) fn make_room(&mut self, now: Instant, address: Option<Ipv4Addr>) -> bool {
        let old = self
            .unheard
            .iter()
            .filter(|&&(slot, id)| self.is_unheard(slot, id))
            .filter_map(|&(slot, _)| Some((slot, self.slots[slot].as_ref()?)))
            .take_while(|(_, live)| live.transfer.gives_way(now))
            .find(|(_, live)| address.is_none_or(|address| *live.peer.ip() == address))
            .map(|(slot, live)| (slot, live.transfer.timed_out()));
        let Some((slot, end)) = old else {
            return false;
        };
        self.end(now, slot, end);
        true
    }

    /// Ends a transfer: its slot is free, and the service is told.
    pub(super) fn end(&mut self, now: Instant, slot: usize, end: End) {
        let live = self.slots[slot]
            .take()
            .expect("only a taken slot's transfer ends");
        self.free.push(slot);
        let address = *live.peer.ip();
        if let Some(count) = self.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
        while let Some(&(slot, id)) = self.unheard.front()
            && !self.is_unheard(slot, id)
        {
            self.unheard.pop_front();
        }
        let quiet = !matches!(end, End::TimedOut { .. });
        match self.peers.get(now, live.peer) {
            Some(Peer::Busy {
                slot: first,
                rival: Some(rival),
                ..
            }) => {
                let stays = if slot == first { rival } else { first };
                self.peers.begin(now, live.peer, stays);
            }
            _ => self.peers.end(now, live.peer, live.port, quiet),
        }
        if live.is_told {
            self.service
                .ended(now, live.id, end, live.transfer.acknowledged());
        }
    }
}
