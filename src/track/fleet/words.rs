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
            ObservationKind::Model { model, witness } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, _, out| {
                    phone.conversion.model_named(model, *witness, out);
                })
            }
            ObservationKind::UserAgent {
                release,
                witness,
                detail,
            } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, _, out| {
                    let phone = &mut phone.conversion;
                    phone.agent_named(release.as_deref(), *witness, detail, out);
                })
            }
            ObservationKind::AddressConflict {
                mac,
                other,
                witness,
            } => {
                let id = self.registry.id_of(*mac);
                self.told(at, id, |phone, _, out| {
                    phone.conversion.disputed(address, *other, *witness, out);
                })
            }
            ObservationKind::Vlan { vlan, witness } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, scene, out| {
                    let place = (address, *vlan);
                    phone.conversion.tags(scene, place, *witness, out);
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
                witness,
                detail,
            } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, scene, out| {
                    let phone = &mut phone.conversion;
                    phone.hardware_named(scene, *classes, *witness, detail, out);
                })
            }
            // Others than phones register too, and nothing of this makes somebody a phone.
            ObservationKind::Register { register, fate } => match self.registry.at(address) {
                Some((id, _)) => self.fold(at, id, |phone, scene, out| {
                    phone.conversion.registers(scene, register, *fate, out);
                }),
                None => Vec::new(),
            },
            ObservationKind::PortClosed { pbx, over } => match self.registry.at(address) {
                Some((id, _)) => self.fold(at, id, |phone, scene, out| {
                    phone.conversion.found_closed(scene, *pbx, *over, out);
                }),
                None => Vec::new(),
            },
            ObservationKind::Remark { witness, detail } => {
                let here = self.registry.at(address).map(|(id, _)| id);
                here.map_or_else(Vec::new, |id| {
                    self.fold(at, id, |phone, _, out| {
                        phone.conversion.note(*witness, kept(detail), out);
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
