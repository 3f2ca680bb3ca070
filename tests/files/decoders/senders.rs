//! Which host sent a report: the MAC of the frame, where the phone itself sends it.

use std::{net::Ipv4Addr, time::Duration};

use reflash::{
    discovery::Observer,
    phone::MacAddress,
    protocol::{
        dhcp::{DhcpMessage, Lease, OptionCode},
        frame::EthernetFrame,
    },
    track::{Observation, ObservationKind},
};

use super::{MAC, PHONE, REGISTER, cdp, cdp_7942, ethernet, ipv4, lldp_tlv, snap, udp};

const OTHER: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 9]);

/// The MAC that is reported first, and its sender.
fn reported(observer: &mut Observer, bytes: &[u8]) -> (MacAddress, Option<MacAddress>) {
    let frame = EthernetFrame::decode(bytes).unwrap();
    let observations = observer.observe(&frame).unwrap();
    match observations.first() {
        Some(Observation {
            kind: ObservationKind::MacReported { mac, sender, .. },
            ..
        }) => (*mac, *sender),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_sender_of_an_announcement_is_the_mac_of_its_frame() {
    let announcement = cdp(&cdp_7942(b"SCCP42.8-4-2S"));
    let lldp = [
        lldp_tlv(1, &[5, 1, 172, 30, 6, 12]),
        lldp_tlv(5, b"SEP0021D8BA0965"),
        lldp_tlv(6, b"Cisco IP Phone 7942G,V12, SIP42.9-3-1SR4-1S"),
    ]
    .concat();
    for sender in [MAC, OTHER] {
        let frames = [
            snap(sender, [0, 0, 0x0c, 0x20, 0], &announcement),
            ethernet(sender, 0x88cc, &lldp),
        ];
        for frame in frames {
            assert_eq!(
                reported(&mut Observer::default(), &frame),
                (MAC, Some(sender))
            );
        }
    }
}

#[test]
fn the_sender_of_a_dhcp_request_is_known_unless_a_relay_or_a_server_sent_the_frame() {
    let frame = |message: &DhcpMessage| {
        let payload = ipv4(17, 0, &udp(68, 67, &message.encode()));
        ethernet(OTHER, 0x0800, &payload)
    };
    let mut renewal = DhcpMessage::discover(MAC, 1, "CP-7965G");
    renewal.options.set(OptionCode::MESSAGE_TYPE, [3]);
    renewal.client = PHONE;
    let mut observer = Observer::default();
    assert_eq!(
        reported(&mut observer, &frame(&renewal)),
        (MAC, Some(OTHER))
    );
    let mut relayed = renewal.clone();
    relayed.relay = Ipv4Addr::new(172, 30, 6, 1);
    assert_eq!(reported(&mut observer, &frame(&relayed)), (MAC, None));
    let mut forwarded = renewal.clone();
    forwarded.hops = 1;
    assert_eq!(reported(&mut observer, &frame(&forwarded)), (MAC, None));
    let lease = Lease {
        address: PHONE,
        server: Ipv4Addr::new(10, 0, 0, 1),
        mask: Ipv4Addr::new(255, 255, 255, 0),
        routers: vec![],
        name_servers: vec![],
        domain: None,
        time: Duration::from_mins(10),
        tftp: Ipv4Addr::new(10, 0, 0, 1),
    };
    assert_eq!(
        reported(&mut observer, &frame(&renewal.ack(&lease))),
        (MAC, None)
    );
}

#[test]
fn a_router_may_have_sent_the_frame_of_a_register() {
    let payload = ipv4(17, 0, &udp(49153, 5060, REGISTER.as_bytes()));
    let (_, sender) = reported(&mut Observer::default(), &ethernet(OTHER, 0x0800, &payload));
    assert_eq!(sender, None);
}
