//! From packets to what a phone said: link layers, IPv4, UDP, TCP and ICMP, as far as TFTP
//! and HTTP on port 6970 need them.
//!
//! [`Frame::read`] is where others who listen come in: whatever the link layer is, it gives
//! the sender's MAC, what kind of payload it is, and the payload. Total: any bytes are a
//! frame or `None`.

use std::{
    collections::HashMap,
    io::{self, BufRead},
    net::{Ipv4Addr, SocketAddrV4},
};

use jiff::Timestamp;

use super::{
    capture::Reader,
    conversation::Tftp,
    record::{Fact, Record},
    stamp::Stamp,
    web::Web,
};
use crate::phone::MacAddress;

/// Ethernet: tcpdump.org/linktypes.
const ETHERNET: u16 = 1;
/// Raw IP, of either version.
const RAW: u16 = 101;
/// Linux cooked, `tcpdump -i any` of earlier days.
const COOKED: u16 = 113;
/// Raw IPv4.
const RAW_V4: u16 = 228;
/// Linux cooked, second version.
const COOKED_2: u16 = 276;

/// What an `EtherType` of IPv4 is.
pub const IPV4: u16 = 0x0800;
/// And of ARP.
pub const ARP: u16 = 0x0806;
const VLAN: [u16; 3] = [0x8100, 0x88a8, 0x9100];
/// Tags that are looked behind; networks have two at most.
const TAGS_MAX: usize = 4;

/// Addresses of which a MAC is remembered.
const NAMES_MAX: usize = 65_536;

/// One frame, whatever link layer carried it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Who sent it, where the link layer says so.
    pub source: Option<MacAddress>,
    /// The `EtherType`; below 0x600 a length, and the payload begins with LLC.
    pub kind: u16,
    /// What it carries.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads a captured packet.
    #[must_use]
    pub fn read(link: u16, bytes: &'a [u8]) -> Option<Self> {
        let (source, mut kind, mut payload) = match link {
            ETHERNET => (mac(bytes, 6), short(bytes, 12)?, bytes.get(14..)?),
            COOKED => {
                let source = mac(bytes, 6).filter(|_| short(bytes, 4) == Some(6));
                (source, short(bytes, 14)?, bytes.get(16..)?)
            }
            COOKED_2 => {
                let source = mac(bytes, 12).filter(|_| bytes.get(11) == Some(&6));
                (source, short(bytes, 0)?, bytes.get(20..)?)
            }
            RAW | RAW_V4 => (None, IPV4, bytes),
            _ => return None,
        };
        for _ in 0..TAGS_MAX {
            if !VLAN.contains(&kind) {
                break;
            }
            kind = short(payload, 2)?;
            payload = payload.get(4..)?;
        }
        Some(Self {
            source,
            kind,
            payload,
        })
    }

    /// Who says of himself that he has which address, in an ARP packet (RFC 826).
    #[must_use]
    pub fn arp(&self) -> Option<(Ipv4Addr, MacAddress)> {
        let bytes = self.payload;
        // Ethernet and IPv4, six bytes and four.
        if self.kind != ARP || bytes.get(..6)? != [0, 1, 8, 0, 6, 4] {
            return None;
        }
        let address = ip(bytes, 14)?;
        (!address.is_unspecified()).then_some((address, mac(bytes, 8)?))
    }

    /// The datagram in it, if it is whole (no fragment but the first has ports).
    #[must_use]
    pub fn datagram(&self) -> Option<Datagram<'a>> {
        if self.kind != IPV4 {
            return None;
        }
        datagram(self.payload)
    }
}

/// What an IPv4 packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Datagram<'a> {
    /// RFC 768.
    Udp {
        /// From where.
        from: SocketAddrV4,
        /// To where.
        to: SocketAddrV4,
        /// Its bytes as it was sent; less may have been captured.
        length: usize,
        /// What was captured of it.
        payload: &'a [u8],
    },
    /// RFC 9293.
    Tcp {
        /// From where.
        from: SocketAddrV4,
        /// To where.
        to: SocketAddrV4,
        /// The number of its first byte.
        sequence: u32,
        /// The next byte that is expected, where the segment says so.
        acknowledged: Option<u32>,
        /// What.
        payload: &'a [u8],
    },
    /// RFC 792: the port that a UDP packet was sent to is closed.
    Closed {
        /// From where that packet came.
        from: SocketAddrV4,
        /// Where it was sent to.
        to: SocketAddrV4,
    },
}

fn datagram(packet: &[u8]) -> Option<Datagram<'_>> {
    let (protocol, from, to, payload) = ipv4(packet)?;
    match protocol {
        1 => {
            // Destination unreachable, port unreachable; the packet itself follows.
            if payload.get(..2)? != [3, 3] {
                return None;
            }
            let (protocol, from, to, inner) = ipv4(payload.get(8..)?)?;
            (protocol == 17).then_some(Datagram::Closed {
                from: SocketAddrV4::new(from, short(inner, 0)?),
                to: SocketAddrV4::new(to, short(inner, 2)?),
            })
        }
        6 => {
            let offset = usize::from(payload.get(12)? >> 4) * 4;
            let has_ack = payload.get(13)? & 0x10 != 0;
            Some(Datagram::Tcp {
                from: SocketAddrV4::new(from, short(payload, 0)?),
                to: SocketAddrV4::new(to, short(payload, 2)?),
                sequence: word(payload, 4)?,
                acknowledged: word(payload, 8).filter(|_| has_ack),
                payload: payload.get(offset.max(20)..)?,
            })
        }
        17 => {
            let length = usize::from(short(payload, 4)?).checked_sub(8)?;
            let body = payload.get(8..)?;
            let body = body.get(..length).unwrap_or(body);
            Some(Datagram::Udp {
                from: SocketAddrV4::new(from, short(payload, 0)?),
                to: SocketAddrV4::new(to, short(payload, 2)?),
                length,
                payload: body,
            })
        }
        _ => None,
    }
}

/// Protocol, source, destination and payload of an IPv4 packet that is no later fragment.
fn ipv4(packet: &[u8]) -> Option<(u8, Ipv4Addr, Ipv4Addr, &[u8])> {
    let first = *packet.first()?;
    let header = usize::from(first & 0x0f) * 4;
    let is_first = short(packet, 6)? << 3 == 0;
    if first >> 4 != 4 || header < 20 || !is_first {
        return None;
    }
    let total = usize::from(short(packet, 2)?);
    // A packet that was made larger by its network card has length 0.
    let end = if total < header {
        packet.len()
    } else {
        total.min(packet.len())
    };
    let payload = packet.get(header..end)?;
    Some((*packet.get(9)?, ip(packet, 12)?, ip(packet, 16)?, payload))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let part = bytes.get(at..at + 2)?;
    Some(u16::from_be_bytes(part.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let part = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(part.try_into().ok()?))
}

fn ip(bytes: &[u8], at: usize) -> Option<Ipv4Addr> {
    word(bytes, at).map(Ipv4Addr::from)
}

fn mac(bytes: &[u8], at: usize) -> Option<MacAddress> {
    let part: [u8; 6] = bytes.get(at..at + 6)?.try_into().ok()?;
    // No station's address: a group's, or none.
    let is_station = part[0] & 1 == 0 && part != [0; 6];
    is_station.then(|| MacAddress::new(part))
}

/// Reads a capture.
pub(super) fn record(input: &mut impl BufRead) -> io::Result<Record> {
    let mut record = Record {
        what: "capture",
        tells_ends: true,
        ..Record::default()
    };
    let mut reader = Reader::new(input)?;
    let mut stations = Stations::default();
    let (mut tftp, mut web) = (Tftp::default(), Web::default());
    while let Some(packet) = reader.packet()? {
        if record.tally.cut {
            break;
        }
        record.tally.read += 1;
        let Some(frame) = Frame::read(packet.link, &packet.bytes) else {
            record.tally.unknown += 1;
            continue;
        };
        if let Some((address, mac)) = frame.arp() {
            stations.says(address, mac);
        }
        let Some(datagram) = frame.datagram() else {
            continue;
        };
        let before = record.requests.len();
        let understood = tftp.datagram(&mut record, packet.at, datagram)
            | web.datagram(&mut record, packet.at, datagram);
        record.tally.understood += u64::from(understood);
        if let (Some(mac), Some(request)) = (frame.source, record.requests.get(before)) {
            stations.sends(request.address, mac);
            let (stamp, address) = (Stamp::At(packet.at), request.address);
            record.facts.push((stamp, Fact::Named(address, mac)));
        }
    }
    tftp.close(&mut record);
    record.tally.cut |= reader.is_damaged();
    // A MAC that sends for several addresses is a router's, unless each says so itself.
    record.facts.retain(|(_, fact)| match fact {
        Fact::Named(address, mac) => stations.is_sure(*address, *mac),
        _ => true,
    });
    Ok(record)
}

/// Which addresses each MAC sends from.
#[derive(Debug, Default)]
struct Stations {
    sends: HashMap<MacAddress, Vec<Ipv4Addr>>,
    says: HashMap<MacAddress, Vec<Ipv4Addr>>,
}

/// Addresses of one MAC that are told apart.
const ADDRESSES_MAX: usize = 16;

impl Stations {
    fn sends(&mut self, address: Ipv4Addr, mac: MacAddress) {
        Self::add(&mut self.sends, address, mac);
    }

    fn says(&mut self, address: Ipv4Addr, mac: MacAddress) {
        Self::add(&mut self.says, address, mac);
    }

    fn add(map: &mut HashMap<MacAddress, Vec<Ipv4Addr>>, address: Ipv4Addr, mac: MacAddress) {
        if map.len() >= NAMES_MAX && !map.contains_key(&mac) {
            return;
        }
        let known = map.entry(mac).or_default();
        if known.len() < ADDRESSES_MAX && !known.contains(&address) {
            known.push(address);
        }
    }

    fn is_sure(&self, address: Ipv4Addr, mac: MacAddress) -> bool {
        self.sends.get(&mac).is_some_and(|known| known.len() == 1)
            || self
                .says
                .get(&mac)
                .is_some_and(|known| known.contains(&address))
    }
}

/// A time of a packet as the record has it.
pub(super) fn stamp(at: Timestamp) -> Stamp {
    Stamp::At(at)
}
