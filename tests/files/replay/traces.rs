//! Logs with the shape of three public records: two starts of a converted 7960, a server that changes
//! names, and the console of an 8945.

use std::fmt::Write as _;

use reflash::{
    replay::{self, ReplayFormat, Trace, TraceNote},
    track::{FileOutcome, Report, State, Transport},
};

use super::{codes, replay_log};

fn details(report: &Report) -> Vec<&str> {
    let evidence = report.phones[0].evidence.iter();
    evidence.map(|found| found.detail.as_str()).collect()
}

fn record(log: &str) -> Trace {
    let mut input = log.as_bytes();
    replay::read_from(&mut input, ReplayFormat::Log, Some(2025), None).unwrap()
}

/// A start of a 7960 with SIP, as xinetd and tftpd-hpa log it.
fn sip_start(at: &str, results: bool) -> String {
    let mac = "0002FD0000AA";
    let mut log = format!("{at}:25 pbx xinetd[939]: START: tftp pid=8213 from=192.0.2.130\n");
    for (index, (second, name, found)) in [
        ("25", &format!("CTLSEP{mac}.tlv")[..], false),
        ("25", &format!("SEP{mac}.cnf.xml"), true),
        ("25", "P0S3-8-12-00.loads", true),
        ("49", "SIPDefault.cnf", true),
        ("49", &format!("./SIP{mac}.cnf"), true),
        ("51", "RINGLIST.DAT", true),
        ("51", "dialplan.xml", true),
    ]
    .iter()
    .enumerate()
    {
        let head = format!("{at}:{second} pbx in.tftpd[{}]:", 8214 + index);
        writeln!(log, "{head} RRQ from 192.0.2.130 filename {name}").unwrap();
        let what = if *found { "finished" } else { "File not found" };
        if results {
            writeln!(log, "{head} Client 192.0.2.130 {what} {name}").unwrap();
        }
    }
    log
}

#[test]
fn two_starts_of_a_7960_with_sip_are_no_conversion_and_no_refusal() {
    for results in [true, false] {
        let log = [
            sip_start("Dec 20 03:25", results),
            sip_start("Dec 20 03:42", results),
        ];
        let report = replay_log(&log.concat());
        let [phone] = &report.phones[..] else {
            panic!("{report:#?}");
        };
        assert_eq!(phone.state, State::Already);
        assert_eq!(codes(phone), Vec::<String>::new());
        assert_eq!(phone.mac, "0002fd0000aa".parse().ok());
        let found = details(&report);
        for shown in [
            "RINGLIST.DAT: its SIP application",
            "dialplan.xml: it accepted",
        ] {
            assert!(found.iter().any(|it| it.contains(shown)), "{found:?}");
        }
    }
}

#[test]
fn the_ring_list_or_the_dial_plan_of_a_7960_shows_that_its_new_sip_application_runs() {
    let line = |second: u32, name: &str| {
        let at = format!("10:{:02}:{:02}", second / 60, second % 60);
        format!(
            "Mar  3 {at} pbx in.tftpd[{}]: RRQ from 192.0.2.9 filename {name}\n",
            900 + second
        )
    };
    let conversion = [
        line(0, "CTLSEP0002FD0000AA.tlv"),
        line(0, "SEP0002FD0000AA.cnf.xml"),
        line(1, "P0S3-8-12-00.loads"),
        line(2, "P003-8-12-00.sbn"),
        line(40, "CTLSEP0002FD0000AA.tlv"),
        line(40, "SEP0002FD0000AA.cnf.xml"),
        line(41, "P0S3-8-12-00.loads"),
        line(42, "P0S3-8-12-00.sb2"),
    ]
    .concat();
    for (name, state) in [
        ("RINGLIST.DAT", State::Flashed),
        ("dialplan.xml", State::Flashed),
        // SCCP firmware requests this one.
        ("RINGLIST.XML", State::Images),
    ] {
        let report = replay_log(&(conversion.clone() + &line(110, name)));
        assert_eq!(
            report.phones[0].state, state,
            "{name}: {:#?}",
            report.phones[0]
        );
    }
}

#[test]
fn a_name_that_the_server_changes_into_that_of_a_missing_file_is_a_note() {
    let log = |alias: &str| {
        format!(
            "RRQ from 192.0.2.125 filename P0030801SR02.loads remapped to {alias}\n\
             Client 192.0.2.125 File not found {alias}\n"
        )
    };
    let notes = |log: &str| {
        assert_eq!(codes(&replay_log(log).phones[0]), ["missing-image"]);
        let notes = record(log).notes.into_iter();
        notes
            .filter(|note| matches!(note, TraceNote::NameRewritten { .. }))
            .collect::<Vec<_>>()
    };
    let expected = TraceNote::NameRewritten {
        name: "P0030801SR02.loads".to_owned(),
        alias: "firmware/7940/P0030801SR".to_owned(),
        more: 0,
    };
    assert_eq!(notes(&log("firmware/7940/P0030801SR")), [expected]);
    // A folder before the name is no change of it.
    assert_eq!(notes(&log("firmware/7940/P0030801SR02.loads")), []);
}

#[test]
fn the_console_of_an_8945_shows_each_file_over_http_and_then_over_tftp() {
    let mac = "0002FD0000AA";
    let mut log = "Welcome to CP-8945\n***********************\n".to_owned();
    for name in [format!("CTLSEP{mac}.tlv"), format!("ITLSEP{mac}.tlv")] {
        writeln!(
            log,
            "16:04:06, 04/05/2018 : {name} updating\n\
             provision_download_file 1611: HTTP server=192.0.2.200 filename={name}\n\
             HTTP download error, try tftp download\n\
             provision_download_file 1638: TFTP server=192.0.2.200 filename={name}\n\
             Error code 1: File not found\n\
             File transfer error.\n\
             TFTP error : download {name} fail16:04:06, 04/05/2018 : TFTP error : download {name} fail"
        )
        .unwrap();
    }
    let report = replay_log(&log);
    let [phone] = &report.phones[..] else {
        panic!("{report:#?}");
    };
    assert_eq!(phone.mac, "0002fd0000aa".parse().ok());
    // The newest request of each file.
    let files = phone.files.iter();
    let files: Vec<_> = files
        .map(|file| (&file.name[..6], file.transport, file.outcome))
        .collect();
    assert_eq!(
        files,
        [
            ("CTLSEP", Transport::Tftp, FileOutcome::NotFound),
            ("ITLSEP", Transport::Tftp, FileOutcome::NotFound),
        ]
    );
    assert_eq!(record(&log).len(), 4, "each file over HTTP, then over TFTP");
    assert_eq!(codes(phone), Vec::<String>::new());
}
