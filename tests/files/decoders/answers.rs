//! REGISTERs and what they are answered, in frames: who is told of, how often, and what never is.

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

fn hear(listener: &mut Observer, bytes: &[u8]) -> Vec<Observation> {
    listener
        .observe(&EthernetFrame::decode(bytes).unwrap())
        .unwrap()
}

/// What became of the REGISTER in this frame, or of the one that it answers.
fn outcome(listener: &mut Observer, bytes: &[u8]) -> Option<(Register, RegisterOutcome)> {
    let heard = hear(listener, bytes);
    heard
        .into_iter()
        .find_map(|observation| match observation.kind {
            ObservationKind::Register { register, outcome } => {
                assert_eq!(
                    observation.address, PHONE,
                    "it is the phone's in both directions"
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
        let mut listener = Observer::default();
        let (register, sent) = outcome(&mut listener, &frame(FROM, AT, REGISTER)).unwrap();
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
        assert_eq!(outcome(&mut listener, &frame(AT, there, &trying)), None);
        let refused = outcome(&mut listener, &frame(AT, there, REFUSAL)).unwrap();
        assert_eq!(refused, (register.clone(), answered(401, there)));
        assert_eq!(
            outcome(&mut listener, &frame(AT, there, REFUSAL)),
            None,
            "told once"
        );
        // The same to another place is another fact.
        let astray = SocketAddrV4::new(PHONE, 49_999);
        let again = outcome(&mut listener, &frame(AT, astray, REFUSAL)).unwrap();
        assert_eq!(again.1, answered(401, astray));

        let next = numbered(REGISTER, 102);
        assert_eq!(
            outcome(&mut listener, &frame(FROM, AT, &next)).unwrap().1,
            RegisterOutcome::Sent
        );
        let contact = "Contact: <sip:6010@172.30.6.12:5060>;expires=3597\r\nContent-Length";
        let accepted = numbered(REFUSAL, 102)
            .replace("401 Unauthorized", "200 OK")
            .replace("Content-Length", contact);
        let accepted = outcome(&mut listener, &frame(AT, there, &accepted)).unwrap();
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
        // To nothing that was asked, and of somebody who was not asked.
        assert_eq!(
            outcome(&mut listener, &frame(AT, there, &numbered(REFUSAL, 7))),
            None
        );
        let other = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 2), 5060);
        let third = numbered(REGISTER, 103);
        assert!(outcome(&mut listener, &frame(FROM, AT, &third)).is_some());
        let answer = numbered(REFUSAL, 103);
        assert_eq!(outcome(&mut listener, &frame(other, there, &answer)), None);
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
        hear(&mut Observer::default(), &datagram(FROM, AT, stranger)),
        []
    );
    let model = stranger.replace("softphone/1", "Cisco-CP7965G/9.3.1");
    assert!(outcome(&mut Observer::default(), &datagram(FROM, AT, &model)).is_some());
    // What goes to this program's own port, it hears there.
    let mut beside = Observer::new(5060, Some(AT));
    assert_eq!(hear(&mut beside, &datagram(FROM, AT, REGISTER)), []);
    assert_eq!(hear(&mut beside, &datagram(AT, FROM, REFUSAL)), []);
    let other = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 2), 5060);
    assert!(outcome(&mut beside, &datagram(FROM, other, REGISTER)).is_some());
}

#[test]
fn copies_and_pending_registers_are_limited() {
    let mut listener = Observer::default();
    let copies: Vec<_> = (0..100)
        .map_while(|_| outcome(&mut listener, &datagram(FROM, AT, REGISTER)))
        .map(|(_, outcome)| outcome)
        .collect();
    assert_eq!(copies.len(), usize::from(MAX_COPIES) + 1);
    assert_eq!(copies[0], RegisterOutcome::Sent);
    assert!(
        copies[1..]
            .iter()
            .all(|copy| *copy == RegisterOutcome::Again)
    );
    // As many others come that it is forgotten: its answer is nobody's.
    for number in 0..u32::try_from(MAX_TRACKED).unwrap() {
        let text = numbered(REGISTER, 1000 + number);
        assert!(outcome(&mut listener, &datagram(FROM, AT, &text)).is_some());
    }
    assert_eq!(outcome(&mut listener, &datagram(AT, FROM, REFUSAL)), None);
    let newest = numbered(REFUSAL, 1001);
    assert!(outcome(&mut listener, &datagram(AT, FROM, &newest)).is_some());
}

#[test]
fn a_closed_port_is_observed_and_a_connection_that_ends_is_not() {
    let reset = |seq: u32, flags: u8, port: u16| {
        let mut bytes = tcp(port, 49_154, b"");
        bytes[4..8].copy_from_slice(&seq.to_be_bytes());
        bytes[13] = flags;
        hear(&mut Observer::default(), &packet(6, PBX, PHONE, &bytes))
    };
    let told = |over| Observation {
        address: PHONE,
        kind: ObservationKind::PortClosed {
            pbx: AT,
            transport: over,
        },
    };
    assert_eq!(reset(0, 0x14, 5060), [told(SipTransport::Tcp)]);
    assert_eq!(reset(1, 0x14, 5060), [], "a connection that there was");
    assert_eq!(reset(0, 0x04, 5060), [], "an answer to an acknowledgement");
    assert_eq!(reset(0, 0x12, 5060), [], "a connection that begins");
    assert_eq!(reset(0, 0x14, 2000), []);
    let unreachable = |port: u16| {
        let frame = datagram(FROM, SocketAddrV4::new(PBX, port), "x");
        let icmp = [&[3, 3, 0, 0, 0, 0, 0, 0], &frame[14..]].concat();
        hear(&mut Observer::default(), &packet(1, PBX, PHONE, &icmp))
    };
    assert_eq!(unreachable(5060), [told(SipTransport::Udp)]);
    assert_eq!(unreachable(69), []);
}

#[test]
fn a_live_run_observes_each_copy_and_each_name_once() {
    let began = Instant::now();
    let mut ear = Deduplicator::default();
    let frame = datagram(FROM, AT, REGISTER);
    let mut told = |after: u64| {
        let at = began + Duration::from_millis(after);
        ear.observe(at, &frame)
            .unwrap()
            .into_iter()
            .map(|one| one.kind)
            .collect::<Vec<_>>()
    };
    let first = told(0);
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
    let again = told(500);
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
    let later = told(u64::try_from(REPEAT_WINDOW.as_millis()).unwrap());
    assert_eq!(later.len(), 4, "who it is, after a while");
    // A flood of them is cut like any other.
    let mut told = 0;
    for number in 0..5000 {
        let frame = datagram(FROM, AT, &numbered(REGISTER, 1000 + number));
        told += usize::from(!ear.observe(began, &frame).unwrap().is_empty());
    }
    assert!(told <= 1000 && ear.dropped() >= 4000, "{told}");
}

#[test]
fn repeated_closed_ports_are_not_counted_as_a_flood() {
    let began = Instant::now();
    let mut ear = Deduplicator::default();
    let mut bytes = tcp(5060, 49_154, b"");
    bytes[4..8].fill(0);
    bytes[13] = 0x14;
    let frame = packet(6, PBX, PHONE, &bytes);
    let told = |ear: &mut Deduplicator, at| ear.observe(began + at, &frame).unwrap().len();
    assert_eq!(told(&mut ear, Duration::ZERO), 1);
    for _ in 0..1000 {
        assert_eq!(told(&mut ear, Duration::from_secs(1)), 0);
    }
    assert_eq!((told(&mut ear, REPEAT_WINDOW), ear.dropped()), (1, 0));
}
