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
    let observed_address = |message: &DhcpMessage| {
        let decoded = Decoded::Dhcp(message);
        let observed = observations(&decoded);
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
            "a response has no vendor class"
        );
        let expected = std::iter::once(ObservationKind::MacReported {
            mac,
            source,
            sender: None,
        })
        .chain(model);
        let expected: Vec<_> = expected.filter(|_| address(&decoded).is_some()).collect();
        assert_eq!(observed, expected);
        address(&decoded)
    };
    let requested = (OptionCode::REQUESTED_ADDRESS, &PHONE.octets()[..]);
    let server = (OptionCode::SERVER_ID, &SERVER.octets()[..]);
    assert_eq!(observed_address(&discover()), None);
    assert_eq!(
        observed_address(&request(&[requested])),
        None,
        "after a boot the address is only requested"
    );
    assert_eq!(
        observed_address(&request(&[requested, server])),
        Some(PHONE),
        "it accepts an offer"
    );
    let mut renewing = request(&[]);
    renewing.client = PHONE;
    assert_eq!(observed_address(&renewing), Some(PHONE));
    assert_eq!(observed_address(&renewing.ack(&lease())), Some(PHONE));
    assert_eq!(observed_address(&discover().offer(&lease())), None);
    assert_eq!(observed_address(&renewing.nak(SERVER, "")), None);
    renewing.options.set(OptionCode::VENDOR_CLASS, *b"MSFT 5.0");
    assert_eq!(
        observations(&Decoded::Dhcp(&renewing)),
        [],
        "it is no phone"
    );
}

#[test]
fn the_ack_to_a_starting_phone_gives_its_lease_options() {
    let lease_options = |message: &DhcpMessage| {
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
    let requested = (OptionCode::REQUESTED_ADDRESS, &PHONE.octets()[..]);
    let ack = request(&[requested]).ack(&lease());
    assert_eq!(lease_options(&ack), [all]);
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
    assert_eq!(lease_options(&none), [nothing]);
    // A renewal is no start; an ACK without a server identifier, an offer and a request give no
    // lease.
    let mut renewing = request(&[]);
    renewing.client = PHONE;
    assert_eq!(lease_options(&renewing.ack(&lease())), []);
    let mut anonymous = ack;
    anonymous.options.set(OptionCode::SERVER_ID, []);
    assert_eq!(lease_options(&anonymous), []);
    assert_eq!(lease_options(&discover().offer(&lease())), []);
    assert_eq!(lease_options(&request(&[requested])), []);
}
