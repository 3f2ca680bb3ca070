//! SIP, SCCP, and the alarms that phones send with them.

use std::net::SocketAddrV4;

use reflash::protocol::{
    Alarm, MAX_TEXT,
    sccp::{self, MAX_MESSAGE, PhoneMessage},
    sip::{self, Response, SipRequest, encode_response},
};

use super::support::{PHONE, assert_short, same_in_pieces};

pub(crate) const REGISTER: &str = include_str!("seeds/register.txt");

const RESPONSE: &str = include_str!("seeds/response.txt");

const ALARM: &[u8] = b"25: Name=SEP003094C4426F Load=SCCP45.8-5-2S Last=TFTP Timeout";

pub fn sip_message(bytes: &[u8]) -> bool {
    let source = SocketAddrV4::new(PHONE, 49_153);
    if let Ok(request) = SipRequest::decode(bytes) {
        let request = request.received_from(source);
        let _ = (request.phone(), request.expires(), request.is_direct());
        // The response goes to the sender and is one complete head.
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
    same_in_pieces(bytes, sip::SipStream::feed).is_some_and(|requests| !requests.is_empty())
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
    let Some(messages) = same_in_pieces(bytes, sccp::SccpStream::feed) else {
        return false;
    };
    for message in &messages {
        assert!(message.body.len() <= MAX_MESSAGE);
        match PhoneMessage::decode(message) {
            Ok(PhoneMessage::Register(register)) => {
                assert_short([&Some(register.name.clone())]);
                assert!(message.body.len() >= sccp::FEWEST_REGISTER_BYTES);
            }
            Ok(PhoneMessage::XmlAlarm(alarm)) => {
                assert_short([
                    &alarm.name,
                    &alarm.switch,
                    &alarm.port,
                    &alarm.last_received,
                ]);
            }
            _ => {}
        }
        let time = "2026-01-01T08:00:00Z".parse().expect("a time");
        if let Some(answer) = sccp::station::answer(message, 22, "SEP001D45AABB01", time) {
            let answers = sccp::SccpStream::default().feed(&answer);
            assert_eq!(answers.map(|answers| answers.len()), Ok(1));
        }
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
    let mut register = b"SEP001D45AABB01\0".to_vec();
    register.resize(124, 0);
    let register = sccp::encode::message(0, sccp::message_id::REGISTER, &register);
    let xml = b"<String name=\"DeviceName\">SEP001D45AABB01</String>\0";
    let xml = sccp::encode::message(0, sccp::message_id::XML_ALARM, xml);
    let line = sccp::encode::message(0, sccp::message_id::LINE_STAT_REQ, &[1, 0, 0, 0]);
    vec![
        alarm.clone(),
        [keep_alive, alarm].concat(),
        [xml, register, line].concat(),
    ]
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
