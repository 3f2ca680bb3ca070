//! Captures: every file format and link type, cut transfers, and damaged files.

use proptest::prelude::*;
use reflash::{
    replay::{self, ReplayFormat, TraceNote},
    track::{FileOutcome, State, Transport},
};

use super::{
    capture_file::{Capture, IMAGES, PHONE, PHONE_AT, PLAIN, SERVER, SERVER_AT, Writing, stages},
    codes, replayed,
};

#[test]
fn a_recovery_is_decoded_from_every_kind_of_capture() {
    let mut kinds = Vec::new();
    for big in [false, true] {
        for nanos in [false, true] {
            for link in [1, 113, 276] {
                kinds.push(Writing {
                    big,
                    nanos,
                    link,
                    ..PLAIN
                });
            }
        }
        kinds.push(Writing {
            big,
            tagged: true,
            ..PLAIN
        });
        kinds.push(Writing {
            big,
            next: true,
            ..PLAIN
        });
    }
    for kind in kinds {
        let mut capture = Capture::new(kind);
        capture.recovery();
        for stages in [Vec::new(), stages()] {
            let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, stages);
            let [phone] = &report.phones[..] else {
                panic!("{kind:?}: {report:#?}");
            };
            assert_eq!(phone.state, State::Flashed, "{kind:?} {phone:#?}");
            assert!(
                phone.evidence[0]
                    .detail
                    .starts_with("pass 1: 5 images delivered")
            );
            assert_eq!(phone.mac.unwrap().to_string(), "001d45aabb0c");
            let apps = phone
                .files
                .iter()
                .find(|file| file.name == "apps65.sbn")
                .unwrap();
            assert_eq!((apps.bytes, apps.size), (4024, Some(4024)));
            let config = phone.files.last().unwrap();
            assert_eq!(
                (config.bytes, config.outcome),
                (1024, FileOutcome::Delivered)
            );
            assert!(
                phone
                    .first_seen
                    .to_string()
                    .starts_with("2023-11-14T22:13:20")
            );
        }
    }
}

#[test]
fn a_boot_loader_is_identified_by_its_frames_but_not_behind_a_router() {
    let mut capture = Capture::new(PLAIN);
    capture.fetch("term65.default.loads", 654, None);
    let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, Vec::new());
    assert_eq!(report.phones[0].mac.unwrap().to_string(), "001d45aabb0c");
    // The same MAC sends for a second address: it may be that of a router.
    let mut capture = Capture::new(PLAIN);
    capture.fetch("term65.default.loads", 654, None);
    let other = Capture::new(PLAIN);
    let start = capture.bytes.len();
    capture.fetch("term65.default.loads", 654, None);
    let source = [&SERVER[..], &PHONE].concat();
    let mut at = start;
    while at < capture.bytes.len() {
        let frame = at + 16;
        if capture.bytes[frame..frame + 12] == source {
            capture.bytes[frame + 14 + 15] = 10;
        } else {
            capture.bytes[frame + 14 + 19] = 10;
        }
        let length: [u8; 4] = capture.bytes[at + 8..at + 12].try_into().unwrap();
        at = frame + u32::from_le_bytes(length) as usize;
    }
    let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, Vec::new());
    assert_eq!(report.phones.len(), 2);
    assert!(report.phones.iter().all(|phone| phone.mac.is_none()));
    drop(other);
}

#[test]
fn a_transfer_that_stops_has_its_acknowledged_bytes() {
    let mut capture = Capture::new(PLAIN);
    capture.fetch("term65.default.loads", 654, None);
    capture.fetch(IMAGES[0], 3000, Some(4));
    capture.wait(60);
    capture.request(IMAGES[0]);
    let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, stages());
    let file = &report.phones[0].files[1];
    assert_eq!((file.bytes, file.outcome), (3 * 512, FileOutcome::Vanished));
}

#[test]
fn errors_and_closed_ports_end_a_transfer() {
    let mut capture = Capture::new(PLAIN);
    capture.fetch("term65.default.loads", 654, None);
    capture.fetch(IMAGES[0], 3000, Some(2));
    let port = capture.port;
    capture.udp(true, port, 2069, b"\x00\x05\x00\x03disk full\x00");
    capture.fetch(IMAGES[1], 3000, Some(2));
    // ICMP 3.3 with the head of what the server sent.
    let mut closed = vec![
        3, 3, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 48, 0, 0, 0, 0, 64, 17, 0, 0,
    ];
    closed.extend(SERVER_AT);
    closed.extend(PHONE_AT);
    closed.extend(2069u16.to_be_bytes());
    closed.extend(capture.port.to_be_bytes());
    closed.extend([0, 28, 0, 0]);
    capture.ip(true, 1, &closed);
    let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, stages());
    let outcomes: Vec<_> = report.phones[0].files[1..]
        .iter()
        .map(|file| file.outcome)
        .collect();
    assert_eq!(outcomes, [FileOutcome::Aborted, FileOutcome::Aborted]);
}

#[test]
fn lost_responses_are_diagnosed_as_a_firewall() {
    let mut capture = Capture::new(PLAIN);
    capture.fetch("CTLSEP001D45AABB0C.tlv", 10, None);
    for _ in 0..3 {
        // The first block is retransmitted, and no ACK arrives.
        capture.fetch("term65.default.loads", 654, Some(1));
        capture.wait(20);
    }
    capture.wait(60);
    capture.request("term65.default.loads");
    let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, stages());
    assert_eq!(codes(&report.phones[0]), ["blocked-by-firewall"]);
}

#[test]
fn requests_without_a_packet_of_the_server_are_no_silence() {
    // A filter for port 69: two boots of a phone that refuses its manifest.
    let mut capture = Capture::new(PLAIN);
    for _ in 0..2 {
        capture.request("term65.default.loads");
        capture.wait(1);
        capture.request("term65.default.loads");
        capture.wait(110);
    }
    capture.request("CTLSEP001D45AABB0C.tlv");
    let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, Vec::new());
    let phone = &report.phones[0];
    assert_eq!(codes(phone), ["manifest-refused"]);
    let asked = |file: &reflash::track::FileReport| file.outcome == FileOutcome::Asked;
    assert!(phone.files.iter().all(asked), "{phone:#?}");
    let notes = |bytes: &[u8]| {
        let mut input = bytes;
        replay::read_from(&mut input, ReplayFormat::Capture, None, None)
            .unwrap()
            .notes
    };
    assert_eq!(notes(&capture.bytes), [TraceNote::OneDirection]);
    // One packet of the server is enough.
    capture.fetch("ITLFile.tlv", 10, None);
    assert_eq!(notes(&capture.bytes), []);
    let mut answers = Capture::new(PLAIN);
    let block = [&[0, 3, 0, 1][..], &[7; 512]].concat();
    answers.udp(true, 49_152, 2069, &block);
    assert_eq!(notes(&answers.bytes), [TraceNote::AnswersOnly]);
}

#[test]
fn http_requests_on_port_6970_have_their_acknowledged_bytes() {
    let mut capture = Capture::new(PLAIN);
    capture.tcp(
        true,
        1,
        1,
        b"GET /SEP001D45AABB0C.cnf.xml HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n";
    let first = u32::MAX - 100;
    capture.tcp(false, first, 60, &[&head[..], &[7; 1000]].concat());
    let body = first.wrapping_add(u32::try_from(head.len()).unwrap());
    capture.tcp(false, body.wrapping_add(1000), 60, &[7; 1000]);
    capture.tcp(true, 60, body.wrapping_add(2000), b"");
    capture.tcp(true, 60, 1, b"GET /mk%2Dsip.jar HTTP/1.1\r\n\r\n");
    capture.tcp(false, 9000, 90, b"HTTP/1.1 404 Not Found\r\n\r\n");
    let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, Vec::new());
    let files = &report.phones[0].files;
    assert!(files.iter().all(|file| file.transport == Transport::Http));
    assert_eq!(
        (files[0].bytes, files[0].outcome),
        (2000, FileOutcome::Delivered)
    );
    assert_eq!(files[1].name, "mk-sip.jar");
    assert_eq!(files[1].outcome, FileOutcome::NotFound);
}

#[test]
fn a_truncated_capture_is_read_up_to_its_end() {
    let mut capture = Capture::new(PLAIN);
    capture.recovery();
    for cut in (24..capture.bytes.len()).step_by(97) {
        let (report, _) = replayed(&capture.bytes[..cut], ReplayFormat::Capture, Vec::new());
        assert!(report.phones.len() <= 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_capture_never_panics(
        next in any::<bool>(),
        big in any::<bool>(),
        link in prop::sample::select(vec![1u16, 101, 113, 228, 276, 9999]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut capture = Capture::new(Writing { big, link, next, ..PLAIN });
        capture.recovery();
        capture.tcp(true, 1, 1, b"GET /x HTTP/1.1\r\n\r\n");
        capture.tcp(false, 1, 1, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789");
        for (at, value) in changes {
            let at = at.index(capture.bytes.len());
            capture.bytes[at] = value;
        }
        let end = cut.index(capture.bytes.len());
        replayed(&capture.bytes, ReplayFormat::Capture, Vec::new());
        replayed(&capture.bytes[..end], ReplayFormat::Capture, stages());
    }
}

fn notes(bytes: &[u8]) -> Vec<TraceNote> {
    let mut input = bytes;
    let trace = replay::read_from(&mut input, ReplayFormat::Capture, None, None).unwrap();
    trace.notes
}

#[test]
fn packets_of_point_to_point_and_loopback_links_are_read() {
    for (link, header) in [
        (0, &[2, 0, 0, 0][..]),
        (108, &[0, 0, 0, 2]),
        (9, &[0xff, 3, 0, 0x21]),
        (50, &[0, 0x21]),
        (12, &[]),
    ] {
        let capture = relinked(link, header, |_| true);
        let (report, _) = replayed(&capture, ReplayFormat::Capture, stages());
        assert_eq!(report.phones[0].state, State::Flashed, "link {link}");
    }
    // IPv6 and other protocols of PPP are not.
    for (link, header) in [(9, &[0xff, 3, 0xc0, 0x21][..]), (50, &[0, 0x57])] {
        let (report, _) = replayed(
            &relinked(link, header, |_| true),
            ReplayFormat::Capture,
            stages(),
        );
        assert!(report.phones.is_empty(), "link {link}");
    }
}

/// A recovery over another link: the IP packets of the frames behind this header, as far as
/// `is_kept` keeps them by their number.
fn relinked(link: u16, header: &[u8], is_kept: impl Fn(usize) -> bool) -> Vec<u8> {
    rewritten(link, &is_kept, |frame| [header, &frame[14..]].concat())
}

/// A recovery with each frame changed. Ethernet frames that are shorter then were cut.
fn rewritten(
    link: u16,
    is_kept: &dyn Fn(usize) -> bool,
    change: impl Fn(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let mut capture = Capture::new(PLAIN);
    capture.recovery();
    let (head, mut rest) = capture.bytes.split_at(24);
    let mut bytes = head.to_vec();
    bytes[20..22].copy_from_slice(&link.to_le_bytes());
    for number in 0.. {
        let Some(length) = rest.get(8..12) else { break };
        let length = u32::from_le_bytes(length.try_into().unwrap()) as usize;
        let (packet, more) = rest.split_at(16 + length);
        rest = more;
        if is_kept(number) {
            let frame = change(&packet[16..]);
            let length = u32::try_from(frame.len()).unwrap();
            bytes.extend(&packet[..8]);
            let before = u32::from_le_bytes(packet[12..16].try_into().unwrap());
            let sent = if link == 1 {
                length.max(before)
            } else {
                length
            };
            bytes.extend(length.to_le_bytes());
            bytes.extend(sent.to_le_bytes());
            bytes.extend(frame);
        }
    }
    bytes
}

#[test]
fn cut_tunnelled_and_unordered_packets_are_noted() {
    let all = |_: usize| true;
    let cut = rewritten(1, &all, |frame| frame[..frame.len().min(44)].to_vec());
    let [TraceNote::PacketsCut { packets }] = &notes(&cut)[..] else {
        panic!("{:?}", notes(&cut));
    };
    assert!(*packets > 20);
    // What is read of a cut capture is noted if something is missing, and only then.
    let whole = rewritten(1, &all, |frame| frame[..frame.len().min(96)].to_vec());
    assert_eq!(notes(&whole), []);

    let erspan = |frame: &[u8]| {
        let outer = [
            0x45, 0, 0, 0, 0, 0, 0, 0, 64, 47, 0, 0, 192, 0, 2, 8, 192, 0, 2, 7,
        ];
        let gre = [0x10, 0, 0x88, 0xbe, 0, 0, 0, 0];
        let mut packet = [&frame[..14], &outer, &gre, &[0; 8], frame].concat();
        let length = u16::try_from(packet.len() - 14).unwrap();
        packet[16..18].copy_from_slice(&length.to_be_bytes());
        packet
    };
    let tunnelled = notes(&rewritten(1, &all, erspan));
    assert!(
        matches!(
            &tunnelled[..],
            [TraceNote::Tunnelled {
                tunnel: "ERSPAN",
                ..
            }]
        ),
        "{tunnelled:?}"
    );
    assert!(
        tunnelled[0]
            .sentence()
            .contains("in ERSPAN, which is not read")
    );

    // The second half of a capture before the first.
    let half = |frame: usize| frame >= 20;
    let mut bytes = relinked(101, &[], half);
    bytes.extend(&relinked(101, &[], |frame| !half(frame))[24..]);
    let unordered = notes(&bytes);
    assert!(
        matches!(
            unordered[..],
            [.., TraceNote::PacketsOutOfOrder { steps: 1, .. }]
        ),
        "{unordered:?}"
    );
    assert!(!unordered.contains(&TraceNote::OneDirection));
}
