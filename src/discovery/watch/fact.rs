//! One frame as the list takes it.

use std::{net::Ipv4Addr, time::Duration};

use crate::{
    discovery::{Decoded, observations},
    phone::{LoadName, MacAddress, Model},
    track::{EvidenceSource, ObservationKind},
};

/// What one frame says of one phone, or of whoever has an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Who it is.
    pub mac: MacAddress,
    /// Who says so.
    pub witness: EvidenceSource,
    /// Its address.
    pub address: Option<Ipv4Addr>,
    /// Its model.
    pub model: Option<&'static Model>,
    /// What it runs.
    pub load: Option<LoadName>,
    /// The port of the phone that is heard: `Port 1` is the one to the switch.
    pub port: Option<String>,
    /// The VLAN: of the frame's tag, else the phone's word for it.
    pub vlan: Option<u16>,
    /// The power that it takes, in milliwatts.
    pub power: Option<u32>,
    /// How long it holds, where it says so.
    pub holds: Option<Duration>,
}

impl Fact {
    /// What was heard, if it is of a phone; ARP is of anybody. `address` as
    /// [`crate::discovery::Observer::for_each_decoded`] gives it.
    #[must_use]
    pub fn of(heard: &Decoded<'_>, address: Option<Ipv4Addr>, tag: Option<u16>) -> Option<Self> {
        let seen = observations(heard);
        let named = seen.iter().find_map(|seen| match seen {
            ObservationKind::MacReported {
                mac,
                source: witness,
            } => Some((*mac, *witness)),
            _ => None,
        });
        let (mac, witness) = match heard {
            // One without an address is a phone all the same.
            Decoded::Dhcp(message) if message.phone().is_some() => {
                (message.mac, EvidenceSource::Dhcp)
            }
            _ => named?,
        };
        let load = seen.into_iter().find_map(|seen| match seen {
            ObservationKind::Load { load, .. } => Some(load),
            _ => None,
        });
        let mut fact = Self {
            mac,
            witness,
            address,
            model: None,
            load,
            port: None,
            vlan: tag,
            power: None,
            holds: None,
        };
        match heard {
            Decoded::Cdp(cdp) => {
                fact.model = cdp.model;
                fact.port.clone_from(&cdp.port);
                fact.vlan = tag.or(cdp.voice_vlan).or(cdp.native_vlan);
                fact.power = cdp.power_consumption.map(u32::from);
                fact.holds = Some(cdp.ttl);
            }
            Decoded::Lldp(lldp) => {
                fact.model = lldp.model;
                fact.port = lldp.port.as_deref().map(port_name);
                fact.vlan = tag.or(lldp.voice_vlan());
                fact.power = lldp.power;
                fact.holds = Some(lldp.ttl);
            }
            Decoded::Dhcp(message) => fact.model = message.phone().and_then(|phone| phone.model),
            Decoded::Sip(request) => fact.model = request.phone().model,
            Decoded::Arp(_) | Decoded::SipAnswer(_) | Decoded::Sccp(_) | Decoded::Web(_) => {}
        }
        Some(fact)
    }
}

/// LLDP's `C8F9F9D61BC2:P1` is CDP's `Port 1`.
fn port_name(port: &str) -> String {
    match port.rsplit_once(":P") {
        Some((_, number)) => format!("Port {number}"),
        None => port.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_one_name_whichever_witness_says_it() {
        assert_eq!(port_name("C8F9F9D61BC2:P1"), "Port 1");
        assert_eq!(port_name("eth0"), "eth0");
    }
}
