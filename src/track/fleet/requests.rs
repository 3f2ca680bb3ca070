//! Requests and transfers: which phone each belongs to.

use std::net::Ipv4Addr;

use super::{
    super::{
        conversion::FileRequest,
        event::Event,
        history::{FetchAttempt, FileRole},
        identity::TransferOwner,
        observation::{RunTime, TransferEnd, TransferId},
    },
    Fleet,
};
use crate::{
    diagnose::Code,
    phone::{MacAddress, RequestedFile},
};

/// Open transfers that are tracked; the end of a further one is not recorded. The engine
/// serves far fewer at the same time.
const MAX_TRANSFERS: usize = 65_536;

impl Fleet {
    /// The client at `address` requested a file. `sender`: the MAC that the ARP table has for it, if
    /// the name contains one.
    pub(super) fn on_request(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        request: FileRequest<'_>,
        sender: Option<MacAddress>,
    ) -> Vec<Event> {
        let file = request.file;
        if let Some(mac) = file.mac()
            && let Some(events) = self.dispute_request(at, address, mac, request, sender)
        {
            return events;
        }
        let mut events = Vec::new();
        if let Some(id) = self.id_at(address) {
            if let Some(events) = self.defer_recovery(at, id, request) {
                return events;
            }
            if *file == RequestedFile::Image {
                events.extend(self.imply_recovery(at, id));
            }
        }
        events.extend(self.on_attributable_request(at, address, request));
        // The ARP table is read when a file names a phone.
        if let Some(mac) = file.mac() {
            self.note_arp_entry(mac, sender);
        }
        events
    }

    /// A request that nothing contradicts: it belongs to the phone, or the client, at `address`.
    pub(super) fn on_attributable_request(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        request: FileRequest<'_>,
    ) -> Vec<Event> {
        let file = request.file;
        let is_phone = match file {
            RequestedFile::Recovery(_) | RequestedFile::Manifest(_) => self
                .registry
                .requests_like_a_phone(at, address, request.name, self.observes_acks()),
            _ => true,
        };
        let id = match (file, file.mac()) {
            (_, Some(mac)) => self.registry.name(at, address, mac),
            (RequestedFile::Recovery(model), _) if is_phone => {
                self.registry.in_recovery(at, address, *model)
            }
            (RequestedFile::Manifest(_), _) if is_phone => self.registry.listed(at, address),
            // Only a 7940 or 7960 requests these names.
            (RequestedFile::LegacyDefault, _) => self.registry.listed(at, address),
            _ => {
                let here = self.registry.at(address).map(|(id, _)| id);
                if here.is_none() {
                    self.on_other_request(at, address, request);
                }
                here
            }
        };
        let mut events = self.forget_gone();
        let Some(id) = id else {
            return events;
        };
        if request.served.is_some() {
            self.own_transfer(request.transfer, TransferOwner::Phone(id));
        }
        events.extend(self.update(at, id, |phone, cx, out| {
            phone.address = address;
            phone.conversion.on_request(cx, request, out);
            if request.served.is_some() && request.file.mac() == phone.mac {
                let subject = Some(address.to_string());
                let code = Code::ConfigurationWithheld;
                phone.conversion.withdraw(code, subject.as_deref(), out);
            }
        }));
        events.extend(self.on_start_request(at, id, request.file, request.name));
        events
    }

    /// A client that is not a phone requested a file.
    pub(super) fn on_other_request(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        request: FileRequest<'_>,
    ) {
        let Some(other) = self.registry.other(at, address) else {
            return;
        };
        let FileRequest {
            transfer,
            transport,
            name,
            served,
            ..
        } = request;
        let sequence = other.newest_sequence() + 1;
        other.attempts.push(FetchAttempt {
            sequence,
            role: FileRole::of(request.file),
            ..FetchAttempt::new(at, transfer, transport, name, served)
        });
        if served.is_some() {
            self.own_transfer(transfer, TransferOwner::Other(address));
        }
    }

    pub(super) fn own_transfer(&mut self, transfer: TransferId, owner: TransferOwner) {
        if self.registry.transfers.len() < MAX_TRANSFERS {
            self.registry.transfers.insert(transfer, owner);
        }
    }

    /// The phone repeated the request of a transfer.
    pub(super) fn on_repetition(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        transfer: TransferId,
    ) -> Vec<Event> {
        let id = match self.registry.transfers.get(&transfer) {
            Some(TransferOwner::Phone(id)) => Some(*id),
            Some(TransferOwner::Other(_)) => None,
            // The answer was an error.
            None => self.id_at(address),
        };
        id.map_or_else(Vec::new, |id| {
            self.update(at, id, |phone, cx, out| {
                phone.conversion.on_repetition(cx, transfer, out);
            })
        })
    }

    /// Bytes of a transfer were acknowledged.
    pub(super) fn on_acknowledged(
        &mut self,
        at: RunTime,
        transfer: TransferId,
        bytes: u64,
    ) -> Vec<Event> {
        let mut events = self.on_answer_acknowledged(at, transfer);
        match self.registry.transfers.get(&transfer) {
            Some(TransferOwner::Phone(id)) => {
                events.extend(self.update(at, *id, |phone, cx, out| {
                    phone.conversion.on_acknowledged(cx, transfer, bytes, out);
                }));
            }
            Some(TransferOwner::Other(address)) => {
                self.update_other(at, *address, transfer, |attempt| {
                    attempt.acknowledge(bytes);
                });
            }
            None => {}
        }
        events
    }

    /// A part of the answer to a request was acknowledged, so it is not forged.
    fn on_answer_acknowledged(&mut self, at: RunTime, transfer: TransferId) -> Vec<Event> {
        let mut events = self.prove_recovery(at, transfer);
        self.registry.on_file_acknowledged(at, transfer);
        events.extend(self.forget_gone());
        events
    }

    /// A transfer ended.
    pub(super) fn on_transfer_end(
        &mut self,
        at: RunTime,
        transfer: TransferId,
        end: &TransferEnd,
        bytes: u64,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        if bytes > 0 || *end == TransferEnd::Delivered {
            events.extend(self.on_answer_acknowledged(at, transfer));
        }
        let ended = match self.registry.transfers.remove(&transfer) {
            Some(TransferOwner::Phone(id)) => self.update(at, id, |phone, cx, out| {
                phone.record_unproven(cx, transfer);
                // The transfer may have begun before the present episode.
                let is_earlier = phone.conversion.delivery.attempts.get(transfer).is_none();
                let conversion = match &mut phone.before_episode {
                    Some(before) if is_earlier => before,
                    _ => &mut phone.conversion,
                };
                conversion.on_transfer_end(cx, transfer, end, bytes, out);
            }),
            Some(TransferOwner::Other(address)) => {
                self.update_other(at, address, transfer, |attempt| {
                    attempt.end(end, bytes);
                });
                Vec::new()
            }
            None => Vec::new(),
        };
        events.extend(ended);
        events
    }

    fn update_other(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        transfer: TransferId,
        change: impl FnOnce(&mut FetchAttempt),
    ) {
        if let Some(other) = self.registry.others.get_mut(&address) {
            other.last = at;
            if let Some(attempt) = other.attempts.get_mut(transfer) {
                change(attempt);
            }
        }
    }
}
