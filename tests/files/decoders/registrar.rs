//! The listeners' cores, in virtual time: what phones are answered, what is read, what is not.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    time::{Duration, Instant},
};

use proptest::{collection::vec, prelude::*};
use reflash::{
    discovery::listen::{
        ALARMS_PER_ADDRESS, AlarmLimiter, AlarmReader, MAX_MESSAGES, REGISTERS,
        REGISTERS_PER_ADDRESS, Registrar, RequestOutcome,
    },
    phone::LoadName,
    track::{EvidenceSource, ObservationKind},
};

use super::{PHONE, REGISTER, alarm};

const ALARM: &[u8] = b"25: Name=SEP0021D8BA0965 Load=SCCP42.8-4-2S Last=TCP-timeout";

fn from(last: u8) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, last), 49154)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The status line of the answer, and where it goes.
fn status(outcome: &RequestOutcome) -> Option<(String, SocketAddrV4)> {
    let (to, bytes) = outcome.response.as_ref()?;
    let text = String::from_utf8(bytes.clone()).unwrap();
    Some((text.lines().next().unwrap().to_owned(), *to))
}

#[test]
fn a_register_is_answered_503_and_its_alarm_is_read() {
    let peer = SocketAddrV4::new(PHONE, 49154);
    let outcome = Registrar::default().datagram(Instant::now(), peer, REGISTER.as_bytes());
    let (line, to) = status(&outcome).unwrap();
    assert_eq!(line, "SIP/2.0 503 Converting Phones, No PBX");
    assert_eq!(to, SocketAddrV4::new(PHONE, 5060), "the address of its Via");
    let text = String::from_utf8(outcome.response.unwrap().1).unwrap();
    assert!(text.contains("\r\nRetry-After: 300\r\n"), "{text}");
    assert!(!text.contains("c0ffee"), "{text}");
    let loads: Vec<_> = outcome
        .observations
        .iter()
        .map(|observation| (observation.address, &observation.kind))
        .collect();
    assert!(
        matches!(loads[..], [
            (PHONE, ObservationKind::MacReported { source: EvidenceSource::Sip, .. }),
            (PHONE, ObservationKind::Model { source: EvidenceSource::Sip, .. }),
            (PHONE, ObservationKind::Load { load, source: EvidenceSource::Sip, .. }),
        ] if *load == LoadName::new("SIP70.8-4-2-30S")),
        "{loads:?}"
    );
}

#[test]
fn responses_go_only_to_the_sender() {
    let via = "172.30.6.12:5060;branch=z9hG4bK0a1b2c3d";
    assert!(REGISTER.contains(via));
    for (other, port) in [
        ("172.30.6.12:5060;branch=x;rport", Some(49154)),
        ("172.30.6.12;branch=x", Some(5060)),
        ("192.0.2.99:53;branch=x;maddr=192.0.2.98", Some(53)),
        ("172.30.6.12:0;branch=x", None),
        ("172.30.6.12:70000;branch=x", None),
    ] {
        let text = REGISTER.replace(via, other);
        let outcome = Registrar::default().datagram(Instant::now(), from(1), text.as_bytes());
        let to = status(&outcome).map(|(_, to)| to);
        let expected = port.map(|port| SocketAddrV4::new(*from(1).ip(), port));
        assert_eq!(to, expected, "{other}");
    }
}

#[test]
fn other_requests_are_refused_once_a_second() {
    let cases = [
        ("OPTIONS", Some("SIP/2.0 405 Method Not Allowed")),
        ("INVITE", Some("SIP/2.0 405 Method Not Allowed")),
        ("x-new", Some("SIP/2.0 405 Method Not Allowed")),
        ("BYE", Some("SIP/2.0 481 Call/Transaction Does Not Exist")),
        (
            "CANCEL",
            Some("SIP/2.0 481 Call/Transaction Does Not Exist"),
        ),
        ("ACK", None),
    ];
    for (method, expected) in cases {
        let text = REGISTER.replace("REGISTER", method);
        let began = Instant::now();
        let mut registrar = Registrar::default();
        let mut at = |after| {
            let outcome = registrar.datagram(began + millis(after), from(1), text.as_bytes());
            assert_eq!(outcome.observations, [], "{method}");
            status(&outcome).map(|(line, _)| line)
        };
        let expected = expected.map(str::to_owned);
        assert_eq!(at(0), expected, "{method}");
        assert_eq!(at(999), None, "{method}");
        assert_eq!(at(1000), expected, "{method}");
    }
}

#[test]
fn malformed_requests_are_not_answered() {
    for bytes in [
        &b""[..],
        b"\r\n\r\n",
        b"\0\0\0\0",
        b"REGISTER sip:10.0.0.1 SIP/2.0\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let outcome = Registrar::default().datagram(Instant::now(), from(1), bytes);
        assert_eq!(outcome, RequestOutcome::default(), "{bytes:?}");
    }
}

#[test]
fn a_flood_is_answered_five_times_a_second_and_partly_read() {
    let began = Instant::now();
    let mut registrar = Registrar::default();
    let (mut answers, mut read) = (0, 0);
    for step in 0..10_000 {
        let at = began + Duration::from_micros(step * 100);
        let outcome = registrar.datagram(at, from(1), REGISTER.as_bytes());
        answers += usize::from(outcome.response.is_some());
        read += usize::from(!outcome.observations.is_empty());
    }
    assert_eq!(answers, 5, "in one second");
    assert_eq!(read, 5 * REGISTERS_PER_ADDRESS as usize);
    let other = registrar.datagram(began + millis(999), from(2), REGISTER.as_bytes());
    assert!(other.response.is_some(), "another phone is not held up");
}

#[test]
fn a_flood_from_many_addresses_is_bounded() {
    let began = Instant::now();
    let mut registrar = Registrar::default();
    let answered = (0..=255)
        .map(|last| registrar.datagram(began, from(last), REGISTER.as_bytes()))
        .filter(|outcome| *outcome != RequestOutcome::default());
    assert_eq!(answered.count(), REGISTERS as usize);
    let later = registrar.datagram(began + millis(200), from(255), REGISTER.as_bytes());
    assert!(later.response.is_some());
}

#[test]
fn an_alarm_is_read_and_ends_the_connection() {
    let other = [4_u32, 0, 1].map(u32::to_le_bytes).concat();
    let bytes = [other, alarm(ALARM)].concat();
    for size in 1..=bytes.len() {
        let (mut line, mut alarms) = (AlarmReader::default(), AlarmLimiter::default());
        let mut seen = Vec::new();
        for part in bytes.chunks(size) {
            assert!(!line.is_done());
            seen.extend(line.feed(Instant::now(), PHONE, part, &mut alarms));
        }
        assert!(line.is_done());
        assert!(
            matches!(&seen[..], [_, observation] if matches!(&observation.kind, ObservationKind::Load {
                load, source: EvidenceSource::Sccp, detail
            } if *load == LoadName::new("SCCP42.8-4-2S") && detail.contains("Last=TCP-timeout"))),
            "{size} bytes at a time: {seen:?}"
        );
        let more = line.feed(Instant::now(), PHONE, &alarm(ALARM), &mut alarms);
        assert_eq!(more, [], "nothing behind it is read");
    }
}

#[test]
fn a_connection_with_other_messages_or_too_many_is_closed() {
    let other = [4_u32, 0, 1].map(u32::to_le_bytes).concat();
    let mut alarms = AlarmLimiter::default();
    let mut line = AlarmReader::default();
    for _ in 0..MAX_MESSAGES {
        assert!(!line.is_done());
        line.feed(Instant::now(), PHONE, &other, &mut alarms);
    }
    assert!(line.is_done());
    let now = Instant::now();
    let read = (0..100).filter(|_| {
        let seen = AlarmReader::default().feed(now, PHONE, &alarm(ALARM), &mut alarms);
        !seen.is_empty()
    });
    assert_eq!(read.count(), ALARMS_PER_ADDRESS as usize);
}

proptest! {
    #[test]
    fn a_random_datagram_gets_at_most_one_response_to_its_sender(
        bytes in vec(any::<u8>(), 0..600),
        cut in any::<prop::sample::Index>(),
        spoil in any::<(prop::sample::Index, u8)>(),
    ) {
        let mut good = REGISTER.as_bytes().to_vec();
        let at = spoil.0.index(good.len());
        good[at] = spoil.1;
        good.truncate(cut.index(good.len() + 1));
        for bytes in [bytes, good] {
            let outcome = Registrar::default().datagram(Instant::now(), from(1), &bytes);
            if let Some((to, answer)) = outcome.response {
                let own = from(1);
                prop_assert_eq!(to.ip(), own.ip());
                prop_assert!(answer.starts_with(b"SIP/2.0 "));
                // An answer is no lever: it is little more than what was asked.
                prop_assert!(answer.len() <= bytes.len() + 256);
            }
            prop_assert!(outcome.observations.iter().all(|observation| observation.address == *from(1).ip()));
        }
    }

    #[test]
    fn random_bytes_on_a_connection_close_it_or_wait(
        bytes in vec(any::<u8>(), 0..9000),
        size in 1_usize..700,
    ) {
        let (mut line, mut alarms) = (AlarmReader::default(), AlarmLimiter::default());
        let mut seen = 0;
        for part in bytes.chunks(size) {
            seen += line.feed(Instant::now(), PHONE, part, &mut alarms).len();
        }
        prop_assert!(seen <= 2);
        prop_assert!(line.is_done() || bytes.len() < 8 + 4096);
    }
}
