//! An Ethernet frame, down to the bytes that a witness reads.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::bytes::{Malformed, Reader};
use crate::phone::MacAddress;

/// 802.1Q tags that are looked through at most: a provider's and a customer's.
pub const MAX_TAGS: usize = 2;

const FORMAT: &str = "the frame";
/// A number up to here in the place of the type is the length of an 802.3 frame (IEEE 802.3,
/// 3.2.6).
const LONGEST_802_3: u16 = 1500;
const TAG: [u16; 2] = [0x8100, 0x88a8];
const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const LLDP: u16 = 0x88cc;
/// LLC for SNAP, unnumbered information (RFC 1042).
const SNAP: [u8; 3] = [0xaa, 0xaa, 0x03];
/// Cisco's OUI and the protocol id of CDP behind it.
const CDP: [u8; 5] = [0x00, 0x00, 0x0c, 0x20, 0x00];
/// The OUI of a plain Ethernet type in SNAP.
const ETHERNET_IN_SNAP: [u8; 3] = [0, 0, 0];

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Who sent it.
    pub source: MacAddress,
    /// Whom it is for.
    pub destination: MacAddress,
    /// The VLAN of the innermost 802.1Q tag. A tag that only sets a priority has none.
    pub vlan: Option<u16>,
    /// What is in it.
    pub payload: Payload<'a>,
}

/// What a frame carries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload<'a> {
    /// Cisco Discovery Protocol, from its version byte on.
    Cdp(&'a [u8]),
    /// LLDP, from its first TLV on.
    Lldp(&'a [u8]),
    /// ARP over Ethernet for IPv4.
    Arp(Arp),
    /// A UDP datagram.
    Ipv4Udp {
        /// From.
        source: SocketAddrV4,
        /// To.
        destination: SocketAddrV4,
        /// Its bytes, as far as they are here.
        payload: &'a [u8],
        /// The rest was in a later fragment, or was not captured.
        is_cut: bool,
    },
    /// A TCP segment.
    Ipv4Tcp {
        /// From.
        source: SocketAddrV4,
        /// To.
        destination: SocketAddrV4,
        /// The sequence number of its first byte.
        seq: u32,
        /// FIN 1, SYN 2, RST 4, PSH 8, ACK 16 (RFC 9293, 3.1).
        flags: u8,
        /// Its bytes, as far as they are here.
        payload: &'a [u8],
        /// The rest was in a later fragment, or was not captured.
        is_cut: bool,
    },
    /// Anything else: IPv6, later fragments, spanning tree.
    Other,
}

/// An ARP packet (RFC 826).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arp {
    /// 1 asks, 2 answers.
    pub operation: u16,
    /// The sender's Ethernet address, as the packet says.
    pub sender_mac: MacAddress,
    /// The sender's IPv4 address; 0.0.0.0 in a probe.
    pub sender: Ipv4Addr,
    /// The address that is asked for.
    pub target: Ipv4Addr,
}

impl<'a> Frame<'a> {
    /// Reads a frame from its destination address on, without preamble and checksum.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(FORMAT, bytes);
        let destination = MacAddress::new(reader.array("6 bytes of destination expected")?);
        let source = MacAddress::new(reader.array("6 bytes of source expected")?);
        let mut kind = reader.u16("a type or a length expected")?;
        let mut vlan = None;
        for _ in 0..MAX_TAGS {
            if !TAG.contains(&kind) {
                break;
            }
            let tag = reader.u16("2 bytes of 802.1Q tag expected")?;
            vlan = Some(tag & 0x0fff).filter(|id| *id != 0);
            kind = reader.u16("a type expected behind the 802.1Q tag")?;
        }
        let payload = if kind <= LONGEST_802_3 {
            logical_link(kind, &mut reader)?
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

/// An 802.3 frame: a length, then LLC. What is behind the length is padding.
fn logical_link<'a>(length: u16, reader: &mut Reader<'a>) -> Result<Payload<'a>, Malformed> {
    let inside = reader.take(
        usize::from(length),
        "the 802.3 length says more bytes than the frame has",
    )?;
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

/// What is behind an Ethernet type: for captures whose link layer is not Ethernet's.
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
    let mut reader = Reader::new("ARP", bytes);
    let kinds: [u8; 6] = reader.array(SHORT)?;
    // Ethernet and IPv4, 6 and 4 bytes.
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

/// RFC 791. The header's checksum is not looked at: in a capture of the sending machine the
/// network card has not yet filled it in.
fn ipv4(bytes: &[u8]) -> Result<Payload<'_>, Malformed> {
    const SHORT: &str = "20 bytes of IPv4 header expected";
    let mut reader = Reader::new("IPv4", bytes);
    let first = reader.u8(SHORT)?;
    if first >> 4 != 4 {
        return Err(Reader::new("IPv4", bytes).fault("version 4 expected"));
    }
    let header = usize::from(first & 0x0f) * 4;
    reader.u8(SHORT)?;
    let total = usize::from(reader.u16(SHORT)?);
    reader.u16(SHORT)?;
    let fragment = reader.u16(SHORT)?;
    reader.u8(SHORT)?;
    let protocol = reader.u8(SHORT)?;
    reader.u16(SHORT)?;
    let source = reader.address(SHORT)?;
    let destination = reader.address(SHORT)?;
    let Some(options) = header.checked_sub(20) else {
        return Err(reader.fault("a header of 20 bytes or more expected"));
    };
    reader.take(options, "the header says more bytes than there are")?;
    // 0 is what a capture shows of a segment that the network card cuts up later.
    let total = if total == 0 { bytes.len() } else { total };
    let Some(length) = total.checked_sub(header) else {
        return Err(reader.fault("the total length is less than the header's"));
    };
    // Behind the total length is padding; where it says more, the rest was not captured.
    let inside = &reader.rest()[..reader.left().min(length)];
    let more_fragments = fragment & 0x2000 != 0;
    let is_cut = more_fragments || inside.len() < length;
    if fragment & 0x1fff != 0 {
        // Only the first fragment has the ports.
        return Ok(Payload::Other);
    }
    match protocol {
        6 => tcp(source, destination, inside, is_cut),
        17 => udp(source, destination, inside, is_cut),
        _ => Ok(Payload::Other),
    }
}

/// RFC 768.
fn udp(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    bytes: &[u8],
    is_cut: bool,
) -> Result<Payload<'_>, Malformed> {
    const SHORT: &str = "8 bytes of UDP header expected";
    let mut reader = Reader::new("UDP", bytes);
    let source = SocketAddrV4::new(source, reader.u16(SHORT)?);
    let destination = SocketAddrV4::new(destination, reader.u16(SHORT)?);
    let length = usize::from(reader.u16(SHORT)?);
    reader.u16(SHORT)?;
    let Some(length) = length.checked_sub(8) else {
        return Err(reader.fault("the length is less than the header's 8 bytes"));
    };
    if length > reader.left() && !is_cut {
        return Err(reader.fault("the length says more bytes than the packet has"));
    }
    Ok(Payload::Ipv4Udp {
        source,
        destination,
        payload: &reader.rest()[..reader.left().min(length)],
        is_cut: is_cut && length > reader.left(),
    })
}

/// RFC 9293.
fn tcp(
    source: Ipv4Addr,
    destination: Ipv4Addr,
    bytes: &[u8],
    is_cut: bool,
) -> Result<Payload<'_>, Malformed> {
    const SHORT: &str = "20 bytes of TCP header expected";
    let mut reader = Reader::new("TCP", bytes);
    let source = SocketAddrV4::new(source, reader.u16(SHORT)?);
    let destination = SocketAddrV4::new(destination, reader.u16(SHORT)?);
    let seq = reader.u32(SHORT)?;
    reader.u32(SHORT)?;
    let header = usize::from(reader.u8(SHORT)? >> 4) * 4;
    let flags = reader.u8(SHORT)?;
    reader.take(6, SHORT)?;
    let Some(options) = header.checked_sub(20) else {
        return Err(reader.fault("a header of 20 bytes or more expected"));
    };
    reader.take(options, "the header says more bytes than there are")?;
    Ok(Payload::Ipv4Tcp {
        source,
        destination,
        seq,
        flags,
        payload: reader.rest(),
        is_cut,
    })
}
