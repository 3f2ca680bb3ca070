//! Requests, in datagrams and in streams, and answers to them.

use std::net::{Ipv4Addr, SocketAddrV4};

use reflash::{
    discovery::{Decoded, address, observations},
    phone::{LoadName, MacAddress},
    protocol::sip::{MAX_HEAD, SipRequest, SipStream, encode_response},
    track::{EvidenceSource, ObservationKind},
};

use super::{PHONE, REGISTER};

fn register() -> SipRequest {
    SipRequest::decode(REGISTER.as_bytes()).unwrap()
}

/// The same request with a line in another form.
fn with(line: &str, other: &str) -> SipRequest {
    assert!(REGISTER.contains(line), "{line}");
    SipRequest::decode(REGISTER.replace(line, other).as_bytes()).unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_register_of_a_7970_gives_its_mac_model_and_load() {
    let request = register().received_from(SocketAddrV4::new(PHONE, 49154));
    assert_eq!(
        (request.method.as_str(), request.uri.as_str()),
        ("REGISTER", "sip:10.0.0.1")
    );
    assert_eq!(request.expires(), Some(3600));
    let phone = request.phone();
    let mac = MacAddress::from_hex("001b2a893698").unwrap();
    assert_eq!(phone.mac, Some(mac));
    assert_eq!(phone.model.map(|model| model.number), Some("7970"));
    let agent = phone.agent.unwrap();
    assert_eq!(agent.model.map(|model| model.number), Some("7970"));
    assert_eq!(agent.version.as_deref(), Some("8.4.0"));
    let decoded = Decoded::Sip(&request);
    assert_eq!(address(&decoded), Some(PHONE));
    assert_eq!(
        observations(&decoded),
        [
            ObservationKind::MacReported {
                mac,
                source: EvidenceSource::Sip,
                sender: None,
            },
            ObservationKind::Model {
                model: "7970".to_owned(),
                source: EvidenceSource::Sip
            },
            ObservationKind::Load {
                load: LoadName::new("SIP70.8-4-2-30S"),
                source: EvidenceSource::Sip,
                detail: "23 Name=SEP001B2A893698 Load=SIP70.8-4-2-30S Last=reset-restart"
                    .to_owned(),
            },
        ]
    );
}

#[test]
fn the_user_agent_is_observed_where_no_alarm_names_the_load() {
    let received =
        with("Reason: SIP", "X-Reason: SIP").received_from(SocketAddrV4::new(PHONE, 5060));
    let expected = ObservationKind::UserAgent {
        release: Some("8.4.0".to_owned()),
        source: EvidenceSource::Sip,
        detail: "Cisco-CP7970G/8.4.0".to_owned(),
    };
    assert_eq!(
        observations(&Decoded::Sip(&received)).last(),
        Some(&expected)
    );
    // The user agent of other software with the MAC of a phone is not observed.
    let text = REGISTER
        .replace("Reason: SIP", "X-Reason: SIP")
        .replace("Cisco-CP7970G/8.4.0", "baresip v1.0");
    let request = SipRequest::decode(text.as_bytes()).unwrap();
    let received = request.received_from(SocketAddrV4::new(PHONE, 5060));
    let observed = observations(&Decoded::Sip(&received));
    assert!(
        !observed
            .iter()
            .any(|seen| matches!(seen, ObservationKind::UserAgent { .. })),
        "{observed:?}"
    );
}

#[test]
fn a_proxied_request_identifies_no_phone() {
    let line = "Max-Forwards: 70\r\n";
    let second = "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKsecond\r\n";
    let one_line = "z9hG4bK0a1b2c3d, SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKsecond";
    for request in [with(line, second), with("z9hG4bK0a1b2c3d", one_line)] {
        let request = request.received_from(SocketAddrV4::new(PHONE, 5060));
        assert!(request.phone().mac.is_some());
        assert_eq!(observations(&Decoded::Sip(&request)), []);
    }
}

#[test]
fn credentials_are_not_kept() {
    let request = register();
    assert_eq!(request.header("authorization"), None);
    assert!(!format!("{request:?}").contains("c0ffee"));
}

#[test]
fn short_names_folded_lines_and_bare_line_feeds_are_decoded() {
    let short = REGISTER
        .replace("Via:", "v:")
        .replace("From:", "f :")
        .replace("To:", "T:")
        .replace("Call-ID:", "i:")
        .replace("Contact:", "m:")
        .replace("Content-Length:", "l:")
        .replace(";+sip", "\r\n\t;+sip")
        .replace(" Last=", "\r\n Last=");
    for text in [short.clone(), short.replace("\r\n", "\n")] {
        let request = SipRequest::decode(text.as_bytes()).unwrap();
        assert_eq!(request.header("from"), register().header("from"));
        assert_eq!(request.header("Via"), register().header("via"));
        assert_eq!(request.phone().load, register().phone().load);
        assert_eq!(request.phone().mac, register().phone().mac);
    }
}

#[test]
fn each_field_with_the_mac_is_sufficient() {
    let mac = register().phone().mac;
    let device = ";+u.sip!devicename.ccm.cisco.com=\"SEP001B2A893698\"";
    let request = with(device, "");
    assert_eq!(request.phone().mac, mac, "from the alarm");
    let bare = REGISTER
        .replace(device, "")
        .replace("Name=SEP001B2A893698 ", "");
    let of = |text: &str| SipRequest::decode(text.as_bytes()).unwrap().phone().mac;
    assert_eq!(of(&bare), mac, "from the instance");
    let random = bare.replace("urn:uuid:00000000", "urn:uuid:f81d4fae");
    assert_eq!(of(&random), None, "an instance of another maker's");
}

#[test]
fn newer_alarms_and_other_agents_are_decoded() {
    let request = with(
        " Load=SIP70.8-4-2-30S",
        " ActiveLoad=sip78xx.12-1-1-12.loads InactiveLoad=sip78xx.10-3-1-12.loads",
    );
    assert_eq!(
        request.phone().load,
        Some(LoadName::new("sip78xx.12-1-1-12"))
    );
    for (agent, model, version) in [
        ("Cisco-CP7961G-GE/8.5.3", Some("7961-GE"), Some("8.5.3")),
        ("Cisco-CP7821/12.1.1", Some("7821"), Some("12.1.1")),
        ("Cisco-CSF", None, None),
        ("Asterisk PBX 18.9.0", None, None),
        ("/", None, None),
    ] {
        let agent = with("Cisco-CP7970G/8.4.0", agent).phone().agent.unwrap();
        assert_eq!(agent.model.map(|model| model.number), model, "{agent:?}");
        assert_eq!(agent.version.as_deref(), version, "{agent:?}");
    }
}

#[test]
fn a_response_copies_the_fields_of_rfc_3261() {
    let request = with(
        "Max-Forwards: 70\r\n",
        "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKsecond\r\n",
    );
    let request = request.received_from(SocketAddrV4::new(PHONE, 5060));
    let reply = text(encode_response(
        &request,
        404,
        "Not Found",
        &[("Server", "reflash")],
    ));
    let lines: Vec<_> = reply.split("\r\n").collect();
    let tag = lines[4]
        .strip_prefix("To: <sip:6010@10.0.0.1>;tag=")
        .unwrap();
    assert_eq!(tag.len(), 16);
    assert_eq!(
        lines,
        [
            "SIP/2.0 404 Not Found",
            "Via: SIP/2.0/UDP 172.30.6.12:5060;branch=z9hG4bK0a1b2c3d",
            "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKsecond",
            "From: <sip:6010@10.0.0.1>;tag=001b2a89369800000001",
            lines[4],
            "Call-ID: 001b2a89-36980000@172.30.6.12",
            "CSeq: 101 REGISTER",
            "Server: reflash",
            "Content-Length: 0",
            "",
            "",
        ]
    );
    assert_eq!(
        text(encode_response(
            &request,
            404,
            "Not Found",
            &[("Server", "reflash")]
        )),
        reply
    );
    let other = with("z9hG4bK0a1b2c3d", "z9hG4bKother");
    assert!(!text(encode_response(&other, 404, "Not Found", &[])).contains(tag));
}

#[test]
fn an_existing_tag_is_kept_and_100_has_none() {
    let request = with(
        "To: <sip:6010@10.0.0.1>",
        "To: \"x;tag=no\" <sip:6010@10.0.0.1;tag=no>;tag=abc",
    );
    assert!(text(encode_response(&request, 200, "OK", &[])).contains(";tag=abc\r\n"));
    let request = with(
        "To: <sip:6010@10.0.0.1>",
        "To: \"x;tag=no\" <sip:6010@10.0.0.1;tag=no>",
    );
    assert!(text(encode_response(&request, 200, "OK", &[])).contains(";tag=no>;tag="));
    let reply = text(encode_response(&register(), 100, "Trying", &[]));
    assert!(reply.contains("To: <sip:6010@10.0.0.1>\r\n"), "{reply}");
}

#[test]
fn the_topmost_via_gives_the_address_for_the_response() {
    let source = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 77), 49154);
    let via = "Via: SIP/2.0/UDP 172.30.6.12:5060;branch=z9hG4bK0a1b2c3d";
    for (given, expected) in [
        (via, ";branch=z9hG4bK0a1b2c3d;received=192.0.2.77"),
        (
            "Via: SIP/2.0/UDP 172.30.6.12:5060;rport;branch=z9hG4bK1",
            "12:5060;rport=49154;branch=z9hG4bK1;received=192.0.2.77",
        ),
        // With `rport`, `received` is added even if the address is the same (RFC 3581).
        (
            "Via: SIP/2.0/UDP 192.0.2.77:5060;rport;branch=z9hG4bK1",
            "77:5060;rport=49154;branch=z9hG4bK1;received=192.0.2.77",
        ),
        (
            "Via: SIP/2.0/UDP 192.0.2.77;received=10.9.9.9;branch=z9hG4bK1",
            "SIP/2.0/UDP 192.0.2.77;branch=z9hG4bK1",
        ),
        (
            "Via: SIP/2.0/UDP a.example;branch=z1, SIP/2.0/UDP b.example;branch=z2",
            "a.example;branch=z1;received=192.0.2.77, SIP/2.0/UDP b.example;branch=z2",
        ),
    ] {
        let request = with(via, given).received_from(source);
        let reply = text(encode_response(&request, 200, "OK", &[]));
        let line = reply.split("\r\n").nth(1).unwrap();
        assert!(line.ends_with(expected), "{line}");
    }
}

#[test]
fn no_value_injects_a_line() {
    let request = with("tag=001b2a89369800000001", "tag=1\rX-Evil: 1\x01");
    let reply = text(encode_response(
        &request,
        200,
        "OK\r\nX-Evil: 2",
        &[("A", "b\r\nX-Evil: 3")],
    ));
    let begins = reply
        .split(['\r', '\n'])
        .any(|line| line.starts_with("X-Evil"));
    assert!(!begins, "{reply:?}");
}

#[test]
fn messages_that_are_no_request_are_refused() {
    let long = REGISTER.replace("Max-Forwards: 70", &format!("X: {}", "y".repeat(MAX_HEAD)));
    for text in [
        "",
        "\r\n\r\n",
        "SIP/2.0 200 OK\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "REGISTER sip:a SIP/2.0\r\n\r\n",
        "REGISTER  SIP/2.0\r\n\r\n",
        &REGISTER.replace("REGISTER sip", "REG(STER sip"),
        &REGISTER.replace("Max-Forwards: 70", "Max-Forwards 70"),
        &REGISTER.replace("CSeq", "X-CSeq"),
        &long,
    ] {
        assert!(SipRequest::decode(text.as_bytes()).is_err(), "{text:.60}");
    }
    let head = REGISTER.len() - "body".len();
    for end in 0..head {
        assert!(
            SipRequest::decode(&REGISTER.as_bytes()[..end]).is_err(),
            "{end} bytes"
        );
    }
    assert!(SipRequest::decode(&REGISTER.as_bytes()[..head]).is_ok());
}

#[test]
fn a_stream_in_any_pieces_gives_the_same_requests() {
    let second = REGISTER.replace("CSeq: 101", "CSeq: 102");
    let bytes = format!("\r\n\r\n{REGISTER}\r\n\r\n{second}\r\n").into_bytes();
    for size in 1..=bytes.len() {
        let mut stream = SipStream::default();
        let fed = bytes
            .chunks(size)
            .flat_map(|part| stream.feed(part).unwrap());
        let requests: Vec<_> = fed.collect();
        assert_eq!(requests.len(), 2, "{size} bytes at a time");
        assert_eq!(requests[0], register());
        assert_eq!(requests[1].header("cseq"), Some("102 REGISTER"));
    }
}

#[test]
fn a_stream_holds_at_most_one_head_and_fails_permanently() {
    let mut stream = SipStream::default();
    let endless = vec![b'x'; 1000];
    let mut fed = 0;
    let fault = loop {
        match stream.feed(&endless) {
            Ok(requests) => assert_eq!(requests, []),
            Err(fault) => break fault,
        }
        fed += 1;
    };
    assert_eq!(fed, MAX_HEAD / 1000);
    assert_eq!(stream.feed(REGISTER.as_bytes()), Err(fault));
    let odd = REGISTER.replace("Content-Length: 4", "Content-Length: -4");
    assert!(SipStream::default().feed(odd.as_bytes()).is_err());
    // A body of 4 GB is counted, not held.
    let large = REGISTER.replace("Content-Length: 4", "Content-Length: 4294967295");
    let mut stream = SipStream::default();
    assert_eq!(stream.feed(large.as_bytes()).unwrap().len(), 1);
    assert_eq!(stream.feed(REGISTER.as_bytes()).unwrap(), []);
}
