//! The alarm, whole and in pieces.

use reflash::{
    discovery::{Decoded, observations},
    phone::{LoadName, MacAddress},
    protocol::sccp::{MAX_MESSAGE, PhoneMessage, SccpStream, XmlAlarm, encode, message_id},
    track::{EvidenceSource, ObservationKind},
};

use super::alarm;

const TEXT: &[u8] = b"25: Name=SEP003094C4426F Load=SCCP45.8-5-2S Last=TFTP Timeout";

#[test]
fn an_alarm_in_any_pieces_is_one_alarm() {
    let other = [4_u32, 0, 1].map(u32::to_le_bytes).concat();
    let bytes = [alarm(TEXT), other].concat();
    for size in 1..=bytes.len() {
        let mut stream = SccpStream::default();
        let fed = bytes
            .chunks(size)
            .flat_map(|part| stream.feed(part).unwrap());
        let messages: Vec<_> = fed.collect();
        assert_eq!(messages.len(), 2, "{size} bytes at a time");
        assert!(messages[1].alarm().is_none());
        let message = messages[0].alarm().unwrap().unwrap();
        assert_eq!((message.severity, message.first), (2, 1));
        assert_eq!(message.second.to_le_bytes(), [172, 30, 6, 12]);
        let alarm = message.alarm.unwrap();
        assert_eq!(alarm.code, Some(25));
        assert_eq!(alarm.last.as_deref(), Some("TFTP Timeout"));
        let mac = MacAddress::from_hex("003094c4426f").unwrap();
        assert_eq!(
            observations(&Decoded::Sccp(&alarm)),
            [
                ObservationKind::MacReported {
                    mac,
                    source: EvidenceSource::Sccp,
                    sender: None,
                },
                ObservationKind::Load {
                    load: LoadName::new("SCCP45.8-5-2S"),
                    source: EvidenceSource::Sccp,
                    detail: String::from_utf8(TEXT.to_vec()).unwrap(),
                },
            ]
        );
    }
}

#[test]
fn a_text_that_fills_its_field_may_continue() {
    let mut text = b"25: Name=SEP003094C4426F Load=".to_vec();
    text.resize(80, b'9');
    text[30..34].copy_from_slice(b"SCCP");
    let messages = SccpStream::default().feed(&alarm(&text)).unwrap();
    let alarm = messages[0].alarm().unwrap().unwrap().alarm.unwrap();
    assert!(alarm.mac.is_some());
    assert_eq!(alarm.load, None);
}

#[test]
fn a_stream_that_is_not_sccp_fails_permanently() {
    for bytes in [
        &b"GET / HTTP/1.1\r\n"[..],
        &[3, 0, 0, 0, 0, 0, 0, 0],
        &u32::try_from(MAX_MESSAGE + 1)
            .unwrap()
            .to_le_bytes()
            .map(|b| [b, 0])
            .concat(),
    ] {
        let mut stream = SccpStream::default();
        let fault = stream.feed(bytes).unwrap_err();
        assert_eq!(stream.feed(&alarm(TEXT)), Err(fault), "{bytes:?}");
    }
    let mut short = alarm(TEXT);
    short.truncate(60);
    short[0] = 52;
    let messages = SccpStream::default().feed(&short).unwrap();
    assert!(
        messages[0].alarm().unwrap().is_err(),
        "an alarm of 52 bytes"
    );
}

/// A message with this id and body.
fn message(id: u32, body: &[u8]) -> Vec<u8> {
    encode::message(0, id, body)
}

#[test]
fn a_register_names_the_phone_its_model_and_its_load() {
    let mut body = b"SEP001D45AABB01\0".to_vec();
    body.resize(124, 0);
    body[24..28].copy_from_slice(&436_u32.to_le_bytes());
    body[36] = 1;
    body[92..105].copy_from_slice(b"SCCP45.8-5-2S");
    let stream = SccpStream::default().feed(&message(message_id::REGISTER, &body));
    let message = PhoneMessage::decode(&stream.unwrap()[0]).unwrap();
    let PhoneMessage::Register(register) = message else {
        panic!("{message:?}");
    };
    assert!(register.is_in_call());
    let mac = MacAddress::from_hex("001d45aabb01").unwrap();
    let source = EvidenceSource::Sccp;
    assert_eq!(
        observations(&Decoded::SccpRegister(&register)),
        [
            ObservationKind::MacReported {
                mac,
                source,
                sender: None,
            },
            ObservationKind::Model {
                model: "7965".to_owned(),
                source,
            },
            ObservationKind::Load {
                load: LoadName::new("SCCP45.8-5-2S"),
                source,
                detail: "registers by SCCP as SEP001D45AABB01".to_owned(),
            },
        ]
    );
}

#[test]
fn an_alarm_22_shows_a_reset_by_the_call_manager_in_both_forms() {
    let reset = ObservationKind::Alarm {
        reason: 22,
        source: EvidenceSource::Sccp,
    };
    let text = b"22: Name=SEP003094C4426F Load=SCCP45.8-5-2S Last=Reset-Reset";
    let messages = SccpStream::default().feed(&alarm(text)).unwrap();
    let alarm = messages[0].alarm().unwrap().unwrap().alarm.unwrap();
    assert!(observations(&Decoded::Sccp(&alarm)).contains(&reset));
    let xml = "<String name=\"DeviceName\">SEP003094C4426F</String>\
               <String name=\"NeighborDeviceID\">switch</String>\
               <Enum name=\"ReasonForOutOfService\">22</Enum>";
    let kinds = observations(&Decoded::SccpXml(&XmlAlarm::decode(xml.as_bytes())));
    assert!(kinds.contains(&reset));
    assert!(
        matches!(&kinds[..], [.., ObservationKind::SwitchPort { uplink, .. }]
        if uplink.switch.as_deref() == Some("switch"))
    );
}
