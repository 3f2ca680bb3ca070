//! A phone's CDP announcement as a frame.

use std::net::Ipv4Addr;

use reflash::protocol::cdp::{OddByte, checksum};

/// The bytes of twelve hex digits.
pub(crate) fn mac(digits: &str) -> [u8; 6] {
    let value = u64::from_str_radix(digits, 16).unwrap();
    let [_, _, bytes @ ..] = value.to_be_bytes();
    bytes
}

/// The announcement of `SEP` + `phone` at this address: a 7965 with this load.
pub(crate) fn frame(phone: &str, address: Ipv4Addr, load: &str) -> Vec<u8> {
    frame_of("7965", phone, address, load)
}

/// The same of another model.
pub(crate) fn frame_of(model: &str, phone: &str, address: Ipv4Addr, load: &str) -> Vec<u8> {
    let tlv = |kind: u16, value: &[u8]| {
        let length = u16::try_from(value.len() + 4).unwrap();
        [&kind.to_be_bytes()[..], &length.to_be_bytes(), value].concat()
    };
    let device = format!("SEP{}", phone.to_ascii_uppercase());
    let tlvs = [
        tlv(1, device.as_bytes()),
        tlv(
            2,
            &[&[0, 0, 0, 1, 1, 1, 0xcc, 0, 4], &address.octets()[..]].concat(),
        ),
        tlv(3, b"Port 1"),
        tlv(4, &[0, 0, 4, 0x90]),
        tlv(5, load.as_bytes()),
        tlv(6, format!("Cisco IP Phone {model}").as_bytes()),
        // It takes 12 W.
        tlv(0x10, &12_000_u16.to_be_bytes()),
    ]
    .concat();
    let mut payload = [&[2, 180, 0, 0], &tlvs[..]].concat();
    let sum = checksum(&payload, OddByte::Last);
    payload[2..4].copy_from_slice(&sum.to_be_bytes());
    let inside = [&[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0], &payload[..]].concat();
    let length = u16::try_from(inside.len()).unwrap();
    let group = [0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc];
    [&group[..], &mac(phone), &length.to_be_bytes(), &inside].concat()
}
