//! Decides which history belongs to a MAC that was observed at an address.

use std::net::Ipv4Addr;

use super::{
    super::{conversion::Conversion, event::PhoneId, observation::RunTime},
    phone::Phone,
    registry::Registry,
};
use crate::{diagnose::Diagnosis, phone::MacAddress};

/// The activity at an address before its MAC was known, with the number if it counted as a phone.
type Unnamed = (Option<PhoneId>, Conversion);

impl Registry {
    /// `mac` is at `address` now. `None` if there is no room for another phone.
    pub(in crate::track) fn name(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        mac: MacAddress,
    ) -> Option<PhoneId> {
        let known = self.id_of(mac);
        let here = self.at_address.get(&address).copied();
        if let Some(id) = here
            && Some(id) == known
        {
            if let Some(phone) = self.phones.get_mut(&id) {
                phone.keep_episode();
                phone.mac_from_arp = false;
            }
            return Some(id);
        }
        let last_observed = known
            .and_then(|id| self.phones.get(&id))
            .map(|phone| phone.conversion.activity.last);
        let found = self.take_unnamed(address, here, last_observed);
        let Some(id) = known else {
            return self.add_named(at, address, mac, found);
        };
        let phone = self.phones.get_mut(&id)?;
        phone.keep_episode();
        phone.mac_from_arp = false;
        let from = std::mem::replace(&mut phone.address, address);
        if self.at_address.get(&from) == Some(&id) {
            self.at_address.remove(&from);
        }
        if let Some((unnamed, conversion)) = found {
            // A phone that was observed elsewhere in between cannot have been here.
            if phone.conversion.activity.last <= conversion.activity.first {
                self.append_history(id, conversion);
            } else {
                self.put_back_unnamed(at, address, unnamed, conversion);
            }
        }
        self.at_address.insert(address, id);
        Some(id)
    }

    /// Appends the activity at the phone's new address to its history.
    fn append_history(&mut self, id: PhoneId, conversion: Conversion) {
        let Some(phone) = self.phones.get_mut(&id) else {
            return;
        };
        let diagnoses = |phone: &Phone| -> Vec<Diagnosis> {
            phone.conversion.findings.diagnoses().cloned().collect()
        };
        let before = diagnoses(phone);
        let earlier = std::mem::replace(&mut phone.conversion, conversion);
        phone.conversion.absorb_earlier(earlier, true);
        let after = diagnoses(phone);
        let only = |these: &[Diagnosis], those: &[Diagnosis]| -> Vec<_> {
            let these = these.iter().filter(|one| !those.contains(one));
            these.map(|one| (id, one.clone())).collect()
        };
        self.misplaced.extend(only(&before, &after));
        self.brought.extend(only(&after, &before));
        self.own_transfers(id);
    }

    /// Removes the activity at `address` without a known MAC, and returns it. `last_observed`: when
    /// the phone that is there now was last observed.
    fn take_unnamed(
        &mut self,
        address: Ipv4Addr,
        here: Option<PhoneId>,
        last_observed: Option<RunTime>,
    ) -> Option<Unnamed> {
        if let Some(id) = here {
            self.at_address.remove(&address);
            let phone = self.phones.get_mut(&id)?;
            if phone.mac.is_some() {
                let diagnosed = phone.diagnosed_in_episode();
                let episode = phone.take_episode()?;
                for diagnosis in diagnosed {
                    phone.conversion.findings.keep_withdrawn(&diagnosis);
                    self.misplaced.push((id, diagnosis));
                }
                return Some((None, episode));
            }
            let phone = self.phones.remove(&id)?;
            let conversion = phone.conversion.clone();
            self.gone.push((id, phone));
            return Some((Some(id), conversion));
        }
        // A phone that was observed elsewhere in between did not fetch these files.
        let other = self.others.get(&address)?;
        if last_observed.is_some_and(|observed| other.first < observed) {
            return None;
        }
        let other = self.others.remove(&address)?;
        Some((None, other.into_conversion()))
    }

    /// A MAC was observed for the first time: the earlier activity at its address belongs to it.
    fn add_named(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        mac: MacAddress,
        found: Option<Unnamed>,
    ) -> Option<PhoneId> {
        let (id, conversion) = match found {
            Some((Some(id), conversion)) => {
                // The phone keeps its number.
                let (_, phone) = self.gone.pop()?;
                self.phones.insert(id, phone);
                (id, conversion)
            }
            Some((None, conversion)) => (self.new_id(Some(mac))?, conversion),
            None => (self.new_id(Some(mac))?, Conversion::new(at)),
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

    /// The earlier activity at an address does not belong to the phone that is there now: it stays
    /// a phone without a MAC.
    fn put_back_unnamed(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        id: Option<PhoneId>,
        conversion: Conversion,
    ) {
        if let Some((id, phone)) = id.and_then(|_| self.gone.pop()) {
            self.phones.insert(id, phone);
        } else if let Some(id) = self.new_id(None) {
            let mut phone = Phone::new(address, None);
            phone.conversion = conversion;
            let activity = &mut phone.conversion.activity;
            activity.last = activity.last.min(at);
            self.phones.insert(id, phone);
            self.own_transfers(id);
        }
    }
}
