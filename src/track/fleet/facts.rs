//! Reports of other sources than the requests: MAC, load, model, network, registration.

use std::net::Ipv4Addr;

use super::{
    super::{
        change::Change,
        conversion::{Context, Conversion},
        event::Event,
        history::truncate_name,
        observation::{EvidenceSource, ObservationKind, RunTime},
    },
    Fleet,
    disputes::MacClaim,
};

impl Fleet {
    /// Applies an observation that is about a phone and not about a transfer.
    pub(super) fn apply_fact(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        fact: &ObservationKind,
    ) -> Vec<Event> {
        if self.is_disputed(address, fact) {
            return Vec::new();
        }
        match fact {
            ObservationKind::MacReported {
                mac,
                source,
                sender,
            } => {
                let claim = MacClaim {
                    address,
                    mac: *mac,
                    source: *source,
                    sender: *sender,
                };
                if let Some(events) = self.dispute_mac(at, claim) {
                    return events;
                }
                let id = self.registry.on_mac_report(at, address, *mac, *source);
                if *source == EvidenceSource::Neighbour {
                    self.note_arp_entry(*mac, Some(*mac));
                } else if !claim.is_of_frame() {
                    self.note_arp_entry(*mac, *sender);
                }
                self.update_listed(at, id, |phone, cx, out| {
                    if *source == EvidenceSource::Dhcp {
                        phone.leased = Some(address);
                    }
                    phone.conversion.on_mac_report(cx.at, *source, out);
                })
            }
            ObservationKind::AddressConflict { mac, other, source } => {
                let id = self.registry.id_of(*mac);
                self.update_listed(at, id, |phone, _, out| {
                    let conversion = &mut phone.conversion;
                    conversion.on_address_conflict(address, *other, *source, out);
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
            ObservationKind::Load { .. }
            | ObservationKind::Model { .. }
            | ObservationKind::UserAgent { .. }
            | ObservationKind::Vlan { .. }
            | ObservationKind::LeaseAcked { .. }
            | ObservationKind::Hardware { .. } => {
                let id = self.registry.listed(at, address);
                self.update_listed(at, id, |phone, cx, out| {
                    apply_to_phone(&mut phone.conversion, cx, address, fact, out);
                })
            }
            // Other clients than phones register too, so these do not turn a client into a phone.
            ObservationKind::Register { .. }
            | ObservationKind::PortClosed { .. }
            | ObservationKind::TftpPortClosed { .. }
            | ObservationKind::ContactClosed { .. }
            | ObservationKind::Forged { .. }
            | ObservationKind::Remark { .. } => {
                let Some(id) = self.id_at(address) else {
                    return Vec::new();
                };
                self.update(at, id, |phone, cx, out| {
                    apply_to_phone(&mut phone.conversion, cx, address, fact, out);
                })
            }
            restart => self.apply_restart(at, address, restart),
        }
    }
}

/// Applies an observation to the phone at its address.
fn apply_to_phone(
    conversion: &mut Conversion,
    cx: Context<'_>,
    address: Ipv4Addr,
    fact: &ObservationKind,
    out: &mut Vec<Change>,
) {
    match fact {
        ObservationKind::Load {
            load,
            source,
            detail,
        } => conversion.on_load_report(cx, load, *source, detail, out),
        ObservationKind::Model { model, source } => {
            conversion.on_model_report(model, *source, out);
        }
        ObservationKind::UserAgent {
            release,
            source,
            detail,
        } => conversion.on_user_agent(release.as_deref(), *source, detail, out),
        ObservationKind::Vlan { vlan, source } => {
            conversion.on_vlan(cx, (address, *vlan), *source, out);
        }
        ObservationKind::LeaseAcked { lease } => conversion.on_lease(cx, address, lease, out),
        ObservationKind::Hardware {
            classes,
            source,
            detail,
        } => conversion.on_hardware_report(cx, *classes, *source, detail, out),
        ObservationKind::Register { register, outcome } => {
            conversion.on_register(cx, register, *outcome, out);
        }
        ObservationKind::PortClosed { pbx, transport } => {
            conversion.on_port_closed(cx, *pbx, *transport, out);
        }
        ObservationKind::TftpPortClosed { server } => {
            conversion.on_tftp_port_closed(cx, *server, out);
        }
        ObservationKind::ContactClosed { contact, pbx } => {
            conversion.on_contact_closed(cx, (*contact, *pbx), out);
        }
        ObservationKind::Forged { sign } => conversion.on_forged(cx, address, *sign, out),
        ObservationKind::Remark {
            source,
            detail,
            means,
        } => conversion.on_remark(*source, truncate_name(detail), *means, out),
        _ => {}
    }
}
