//! Decides which addresses count as phones.

use std::net::Ipv4Addr;

use super::{
    super::{
        conversion::Conversion,
        event::PhoneId,
        history::{FetchAttempt, FetchHistory, FileRole},
        observation::{EvidenceSource, RunTime, TransferId},
    },
    phone::{OtherClient, Phone},
    registry::{OTHER_ROWS, Registry, TransferOwner},
};
use crate::phone::{MacAddress, Model, normalized_name};

/// A boot loader that requests another family's manifest at the address of a phone without a
/// MAC is another phone only after a pause in which the phones can have been exchanged.
const PHONE_EXCHANGE: RunTime = RunTime::from_mins(1);

impl Registry {
    /// The phone at `address`; a new one if there is none.
    pub(in crate::track) fn listed(&mut self, at: RunTime, address: Ipv4Addr) -> Option<PhoneId> {
        if let Some((id, _)) = self.at(address) {
            return Some(id);
        }
        let id = self.new_id(None)?;
        let (conversion, arp_mac) = match self.others.remove(&address) {
            Some(other) => {
                let arp_mac = other.arp_mac;
                (other.into_conversion(), arp_mac)
            }
            None => (Conversion::new(at), None),
        };
        let mut phone = Phone::new(address, None);
        phone.conversion = conversion;
        self.phones.insert(id, phone);
        self.at_address.insert(address, id);
        self.own_transfers(id);
        match arp_mac {
            Some(mac) => self.on_mac_report(at, address, mac, EvidenceSource::Neighbour),
            None => Some(id),
        }
    }

    /// The phone `mac`, which has no address; a new one if it is not known.
    pub(in crate::track) fn without_address(
        &mut self,
        at: RunTime,
        mac: MacAddress,
    ) -> Option<PhoneId> {
        if let Some(id) = self.id_of(mac) {
            return Some(id);
        }
        let id = self.new_id(Some(mac))?;
        let mut phone = Phone::new(Ipv4Addr::UNSPECIFIED, Some(mac));
        phone.conversion = Conversion::new(at);
        self.phones.insert(id, phone);
        self.of_mac.insert(mac, id);
        Some(id)
    }

    /// Whether the client at `address`, which requests the manifest `name`, is a phone. Between
    /// two manifests a phone starts its application, which names its MAC; a client that
    /// requests a second manifest without a MAC is a person with a TFTP client. With
    /// `observes_acks`, only manifests that it acknowledges count (`on_file_acknowledged`): another
    /// host may have sent the request.
    pub(in crate::track) fn requests_like_a_phone(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        name: &str,
        observes_acks: bool,
    ) -> bool {
        if self
            .others
            .get(&address)
            .is_some_and(|other| other.is_not_a_phone)
        {
            return false;
        }
        let Some((id, phone)) = self.at(address) else {
            return true;
        };
        let name = normalized_name(name);
        let conversion = &phone.conversion;
        let family = Model::by_recovery_manifest(&name).map(|model| model.family);
        let is_exchanged = family != conversion.device.family
            && at.saturating_sub(conversion.activity.last) >= PHONE_EXCHANGE;
        let is_second = conversion.delivery.attempts.iter().any(|attempt| {
            matches!(attempt.role, FileRole::Manifest(_)) && normalized_name(&attempt.name) != name
        });
        let named_itself = phone.mac.is_some() && !phone.mac_from_arp;
        if named_itself || !is_second || is_exchanged || observes_acks {
            return true;
        }
        self.turn_into_other(at, address, id);
        false
    }

    /// The client acknowledged a part of a file. Between two manifests that a phone fetches, its
    /// application names its MAC.
    pub(in crate::track) fn on_file_acknowledged(&mut self, at: RunTime, transfer: TransferId) {
        if let Some((address, id)) = self.fetches_two_manifests(transfer) {
            self.turn_into_other(at, address, id);
        }
    }

    fn fetches_two_manifests(&self, transfer: TransferId) -> Option<(Ipv4Addr, PhoneId)> {
        let TransferOwner::Phone(id) = *self.transfers.get(&transfer)? else {
            return None;
        };
        let phone = self.phones.get(&id)?;
        let named_itself = phone.mac.is_some() && !phone.mac_from_arp;
        if named_itself || self.at_address.get(&phone.address) != Some(&id) {
            return None;
        }
        let is_manifest = |attempt: &&FetchAttempt| matches!(attempt.role, FileRole::Manifest(_));
        let attempts = &phone.conversion.delivery.attempts;
        let this = attempts.get(transfer).filter(is_manifest)?;
        let before = phone.before_episode.iter();
        let before = before.flat_map(|before| before.delivery.attempts.iter());
        let fetched = attempts.iter().chain(before).filter(is_manifest);
        let names = fetched.filter_map(|attempt| (attempt.bytes > 0).then_some(&attempt.name));
        let mut names = names.map(|name| normalized_name(name));
        let is_second = names.any(|name| name != normalized_name(&this.name));
        is_second.then_some((phone.address, id))
    }

    /// The phone at `address` turns out not to be one.
    fn turn_into_other(&mut self, at: RunTime, address: Ipv4Addr, id: PhoneId) {
        self.at_address.remove(&address);
        let Some(phone) = self.phones.remove(&id) else {
            return;
        };
        if let Some(mac) = phone.mac {
            self.of_mac.remove(&mac);
        }
        let mut attempts = FetchHistory::new(OTHER_ROWS);
        attempts.absorb_earlier(phone.conversion.delivery.attempts.clone(), OTHER_ROWS);
        for attempt in attempts.iter().filter(|attempt| attempt.open) {
            self.transfers
                .insert(attempt.transfer, TransferOwner::Other(address));
        }
        let other = OtherClient {
            first: phone.conversion.activity.first,
            is_not_a_phone: true,
            ..OtherClient::new(at, attempts)
        };
        self.others.insert(address, other);
        self.gone.push((id, phone));
    }

    /// A boot loader requests the manifest of `model` at `address`.
    pub(in crate::track) fn in_recovery(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        model: Option<&'static Model>,
    ) -> Option<PhoneId> {
        if let Some(id) = self.at_address.get(&address).copied()
            && let Some(phone) = self.phones.get_mut(&id)
        {
            let other_family = matches!(
                (phone.conversion.device.family, model),
                (Some(family), Some(model)) if family != model.family
            );
            if other_family {
                // A phone does not change its family: this is another phone.
                self.at_address.remove(&address);
            } else if phone.mac.is_some() && phone.before_episode.is_none() {
                phone.begin_episode(at);
            }
        }
        self.listed(at, address)
    }

    /// A source other than the requests reports `mac` at `address`. The kernel's neighbour
    /// table lists every client, so it does not turn an address into a phone.
    pub(in crate::track) fn on_mac_report(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        mac: MacAddress,
        source: EvidenceSource,
    ) -> Option<PhoneId> {
        let is_listed = self.at_address.contains_key(&address) || self.of_mac.contains_key(&mac);
        let is_arp = source == EvidenceSource::Neighbour;
        if is_arp && !is_listed {
            if let Some(other) = self.others.get_mut(&address) {
                other.arp_mac = Some(mac);
            }
            return None;
        }
        let only_arp = is_arp && self.of(mac).is_none_or(|phone| phone.mac_from_arp);
        let id = self.name(at, address, mac)?;
        if let Some(phone) = self.phones.get_mut(&id) {
            phone.mac_from_arp = only_arp;
        }
        Some(id)
    }
}
