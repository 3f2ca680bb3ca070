//! DHCP messages: decoding, and encoding of offers, acknowledgements and refusals.

mod observations;

use std::{net::Ipv4Addr, time::Duration};

use proptest::{collection::vec, prelude::*};
use reflash::{
    phone::MacAddress,
    protocol::{
        MAX_LIST, MAX_TEXT,
        dhcp::{DhcpMessage, DhcpOptions, Lease, MessageType, Op, OptionCode, phone_class},
    },
};

use super::{MAC, PHONE};

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

fn discover() -> DhcpMessage {
    DhcpMessage::discover(MAC, 0xd8ba_0965, "CP-7965G")
}

/// The DHCPREQUEST of the phone, with these options.
fn request(options: &[(OptionCode, &[u8])]) -> DhcpMessage {
    let mut message = discover();
    message.options.set(OptionCode::MESSAGE_TYPE, [3]);
    for (code, value) in options {
        message.options.set(*code, *value);
    }
    message
}

fn lease() -> Lease {
    Lease {
        address: PHONE,
        server: SERVER,
        mask: Ipv4Addr::new(255, 255, 255, 0),
        routers: vec![Ipv4Addr::new(172, 30, 6, 1)],
        name_servers: Vec::new(),
        domain: Some("example.net".to_owned()),
        time: Duration::from_hours(1),
        tftp: Ipv4Addr::new(10, 0, 0, 2),
    }
}

/// The fixed part of a message by hand, then these options.
fn raw(options: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1, 1, 6, 0, 0xd8, 0xba, 9, 0x65, 0, 0, 0x80, 0];
    bytes.resize(28, 0);
    bytes.extend(MAC.bytes());
    // Phones leave old memory after their six bytes of MAC and in both text fields.
    bytes.resize(44, 0xcd);
    bytes.resize(236, 0);
    bytes[44..50].copy_from_slice(b"\x20\xb9\x28\x31\xef\x00");
    bytes.extend([99, 130, 83, 99]);
    bytes.extend(options);
    bytes
}

#[test]
fn our_discover_has_the_bytes_of_a_phone() {
    let mut options = vec![53, 1, 1, 61, 7, 1];
    options.extend(MAC.bytes());
    options.extend([12, 15]);
    options.extend(b"SEP0021D8BA0965");
    options.extend([60, 38]);
    options.extend(b"Cisco Systems, Inc. IP Phone CP-7965G\0");
    options.extend([55, 7, 1, 66, 6, 3, 15, 150, 35, 255]);
    let bytes = discover().encode();
    assert_eq!(bytes[240..240 + options.len()], options);
    assert_eq!(bytes.len(), 319);
    let read = DhcpMessage::decode(&raw(&options)).unwrap();
    assert_eq!(read.server_name, b"\x20\xb9\x28\x31\xef");
    assert_eq!(
        DhcpMessage {
            server_name: Vec::new(),
            ..read.clone()
        },
        discover()
    );
    assert_eq!(read.message_type(), Some(MessageType::Discover));
    assert_eq!((read.mac, read.host_mac()), (MAC, Some(MAC)));
    assert!(read.broadcast);
    assert_eq!(read.requested_options(), [1, 66, 6, 3, 15, 150, 35]);
    assert_eq!(
        read.phone().unwrap().model.map(|model| model.number),
        Some("7965")
    );
}

#[test]
fn a_phone_is_recognised_by_its_vendor_class() {
    for (class, name, number) in [
        (
            &b"Cisco Systems, Inc. IP Phone CP-7965G\0"[..],
            Some("7965G"),
            Some("7965"),
        ),
        (
            b"Cisco Systems, Inc. IP Phone CP-7941G-GE\0",
            Some("7941G-GE"),
            Some("7941-GE"),
        ),
        (
            b"Cisco Systems, Inc. IP Phone CP-8945",
            Some("8945"),
            Some("8945"),
        ),
        (
            b"Cisco Systems, Inc. IP Phone 7912",
            Some("7912"),
            Some("7912"),
        ),
        (
            b"Cisco Systems, Inc. IP Phone CP-8841-3PCC\0",
            Some("8841-3PCC"),
            Some("8841"),
        ),
        (
            b"Cisco Systems Inc. Wireless Phone 7921",
            Some("7921"),
            Some("7921"),
        ),
        (b"Cisco Systems, Inc. IP Phone\0", None, None),
        // The 6901.
        (b"Cisco Systems, Inc.", None, None),
    ] {
        let class = phone_class(class).unwrap();
        assert_eq!(class.model_text.as_deref(), name);
        assert_eq!(class.model.map(|model| model.number), number, "{name:?}");
    }
    for class in [
        &b""[..],
        b"MSFT 5.0",
        b"Cisco Systems, Inc. router",
        b"ciscopnp",
        b"\xff\xff",
    ] {
        assert_eq!(phone_class(class), None, "{class:?}");
    }
}

#[test]
fn an_offer_names_the_tftp_server_in_three_options() {
    let mut received = discover();
    received.relay = Ipv4Addr::new(172, 30, 6, 1);
    received.options.set(OptionCode::RELAY_AGENT, [1, 2, 3, 4]);
    let offer = DhcpMessage::decode(&received.offer(&lease()).encode()).unwrap();
    let tftp = lease().tftp;
    assert_eq!(offer.message_type(), Some(MessageType::Offer));
    assert_eq!(
        (offer.op, offer.xid, offer.mac),
        (Op::Reply, received.xid, MAC)
    );
    assert_eq!(
        (offer.your, offer.server, offer.relay),
        (PHONE, tftp, received.relay)
    );
    assert_eq!(offer.tftp_servers(), [tftp]);
    assert_eq!(offer.tftp_name(), Some(tftp.to_string()));
    assert_eq!(offer.server_id(), Some(SERVER));
    assert_eq!(offer.lease(), Some(Duration::from_hours(1)));
    assert_eq!(offer.mask(), Some(lease().mask));
    assert_eq!(offer.routers(), lease().routers);
    assert!(offer.name_servers().is_empty());
    assert_eq!(offer.domain().as_deref(), Some("example.net"));
    assert!(offer.broadcast);
    let last = offer.options.iter().last().unwrap();
    assert_eq!(last, (OptionCode::RELAY_AGENT, &[1, 2, 3, 4][..]));
    assert_eq!(
        offer.options.get(OptionCode::CLIENT_ID),
        received.options.get(OptionCode::CLIENT_ID)
    );
}

#[test]
fn ack_inform_and_nak_have_the_fields_of_rfc_2131() {
    let mut inform = request(&[]);
    inform.options.set(OptionCode::MESSAGE_TYPE, [8]);
    inform.client = PHONE;
    let ack = inform.ack(&lease());
    assert_eq!(
        (ack.client, ack.your, ack.lease()),
        (PHONE, Ipv4Addr::UNSPECIFIED, None)
    );
    let ack = request(&[]).ack(&lease());
    assert_eq!(
        (ack.message_type(), ack.your),
        (Some(MessageType::Ack), PHONE)
    );

    let mut received = request(&[]);
    received.broadcast = false;
    assert!(!received.nak(SERVER, "wrong network").broadcast);
    received.relay = SERVER;
    let nak = received.nak(SERVER, "wrong network");
    assert!(nak.broadcast);
    assert_eq!(
        nak.options.get(OptionCode::MESSAGE),
        Some(&b"wrong network"[..])
    );
    assert_eq!(
        (nak.your, nak.tftp_servers()),
        (Ipv4Addr::UNSPECIFIED, vec![])
    );
}

#[test]
fn split_and_overloaded_options_are_joined() {
    // 150 in three places: options, file, sname, in this order (RFC 3396).
    let mut bytes = raw(&[52, 1, 3, 150, 4, 10, 0, 0, 1, 255]);
    bytes[108..117].copy_from_slice(&[150, 6, 10, 0, 0, 2, 10, 0, 255]);
    bytes[44..50].copy_from_slice(&[150, 2, 0, 3, 255, 0]);
    let message = DhcpMessage::decode(&bytes).unwrap();
    let servers = [1, 2, 3].map(|last| Ipv4Addr::new(10, 0, 0, last));
    assert_eq!(message.tftp_servers(), servers);
    assert_eq!((message.server_name.len(), message.file.len()), (0, 0));
    assert_eq!(message.options.iter().count(), 1);

    let many = [[10, 0, 0, 7]; 100].concat();
    let mut message = discover();
    message.options.set(OptionCode::TFTP_SERVERS, many.clone());
    message
        .options
        .set(OptionCode::HOST_NAME, vec![b'x'; 65_536]);
    let read = DhcpMessage::decode(&message.encode()).unwrap();
    assert_eq!(read.host_name().map(|name| name.len()), Some(MAX_TEXT));
    assert_eq!(read.options.get(OptionCode::TFTP_SERVERS), Some(&many[..]));
    assert_eq!(read.tftp_servers().len(), MAX_LIST);
}

#[test]
fn a_value_of_a_wrong_length_is_ignored() {
    let message = request(&[
        (OptionCode::SERVER_ID, &[10, 0, 0]),
        (OptionCode::LEASE_TIME, &[1]),
        (OptionCode::TFTP_SERVERS, &[10, 0, 0, 1, 10]),
        (OptionCode::MESSAGE_TYPE, &[3, 3]),
        (OptionCode::HOST_NAME, &[]),
    ]);
    assert_eq!((message.server_id(), message.lease()), (None, None));
    assert_eq!(message.tftp_servers(), [SERVER]);
    assert_eq!((message.message_type(), message.host_name()), (None, None));
}

#[test]
fn messages_that_are_not_dhcp_are_refused() {
    let good = raw(&[53, 1, 1, 255]);
    let spoilt = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        bytes
    };
    for (what, bytes) in [
        ("operation 3", spoilt(0, 3)),
        ("token ring", spoilt(1, 6)),
        ("16 bytes of address", spoilt(2, 16)),
        ("no cookie", spoilt(239, 0)),
        ("an option past the end", raw(&[53, 2, 1])),
        ("an option without a length", raw(&[53])),
        ("an overloaded field that ends early", {
            let mut bytes = raw(&[52, 1, 1, 255]);
            bytes[234..236].copy_from_slice(&[12, 200]);
            bytes
        }),
    ] {
        assert!(DhcpMessage::decode(&bytes).is_err(), "{what}");
    }
    for end in 0..240 {
        assert!(DhcpMessage::decode(&good[..end]).is_err(), "{end} bytes");
    }
    assert!(
        DhcpMessage::decode(&raw(&[]))
            .unwrap()
            .message_type()
            .is_none()
    );
    assert!(
        DhcpMessage::decode(&raw(&[0, 0, 53, 1, 1]))
            .unwrap()
            .message_type()
            .is_some()
    );
}

fn option() -> impl Strategy<Value = (u8, Vec<u8>)> {
    (any::<u8>(), vec(any::<u8>(), 0..600))
}

fn message() -> impl Strategy<Value = DhcpMessage> {
    let numbers = (
        any::<bool>(),
        any::<u8>(),
        any::<u32>(),
        any::<u16>(),
        any::<bool>(),
    );
    let texts = (vec(1_u8.., 0..=64), vec(1_u8.., 0..=128));
    (
        numbers,
        any::<[[u8; 4]; 4]>(),
        any::<[u8; 6]>(),
        texts,
        vec(option(), 0..12),
    )
        .prop_map(
            |((is_request, hops, xid, secs, broadcast), [a, b, c, d], mac, texts, list)| {
                let mut options = DhcpOptions::default();
                for (number, value) in list {
                    if let Some(code) = OptionCode::new(number) {
                        options.set(code, value);
                    }
                }
                DhcpMessage {
                    op: if is_request { Op::Request } else { Op::Reply },
                    hops,
                    xid,
                    secs,
                    broadcast,
                    client: a.into(),
                    your: b.into(),
                    server: c.into(),
                    relay: d.into(),
                    mac: MacAddress::new(mac),
                    server_name: texts.0,
                    file: texts.1,
                    options,
                }
            },
        )
}

proptest! {
    #[test]
    fn an_encoded_message_is_decoded_unchanged(message in message()) {
        prop_assert_eq!(DhcpMessage::decode(&message.encode()), Ok(message));
    }
}
