//! What tshark makes of the frames of the call manager.

use std::{fs, process::Command};

use reflash::protocol::sccp::{SccpMessage, encode, message_id, station};

use crate::support::require_program;

/// The answer to a request of a registration.
fn answer(id: u32) -> Vec<u8> {
    let request = SccpMessage {
        version: 17,
        id,
        body: vec![1, 0, 0, 0],
    };
    let time = "2026-01-01T08:00:00Z".parse().unwrap();
    station::answer(&request, 17, "SEP001D45AABB01", time).unwrap()
}

/// A capture (raw IPv4) of one TCP stream from port 2000, one segment for each frame.
fn capture(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101]
        .map(u32::to_le_bytes)
        .concat();
    let mut sequence = 1_u32;
    for frame in frames {
        let length = u16::try_from(40 + frame.len()).unwrap();
        let mut packet = vec![0x45, 0];
        packet.extend(length.to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 7]);
        packet.extend([2000_u16, 49_152].map(u16::to_be_bytes).concat());
        packet.extend(sequence.to_be_bytes());
        packet.extend([0, 0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
        packet.extend(frame);
        sequence += u32::try_from(frame.len()).unwrap();
        let size = u32::from(length);
        file.extend([0, 0, size, size].map(u32::to_le_bytes).concat());
        file.extend(packet);
    }
    file
}

#[test]
#[ignore = "needs tshark"]
fn tshark_decodes_every_frame_as_what_it_is_meant_to_be() {
    let frames = [
        (encode::register_ack(17), "RegisterAck"),
        (encode::capabilities_request(17), "CapabilitiesReq"),
        (encode::reset(17), "Reset"),
        (encode::keep_alive_ack(), "KeepAliveAck"),
        (encode::unregister_ack(), "UnregisterAck"),
        (encode::token_reject(), "RegisterTokenReject"),
        (answer(message_id::BUTTON_TEMPLATE_REQ), "ButtonTemplate"),
        (
            answer(message_id::SOFT_KEY_TEMPLATE_REQ),
            "SoftKeyTemplateRes",
        ),
        (answer(message_id::SOFT_KEY_SET_REQ), "SoftKeySetRes"),
        (answer(message_id::CONFIG_STAT_REQ), "ConfigStat"),
        (answer(message_id::LINE_STAT_REQ), "LineStat"),
        (answer(message_id::FORWARD_STAT_REQ), "ForwardStat"),
        (answer(message_id::TIME_DATE_REQ), "TimeDateRes"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frames.pcap");
    let bytes: Vec<Vec<u8>> = frames.iter().map(|(frame, _)| frame.clone()).collect();
    fs::write(&path, capture(&bytes)).unwrap();
    let output = Command::new(require_program("tshark"))
        .args(["-d", "tcp.port==2000,skinny", "-r"])
        .arg(&path)
        .args(["-T", "fields", "-e", "_ws.col.Info", "-e", "_ws.malformed"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), frames.len(), "{text}");
    for (line, (_, name)) in lines.iter().zip(&frames) {
        let (info, malformed) = line.split_once('\t').unwrap();
        assert!(info.contains(name), "{name}: {line}\n{text}");
        assert!(
            malformed.is_empty() && !info.contains("Malformed"),
            "{name}: {line}"
        );
    }
}
