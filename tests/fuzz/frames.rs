//! Frames: Ethernet, IPv4, CDP and LLDP.

use reflash::protocol::{
    MAX_LIST,
    cdp::{Cdp, OddByte, checksum},
    frame::{EthernetFrame, Payload, payload},
    link::LinkType,
    lldp::Lldp,
};

use super::{
    services::dhcp_messages,
    signalling::{REGISTER, sccp_streams, sip_messages},
    support::{MAC, PHONE, assert_short, is_part},
};

fn payload_lies_in(payload: &Payload<'_>, bytes: &[u8]) {
    match payload {
        Payload::Cdp(part) | Payload::Lldp(part) => assert!(is_part(part, bytes)),
        Payload::Ipv4Udp {
            payload,
            length,
            is_cut,
            ..
        } => {
            assert!(is_part(payload, bytes));
            assert!(payload.len() <= *length);
            assert!(*is_cut || payload.len() == *length);
        }
        Payload::Ipv4Tcp { payload, .. } => assert!(is_part(payload, bytes)),
        _ => {}
    }
}

pub fn frame(bytes: &[u8]) -> bool {
    let frame = EthernetFrame::decode(bytes);
    if let Ok(frame) = &frame {
        payload_lies_in(&frame.payload, bytes);
    }
    // The same bytes as frames of other link layers.
    for number in [101, 113, 276] {
        if let Ok(sent) = LinkType::of(number).expect("a link layer").read(bytes) {
            payload_lies_in(&sent.payload, bytes);
        }
    }
    frame.is_ok()
}

fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    [&[0xff; 6][..], &MAC.bytes(), &kind.to_be_bytes(), payload].concat()
}

pub fn frames() -> Vec<Vec<u8>> {
    let cdp = &cdp_packets()[0];
    let snap = [&[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0], &cdp[..]].concat();
    let length = u16::try_from(snap.len()).expect("a short packet");
    let mut frames = vec![
        ethernet(length, &snap),
        ethernet(0x88cc, &lldp_packets()[0]),
        ethernet(
            0x0806,
            &[
                0, 1, 8, 0, 6, 4, 0, 1, 0, 33, 216, 186, 9, 101, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10,
                0, 0, 1,
            ],
        ),
        ethernet(0x8100, &[&[0, 100, 8, 0], &ipv4_packets()[0][..]].concat()),
    ];
    frames.extend(ipv4_packets().iter().map(|packet| ethernet(0x0800, packet)));
    frames
}

pub fn ipv4(bytes: &[u8]) -> bool {
    let Ok(read) = payload(0x0800, bytes) else {
        return false;
    };
    payload_lies_in(&read, bytes);
    // After an Ethernet header the result is the same.
    let frame = ethernet(0x0800, bytes);
    assert_eq!(
        EthernetFrame::decode(&frame).map(|frame| frame.payload),
        Ok(read)
    );
    true
}

fn packet(protocol: u8, fragment: u16, inside: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + inside.len()).expect("a short packet");
    let mut bytes = vec![0x45, 0];
    bytes.extend(total.to_be_bytes());
    bytes.extend([0, 1]);
    bytes.extend(fragment.to_be_bytes());
    bytes.extend([64, protocol, 0, 0]);
    bytes.extend(PHONE.octets());
    bytes.extend([10, 0, 0, 1]);
    bytes.extend(inside);
    bytes
}

pub fn ipv4_packets() -> Vec<Vec<u8>> {
    let udp = |from: u16, to: u16, inside: &[u8]| {
        let length = u16::try_from(8 + inside.len()).expect("a short datagram");
        let header = [from, to, length, 0].map(u16::to_be_bytes).concat();
        [&header[..], inside].concat()
    };
    let tcp = |to: u16, inside: &[u8]| {
        let mut bytes = [49_153_u16.to_be_bytes(), to.to_be_bytes()].concat();
        bytes.extend([0, 0, 0, 7, 0, 0, 0, 0, 0x50, 0x18, 1, 0, 0, 0, 0, 0]);
        bytes.extend(inside);
        bytes
    };
    let closed = [
        &[3, 3, 0, 0, 0, 0, 0, 0],
        &packet(17, 0, &udp(1, 2, b"x"))[..],
    ]
    .concat();
    vec![
        packet(17, 0, &udp(68, 67, &dhcp_messages()[0])),
        packet(17, 0, &udp(5060, 5060, &sip_messages()[0])),
        packet(17, 0x2000, &udp(5060, 5060, REGISTER.as_bytes())),
        packet(6, 0, &tcp(2000, &sccp_streams()[0])),
        packet(1, 0, &closed),
    ]
}

pub fn cdp(bytes: &[u8]) -> bool {
    let check = |bytes: &[u8]| {
        let Ok(cdp) = Cdp::decode(bytes) else {
            return false;
        };
        assert_short([&cdp.device, &cdp.port, &cdp.version, &cdp.platform]);
        assert!(cdp.addresses.len() <= MAX_LIST);
        true
    };
    let is_valid = check(bytes);
    // Also with a valid checksum, which arbitrary bytes do not have.
    let mut sealed = bytes.to_vec();
    if sealed.len() < 4 {
        return is_valid;
    }
    sealed[2..4].fill(0);
    let sum = checksum(&sealed, OddByte::Last);
    sealed[2..4].copy_from_slice(&sum.to_be_bytes());
    check(&sealed)
}

pub fn cdp_packets() -> Vec<Vec<u8>> {
    let tlv = |kind: u16, value: &[u8]| {
        let length = u16::try_from(value.len() + 4).expect("a short value");
        [&kind.to_be_bytes()[..], &length.to_be_bytes(), value].concat()
    };
    let tlvs = [
        tlv(1, b"SEP0021D8BA0965"),
        tlv(2, &[0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 172, 30, 6, 12]),
        tlv(3, b"Port 1"),
        tlv(4, &[0, 0, 4, 0x90]),
        tlv(5, b"SCCP42.8-4-2S"),
        tlv(6, b"Cisco IP Phone 7942"),
        tlv(0x0b, &[1]),
        tlv(0x0e, &[1, 0, 110]),
        tlv(0x0f, &[0x20, 2, 0, 1]),
        tlv(0x10, &6300_u16.to_be_bytes()),
        tlv(0x19, &[9, 0x65, 0, 3, 0, 0, 0x18, 0x9c]),
    ];
    let mut bytes = [&[2, 180, 0, 0], &tlvs.concat()[..]].concat();
    let sum = checksum(&bytes, OddByte::Last);
    bytes[2..4].copy_from_slice(&sum.to_be_bytes());
    vec![bytes]
}

pub fn lldp(bytes: &[u8]) -> bool {
    let Ok(lldp) = Lldp::decode(bytes) else {
        return false;
    };
    assert_short([
        &lldp.port,
        &lldp.port_description,
        &lldp.system_name,
        &lldp.system_description,
        &lldp.inventory.hardware_revision,
        &lldp.inventory.firmware_revision,
        &lldp.inventory.software_revision,
        &lldp.inventory.serial,
        &lldp.inventory.manufacturer,
        &lldp.inventory.model_name,
    ]);
    assert!(lldp.policies.len() <= MAX_LIST);
    assert!(lldp.voice_vlan().is_none_or(|vlan| vlan <= 4095));
    true
}

pub fn lldp_packets() -> Vec<Vec<u8>> {
    let tlv = |kind: u16, value: &[u8]| {
        let header = kind << 9 | u16::try_from(value.len()).expect("a short value");
        [&header.to_be_bytes()[..], value].concat()
    };
    let media = |kind: u8, value: &[u8]| tlv(127, &[&[0, 0x12, 0xbb, kind], value].concat());
    let tlvs = [
        tlv(1, &[5, 1, 172, 30, 6, 12]),
        tlv(2, b"\x070021D8BA0965:P1"),
        tlv(3, &[0, 180]),
        tlv(4, b"SW PORT"),
        tlv(5, b"SEP0021D8BA0965"),
        tlv(6, b"Cisco IP Phone 7962G,V12, SCCP42.9-3-1ES27S"),
        tlv(7, &[0, 0x24, 0, 0x24]),
        tlv(8, &[5, 1, 172, 30, 6, 12, 1, 0, 0, 0, 0, 0]),
        media(1, &[0, 0x33, 3]),
        media(2, &[1, 0x40, 0xdd, 0x6e]),
        media(4, &[0x51, 0, 63]),
        media(5, b"12"),
        media(6, b"tnp62.8-3-1-21a.bin"),
        media(7, b"SCCP42.9-3-1ES27S"),
        media(8, b"FCH12345678"),
        media(9, b"Cisco Systems, Inc."),
        media(10, b"CP-7962G"),
        tlv(0, b""),
    ];
    vec![tlvs.concat()]
}
