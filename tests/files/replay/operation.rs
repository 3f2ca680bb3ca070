//! Logs of phones in normal operation, and of phones whose answers do not arrive.

use std::fmt::Write as _;

use reflash::track::{PhoneReport, State};

use super::{codes, replay_log};

const OWN: &str = "SEP001D45AABB1C.cnf.xml";
const CTL: &str = "CTLSEP001D45AABB1C.tlv";

/// What a server logs of one request.
#[derive(Clone, Copy)]
enum Logged {
    Finished,
    NotFound,
    TimedOut,
}

use Logged::{Finished, NotFound, TimedOut};

/// A log of tftpd-hpa with these requests, each at this second.
fn log(lines: &[(u32, &str, Logged)]) -> String {
    let mut log = String::new();
    for (number, (at, file, logged)) in lines.iter().enumerate() {
        let process = format!("gate in.tftpd[{}]", 400 + number);
        let time = |at: u32| {
            let (day, hour) = (11 + at / 86_400, at / 3600 % 24);
            format!("May {day} {hour:02}:{:02}:{:02}", at / 60 % 60, at % 60)
        };
        let began = time(*at);
        writeln!(
            log,
            "{began} {process}: RRQ from 192.0.2.71 filename {file}"
        )
        .unwrap();
        let (ended, what) = match logged {
            Finished => (*at, format!("finished {file}")),
            NotFound => (*at, format!("File not found {file}")),
            TimedOut => (at + 45, "timed out".to_owned()),
        };
        writeln!(log, "{} {process}: Client 192.0.2.71 {what}", time(ended)).unwrap();
    }
    log
}

fn phone(lines: &[(u32, &str, Logged)]) -> PhoneReport {
    let report = replay_log(&log(lines));
    let [phone] = &report.phones[..] else {
        panic!("{report:#?}");
    };
    phone.clone()
}

#[test]
fn images_that_time_out_again_and_again_show_lost_packets_and_no_loss_of_power() {
    let image = "jar45sip.9-9-9ES3.sbn";
    let term = "term45.default.loads";
    let boot = |at| [(at, term, Finished), (at + 3, image, TimedOut)];
    let twice = [boot(0), boot(150)].concat();
    assert_eq!(
        codes(&phone(&twice)),
        [""; 0],
        "two time-outs have two causes"
    );
    let phone = phone(&[boot(0), boot(150), boot(300)].concat());
    assert_eq!(codes(&phone), ["transfer-broken"], "{phone:#?}");
    let cure = &phone.diagnoses[0].cure;
    assert!(cure.contains("looks the same in a log"), "{cure}");
}

#[test]
fn a_phone_that_looks_for_a_new_configuration_at_times_is_up() {
    for apart in [200, 300, 3600] {
        let polls: Vec<_> = (0..4).map(|count| (count * apart, OWN, Finished)).collect();
        let phone = phone(&polls);
        assert!(phone.up, "every {apart} s: {phone:#?}");
        assert_eq!(codes(&phone), [""; 0], "{phone:#?}");
    }
    for apart in [33, 90] {
        let starts: Vec<_> = (0..6).map(|count| (count * apart, OWN, Finished)).collect();
        assert!(!phone(&starts).up, "every {apart} s: it may start over");
    }
}

#[test]
fn a_phone_that_reads_its_manifest_in_boots_of_different_days_is_up() {
    for (manifest, image) in [
        ("P00308010200.loads", None),
        ("SIP69xx.9-9-1-3SR3.loads", Some("DSP69xx.9-9-1-0.zz.sgn")),
    ] {
        let boot = |day: u32| {
            let at = day * 86_400;
            let mut boot = vec![
                (at, CTL, NotFound),
                (at + 1, OWN, Finished),
                (at + 2, manifest, Finished),
            ];
            boot.extend(image.map(|image| (at + 5, image, NotFound)));
            boot
        };
        let once = phone(&boot(0));
        assert!(!once.up, "{manifest}: one boot shows too little: {once:#?}");
        let phone = phone(&[boot(0), boot(1), boot(2)].concat());
        assert!(phone.up, "{manifest}: {phone:#?}");
    }
}

#[test]
fn a_phone_that_boots_again_within_minutes_with_its_manifest_is_not_up() {
    let boot = |at: u32| {
        [
            (at, CTL, NotFound),
            (at + 1, OWN, Finished),
            (at + 2, "P00308010200.loads", Finished),
        ]
    };
    assert!(!phone(&[boot(0), boot(240)].concat()).up);
}

#[test]
fn a_phone_that_is_restarted_by_hand_and_takes_its_locale_is_up() {
    let boot = |at: u32| {
        [
            (at, CTL, NotFound),
            (at + 1, OWN, Finished),
            (at + 3, "Dutch_Netherlands/mk-sip.jar", NotFound),
        ]
    };
    let phone = phone(
        &(0..5)
            .flat_map(|count| boot(count * 240))
            .collect::<Vec<_>>(),
    );
    assert!(phone.up, "{phone:#?}");
    assert_eq!(codes(&phone), [""; 0], "{phone:#?}");
}

#[test]
fn a_recovered_phone_that_reads_the_manifest_of_its_configuration_keeps_its_images() {
    let mut lines = vec![(0, "term06.default.loads", Finished)];
    for (number, file) in ["jar11sip", "cnu11", "apps11", "dsp11", "cvm11sip"]
        .iter()
        .enumerate()
    {
        let at = 3 + 10 * u32::try_from(number).unwrap();
        let name: &'static str = Box::leak(format!("{file}.9-9-9ES3.sbn").into_boxed_str());
        lines.push((at, name, Finished));
    }
    lines.extend([
        (190, CTL, NotFound),
        (191, OWN, Finished),
        (194, "SIP11.9-9-9SR1-1S.loads", Finished),
    ]);
    let before = phone(&lines);
    assert_eq!(before.state, State::Manifest, "{before:#?}");
    lines.push((197, "mk-sip.jar", NotFound));
    let after = phone(&lines);
    assert_eq!(after.state, State::Confirmed, "{after:#?}");
    assert!(after.done, "{after:#?}");
}
