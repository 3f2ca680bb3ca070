//! REGISTERs and their responses in frames: which are observed, how often, and which are not.

mod responses;

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::{Duration, Instant},
};

use reflash::{
    discovery::{Deduplicator, MAX_COPIES, MAX_TRACKED, Observer, REPEAT_WINDOW},
    protocol::{MAX_TEXT, frame::EthernetFrame, sip::SipTransport},
    track::{Observation, ObservationKind, Register, RegisterOutcome},
};

use super::{MAC, PHONE, REGISTER, ethernet, tcp, udp};

const PBX: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const FROM: SocketAddrV4 = SocketAddrV4::new(PHONE, 49_154);
const AT: SocketAddrV4 = SocketAddrV4::new(PBX, 5060);

const REFUSAL: &str = "SIP/2.0 401 Unauthorized\r\n\
    Via: SIP/2.0/UDP 172.30.6.12:5060;branch=z9hG4bK0a1b2c3d;received=172.30.6.12\r\n\
    From: <sip:6010@10.0.0.1>;tag=001b2a89369800000001\r\n\
    To: <sip:6010@10.0.0.1>;tag=as5f\r\n\
    Call-ID: 001b2a89-36980000@172.30.6.12\r\n\
    CSeq: 101 REGISTER\r\n\
    WWW-Authenticate: Digest algorithm=MD5, realm=\"asterisk\", nonce=\"0badcafe\"\r\n\
    Content-Length: 0\r\n\r\n";

fn packet(protocol: u8, from: Ipv4Addr, to: Ipv4Addr, inside: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x45, 0];
    bytes.extend(u16::try_from(20 + inside.len()).unwrap().to_be_bytes());
    bytes.extend([0, 1, 0, 0, 64, protocol, 0, 0]);
    bytes.extend(from.octets());
    bytes.extend(to.octets());
    bytes.extend(inside);
    ethernet(MAC, 0x0800, &bytes)
}

fn datagram(from: SocketAddrV4, to: SocketAddrV4, text: &str) -> Vec<u8> {
    let inside = udp(from.port(), to.port(), text.as_bytes());
    packet(17, *from.ip(), *to.ip(), &inside)
}

fn segment(from: SocketAddrV4, to: SocketAddrV4, text: &str) -> Vec<u8> {
    let inside = tcp(from.port(), to.port(), text.as_bytes());
    packet(6, *from.ip(), *to.ip(), &inside)
}

fn observe(observer: &mut Observer, bytes: &[u8]) -> Vec<Observation> {
    observer
        .observe(&EthernetFrame::decode(bytes).unwrap())
        .unwrap()
}

/// The outcome of the REGISTER in this frame, or of the one that this frame responds to.
fn outcome(observer: &mut Observer, bytes: &[u8]) -> Option<(Register, RegisterOutcome)> {
    let observations = observe(observer, bytes);
    observations
        .into_iter()
        .find_map(|observation| match observation.kind {
            ObservationKind::Register { register, outcome } => {
                assert_eq!(
                    observation.address, PHONE,
                    "the address of the phone in both directions"
                );
                Some((*register, outcome))
            }
            _ => None,
        })
}

fn numbered(text: &str, number: u32) -> String {
    text.replace("CSeq: 101", &format!("CSeq: {number}"))
}

#[test]
fn responses_are_matched_to_their_register() {
    let answered = |status, to| RegisterOutcome::Answered {
        status,
        to,
        stale: false,
        expires: None,
    };
    for over in [SipTransport::Udp, SipTransport::Tcp] {
        let frame = match over {
            SipTransport::Udp => datagram,
            SipTransport::Tcp => segment,
        };
        let mut observer = Observer::default();
        let (register, sent) = outcome(&mut observer, &frame(FROM, AT, REGISTER)).unwrap();
        assert_eq!(sent, RegisterOutcome::Sent);
        assert_eq!(
            register,
            Register {
                user: "6010".to_owned(),
                source: FROM,
                pbx: AT,
                transport: over,
                via_port: 5060,
                rport: false,
                via_differs: false,
                has_credentials: true,
                is_unregister: false,
            }
        );
        let trying = REFUSAL.replace("401 Unauthorized", "100 Trying");
        let listens = SocketAddrV4::new(PHONE, 5060);
        let there = if over == SipTransport::Udp {
            listens
        } else {
            FROM
        };
        assert_eq!(outcome(&mut observer, &frame(AT, there, &trying)), None);
        let refused = outcome(&mut observer, &frame(AT, there, REFUSAL)).unwrap();
        assert_eq!(refused, (register.clone(), answered(401, there)));
        assert_eq!(
            outcome(&mut observer, &frame(AT, there, REFUSAL)),
            None,
            "observed once"
        );
        // The same response to another address is observed too.
        let other_port = SocketAddrV4::new(PHONE, 49_999);
        let again = outcome(&mut observer, &frame(AT, other_port, REFUSAL)).unwrap();
        assert_eq!(again.1, answered(401, other_port));

        let next = numbered(REGISTER, 102);
        assert_eq!(
            outcome(&mut observer, &frame(FROM, AT, &next)).unwrap().1,
            RegisterOutcome::Sent
        );
        let contact = "Contact: <sip:6010@172.30.6.12:5060>;expires=3597\r\nContent-Length";
        let accepted = numbered(REFUSAL, 102)
            .replace("401 Unauthorized", "200 OK")
            .replace("Content-Length", contact);
        let accepted = outcome(&mut observer, &frame(AT, there, &accepted)).unwrap();
        assert!(
            matches!(
                accepted.1,
                RegisterOutcome::Answered {
                    status: 200,
                    expires: Some(3597),
                    ..
                }
            ),
            "{accepted:?}"
        );
        // A response to no request, and one from another server.
        assert_eq!(
            outcome(&mut observer, &frame(AT, there, &numbered(REFUSAL, 7))),
            None
        );
        let other = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 2), 5060);
        let third = numbered(REGISTER, 103);
        assert!(outcome(&mut observer, &frame(FROM, AT, &third)).is_some());
        let answer = numbered(REFUSAL, 103);
        assert_eq!(outcome(&mut observer, &frame(other, there, &answer)), None);
    }
}

#[test]
fn via_and_credentials_are_read_from_the_head() {
    let of = |text: String| {
        outcome(&mut Observer::default(), &datagram(FROM, AT, &text))
            .unwrap()
            .0
    };
    let with = |line: &str, other: &str| {
        assert!(REGISTER.contains(line), "{line}");
        of(REGISTER.replace(line, other))
    };
    assert!(with("z9hG4bK0a1b2c3d", "z9hG4bK0a1b2c3d;rport").rport);
    assert_eq!(
        with("172.30.6.12:5060;branch", "172.30.6.12;branch").via_port,
        5060
    );
    assert_eq!(
        with("172.30.6.12:5060;branch", "172.30.6.12:5062;branch").via_port,
        5062
    );
    assert!(with("UDP 172.30.6.12:5060", "UDP 192.168.1.9:5060").via_differs);
    assert!(!with("Authorization:", "X-Other:").has_credentials);
    assert!(with("Authorization:", "Proxy-Authorization:").has_credentials);
    assert!(with("Expires: 3600", "Expires: 0").is_unregister);
    assert_eq!(
        with("To: <sip:6010@", "To: \"Ann\" <sip:%2B43;x@").user,
        "%2B43"
    );
    let long = "9".repeat(4000);
    let user = with("To: <sip:6010@", &format!("To: <sip:{long}@")).user;
    assert_eq!(user.len(), MAX_TEXT);
}

#[test]
fn other_devices_proxies_and_other_methods_are_not_observed() {
    for (line, other) in [
        ("REGISTER sip:10.0.0.1", "OPTIONS sip:10.0.0.1"),
        (
            "Max-Forwards: 70",
            "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKsecond",
        ),
        ("172.30.6.12:5060;branch", "172.30.6.12:0;branch"),
        ("To: <sip:6010@10.0.0.1>", "To: <tel:6010>"),
        ("CSeq: 101 REGISTER", "CSeq: REGISTER"),
    ] {
        assert!(REGISTER.contains(line), "{line}");
        let text = REGISTER.replace(line, other);
        assert_eq!(
            outcome(&mut Observer::default(), &datagram(FROM, AT, &text)),
            None,
            "{other}"
        );
    }
    let stranger = "REGISTER sip:10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 172.30.6.12\r\n\
        From: <sip:1@x>\r\nTo: <sip:1@x>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n\
        User-Agent: softphone/1\r\n\r\n";
    assert_eq!(
        observe(&mut Observer::default(), &datagram(FROM, AT, stranger)),
        []
    );
    let model = stranger.replace("softphone/1", "Cisco-CP7965G/9.3.1");
    assert!(outcome(&mut Observer::default(), &datagram(FROM, AT, &model)).is_some());
    // Requests to the registrar of this program are observed by the registrar itself.
    let mut beside = Observer::new(5060, Some(AT));
    assert_eq!(observe(&mut beside, &datagram(FROM, AT, REGISTER)), []);
    assert_eq!(observe(&mut beside, &datagram(AT, FROM, REFUSAL)), []);
    let other = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 2), 5060);
    assert!(outcome(&mut beside, &datagram(FROM, other, REGISTER)).is_some());
}

#[test]
fn copies_and_pending_registers_are_limited() {
    let mut observer = Observer::default();
    let copies: Vec<_> = (0..100)
        .map_while(|_| outcome(&mut observer, &datagram(FROM, AT, REGISTER)))
        .map(|(_, outcome)| outcome)
        .collect();
    assert_eq!(copies.len(), usize::from(MAX_COPIES) + 1);
    assert_eq!(copies[0], RegisterOutcome::Sent);
    assert!(
        copies[1..]
            .iter()
            .all(|copy| *copy == RegisterOutcome::Again)
    );
    // After as many other REGISTERs it is forgotten: its response has no request.
    for number in 0..u32::try_from(MAX_TRACKED).unwrap() {
        let text = numbered(REGISTER, 1000 + number);
        assert!(outcome(&mut observer, &datagram(FROM, AT, &text)).is_some());
    }
    assert_eq!(outcome(&mut observer, &datagram(AT, FROM, REFUSAL)), None);
    let newest = numbered(REFUSAL, 1001);
    assert!(outcome(&mut observer, &datagram(AT, FROM, &newest)).is_some());
}

#[test]
fn a_closed_port_is_observed_and_a_connection_that_ends_is_not() {
    let reset = |seq: u32, flags: u8, port: u16| {
        let mut bytes = tcp(port, 49_154, b"");
        bytes[4..8].copy_from_slice(&seq.to_be_bytes());
        bytes[13] = flags;
        observe(&mut Observer::default(), &packet(6, PBX, PHONE, &bytes))
    };
    let closed = |over| Observation {
        address: PHONE,
        kind: ObservationKind::PortClosed {
            pbx: AT,
            transport: over,
        },
    };
    assert_eq!(reset(0, 0x14, 5060), [closed(SipTransport::Tcp)]);
    assert_eq!(reset(1, 0x14, 5060), [], "an established connection");
    assert_eq!(reset(0, 0x04, 5060), [], "an answer to an acknowledgement");
    assert_eq!(reset(0, 0x12, 5060), [], "a connection that begins");
    assert_eq!(reset(0, 0x14, 2000), []);
    let unreachable = |port: u16| {
        let frame = datagram(FROM, SocketAddrV4::new(PBX, port), "x");
        let icmp = [&[3, 3, 0, 0, 0, 0, 0, 0], &frame[14..]].concat();
        observe(&mut Observer::default(), &packet(1, PBX, PHONE, &icmp))
    };
    assert_eq!(unreachable(5060), [closed(SipTransport::Udp)]);
    let kind = ObservationKind::TftpPortClosed {
        server: SocketAddrV4::new(PBX, 69),
    };
    let address = PHONE;
    assert_eq!(unreachable(69), [Observation { address, kind }]);
    assert_eq!(unreachable(70), []);
}

#[test]
fn a_live_run_observes_each_copy_and_each_name_once() {
    let began = Instant::now();
    let mut deduplicator = Deduplicator::default();
    let frame = datagram(FROM, AT, REGISTER);
    let mut observed = |after: u64| {
        let at = began + Duration::from_millis(after);
        deduplicator
            .observe(at, &frame)
            .unwrap()
            .into_iter()
            .map(|one| one.kind)
            .collect::<Vec<_>>()
    };
    let first = observed(0);
    assert!(
        matches!(
            first[..],
            [
                ObservationKind::MacReported { .. },
                ObservationKind::Model { .. },
                ObservationKind::Load { .. },
                ObservationKind::Register {
                    outcome: RegisterOutcome::Sent,
                    ..
                }
            ]
        ),
        "{first:?}"
    );
    let again = observed(500);
    assert!(
        matches!(
            again[..],
            [ObservationKind::Register {
                outcome: RegisterOutcome::Again,
                ..
            }]
        ),
        "{again:?}"
    );
    let later = observed(u64::try_from(REPEAT_WINDOW.as_millis()).unwrap());
    assert_eq!(
        later.len(),
        4,
        "identity, model and load once more after a while"
    );
    // A flood of REGISTERs is limited like any other.
    let mut count = 0;
    for number in 0..5000 {
        let frame = datagram(FROM, AT, &numbered(REGISTER, 1000 + number));
        count += usize::from(!deduplicator.observe(began, &frame).unwrap().is_empty());
    }
    assert!(count <= 1000 && deduplicator.dropped() >= 4000, "{count}");
}

#[test]
fn repeated_closed_ports_are_not_counted_as_a_flood() {
    let began = Instant::now();
    let mut deduplicator = Deduplicator::default();
    let mut bytes = tcp(5060, 49_154, b"");
    bytes[4..8].fill(0);
    bytes[13] = 0x14;
    let frame = packet(6, PBX, PHONE, &bytes);
    let count = |deduplicator: &mut Deduplicator, at| {
        deduplicator.observe(began + at, &frame).unwrap().len()
    };
    assert_eq!(count(&mut deduplicator, Duration::ZERO), 1);
    for _ in 0..1000 {
        assert_eq!(count(&mut deduplicator, Duration::from_secs(1)), 0);
    }
    assert_eq!(
        (
            count(&mut deduplicator, REPEAT_WINDOW),
            deduplicator.dropped()
        ),
        (1, 0)
    );
}
