//! IPv4 with UDP, TCP, and ICMP port unreachable.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::{
    bytes::{ByteReader, Malformed},
    payload::Payload,
};

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
/// Destination unreachable: port unreachable (RFC 792).
const PORT_UNREACHABLE: [u8; 2] = [3, 3];
/// The ACK flag.
const ACK: u8 = 16;

/// The fields of a packet that are used here.
struct Ipv4Packet<'a> {
    protocol: u8,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    /// Payload without padding.
    inside: &'a [u8],
    /// Whether bytes are missing: they are in a later fragment or were not captured.
    is_cut: bool,
    /// Only the first fragment has the ports.
    is_later_fragment: bool,
}

/// Decodes the payload of a packet.
pub(super) fn ipv4(bytes: &[u8]) -> Result<Payload<'_>, Malformed> {
    let packet = packet(bytes)?;
    if packet.is_later_fragment {
        return Ok(Payload::Other);
    }
    match packet.protocol {
        ICMP => closed(&packet),
        TCP => tcp(&packet),
        UDP => udp(&packet),
        _ => Ok(Payload::Other),
    }
}

/// RFC 791. The header's checksum is not checked: in a capture on the sending machine the network
/// card has not filled it in yet.
fn packet(bytes: &[u8]) -> Result<Ipv4Packet<'_>, Malformed> {
    const SHORT: &str = "20 bytes of IPv4 header expected";
    let mut reader = ByteReader::new("IPv4", bytes);
    let first = reader.u8(SHORT)?;
    if first >> 4 != 4 {
        return Err(ByteReader::new("IPv4", bytes).fault("version 4 expected"));
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
    reader.take(options, "the header is longer than the packet")?;
    // 0 in captures of large segments that the network card splits later (TSO).
    let total = if total == 0 { bytes.len() } else { total };
    let Some(length) = total.checked_sub(header) else {
        return Err(reader.fault("the total length is less than that of the header"));
    };
    // Bytes after the total length are padding. If the total length exceeds the data, the rest was
    // not captured.
    let inside = &reader.rest()[..reader.left().min(length)];
    let more_fragments = fragment & 0x2000 != 0;
    Ok(Ipv4Packet {
        protocol,
        source,
        destination,
        inside,
        is_cut: more_fragments || inside.len() < length,
        is_later_fragment: fragment & 0x1fff != 0,
    })
}

/// RFC 792: 8 bytes, then the packet that was rejected, up to the first 8 bytes of its payload.
fn closed<'a>(icmp: &Ipv4Packet<'a>) -> Result<Payload<'a>, Malformed> {
    const SHORT: &str = "8 bytes of ICMP header expected";
    let mut reader = ByteReader::new("ICMP", icmp.inside);
    let kind: [u8; 2] = reader.array(SHORT)?;
    if kind != PORT_UNREACHABLE {
        return Ok(Payload::Other);
    }
    reader.take(6, SHORT)?;
    let sent = packet(reader.rest())?;
    if sent.protocol != UDP || sent.is_later_fragment {
        return Ok(Payload::Other);
    }
    let mut ports = ByteReader::new("UDP in ICMP", sent.inside);
    let mut port = || ports.u16("4 bytes of ports expected");
    Ok(Payload::Ipv4Closed {
        source: SocketAddrV4::new(sent.source, port()?),
        destination: SocketAddrV4::new(sent.destination, port()?),
    })
}

/// RFC 768.
fn udp<'a>(packet: &Ipv4Packet<'a>) -> Result<Payload<'a>, Malformed> {
    const SHORT: &str = "8 bytes of UDP header expected";
    let mut reader = ByteReader::new("UDP", packet.inside);
    let source = SocketAddrV4::new(packet.source, reader.u16(SHORT)?);
    let destination = SocketAddrV4::new(packet.destination, reader.u16(SHORT)?);
    let length = usize::from(reader.u16(SHORT)?);
    reader.u16(SHORT)?;
    let Some(length) = length.checked_sub(8) else {
        return Err(reader.fault("the length is less than the header's 8 bytes"));
    };
    if length > reader.left() && !packet.is_cut {
        return Err(reader.fault("the length is longer than the packet"));
    }
    Ok(Payload::Ipv4Udp {
        source,
        destination,
        length,
        payload: &reader.rest()[..reader.left().min(length)],
        is_cut: packet.is_cut && length > reader.left(),
    })
}

/// RFC 9293.
fn tcp<'a>(packet: &Ipv4Packet<'a>) -> Result<Payload<'a>, Malformed> {
    const SHORT: &str = "20 bytes of TCP header expected";
    let mut reader = ByteReader::new("TCP", packet.inside);
    let source = SocketAddrV4::new(packet.source, reader.u16(SHORT)?);
    let destination = SocketAddrV4::new(packet.destination, reader.u16(SHORT)?);
    let seq = reader.u32(SHORT)?;
    let ack = reader.u32(SHORT)?;
    let header = usize::from(reader.u8(SHORT)? >> 4) * 4;
    let flags = reader.u8(SHORT)?;
    reader.take(6, SHORT)?;
    let Some(options) = header.checked_sub(20) else {
        return Err(reader.fault("a header of 20 bytes or more expected"));
    };
    reader.take(options, "the header is longer than the packet")?;
    Ok(Payload::Ipv4Tcp {
        source,
        destination,
        seq,
        ack: (flags & ACK != 0).then_some(ack),
        flags,
        payload: reader.rest(),
        is_cut: packet.is_cut,
    })
}
