//! Which phone an address is, over time.
//!
//! A phone is its MAC. Image and recovery requests carry none, so an address is the phone
//! that last named itself there. What a boot loader does at the address of a phone that
//! named itself before is held apart (an *episode*) until somebody names himself there
//! again: if it is the same phone, the two are one history; if it is another, the episode
//! is the other's, and the first phone is as it was before.

use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
};

use super::{
    EvidenceSource, PhoneId, RunTime, TransferId,
    conversion::Conversion,
    history::{Kind, MAX_ROWS, Row, Rows},
};
use crate::{
    diagnose::Diagnosis,
    phone::{MacAddress, Model, RequestedFile, normalized_name},
};

mod merge;

/// Phones of one run. A new address beyond that is not listed; a new MAC takes the place
/// of a phone that never named itself, if there is one.
pub const MAX_PHONES: usize = 4096;

/// Addresses that are no phones, of one run; more are not recorded.
pub const MAX_OTHERS: usize = 1024;

/// Rows that are kept of an address that is no phone.
const OTHER_ROWS: usize = 128;

/// A boot loader that wants another family's manifest at a nameless phone's address is
/// another phone only after a pause in which phones can have been changed over.
const CHANGE_OVER: RunTime = RunTime::from_mins(1);

/// One phone.
#[derive(Debug, Clone)]
pub(super) struct Phone {
    pub mac: Option<MacAddress>,
    /// Nobody but the kernel's table says that it has this MAC, and that names everybody.
    by_table: bool,
    pub address: Ipv4Addr,
    pub conversion: Conversion,
    /// What it was before the episode that may be another phone's.
    pub before: Option<Box<Conversion>>,
    /// The moment under which the fleet will look at it.
    pub scheduled: Option<RunTime>,
    /// What it counts as: (done, failed).
    pub counted: (bool, bool),
    /// Whether the record knows it.
    pub announced: bool,
    /// The name under which the record knows it.
    pub announced_mac: Option<MacAddress>,
}

/// An address that gave no sign of being a phone.
#[derive(Debug, Clone)]
pub(super) struct Other {
    pub rows: Rows,
    pub first: RunTime,
    pub last: RunTime,
    /// What the kernel's table says; it makes no phone.
    neighbour: Option<MacAddress>,
    /// It behaved as no phone does; only a MAC makes it one again.
    refuted: bool,
}

/// Whose a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Phone(PhoneId),
    Other(Ipv4Addr),
}

/// Every address, MAC and open transfer of a run.
#[derive(Debug, Default)]
pub(super) struct Registry {
    pub phones: BTreeMap<PhoneId, Phone>,
    pub others: BTreeMap<Ipv4Addr, Other>,
    at_address: HashMap<Ipv4Addr, PhoneId>,
    of_mac: HashMap<MacAddress, PhoneId>,
    pub transfers: HashMap<TransferId, Owner>,
    next: u32,
    /// Phones and addresses that found no place.
    pub dropped: u64,
    /// Phones that became part of another's history since the fleet last asked.
    pub gone: Vec<(PhoneId, Phone)>,
    /// What was said of a phone and turned out to be another's, or to be over, since the fleet
    /// last asked.
    pub misplaced: Vec<(PhoneId, Diagnosis)>,
    /// What was said of an address and turned out to be this phone's, since the fleet last asked.
    pub brought: Vec<(PhoneId, Diagnosis)>,
}

impl Registry {
    pub(super) fn at(&self, address: Ipv4Addr) -> Option<(PhoneId, &Phone)> {
        let id = self.at_address.get(&address)?;
        self.phones.get(id).map(|phone| (*id, phone))
    }

    pub(super) fn of(&self, mac: MacAddress) -> Option<&Phone> {
        self.phones.get(&self.id_of(mac)?)
    }

    pub(super) fn id_of(&self, mac: MacAddress) -> Option<PhoneId> {
        self.of_mac.get(&mac).copied()
    }

    /// `mac` is at `address` now. `None` where there is no place for another phone.
    pub(super) fn name(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        mac: MacAddress,
    ) -> Option<PhoneId> {
        let known = self.of_mac.get(&mac).copied();
        let here = self.at_address.get(&address).copied();
        if let Some(id) = here
            && Some(id) == known
        {
            if let Some(phone) = self.phones.get_mut(&id) {
                phone.settle_episode();
                phone.by_table = false;
            }
            return Some(id);
        }
        let heard = known
            .and_then(|id| self.phones.get(&id))
            .map(|phone| phone.conversion.last);
        let found = self.take_unnamed(address, here, heard);
        let Some(id) = known else {
            return self.first_naming(at, address, mac, found);
        };
        let phone = self.phones.get_mut(&id)?;
        phone.settle_episode();
        phone.by_table = false;
        let from = std::mem::replace(&mut phone.address, address);
        if self.at_address.get(&from) == Some(&id) {
            self.at_address.remove(&from);
        }
        if let Some((unnamed, conversion)) = found {
            // Who spoke from elsewhere meanwhile cannot have been here.
            if phone.conversion.last <= conversion.first {
                let earlier = std::mem::replace(&mut phone.conversion, conversion);
                let told = earlier.stands_against();
                phone.conversion.absorb_earlier(earlier, true);
                let stands = phone.conversion.stands_against();
                let only = |these: &[Diagnosis], those: &[Diagnosis]| -> Vec<_> {
                    let these = these.iter().filter(|one| !those.contains(one));
                    these.map(|one| (id, one.clone())).collect()
                };
                self.misplaced.extend(only(&told, &stands));
                self.brought.extend(only(&stands, &told));
                self.own_transfers(id);
            } else {
                self.keep_unnamed(at, address, unnamed, conversion);
            }
        }
        self.at_address.insert(address, id);
        Some(id)
    }

    /// What was done at `address` by somebody who did not name himself yet.
    fn take_unnamed(
        &mut self,
        address: Ipv4Addr,
        here: Option<PhoneId>,
        heard: Option<RunTime>,
    ) -> Option<(Option<PhoneId>, Conversion)> {
        if let Some(id) = here {
            self.at_address.remove(&address);
            let phone = self.phones.get_mut(&id)?;
            if phone.mac.is_some() {
                let told = phone.told_in_episode();
                let episode = phone.give_up_episode()?;
                for diagnosis in told {
                    phone.conversion.keep_withdrawn(&diagnosis);
                    self.misplaced.push((id, diagnosis));
                }
                return Some((None, episode));
            }
            let phone = self.phones.remove(&id)?;
            let conversion = phone.conversion.clone();
            self.gone.push((id, phone));
            return Some((Some(id), conversion));
        }
        // Who spoke from elsewhere meanwhile did not fetch these.
        if heard.is_some_and(|heard| self.others.get(&address).is_some_and(|o| o.first < heard)) {
            return None;
        }
        let other = self.others.remove(&address)?;
        Some((None, from_other(other)))
    }

    /// A MAC is heard for the first time: what was done at its address was its doing.
    fn first_naming(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        mac: MacAddress,
        found: Option<(Option<PhoneId>, Conversion)>,
    ) -> Option<PhoneId> {
        let (id, conversion) = match found {
            Some((Some(id), conversion)) => {
                // It stays the phone that it was.
                let (_, phone) = self.gone.pop()?;
                self.phones.insert(id, phone);
                (id, conversion)
            }
            Some((None, conversion)) => (self.new_id(true)?, conversion),
            None => (self.new_id(true)?, Conversion::new(at)),
        };
        let phone = self
            .phones
            .entry(id)
            .or_insert_with(|| Phone::new(address, None));
        phone.mac = Some(mac);
        phone.address = address;
        phone.conversion = conversion;
        self.of_mac.insert(mac, id);
        self.at_address.insert(address, id);
        self.own_transfers(id);
        Some(id)
    }

    /// What was done at an address turned out not to be the phone's that came there.
    fn keep_unnamed(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        id: Option<PhoneId>,
        conversion: Conversion,
    ) {
        if let Some((id, phone)) = id.and_then(|_| self.gone.pop()) {
            self.phones.insert(id, phone);
        } else if let Some(id) = self.new_id(false) {
            let mut phone = Phone::new(address, None);
            phone.conversion = conversion;
            phone.conversion.last = phone.conversion.last.min(at);
            self.phones.insert(id, phone);
            self.own_transfers(id);
        }
    }

    /// The phone at `address`, which was heard; a new one where there is none.
    pub(super) fn listed(&mut self, at: RunTime, address: Ipv4Addr) -> Option<PhoneId> {
        if let Some((id, _)) = self.at(address) {
            return Some(id);
        }
        let id = self.new_id(false)?;
        let (conversion, neighbour) = match self.others.remove(&address) {
            Some(other) => {
                let neighbour = other.neighbour;
                (from_other(other), neighbour)
            }
            None => (Conversion::new(at), None),
        };
        let mut phone = Phone::new(address, None);
        phone.conversion = conversion;
        self.phones.insert(id, phone);
        self.at_address.insert(address, id);
        self.own_transfers(id);
        match neighbour {
            Some(mac) => self.witnessed(at, address, mac, EvidenceSource::Neighbour),
            None => Some(id),
        }
    }

    /// Somebody at `address` asks for the manifest `name`: whether that is a phone. Between
    /// two manifests a phone starts its application, which names it; who asks for a second
    /// one namelessly is a person with a TFTP client.
    pub(super) fn asks_as_a_phone(&mut self, at: RunTime, address: Ipv4Addr, name: &str) -> bool {
        if self.others.get(&address).is_some_and(|other| other.refuted) {
            return false;
        }
        let Some((id, phone)) = self.at(address) else {
            return true;
        };
        let name = normalized_name(name);
        let family = |name: &str| Model::by_recovery_manifest(name).map(|model| model.family);
        let is_changed_over = family(&name) != phone.conversion.family
            && at.saturating_sub(phone.conversion.last) >= CHANGE_OVER;
        let is_second =
            phone.conversion.rows.iter().any(|row| {
                matches!(row.kind, Kind::Manifest(_)) && normalized_name(&row.name) != name
            });
        let named_itself = phone.mac.is_some() && !phone.by_table;
        if named_itself || !is_second || is_changed_over {
            return true;
        }
        let mac = phone.mac;
        self.at_address.remove(&address);
        if let Some(mac) = mac {
            self.of_mac.remove(&mac);
        }
        if let Some(phone) = self.phones.remove(&id) {
            let mut rows = Rows::new(OTHER_ROWS);
            rows.absorb_earlier(phone.conversion.rows.clone(), OTHER_ROWS);
            for row in rows.iter().filter(|row| row.open) {
                self.transfers.insert(row.transfer, Owner::Other(address));
            }
            let (first, last) = (phone.conversion.first, at);
            let other = Other {
                rows,
                first,
                last,
                neighbour: None,
                refuted: true,
            };
            self.others.insert(address, other);
            self.gone.push((id, phone));
        }
        false
    }

    /// A boot loader asks at `address`; `model` is the one whose manifest it wants.
    pub(super) fn in_recovery(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        model: Option<&'static Model>,
    ) -> Option<PhoneId> {
        if let Some(id) = self.at_address.get(&address).copied()
            && let Some(phone) = self.phones.get_mut(&id)
        {
            let other_family = matches!(
                (phone.conversion.family, model),
                (Some(family), Some(model)) if family != model.family
            );
            if other_family {
                // A phone does not change its family: this is another one.
                self.at_address.remove(&address);
            } else if phone.mac.is_some() && phone.before.is_none() {
                let pass = phone.conversion.pass;
                let episode = Conversion {
                    pass,
                    stalled: phone.conversion.stalled,
                    standing: phone.conversion.standing.clone(),
                    cut: phone.conversion.cut_short(true),
                    leg: phone.conversion.leg,
                    quiet: phone.conversion.quiet,
                    bridge: phone.conversion.bridge,
                    runs: phone.conversion.runs.clone(),
                    hardware: phone.conversion.hardware,
                    way: phone.conversion.way,
                    failing: phone.conversion.failing.clone(),
                    unheard: phone.conversion.unheard.clone(),
                    ..Conversion::new(at)
                };
                let before = std::mem::replace(&mut phone.conversion, episode);
                phone.before = Some(Box::new(before));
            }
        }
        self.listed(at, address)
    }

    /// An address that is no phone asks for a file.
    pub(super) fn other(&mut self, at: RunTime, address: Ipv4Addr) -> Option<&mut Other> {
        if !self.others.contains_key(&address) && self.others.len() >= MAX_OTHERS {
            self.dropped += 1;
            return None;
        }
        let other = self.others.entry(address).or_insert_with(|| Other {
            rows: Rows::new(OTHER_ROWS),
            first: at,
            last: at,
            neighbour: None,
            refuted: false,
        });
        other.last = at;
        Some(other)
    }

    /// Somebody else says that `mac` is at `address`. The kernel's table names everybody,
    /// so it makes no phone of an address that gave no sign of being one.
    pub(super) fn witnessed(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        mac: MacAddress,
        source: EvidenceSource,
    ) -> Option<PhoneId> {
        let is_listed = self.at_address.contains_key(&address) || self.of_mac.contains_key(&mac);
        if source == EvidenceSource::Neighbour && !is_listed {
            if let Some(other) = self.others.get_mut(&address) {
                other.neighbour = Some(mac);
            }
            return None;
        }
        let knows_no_more =
            source == EvidenceSource::Neighbour && self.of(mac).is_none_or(|phone| phone.by_table);
        let id = self.name(at, address, mac)?;
        if let Some(phone) = self.phones.get_mut(&id) {
            phone.by_table = knows_no_more;
        }
        Some(id)
    }

    fn new_id(&mut self, named: bool) -> Option<PhoneId> {
        if self.phones.len() >= MAX_PHONES {
            let unnamed = self.phones.iter().find(|(_, phone)| phone.mac.is_none());
            self.dropped += 1;
            let id = unnamed.map(|(id, _)| *id).filter(|_| named)?;
            if let Some(phone) = self.phones.remove(&id) {
                if self.at_address.get(&phone.address) == Some(&id) {
                    self.at_address.remove(&phone.address);
                }
                self.gone.push((id, phone));
            }
        }
        let id = PhoneId(self.next);
        self.next = self.next.wrapping_add(1);
        Some(id)
    }

    /// What is under way at the phone's hand is told to the phone from now on.
    fn own_transfers(&mut self, id: PhoneId) {
        let Some(phone) = self.phones.get(&id) else {
            return;
        };
        for row in phone.conversion.rows.iter().filter(|row| row.open) {
            self.transfers.insert(row.transfer, Owner::Phone(id));
        }
    }
}

impl Phone {
    fn new(address: Ipv4Addr, mac: Option<MacAddress>) -> Self {
        Self {
            mac,
            by_table: false,
            address,
            conversion: Conversion::new(RunTime::ZERO),
            before: None,
            scheduled: None,
            counted: (false, false),
            announced: false,
            announced_mac: None,
        }
    }
}

fn from_other(other: Other) -> Conversion {
    let mut conversion = Conversion::new(other.first);
    conversion.last = other.last;
    conversion.active = other.last;
    conversion.on_sccp = other
        .rows
        .iter()
        .any(|row| RequestedFile::parse(&row.name) == RequestedFile::SccpLocale);
    conversion.sequence = other
        .rows
        .iter()
        .map(|row: &Row| row.sequence)
        .max()
        .unwrap_or(0);
    conversion.rows.absorb_earlier(other.rows, MAX_ROWS);
    conversion
}
