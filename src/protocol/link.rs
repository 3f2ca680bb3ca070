//! Packets as captures have them: Ethernet frames, Linux cooked ones, and plain IP.

use super::{
    bytes::{Malformed, Reader},
    frame::{Frame, IPV4, Payload, logical_link, payload, untagged},
};
use crate::phone::MacAddress;

/// A link layer, by the numbers of tcpdump.org/linktypes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkType {
    /// Ethernet.
    Ethernet,
    /// Linux cooked, `tcpdump -i any` of earlier days.
    Cooked,
    /// Linux cooked, the second version.
    Cooked2,
    /// IP without anything before it.
    Raw,
}

/// What a packet carries, whatever its link layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedPacket<'a> {
    /// The station that sent it, where the link layer says so.
    pub source: Option<MacAddress>,
    /// What is in it.
    pub payload: Payload<'a>,
}

/// In place of a type in cooked packets: LLC follows.
const COOKED_LLC: u16 = 4;

impl LinkType {
    /// The link layer of this number. `None`: it is not known here.
    #[must_use]
    pub fn of(number: u16) -> Option<Self> {
        Some(match number {
            1 => Self::Ethernet,
            101 | 228 => Self::Raw,
            113 => Self::Cooked,
            276 => Self::Cooked2,
            _ => return None,
        })
    }

    /// Reads a packet.
    pub fn read(self, bytes: &[u8]) -> Result<CapturedPacket<'_>, Malformed> {
        match self {
            Self::Ethernet => {
                let frame = Frame::decode(bytes)?;
                Ok(CapturedPacket {
                    source: station(frame.source),
                    payload: frame.payload,
                })
            }
            Self::Cooked => cooked(bytes),
            Self::Cooked2 => cooked_2(bytes),
            Self::Raw => {
                let is_ipv6 = bytes.first().is_some_and(|first| first >> 4 == 6);
                let payload = if is_ipv6 {
                    Payload::Other
                } else {
                    payload(IPV4, bytes)?
                };
                let source = None;
                Ok(CapturedPacket { source, payload })
            }
        }
    }
}

/// Direction, kind of device, length of the address, address in 8 bytes, type.
fn cooked(bytes: &[u8]) -> Result<CapturedPacket<'_>, Malformed> {
    const SHORT: &str = "16 bytes of header expected";
    let mut reader = Reader::new("Linux cooked", bytes);
    reader.take(4, SHORT)?;
    let length = reader.u16(SHORT)?;
    let address = reader.array(SHORT)?;
    let kind = reader.u16(SHORT)?;
    behind(kind, source(length, address), &mut reader)
}

/// Type, 2 bytes of nothing, interface, kind of device, direction, length of the address,
/// address in 8 bytes.
fn cooked_2(bytes: &[u8]) -> Result<CapturedPacket<'_>, Malformed> {
    const SHORT: &str = "20 bytes of header expected";
    let mut reader = Reader::new("Linux cooked", bytes);
    let kind = reader.u16(SHORT)?;
    reader.take(9, SHORT)?;
    let length = reader.u8(SHORT)?;
    let address = reader.array(SHORT)?;
    behind(kind, source(length.into(), address), &mut reader)
}

fn behind<'a>(
    kind: u16,
    source: Option<MacAddress>,
    reader: &mut Reader<'a>,
) -> Result<CapturedPacket<'a>, Malformed> {
    let (_, kind) = untagged(kind, reader)?;
    let payload = if kind == COOKED_LLC {
        logical_link(reader.rest())?
    } else {
        payload(kind, reader.rest())?
    };
    Ok(CapturedPacket { source, payload })
}

/// Ethernet addresses have 6 bytes.
fn source(length: u16, address: [u8; 8]) -> Option<MacAddress> {
    let [mac @ .., _, _] = address;
    station(MacAddress::new(mac)).filter(|_| length == 6)
}

/// A group's address is no station's, and a loopback's frames have none.
fn station(mac: MacAddress) -> Option<MacAddress> {
    let bytes = mac.bytes();
    let is_station = bytes[0] & 1 == 0 && bytes != [0; 6];
    is_station.then_some(mac)
}
