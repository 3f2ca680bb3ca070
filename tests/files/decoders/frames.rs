//! Ethernet, VLAN tags, SNAP, ARP, IPv4 and what is in it.

use std::net::{Ipv4Addr, SocketAddrV4};

use reflash::{
    phone::MacAddress,
    protocol::{
        frame::{EthernetFrame, Payload},
        link::LinkType,
    },
};

use super::{MAC, PHONE, ethernet, ipv4, snap, tcp, udp};

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

#[test]
fn snap_vlan_tags_and_padding_are_decoded() {
    let mut bytes = snap(MAC, [0, 0, 0x0c, 0x20, 0], b"CDP");
    bytes.extend([0; 40]);
    let frame = EthernetFrame::decode(&bytes).unwrap();
    assert_eq!((frame.source, frame.vlan), (MAC, None));
    assert_eq!(frame.destination, MacAddress::new([0xff; 6]));
    assert_eq!(frame.payload, Payload::Cdp(b"CDP"));

    for (tags, vlan) in [
        (&[0x81, 0, 0, 10][..], Some(10)),
        (&[0x88, 0xa8, 0, 100, 0x81, 0, 0xa0, 10], Some(10)),
        (&[0x81, 0, 0xa0, 0], None),
    ] {
        let inside = [&tags[2..], &[0x88, 0xcc], b"LLDP"].concat();
        let kind = u16::from_be_bytes([tags[0], tags[1]]);
        let bytes = ethernet(MAC, kind, &inside);
        let frame = EthernetFrame::decode(&bytes).unwrap();
        assert_eq!((frame.vlan, frame.payload), (vlan, Payload::Lldp(b"LLDP")));
    }
    // CDP in a tagged 802.3 frame.
    let inside = [
        &[0, 10, 0, 11],
        &[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0][..],
        b"CDP",
    ]
    .concat();
    let bytes = ethernet(MAC, 0x8100, &inside);
    assert_eq!(
        EthernetFrame::decode(&bytes).unwrap().payload,
        Payload::Cdp(b"CDP")
    );
    // An Ethernet type inside SNAP.
    let bytes = snap(MAC, [0, 0, 0, 0x88, 0xcc], b"LLDP");
    assert_eq!(
        EthernetFrame::decode(&bytes).unwrap().payload,
        Payload::Lldp(b"LLDP")
    );
}

#[test]
fn unknown_frames_are_other() {
    for bytes in [
        snap(MAC, [0, 0, 0x0c, 0x20, 4], b"DTP"),
        ethernet(MAC, 3, &[0x42, 0x42, 3]),
        ethernet(MAC, 38, &[[0x42, 0x42, 3].as_slice(), &[0; 35]].concat()),
        ethernet(MAC, 0x86dd, &[0x60; 60]),
        ethernet(MAC, 1501, &[0; 60]),
        ethernet(MAC, 0x0800, &ipv4(1, 0, b"ping")),
        ethernet(MAC, 0x0806, &[0, 6, 8, 0, 6, 4, 0, 1]),
    ] {
        assert_eq!(
            EthernetFrame::decode(&bytes).unwrap().payload,
            Payload::Other,
            "{bytes:02x?}"
        );
    }
}

#[test]
fn arp_gives_the_sender_of_an_address() {
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, 2];
    packet.extend(MAC.bytes());
    packet.extend(PHONE.octets());
    packet.extend([0xff; 6]);
    packet.extend(SERVER.octets());
    let bytes = ethernet(MAC, 0x0806, &packet);
    let frame = EthernetFrame::decode(&bytes).unwrap();
    let Payload::Arp(arp) = frame.payload else {
        panic!("{frame:?}");
    };
    assert_eq!((arp.operation, arp.sender_mac), (2, MAC));
    assert_eq!((arp.sender, arp.target), (PHONE, SERVER));
    for end in 14..bytes.len() {
        assert!(EthernetFrame::decode(&bytes[..end]).is_err(), "{end} bytes");
    }
}

#[test]
fn udp_ends_at_its_own_length_not_at_the_end_of_the_frame() {
    let mut bytes = ethernet(MAC, 0x0800, &ipv4(17, 0, &udp(68, 67, b"hello")));
    bytes.extend([0xee; 13]);
    assert_eq!(
        EthernetFrame::decode(&bytes).unwrap().payload,
        Payload::Ipv4Udp {
            source: SocketAddrV4::new(PHONE, 68),
            destination: SocketAddrV4::new(SERVER, 67),
            length: 5,
            payload: b"hello",
            is_cut: false,
        }
    );
    // Options in the IPv4 header.
    let mut packet = ipv4(17, 0, &[&[1, 1, 1, 0], &udp(1, 2, b"x")[..]].concat());
    packet[0] = 0x46;
    let bytes = ethernet(MAC, 0x0800, &packet);
    let payload = EthernetFrame::decode(&bytes).unwrap().payload;
    assert!(
        matches!(payload, Payload::Ipv4Udp { payload: b"x", .. }),
        "{payload:?}"
    );
}

#[test]
fn only_the_first_fragment_is_read_and_it_is_marked() {
    let whole = udp(5060, 5060, &[7; 100]);
    for (fragment, is_first) in [(0x2000, true), (0x2005, false), (0x0005, false)] {
        let bytes = ethernet(MAC, 0x0800, &ipv4(17, fragment, &whole[..48]));
        match EthernetFrame::decode(&bytes).unwrap().payload {
            Payload::Ipv4Udp {
                payload, is_cut, ..
            } if is_first => {
                assert_eq!((payload.len(), is_cut), (40, true));
            }
            other => assert_eq!((other, is_first), (Payload::Other, false)),
        }
    }
    // A capture that keeps only the beginning of each packet.
    let bytes = ethernet(MAC, 0x0800, &ipv4(17, 0, &whole));
    let payload = EthernetFrame::decode(&bytes[..80]).unwrap().payload;
    assert!(
        matches!(payload, Payload::Ipv4Udp { is_cut: true, payload, .. } if payload.len() == 38)
    );
}

#[test]
fn a_tcp_segment_has_its_sequence_number() {
    let mut packet = ipv4(6, 0, &tcp(49153, 2000, b"alarm"));
    for total in [45_u16, 0] {
        // 0 is what a capture of a large segment shows.
        packet[2..4].copy_from_slice(&total.to_be_bytes());
        let bytes = ethernet(MAC, 0x0800, &packet);
        assert_eq!(
            EthernetFrame::decode(&bytes).unwrap().payload,
            Payload::Ipv4Tcp {
                source: SocketAddrV4::new(PHONE, 49153),
                destination: SocketAddrV4::new(SERVER, 2000),
                seq: 7,
                ack: Some(0),
                flags: 0x18,
                payload: b"alarm",
                is_cut: false,
            }
        );
    }
}

#[test]
fn contradictory_headers_are_refused() {
    let good = ipv4(17, 0, &udp(1, 2, b"hello"));
    let spoilt = |at: usize, value: u8| {
        let mut packet = good.clone();
        packet[at] = value;
        ethernet(MAC, 0x0800, &packet)
    };
    for (what, bytes) in [
        ("version 6", spoilt(0, 0x65)),
        ("a header of 4 bytes", spoilt(0, 0x41)),
        ("a header of 60 bytes", spoilt(0, 0x4f)),
        ("a total of 19 bytes", spoilt(3, 19)),
        ("a UDP length of 7", spoilt(25, 7)),
        ("a UDP length of 200", spoilt(25, 200)),
        ("a TCP header of 16 bytes", {
            let mut segment = tcp(1, 2, b"");
            segment[12] = 0x40;
            ethernet(MAC, 0x0800, &ipv4(6, 0, &segment))
        }),
        ("a TCP header of 60 bytes", {
            let mut segment = tcp(1, 2, b"");
            segment[12] = 0xf0;
            ethernet(MAC, 0x0800, &ipv4(6, 0, &segment))
        }),
        (
            "an 802.3 length past the end",
            ethernet(MAC, 100, &[0xaa; 10]),
        ),
        ("a tag without a type", ethernet(MAC, 0x8100, &[0, 10])),
        ("13 bytes", vec![0; 13]),
    ] {
        assert!(EthernetFrame::decode(&bytes).is_err(), "{what}");
    }
}

#[test]
fn icmp_gives_the_closed_port() {
    // The port of the server is closed: the ICMP error quotes the packet of the phone.
    let sent = ipv4(17, 0, &udp(49153, 69, b"the rest is not read"));
    let closed = [&[3, 3, 0, 0, 0, 0, 0, 0], &sent[..28]].concat();
    let bytes = ethernet(MAC, 0x0800, &ipv4(1, 0, &closed));
    assert_eq!(
        EthernetFrame::decode(&bytes).unwrap().payload,
        Payload::Ipv4Closed {
            source: SocketAddrV4::new(PHONE, 49153),
            destination: SocketAddrV4::new(SERVER, 69),
        }
    );
    let frame = |icmp: &[u8]| ethernet(MAC, 0x0800, &ipv4(1, 0, icmp));
    let no_host = [&[3, 1], &closed[2..]].concat();
    let of_tcp = [&closed[..8], &ipv4(6, 0, &tcp(1, 2, b""))].concat();
    for other in [no_host, of_tcp] {
        let bytes = frame(&other);
        assert_eq!(
            EthernetFrame::decode(&bytes).unwrap().payload,
            Payload::Other
        );
    }
    for end in 2..32 {
        assert!(
            EthernetFrame::decode(&frame(&closed[..end])).is_err(),
            "{end} bytes"
        );
    }
}

#[test]
fn captures_of_every_link_layer_are_read() {
    let packet = ipv4(17, 0, &udp(68, 67, b"hello"));
    let inside = EthernetFrame::decode(&ethernet(MAC, 0x0800, &packet))
        .map(|frame| format!("{:?}", frame.payload))
        .unwrap();
    let mac = MAC.bytes();
    let cooked =
        |length: u8, kind: [u8; 2]| [&[0, 4, 0, 1, 0, length][..], &mac, &[0, 0], &kind].concat();
    let cooked_2 =
        |kind: [u8; 2]| [&kind[..], &[0, 0, 0, 0, 0, 2, 0, 1, 4, 6], &mac, &[0, 0]].concat();
    for (number, head, source) in [
        (1, [&[0xff; 6][..], &mac, &[8, 0]].concat(), Some(MAC)),
        (101, vec![], None),
        (228, vec![], None),
        (113, cooked(6, [8, 0]), Some(MAC)),
        (113, cooked(0, [8, 0]), None),
        (
            113,
            [cooked(6, [0x81, 0]), vec![0, 9, 8, 0]].concat(),
            Some(MAC),
        ),
        (276, cooked_2([8, 0]), Some(MAC)),
    ] {
        let link = LinkType::of(number).unwrap();
        let bytes = [&head[..], &packet].concat();
        let sent = link.read(&bytes).unwrap();
        let read = (sent.source, format!("{:?}", sent.payload));
        assert_eq!(read, (source, inside.clone()), "{number}");
        for end in 0..head.len() {
            assert!(link.read(&bytes[..end]).is_err(), "{number}: {end} bytes");
        }
    }
    let llc = [&[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0][..], b"CDP"].concat();
    for (number, head) in [(113, cooked(6, [0, 4])), (276, cooked_2([0, 4]))] {
        let bytes = [head, llc.clone()].concat();
        let sent = LinkType::of(number).unwrap().read(&bytes).unwrap();
        assert_eq!(sent.payload, Payload::Cdp(b"CDP"), "{number}");
    }
    let group = [&[0xff; 6][..], &[1, 0, 0x5e, 0, 0, 1], &[8, 0], &packet].concat();
    assert_eq!(LinkType::Ethernet.read(&group).unwrap().source, None);
    assert_eq!(
        LinkType::Raw.read(&[0x60; 40]).unwrap().payload,
        Payload::Other
    );
    assert_eq!(LinkType::of(105), None, "802.11");
}
