//! Whatever the bytes are: a value or an error, bounded texts, and nothing that was not there.

use proptest::{collection::vec, prelude::*};
use reflash::{
    discovery::Observer,
    protocol::{
        Alarm, MAX_TEXT,
        cdp::Cdp,
        device_mac,
        dhcp::{DhcpMessage, phone_class},
        frame::{EthernetFrame, Payload},
        link::LinkType,
        lldp::Lldp,
        load_name, sccp,
        sip::{self, SipRequest, encode_response},
        web::DevicePage,
    },
};

use super::{
    MAC, REGISTER, alarm, cdp, cdp_7942, cdp_tlv, ethernet, ipv4, lldp_tlv, media, snap, tcp, udp,
};

/// Bytes, or a good beginning that was spoilt somewhere.
fn spoilt(good: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changes = vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    let damaged = (
        prop::sample::select(good),
        changes,
        any::<prop::sample::Index>(),
    )
        .prop_map(|(mut bytes, changes, end)| {
            for (at, value) in changes {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            bytes.truncate(end.index(bytes.len() + 1));
            bytes
        });
    prop_oneof![vec(any::<u8>(), 0..700), damaged]
}

fn frames() -> Vec<Vec<u8>> {
    let datagram = |port, bytes: &[u8]| ethernet(MAC, 0x0800, &ipv4(17, 0, &udp(68, port, bytes)));
    let segment = |port, bytes: &[u8]| ethernet(MAC, 0x0800, &ipv4(6, 0, &tcp(68, port, bytes)));
    let sent = ipv4(17, 0, &udp(1, 2, b"x"));
    let closed = [&[3, 3, 0, 0, 0, 0, 0, 0], &sent[..]].concat();
    let discover = DhcpMessage::discover(MAC, 1, "CP-7965G").encode();
    vec![
        snap(
            MAC,
            [0, 0, 0x0c, 0x20, 0],
            &cdp(&cdp_7942(b"SCCP42.8-4-2S")),
        ),
        ethernet(MAC, 0x88cc, &lldp_tlv(5, b"SEP0021D8BA0965")),
        datagram(67, &discover),
        datagram(5060, REGISTER.as_bytes()),
        segment(5060, REGISTER.as_bytes()),
        ethernet(MAC, 0x0800, &ipv4(1, 0, &closed)),
        segment(2000, &alarm(b"25: Name=SEP0021D8BA0965 Load=x Last=y")),
    ]
}

proptest! {
    #[test]
    fn decoded_payloads_are_part_of_the_frame(bytes in spoilt(frames())) {
        if let Ok(frame) = EthernetFrame::decode(&bytes) {
            let inside = match &frame.payload {
                Payload::Cdp(part) | Payload::Lldp(part) => part,
                Payload::Ipv4Udp { payload, .. } | Payload::Ipv4Tcp { payload, .. } => *payload,
                _ => &[],
            };
            // Consumed no more than there is: the payload lies inside of the frame.
            prop_assert!(inside.len() + 14 <= bytes.len());
            let range = bytes.as_ptr_range();
            prop_assert!(inside.is_empty() || range.contains(&inside.as_ptr()));
            if let Ok(observations) = Observer::default().observe(&frame) {
                prop_assert!(observations.len() <= 2 * bytes.len());
            }
        }
    }

    #[test]
    fn packets_of_any_link_layer_never_panic(
        bytes in spoilt(frames()),
        head in vec(any::<u8>(), 0..20),
        number in prop::sample::select(vec![1_u16, 101, 113, 228, 276]),
    ) {
        // Also as if the frame's inside stood behind another head.
        let inside = bytes.get(14..).unwrap_or_default();
        for bytes in [&bytes[..], &[&head, inside].concat()] {
            if let Ok(sent) = LinkType::of(number).unwrap().read(bytes)
                && let Ok(observations) = Observer::default().observe_payload(sent.source, &sent.payload)
            {
                prop_assert!(observations.len() <= 2 * bytes.len());
            }
        }
    }

    #[test]
    fn announcements(kinds in vec((0_u16..0x20, vec(any::<u8>(), 0..300)), 0..20)) {
        let tlvs: Vec<_> = kinds.iter().map(|(kind, value)| cdp_tlv(*kind, value)).collect();
        if let Ok(cdp) = Cdp::decode(&cdp(&tlvs)) {
            for text in [cdp.device, cdp.version, cdp.platform, cdp.port].into_iter().flatten() {
                prop_assert!(text.len() <= MAX_TEXT);
            }
        }
        let tlvs = kinds.iter().map(|(kind, value)| match kind {
            0..10 => lldp_tlv(*kind, value),
            _ => media(u8::try_from(*kind - 10).unwrap(), value),
        });
        if let Ok(lldp) = Lldp::decode(&tlvs.collect::<Vec<_>>().concat()) {
            for text in [lldp.system_name, lldp.system_description, lldp.inventory.serial, lldp.port] {
                prop_assert!(text.is_none_or(|text| text.len() <= MAX_TEXT));
            }
        }
    }

    #[test]
    fn random_announcements_never_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _ = (Cdp::decode(&bytes), Lldp::decode(&bytes));
        // Behind a checksum that is right.
        let _ = Cdp::decode(&cdp(&[bytes]));
    }

    #[test]
    fn dhcp(bytes in spoilt(vec![DhcpMessage::discover(MAC, 1, "CP-7965G").encode()])) {
        if let Ok(message) = DhcpMessage::decode(&bytes) {
            let held: usize = message.options.iter().map(|(_, value)| value.len()).sum();
            prop_assert!(held <= bytes.len());
            // What was understood is written so that it is understood alike.
            prop_assert_eq!(DhcpMessage::decode(&message.encode()), Ok(message));
        }
        let _ = phone_class(&bytes);
    }

    #[test]
    fn requests(bytes in spoilt(vec![REGISTER.as_bytes().to_vec()]), size in 1_usize..200) {
        if let Ok(request) = SipRequest::decode(&bytes) {
            let _ = (request.phone(), request.expires());
            let reply = encode_response(&request, 200, "OK", &[]);
            prop_assert!(reply.ends_with(b"\r\n\r\n"));
        }
        let mut stream = sip::SipStream::default();
        let mut alarms = sccp::SccpStream::default();
        for part in bytes.chunks(size) {
            let _ = (stream.feed(part), alarms.feed(part));
        }
    }

    #[test]
    fn texts(text in ".{0,400}", is_cut in any::<bool>()) {
        if let Some(alarm) = Alarm::parse(&text, is_cut) {
            prop_assert!(alarm.text.len() <= MAX_TEXT);
        }
        let _ = (device_mac(&text), load_name(&text), DevicePage::decode(text.as_bytes()));
        let page = format!("<DeviceInformation><versionID>{text}</versionID></DeviceInformation>");
        let _ = DevicePage::decode(page.as_bytes());
    }

    #[test]
    fn alarms(body in vec(any::<u8>(), 0..120)) {
        let mut bytes = u32::try_from(body.len() + 4).unwrap().to_le_bytes().to_vec();
        bytes.extend([0, 0, 0, 0, 0x20, 0, 0, 0]);
        bytes.extend(&body);
        let messages = sccp::SccpStream::default().feed(&bytes).unwrap();
        prop_assert_eq!(messages.len(), 1);
        prop_assert_eq!(&messages[0].body, &body);
        let alarm = messages[0].alarm().unwrap();
        prop_assert_eq!(alarm.is_ok(), body.len() >= 92);
    }
}

#[test]
fn frames_cut_at_every_byte_never_panic() {
    for frame in frames() {
        for end in 0..frame.len() {
            if let Ok(frame) = EthernetFrame::decode(&frame[..end]) {
                let _ = Observer::default().observe(&frame);
            }
        }
    }
}
