//! Packets of captures: Ethernet frames, Linux cooked packets, and raw IP.

use super::{
    bytes::{ByteReader, Malformed},
    frame::{EthernetFrame, IPV4, Payload, logical_link, payload, untagged},
};
use crate::phone::MacAddress;

/// A link layer type (tcpdump.org/linktypes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkType {
    /// Ethernet.
    Ethernet,
    /// Linux cooked, as of older `tcpdump -i any`.
    Cooked,
    /// Linux cooked, version 2.
    Cooked2,
    /// IP without a link layer.
    Raw,
    /// Four bytes with the address family: loopback of BSD and macOS.
    Loopback,
    /// PPP.
    Ppp,
}

/// The sender and the payload of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedPacket<'a> {
    /// The station that sent it, if the link layer has it.
    pub source: Option<MacAddress>,
    /// Payload.
    pub payload: Payload<'a>,
}

/// The type of cooked packets that means LLC.
const COOKED_LLC: u16 = 4;

/// The protocol number of IPv4 in PPP.
const PPP_IPV4: [u8; 2] = [0x00, 0x21];

impl LinkType {
    /// The link layer of this number. `None`: it is not supported.
    #[must_use]
    pub fn of(number: u16) -> Option<Self> {
        Some(match number {
            0 | 108 => Self::Loopback,
            1 => Self::Ethernet,
            9 | 50 => Self::Ppp,
            // Old files have 12 or 14 for raw IP.
            12 | 14 | 101 | 228 => Self::Raw,
            113 => Self::Cooked,
            276 => Self::Cooked2,
            _ => return None,
        })
    }

    /// Decodes a packet.
    ///
    /// # Errors
    /// The packet is too short for what its headers say.
    pub fn read(self, bytes: &[u8]) -> Result<CapturedPacket<'_>, Malformed> {
        match self {
            Self::Ethernet => {
                let frame = EthernetFrame::decode(bytes)?;
                Ok(CapturedPacket {
                    source: station(frame.source),
                    payload: frame.payload,
                })
            }
            Self::Cooked => cooked(bytes),
            Self::Cooked2 => cooked_2(bytes),
            Self::Raw => raw(bytes),
            Self::Loopback => raw(bytes.get(4..).unwrap_or_default()),
            Self::Ppp => {
                // The address and the control field may be left out.
                let packet = bytes.strip_prefix(&[0xff, 0x03]).unwrap_or(bytes);
                match packet.strip_prefix(&PPP_IPV4) {
                    Some(packet) => raw(packet),
                    None => Ok(CapturedPacket {
                        source: None,
                        payload: Payload::Other,
                    }),
                }
            }
        }
    }
}

/// A packet of IP; version 6 is not read.
fn raw(bytes: &[u8]) -> Result<CapturedPacket<'_>, Malformed> {
    let is_ipv6 = bytes.first().is_some_and(|first| first >> 4 == 6);
    let payload = if is_ipv6 {
        Payload::Other
    } else {
        payload(IPV4, bytes)?
    };
    Ok(CapturedPacket {
        source: None,
        payload,
    })
}

/// Direction, device type, address length, address in 8 bytes, protocol type.
fn cooked(bytes: &[u8]) -> Result<CapturedPacket<'_>, Malformed> {
    const SHORT: &str = "16 bytes of header expected";
    let mut reader = ByteReader::new("Linux cooked", bytes);
    reader.take(4, SHORT)?;
    let length = reader.u16(SHORT)?;
    let address = reader.array(SHORT)?;
    let kind = reader.u16(SHORT)?;
    behind(kind, source(length, address), &mut reader)
}

/// Protocol type, 2 reserved bytes, interface, device type, direction, address length, address in 8
/// bytes.
fn cooked_2(bytes: &[u8]) -> Result<CapturedPacket<'_>, Malformed> {
    const SHORT: &str = "20 bytes of header expected";
    let mut reader = ByteReader::new("Linux cooked", bytes);
    let kind = reader.u16(SHORT)?;
    reader.take(9, SHORT)?;
    let length = reader.u8(SHORT)?;
    let address = reader.array(SHORT)?;
    behind(kind, source(length.into(), address), &mut reader)
}

fn behind<'a>(
    kind: u16,
    source: Option<MacAddress>,
    reader: &mut ByteReader<'a>,
) -> Result<CapturedPacket<'a>, Malformed> {
    let (_, kind) = untagged(kind, reader)?;
    let payload = if kind == COOKED_LLC {
        logical_link(reader.rest())?
    } else {
        payload(kind, reader.rest())?
    };
    Ok(CapturedPacket { source, payload })
}

/// The sender's address, if it is an Ethernet address (6 bytes).
fn source(length: u16, address: [u8; 8]) -> Option<MacAddress> {
    let [mac @ .., _, _] = address;
    station(MacAddress::new(mac)).filter(|_| length == 6)
}

/// The address, unless it is a group address or, as in loopback frames, all zeros.
fn station(mac: MacAddress) -> Option<MacAddress> {
    let bytes = mac.bytes();
    let is_station = bytes[0] & 1 == 0 && bytes != [0; 6];
    is_station.then_some(mac)
}
