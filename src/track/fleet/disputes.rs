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

impl Fleet {
    /// A source reports `mac` at `address`. Returns the events if that is disputed.
    pub(super) fn dispute_mac(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        mac: MacAddress,
        source: EvidenceSource,
    ) -> Option<Vec<Event>> {
        let claim = (address, source);
        self.disputed.retain(|known| *known != claim);
        let (id, why) = self
            .is_of_another(at, address, mac)
            .or_else(|| self.is_elsewhere(at, address, mac, source))?;
        if source != EvidenceSource::Neighbour {
            if self.disputed.len() >= MAX_DISPUTED {
                self.disputed.pop_front();
            }
            self.disputed.push_back(claim);
        }
        let detail = format!(
            "{} reports SEP{} at {address}, {why}",
            source_name(source),
            mac.upper_hex()
        );
        Some(self.update(at, id, |phone, _, out| {
            phone.conversion.note_disputed(source, &detail, out);
        }))
    }

    /// Whether the fact belongs to a disputed claim, so that it counts for no phone.
    pub(super) fn is_disputed(&self, address: Ipv4Addr, fact: &ObservationKind) -> bool {
        let source = match fact {
            ObservationKind::Load { source, .. }
            | ObservationKind::Model { source, .. }
            | ObservationKind::UserAgent { source, .. }
            | ObservationKind::Vlan { source, .. }
            | ObservationKind::Hardware { source, .. }
            | ObservationKind::Remark { source, .. } => *source,
            ObservationKind::Register { .. } => EvidenceSource::Sip,
            _ => return false,
        };
        self.disputed.contains(&(address, source))
    }

    /// A request at `address` names `mac`. Returns the events if it cannot be that phone's, or not
    /// that of the phone at `address`.
    pub(super) fn dispute_request(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        mac: MacAddress,
        request: FileRequest<'_>,
    ) -> Option<Vec<Event>> {
        let known = self.registry.id_of(mac);
        let own = known.and_then(|id| Some((id, self.registry.phones.get(&id)?)));
        let elsewhere =
            own.filter(|(_, phone)| phone.address != address && phone.conversion.is_fetching(at));
        let here = self.registry.at(address).filter(|(id, phone)| {
            Some(*id) != known
                && phone.mac.is_some()
                && phone.before_episode.is_none()
                && phone.conversion.is_fetching(at)
        });
        let (id, phone) = elsewhere.or(here)?;
        let detail = format!(
            "{address} requested a file of SEP{} while this phone fetched at {}",
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

    /// The phone at `address` has another MAC and is being converted.
    fn is_of_another(
        &self,
        at: RunTime,
        address: Ipv4Addr,
        mac: MacAddress,
    ) -> Option<(PhoneId, String)> {
        let (id, phone) = self.registry.at(address)?;
        let own = phone.mac.filter(|own| *own != mac)?;
        let is_busy = phone.conversion.is_converting() || phone.conversion.is_fetching(at);
        (is_busy && phone.before_episode.is_none()).then(|| {
            let why = format!("where SEP{} fetches or writes images", own.upper_hex());
            (id, why)
        })
    }

    /// The phone `mac` has another address, which its own requests show.
    fn is_elsewhere(
        &self,
        at: RunTime,
        address: Ipv4Addr,
        mac: MacAddress,
        source: EvidenceSource,
    ) -> Option<(PhoneId, String)> {
        let id = self.registry.id_of(mac)?;
        let phone = self.registry.phones.get(&id)?;
        let conversion = &phone.conversion;
        let is_contradicted = match source {
            // Both show a start, after which a phone may have another address.
            EvidenceSource::Dhcp | EvidenceSource::Neighbour => conversion.is_fetching(at),
            EvidenceSource::Sip => conversion.activity.requests > 0,
            _ => conversion.is_converting() || conversion.is_fetching(at),
        };
        let is_moved = phone.address != address && !phone.address.is_unspecified();
        (is_moved && is_contradicted).then(|| {
            let why = format!("but the phone's own requests come from {}", phone.address);
            (id, why)
        })
    }
}
