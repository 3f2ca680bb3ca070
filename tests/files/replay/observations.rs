//! Observations beside TFTP in a capture: CDP, LLDP, ARP, DHCP, SCCP and SIP.

use std::{fs, net::Ipv4Addr, time::Duration};

use assert_cmd::Command;
use reflash::{
    phone::MacAddress,
    protocol::{
        cdp::{OddByte, checksum},
        dhcp::{DhcpMessage, Lease, OptionCode},
    },
    replay::{self, ReplayFormat},
    track::{EvidenceSource, State},
};

use super::{
    capture_file::{Capture, PHONE, PHONE_AT, PLAIN, SERVER_AT, Writing, stages},
    codes, replayed,
};

const TARGET: &[u8] = b"SIP45.9-3-1SR4-1S";
const OLD: &[u8] = b"SCCP45.8-5-2S";
/// Frames on a loopback interface have no MAC: only another source identifies the phone.
const UNKNOWN_MAC: [u8; 6] = [0; 6];

fn cdp(load: &[u8]) -> Vec<u8> {
    let address = [&[0, 0, 0, 1, 1, 1, 0xcc, 0, 4][..], &PHONE_AT].concat();
    let tlvs: [(u16, &[u8]); 3] = [(1, b"SEP001D45AABB0C"), (2, &address), (5, load)];
    let mut bytes = vec![2, 180, 0, 0];
    for (kind, value) in tlvs {
        bytes.extend(kind.to_be_bytes());
        bytes.extend(u16::try_from(value.len() + 4).unwrap().to_be_bytes());
        bytes.extend(value);
    }
    let sum = checksum(&bytes, OddByte::Last);
    bytes[2..4].copy_from_slice(&sum.to_be_bytes());
    [&[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0][..], &bytes].concat()
}

fn lldp(load: &[u8]) -> Vec<u8> {
    let name = [b"Cisco IP Phone 7965G,V12, ", load].concat();
    let address = [&[5, 1][..], &PHONE_AT].concat();
    let tlvs: [(u16, &[u8]); 3] = [(1, &address), (5, b"SEP001D45AABB0C"), (6, &name)];
    let mut bytes = Vec::new();
    for (kind, value) in tlvs {
        let head = kind << 9 | u16::try_from(value.len()).unwrap();
        bytes.extend(head.to_be_bytes());
        bytes.extend(value);
    }
    bytes.extend([0, 0]);
    bytes
}

fn arp(mac: [u8; 6], address: [u8; 4]) -> Vec<u8> {
    let head = [0, 1, 8, 0, 6, 4, 0, 1];
    [&head[..], &mac, &address, &[0; 6], &SERVER_AT].concat()
}

impl Capture {
    /// The type of an 802.3 frame is its length; cooked packets have a number of their own.
    fn cdp(&mut self, load: &[u8]) {
        let bytes = cdp(load);
        let kind = match self.writing.link {
            1 => u16::try_from(bytes.len()).unwrap(),
            _ => 4,
        };
        self.frame(true, kind, &bytes);
    }

    pub(super) fn lldp(&mut self, load: &[u8]) {
        self.frame(true, 0x88cc, &lldp(load));
    }

    fn alarm(&mut self, load: &str) {
        let text = format!("25: Name=SEP001D45AABB0C Load={load} Last=Initialized");
        let mut field = [0; 80];
        field[..text.len()].copy_from_slice(text.as_bytes());
        let mut segment = Vec::new();
        segment.extend(50_001_u16.to_be_bytes());
        segment.extend(2000_u16.to_be_bytes());
        segment.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 0, 0, 0, 0, 0, 0]);
        for number in [96_u32, 0, 0x20, 2] {
            segment.extend(number.to_le_bytes());
        }
        segment.extend(field);
        segment.extend([0; 8]);
        self.ip(true, 6, &segment);
    }

    /// A REGISTER from port 49154, with a proof of a password or without.
    fn register(&mut self, number: u32, proof: bool) {
        let proof = if proof {
            "Authorization: Digest username=\"6010\",response=\"c0ffee\"\r\n"
        } else {
            ""
        };
        let text = format!(
            "REGISTER sip:192.0.2.1 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK{number}\r\n\
             From: <sip:6010@192.0.2.1>;tag=1\r\nTo: <sip:6010@192.0.2.1>\r\n\
             Call-ID: 1@192.0.2.9\r\nCSeq: {number} REGISTER\r\n\
             User-Agent: Cisco-CP7965G/9.3.1\r\n{proof}\
             Contact: <sip:6010@192.0.2.9:5060>\r\nExpires: 3600\r\n\r\n"
        );
        self.udp(true, 49_154, 5060, text.as_bytes());
    }

    fn answer(&mut self, number: u32, status: &str, port: u16) {
        let text = format!(
            "SIP/2.0 {status}\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK{number}\r\n\
             From: <sip:6010@192.0.2.1>;tag=1\r\nTo: <sip:6010@192.0.2.1>;tag=2\r\n\
             Call-ID: 1@192.0.2.9\r\nCSeq: {number} REGISTER\r\n\
             Contact: <sip:6010@192.0.2.9:5060>;expires=3600\r\n\r\n"
        );
        self.udp(false, 5060, port, text.as_bytes());
    }

    /// A boot's REQUEST, and the ACK that gives the address.
    fn lease(&mut self) {
        let mut request = DhcpMessage::discover(MacAddress::new(PHONE), 1, "CP-7965G");
        request.options.set(OptionCode::MESSAGE_TYPE, [3]);
        let server = Ipv4Addr::from(SERVER_AT);
        let ack = request.ack(&Lease {
            address: Ipv4Addr::from(PHONE_AT),
            server,
            mask: Ipv4Addr::new(255, 255, 255, 0),
            routers: vec![],
            name_servers: vec![],
            domain: None,
            time: Duration::from_mins(10),
            tftp: server,
        });
        self.udp(true, 68, 67, &request.encode());
        self.udp(false, 67, 68, &ack.encode());
    }
}

#[test]
fn a_phone_that_reports_the_target_load_after_its_conversion_is_confirmed() {
    for link in [1, 113, 276] {
        let mut capture = Capture::new(Writing { link, ..PLAIN });
        capture.alarm("SCCP45.8-5-2S");
        capture.recovery();
        let (before, _) = replayed(&capture.bytes, ReplayFormat::Capture, stages());
        assert_eq!(before.phones[0].state, State::Flashed, "link {link}");
        capture.wait(30);
        capture.cdp(TARGET);
        let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, stages());
        let [phone] = &report.phones[..] else {
            panic!("link {link}: {report:#?}");
        };
        assert_eq!(phone.state, State::Confirmed, "link {link}");
        let last = phone.evidence.last().unwrap();
        assert_eq!(last.source, EvidenceSource::Cdp);
        assert!(last.detail.starts_with("SIP45.9-3-1SR4-1S"), "{last:?}");
        let loads = [&phone.from, &phone.to].map(|load| load.as_ref().unwrap().as_str());
        assert_eq!(loads, ["SCCP45.8-5-2S", "SIP45.9-3-1SR4-1S"]);
    }
}

#[test]
fn a_phone_that_reports_its_old_load_after_its_conversion_is_not_confirmed() {
    let mut capture = Capture::new(PLAIN);
    capture.recovery();
    capture.wait(30);
    capture.cdp(OLD);
    for stages in [stages(), Vec::new()] {
        let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, stages);
        assert_eq!(report.phones[0].state, State::Configuring);
    }
}

/// Without a bundle the load of `term65.default.loads` is not known.
#[test]
fn a_reported_load_without_a_known_target_is_noted() {
    let mut capture = Capture::new(PLAIN);
    capture.recovery();
    capture.wait(30);
    capture.cdp(TARGET);
    let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, Vec::new());
    let phone = &report.phones[0];
    assert_eq!(phone.state, State::Flashed);
    assert!(
        phone
            .evidence
            .iter()
            .any(|it| it.source == EvidenceSource::Cdp)
    );
    // A load that was reported before the recovery is not that of the recovery.
    let mut capture = Capture::new(PLAIN);
    capture.cdp(b"SIP45.8-5-2S");
    capture.recovery();
    capture.wait(30);
    capture.cdp(b"SIP45.8-5-2S");
    let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, Vec::new());
    assert_eq!(report.phones[0].state, State::Configuring);
}

#[test]
fn dhcp_and_lldp_identify_a_boot_loader() {
    for (source, send) in [
        (None, None),
        (
            Some(EvidenceSource::Dhcp),
            Some((|capture| capture.lease()) as fn(&mut Capture)),
        ),
        (
            Some(EvidenceSource::Lldp),
            Some(|capture| capture.frame(true, 0x88cc, &lldp(b"term65.default"))),
        ),
    ] {
        let mut capture = Capture::new(PLAIN);
        capture.phone = UNKNOWN_MAC;
        if let Some(send) = send {
            send(&mut capture);
        }
        capture.fetch("term65.default.loads", 654, None);
        let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, stages());
        let [phone] = &report.phones[..] else {
            panic!("{source:?}: {report:#?}");
        };
        let mac = source.map(|_| MacAddress::new(PHONE));
        assert_eq!((phone.mac, phone.state), (mac, State::Manifest));
    }
}

#[test]
fn an_announcement_in_a_frame_of_another_host_is_disputed() {
    for (is_own, state) in [(true, State::Confirmed), (false, State::Flashed)] {
        let mut capture = Capture::new(PLAIN);
        capture.recovery();
        capture.frame(is_own, 0x88cc, &lldp(TARGET));
        let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, stages());
        let [phone] = &report.phones[..] else {
            panic!("{report:#?}");
        };
        assert_eq!(phone.state, state, "{phone:#?}");
        let disputed = phone.evidence.iter().filter(|evidence| evidence.disputed);
        assert_eq!(disputed.count(), usize::from(!is_own), "{phone:#?}");
    }
}

#[test]
fn arp_identifies_a_phone_behind_a_router() {
    const ROUTER: [u8; 6] = [2, 0, 0, 0, 0, 0xfe];
    let other = [192, 0, 2, 10];
    let mut capture = Capture::new(PLAIN);
    capture.phone = PHONE;
    capture.frame(true, 0x0806, &arp(PHONE, PHONE_AT));
    // The response of a proxy for another host is no evidence.
    capture.frame(true, 0x0806, &arp(ROUTER, other));
    capture.phone = ROUTER;
    for address in [PHONE_AT, other] {
        let mut packet = vec![0x45, 0, 0, 57, 0, 0, 0, 0, 64, 17, 0, 0];
        packet.extend(address);
        packet.extend(SERVER_AT);
        packet.extend([0xc0, 1, 0, 69, 0, 37, 0, 0]);
        packet.extend(b"\x00\x01term65.default.loads\x00octet\x00");
        capture.frame(true, 0x0800, &packet);
    }
    let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, stages());
    let macs: Vec<_> = report.phones.iter().map(|phone| phone.mac).collect();
    assert_eq!(macs.len(), 2, "{report:#?}");
    assert!(macs.contains(&Some(MacAddress::new(PHONE))) && macs.contains(&None));
}

#[test]
fn a_capture_without_requests_lists_the_observed_phones() {
    let mut capture = Capture::new(PLAIN);
    capture.frame(true, 0x0806, &arp(PHONE, PHONE_AT));
    let read = |capture: &Capture| {
        let mut bytes = &capture.bytes[..];
        replay::read_from(&mut bytes, ReplayFormat::Capture, None, None).unwrap()
    };
    assert!(read(&capture).is_empty(), "ARP makes no phone");
    capture.cdp(OLD);
    assert!(!read(&capture).is_empty());
    let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, stages());
    let phone = &report.phones[0];
    assert_eq!(phone.from.as_ref().unwrap().as_str(), "SCCP45.8-5-2S");
}

#[test]
fn damaged_packets_are_counted_and_the_first_is_described() {
    let mut capture = Capture::new(PLAIN);
    capture.fetch("term65.default.loads", 200, None);
    let packets = 3;
    let mut wrong = cdp(OLD);
    *wrong.last_mut().unwrap() ^= 1;
    let kind = u16::try_from(wrong.len()).unwrap();
    capture.frame(true, kind, &wrong);
    capture.frame(true, 0x0800, &[0x45, 0, 0]);
    let mut bytes = &capture.bytes[..];
    let record = replay::read_from(&mut bytes, ReplayFormat::Capture, None, None).unwrap();
    assert_eq!((record.tally.read, record.tally.damaged), (packets + 2, 2));
    let damage = record.damage.unwrap();
    assert_eq!((damage.packet, damage.fault.format), (packets + 1, "CDP"));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("phones.pcap");
    capture.cdp(OLD);
    fs::write(&file, &capture.bytes).unwrap();
    let read = |flag: &[&str]| {
        let mut command = Command::cargo_bin("reflash").unwrap();
        let output = command.arg("replay").arg(&file).args(flag).assert();
        let output = output.success().get_output().stdout.clone();
        String::from_utf8(output).unwrap()
    };
    let table = read(&[]).replace("\n  ", " ");
    for part in [
        "malformed packets: 2; the first is packet 4 (CDP, byte 2: wrong checksum",
        "also: CDP reports SCCP45.8-5-2S (",
    ] {
        assert!(table.contains(part), "{table}");
    }
    let json: serde_json::Value = serde_json::from_str(&read(&["--json"])).unwrap();
    assert_eq!(json["record"]["damaged"], 2);
}

/// A 7960 with SIP firmware reports its universal loader in CDP: that is no evidence of a load.
#[test]
fn the_name_of_a_universal_loader_changes_no_state() {
    let mut capture = Capture::new(PLAIN);
    capture.alarm("P00308010200");
    capture.fetch("P0S3-8-12-00.loads", 458, None);
    for name in ["P003-8-12-00.sbn", "P0S3-8-12-00.sb2"] {
        capture.fetch(name, 3000, None);
        capture.wait(30);
    }
    capture.fetch("SIPDefault.cnf", 700, None);
    capture.fetch("SIP001D45AABB0C.cnf", 700, None);
    for (load, state) in [
        ("P003-8-12-00", State::Flashed),
        ("P00308010200", State::Configuring),
        ("P0S3-8-12-00", State::Confirmed),
    ] {
        capture.wait(60);
        capture.cdp(load.as_bytes());
        let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, Vec::new());
        assert_eq!(report.phones[0].state, state, "{load} {report:#?}");
    }
}

#[test]
fn a_capture_gives_the_cause_of_a_missing_registration() {
    for link in [1, 113, 276] {
        let mut capture = Capture::new(Writing { link, ..PLAIN });
        capture.recovery();
        let report_of = |capture: &Capture| {
            let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, stages());
            let [phone] = &report.phones[..] else {
                panic!("link {link}: {report:#?}");
            };
            assert_eq!(phone.state, State::Flashed, "link {link}");
            assert!(!format!("{report:?}").contains("c0ffee"));
            phone.clone()
        };
        capture.register(1, false);
        capture.answer(1, "401 Unauthorized", 5060);
        capture.register(2, true);
        assert_eq!(codes(&report_of(&capture)), Vec::<String>::new());
        capture.answer(2, "401 Unauthorized", 5060);
        let phone = report_of(&capture);
        assert_eq!(codes(&phone), ["not-registering"]);
        let evidence = &phone.diagnoses[0].evidence;
        let expected = "REGISTER as '6010' over UDP to 192.0.2.1:5060 with credentials";
        assert!(evidence.starts_with(expected), "{evidence}");
        capture.wait(60);
        capture.register(3, true);
        capture.answer(3, "200 OK", 5060);
        let phone = report_of(&capture);
        assert_eq!(codes(&phone), Vec::<String>::new());
        assert_eq!(phone.withdrawn.len(), 1);
        let last = phone.evidence.last().unwrap();
        assert_eq!(last.source, EvidenceSource::Sip);
        let expected = "registration as '6010' over UDP at 192.0.2.1:5060: the PBX answered 200";
        assert_eq!(last.detail, expected);
    }
}

#[test]
fn a_capture_shows_a_response_to_the_wrong_port() {
    let mut capture = Capture::new(PLAIN);
    capture.recovery();
    for wait in [0, 1, 2] {
        capture.wait(wait);
        capture.register(1, false);
        capture.answer(1, "401 Unauthorized", 49_154);
    }
    let (report, _) = replayed(&capture.bytes, ReplayFormat::Capture, stages());
    let found = &report.phones[0].diagnoses[0];
    assert!(found.cure.contains("force_rport=no"), "{found:?}");
    // Without a phone there is no diagnosis.
    let mut capture = Capture::new(PLAIN);
    capture.register(1, false);
    let mut bytes = &capture.bytes[..];
    let record = replay::read_from(&mut bytes, ReplayFormat::Capture, None, None).unwrap();
    assert!(record.is_empty());
}
