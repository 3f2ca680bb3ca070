//! Logs of other servers, as tables: what stands in them and what must come out.

use std::fmt::Write as _;

use proptest::prelude::*;
use reflash::{
    replay::ReplayFormat,
    track::{FileOutcome, State},
};

use super::{codes, replay_log, replayed};

const FIVE: [&str; 5] = [
    "jar61sip.9-4-2ES26.sbn",
    "cnu61.9-4-2ES26.sbn",
    "apps61.9-4-2ES26.sbn",
    "dsp61.9-4-2ES26.sbn",
    "cvm61sip.9-4-2ES26.sbn",
];

/// A log of in.tftpd from 10:00:00 on: seconds and messages.
fn log(lines: &[(u32, &str)]) -> String {
    let mut text = String::new();
    for (process, (at, message)) in lines.iter().enumerate() {
        let (hour, minute, second) = (10 + at / 3600, at / 60 % 60, at % 60);
        writeln!(
            text,
            "Mar 28 {hour:02}:{minute:02}:{second:02} pbx in.tftpd[{}]: {message}",
            2000 + process
        )
        .unwrap();
    }
    text
}

fn asked(name: &str) -> String {
    format!("RRQ from ::ffff:192.0.2.9 filename {name} remapped to fw/{name}")
}

/// A recovery, with an application's start so many seconds after its last image.
fn recovery(start: u32, finished: bool) -> String {
    let mut lines = Vec::new();
    let mut at = 0;
    for name in std::iter::once("term61.default.loads").chain(FIVE) {
        lines.push((at, asked(name)));
        if finished {
            lines.push((at + 1, format!("Client ::ffff:192.0.2.9 finished {name}")));
        }
        at += 8;
    }
    let at = at - 8 + start;
    for name in ["CTLSEP001D45AABB0C.tlv", "SEP001D45AABB0C.cnf.xml"] {
        lines.push((at, asked(name)));
        if finished {
            let message = format!("Client ::ffff:192.0.2.9 File not found fw/{name}");
            lines.push((at, message));
        }
    }
    let lines: Vec<(u32, &str)> = lines
        .iter()
        .map(|(at, message)| (*at, message.as_str()))
        .collect();
    log(&lines)
}

#[test]
fn a_recovery_with_results_is_flashed_by_delivered_files() {
    let report = replay_log(&recovery(90, true));
    let [phone] = &report.phones[..] else {
        panic!("{report:#?}");
    };
    assert_eq!(phone.state, State::Flashed);
    assert_eq!(phone.mac.unwrap().to_string(), "001d45aabb0c");
    assert_eq!(phone.model.as_deref(), Some("7961"));
    assert!(
        phone.evidence[0]
            .detail
            .starts_with("pass 1: 5 images delivered, none missing")
    );
    assert!(phone.files[1].outcome == FileOutcome::Delivered && phone.files[1].size.is_none());
    assert_eq!(phone.files[6].outcome, FileOutcome::NotFound);
}

#[test]
fn a_recovery_from_requests_alone_is_flashed_and_marked_as_inferred() {
    let report = replay_log(&recovery(90, false));
    let phone = &report.phones[0];
    assert_eq!(phone.state, State::Flashed);
    let evidence = &phone.evidence[0].detail;
    assert!(
        evidence.starts_with("inferred from requests alone"),
        "{evidence}"
    );
    assert!(
        phone
            .files
            .iter()
            .all(|file| file.outcome == FileOutcome::Asked)
    );
}

#[test]
fn an_application_that_starts_too_early_for_the_last_image_proves_nothing() {
    let report = replay_log(&recovery(5, false));
    assert_eq!(report.phones[0].state, State::Configuring);
}

#[test]
fn a_log_without_one_of_its_lines_shows_no_flashed_phone() {
    let whole = recovery(90, false);
    let lines: Vec<&str> = whole.lines().collect();
    for left_out in 1..6 {
        let part: Vec<&str> = lines
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != left_out)
            .map(|(_, line)| *line)
            .collect();
        let report = replay_log(&part.join("\n"));
        assert_ne!(
            report.phones[0].state,
            State::Flashed,
            "without line {left_out}"
        );
    }
}

#[test]
fn an_image_without_a_response_is_not_delivered() {
    // Five tries from one port, 4 s apart, and then the application.
    let mut lines: Vec<(u32, String)> = Vec::new();
    let mut at = 0;
    for name in std::iter::once("term61.default.loads").chain(FIVE) {
        lines.push((at, asked(name)));
        at += 8;
    }
    for try_ in 0..4 {
        lines.push((at - 4 + 4 * try_, asked(FIVE[4])));
    }
    lines.push((at + 90, asked("CTLSEP001D45AABB0C.tlv")));
    let lines: Vec<(u32, &str)> = lines
        .iter()
        .map(|(at, message)| (*at, message.as_str()))
        .collect();
    let report = replay_log(&log(&lines));
    let phone = &report.phones[0];
    assert_eq!(phone.state, State::Configuring);
    let last = phone.files.iter().filter(|file| file.name == FIVE[4]);
    let outcomes: Vec<_> = last.map(|file| file.outcome).collect();
    assert_eq!(
        outcomes,
        [FileOutcome::Vanished],
        "one row for all repetitions"
    );
}

#[test]
fn a_manifest_requested_at_every_boot_may_be_refused() {
    let lines = [0, 1, 148, 148, 241, 242]
        .map(|at| (at, "RRQ from 192.0.2.9 filename term06.default.loads"));
    let report = replay_log(&log(&lines));
    let phone = &report.phones[0];
    assert_eq!(phone.state, State::Manifest);
    assert_eq!(codes(phone), ["manifest-refused"]);
    let evidence = &phone.diagnoses[0].evidence;
    assert!(
        evidence.contains("requested") && !evidence.contains("all of"),
        "{evidence}"
    );
}

#[test]
fn a_refused_image_is_missing_and_the_next_one_is_aborted() {
    let text = "\
Apr 13 10:25:10 pbx in.tftpd[1]: RRQ from 192.0.2.9 filename term11.default.loads
Apr 13 10:25:10 pbx in.tftpd[2]: RRQ from 192.0.2.9 filename Jar11sip.8-2-2ES4.sbn
Apr 13 10:25:10 pbx in.tftpd[2]: sending NAK (1, File not found) to 192.0.2.9
Apr 13 10:25:10 pbx in.tftpd[3]: RRQ from 192.0.2.9 filename cnu11.8-2-2ES4.sbn
Apr 13 10:25:11 pbx in.tftpd[3]: tftpd: read(ack): Connection refused
";
    let report = replay_log(text);
    let phone = &report.phones[0];
    assert_eq!(codes(phone), ["missing-image"]);
    let outcomes: Vec<_> = phone.files.iter().map(|file| file.outcome).collect();
    let expected = [
        FileOutcome::Asked,
        FileOutcome::NotFound,
        FileOutcome::Aborted,
    ];
    assert_eq!(outcomes, expected);
}

#[test]
fn dnsmasq_logs_files_when_they_end() {
    let mut text = String::new();
    let mut at = 0;
    let mut line = |message: String| {
        at += 9;
        writeln!(
            text,
            "Jul  4 10:{:02}:{:02} gw dnsmasq-tftp[77]: {message}",
            at / 60,
            at % 60
        )
        .unwrap();
    };
    line("sent /srv/tftp/term61.default.loads to 192.0.2.9".to_owned());
    line("error 0 no room received from 192.0.2.9".to_owned());
    line(format!("failed sending /srv/tftp/{} to 192.0.2.9", FIVE[0]));
    for name in FIVE {
        line(format!("sent /srv/tftp/{name} to 192.0.2.9"));
    }
    for _ in 0..5 {
        line("file /srv/tftp/CTLSEP001D45AABB0C.tlv not found for 192.0.2.9".to_owned());
    }
    line("sent /srv/tftp/SEP001D45AABB0C.cnf.xml to 192.0.2.9".to_owned());
    line("sent /srv/tftp/pxe/pxelinux.0 to 192.0.2.77".to_owned());
    let report = replay_log(&text);
    let [phone] = &report.phones[..] else {
        panic!("{report:#?}");
    };
    assert_eq!(phone.state, State::Flashed, "{phone:#?}");
    assert_eq!(phone.files[1].outcome, FileOutcome::Aborted);
    assert_eq!(report.others.len(), 1);
}

#[test]
fn times_with_zones_and_lines_without_a_time_are_read() {
    let text = "\
2026-03-01T00:00:00.25+01:00 h in.tftpd[1]: RRQ from 192.0.2.9 filename CTLSEP001D45AABB0C.tlv
RRQ from 192.0.2.9 filename SEP001D45AABB0C.cnf.xml remapped to settings/x
Client 192.0.2.9 File not found settings/x
2026-03-01T00:01:00+01:00 h in.tftpd[2]: RRQ from 192.0.2.9 filename XMLDefault.cnf.xml
";
    let report = replay_log(text);
    let phone = &report.phones[0];
    assert_eq!(phone.first_seen.to_string(), "2026-02-28T23:00:00.25Z");
    assert_eq!(phone.files[1].outcome, FileOutcome::NotFound);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_replayed(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        for format in [ReplayFormat::Log, ReplayFormat::Capture] {
            replayed(&bytes, format, Vec::new());
        }
    }

    #[test]
    fn random_server_messages_are_replayed(lines in prop::collection::vec(
        (0u32..90_000, prop_oneof![
            "RRQ from (192.0.2.[1-4]|::1|x) filename (term(06|65).default.loads|(jar|cnu|cvm)45.sbn|CTLSEP001D45AABB0[1-3].tlv|P0S3-8-12-00.loads|P003-8-12-00.sbn|P0S3-8-12-00.sb2|SIPDefault.cnf|MGC001D45AABB01.cnf)( remapped to a)?",
            "Client 192.0.2.[1-4] (finished|File not found|timed out)( a| jar45.sbn)?",
            "sending NAK .{0,12} to 192.0.2.[1-4]",
            "tftpd: (read|write)(\\(ack\\))?: Connection refused",
            ".{0,40}",
        ]), 0..60))
    {
        let lines: Vec<(u32, &str)> = lines.iter().map(|(at, message)| (*at, message.as_str())).collect();
        replay_log(&log(&lines));
    }
}

#[test]
fn a_phone_that_may_be_writing_is_not_stalled() {
    let report = replay_log(&recovery(400, false));
    let phone = &report.phones[0];
    assert_eq!(phone.state, State::Flashed);
    assert!(phone.withdrawn.is_empty(), "{:?}", phone.withdrawn);
}
