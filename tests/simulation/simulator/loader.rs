//! What the loader of a 7940 and 7960 does with answers that servers give.

use reflash::{
    phone::{Family, LoadName},
    simulator::StartState,
};

use super::{HOUR, bundle, lan::Lan, phone, responder::Responder, staged};

const OLD: &str = "P0S3-07-5-00";
const SEARCH: [&str; 4] = [
    "CTLSEP001D45AABB0C.tlv",
    "SEP001D45AABB0C.cnf.xml",
    "SIP001D45AABB0C.cnf",
    "MGC001D45AABB0C.cnf",
];

/// A 7960 against its bundle, with ERRORs of this code for other names.
fn play(code: u8, files: Vec<(String, Vec<u8>)>) -> Lan {
    let mut responder = Responder::new(files);
    responder.code = code;
    let start = StartState::Application(LoadName::new(OLD));
    let mut lan = Lan::new(phone("7960", start, &[]), responder);
    assert!(lan.play(HOUR));
    lan
}

fn files() -> Vec<(String, Vec<u8>)> {
    staged(Family::P3, &bundle(Family::P3))
}

fn load(lan: &Lan) -> String {
    lan.phone.contents().load.unwrap().to_string()
}

#[test]
fn an_error_of_code_1_leads_the_search_to_the_default_file() {
    for code in [0, 1, 2, 4] {
        let lan = play(code, files());
        assert_eq!(lan.server.names()[..4], SEARCH, "{code}");
        assert_eq!(load(&lan), "P0S3-8-12-00", "{code}");
    }
}

#[test]
fn an_error_of_code_3_8_or_9_ends_the_search_before_the_default_file() {
    for (code, requests) in [(3, 1), (9, 1), (8, 2)] {
        let lan = play(code, files());
        let names = lan.server.names();
        assert_eq!(names[..requests], SEARCH[..requests], "{code}");
        assert!(!names.contains(&"XMLDefault.cnf.xml"), "{code}: {names:?}");
        assert_eq!(load(&lan), OLD, "{code}");
    }
}

#[test]
fn a_file_of_its_own_without_a_load_ends_the_search_too() {
    let mut files = files();
    files.push((SEARCH[1].to_owned(), b"<device></device>".to_vec()));
    let lan = play(1, files);
    assert_eq!(lan.server.names()[..2], SEARCH[..2]);
    assert!(!lan.server.names().contains(&"XMLDefault.cnf.xml"));
    assert_eq!(load(&lan), OLD);
}

#[test]
fn an_image_of_the_loader_without_a_signature_is_refused() {
    let mut files = files();
    for (name, bytes) in &mut files {
        if name == "P003-8-12-00.sbn" {
            let header = usize::from(u16::from_be_bytes([bytes[8], bytes[9]]));
            bytes.drain(..header);
        }
    }
    let lan = play(1, files);
    assert_eq!(load(&lan), OLD);
}
