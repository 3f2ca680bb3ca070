//! What DHCP messages prove: which address a phone has, and which TFTP server its lease names.

use std::net::Ipv4Addr;

use reflash::{
    discovery::{Decoded, address, observations},
    protocol::dhcp::{DhcpMessage, Op, OptionCode},
    track::{EvidenceSource, LeaseOptions, ObservationKind},
};

use super::{super::PHONE, SERVER, discover, lease, request};

#[test]
fn an_address_is_observed_when_the_phone_has_it() {
    let named = |message: &DhcpMessage| {
        let heard = Decoded::Dhcp(message);
        let seen = observations(&heard);
        let mac = message.mac;
        let source = EvidenceSource::Dhcp;
        let class = message.phone().and_then(|class| class.model);
        let model = class.map(|model| ObservationKind::Model {
            model: model.plain_number().to_owned(),
            source,
        });
        assert_eq!(
            model.is_some(),
            message.op == Op::Request,
            "an answer has no class"
        );
        let expected = std::iter::once(ObservationKind::MacReported { mac, source }).chain(model);
        let expected: Vec<_> = expected.filter(|_| address(&heard).is_some()).collect();
        assert_eq!(seen, expected);
        address(&heard)
    };
    let wish = (OptionCode::REQUESTED_ADDRESS, &PHONE.octets()[..]);
    let server = (OptionCode::SERVER_ID, &SERVER.octets()[..]);
    assert_eq!(named(&discover()), None);
    assert_eq!(named(&request(&[wish])), None, "after a boot it only hopes");
    assert_eq!(
        named(&request(&[wish, server])),
        Some(PHONE),
        "it takes an offer"
    );
    let mut renewing = request(&[]);
    renewing.client = PHONE;
    assert_eq!(named(&renewing), Some(PHONE));
    assert_eq!(named(&renewing.ack(&lease())), Some(PHONE));
    assert_eq!(named(&discover().offer(&lease())), None);
    assert_eq!(named(&renewing.nak(SERVER, "")), None);
    renewing.options.set(OptionCode::VENDOR_CLASS, *b"MSFT 5.0");
    assert_eq!(observations(&Decoded::Dhcp(&renewing)), [], "no phone");
}

#[test]
fn the_ack_to_a_starting_phone_gives_its_lease_options() {
    let told = |message: &DhcpMessage| {
        let seen = observations(&Decoded::Dhcp(message));
        let leases = seen.into_iter().filter_map(|seen| match seen {
            ObservationKind::LeaseAcked { lease } => Some(*lease),
            _ => None,
        });
        leases.collect::<Vec<_>>()
    };
    let tftp = lease().tftp;
    let all = LeaseOptions {
        server: SERVER,
        tftp: vec![tftp],
        name: Some("10.0.0.2".to_owned()),
        next_server: Some(tftp),
    };
    let wish = (OptionCode::REQUESTED_ADDRESS, &PHONE.octets()[..]);
    let ack = request(&[wish]).ack(&lease());
    assert_eq!(told(&ack), [all]);
    let mut none = ack.clone();
    none.server = Ipv4Addr::UNSPECIFIED;
    none.options.set(OptionCode::TFTP_SERVERS, []);
    none.options.set(OptionCode::TFTP_NAME, []);
    let nothing = LeaseOptions {
        server: SERVER,
        tftp: Vec::new(),
        name: None,
        next_server: None,
    };
    assert_eq!(told(&none), [nothing]);
    // Who renews its lease does not start; nobody knows who spoke; nothing is given yet.
    let mut renewing = request(&[]);
    renewing.client = PHONE;
    assert_eq!(told(&renewing.ack(&lease())), []);
    let mut anonymous = ack;
    anonymous.options.set(OptionCode::SERVER_ID, []);
    assert_eq!(told(&anonymous), []);
    assert_eq!(told(&discover().offer(&lease())), []);
    assert_eq!(told(&request(&[wish])), []);
}
