//! Ethernet frames, down to the payloads that are decoded here.

pub use super::payload::{Arp, Payload};
use super::{
    bytes::{ByteReader, Malformed},
    ipv4::ipv4,
};
use crate::phone::MacAddress;

/// Maximum number of 802.1Q tags that are skipped: a provider's and a customer's.
pub const MAX_TAGS: usize = 2;

const FORMAT: &str = "the frame";
/// Up to this value the type field is the length of an 802.3 frame (IEEE 802.3, 3.2.6).
const LONGEST_802_3: u16 = 1500;
/// Ethernet types of IEEE 802.1Q tags, with the outer tag of older switches.
const TAG: [u16; 3] = [0x8100, 0x88a8, 0x9100];
pub(super) const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const LLDP: u16 = 0x88cc;
/// LLC for SNAP, unnumbered information (RFC 1042).
const SNAP: [u8; 3] = [0xaa, 0xaa, 0x03];
/// Cisco's OUI and the protocol id of CDP.
const CDP: [u8; 5] = [0x00, 0x00, 0x0c, 0x20, 0x00];
/// The OUI of a plain Ethernet type in SNAP.
const ETHERNET_IN_SNAP: [u8; 3] = [0, 0, 0];

/// An Ethernet frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EthernetFrame<'a> {
    /// Sender.
    pub source: MacAddress,
    /// Destination.
    pub destination: MacAddress,
    /// The VLAN of the innermost 802.1Q tag; `None` also for a tag with a priority only.
    pub vlan: Option<u16>,
    /// Payload.
    pub payload: Payload<'a>,
}

impl<'a> EthernetFrame<'a> {
    /// Decodes a frame from its destination address on, without preamble and checksum.
    ///
    /// # Errors
    /// The frame is too short for what its headers say.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = ByteReader::new(FORMAT, bytes);
        let destination = MacAddress::new(reader.array("6 bytes of destination expected")?);
        let source = MacAddress::new(reader.array("6 bytes of source expected")?);
        let kind = reader.u16("a type or a length expected")?;
        let (vlan, kind) = untagged(kind, &mut reader)?;
        let payload = if kind <= LONGEST_802_3 {
            let inside = reader.take(
                usize::from(kind),
                "the 802.3 length is longer than the frame",
            )?;
            // The rest is padding.
            logical_link(inside)?
        } else {
            payload(kind, reader.rest())?
        };
        Ok(Self {
            source,
            destination,
            vlan,
            payload,
        })
    }
}

/// Skips 802.1Q tags. Returns the VLAN of the innermost one, and the type after it.
pub(super) fn untagged(
    mut kind: u16,
    reader: &mut ByteReader<'_>,
) -> Result<(Option<u16>, u16), Malformed> {
    let mut vlan = None;
    for _ in 0..MAX_TAGS {
        if !TAG.contains(&kind) {
            break;
        }
        let tag = reader.u16("2 bytes of 802.1Q tag expected")?;
        vlan = Some(tag & 0x0fff).filter(|id| *id != 0);
        kind = reader.u16("a type expected after the 802.1Q tag")?;
    }
    Ok((vlan, kind))
}

/// LLC (IEEE 802.2), of which only SNAP is decoded.
pub(super) fn logical_link(inside: &[u8]) -> Result<Payload<'_>, Malformed> {
    let Some((header, rest)) = inside.split_first_chunk::<8>() else {
        return Ok(Payload::Other);
    };
    let [llc @ .., _, _, _, _, _] = header;
    let [_, _, _, protocol @ ..] = header;
    if *llc != SNAP {
        return Ok(Payload::Other);
    }
    let [oui @ .., high, low] = protocol;
    if *protocol == CDP {
        Ok(Payload::Cdp(rest))
    } else if *oui == ETHERNET_IN_SNAP {
        payload(u16::from_be_bytes([*high, *low]), rest)
    } else {
        Ok(Payload::Other)
    }
}

/// Decodes the payload of an Ethernet type, for captures with another link layer.
///
/// # Errors
/// The payload is too short for what its headers say.
pub fn payload(ethertype: u16, bytes: &[u8]) -> Result<Payload<'_>, Malformed> {
    match ethertype {
        LLDP => Ok(Payload::Lldp(bytes)),
        ARP => arp(bytes),
        IPV4 => ipv4(bytes),
        _ => Ok(Payload::Other),
    }
}

fn arp(bytes: &[u8]) -> Result<Payload<'_>, Malformed> {
    const SHORT: &str = "28 bytes of ARP expected";
    let mut reader = ByteReader::new("ARP", bytes);
    let kinds: [u8; 6] = reader.array(SHORT)?;
    // Hardware type Ethernet, protocol IPv4, addresses of 6 and 4 bytes.
    if kinds != [0, 1, 8, 0, 6, 4] {
        return Ok(Payload::Other);
    }
    let operation = reader.u16(SHORT)?;
    let sender_mac = MacAddress::new(reader.array(SHORT)?);
    let sender = reader.address(SHORT)?;
    reader.take(6, SHORT)?;
    Ok(Payload::Arp(Arp {
        operation,
        sender_mac,
        sender,
        target: reader.address(SHORT)?,
    }))
}
