//! What witnesses say beside a phone's name and its load.

use std::net::Ipv4Addr;

use super::{
    super::{Event, ObservationKind, RunTime, history::kept},
    Fleet,
};

impl Fleet {
    /// A word of a witness that is neither a name nor a load.
    pub(super) fn worded(
        &mut self,
        at: RunTime,
        address: Ipv4Addr,
        seen: &ObservationKind,
    ) -> Vec<Event> {
        match seen {
            ObservationKind::Model { model, source } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, _, out| {
                    phone.conversion.model_named(model, *source, out);
                })
            }
            ObservationKind::UserAgent {
                release,
                source,
                detail,
            } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, _, out| {
                    let phone = &mut phone.conversion;
                    phone.agent_named(release.as_deref(), *source, detail, out);
                })
            }
            ObservationKind::AddressConflict { mac, other, source } => {
                let id = self.registry.id_of(*mac);
                self.told(at, id, |phone, _, out| {
                    phone.conversion.disputed(address, *other, *source, out);
                })
            }
            ObservationKind::Vlan { vlan, source } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, scene, out| {
                    let place = (address, *vlan);
                    phone.conversion.tags(scene, place, *source, out);
                })
            }
            ObservationKind::LeaseAcked { lease } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, scene, out| {
                    phone.conversion.leased(scene, address, lease, out);
                })
            }
            ObservationKind::Hardware {
                classes,
                source,
                detail,
            } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, scene, out| {
                    let phone = &mut phone.conversion;
                    phone.hardware_named(scene, *classes, *source, detail, out);
                })
            }
            // Others than phones register too, and nothing of this makes somebody a phone.
            ObservationKind::Register { register, outcome } => match self.registry.at(address) {
                Some((id, _)) => self.fold(at, id, |phone, scene, out| {
                    phone.conversion.registers(scene, register, *outcome, out);
                }),
                None => Vec::new(),
            },
            ObservationKind::PortClosed { pbx, transport } => match self.registry.at(address) {
                Some((id, _)) => self.fold(at, id, |phone, scene, out| {
                    phone.conversion.found_closed(scene, *pbx, *transport, out);
                }),
                None => Vec::new(),
            },
            ObservationKind::Remark { source, detail } => {
                let here = self.registry.at(address).map(|(id, _)| id);
                here.map_or_else(Vec::new, |id| {
                    self.fold(at, id, |phone, _, out| {
                        phone.conversion.note(*source, kept(detail), out);
                    })
                })
            }
            ObservationKind::Requested { .. }
            | ObservationKind::Acknowledged { .. }
            | ObservationKind::Ended { .. }
            | ObservationKind::MacReported { .. }
            | ObservationKind::Load { .. } => Vec::new(),
        }
    }
}
