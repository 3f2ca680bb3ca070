//! What one frame reports about one phone.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use crate::{
    discovery::{Decoded, Observer, frame_limiter::FrameLimiter, is_sent_by_phone, observations},
    phone::{LoadName, MacAddress, Model},
    protocol::{Malformed, frame::EthernetFrame},
    track::{EvidenceSource, ObservationKind},
};

/// What one frame reports about one phone, or, with ARP, about any host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The phone.
    pub mac: MacAddress,
    /// The protocol that reported it.
    pub source: EvidenceSource,
    /// Its IPv4 address.
    pub address: Option<Ipv4Addr>,
    /// Its model.
    pub model: Option<&'static Model>,
    /// The load that it runs.
    pub load: Option<LoadName>,
    /// The phone's port that sent the frame: `Port 1` is the one to the switch.
    pub port: Option<String>,
    /// The VLAN of the frame's tag, else the voice VLAN that the phone reports.
    pub vlan: Option<u16>,
    /// Power consumption in milliwatts.
    pub power: Option<u32>,
    /// The time to live that an announcement carries.
    pub ttl: Option<Duration>,
    /// The host that sent it in the name of the phone: the MAC of the frame is another one.
    pub disputed: Option<MacAddress>,
}

impl Fact {
    /// The fact in a decoded message; `None`: it is about no phone. `address` is the one that
    /// [`Observer::for_each_decoded`] passes on, `tag` the VLAN of the frame.
    #[must_use]
    pub fn of(decoded: &Decoded<'_>, address: Option<Ipv4Addr>, tag: Option<u16>) -> Option<Self> {
        let observed = observations(decoded);
        let reported = observed.iter().find_map(|kind| match kind {
            ObservationKind::MacReported { mac, source, .. } => Some((*mac, *source)),
            _ => None,
        });
        let (mac, source) = match decoded {
            // A DISCOVER carries no address, which observations need.
            Decoded::Dhcp(message) if message.phone().is_some() => {
                (message.mac, EvidenceSource::Dhcp)
            }
            _ => reported?,
        };
        let load = observed.into_iter().find_map(|kind| match kind {
            ObservationKind::Load { load, .. } => Some(load),
            _ => None,
        });
        let mut fact = Self {
            mac,
            source,
            address,
            model: None,
            load,
            port: None,
            vlan: tag,
            power: None,
            ttl: None,
            disputed: None,
        };
        match decoded {
            Decoded::Cdp(cdp) => {
                fact.model = cdp.phone.model;
                fact.port.clone_from(&cdp.port);
                fact.vlan = tag.or(cdp.vlans.voice).or(cdp.vlans.native);
                fact.power = cdp.power_consumption.map(u32::from);
                fact.ttl = Some(cdp.ttl);
            }
            Decoded::Lldp(lldp) => {
                fact.model = lldp.phone.model;
                fact.port = lldp.port.as_deref().map(port_name);
                fact.vlan = tag.or(lldp.voice_vlan());
                fact.power = lldp.power;
                fact.ttl = Some(lldp.ttl);
            }
            Decoded::Dhcp(message) => fact.model = message.phone().and_then(|phone| phone.model),
            Decoded::Sip(request) => fact.model = request.phone().model,
            Decoded::SccpRegister(register) => fact.model = register.model(),
            Decoded::SccpXml(alarm) => {
                fact.model = alarm.model;
                fact.port.clone_from(&alarm.port);
            }
            Decoded::Arp(_) | Decoded::SipResponse(_) | Decoded::Sccp(_) | Decoded::Web(_) => {}
        }
        Some(fact)
    }

    /// The fact, sent in a frame of `host`. Frames of a loopback interface have no MAC.
    fn sent_by(mut self, decoded: &Decoded<'_>, host: MacAddress) -> Self {
        let is_known = host.bytes() != [0; 6] && is_sent_by_phone(decoded);
        self.disputed = (is_known && host != self.mac).then_some(host);
        self
    }
}

/// LLDP's `C8F9F9D61BC2:P1` is CDP's `Port 1`.
fn port_name(port: &str) -> String {
    match port.rsplit_once(":P") {
        Some((_, number)) => format!("Port {number}"),
        None => port.to_owned(),
    }
}

/// Turns the frames of one interface into facts, within a limit.
#[derive(Debug, Default)]
pub struct FactReader {
    observer: Observer,
    limiter: FrameLimiter,
}

impl FactReader {
    /// The facts in a frame.
    ///
    /// # Errors
    /// The frame is of a protocol that is read here, and damaged.
    pub fn read(&mut self, at: Instant, bytes: &[u8]) -> Result<Vec<Fact>, Malformed> {
        let frame = EthernetFrame::decode(bytes)?;
        let mut facts = Vec::new();
        self.observer
            .for_each_decoded(&frame, &mut |decoded, address| {
                let fact = Fact::of(decoded, address, frame.vlan);
                facts.extend(fact.map(|fact| fact.sent_by(decoded, frame.source)));
            })?;
        // The limit counts frames, not facts.
        if !facts.is_empty() && !self.limiter.admit(at) {
            facts.clear();
        }
        Ok(facts)
    }

    /// Frames dropped because they were over the limit.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.limiter.dropped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_has_the_same_name_by_cdp_and_lldp() {
        assert_eq!(port_name("C8F9F9D61BC2:P1"), "Port 1");
        assert_eq!(port_name("eth0"), "eth0");
    }
}
