//! Which messages are answered, with what, and to which address.

use super::*;
use crate::track::{EvidenceSource, ObservationKind};

#[test]
fn an_offer_has_an_address_and_names_the_tftp_server_in_three_fields() {
    let mut server = server();
    let (offer, to) = exchange(&mut server, S, &discover(1)).unwrap();
    assert_eq!(to, SocketAddrV4::new(Ipv4Addr::BROADCAST, 68));
    assert_eq!(offer.tftp_servers(), [OWN]);
    assert_eq!(offer.tftp_name().as_deref(), Some("192.0.2.9"));
    assert_eq!(offer.server, OWN);
    assert_eq!(offer.mask(), Some(Ipv4Addr::new(255, 255, 255, 248)));
    assert_eq!(offer.lease(), Some(LEASE_TIME));
    assert!(offer.routers().is_empty(), "none is configured");
    assert_eq!(server.drain_events().next(), None, "an offer is no lease");
    assert_eq!(
        accept(&mut server, S, 1, offer.your),
        Some(MessageType::Ack)
    );
    let events: Vec<_> = server.drain_events().collect();
    assert_eq!(
        events,
        [DhcpEvent::Leased {
            address: offer.your,
            mac: mac(1)
        }]
    );
    assert_eq!(
        events[0].observation().unwrap().kind,
        ObservationKind::MacReported {
            mac: mac(1),
            source: EvidenceSource::Dhcp,
            sender: None,
        }
    );
    assert_eq!(server.drain_events().next(), None, "reported once");
}

#[test]
fn only_phones_of_this_network_are_answered() {
    let mut server = server();
    let mut laptop = discover(1);
    laptop.options.set(OptionCode::VENDOR_CLASS, "MSFT 5.0");
    let mut router = discover(1);
    router
        .options
        .set(OptionCode::VENDOR_CLASS, "Cisco Systems, Inc. router");
    let mut relayed = discover(1);
    relayed.relay = host(14);
    let mut circuit = discover(1);
    circuit.options.set(OptionCode::RELAY_AGENT, [1, 1, 7]);
    let mut reply = discover(1);
    reply.op = Op::Reply;
    let mut lost_laptop = request(1);
    lost_laptop
        .options
        .set(OptionCode::VENDOR_CLASS, "MSFT 5.0");
    lost_laptop
        .options
        .set(OptionCode::REQUESTED_ADDRESS, [10, 0, 0, 1]);
    for (what, message) in [
        ("another device", laptop),
        ("a router of the same maker", router),
        ("behind a relay", relayed),
        ("option 82", circuit),
        ("a reply", reply),
        ("never a NAK to another device", lost_laptop),
    ] {
        assert_eq!(exchange(&mut server, S, &message), None, "{what}");
    }
    assert!(server.bindings.is_empty());
}

#[test]
fn a_request_for_an_address_of_another_network_gets_a_nak() {
    let mut server = server();
    for elsewhere in [
        Ipv4Addr::new(10, 1, 1, 7),
        OWN,
        host(8),
        host(15),
        host(200),
    ] {
        let mut request = request(1);
        request
            .options
            .set(OptionCode::REQUESTED_ADDRESS, elsewhere.octets());
        let (nak, to) = exchange(&mut server, S, &request).unwrap();
        assert_eq!(nak.message_type(), Some(MessageType::Nak), "{elsewhere}");
        assert_eq!(nak.your, Ipv4Addr::UNSPECIFIED);
        assert_eq!(*to.ip(), Ipv4Addr::BROADCAST);
    }
}

#[test]
fn broadcast_and_off_link_addresses_are_never_answered() {
    let mut server = server();
    let address = lease(&mut server, S, 1);
    let zero = Ipv4Addr::UNSPECIFIED;
    let wrong = [
        Ipv4Addr::BROADCAST,
        Ipv4Addr::new(198, 51, 100, 1),
        Ipv4Addr::new(224, 0, 0, 1),
        Ipv4Addr::LOCALHOST,
        host(15),
        host(8),
        OWN,
    ];
    for kind in 1..=8 {
        for wrong in wrong {
            for (source, ciaddr, yiaddr) in [
                (wrong, zero, zero),
                (zero, wrong, zero),
                (wrong, wrong, zero),
                (wrong, address, zero),
                (host(13), address, zero),
                (zero, zero, wrong),
            ] {
                let mut message = of_kind(1, kind);
                (message.client, message.your) = (ciaddr, yiaddr);
                let option = OptionCode::REQUESTED_ADDRESS;
                message.options.set(option, address.octets());
                let reply = server.receive(S, source, &message.encode());
                assert_eq!(reply, None, "{kind} {source} {ciaddr} {yiaddr}");
            }
        }
    }
    assert_eq!(server.leased().collect::<Vec<_>>(), [address]);
    // The address of another host in `ciaddr` gets no answer by unicast.
    let mut request = request(1);
    let option = OptionCode::REQUESTED_ADDRESS;
    request.options.set(option, address.octets());
    request.client = host(13);
    let (_, to) = exchange(&mut server, S, &request).unwrap();
    assert!(to.ip().is_broadcast());
}

#[test]
fn a_mac_that_no_phone_has_is_ignored() {
    let mut server = server();
    for mac in [[0; 6], [0xff; 6], [1, 0, 0x5e, 0, 0, 1], OWN_MAC.bytes()] {
        let mut discover = discover(1);
        discover.mac = MacAddress::new(mac);
        assert_eq!(exchange(&mut server, S, &discover), None, "{mac:?}");
    }
    assert!(server.bindings.is_empty());
}

#[test]
fn a_request_to_another_server_is_reported() {
    let mut server = server();
    let address = offered(&mut server, S, 1).unwrap();
    let mut request = request(1);
    request
        .options
        .set(OptionCode::SERVER_ID, host(12).octets());
    request
        .options
        .set(OptionCode::REQUESTED_ADDRESS, address.octets());
    assert_eq!(exchange(&mut server, S, &request), None);
    assert_eq!(
        server.drain_events().next(),
        Some(DhcpEvent::OtherServer(host(12)))
    );
    assert!(
        server.bindings.is_empty(),
        "the offered address is free again"
    );
}

#[test]
fn an_inform_gets_options_without_an_address() {
    let mut server = server();
    let mut inform = discover(1);
    inform.options.set(OptionCode::MESSAGE_TYPE, [8]);
    assert_eq!(
        exchange(&mut server, S, &inform),
        None,
        "the client has no address"
    );
    inform.client = host(13);
    let (ack, to) = exchange(&mut server, S, &inform).unwrap();
    assert_eq!(ack.message_type(), Some(MessageType::Ack));
    assert_eq!(ack.your, Ipv4Addr::UNSPECIFIED);
    assert_eq!(ack.tftp_servers(), [OWN]);
    assert_eq!(*to.ip(), host(13));
}

#[test]
fn the_number_of_waiting_events_is_bounded() {
    let mut server = server();
    for _ in 0..1000 {
        lease(&mut server, S, 1);
    }
    assert_eq!(server.drain_events().count(), MAX_EVENTS);
}
