//! Frames in, sightings out.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddrV4},
};

use super::{
    Heard, Malformed, address,
    cdp::Cdp,
    dhcp::{self, Message, Op},
    frame::{Frame, Payload},
    lldp::Lldp,
    sccp, sightings,
    sip::Request,
};
use crate::{
    phone::MacAddress,
    track::{MAX_PHONES, Sighting},
};

/// The port that phones register at.
pub const SIP_PORT: u16 = 5060;

/// Listens to frames as they come. It remembers which clients of DHCP are phones, because a
/// server's ACK does not say so; [`MAX_PHONES`] of them at most.
#[derive(Debug, Clone, Default)]
pub struct Listener {
    phones: BTreeSet<MacAddress>,
}

impl Listener {
    /// What a frame says of phones. Frames that are none of a witness's give nothing; an error
    /// says that one was meant for a witness and is damaged.
    ///
    /// SIP and SCCP are read where a request's head or an alarm lies in one segment or datagram,
    /// as phones send them.
    pub fn hear(&mut self, frame: &Frame<'_>) -> Result<Vec<Sighting>, Malformed> {
        self.hear_from(Some(frame.source), &frame.payload)
    }

    /// The same of what a packet of another link layer carries. `sender`: who sent it, where
    /// that is known; else ARP is no evidence.
    pub fn hear_from(
        &mut self,
        sender: Option<MacAddress>,
        payload: &Payload<'_>,
    ) -> Result<Vec<Sighting>, Malformed> {
        match payload {
            Payload::Cdp(bytes) => Ok(told(&Heard::Cdp(&Cdp::decode(bytes)?))),
            Payload::Lldp(bytes) => Ok(told(&Heard::Lldp(&Lldp::decode(bytes)?))),
            // Who answers for somebody else is no evidence.
            Payload::Arp(arp) if Some(arp.sender_mac) == sender => Ok(told(&Heard::Arp(arp))),
            Payload::Ipv4Udp {
                source,
                destination,
                payload,
                is_cut,
                ..
            } => match destination.port() {
                dhcp::SERVER_PORT | dhcp::CLIENT_PORT if !is_cut => self.dhcp(payload),
                SIP_PORT => registers(*source, payload),
                _ => Ok(Vec::new()),
            },
            Payload::Ipv4Tcp {
                source,
                destination,
                payload,
                ..
            } if !payload.is_empty() => match destination.port() {
                SIP_PORT => registers(*source, payload),
                sccp::PORT => alarms(*source.ip(), payload),
                _ => Ok(Vec::new()),
            },
            _ => Ok(Vec::new()),
        }
    }

    fn dhcp(&mut self, bytes: &[u8]) -> Result<Vec<Sighting>, Malformed> {
        let message = Message::decode(bytes)?;
        if message.phone().is_some() && self.phones.len() < MAX_PHONES {
            self.phones.insert(message.mac);
        }
        if message.op == Op::Reply && !self.phones.contains(&message.mac) {
            return Ok(Vec::new());
        }
        Ok(told(&Heard::Dhcp(&message)))
    }
}

/// The first line of a request ends so; a segment in the middle of a body has none.
fn registers(source: SocketAddrV4, bytes: &[u8]) -> Result<Vec<Sighting>, Malformed> {
    let first = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let first = first.strip_suffix(b"\r").unwrap_or(first);
    if !first.ends_with(b" SIP/2.0") {
        return Ok(Vec::new());
    }
    let request = Request::decode(bytes)?.heard_from(source);
    Ok(told(&Heard::Sip(&request)))
}

/// A segment that begins with an alarm; any other may begin in the middle of a message.
fn alarms(source: Ipv4Addr, bytes: &[u8]) -> Result<Vec<Sighting>, Malformed> {
    if bytes.get(8..12) != Some(&sccp::ALARM.to_le_bytes()) {
        return Ok(Vec::new());
    }
    let mut sightings_of = Vec::new();
    for message in sccp::Stream::default().feed(bytes)? {
        if let Some(alarm) = message
            .alarm()
            .transpose()?
            .and_then(|message| message.alarm)
        {
            sightings_of.extend(at(source, &Heard::Sccp(&alarm)));
        }
    }
    Ok(sightings_of)
}

fn told(heard: &Heard<'_>) -> Vec<Sighting> {
    address(heard).map_or_else(Vec::new, |address| at(address, heard))
}

fn at(address: Ipv4Addr, heard: &Heard<'_>) -> Vec<Sighting> {
    let seen = sightings(heard).into_iter();
    seen.map(|seen| Sighting { address, seen }).collect()
}
