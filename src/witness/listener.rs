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
        let mut all = Vec::new();
        self.carried(sender, payload, &mut |heard, address| {
            if let Some(address) = address {
                let seen = sightings(heard).into_iter();
                all.extend(seen.map(|seen| Sighting { address, seen }));
            }
        })?;
        Ok(all)
    }

    /// The same before it becomes sightings: what was heard and the address that it speaks of,
    /// where it says one.
    pub fn each(&mut self, frame: &Frame<'_>, tell: &mut Tell<'_>) -> Result<(), Malformed> {
        self.carried(Some(frame.source), &frame.payload, tell)
    }

    fn carried(
        &mut self,
        sender: Option<MacAddress>,
        payload: &Payload<'_>,
        tell: &mut Tell<'_>,
    ) -> Result<(), Malformed> {
        match payload {
            Payload::Cdp(bytes) => told(&Heard::Cdp(&Cdp::decode(bytes)?), tell),
            Payload::Lldp(bytes) => told(&Heard::Lldp(&Lldp::decode(bytes)?), tell),
            // Who answers for somebody else is no evidence.
            Payload::Arp(arp) if Some(arp.sender_mac) == sender => told(&Heard::Arp(arp), tell),
            Payload::Ipv4Udp {
                source,
                destination,
                payload,
                is_cut,
                ..
            } => match destination.port() {
                dhcp::SERVER_PORT | dhcp::CLIENT_PORT if !is_cut => self.dhcp(payload, tell)?,
                SIP_PORT => registers(*source, payload, tell)?,
                _ => {}
            },
            Payload::Ipv4Tcp {
                source,
                destination,
                payload,
                ..
            } if !payload.is_empty() => match destination.port() {
                SIP_PORT => registers(*source, payload, tell)?,
                sccp::PORT => alarms(*source.ip(), payload, tell)?,
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn dhcp(&mut self, bytes: &[u8], tell: &mut Tell<'_>) -> Result<(), Malformed> {
        let message = Message::decode(bytes)?;
        if message.phone().is_some() && self.phones.len() < MAX_PHONES {
            self.phones.insert(message.mac);
        }
        if message.op == Op::Request || self.phones.contains(&message.mac) {
            told(&Heard::Dhcp(&message), tell);
        }
        Ok(())
    }
}

/// Takes what was heard, and the address that it speaks of.
pub type Tell<'a> = dyn FnMut(&Heard<'_>, Option<Ipv4Addr>) + 'a;

/// The first line of a request ends so; a segment in the middle of a body has none.
fn registers(source: SocketAddrV4, bytes: &[u8], tell: &mut Tell<'_>) -> Result<(), Malformed> {
    let first = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let first = first.strip_suffix(b"\r").unwrap_or(first);
    if first.ends_with(b" SIP/2.0") {
        let request = Request::decode(bytes)?.heard_from(source);
        told(&Heard::Sip(&request), tell);
    }
    Ok(())
}

/// A segment that begins with an alarm; any other may begin in the middle of a message.
fn alarms(source: Ipv4Addr, bytes: &[u8], tell: &mut Tell<'_>) -> Result<(), Malformed> {
    if bytes.get(8..12) != Some(&sccp::ALARM.to_le_bytes()) {
        return Ok(());
    }
    for message in sccp::Stream::default().feed(bytes)? {
        if let Some(alarm) = message
            .alarm()
            .transpose()?
            .and_then(|message| message.alarm)
        {
            tell(&Heard::Sccp(&alarm), Some(source));
        }
    }
    Ok(())
}

fn told(heard: &Heard<'_>, tell: &mut Tell<'_>) {
    tell(heard, address(heard));
}
