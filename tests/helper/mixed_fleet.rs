//! Phones of any family and start on one cable.

use std::{collections::BTreeMap, net::SocketAddrV4, sync::Arc};

use reflash::{
    phone::{LoadName, MacAddress, Model},
    simulator::{PhoneConfig, SimulatedPhone, Sizes, StartState, SyntheticBundle},
};

use crate::ethernet_phones;

/// The port of HTTP.
const HTTP: u16 = 6970;

/// Plays phones against `server` until each is finished or the time is over, and prints a JSON line for
/// each: what it has. A phone is `MODEL,LOAD,FAULT`; without LOAD it starts after a reset.
pub(crate) fn play(server: &str, pace: &str, seconds: &str, phones: &[&str]) {
    let tftp: SocketAddrV4 = server.parse().unwrap();
    let members = phones.iter().zip(0..).map(|(text, index)| {
        let mut parts = text.split(',');
        let mut part = || parts.next().unwrap_or_default();
        let (number, load, fault) = (part(), part(), part());
        SimulatedPhone::new(PhoneConfig {
            mac: MacAddress::new([0x02, 0x52, 0x45, 0x48, 2, index]),
            model: Model::by_number(number).unwrap(),
            start: match load {
                "" => StartState::Recovery,
                load => StartState::Application(LoadName::new(load)),
            },
            server: tftp,
            http: Some(SocketAddrV4::new(*tftp.ip(), HTTP)),
            pace: pace.parse().unwrap(),
            seed: 7,
            faults: match fault {
                "" => Vec::new(),
                fault => vec![fault.parse().unwrap()],
            },
            // Signing a bundle takes time.
            sizes: if fault.starts_with("power-cut") {
                sizes(number)
            } else {
                Arc::default()
            },
        })
    });
    ethernet_phones::run(tftp, members, seconds);
}

/// The sizes of the images in the bundle that the test serves, so that power is lost within an image.
fn sizes(number: &str) -> Arc<BTreeMap<String, u64>> {
    let family = Model::by_number(number).unwrap().family;
    let made = SyntheticBundle::new(family, 7).unwrap().sizes(Sizes::Small);
    let files = made.files().into_iter();
    Arc::new(
        files
            .map(|(name, bytes)| (name, bytes.len() as u64))
            .collect(),
    )
}

/// The vendor class of DHCP, as the phones of each family spell it.
pub(crate) fn vendor_class(model: &Model) -> String {
    match model.number {
        "6901" => "Cisco Systems, Inc.".to_owned(),
        "6945" => "Cisco System, Inc. IP Phone CP-6945".to_owned(),
        "8941" | "8945" => format!("Cisco Systems, Inc. IP Phone CP-{}", model.number),
        number if model.family.slots().is_some() => {
            format!("Cisco Systems, Inc. IP Phone CP-{number}\0")
        }
        number => format!("Cisco Systems, Inc. IP Phone CP-{number}G\0"),
    }
}
