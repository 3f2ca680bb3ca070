//! What was decoded, as the tracking takes it.

use std::net::Ipv4Addr;

use crate::protocol::{
    Alarm,
    cdp::Cdp,
    dhcp::{Message, MessageType, Op},
    frame::Arp,
    lldp::Lldp,
    sip::{Request, Response},
    web::DevicePage,
};
use crate::{
    phone::{LoadName, MacAddress, Model},
    track::{EvidenceSource, LeaseOptions, ObservationKind},
};

/// One thing that a witness said.
#[derive(Debug, Clone, Copy)]
pub enum Decoded<'a> {
    /// A CDP announcement.
    Cdp(&'a Cdp),
    /// An LLDP announcement.
    Lldp(&'a Lldp),
    /// An ARP packet.
    Arp(&'a Arp),
    /// A DHCP message.
    Dhcp(&'a Message),
    /// A SIP request.
    Sip(&'a Request),
    /// An answer over SIP. By itself it says nothing of a phone.
    SipAnswer(&'a Response),
    /// An SCCP alarm.
    Sccp(&'a Alarm),
    /// The phone's page.
    Web(&'a DevicePage),
}

/// The facts in it: who it is, which model, then what it runs.
///
/// Only a phone makes facts: an announcement or a request without a phone's name in it makes
/// none. A boot loader's names (`term65.default`, `79XX_default_load`) are loads as lease_observation; the
/// tracking knows that they confirm nothing. No witness tells hardware classes.
#[must_use]
pub fn observations(decoded: &Decoded<'_>) -> Vec<ObservationKind> {
    match decoded {
        Decoded::Cdp(cdp) => {
            let Some(mac) = cdp.mac else {
                return Vec::new();
            };
            let detail = cdp.platform.clone().or_else(|| cdp.device.clone());
            let facts = facts(
                EvidenceSource::Cdp,
                mac,
                cdp.model,
                cdp.load.as_ref(),
                detail,
            );
            tagged(facts, EvidenceSource::Cdp, cdp.voice_vlan)
        }
        Decoded::Lldp(lldp) => {
            // A phone's name or a phone's model; a telephone of another make has neither.
            let mac = lldp.mac.filter(|_| lldp.model.is_some() || is_named(lldp));
            let detail = lldp
                .system_description
                .clone()
                .or_else(|| lldp.system_name.clone());
            mac.map_or_else(Vec::new, |mac| {
                let facts = facts(
                    EvidenceSource::Lldp,
                    mac,
                    lldp.model,
                    lldp.load.as_ref(),
                    detail,
                );
                tagged(facts, EvidenceSource::Lldp, lldp.voice_vlan())
            })
        }
        // What the kernel's table would learn from it; it makes no phone of a stranger.
        Decoded::Arp(arp) => facts(EvidenceSource::Neighbour, arp.sender_mac, None, None, None),
        Decoded::Dhcp(message) => {
            let class = message.phone();
            let is_phone = message.op == Op::Reply || class.is_some();
            let model = class.and_then(|class| class.model);
            match address(decoded) {
                Some(_) if is_phone => {
                    let mut seen = facts(EvidenceSource::Dhcp, message.mac, model, None, None);
                    seen.extend(lease_observation(message));
                    seen
                }
                _ => Vec::new(),
            }
        }
        Decoded::Sip(request) => {
            let phone = request.phone();
            // A proxy's address is not the phone's.
            let Some(mac) = phone.mac.filter(|_| request.is_direct()) else {
                return Vec::new();
            };
            let detail = phone.alarm.map(|alarm| alarm.text);
            let agent = phone.agent.filter(|agent| agent.model.is_some());
            let words = detail.or_else(|| agent.as_ref().map(|agent| agent.text.clone()));
            let load = phone.load.as_ref();
            let mut seen = facts(EvidenceSource::Sip, mac, phone.model, load, words);
            if let Some(agent) = agent.filter(|_| load.is_none()) {
                seen.push(ObservationKind::UserAgent {
                    release: agent.version,
                    source: EvidenceSource::Sip,
                    detail: agent.text,
                });
            }
            seen
        }
        Decoded::SipAnswer(_) => Vec::new(),
        Decoded::Sccp(alarm) => alarm.mac.map_or_else(Vec::new, |mac| {
            facts(
                EvidenceSource::Sccp,
                mac,
                None,
                alarm.load.as_ref(),
                Some(alarm.text.clone()),
            )
        }),
        Decoded::Web(page) => page.mac.map_or_else(Vec::new, |mac| {
            let detail = page.app_load.clone().or_else(|| page.model_number.clone());
            facts(
                EvidenceSource::Web,
                mac,
                page.model,
                page.load.as_ref(),
                detail,
            )
        }),
    }
}

/// The same with the VLAN of its voice, where it is one: 0 is a priority alone, 4095 reserved.
fn tagged(
    mut facts: Vec<ObservationKind>,
    source: EvidenceSource,
    vlan: Option<u16>,
) -> Vec<ObservationKind> {
    let vlan = vlan.filter(|vlan| (1..=4094).contains(vlan));
    facts.extend(vlan.map(|vlan| ObservationKind::Vlan { vlan, source }));
    facts
}

/// The address that it speaks of, where it says one. SCCP and the web page say none: theirs is
/// the connection's. An answer is its question's.
#[must_use]
pub fn address(decoded: &Decoded<'_>) -> Option<Ipv4Addr> {
    let said = match decoded {
        Decoded::Cdp(cdp) => cdp
            .addresses
            .iter()
            .copied()
            .find(|address| is_host(*address)),
        Decoded::Lldp(lldp) => lldp.management.or(lldp.chassis),
        Decoded::Arp(arp) => Some(arp.sender),
        Decoded::Dhcp(message) => leased(message),
        Decoded::Sip(request) => request.source.map(|source| *source.ip()),
        Decoded::SipAnswer(_) | Decoded::Sccp(_) | Decoded::Web(_) => None,
    };
    said.filter(|address| is_host(*address))
}

/// Whether one host can have the address.
fn is_host(address: Ipv4Addr) -> bool {
    !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast()
}

/// The address that the client has now, as surely as one message can say. A DISCOVER has none,
/// and a REQUEST after a boot only hopes for its old one: the ACK tells.
fn leased(message: &Message) -> Option<Ipv4Addr> {
    match (message.op, message.message_type()?) {
        (Op::Reply, MessageType::Ack) if message.your.is_unspecified() => Some(message.client),
        (Op::Reply, MessageType::Ack) => Some(message.your),
        // It takes what this server offered.
        (Op::Request, MessageType::Request) if message.server_id().is_some() => message.requested(),
        // It has it and wants to keep it, or has it and asks for the rest.
        (Op::Request, MessageType::Request | MessageType::Inform) => Some(message.client),
        _ => None,
    }
}

/// What a server tells a phone that starts. One that renews its lease, or asks with an address of
/// its own, has its address in the answer (RFC 2131, table 3): it goes by what it knows.
fn lease_observation(message: &Message) -> Option<ObservationKind> {
    let is_ack = message.op == Op::Reply && message.message_type() == Some(MessageType::Ack);
    if !is_ack || !message.client.is_unspecified() || message.your.is_unspecified() {
        return None;
    }
    let lease = LeaseOptions {
        server: message.server_id()?,
        tftp: message.tftp_servers(),
        name: message.tftp_name(),
        next_server: Some(message.server).filter(|next| is_host(*next)),
    };
    Some(ObservationKind::LeaseAcked {
        lease: Box::new(lease),
    })
}

fn is_named(lldp: &Lldp) -> bool {
    let name = lldp.system_name.as_deref();
    name.is_some_and(|name| crate::protocol::device_mac(name).is_some())
}

fn facts(
    source: EvidenceSource,
    mac: MacAddress,
    model: Option<&Model>,
    load: Option<&LoadName>,
    detail: Option<String>,
) -> Vec<ObservationKind> {
    let mut seen = vec![ObservationKind::MacReported { mac, source }];
    seen.extend(model.map(|model| ObservationKind::Model {
        model: model.plain_number().to_owned(),
        source,
    }));
    if let Some(load) = load {
        seen.push(ObservationKind::Load {
            load: load.clone(),
            source,
            detail: detail.unwrap_or_default(),
        });
    }
    seen
}
