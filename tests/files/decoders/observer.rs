//! Frames to observations: each protocol in its frame, limits of a live run, and a confirmed phone.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use reflash::{
    discovery::{Deduplicator, Observer, REPEAT_WINDOW},
    phone::{Family, LoadName, MacAddress},
    protocol::{
        dhcp::{DhcpMessage, Lease, OptionCode},
        frame::EthernetFrame,
    },
    track::{
        EvidenceSource, Fleet, LeaseOptions, ManifestPlan, Observation, ObservationKind, Plan,
        StagePlan, State,
    },
};

use super::{
    MAC, PHONE, REGISTER, alarm, cdp, cdp_7942, cdp_tlv, ethernet, ipv4, lldp_tlv, snap, tcp, udp,
};

fn observe(observer: &mut Observer, bytes: &[u8]) -> Vec<Observation> {
    observer
        .observe(&EthernetFrame::decode(bytes).unwrap())
        .unwrap()
}

/// The address, the source and the load that a frame reports.
fn report_of(bytes: &[u8]) -> Option<(Ipv4Addr, EvidenceSource, Option<String>)> {
    let observations = observe(&mut Observer::default(), bytes);
    let load = observations
        .iter()
        .find_map(|observation| match &observation.kind {
            ObservationKind::Load { load, .. } => Some(load.to_string()),
            _ => None,
        });
    match observations.first()? {
        Observation {
            address,
            kind: ObservationKind::MacReported { source, .. },
        } => Some((*address, *source, load)),
        other => panic!("the MAC is reported first: {other:?}"),
    }
}

#[test]
fn every_protocol_is_observed_in_its_frame() {
    let udp_frame =
        |port, bytes: &[u8]| ethernet(MAC, 0x0800, &ipv4(17, 0, &udp(49153, port, bytes)));
    let tcp_frame =
        |port, bytes: &[u8]| ethernet(MAC, 0x0800, &ipv4(6, 0, &tcp(49153, port, bytes)));
    let snap_cdp = |version: &[u8]| snap(MAC, [0, 0, 0x0c, 0x20, 0], &cdp(&cdp_7942(version)));
    let lldp = [
        lldp_tlv(1, &[5, 1, 172, 30, 6, 12]),
        lldp_tlv(5, b"SEP0021D8BA0965"),
        lldp_tlv(6, b"Cisco IP Phone 7942G,V12, SIP42.9-3-1SR4-1S"),
    ]
    .concat();
    let register = REGISTER.as_bytes();
    let line = alarm(b"25: Name=SEP0021D8BA0965 Load=SCCP42.8-4-2S Last=Initialized");
    for (frame, source, load) in [
        (
            snap_cdp(b"SCCP42.8-4-2S"),
            EvidenceSource::Cdp,
            "SCCP42.8-4-2S",
        ),
        (
            snap_cdp(b"79XX_default_load"),
            EvidenceSource::Cdp,
            "79XX_default_load",
        ),
        (
            ethernet(MAC, 0x88cc, &lldp),
            EvidenceSource::Lldp,
            "SIP42.9-3-1SR4-1S",
        ),
        (
            udp_frame(5060, register),
            EvidenceSource::Sip,
            "SIP70.8-4-2-30S",
        ),
        (
            tcp_frame(5060, register),
            EvidenceSource::Sip,
            "SIP70.8-4-2-30S",
        ),
        (
            tcp_frame(2000, &line),
            EvidenceSource::Sccp,
            "SCCP42.8-4-2S",
        ),
    ] {
        assert_eq!(
            report_of(&frame),
            Some((PHONE, source, Some(load.to_owned())))
        );
    }
    // The middle of a conversation, an answer, a keep-alive: nothing, and no error.
    for frame in [
        tcp_frame(5060, b"\r\n\r\n"),
        tcp_frame(5060, b"--uniqueBoundary\r\n"),
        tcp_frame(2000, &line[20..]),
        tcp_frame(2000, b""),
        udp_frame(5060, b"SIP/2.0 200 OK\r\n\r\n"),
        udp_frame(69, b"\0\x01x\0octet\0"),
    ] {
        assert_eq!(report_of(&frame), None);
    }
    let damaged = snap(MAC, [0, 0, 0x0c, 0x20, 0], &[2, 180, 0, 0, 0, 1]);
    let frame = EthernetFrame::decode(&damaged).unwrap();
    assert!(Observer::default().observe(&frame).is_err());
}

#[test]
fn a_cdp_frame_without_an_address_is_not_observed() {
    let bytes = cdp(&[
        cdp_tlv(1, b"SEP0021D8BA0965"),
        cdp_tlv(2, &[0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 0, 0, 0, 0]),
        cdp_tlv(5, b"SCCP42.8-4-2S"),
    ]);
    assert_eq!(report_of(&snap(MAC, [0, 0, 0x0c, 0x20, 0], &bytes)), None);
}

#[test]
fn an_arp_packet_identifies_only_its_sender() {
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, 1];
    packet.extend(MAC.bytes());
    packet.extend(PHONE.octets());
    packet.extend([0; 10]);
    assert_eq!(
        report_of(&ethernet(MAC, 0x0806, &packet)),
        Some((PHONE, EvidenceSource::Neighbour, None))
    );
    let router = MacAddress::new([2; 6]);
    assert_eq!(
        report_of(&ethernet(router, 0x0806, &packet)),
        None,
        "sent by a proxy"
    );
    packet[14..18].fill(0);
    assert_eq!(report_of(&ethernet(MAC, 0x0806, &packet)), None, "a probe");
}

#[test]
fn an_ack_is_observed_only_for_a_client_known_as_a_phone() {
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
    let client = |message: &DhcpMessage| {
        ethernet(
            message.mac,
            0x0800,
            &ipv4(17, 0, &udp(68, 67, &message.encode())),
        )
    };
    let server = |message: &DhcpMessage| {
        let server = MacAddress::new([2; 6]);
        ethernet(
            server,
            0x0800,
            &ipv4(17, 0, &udp(67, 68, &message.encode())),
        )
    };
    let mut phone = DhcpMessage::discover(MAC, 1, "CP-7965G");
    phone.options.set(OptionCode::MESSAGE_TYPE, [3]);
    let mut other = phone.clone();
    other.mac = MacAddress::new([4; 6]);
    other.options.set(OptionCode::VENDOR_CLASS, *b"MSFT 5.0");

    let mut observer = Observer::default();
    assert_eq!(
        observe(&mut observer, &server(&phone.ack(&lease))),
        [],
        "the client is not known yet"
    );
    let wanted = Observation {
        address: Ipv4Addr::UNSPECIFIED,
        kind: ObservationKind::AddressWanted {
            mac: MAC,
            model: Some("7965".to_owned()),
        },
    };
    assert_eq!(observe(&mut observer, &client(&phone)), [wanted]);
    assert_eq!(observe(&mut observer, &client(&other)), []);
    let mac_reported = Observation {
        address: PHONE,
        kind: ObservationKind::MacReported {
            mac: MAC,
            source: EvidenceSource::Dhcp,
            sender: None,
        },
    };
    let lease_acked = Observation {
        address: PHONE,
        kind: ObservationKind::LeaseAcked {
            lease: Box::new(LeaseOptions {
                server: lease.server,
                tftp: vec![lease.tftp],
                name: Some(lease.tftp.to_string()),
                next_server: Some(lease.tftp),
            }),
        },
    };
    assert_eq!(
        observe(&mut observer, &server(&phone.ack(&lease))),
        [mac_reported, lease_acked]
    );
    assert_eq!(observe(&mut observer, &server(&other.ack(&lease))), []);
    let answered = Observation {
        address: Ipv4Addr::UNSPECIFIED,
        kind: ObservationKind::AddressAnswered {
            mac: MAC,
            server: Some(lease.server),
        },
    };
    assert_eq!(
        observe(&mut observer, &server(&phone.offer(&lease))),
        [answered]
    );
    assert_eq!(observe(&mut observer, &server(&other.offer(&lease))), []);
}

/// The tracker uses these observations: only the target load changes the state.
#[test]
fn a_reported_target_load_confirms_the_phone() {
    let target = StagePlan {
        load: LoadName::new("SIP42.9-3-1SR4-1S"),
        models: Family::F42.models().collect(),
        manifests: vec![ManifestPlan {
            name: "SIP42.9-3-1SR4-1S.loads".to_owned(),
            images: vec![("jar42sip.9-3-1ES26.sbn".to_owned(), 1000)],
            hardware: None,
            platforms: Vec::new(),
        }],
    };
    for (version, state) in [
        (&b"SIP42.9-3-1SR4-1S"[..], State::Already),
        (b"SCCP42.8-4-2S", State::Seen),
        (b"term42.default", State::Seen),
        (b"79XX_default_load", State::Seen),
    ] {
        let bytes = snap(MAC, [0, 0, 0x0c, 0x20, 0], &cdp(&cdp_7942(version)));
        let mut fleet = Fleet::new(Plan {
            stages: vec![target.clone()],
            ..Plan::default()
        });
        for observation in observe(&mut Observer::default(), &bytes) {
            fleet.observe(Duration::from_secs(1), &observation);
        }
        let report = fleet.report(jiff::Timestamp::UNIX_EPOCH);
        let phone = &report.phones[0];
        assert_eq!((phone.mac, phone.state), (Some(MAC), state), "{version:?}");
    }
}

#[test]
fn repeated_observations_are_suppressed_in_a_live_run() {
    let frame = |load: &[u8]| snap(MAC, [0, 0, 0x0c, 0x20, 0], &cdp(&cdp_7942(load)));
    let (old, new) = (frame(b"SCCP42.8-4-2S"), frame(b"SIP42.9-3-1SR4-1S"));
    let began = Instant::now();
    let mut deduplicator = Deduplicator::default();
    let mut count =
        |after: Duration, bytes: &[u8]| deduplicator.observe(began + after, bytes).unwrap().len();
    let moment = Duration::from_millis(1);
    assert_eq!(count(Duration::ZERO, &old), 3, "MAC, model and load");
    for _ in 0..10_000 {
        assert_eq!(count(moment, &old), 0);
    }
    assert_eq!(count(moment, &new), 3, "another load is observed at once");
    assert_eq!(count(moment, &old), 3);
    assert_eq!(
        count(moment + REPEAT_WINDOW, &old),
        3,
        "the same load is observed again after a while"
    );
    assert_eq!(
        deduplicator.dropped(),
        0,
        "repeats are not counted as a flood"
    );
}

#[test]
fn a_live_run_ignores_arp_and_limits_its_observations() {
    let began = Instant::now();
    let mut deduplicator = Deduplicator::default();
    let packet = [
        &[0, 1, 8, 0, 6, 4, 0, 2][..],
        &MAC.bytes(),
        &PHONE.octets(),
        &[0; 10],
    ]
    .concat();
    assert_eq!(
        deduplicator.observe(began, &ethernet(MAC, 0x0806, &packet)),
        Ok(vec![])
    );
    let mut count = 0;
    for number in 0..5000_u16 {
        let [high, low] = number.to_be_bytes();
        let tlvs = [
            cdp_tlv(1, b"SEP0021D8BA0965"),
            cdp_tlv(2, &[0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 10, 9, high, low]),
        ];
        let frame = snap(MAC, [0, 0, 0x0c, 0x20, 0], &cdp(&tlvs));
        count += deduplicator.observe(began, &frame).unwrap().len();
    }
    assert_eq!((count, deduplicator.dropped()), (1000, 4000));
}
