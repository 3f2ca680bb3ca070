//! What captures beside a PBX show of registered and rejected phones, and which model they are.

use std::fmt::Write as _;

use reflash::{
    replay::ReplayFormat,
    run_view::{Attention, PhoneView, RunView},
    track::{PhoneReport, State},
};

use super::{
    capture_file::{Capture, PLAIN},
    codes, replay_log, replayed,
};

const OWN: &str = "SEP001D45AABB0C.cnf.xml";

/// A REGISTER of a 7941 with SIP firmware, with credentials or without, and with the alarm that
/// names its load or without.
fn register(capture: &mut Capture, number: u32, has_credentials: bool, has_alarm: bool) {
    let credentials = if has_credentials {
        "Authorization: Digest username=\"3120\",response=\"0a0b0c\"\r\n"
    } else {
        ""
    };
    let alarm = if has_alarm {
        "Reason: SIP;cause=200;text=\"cisco-alarm:25 Name=SEP001D45AABB0C \
         ActiveLoad=SIP41.9-3-1SR2-1S InactiveLoad=SCCP41.8-5-2S Last=reset\"\r\n"
    } else {
        ""
    };
    let text = format!(
        "REGISTER sip:192.0.2.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKq{number}\r\n\
         From: <sip:3120@192.0.2.1>;tag=4\r\nTo: <sip:3120@192.0.2.1>\r\n\
         Call-ID: q@192.0.2.9\r\nCSeq: {number} REGISTER\r\n\
         User-Agent: Cisco-CP7941G/9.3.1\r\n{credentials}{alarm}\
         Contact: <sip:3120@192.0.2.9:5060>;\
         +u.sip!devicename.ccm.cisco.com=\"SEP001D45AABB0C\"\r\nExpires: 600\r\n\r\n"
    );
    capture.udp(true, 5060, 5060, text.as_bytes());
}

fn answer(capture: &mut Capture, number: u32, status: &str) {
    let text = format!(
        "SIP/2.0 {status}\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKq{number}\r\n\
         From: <sip:3120@192.0.2.1>;tag=4\r\nTo: <sip:3120@192.0.2.1>;tag=5\r\n\
         Call-ID: q@192.0.2.9\r\nCSeq: {number} REGISTER\r\n\
         Contact: <sip:3120@192.0.2.9:5060>;expires=600\r\n\r\n"
    );
    capture.udp(false, 5060, 5060, text.as_bytes());
}

/// A challenge, and the answer to the credentials.
fn attempt(capture: &mut Capture, number: u32, status: &str, has_alarm: bool) {
    register(capture, number, false, has_alarm);
    answer(capture, number, "401 Unauthorized");
    register(capture, number + 1, true, has_alarm);
    answer(capture, number + 1, status);
}

fn one(capture: &Capture) -> (PhoneReport, RunView) {
    let (report, view) = replayed(&capture.bytes, ReplayFormat::Capture, Vec::new());
    let [phone] = &report.phones[..] else {
        panic!("{report:#?}");
    };
    (phone.clone(), view)
}

#[test]
fn a_registered_phone_that_names_its_load_is_done() {
    let mut capture = Capture::new(PLAIN);
    capture.fetch(OWN, 1800, None);
    capture.fetch("dialplan.xml", 300, None);
    capture.wait(5);
    attempt(&mut capture, 1, "200 OK", true);
    let (phone, view) = one(&capture);
    assert_eq!(
        (phone.state, phone.done),
        (State::Already, true),
        "{phone:#?}"
    );
    assert_eq!(codes(&phone), [""; 0]);
    assert_eq!(phone.model.as_deref(), Some("7941"));
    assert_eq!(view.done(), 1);
    let attention: Vec<_> = view.phones().map(PhoneView::attention).collect();
    assert_eq!(attention, [Attention::Done]);
}

#[test]
fn a_registered_phone_that_does_not_name_its_load_is_up() {
    let mut capture = Capture::new(PLAIN);
    capture.fetch(OWN, 1800, None);
    capture.wait(5);
    attempt(&mut capture, 1, "200 OK", false);
    let (report, view) = replayed(&capture.bytes, ReplayFormat::Capture, Vec::new());
    let phone = &report.phones[0];
    assert!(phone.up && !phone.done, "{phone:#?}");
    assert_eq!((report.totals.up, report.totals.working), (1, 0));
    assert_eq!(reflash::run_view::totals(&report), "1 phone: 1 up");
    let attention: Vec<_> = view.phones().map(PhoneView::attention).collect();
    assert_eq!(attention, [Attention::Up]);
}

#[test]
fn a_wrong_secret_is_diagnosed_beside_the_pbx_with_and_without_an_alarm() {
    for has_alarm in [true, false] {
        let mut capture = Capture::new(PLAIN);
        for number in [1, 11] {
            attempt(&mut capture, number, "401 Unauthorized", has_alarm);
            capture.wait(60);
        }
        let (phone, _) = one(&capture);
        assert_eq!(codes(&phone), ["not-registering"], "{phone:#?}");
        assert!(phone.diagnoses[0].cure.contains("authPassword"));
        assert_eq!(phone.model.as_deref(), Some("7941"), "{phone:#?}");
        assert!(!phone.up && !phone.done, "{phone:#?}");
    }
}

#[test]
fn a_recovery_of_another_family_than_the_served_one_is_named() {
    let mut log = String::new();
    let mut line = |minute: u32, second: u32, words: &str| {
        let time = format!("07:{minute:02}:{second:02}");
        writeln!(log, "Jun  3 {time} pbx in.tftpd[7]: {words}").unwrap();
    };
    for minute in [0, 2, 4] {
        line(
            minute,
            0,
            "RRQ from 192.0.2.41 filename term41.default.loads",
        );
        line(minute, 0, "sending NAK (1, File not found) to 192.0.2.41");
    }
    for (second, name) in [
        (0, "term65.default.loads"),
        (3, "jar45sip.9-3-1ES26.sbn"),
        (10, "cnu45.9-3-1ES26.sbn"),
        (20, "apps45.9-3-1ES26.sbn"),
    ] {
        line(6, second, &format!("RRQ from 192.0.2.65 filename {name}"));
    }
    let report = replay_log(&log);
    let [wrong, right] = &report.phones[..] else {
        panic!("{report:#?}");
    };
    assert_eq!(codes(wrong), ["wrong-model-bundle"]);
    assert_eq!(wrong.model.as_deref(), Some("7941"));
    let evidence = &wrong.diagnoses[0].evidence;
    assert!(evidence.contains("is for 7945/7965"), "{evidence}");
    assert_eq!((codes(right), right.state), (vec![], State::Images));
}

#[test]
fn the_models_of_a_family_are_named_where_the_model_is_not_known() {
    let mut log = String::new();
    for (second, name) in [
        (0, OWN),
        (1, "SIP42.9-4-2SR3-1S.loads"),
        (3, "jar42sip.9-4-2ES26.sbn"),
        (9, "cnu42.9-4-2ES26.sbn"),
    ] {
        let words = format!("RRQ from 192.0.2.9 filename {name}");
        writeln!(log, "Jun  3 07:00:{second:02} pbx in.tftpd[8]: {words}").unwrap();
    }
    let report = replay_log(&log);
    let phone = &report.phones[0];
    assert_eq!(phone.model, None);
    assert_eq!(phone.family.as_deref(), Some("7942/7962"), "{phone:#?}");
}
