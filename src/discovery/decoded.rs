//! Decoded messages as observations of phones.

use std::net::Ipv4Addr;

use crate::protocol::{
    Alarm,
    cdp::Cdp,
    dhcp::{DhcpMessage, MessageType, Op},
    frame::Arp,
    lldp::Lldp,
    sccp::{SccpRegister, XmlAlarm},
    sip::{Response, SipRequest},
    web::DevicePage,
};
use crate::{
    phone::{LoadName, MacAddress, Model},
    track::{EvidenceSource, LeaseOptions, ObservationKind, Uplink},
};

/// A decoded message that can report something about a phone.
#[derive(Debug, Clone, Copy)]
pub enum Decoded<'a> {
    /// CDP announcement.
    Cdp(&'a Cdp),
    /// LLDP announcement.
    Lldp(&'a Lldp),
    /// ARP packet.
    Arp(&'a Arp),
    /// DHCP message.
    Dhcp(&'a DhcpMessage),
    /// SIP request.
    Sip(&'a SipRequest),
    /// SIP response. It is evidence only together with its request; see
    /// [`RegisterTracker`](super::RegisterTracker).
    SipResponse(&'a Response),
    /// SCCP alarm.
    Sccp(&'a Alarm),
    /// SCCP alarm in XML.
    SccpXml(&'a XmlAlarm),
    /// SCCP Register.
    SccpRegister(&'a SccpRegister),
    /// A phone's web page.
    Web(&'a DevicePage),
}

/// The observations in a message, in this order: MAC, model, load, the rest.
///
/// Empty for a message that names no phone. The names of boot loaders (`term65.default`,
/// `79XX_default_load`) are passed on as loads; the tracker knows that they confirm nothing. No
/// source reports hardware classes.
#[must_use]
pub fn observations(decoded: &Decoded<'_>) -> Vec<ObservationKind> {
    match decoded {
        Decoded::Cdp(cdp) => {
            let Some(mac) = cdp.phone.mac else {
                return Vec::new();
            };
            let detail = cdp.platform.clone().or_else(|| cdp.device.clone());
            let facts = facts(
                EvidenceSource::Cdp,
                mac,
                cdp.phone.model,
                cdp.phone.load.as_ref(),
                detail,
            );
            tagged(facts, EvidenceSource::Cdp, cdp.vlans.voice)
        }
        Decoded::Lldp(lldp) => {
            // A telephone of another make has neither a phone's name nor a known model.
            let mac = lldp
                .phone
                .mac
                .filter(|_| lldp.phone.model.is_some() || is_named(lldp));
            let detail = lldp
                .system_description
                .clone()
                .or_else(|| lldp.system_name.clone());
            mac.map_or_else(Vec::new, |mac| {
                let facts = facts(
                    EvidenceSource::Lldp,
                    mac,
                    lldp.phone.model,
                    lldp.phone.load.as_ref(),
                    detail,
                );
                tagged(facts, EvidenceSource::Lldp, lldp.voice_vlan())
            })
        }
        // ARP proves as much as an entry of the kernel's ARP table; the tracker adds no phone for
        // it.
        Decoded::Arp(arp) => facts(EvidenceSource::Neighbour, arp.sender_mac, None, None, None),
        Decoded::Dhcp(message) => {
            let class = message.phone();
            let is_phone = message.op == Op::Reply || class.is_some();
            let model = class.and_then(|class| class.model);
            match address(decoded) {
                Some(_) if is_phone => {
                    let mut kinds = facts(EvidenceSource::Dhcp, message.mac, model, None, None);
                    kinds.extend(lease_observation(message));
                    kinds
                }
                _ => Vec::new(),
            }
        }
        Decoded::Sip(request) => {
            let phone = request.phone();
            // Behind a proxy the source address is not the phone's.
            let Some(mac) = phone.mac.filter(|_| request.is_direct()) else {
                return Vec::new();
            };
            let detail = phone.alarm.map(|alarm| alarm.text);
            let agent = phone.agent.filter(|agent| agent.model.is_some());
            let detail = detail.or_else(|| agent.as_ref().map(|agent| agent.text.clone()));
            let load = phone.load.as_ref();
            let mut kinds = facts(EvidenceSource::Sip, mac, phone.model, load, detail);
            if let Some(agent) = agent.filter(|_| load.is_none()) {
                kinds.push(ObservationKind::UserAgent {
                    release: agent.version,
                    source: EvidenceSource::Sip,
                    detail: agent.text,
                });
            }
            kinds
        }
        Decoded::SipResponse(_) => Vec::new(),
        Decoded::Sccp(alarm) => of_alarm(alarm),
        Decoded::SccpXml(alarm) => of_xml_alarm(alarm),
        Decoded::SccpRegister(register) => of_register(register),
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

fn of_alarm(alarm: &Alarm) -> Vec<ObservationKind> {
    let Some(mac) = alarm.mac else {
        return Vec::new();
    };
    let detail = Some(alarm.text.clone());
    let load = alarm.load.as_ref();
    let mut kinds = facts(EvidenceSource::Sccp, mac, None, load, detail);
    kinds.extend(alarm.code.and_then(reason));
    kinds
}

fn of_xml_alarm(alarm: &XmlAlarm) -> Vec<ObservationKind> {
    let Some(mac) = alarm.mac else {
        return Vec::new();
    };
    let mut kinds = facts(EvidenceSource::Sccp, mac, alarm.model, None, None);
    kinds.extend(alarm.reason.and_then(reason));
    let (switch, port) = (alarm.switch.clone(), alarm.port.clone());
    if switch.is_some() || port.is_some() {
        kinds.push(ObservationKind::SwitchPort {
            uplink: Uplink { switch, port },
            source: EvidenceSource::Sccp,
        });
    }
    kinds
}

fn of_register(register: &SccpRegister) -> Vec<ObservationKind> {
    let Some(mac) = register.mac else {
        return Vec::new();
    };
    let (model, load) = (register.model(), register.load.as_ref());
    let detail = Some(format!("registers by SCCP as {}", register.name));
    facts(EvidenceSource::Sccp, mac, model, load, detail)
}

/// The alarms that show a restart or a load that failed: 22 and 23 (a call manager), 0 to 9 and 31 (the
/// load). Others change nothing.
fn reason(code: u16) -> Option<ObservationKind> {
    matches!(code, 0..=9 | 22 | 23 | 31).then_some(ObservationKind::Alarm {
        reason: code,
        source: EvidenceSource::Sccp,
    })
}

/// Adds the voice VLAN, if it is one: 0 means priority only, 4095 is reserved.
fn tagged(
    mut facts: Vec<ObservationKind>,
    source: EvidenceSource,
    vlan: Option<u16>,
) -> Vec<ObservationKind> {
    let vlan = vlan.filter(|vlan| (1..=4094).contains(vlan));
    facts.extend(vlan.map(|vlan| ObservationKind::Vlan { vlan, source }));
    facts
}

/// The phone's address, if the message contains it. SCCP and the web page do not: their address is
/// the connection's. A SIP response concerns the sender of its request.
#[must_use]
pub fn address(decoded: &Decoded<'_>) -> Option<Ipv4Addr> {
    let address = match decoded {
        Decoded::Cdp(cdp) => cdp
            .addresses
            .iter()
            .copied()
            .find(|address| is_host(*address)),
        Decoded::Lldp(lldp) => lldp.management.or(lldp.chassis),
        Decoded::Arp(arp) => Some(arp.sender),
        Decoded::Dhcp(message) => leased(message),
        Decoded::Sip(request) => request.source.map(|source| *source.ip()),
        Decoded::SipResponse(_)
        | Decoded::Sccp(_)
        | Decoded::SccpXml(_)
        | Decoded::SccpRegister(_)
        | Decoded::Web(_) => None,
    };
    address.filter(|address| is_host(*address))
}

/// Whether a single host can have the address.
fn is_host(address: Ipv4Addr) -> bool {
    !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast()
}

/// The address that the client has now, as far as one message shows it. A DISCOVER has none. A
/// REQUEST after a boot asks for an earlier one, which only the ACK confirms.
fn leased(message: &DhcpMessage) -> Option<Ipv4Addr> {
    match (message.op, message.message_type()?) {
        (Op::Reply, MessageType::Ack) if message.your.is_unspecified() => Some(message.client),
        (Op::Reply, MessageType::Ack) => Some(message.your),
        // It accepts an offer.
        (Op::Request, MessageType::Request) if message.server_id().is_some() => {
            message.requested_address()
        }
        // It renews its lease, or has an address and requests only options.
        (Op::Request, MessageType::Request | MessageType::Inform) => Some(message.client),
        _ => None,
    }
}

/// The boot options in the ACK to a phone that starts. If `ciaddr` is set (RFC 2131, table 3), the
/// phone renews its lease and keeps using its earlier options.
fn lease_observation(message: &DhcpMessage) -> Option<ObservationKind> {
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
    let mut kinds = vec![ObservationKind::MacReported {
        mac,
        source,
        sender: None,
    }];
    kinds.extend(model.map(|model| ObservationKind::Model {
        model: model.plain_number().to_owned(),
        source,
    }));
    if let Some(load) = load {
        kinds.push(ObservationKind::Load {
            load: load.clone(),
            source,
            detail: detail.unwrap_or_default(),
        });
    }
    kinds
}
