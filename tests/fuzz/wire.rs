//! What phones, switches and servers send.

use std::{
    fmt::Debug,
    net::{Ipv4Addr, SocketAddrV4},
};

use reflash::{
    phone::MacAddress,
    protocol::{
        Alarm, MAX_LIST, MAX_TEXT,
        cdp::{Cdp, OddByte, checksum},
        dhcp::Message,
        frame::{Frame, Payload, payload},
        http_response::{MAX_BODY, ResponseDecoder},
        link::LinkType,
        lldp::Lldp,
        sccp::{self, MAX_MESSAGE},
        sip::{self, Request, Response, encode_response},
        web::{DevicePage, MAX_PAGE},
    },
    tftp::packet::{self, Packet, REQUEST_MAX},
};

const PHONE: Ipv4Addr = Ipv4Addr::new(172, 30, 6, 12);
const MAC: MacAddress = MacAddress::new([0x00, 0x21, 0xd8, 0xba, 0x09, 0x65]);
const REGISTER: &str = include_str!("seeds/register.txt");
const RESPONSE: &str = include_str!("seeds/response.txt");
const ALARM: &[u8] = b"25: Name=SEP003094C4426F Load=SCCP45.8-5-2S Last=TFTP Timeout";

/// Whether `part` lies inside `whole`: decoders borrow, they do not make things up.
fn is_part(part: &[u8], whole: &[u8]) -> bool {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    part.start == part.end || whole.start <= part.start && part.end <= whole.end
}

fn assert_short<'t>(texts: impl IntoIterator<Item = &'t Option<String>>) {
    for text in texts.into_iter().flatten() {
        assert!(text.len() <= MAX_TEXT, "{} bytes of text", text.len());
    }
}

/// Where pieces end: the first byte of the input says how long they are.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let size = bytes.first().map_or(1, |byte| usize::from(*byte) % 40 + 1);
    bytes.chunks(size)
}

/// Feeds a stream in one piece and in many: the same values, and an error in both or in none.
fn same_in_pieces<S: Default, T: PartialEq + Debug, E>(
    bytes: &[u8],
    feed: impl Fn(&mut S, &[u8]) -> Result<Vec<T>, E>,
) -> Option<Vec<T>> {
    let whole = feed(&mut S::default(), bytes).ok();
    let mut stream = S::default();
    let mut values = Vec::new();
    let mut failed = false;
    for piece in pieces(bytes) {
        match feed(&mut stream, piece) {
            Ok(more) => {
                assert!(!failed, "a stream that failed goes on");
                values.extend(more);
            }
            Err(_) => failed = true,
        }
    }
    assert_eq!(whole.is_none(), failed);
    if let Some(whole) = &whole {
        assert_eq!(*whole, values);
    }
    whole
}

pub fn tftp_packet(bytes: &[u8]) -> bool {
    match packet::decode(bytes) {
        Ok(Packet::Read(request)) => {
            assert!(bytes.len() <= REQUEST_MAX);
            assert!(is_part(request.name, bytes) && is_part(request.mode, bytes));
            // Written again, the request is the same.
            let mut again = [&[0, 1], request.name, &[0], request.mode, &[0]].concat();
            for (name, value) in request.options.iter() {
                assert!(is_part(name, bytes) && is_part(value, bytes) && !name.is_empty());
                again.extend([name, &[0], value, &[0]].concat());
            }
            assert!(bytes.starts_with(&again), "{again:?}");
            true
        }
        Ok(Packet::Error(code, text)) => {
            assert_eq!(bytes[2..4], code.to_be_bytes());
            assert!(is_part(text, bytes) && !text.contains(&0));
            true
        }
        Ok(Packet::Ack(block)) => {
            assert_eq!(bytes[..4], [[0, 4], block.to_be_bytes()].concat());
            true
        }
        Ok(_) => true,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

pub fn tftp_packets() -> Vec<Vec<u8>> {
    vec![
        b"\0\x01SEP0021D8BA0965.cnf.xml\0octet\0blksize\x001428\0tsize\x000\0".to_vec(),
        b"\0\x01term45.default.loads\0OCTET\0\x01".to_vec(),
        b"\0\x02x\0octet\0".to_vec(),
        vec![0, 4, 1, 2],
        b"\0\x05\0\x03disk full\0".to_vec(),
    ]
}

fn payload_lies_in(payload: &Payload<'_>, bytes: &[u8]) {
    match payload {
        Payload::Cdp(part) | Payload::Lldp(part) => assert!(is_part(part, bytes)),
        Payload::Ipv4Udp {
            payload,
            length,
            is_cut,
            ..
        } => {
            assert!(is_part(payload, bytes));
            assert!(payload.len() <= *length);
            assert!(*is_cut || payload.len() == *length);
        }
        Payload::Ipv4Tcp { payload, .. } => assert!(is_part(payload, bytes)),
        _ => {}
    }
}

pub fn frame(bytes: &[u8]) -> bool {
    let frame = Frame::decode(bytes);
    if let Ok(frame) = &frame {
        payload_lies_in(&frame.payload, bytes);
    }
    // As if another link layer had carried it.
    for number in [101, 113, 276] {
        if let Ok(sent) = LinkType::of(number).expect("a link layer").read(bytes) {
            payload_lies_in(&sent.payload, bytes);
        }
    }
    frame.is_ok()
}

fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    [&[0xff; 6][..], &MAC.bytes(), &kind.to_be_bytes(), payload].concat()
}

pub fn frames() -> Vec<Vec<u8>> {
    let cdp = &cdp_packets()[0];
    let snap = [&[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0], &cdp[..]].concat();
    let length = u16::try_from(snap.len()).expect("a short packet");
    let mut frames = vec![
        ethernet(length, &snap),
        ethernet(0x88cc, &lldp_packets()[0]),
        ethernet(
            0x0806,
            &[
                0, 1, 8, 0, 6, 4, 0, 1, 0, 33, 216, 186, 9, 101, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10,
                0, 0, 1,
            ],
        ),
        ethernet(0x8100, &[&[0, 100, 8, 0], &ipv4_packets()[0][..]].concat()),
    ];
    frames.extend(ipv4_packets().iter().map(|packet| ethernet(0x0800, packet)));
    frames
}

pub fn ipv4(bytes: &[u8]) -> bool {
    let Ok(read) = payload(0x0800, bytes) else {
        return false;
    };
    payload_lies_in(&read, bytes);
    // Behind an Ethernet header it is the same.
    let frame = ethernet(0x0800, bytes);
    assert_eq!(Frame::decode(&frame).map(|frame| frame.payload), Ok(read));
    true
}

fn packet(protocol: u8, fragment: u16, inside: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + inside.len()).expect("a short packet");
    let mut bytes = vec![0x45, 0];
    bytes.extend(total.to_be_bytes());
    bytes.extend([0, 1]);
    bytes.extend(fragment.to_be_bytes());
    bytes.extend([64, protocol, 0, 0]);
    bytes.extend(PHONE.octets());
    bytes.extend([10, 0, 0, 1]);
    bytes.extend(inside);
    bytes
}

pub fn ipv4_packets() -> Vec<Vec<u8>> {
    let udp = |from: u16, to: u16, inside: &[u8]| {
        let length = u16::try_from(8 + inside.len()).expect("a short datagram");
        let header = [from, to, length, 0].map(u16::to_be_bytes).concat();
        [&header[..], inside].concat()
    };
    let tcp = |to: u16, inside: &[u8]| {
        let mut bytes = [49_153_u16.to_be_bytes(), to.to_be_bytes()].concat();
        bytes.extend([0, 0, 0, 7, 0, 0, 0, 0, 0x50, 0x18, 1, 0, 0, 0, 0, 0]);
        bytes.extend(inside);
        bytes
    };
    let closed = [
        &[3, 3, 0, 0, 0, 0, 0, 0],
        &packet(17, 0, &udp(1, 2, b"x"))[..],
    ]
    .concat();
    vec![
        packet(17, 0, &udp(68, 67, &dhcp_messages()[0])),
        packet(17, 0, &udp(5060, 5060, &sip_messages()[0])),
        packet(17, 0x2000, &udp(5060, 5060, REGISTER.as_bytes())),
        packet(6, 0, &tcp(2000, &sccp_streams()[0])),
        packet(1, 0, &closed),
    ]
}

pub fn cdp(bytes: &[u8]) -> bool {
    let check = |bytes: &[u8]| {
        let Ok(cdp) = Cdp::decode(bytes) else {
            return false;
        };
        assert_short([&cdp.device, &cdp.port, &cdp.version, &cdp.platform]);
        assert!(cdp.addresses.len() <= MAX_LIST);
        true
    };
    let is_sealed = check(bytes);
    // And with a checksum that is right, which arbitrary bytes never have.
    let mut sealed = bytes.to_vec();
    if sealed.len() < 4 {
        return is_sealed;
    }
    sealed[2..4].fill(0);
    let sum = checksum(&sealed, OddByte::Last);
    sealed[2..4].copy_from_slice(&sum.to_be_bytes());
    check(&sealed)
}

pub fn cdp_packets() -> Vec<Vec<u8>> {
    let tlv = |kind: u16, value: &[u8]| {
        let length = u16::try_from(value.len() + 4).expect("a short value");
        [&kind.to_be_bytes()[..], &length.to_be_bytes(), value].concat()
    };
    let tlvs = [
        tlv(1, b"SEP0021D8BA0965"),
        tlv(2, &[0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 172, 30, 6, 12]),
        tlv(3, b"Port 1"),
        tlv(4, &[0, 0, 4, 0x90]),
        tlv(5, b"SCCP42.8-4-2S"),
        tlv(6, b"Cisco IP Phone 7942"),
        tlv(0x0b, &[1]),
        tlv(0x0e, &[1, 0, 110]),
        tlv(0x0f, &[0x20, 2, 0, 1]),
        tlv(0x10, &6300_u16.to_be_bytes()),
        tlv(0x19, &[9, 0x65, 0, 3, 0, 0, 0x18, 0x9c]),
    ];
    let mut bytes = [&[2, 180, 0, 0], &tlvs.concat()[..]].concat();
    let sum = checksum(&bytes, OddByte::Last);
    bytes[2..4].copy_from_slice(&sum.to_be_bytes());
    vec![bytes]
}

pub fn lldp(bytes: &[u8]) -> bool {
    let Ok(lldp) = Lldp::decode(bytes) else {
        return false;
    };
    assert_short([
        &lldp.port,
        &lldp.port_description,
        &lldp.system_name,
        &lldp.system_description,
        &lldp.hardware_revision,
        &lldp.firmware_revision,
        &lldp.software_revision,
        &lldp.serial,
        &lldp.manufacturer,
        &lldp.model_name,
    ]);
    assert!(lldp.policies.len() <= MAX_LIST);
    assert!(lldp.voice_vlan().is_none_or(|vlan| vlan <= 4095));
    true
}

pub fn lldp_packets() -> Vec<Vec<u8>> {
    let tlv = |kind: u16, value: &[u8]| {
        let header = kind << 9 | u16::try_from(value.len()).expect("a short value");
        [&header.to_be_bytes()[..], value].concat()
    };
    let media = |kind: u8, value: &[u8]| tlv(127, &[&[0, 0x12, 0xbb, kind], value].concat());
    let tlvs = [
        tlv(1, &[5, 1, 172, 30, 6, 12]),
        tlv(2, b"\x070021D8BA0965:P1"),
        tlv(3, &[0, 180]),
        tlv(4, b"SW PORT"),
        tlv(5, b"SEP0021D8BA0965"),
        tlv(6, b"Cisco IP Phone 7962G,V12, SCCP42.9-3-1ES27S"),
        tlv(7, &[0, 0x24, 0, 0x24]),
        tlv(8, &[5, 1, 172, 30, 6, 12, 1, 0, 0, 0, 0, 0]),
        media(1, &[0, 0x33, 3]),
        media(2, &[1, 0x40, 0xdd, 0x6e]),
        media(4, &[0x51, 0, 63]),
        media(5, b"12"),
        media(6, b"tnp62.8-3-1-21a.bin"),
        media(7, b"SCCP42.9-3-1ES27S"),
        media(8, b"FCH12345678"),
        media(9, b"Cisco Systems, Inc."),
        media(10, b"CP-7962G"),
        tlv(0, b""),
    ];
    vec![tlvs.concat()]
}

pub fn dhcp(bytes: &[u8]) -> bool {
    let Ok(message) = Message::decode(bytes) else {
        return false;
    };
    let held: usize = message.options.iter().map(|(_, value)| value.len()).sum();
    assert!(held <= bytes.len());
    for list in [
        message.routers(),
        message.name_servers(),
        message.tftp_servers(),
    ] {
        assert!(list.len() * 4 <= bytes.len());
    }
    let texts = [
        message.host_name(),
        message.domain(),
        message.class(),
        message.tftp_name(),
        message.boot_file(),
    ];
    assert_short(&texts);
    let _ = (
        message.message_type(),
        message.phone(),
        message.mask(),
        message.lease(),
    );
    // What was understood is written so that it is understood alike.
    assert_eq!(Message::decode(&message.encode()), Ok(message));
    true
}

pub fn dhcp_messages() -> Vec<Vec<u8>> {
    vec![Message::discover(MAC, 1, "CP-7965G").encode()]
}

pub fn sip_message(bytes: &[u8]) -> bool {
    let source = SocketAddrV4::new(PHONE, 49_153);
    if let Ok(request) = Request::decode(bytes) {
        let request = request.received_from(source);
        let _ = (request.phone(), request.expires(), request.is_direct());
        // An answer goes to the sender and is one whole head.
        assert!(request.reply_to().is_none_or(|to| *to.ip() == PHONE));
        let reply = encode_response(&request, 503, "Unavailable", &[]);
        assert_eq!(Response::decode(&reply).map(|reply| reply.status), Ok(503));
        let ends = reply.windows(4).filter(|four| four == b"\r\n\r\n");
        assert_eq!(ends.count(), 1);
        assert!(reply.ends_with(b"\r\n\r\n"));
        return true;
    }
    let Ok(response) = Response::decode(bytes) else {
        return false;
    };
    assert!((100..700).contains(&response.status));
    let _ = (response.is_stale(), response.registered_for());
    true
}

pub fn sip_messages() -> Vec<Vec<u8>> {
    [REGISTER, RESPONSE]
        .map(|text| text.replace('\n', "\r\n").into_bytes())
        .to_vec()
}

pub fn sip_stream(bytes: &[u8]) -> bool {
    same_in_pieces(bytes, sip::Stream::feed).is_some_and(|requests| !requests.is_empty())
}

pub fn sip_streams() -> Vec<Vec<u8>> {
    let register = REGISTER.trim_end().replace('\n', "\r\n");
    let options = register.replace("REGISTER", "OPTIONS");
    vec![
        register.clone().into_bytes(),
        format!("\r\n\r\n{register}{options}\r\n").into_bytes(),
    ]
}

pub fn sccp_stream(bytes: &[u8]) -> bool {
    let Some(messages) = same_in_pieces(bytes, sccp::Stream::feed) else {
        return false;
    };
    for message in &messages {
        assert!(message.body.len() <= MAX_MESSAGE);
        if let Some(Ok(alarm)) = message.alarm()
            && let Some(alarm) = alarm.alarm
        {
            assert!(alarm.text.len() <= MAX_TEXT);
        }
    }
    !messages.is_empty()
}

pub fn sccp_streams() -> Vec<Vec<u8>> {
    let mut body = 2_u32.to_le_bytes().to_vec();
    body.extend(ALARM);
    body.resize(4 + 80, 0);
    body.extend([1, 0, 0, 0, 172, 30, 6, 12]);
    let length = u32::try_from(body.len() + 4).expect("a short message");
    let mut alarm = [length, 0, sccp::ALARM].map(u32::to_le_bytes).concat();
    alarm.extend(body);
    let keep_alive = [4_u32, 0, 0].map(u32::to_le_bytes).concat();
    vec![alarm.clone(), [keep_alive, alarm].concat()]
}

pub fn alarm(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let whole = Alarm::parse(&text, false);
    for alarm in [&whole, &Alarm::parse(&text, true)].into_iter().flatten() {
        assert!(alarm.text.len() <= MAX_TEXT);
        assert_short([&alarm.name, &alarm.last]);
    }
    whole.is_some()
}

pub fn alarms() -> Vec<Vec<u8>> {
    vec![
        ALARM.to_vec(),
        b"Name=SEP003094C4426F ActiveLoad=sip78xx.10-3-1-12 InactiveLoad=x Last=reset".to_vec(),
    ]
}

pub fn web_page(bytes: &[u8]) -> bool {
    let Ok(page) = DevicePage::decode(bytes) else {
        return false;
    };
    assert!(bytes.len() <= MAX_PAGE);
    assert_short([
        &page.host_name,
        &page.app_load,
        &page.boot_load,
        &page.version,
        &page.model_number,
        &page.serial,
        &page.hardware_revision,
    ]);
    true
}

pub fn web_pages() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("seeds/page.xml").to_vec(),
        include_bytes!("seeds/page.html").to_vec(),
    ]
}

pub fn web_reply(bytes: &[u8]) -> bool {
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut reply = ResponseDecoder::default();
        for piece in pieces {
            if reply.feed(piece).ok()? {
                break;
            }
        }
        reply.end().ok()
    };
    let body = read(&mut std::iter::once(bytes));
    assert_eq!(read(&mut pieces(bytes)), body);
    assert!(body.as_ref().is_none_or(|body| body.len() <= MAX_BODY));
    body.is_some()
}

pub fn web_replies() -> Vec<Vec<u8>> {
    let page = include_str!("seeds/page.xml");
    let length = page.len();
    vec![
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{page}"
        )
        .into_bytes(),
        format!("HTTP/1.0 200 OK\n\n{page}").into_bytes(),
    ]
}
