//! Captures, made here byte by byte.

use proptest::prelude::*;
use reflash::{
    phone::{Family, LoadName},
    replay::Format,
    track::{FileOutcome, ManifestPlan, StagePlan, State, Transport},
};

use super::{codes, replayed};

const IPV4: u16 = 0x0800;
pub(super) const PHONE: [u8; 6] = [0x00, 0x1d, 0x45, 0xaa, 0xbb, 0x0c];
const SERVER: [u8; 6] = [0x02, 0, 0, 0, 0, 1];
pub(super) const PHONE_AT: [u8; 4] = [192, 0, 2, 9];
pub(super) const SERVER_AT: [u8; 4] = [192, 0, 2, 1];
const IMAGES: [&str; 5] = [
    "jar65.sbn",
    "cnu65.sbn",
    "apps65.sbn",
    "dsp65.sbn",
    "cvm65.sbn",
];

/// How a capture is written.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each can be so or so by itself"
)]
pub(super) struct Writing {
    pub(super) big: bool,
    pub(super) nanos: bool,
    pub(super) link: u16,
    pub(super) tagged: bool,
    pub(super) next: bool,
}

pub(super) const PLAIN: Writing = Writing {
    big: false,
    nanos: false,
    link: 1,
    tagged: false,
    next: false,
};

pub(super) struct Capture {
    pub(super) writing: Writing,
    /// Whose frames the phone's are.
    pub(super) phone: [u8; 6],
    pub(super) bytes: Vec<u8>,
    /// Milliseconds.
    now: u64,
    port: u16,
}

impl Capture {
    pub(super) fn new(writing: Writing) -> Self {
        let mut capture = Self {
            writing,
            phone: PHONE,
            bytes: Vec::new(),
            now: 1_700_000_000_000,
            port: 49_152,
        };
        let link = u32::from(writing.link);
        if writing.next {
            // Section, then an interface whose times count milliseconds.
            capture.u32s(&[0x0a0d_0d0a, 28, 0x1a2b_3c4d]);
            capture.bytes.extend([0; 12]);
            capture.u32s(&[28]);
            capture.u32s(&[1, 32]);
            capture.u16s(&[writing.link, 0]);
            capture.u32s(&[65_535]);
            capture.u16s(&[9, 1]);
            capture.bytes.extend([3, 0, 0, 0]);
            capture.u16s(&[0, 0]);
            capture.u32s(&[32]);
        } else {
            let magic = if writing.nanos {
                0xa1b2_3c4d
            } else {
                0xa1b2_c3d4
            };
            capture.u32s(&[magic]);
            capture.u16s(&[2, 4]);
            capture.u32s(&[0, 0, 65_535, link]);
        }
        capture
    }

    fn u32s(&mut self, values: &[u32]) {
        for value in values {
            let bytes = if self.writing.big {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            };
            self.bytes.extend(bytes);
        }
    }

    fn u16s(&mut self, values: &[u16]) {
        for value in values {
            let bytes = if self.writing.big {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            };
            self.bytes.extend(bytes);
        }
    }

    pub(super) fn frame(&mut self, from_phone: bool, kind: u16, payload: &[u8]) {
        let (source, target) = if from_phone {
            (self.phone, SERVER)
        } else {
            (SERVER, self.phone)
        };
        let mut frame = Vec::new();
        let tag: &[u8] = if self.writing.tagged {
            &[0x81, 0, 0, 100]
        } else {
            &[]
        };
        match self.writing.link {
            113 => {
                frame.extend([0, 0, 0, 1, 0, 6]);
                frame.extend(source);
                frame.extend([0, 0]);
            }
            276 => {
                frame.extend(kind.to_be_bytes());
                frame.extend([0, 0, 0, 0, 0, 2, 0, 1, 0, 6]);
                frame.extend(source);
                frame.extend([0, 0]);
            }
            _ => {
                frame.extend(target);
                frame.extend(source);
                frame.extend(tag);
            }
        }
        if self.writing.link != 276 {
            frame.extend(kind.to_be_bytes());
        }
        frame.extend(payload);
        let length = u32::try_from(frame.len()).unwrap();
        self.now += 1;
        if self.writing.next {
            let padded = length.next_multiple_of(4);
            let (high, low) = (self.now >> 32, self.now & 0xffff_ffff);
            let (high, low) = (u32::try_from(high).unwrap(), u32::try_from(low).unwrap());
            self.u32s(&[6, 32 + padded, 0, high, low, length, length]);
            frame.resize(padded as usize, 0);
            self.bytes.extend(frame);
            self.u32s(&[32 + padded]);
        } else {
            let second = u32::try_from(self.now / 1000).unwrap();
            let scale = if self.writing.nanos { 1_000_000 } else { 1000 };
            let part = u32::try_from(self.now % 1000).unwrap() * scale;
            self.u32s(&[second, part, length, length]);
            self.bytes.extend(frame);
        }
    }

    pub(super) fn ip(&mut self, from_phone: bool, protocol: u8, payload: &[u8]) {
        let (from, to) = if from_phone {
            (PHONE_AT, SERVER_AT)
        } else {
            (SERVER_AT, PHONE_AT)
        };
        let total = u16::try_from(20 + payload.len()).unwrap();
        let mut packet = vec![0x45, 0];
        packet.extend(total.to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, protocol, 0, 0]);
        packet.extend(from);
        packet.extend(to);
        packet.extend(payload);
        self.frame(from_phone, IPV4, &packet);
    }

    pub(super) fn udp(&mut self, from_phone: bool, from: u16, to: u16, payload: &[u8]) {
        let mut datagram = Vec::new();
        for value in [from, to, u16::try_from(8 + payload.len()).unwrap(), 0] {
            datagram.extend(value.to_be_bytes());
        }
        datagram.extend(payload);
        self.ip(from_phone, 17, &datagram);
    }

    pub(super) fn tcp(&mut self, from_phone: bool, sequence: u32, ack: u32, payload: &[u8]) {
        let (from, to) = if from_phone {
            (50_000u16, 6970u16)
        } else {
            (6970, 50_000)
        };
        let mut segment = Vec::new();
        segment.extend(from.to_be_bytes());
        segment.extend(to.to_be_bytes());
        segment.extend(sequence.to_be_bytes());
        segment.extend(ack.to_be_bytes());
        segment.extend([0x50, 0x10, 0, 0, 0, 0, 0, 0]);
        segment.extend(payload);
        self.ip(from_phone, 6, &segment);
    }

    fn ask(&mut self, name: &str) {
        self.port += 1;
        let request = [b"\x00\x01", name.as_bytes(), b"\x00octet\x00"].concat();
        self.udp(true, self.port, 69, &request);
    }

    /// A transfer up to this block's ACK; `None`: to its end.
    pub(super) fn fetch(&mut self, name: &str, size: usize, until: Option<u16>) {
        self.ask(name);
        let port = self.port;
        let mut block: u16 = 0;
        let mut left = size;
        loop {
            block = block.wrapping_add(1);
            let bytes = left.min(512);
            let head = [&[0, 3][..], &block.to_be_bytes()].concat();
            self.udp(false, 2069, port, &[head, vec![7; bytes]].concat());
            if until == Some(block) {
                return;
            }
            self.udp(
                true,
                port,
                2069,
                &[&[0, 4][..], &block.to_be_bytes()].concat(),
            );
            left -= bytes;
            if bytes < 512 {
                return;
            }
        }
    }

    fn refuse(&mut self, name: &str) {
        self.ask(name);
        let port = self.port;
        self.udp(false, 2069, port, b"\x00\x05\x00\x01file not found\x00");
    }

    pub(super) fn wait(&mut self, seconds: u64) {
        self.now += seconds * 1000;
    }

    pub(super) fn recovery(&mut self) {
        self.fetch("term65.default.loads", 654, None);
        self.wait(2);
        for (place, name) in IMAGES.iter().enumerate() {
            self.fetch(name, 3000 + place * 512, None);
            self.wait(4);
        }
        self.wait(90);
        self.refuse("CTLSEP001D45AABB0C.tlv");
        self.refuse("ITLSEP001D45AABB0C.tlv");
        self.fetch("SEP001D45AABB0C.cnf.xml", 1024, None);
    }
}

/// What a bundle says of these images.
pub(super) fn stages() -> Vec<StagePlan> {
    let images = IMAGES.iter().enumerate();
    vec![StagePlan {
        load: LoadName::new("SIP45.9-3-1SR4-1S"),
        models: Family::F45.models().collect(),
        manifests: vec![ManifestPlan {
            name: "term65.default.loads".to_owned(),
            images: images
                .map(|(place, name)| ((*name).to_owned(), 3000 + place as u64 * 512))
                .collect(),
            hardware: None,
        }],
    }]
}

#[test]
fn a_recovery_is_understood_in_every_kind_of_capture() {
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
            let (report, _) = replayed(&capture.bytes, Format::Capture, stages);
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
fn a_boot_loader_is_named_by_its_frames_and_a_router_names_nobody() {
    let mut capture = Capture::new(PLAIN);
    capture.fetch("term65.default.loads", 654, None);
    let (report, _) = replayed(&capture.bytes, Format::Capture, Vec::new());
    assert_eq!(report.phones[0].mac.unwrap().to_string(), "001d45aabb0c");
    // The same MAC sends for a second address: it may be a router's.
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
    let (report, _) = replayed(&capture.bytes, Format::Capture, Vec::new());
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
    capture.ask(IMAGES[0]);
    let (report, _) = replayed(&capture.bytes, Format::Capture, stages());
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
    let (report, _) = replayed(&capture.bytes, Format::Capture, stages());
    let outcomes: Vec<_> = report.phones[0].files[1..]
        .iter()
        .map(|file| file.outcome)
        .collect();
    assert_eq!(outcomes, [FileOutcome::Aborted, FileOutcome::Aborted]);
}

#[test]
fn answers_that_do_not_arrive_are_a_firewall() {
    let mut capture = Capture::new(PLAIN);
    capture.fetch("CTLSEP001D45AABB0C.tlv", 10, None);
    for _ in 0..3 {
        // The first block goes out again and again, and no ACK comes.
        capture.fetch("term65.default.loads", 654, Some(1));
        capture.wait(20);
    }
    capture.wait(60);
    capture.ask("term65.default.loads");
    let (report, _) = replayed(&capture.bytes, Format::Capture, stages());
    assert_eq!(codes(&report.phones[0]), ["blocked-by-firewall"]);
}

#[test]
fn gets_on_port_6970_are_seen_with_what_was_acknowledged() {
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
    let (report, _) = replayed(&capture.bytes, Format::Capture, Vec::new());
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
fn a_capture_that_breaks_off_is_read_until_there() {
    let mut capture = Capture::new(PLAIN);
    capture.recovery();
    for cut in (24..capture.bytes.len()).step_by(97) {
        let (report, _) = replayed(&capture.bytes[..cut], Format::Capture, Vec::new());
        assert!(report.phones.len() <= 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_captures_are_read(
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
        replayed(&capture.bytes, Format::Capture, Vec::new());
        replayed(&capture.bytes[..end], Format::Capture, stages());
    }
}
