//! What witnesses say beside a phone's name and its load.

use std::net::Ipv4Addr;

use super::{
    super::{Event, Moment, Seen, history::kept},
    Fleet,
};

impl Fleet {
    /// A word of a witness that is neither a name nor a load.
    pub(super) fn worded(&mut self, at: Moment, address: Ipv4Addr, seen: &Seen) -> Vec<Event> {
        match seen {
            Seen::Model { model, witness } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, _, out| {
                    phone.conversion.model_named(model, *witness, out);
                })
            }
            Seen::Agent {
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
            Seen::Disputed {
                mac,
                other,
                witness,
            } => {
                let id = self.registry.id_of(*mac);
                self.told(at, id, |phone, _, out| {
                    phone.conversion.disputed(address, *other, *witness, out);
                })
            }
            Seen::Vlan { vlan, witness } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, scene, out| {
                    let place = (address, *vlan);
                    phone.conversion.tags(scene, place, *witness, out);
                })
            }
            Seen::Leased { lease } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, scene, out| {
                    phone.conversion.leased(scene, address, lease, out);
                })
            }
            Seen::Hardware {
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
            Seen::Register { register, fate } => match self.registry.at(address) {
                Some((id, _)) => self.fold(at, id, |phone, scene, out| {
                    phone.conversion.registers(scene, register, *fate, out);
                }),
                None => Vec::new(),
            },
            Seen::Closed { pbx, over } => match self.registry.at(address) {
                Some((id, _)) => self.fold(at, id, |phone, scene, out| {
                    phone.conversion.found_closed(scene, *pbx, *over, out);
                }),
                None => Vec::new(),
            },
            Seen::Noted { witness, detail } => {
                let here = self.registry.at(address).map(|(id, _)| id);
                here.map_or_else(Vec::new, |id| {
                    self.fold(at, id, |phone, _, out| {
                        phone.conversion.note(*witness, kept(detail), out);
                    })
                })
            }
            Seen::Asked { .. }
            | Seen::Acknowledged { .. }
            | Seen::Ended { .. }
            | Seen::Named { .. }
            | Seen::Load { .. } => Vec::new(),
        }
    }
}
