//! Every address, MAC and open transfer of a run.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    net::Ipv4Addr,
};

use super::{
    super::{
        event::PhoneId,
        history::FetchHistory,
        observation::{RunTime, TransferId},
    },
    phone::{OtherClient, Phone},
};
use crate::{diagnose::Diagnosis, phone::MacAddress};

/// Maximum number of phones in one run. Beyond it, a new address is not listed; a new MAC replaces
/// another entry (`Registry::take_replaceable`).
pub const MAX_PHONES: usize = 4096;

/// Maximum number of clients in one run that are not phones; others are not recorded.
pub const MAX_OTHERS: usize = 1024;

/// Entries of the table that are examined for one that gives way to a new MAC.
const MAX_EXAMINED: usize = 64;

/// Attempts that are kept per client that is not a phone.
pub(super) const OTHER_ROWS: usize = 128;

/// Whose transfer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::track) enum TransferOwner {
    Phone(PhoneId),
    Other(Ipv4Addr),
}

/// Every address, MAC and open transfer of a run.
#[derive(Debug, Default)]
pub(in crate::track) struct Registry {
    pub phones: BTreeMap<PhoneId, Phone>,
    pub others: BTreeMap<Ipv4Addr, OtherClient>,
    pub(super) at_address: HashMap<Ipv4Addr, PhoneId>,
    pub(super) of_mac: HashMap<MacAddress, PhoneId>,
    pub transfers: HashMap<TransferId, TransferOwner>,
    next: u32,
    /// Phones that the operator listed: they always get a place, and keep it.
    kept: HashSet<MacAddress>,
    /// Every phone once, those that are examined next first: which one gives way to a new one.
    turns: VecDeque<PhoneId>,
    /// Phones and clients that were not recorded because there are too many.
    pub dropped: u64,
    /// Phones that were merged into another one, or are not phones, since the fleet last took
    /// this list.
    pub gone: Vec<(PhoneId, Phone)>,
    /// Diagnoses that turned out to be another phone's, or to be over, since the fleet last
    /// took this list.
    pub misplaced: Vec<(PhoneId, Diagnosis)>,
    /// Diagnoses of an address that turned out to be this phone's, since the fleet last took
    /// this list.
    pub brought: Vec<(PhoneId, Diagnosis)>,
}

impl Registry {
    /// An empty registry that keeps places for the phones that the operator listed.
    pub(in crate::track) fn new(kept: HashSet<MacAddress>) -> Self {
        Self {
            kept,
            ..Self::default()
        }
    }

    /// The phone at this address.
    pub(in crate::track) fn at(&self, address: Ipv4Addr) -> Option<(PhoneId, &Phone)> {
        let id = self.at_address.get(&address)?;
        self.phones.get(id).map(|phone| (*id, phone))
    }

    /// The phone with this MAC.
    pub(in crate::track) fn of(&self, mac: MacAddress) -> Option<&Phone> {
        self.phones.get(&self.id_of(mac)?)
    }

    /// The number of the phone with this MAC.
    pub(in crate::track) fn id_of(&self, mac: MacAddress) -> Option<PhoneId> {
        self.of_mac.get(&mac).copied()
    }

    /// Whether a phone is listed, or acknowledged a part of any file.
    pub(in crate::track) fn is_kept(&self, phone: &Phone) -> bool {
        phone.has_transferred() || phone.mac.is_some_and(|mac| self.kept.contains(&mac))
    }

    /// A number for a new phone; `None` if there are too many. A phone with a MAC may take the place
    /// of another entry.
    pub(super) fn new_id(&mut self, mac: Option<MacAddress>) -> Option<PhoneId> {
        if self.phones.len() >= MAX_PHONES {
            self.dropped += 1;
            let id = self.take_replaceable(mac?)?;
            if let Some(phone) = self.phones.remove(&id) {
                if self.at_address.get(&phone.address) == Some(&id) {
                    self.at_address.remove(&phone.address);
                }
                if let Some(mac) = phone.mac {
                    self.of_mac.remove(&mac);
                }
                self.gone.push((id, phone));
            }
        }
        let id = PhoneId(self.next);
        self.next = self.next.wrapping_add(1);
        self.turns.push_back(id);
        Some(id)
    }

    /// The entry that gives way to the phone `mac`, the oldest one first: without a MAC and without a
    /// transfer; with a MAC, but without a transfer; without a MAC. A listed phone keeps its place,
    /// and takes that of any other that is not done. Anyone can invent entries without a transfer:
    /// they need one forged request.
    ///
    /// A new MAC examines only some entries, as forged requests may bring thousands a second; a listed
    /// phone examines all.
    fn take_replaceable(&mut self, mac: MacAddress) -> Option<PhoneId> {
        let is_listed = self.kept.contains(&mac);
        let rank = |phone: &Phone| match (phone.has_transferred(), phone.mac) {
            (_, Some(mac)) if self.kept.contains(&mac) => None,
            (false, None) => Some(0),
            (false, Some(_)) if !phone.counted.as_done => Some(1),
            (true, None) => Some(2),
            (true, Some(_)) if is_listed && !phone.counted.as_done => Some(3),
            (_, Some(_)) => None,
        };
        let examined = if is_listed {
            self.turns.len()
        } else {
            MAX_EXAMINED.min(self.turns.len())
        };
        let turns: Vec<PhoneId> = self.turns.drain(..examined).collect();
        let phones = turns
            .iter()
            .filter_map(|id| Some((*id, self.phones.get(id)?)));
        let ranked = phones.filter_map(|(id, phone)| Some((rank(phone)?, id)));
        let replaceable = ranked.min().map(|(_, id)| id);
        let stay = turns.into_iter().filter(|id| self.phones.contains_key(id));
        self.turns
            .extend(stay.filter(|id| Some(*id) != replaceable));
        replaceable
    }

    /// Assigns the open transfers of the phone to it.
    pub(super) fn own_transfers(&mut self, id: PhoneId) {
        let Some(phone) = self.phones.get(&id) else {
            return;
        };
        let attempts = phone.conversion.delivery.attempts.iter();
        for attempt in attempts.filter(|attempt| attempt.open) {
            self.transfers
                .insert(attempt.transfer, TransferOwner::Phone(id));
        }
    }

    /// A client that is not a phone requests a file. `None` if there are too many clients.
    pub(in crate::track) fn other(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
    ) -> Option<&mut OtherClient> {
        if !self.others.contains_key(&address) && self.others.len() >= MAX_OTHERS {
            self.dropped += 1;
            return None;
        }
        let other = self
            .others
            .entry(address)
            .or_insert_with(|| OtherClient::new(at, FetchHistory::new(OTHER_ROWS)));
        other.last = at;
        Some(other)
    }
}
