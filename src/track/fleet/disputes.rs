//! Claims and requests that what this server observes contradicts. They are recorded as disputed
//! and change nothing.

use std::net::Ipv4Addr;

use super::{
    super::{
        conversion::{FileRequest, source_name},
        event::{Event, PhoneId},
        observation::{EvidenceSource, ObservationKind, RunTime},
    },
    Fleet,
};
use crate::phone::MacAddress;

/// Disputed claims whose further facts are still set aside. A source reports the facts of one phone
/// together, the MAC first.
pub(super) const MAX_DISPUTED: usize = 64;

/// A source reports the MAC of an address.
#[derive(Debug, Clone, Copy)]
pub(super) struct MacClaim {
    pub address: Ipv4Addr,
    pub mac: MacAddress,
    pub source: EvidenceSource,
    /// The MAC of the host that sent it, if that is known.
    pub sender: Option<MacAddress>,
}

impl MacClaim {
    /// Whether `sender` is the MAC of the frame, and not that of the address in the ARP table.
    pub(super) fn is_of_frame(&self) -> bool {
        matches!(
            self.source,
            EvidenceSource::Cdp | EvidenceSource::Lldp | EvidenceSource::Dhcp
        )
    }

    /// Whether the phone itself reports this, and not a server or a host's ARP.
    fn is_of_phone(&self) -> bool {
        matches!(
            self.source,
            EvidenceSource::Cdp
                | EvidenceSource::Lldp
                | EvidenceSource::Sip
                | EvidenceSource::Sccp
                | EvidenceSource::Web
        )
    }
}

impl Fleet {
    /// A source reports a MAC at an address. Returns the events if that is disputed.
    pub(super) fn dispute_mac(&mut self, at: RunTime, claim: MacClaim) -> Option<Vec<Event>> {
        let MacClaim {
            address,
            mac,
            source,
            ..
        } = claim;
        let key = (address, source);
        self.disputed.retain(|known| *known != key);
        let (id, why) = self
            .is_sent_by_another(claim)
            .or_else(|| self.is_of_another(at, claim))
            .or_else(|| self.is_elsewhere(at, claim))?;
        if source != EvidenceSource::Neighbour {
            if self.disputed.len() >= MAX_DISPUTED {
                self.disputed.pop_front();
            }
            self.disputed.push_back(key);
        }
        let detail = format!(
            "{} reports SEP{} at {address}, {why}",
            source_name(source),
            mac.upper_hex()
        );
        let events = id.map(|id| {
            self.update(at, id, |phone, _, out| {
                phone.conversion.note_disputed(source, &detail, out);
            })
        });
        // A host that names a phone which was never seen lists no phone.
        Some(events.unwrap_or_default())
    }

    /// Whether the fact belongs to a disputed claim, so that it counts for no phone.
    pub(super) fn is_disputed(&self, address: Ipv4Addr, fact: &ObservationKind) -> bool {
        let source = match fact {
            ObservationKind::Load { source, .. }
            | ObservationKind::Model { source, .. }
            | ObservationKind::UserAgent { source, .. }
            | ObservationKind::Vlan { source, .. }
            | ObservationKind::Hardware { source, .. }
            | ObservationKind::Alarm { source, .. }
            | ObservationKind::SwitchPort { source, .. }
            | ObservationKind::Remark { source, .. } => *source,
            ObservationKind::SccpRegistered { .. } | ObservationKind::SccpLeft { .. } => {
                EvidenceSource::Sccp
            }
            ObservationKind::Register { .. } => EvidenceSource::Sip,
            ObservationKind::LeaseAcked { .. } => EvidenceSource::Dhcp,
            _ => return false,
        };
        self.disputed.contains(&(address, source))
    }

    /// A request at `address` names `mac`. Returns the events if it cannot be that phone's, or not
    /// that of the phone at `address`. `sender`: the MAC of `address` in the ARP table.
    pub(super) fn dispute_request(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        mac: MacAddress,
        request: FileRequest<'_>,
        sender: Option<MacAddress>,
    ) -> Option<Vec<Event>> {
        if let Some(sender) = sender
            && self.is_of_another_host(mac, sender)
        {
            return Some(self.dispute_sender(at, address, (mac, sender), request));
        }
        let known = self.registry.id_of(mac);
        let own = known.and_then(|id| Some((id, self.registry.phones.get(&id)?)));
        let is_unresolved = sender.is_none() && self.is_on_this_network(address);
        let elsewhere = own.filter(|(_, phone)| {
            let is_contradicted = phone.conversion.is_fetching(at)
                || phone.has_own_arp_entry && is_unresolved
                || phone.conversion.is_converting() && self.leaves_network(phone.address, address);
            phone.address != address && is_contradicted
        });
        let here = self.registry.at(address).filter(|(id, phone)| {
            Some(*id) != known
                && phone.mac.is_some()
                && phone.before_episode.is_none()
                && phone.conversion.is_fetching(at)
        });
        let (id, phone) = elsewhere.or(here)?;
        let detail = format!(
            "{address} requested a file of SEP{}, but this phone's own requests come from {}",
            mac.upper_hex(),
            phone.address
        );
        if self.registry.at(address).is_none() {
            self.on_other_request(at, address, request);
        }
        Some(self.update(at, id, |phone, _, out| {
            let source = EvidenceSource::Requests;
            phone.conversion.note_disputed(source, &detail, out);
        }))
    }

    /// A request at `address` names `mac`, and the ARP table has the MAC `sender` at that address.
    fn dispute_sender(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        (mac, sender): (MacAddress, MacAddress),
        request: FileRequest<'_>,
    ) -> Vec<Event> {
        if self.registry.at(address).is_none() {
            self.on_other_request(at, address, request);
        }
        let Some(id) = self.registry.id_of(mac) else {
            return Vec::new();
        };
        let detail = format!(
            "{address} requested a file of SEP{}, but {sender} has that address",
            mac.upper_hex()
        );
        self.update(at, id, |phone, _, out| {
            let source = EvidenceSource::Requests;
            phone.conversion.note_disputed(source, &detail, out);
        })
    }

    /// Whether a message that names the phone `mac` is another host's. `sender`: the MAC that its
    /// address has in the ARP table. That of a router, or of a bridge that hides the phones' MACs, is
    /// no contradiction: it counts if this phone was seen with its own MAC there, or if the other MAC
    /// is a phone's.
    fn is_of_another_host(&self, mac: MacAddress, sender: MacAddress) -> bool {
        let phone = self.registry.of(mac);
        let has_own = phone.is_some_and(|phone| phone.has_own_arp_entry);
        sender != mac && (has_own || self.registry.id_of(sender).is_some())
    }

    /// Whether ARP reaches hosts with this address: then a phone that requests a file from there has
    /// an entry in the ARP table, as it resolved the address of this machine first.
    fn is_on_this_network(&self, address: Ipv4Addr) -> bool {
        let network = self.plan.network;
        network.is_some_and(|network| network.contains(address))
    }

    /// Whether a phone would move from this network to another, or to an account of this machine.
    fn leaves_network(&self, from: Ipv4Addr, to: Ipv4Addr) -> bool {
        self.is_on_this_network(from) && !self.is_on_this_network(to)
    }

    /// The ARP table has the MAC of the phone at its address.
    pub(super) fn note_arp_entry(&mut self, mac: MacAddress, sender: Option<MacAddress>) {
        if sender == Some(mac)
            && let Some(id) = self.registry.id_of(mac)
            && let Some(phone) = self.registry.phones.get_mut(&id)
        {
            phone.has_own_arp_entry = true;
        }
    }

    /// Another host than the phone that the claim names sent it. The claim is shown at that phone, or
    /// else at the phone that has the address, if there is one.
    fn is_sent_by_another(&self, claim: MacClaim) -> Option<(Option<PhoneId>, String)> {
        let sender = claim.sender.filter(|sender| {
            let differs = *sender != claim.mac;
            differs && (claim.is_of_frame() || self.is_of_another_host(claim.mac, *sender))
        })?;
        let here = self.registry.at(claim.address).map(|(id, _)| id);
        let id = self.registry.id_of(claim.mac).or(here);
        Some((id, format!("but the host {sender} sent this")))
    }

    /// The phone at the address has another MAC, and is being converted or has the address by DHCP.
    fn is_of_another(&self, at: RunTime, claim: MacClaim) -> Option<(Option<PhoneId>, String)> {
        let (id, phone) = self.registry.at(claim.address)?;
        let is_busy = phone.conversion.is_converting() || phone.conversion.is_fetching(at);
        // A boot loader does not name its MAC.
        let is_named = phone.before_episode.is_none();
        let why = match phone.mac {
            Some(own) if own == claim.mac => return None,
            Some(own) if is_named && (is_busy || phone.conversion.was_active_at(at)) => {
                format!("which SEP{} uses now", own.upper_hex())
            }
            Some(own) if claim.is_of_phone() && phone.leased == Some(claim.address) => {
                format!("an address that SEP{} has by DHCP", own.upper_hex())
            }
            _ if is_busy && self.was_elsewhere(claim.mac, phone.conversion.activity.first) => {
                "where another phone fetches or writes images".to_owned()
            }
            _ => return None,
        };
        Some((Some(id), why))
    }

    /// Whether the phone `mac` was observed since this time. It has another address.
    fn was_elsewhere(&self, mac: MacAddress, since: RunTime) -> bool {
        let phone = self.registry.of(mac);
        phone.is_some_and(|phone| phone.conversion.activity.last > since)
    }

    /// The phone has another address, which its own requests or DHCP show.
    fn is_elsewhere(&self, at: RunTime, claim: MacClaim) -> Option<(Option<PhoneId>, String)> {
        let id = self.registry.id_of(claim.mac)?;
        let phone = self.registry.phones.get(&id)?;
        if phone.address == claim.address || phone.address.is_unspecified() {
            return None;
        }
        let conversion = &phone.conversion;
        let is_contradicted = if claim.is_of_phone() {
            conversion.activity.requests > 0 || phone.leased == Some(phone.address)
        } else {
            // A start, after which the phone may have another address.
            conversion.is_converting() || conversion.was_active_at(at)
        };
        is_contradicted.then(|| {
            let why = format!("but its own requests or DHCP show {}", phone.address);
            (Some(id), why)
        })
    }
}
