//! What witnesses say beside a phone's name and its load.

use std::net::Ipv4Addr;

use super::{
    super::{Event, Moment, Seen},
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
            Seen::Leased { lease } => {
                let id = self.registry.listed(at, address);
                self.told(at, id, |phone, scene, out| {
                    phone.conversion.leased(scene, address, lease, out);
                })
            }
            _ => Vec::new(),
        }
    }
}
