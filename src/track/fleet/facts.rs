//! Reports of other sources than the requests: MAC, load, model, network, registration.

use std::net::Ipv4Addr;

use super::{
    super::{
        event::Event,
        history::truncate_name,
        observation::{EvidenceSource, ObservationKind, RunTime},
    },
    Fleet,
};

impl Fleet {
    /// Applies an observation that is about a phone and not about a transfer.
    pub(super) fn apply_fact(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        fact: &ObservationKind,
    ) -> Vec<Event> {
        match fact {
            ObservationKind::MacReported { mac, source } => {
                let id = self.registry.on_mac_report(at, address, *mac, *source);
                self.update_listed(at, id, |phone, cx, out| {
                    phone.conversion.on_mac_report(cx.at, *source, out);
                })
            }
            ObservationKind::Load {
                load,
                source,
                detail,
            } => {
                let id = self.registry.listed(at, address);
                self.update_listed(at, id, |phone, cx, out| {
                    let conversion = &mut phone.conversion;
                    conversion.on_load_report(cx, load, *source, detail, out);
                })
            }
            ObservationKind::Model { model, source } => {
                let id = self.registry.listed(at, address);
                self.update_listed(at, id, |phone, _, out| {
                    phone.conversion.on_model_report(model, *source, out);
                })
            }
            ObservationKind::UserAgent {
                release,
                source,
                detail,
            } => {
                let id = self.registry.listed(at, address);
                self.update_listed(at, id, |phone, _, out| {
                    let conversion = &mut phone.conversion;
                    conversion.on_user_agent(release.as_deref(), *source, detail, out);
                })
            }
            ObservationKind::AddressConflict { mac, other, source } => {
                let id = self.registry.id_of(*mac);
                self.update_listed(at, id, |phone, _, out| {
                    let conversion = &mut phone.conversion;
                    conversion.on_address_conflict(address, *other, *source, out);
                })
            }
            ObservationKind::Vlan { vlan, source } => {
                let id = self.registry.listed(at, address);
                self.update_listed(at, id, |phone, cx, out| {
                    phone.conversion.on_vlan(cx, (address, *vlan), *source, out);
                })
            }
            ObservationKind::LeaseAcked { lease } => {
                let id = self.registry.listed(at, address);
                self.update_listed(at, id, |phone, cx, out| {
                    phone.conversion.on_lease(cx, address, lease, out);
                })
            }
            ObservationKind::Hardware {
                classes,
                source,
                detail,
            } => {
                let id = self.registry.listed(at, address);
                self.update_listed(at, id, |phone, cx, out| {
                    let conversion = &mut phone.conversion;
                    conversion.on_hardware_report(cx, *classes, *source, detail, out);
                })
            }
            ObservationKind::AddressWanted { mac, model } => {
                let id = self.registry.without_address(at, *mac);
                self.update_listed(at, id, |phone, cx, out| {
                    if let Some(model) = model {
                        let source = EvidenceSource::Dhcp;
                        phone.conversion.on_model_report(model, source, out);
                    }
                    phone.conversion.on_address_wanted(cx, out);
                })
            }
            ObservationKind::AddressAnswered { mac, .. } => {
                let id = self.registry.id_of(*mac);
                self.update_listed(at, id, |phone, _, out| {
                    phone.conversion.on_address_answered(out);
                })
            }
            listed_only => self.apply_to_listed(at, address, listed_only),
        }
    }

    /// Applies an observation that does not turn a client into a phone: other clients than
    /// phones register too.
    fn apply_to_listed(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        fact: &ObservationKind,
    ) -> Vec<Event> {
        let Some(id) = self.id_at(address) else {
            return Vec::new();
        };
        match fact {
            ObservationKind::Register { register, outcome } => {
                self.update(at, id, |phone, cx, out| {
                    phone.conversion.on_register(cx, register, *outcome, out);
                })
            }
            ObservationKind::PortClosed { pbx, transport } => {
                self.update(at, id, |phone, cx, out| {
                    phone.conversion.on_port_closed(cx, *pbx, *transport, out);
                })
            }
            ObservationKind::TftpPortClosed { server } => self.update(at, id, |phone, cx, out| {
                phone.conversion.on_tftp_port_closed(cx, *server, out);
            }),
            ObservationKind::ContactClosed { contact, pbx } => {
                self.update(at, id, |phone, cx, out| {
                    phone
                        .conversion
                        .on_contact_closed(cx, (*contact, *pbx), out);
                })
            }
            ObservationKind::Remark { source, detail } => self.update(at, id, |phone, _, out| {
                phone.conversion.note(*source, truncate_name(detail), out);
            }),
            _ => Vec::new(),
        }
    }
}
