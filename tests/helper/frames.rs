//! Frames that a phone sends: ARP, UDP and ICMP over IPv4.

use std::net::Ipv4Addr;

use reflash::phone::MacAddress;

pub(crate) const BROADCAST: MacAddress = MacAddress::new([0xff; 6]);
const ARP: [u8; 2] = [0x08, 0x06];
const IPV4: [u8; 2] = [0x08, 0x00];
const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
/// Bytes of a TCP header without options.
const TCP_HEADER: usize = 20;

/// An Ethernet address and an IPv4 address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Station {
    pub(crate) mac: MacAddress,
    pub(crate) address: Ipv4Addr,
}

fn ethernet(from: MacAddress, to: MacAddress, kind: [u8; 2], payload: &[u8]) -> Vec<u8> {
    [&to.bytes()[..], &from.bytes(), &kind, payload].concat()
}

/// An ARP request (`operation` 1) or reply (2), RFC 826.
pub(crate) fn arp(operation: u8, from: Station, to: Station) -> Vec<u8> {
    let target = if operation == 1 { BROADCAST } else { to.mac };
    let payload = [
        &[0, 1, 8, 0, 6, 4, 0, operation][..],
        &from.mac.bytes(),
        &from.address.octets(),
        &to.mac.bytes(),
        &to.address.octets(),
    ]
    .concat();
    ethernet(from.mac, target, ARP, &payload)
}

/// A UDP datagram without a checksum, which IPv4 permits (RFC 768).
pub(crate) fn udp(from: Station, to: Station, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap();
    let datagram = [
        &ports.0.to_be_bytes()[..],
        &ports.1.to_be_bytes(),
        &length.to_be_bytes(),
        &[0, 0],
        payload,
    ]
    .concat();
    ipv4(from, to, UDP, &datagram)
}

/// The fields of a TCP header that differ.
pub(crate) struct TcpSegment {
    pub(crate) ports: (u16, u16),
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: u8,
}

/// A TCP segment with the largest window (RFC 9293).
pub(crate) fn tcp(from: Station, to: Station, segment: &TcpSegment, payload: &[u8]) -> Vec<u8> {
    let header = [
        &segment.ports.0.to_be_bytes()[..],
        &segment.ports.1.to_be_bytes(),
        &segment.seq.to_be_bytes(),
        &segment.ack.to_be_bytes(),
        &[0x50, segment.flags, 0xff, 0xff, 0, 0, 0, 0],
    ]
    .concat();
    let mut bytes = [&header[..], payload].concat();
    let length = u16::try_from(TCP_HEADER + payload.len()).unwrap();
    let pseudo = [
        &from.address.octets()[..],
        &to.address.octets(),
        &[0, TCP],
        &length.to_be_bytes(),
        &bytes,
    ]
    .concat();
    let sum = checksum(&pseudo);
    bytes[16..18].copy_from_slice(&sum.to_be_bytes());
    ipv4(from, to, TCP, &bytes)
}

/// Port unreachable (RFC 792) about the datagram in `refused`, an IPv4 packet.
pub(crate) fn port_unreachable(from: Station, to: Station, refused: &[u8]) -> Vec<u8> {
    let quoted = &refused[..refused.len().min(28)];
    let mut message = [&[3, 3, 0, 0, 0, 0, 0, 0][..], quoted].concat();
    let sum = checksum(&message);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    ipv4(from, to, ICMP, &message)
}

fn ipv4(from: Station, to: Station, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap();
    let mut header = [0; 20];
    header[0] = 0x45;
    header[2..4].copy_from_slice(&length.to_be_bytes());
    (header[8], header[9]) = (64, protocol);
    header[12..16].copy_from_slice(&from.address.octets());
    header[16..].copy_from_slice(&to.address.octets());
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    ethernet(from.mac, to.mac, IPV4, &[&header[..], payload].concat())
}

/// The checksum of RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0)))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}
