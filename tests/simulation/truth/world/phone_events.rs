//! What the phones of a fleet do, as far as it shows in other places than requests.

use reflash::{phone::Family, simulator::PhoneEvent};

use super::{
    Flight, World,
    reports::{cdp, dhcp},
};

impl World<'_> {
    pub(super) fn on_phone_event(&mut self, index: usize, note: &PhoneEvent) {
        let device = &mut self.devices[index];
        let (mac, member) = (device.member.mac, device.member.clone());
        match note {
            PhoneEvent::Booted(load) => {
                device.was_answered = false;
                device.running.clone_from(load);
                if member.dhcp {
                    self.fly(Flight::Evidence(index, dhcp(mac)));
                }
                if let Some(load) = load.clone().filter(|_| member.witness) {
                    self.fly(Flight::Evidence(index, cdp(load)));
                }
            }
            PhoneEvent::Fetched { name, .. }
            | PhoneEvent::Missed {
                name,
                code: Some(_),
            } => {
                device.was_answered = true;
                // It announces its load once a minute, so also after its first requests.
                let load = device.running.clone().filter(|_| member.witness);
                if let Some(load) = load.filter(|_| name.contains(".cnf")) {
                    self.fly(Flight::Evidence(index, cdp(load)));
                }
            }
            // The loader starts the application that it wrote.
            PhoneEvent::Installed(load) if device.member.model.family == Family::P3 => {
                device.running = Some(load.clone());
            }
            _ => {}
        }
    }
}
