//! Captures of phones that get no lease, find no server, or are not found by their PBX.

use std::{net::Ipv4Addr, time::Duration};

use reflash::{
    phone::MacAddress,
    protocol::dhcp::{DhcpMessage, Lease, OptionCode},
    replay::ReplayFormat,
    track::{PhoneReport, Report},
};

use super::{
    capture_file::{Capture, PHONE, PHONE_AT, PLAIN, SERVER_AT},
    codes, replayed,
};

fn report(capture: &Capture) -> Report {
    replayed(&capture.bytes, ReplayFormat::Capture, Vec::new()).0
}

fn phone(capture: &Capture) -> PhoneReport {
    let report = report(capture);
    let [phone] = &report.phones[..] else {
        panic!("{report:#?}");
    };
    phone.clone()
}

fn server() -> Ipv4Addr {
    Ipv4Addr::from(SERVER_AT)
}

fn discover() -> DhcpMessage {
    DhcpMessage::discover(MacAddress::new(PHONE), 7, "CP-7965G")
}

/// The request of a phone that asks for its earlier address after a start.
fn init_reboot() -> DhcpMessage {
    let mut request = discover();
    request.options.set(OptionCode::MESSAGE_TYPE, [3]);
    request.options.set(OptionCode::REQUESTED_ADDRESS, PHONE_AT);
    request
}

fn lease() -> Lease {
    Lease {
        address: Ipv4Addr::from(PHONE_AT),
        server: server(),
        mask: Ipv4Addr::new(255, 255, 255, 0),
        routers: vec![],
        name_servers: vec![],
        domain: None,
        time: Duration::from_mins(10),
        tftp: server(),
    }
}

/// What a DHCP server may leave out of its answer.
#[derive(Debug, Clone, Copy)]
enum Boot {
    Everything,
    Option66,
    NextServerOnly,
    Nothing,
}

fn ack(request: &DhcpMessage, boot: Boot) -> DhcpMessage {
    let mut ack = request.ack(&lease());
    match boot {
        Boot::Everything => {}
        Boot::Option66 => {
            ack.options.set(OptionCode::TFTP_SERVERS, []);
            ack.options.set(OptionCode::TFTP_NAME, "files.example");
        }
        Boot::NextServerOnly => {
            ack.options.set(OptionCode::TFTP_SERVERS, []);
            ack.options.set(OptionCode::TFTP_NAME, []);
            ack.server = server();
        }
        Boot::Nothing => {
            ack.options.set(OptionCode::TFTP_SERVERS, []);
            ack.options.set(OptionCode::TFTP_NAME, []);
            ack.server = Ipv4Addr::UNSPECIFIED;
        }
    }
    ack
}

impl Capture {
    fn dhcp(&mut self, from_phone: bool, message: &DhcpMessage) {
        let (from, to) = if from_phone { (68, 67) } else { (67, 68) };
        self.udp(from_phone, from, to, &message.encode());
    }

    /// ICMP port unreachable from the one that was sent to: `by_phone`, a datagram of the server.
    fn unreachable(&mut self, by_phone: bool, from: u16, to: u16) {
        let (source, target) = if by_phone {
            (SERVER_AT, PHONE_AT)
        } else {
            (PHONE_AT, SERVER_AT)
        };
        let mut bytes = vec![
            3, 3, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 17, 0, 0,
        ];
        bytes.extend(source);
        bytes.extend(target);
        for value in [from, to, 20, 0] {
            bytes.extend(value.to_be_bytes());
        }
        self.ip(by_phone, 1, &bytes);
    }

    fn registers(&mut self) {
        let head = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1\r\n\
                    From: <sip:6010@192.0.2.1>;tag=1\r\nTo: <sip:6010@192.0.2.1>\r\n\
                    Call-ID: 1@192.0.2.9\r\nCSeq: 1 REGISTER\r\n";
        let request = format!(
            "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: {head}\
             User-Agent: Cisco-CP7965G/9.4.2\r\n\
             Contact: <sip:6010@192.0.2.9:5060>\r\nExpires: 3600\r\n\r\n"
        );
        let answer = format!(
            "SIP/2.0 200 OK\r\nVia: {head}Contact: <sip:6010@192.0.2.9:5060>;expires=3600\r\n\r\n"
        );
        self.udp(true, 49_154, 5060, request.as_bytes());
        self.udp(false, 5060, 49_154, answer.as_bytes());
    }
}

#[test]
fn a_phone_without_a_lease_is_listed_and_diagnosed() {
    for (every, message) in [
        (4, discover()),
        (20, discover()),
        (60, discover()),
        (4, init_reboot()),
        (8, init_reboot()),
    ] {
        let mut capture = Capture::new(PLAIN);
        for _ in 0..5 {
            for last in 0..3 {
                let mut mac = PHONE;
                mac[5] = last;
                let mut message = message.clone();
                message.mac = MacAddress::new(mac);
                capture.dhcp(true, &message);
            }
            capture.wait(every);
        }
        let report = report(&capture);
        assert_eq!(report.phones.len(), 3);
        for phone in &report.phones {
            assert_eq!(codes(phone), ["no-tftp-address"], "{every}");
            assert_eq!(phone.model.as_deref(), Some("7965"));
            assert!(phone.address.is_unspecified());
            let evidence = &phone.diagnoses[0].evidence;
            assert!(evidence.contains("no DHCP server answered"), "{evidence}");
        }
    }
}

#[test]
fn a_dhcp_server_that_answers_is_not_absent() {
    let offer = discover().offer(&lease());
    let nak = discover().nak(server(), "wrong network");
    for answer in [offer, nak] {
        let mut capture = Capture::new(PLAIN);
        for _ in 0..6 {
            capture.dhcp(true, &discover());
            capture.dhcp(false, &answer);
            capture.wait(10);
        }
        assert_eq!(codes(&phone(&capture)), [""; 0]);
    }
    // Another client's requests are no phone's.
    let mut capture = Capture::new(PLAIN);
    let mut other = discover();
    other.options.set(OptionCode::VENDOR_CLASS, "MSFT 5.0");
    for _ in 0..6 {
        capture.dhcp(true, &other);
        capture.wait(10);
    }
    capture.refuse("CTLSEP001D45AABB0C.tlv");
    assert_eq!(codes(&phone(&capture)), [""; 0]);
}

#[test]
fn a_late_lease_withdraws_the_diagnosis() {
    let mut capture = Capture::new(PLAIN);
    for _ in 0..5 {
        capture.dhcp(true, &discover());
        capture.wait(4);
    }
    capture.dhcp(false, &ack(&discover(), Boot::Everything));
    capture.refuse("CTLSEP001D45AABB0C.tlv");
    let phone = phone(&capture);
    assert_eq!((codes(&phone), phone.withdrawn.len()), (Vec::new(), 1));
    assert_eq!(phone.address, Ipv4Addr::from(PHONE_AT));
}

#[test]
fn a_lease_without_requests_says_what_it_names() {
    for (boot, code) in [
        (Boot::Nothing, "no-tftp-address"),
        (Boot::NextServerOnly, "no-tftp-address"),
        (Boot::Everything, "no-request"),
        (Boot::Option66, "no-request"),
    ] {
        for reboots in [false, true] {
            let request = if reboots { init_reboot() } else { discover() };
            let mut capture = Capture::new(PLAIN);
            for _ in 0..3 {
                capture.dhcp(true, &request);
                capture.dhcp(false, &ack(&request, boot));
                capture.wait(90);
            }
            assert_eq!(codes(&phone(&capture)), [code], "{boot:?}");
            // The phone requests a file after all.
            capture.refuse("CTLSEP001D45AABB0C.tlv");
            assert_eq!(codes(&phone(&capture)), [""; 0], "{boot:?}");
        }
    }
    // The capture ends before the phone should have sent a request.
    let mut capture = Capture::new(PLAIN);
    capture.dhcp(true, &discover());
    capture.dhcp(false, &ack(&discover(), Boot::Everything));
    assert_eq!(codes(&phone(&capture)), [""; 0]);
}

#[test]
fn a_machine_without_a_tftp_server_is_named() {
    for name in ["term65.default.loads", "CTLSEP001D45AABB0C.tlv"] {
        for tries in 1..9 {
            let mut capture = Capture::new(PLAIN);
            for _ in 0..tries {
                capture.request(name);
                let port = capture.port;
                capture.unreachable(false, port, 69);
                capture.wait(4);
            }
            let expected: &[&str] = if tries < 2 { &[] } else { &["no-tftp-server"] };
            let phone = phone(&capture);
            assert_eq!(codes(&phone), expected, "{name} {tries}");
            if let Some(diagnosis) = phone.diagnoses.first() {
                assert!(diagnosis.evidence.contains("192.0.2.1 port 69"));
                assert!(diagnosis.evidence.contains(name), "{diagnosis:?}");
            }
            // The server is started.
            capture.fetch("term65.default.loads", 654, None);
            assert_eq!(codes(&self::phone(&capture)), [""; 0]);
        }
    }
}

#[test]
fn calls_to_a_port_on_which_the_phone_does_not_listen_are_named() {
    for (apart, expected) in [(20, true), (60, true), (2, false)] {
        let mut capture = Capture::new(PLAIN);
        capture.refuse("CTLSEP001D45AABB0C.tlv");
        capture.registers();
        for _ in 0..3 {
            capture.wait(apart);
            capture.udp(
                false,
                5060,
                49_154,
                b"INVITE sip:6010@192.0.2.9:49154 SIP/2.0\r\n\r\n",
            );
            capture.unreachable(true, 5060, 49_154);
        }
        let expected: &[&str] = if expected {
            &["contact-unreachable"]
        } else {
            &[]
        };
        let phone = phone(&capture);
        assert_eq!(codes(&phone), expected, "{apart}");
        if let Some(diagnosis) = phone.diagnoses.first() {
            assert!(
                diagnosis.evidence.contains("listens on port 5060"),
                "{diagnosis:?}"
            );
        }
    }
}
