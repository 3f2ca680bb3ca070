//! Requests of a boot loader at the address of a phone that is being converted. Another host can forge
//! them, but receives no answer that it could acknowledge: they count once a part of the answer is
//! acknowledged.

use super::{
    super::{
        conversion::FileRequest,
        event::{Event, PhoneId},
        identity::{TransferOwner, UnprovenRequest},
        observation::{RunTime, TransferId, Transport},
        plan::FileServer,
    },
    Fleet,
};
use crate::phone::RequestedFile;

/// Requests of one phone that wait for an ACK. Boot loaders request manifests in pairs.
const MAX_UNPROVEN: usize = 4;

/// A manifest of one block may be used although its only ACK was lost.
const BLOCK: u64 = 512;

impl Fleet {
    /// A boot loader requests a manifest at the address of the phone `id`. Returns the events if the
    /// request counts only after an ACK.
    pub(super) fn defer_recovery(
        &mut self,
        at: RunTime,
        id: PhoneId,
        request: FileRequest<'_>,
    ) -> Option<Vec<Event>> {
        let RequestedFile::Recovery(model) = request.file else {
            return None;
        };
        let phone = self.registry.phones.get(&id)?;
        let is_open = phone.conversion.is_recovery_unproven(at, *model);
        if !is_open || request.transport != Transport::Tftp || !self.observes_acks() {
            return None;
        }
        if request.served.is_none() {
            return Some(self.update(at, id, |phone, cx, _| {
                phone.conversion.record_unproven(cx, request);
            }));
        }
        let phone = self.registry.phones.get_mut(&id)?;
        if phone.unproven.len() >= MAX_UNPROVEN {
            phone.unproven.remove(0);
        }
        phone.unproven.push(UnprovenRequest::new(request));
        self.own_transfer(request.transfer, TransferOwner::Phone(id));
        Some(Vec::new())
    }

    /// Whether this server sends the answers, and so knows which are acknowledged.
    pub(super) fn observes_acks(&self) -> bool {
        !self.plan.requests_only && self.catalog.server != FileServer::Other
    }

    /// A part of the answer to a request was acknowledged, so it is the phone's, unless the ACKs of its
    /// address are guesses.
    pub(super) fn prove_recovery(&mut self, at: RunTime, transfer: TransferId) -> Vec<Event> {
        let Some(TransferOwner::Phone(id)) = self.registry.transfers.get(&transfer) else {
            return Vec::new();
        };
        let phone = self.registry.phones.get(id);
        if phone.is_some_and(|phone| phone.conversion.is_forged_at(at)) {
            return Vec::new();
        }
        self.apply_unproven(at, *id, |request| request.transfer == transfer)
    }

    /// The phone requests an image, for which it needs a manifest.
    pub(super) fn imply_recovery(&mut self, at: RunTime, id: PhoneId) -> Vec<Event> {
        let is_short = |request: &UnprovenRequest| {
            let served = request.served.as_ref();
            served.is_some_and(|served| served.size < BLOCK)
        };
        self.apply_unproven(at, id, is_short)
    }

    fn apply_unproven(
        &mut self,
        at: RunTime,
        id: PhoneId,
        is_it: impl Fn(&UnprovenRequest) -> bool,
    ) -> Vec<Event> {
        let Some(phone) = self.registry.phones.get_mut(&id) else {
            return Vec::new();
        };
        let Some(index) = phone.unproven.iter().position(is_it) else {
            return Vec::new();
        };
        let request = phone.unproven.remove(index);
        let address = phone.address;
        let file = RequestedFile::parse(&request.name);
        self.on_attributable_request(at, address, request.as_request(&file))
    }
}
