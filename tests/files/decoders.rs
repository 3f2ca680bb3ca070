//! Decoders and the observations from them: messages built by hand after real layouts, and
//! damaged, truncated and random bytes.

mod dhcp;
mod frames;
mod junk;
mod neighbours;
mod observer;
mod registrar;
mod registrations;
mod sccp;
mod senders;
mod sip;
mod web;

use std::net::Ipv4Addr;

use reflash::{
    phone::MacAddress,
    protocol::cdp::{OddByte, checksum},
};

pub(crate) const PHONE: Ipv4Addr = Ipv4Addr::new(172, 30, 6, 12);
pub(crate) const MAC: MacAddress = MacAddress::new([0x00, 0x21, 0xd8, 0xba, 0x09, 0x65]);

/// A CDP TLV; its length counts its own four bytes.
pub(crate) fn cdp_tlv(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len() + 4).unwrap();
    [&kind.to_be_bytes()[..], &length.to_be_bytes(), value].concat()
}

/// A CDP announcement with the checksum that Cisco's devices make.
pub(crate) fn cdp(tlvs: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = [&[2, 180, 0, 0], &tlvs.concat()[..]].concat();
    let sum = checksum(&bytes, OddByte::Last);
    bytes[2..4].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// The CDP TLVs of a 7942 on SCCP.
pub(crate) fn cdp_7942(version: &[u8]) -> Vec<Vec<u8>> {
    vec![
        cdp_tlv(1, b"SEP0021D8BA0965"),
        cdp_tlv(2, &[0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 172, 30, 6, 12]),
        cdp_tlv(3, b"Port 1"),
        cdp_tlv(4, &[0, 0, 4, 0x90]),
        cdp_tlv(5, version),
        cdp_tlv(6, b"Cisco IP Phone 7942"),
        cdp_tlv(0x0f, &[0x20, 2, 0, 1]),
        cdp_tlv(0x0b, &[1]),
        cdp_tlv(0x10, &6300_u16.to_be_bytes()),
        cdp_tlv(
            0x19,
            &[&[9, 0x65, 0, 3, 0, 0, 0x18, 0x9c], &[0; 16][..]].concat(),
        ),
    ]
}

/// An LLDP TLV: 7 bits of type, 9 of length.
pub(crate) fn lldp_tlv(kind: u16, value: &[u8]) -> Vec<u8> {
    let header = kind << 9 | u16::try_from(value.len()).unwrap();
    [&header.to_be_bytes()[..], value].concat()
}

/// A TLV of the media extension.
pub(crate) fn media(subtype: u8, value: &[u8]) -> Vec<u8> {
    lldp_tlv(127, &[&[0x00, 0x12, 0xbb, subtype], value].concat())
}

/// An Ethernet frame of this type.
pub(crate) fn ethernet(source: MacAddress, kind: u16, payload: &[u8]) -> Vec<u8> {
    [
        &[0xff; 6][..],
        &source.bytes(),
        &kind.to_be_bytes(),
        payload,
    ]
    .concat()
}

/// An 802.3 frame with SNAP.
pub(crate) fn snap(source: MacAddress, protocol: [u8; 5], payload: &[u8]) -> Vec<u8> {
    let inside = [&[0xaa, 0xaa, 3], &protocol[..], payload].concat();
    ethernet(source, u16::try_from(inside.len()).unwrap(), &inside)
}

/// An IPv4 packet from the phone to 10.0.0.1. `fragment`: flags and offset.
pub(crate) fn ipv4(protocol: u8, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + payload.len()).unwrap();
    let mut bytes = vec![0x45, 0];
    bytes.extend(total.to_be_bytes());
    bytes.extend([0, 1]);
    bytes.extend(fragment.to_be_bytes());
    bytes.extend([64, protocol, 0, 0]);
    bytes.extend(PHONE.octets());
    bytes.extend([10, 0, 0, 1]);
    bytes.extend(payload);
    bytes
}

/// A UDP datagram.
pub(crate) fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap();
    let mut bytes = Vec::new();
    for number in [from, to, length, 0] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend(payload);
    bytes
}

/// A TCP segment with PSH and ACK.
pub(crate) fn tcp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = [from.to_be_bytes(), to.to_be_bytes()].concat();
    bytes.extend([0, 0, 0, 7, 0, 0, 0, 0, 0x50, 0x18, 1, 0, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes
}

/// A REGISTER as a 7970 sends it, with a body.
pub(crate) const REGISTER: &str = "REGISTER sip:10.0.0.1 SIP/2.0\r\n\
    Via: SIP/2.0/UDP 172.30.6.12:5060;branch=z9hG4bK0a1b2c3d\r\n\
    From: <sip:6010@10.0.0.1>;tag=001b2a89369800000001\r\n\
    To: <sip:6010@10.0.0.1>\r\n\
    Call-ID: 001b2a89-36980000@172.30.6.12\r\n\
    Max-Forwards: 70\r\n\
    CSeq: 101 REGISTER\r\n\
    User-Agent: Cisco-CP7970G/8.4.0\r\n\
    Contact: <sip:6010@172.30.6.12:5060;transport=udp>;\
+sip.instance=\"<urn:uuid:00000000-0000-0000-0000-001B2A893698>\";\
+u.sip!devicename.ccm.cisco.com=\"SEP001B2A893698\";+u.sip!model.ccm.cisco.com=\"30006\"\r\n\
    Reason: SIP;cause=200;text=\"cisco-alarm:23 Name=SEP001B2A893698 Load=SIP70.8-4-2-30S \
Last=reset-restart\"\r\n\
    Authorization: Digest username=\"6010\",response=\"c0ffee\"\r\n\
    Expires: 3600\r\n\
    Content-Length: 4\r\n\
    \r\n\
    body";

/// An SCCP alarm message with this text.
pub(crate) fn alarm(text: &[u8]) -> Vec<u8> {
    let mut field = [0; 80];
    field[..text.len()].copy_from_slice(text);
    let mut bytes = Vec::new();
    for number in [96_u32, 0, 0x20, 2] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(field);
    bytes.extend([1, 0, 0, 0, 172, 30, 6, 12]);
    bytes
}
