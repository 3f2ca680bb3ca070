//! Writes capture files: pcap and pcapng of every byte order and link type, frame by frame.

use reflash::{
    phone::{Family, LoadName},
    track::{ManifestPlan, StagePlan},
};

const IPV4: u16 = 0x0800;
pub(super) const PHONE: [u8; 6] = [0x00, 0x1d, 0x45, 0xaa, 0xbb, 0x0c];
pub(super) const SERVER: [u8; 6] = [0x02, 0, 0, 0, 0, 1];
pub(super) const PHONE_AT: [u8; 4] = [192, 0, 2, 9];
pub(super) const SERVER_AT: [u8; 4] = [192, 0, 2, 1];
pub(super) const IMAGES: [&str; 5] = [
    "jar65.sbn",
    "cnu65.sbn",
    "apps65.sbn",
    "dsp65.sbn",
    "cvm65.sbn",
];

/// The format of a capture.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each option is independent of the others"
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
    /// The source MAC of frames from the phone.
    pub(super) phone: [u8; 6],
    pub(super) bytes: Vec<u8>,
    /// Milliseconds.
    now: u64,
    pub(super) port: u16,
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
            // Section, then an interface with times in milliseconds.
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

    pub(super) fn request(&mut self, name: &str) {
        self.port += 1;
        let request = [b"\x00\x01", name.as_bytes(), b"\x00octet\x00"].concat();
        self.udp(true, self.port, 69, &request);
    }

    /// A transfer up to the ACK of this block; `None`: to its end.
    pub(super) fn fetch(&mut self, name: &str, size: usize, until: Option<u16>) {
        self.request(name);
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

    pub(super) fn refuse(&mut self, name: &str) {
        self.request(name);
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

/// The stages of a bundle with these images.
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
            platforms: Vec::new(),
        }],
    }]
}
