//! The servers and the wrappers whose lines are read: each shows the same phone.
//! Long because: one table holds the lines of every server.

use std::fmt::Write as _;

use proptest::prelude::*;
use reflash::{
    replay::ReplayFormat,
    track::{FileOutcome, PhoneReport, Report, State},
};

use super::{codes, replay_log, replayed};

/// Files of one boot, and whether the server has them.
const BOOT: [(&str, bool); 4] = [
    ("CTLSEP001D45AABB0C.tlv", false),
    ("SEP001D45AABB0C.cnf.xml", true),
    ("mk-sip.jar", false),
    ("g3-tones.xml", true),
];

fn one(report: &Report) -> &PhoneReport {
    match &report.phones[..] {
        [phone] => phone,
        _ => panic!("{report:#?}"),
    }
}

fn outcomes(log: &str) -> Vec<FileOutcome> {
    let report = replay_log(log);
    let phone = one(&report);
    let names: Vec<&str> = phone.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, BOOT.map(|(name, _)| name), "{log}");
    assert_eq!(phone.mac, "001d45aabb0c".parse().ok(), "{log}");
    assert_eq!(phone.address.to_string(), "192.0.2.9", "{log}");
    phone.files.iter().map(|file| file.outcome).collect()
}

/// The boot as a server logs it: `found` and `missing` are the lines of a file, with `NAME`, `AT`
/// (seconds, two digits) and `PID`.
fn boot(found: &str, missing: &str) -> String {
    let mut log = String::new();
    for (at, (name, is_found)) in BOOT.iter().enumerate() {
        let lines = if *is_found { found } else { missing };
        let lines = lines
            .replace("NAME", name)
            .replace("AT", &format!("{:02}", 3 * at))
            .replace("PID", &(2000 + 2 * at).to_string())
            .replace("KID", &(2001 + 2 * at).to_string());
        writeln!(log, "{lines}").unwrap();
    }
    log
}

#[test]
fn each_server_shows_the_files_of_a_boot() {
    use FileOutcome::{Asked, Delivered, NotFound};
    let delivered = [NotFound, Delivered, NotFound, Delivered];
    let asked = [NotFound, Asked, NotFound, Asked];
    let requests = [Asked; 4];
    let cases: [(&str, &str, &str, [FileOutcome; 4]); 12] = [
        (
            "tftpd-hpa",
            "Mar  8 10:00:AT h in.tftpd[PID]: RRQ from 192.0.2.9 filename NAME\n\
             Mar  8 10:00:AT h in.tftpd[PID]: Client 192.0.2.9 finished NAME",
            "Mar  8 10:00:AT h in.tftpd[PID]: RRQ from 192.0.2.9 filename NAME\n\
             Mar  8 10:00:AT h in.tftpd[PID]: sending NAK (1, File not found) to 192.0.2.9",
            delivered,
        ),
        (
            "dnsmasq",
            "Mar  8 10:00:AT h dnsmasq-tftp[7]: sent /srv/my files/192.0.2.9/NAME to 192.0.2.9",
            "Mar  8 10:00:AT h dnsmasq-tftp[7]: file /srv/my files/NAME not found for 192.0.2.9",
            delivered,
        ),
        (
            "atftpd",
            "Mar  8 10:00:AT h atftpd[7]: Serving NAME to 192.0.2.9:49152",
            "Mar  8 10:00:AT h atftpd[7]: Serving NAME to 192.0.2.9:49152",
            requests,
        ),
        (
            "atftpd, more verbose",
            "Mar  8 10:00:AT h in.atftpd[7]: Serving NAME to 192.0.2.9:49152",
            "Mar  8 10:00:AT h in.atftpd[7]: Serving NAME to 192.0.2.9:49152\n\
             Mar  8 10:00:AT h in.atftpd[7]: File NAME not found",
            asked,
        ),
        (
            "Tftpd64",
            "Connection received from 192.0.2.9 on port 49152 [08/03 10:00:AT.250]\n\
             Read request for file <NAME>. Mode octet [08/03 10:00:AT.250]\n\
             Using local port 51000 [08/03 10:00:AT.251]\n\
             <NAME>: sent 2 blks, 700 bytes in 0 s. 0 blk resent [08/03 10:00:AT.260]",
            "Connection received from 192.0.2.9 on port 49152 [08/03 10:00:AT.250]\n\
             Read request for file <NAME>. Mode octet [08/03 10:00:AT.250]\n\
             File <NAME> : error 2 in system call CreateFile Not there. [08/03 10:00:AT.251]",
            delivered,
        ),
        (
            "IOS",
            "*Mar  8 10:00:AT.250: TFTP: read request from host 192.0.2.9(49152) via Vlan1\n\
             *Mar  8 10:00:AT.250: TFTP: Looking for NAME\n\
             *Mar  8 10:00:AT.254: TFTP: Opened flash:/phones/NAME, fd 0, size 700 for process 9\n\
             *Mar  8 10:00:AT.270: TFTP: Finished flash:/phones/NAME, time 00:00:00 for process 9",
            "*Mar  8 10:00:AT.250: TFTP: read request from host 192.0.2.9(49152) via Vlan1\n\
             *Mar  8 10:00:AT.250: TFTP: Looking for NAME\n\
             *Mar  8 10:00:AT.254: TFTP: Sending error 1 No such file",
            delivered,
        ),
        (
            "nginx",
            "192.0.2.9 - - [08/Mar/2026:10:00:AT +0100] \"GET /NAME HTTP/1.1\" 200 700 \"-\" \"x\"",
            "192.0.2.9 - - [08/Mar/2026:10:00:AT +0100] \"GET /NAME HTTP/1.1\" 404 153 \"-\" \"x\"",
            asked,
        ),
        (
            "Apache with virtual hosts",
            "pbx:6970 192.0.2.9 - - [08/Mar/2026:10:00:AT +0000] \"GET /NAME?x=1 HTTP/1.0\" 200 7",
            "pbx:6970 192.0.2.9 - - [08/Mar/2026:10:00:AT +0000] \"GET /NAME HTTP/1.0\" 410 -",
            asked,
        ),
        (
            "Python",
            "192.0.2.9 - - [08/Mar/2026 10:00:AT] \"GET /NAME HTTP/1.1\" 200 -",
            "192.0.2.9 - - [08/Mar/2026 10:00:AT] code 404, message File not found\n\
             192.0.2.9 - - [08/Mar/2026 10:00:AT] \"GET /NAME HTTP/1.1\" 404 -",
            asked,
        ),
        (
            "FreeBSD",
            "Mar  8 10:00:AT h tftpd[PID]: 192.0.2.9: read request for NAME: success",
            "Mar  8 10:00:AT h tftpd[PID]: 192.0.2.9: read request for NAME: File not found",
            asked,
        ),
        (
            "netkit",
            "Mar  8 10:00:AT h in.tftpd[PID]: connect from 192.0.2.9 (192.0.2.9)\n\
             Mar  8 10:00:AT h tftpd[KID]: tftpd: trying to get file: NAME\n\
             Mar  8 10:00:AT h tftpd[KID]: tftpd: serving file from /tftpboot",
            "Mar  8 10:00:AT h in.tftpd[PID]: connect from phone.lan (192.0.2.9)\n\
             Mar  8 10:00:AT h tftpd[KID]: tftpd: trying to get file: NAME",
            requests,
        ),
        (
            "tcpdump",
            "10:00:AT.250000 IP 192.0.2.9.49152 > 192.0.2.1.69: TFTP, length 9, RRQ \"NAME\" octet",
            "10:00:AT.250000 IP (tos 0x0, ttl 64, id 1, proto UDP (17), length 59)\n    \
             192.0.2.9.49152 > 192.0.2.1.tftp: [udp sum ok]  31 RRQ \"NAME\" octet",
            requests,
        ),
    ];
    for (server, found, missing, expected) in cases {
        assert_eq!(outcomes(&boot(found, missing)), expected, "{server}");
    }
}

#[test]
fn servers_that_log_requests_alone_show_those_of_a_boot() {
    let provd = "2026-03-08 10:00:AT,113 [12] (INFO) (provd.app): [r] Processing tftp request: \
                 NAME from 192.0.2.9";
    let pumpkin = "[03/08/26 10:00:AT] 'NAME' of type 'octet' is requested from 192.0.2.9";
    let completed = "\n[03/08/26 10:00:AT] Transfer of 'NAME' has successfully completed";
    let on_a_mac = "[2026-03-08 10:00:AT +0100] 'NAME' of type 'octet' is requested from 192.0.2.9";
    for (found, missing) in [
        (provd, provd),
        (&*[pumpkin, completed].concat(), pumpkin),
        (on_a_mac, on_a_mac),
    ] {
        let log = boot(found, missing);
        assert_eq!(outcomes(&log), [FileOutcome::Asked; 4], "{log}");
    }
}

/// What programs and people put around a line.
const WRAPPERS: &[&str] = &[
    "Mar  8 CLOCK pbx in.tftpd[PID]: TEXT",
    "<30>Mar  8 CLOCK pbx in.tftpd[PID]: TEXT",
    "<30>1 2026-03-08TCLOCK.000+01:00 pbx in.tftpd PID - - TEXT",
    "2026-03-08TCLOCK.123456+01:00 pbx in.tftpd[PID]: TEXT",
    "2026-03-08TCLOCK+0100 pbx in.tftpd[PID]: TEXT",
    "2026-03-08 CLOCK pbx in.tftpd[PID]: TEXT",
    "Sun 2026-03-08 CLOCK CET pbx in.tftpd[PID]: TEXT",
    "Sun Mar  8 CLOCK 2026 daemon.info in.tftpd[PID]: TEXT",
    "EPOCH pbx in.tftpd[PID]: TEXT",
    "[EPOCH.250] pbx in.tftpd[PID]: TEXT",
    "tftp-1  | 2026-03-08TCLOCK.123456789Z in.tftpd[PID]: TEXT",
    "2026-03-08TCLOCK.123456789Z in.tftpd[PID]: TEXT",
    "2026-03-08TCLOCK.123456789Z stderr F in.tftpd[PID]: TEXT",
    "{\"__REALTIME_TIMESTAMP\":\"EPOCH000000\",\"SYSLOG_IDENTIFIER\":\"in.tftpd\",\
         \"_TRANSPORT\":\"journal\",\"_PID\":\"PID\",\"_HOSTNAME\":\"pbx\",\"MESSAGE\":\"TEXT\"}",
    "{\"log\":\"in.tftpd[PID]: TEXT\\n\",\"stream\":\"stderr\",\
         \"time\":\"2026-03-08TCLOCK.1Z\"}",
    "__CURSOR=s=1\n__REALTIME_TIMESTAMP=EPOCH000000\n_PID=PID\n\
         SYSLOG_IDENTIFIER=in.tftpd\nMESSAGE=TEXT\n",
    "2026-03-08TCLOCK+00:00\tnas\tin.tftpd[PID]:\tTEXT",
    "Mar 8, 2026 CLOCK AM pbx in.tftpd[PID]: TEXT",
    "3/8/2026 CLOCK AM pbx in.tftpd[PID]: TEXT",
    "08.03.2026 CLOCK pbx in.tftpd[PID]: TEXT",
    "Mar  8 CLOCK pbx root: Mar  8 CLOCK in.tftpd[PID]: TEXT",
    "Mar  8 CLOCK pbx a-tag: in.tftpd[PID]: TEXT",
    "[pod/tftp-0/tftp] 2026-03-08TCLOCK.123456789Z in.tftpd[PID]: TEXT",
    "tftp-0 tftp 2026-03-08TCLOCK.123456789Z in.tftpd[PID]: TEXT",
    "0|tftp  | 2026-03-08TCLOCK: in.tftpd[PID]: TEXT",
    "  12  Mar  8 CLOCK pbx in.tftpd[PID]: TEXT",
    "/var/log/syslog:12:Mar  8 CLOCK pbx in.tftpd[PID]: TEXT",
    "> > Mar  8 CLOCK pbx in.tftpd[PID]: TEXT<br>",
    "\u{1b}[32mMar  8 CLOCK\u{1b}[0m pbx \u{1b}[36min.tftpd[PID]\u{1b}[0m: TEXT\u{1b}[K\r",
    "Mar\u{a0} 8 CLOCK pbx in.tftpd[PID]: TEXT",
    "\"3/8/2026 CLOCK AM\",\"100\",\"in.tftpd\",\"TEXT\"",
    "\"2026-03-08TCLOCK.000Z\",\"pbx\",\"in.tftpd[PID]: TEXT\"",
    "{\"version\":\"1.1\",\"host\":\"pbx\",\"short_message\":\"in.tftpd[PID]: TEXT\",\
     \"timestamp\":EPOCH.25}",
    "{\"PROGRAM\":\"in.tftpd\",\"pid\":\"PID\",\"MESSAGE\":\"TEXT\",\"HOST\":\"pbx\",\
     \"DATE\":\"Mar  8 CLOCK\"}",
    "{\"@timestamp\":\"2026-03-08TCLOCK.000Z\",\"host\":{\"name\":\"pbx\"},\
     \"process\":{\"name\":\"in.tftpd\",\"pid\":PID},\"message\":\"TEXT\"}",
    "2026-03-08TCLOCK+00:00\ttftp.pbx\t{\"ident\":\"in.tftpd\",\"pid\":\"PID\",\"message\":\"TEXT\"}",
    "[{\"__REALTIME_TIMESTAMP\":\"EPOCH000000\",\"_PID\":\"PID\",\
     \"SYSLOG_IDENTIFIER\":\"in.tftpd\",\"MESSAGE\":\"TEXT\"},",
    "{\n    \"__REALTIME_TIMESTAMP\" : \"EPOCH000000\",\n    \"_PID\" : \"PID\",\n    \
     \"SYSLOG_IDENTIFIER\" : \"in.tftpd\",\n    \"MESSAGE\" : \"TEXT\"\n}",
];

#[test]
fn each_wrapper_shows_the_same_refusal() {
    for form in WRAPPERS {
        let mut log = String::new();
        for boot in 0..3 {
            for (again, text) in [
                "RRQ from 192.0.2.9 filename term65.default.loads",
                "Client 192.0.2.9 finished term65.default.loads",
            ]
            .iter()
            .enumerate()
            {
                let at = 120 * boot + again;
                let line = form
                    .replace("CLOCK", &format!("10:{:02}:{:02}", at / 60, at % 60))
                    .replace("EPOCH", &(1_772_960_400 + at).to_string())
                    .replace("PID", &(2000 + boot).to_string())
                    .replace("TEXT", text);
                writeln!(log, "{line}").unwrap();
            }
        }
        for start in ["", "\u{feff}", "a line without a time\n", "\0\0\0\0"] {
            let report = replay_log(&[start, &log].concat());
            let phone = one(&report);
            assert_eq!(codes(phone), ["manifest-refused"], "{start:?} {form}");
            let seen = phone.last_seen.duration_since(phone.first_seen);
            assert_eq!(seen.as_secs(), 241, "{start:?} {form}");
            let day = phone.first_seen.to_string();
            assert!(day.contains("-03-08T"), "{form}: {day}");
        }
    }
}

#[test]
fn a_server_that_names_no_client_still_shows_the_file() {
    let denied = "cannot access /srv/tftp/term65.default.loads: Permission denied";
    let missing = "file /srv/tftp/term65.default.loads not found";
    for (text, code) in [(denied, "access-denied"), (missing, "missing-image")] {
        let lines =
            [0, 1, 2].map(|boot| format!("Mar  8 10:0{boot}:00 h dnsmasq-tftp[7]: {text}\n"));
        let log = lines.concat();
        let report = replay_log(&log);
        let phone = one(&report);
        assert_eq!(codes(phone), [code]);
        assert!(phone.address.is_unspecified(), "{}", phone.address);
    }
    // A file that may be of either phone belongs to neither.
    let log = "*Mar  8 10:00:00.1: TFTP: Looking for CTLSEP001D45AABB01.tlv\n\
               *Mar  8 10:00:01.1: TFTP: Looking for CTLSEP001D45AABB02.tlv\n\
               *Mar  8 10:00:02.1: TFTP: Looking for term65.default.loads\n";
    let report = replay_log(log);
    let phones: Vec<_> = report
        .phones
        .iter()
        .map(|phone| phone.files.len())
        .collect();
    assert_eq!(phones, [1, 1]);
    assert!(report.others.is_empty());
}

#[test]
fn browsers_of_a_web_server_are_no_phones() {
    let log = "192.0.2.5 - - [08/Mar/2026 10:00:00] \"GET /index.html HTTP/1.1\" 200 -\n\
               192.0.2.5 - - [08/Mar/2026 10:00:00] \"GET /favicon.ico HTTP/1.1\" 404 -\n\
               192.0.2.9 - - [08/Mar/2026 10:00:01] \"GET /SEP001D45AABB0C.cnf.xml HTTP/1.1\" 403 -\n";
    let report = replay_log(log);
    assert_eq!(report.phones.len(), 1);
    assert!(report.others.is_empty());
}

#[test]
fn hosts_with_equal_process_numbers_are_kept_apart() {
    let mut log = String::new();
    for (at, name) in ["term65.default.loads", "jar45sip.9.sbn", "cnu45.9.sbn"]
        .iter()
        .enumerate()
    {
        for (host, address) in [("a", 4), ("b", 5)] {
            let head = format!("Mar  8 10:00:{:02} {host} in.tftpd[{}]:", 9 * at, 20 + at);
            writeln!(log, "{head} RRQ from 192.0.2.{address} filename {name}").unwrap();
        }
        for (host, address) in [("b", 5), ("a", 4)] {
            let head = format!(
                "Mar  8 10:00:{:02} {host} in.tftpd[{}]:",
                9 * at + 4,
                20 + at
            );
            writeln!(log, "{head} Client 192.0.2.{address} finished {name}").unwrap();
        }
    }
    let report = replay_log(&log);
    assert_eq!(report.phones.len(), 2);
    for phone in &report.phones {
        let whole = |file: &reflash::track::FileReport| file.outcome == FileOutcome::Delivered;
        assert!(
            phone.files.len() == 3 && phone.files.iter().all(whole),
            "{phone:#?}"
        );
    }
}

#[test]
fn the_order_of_the_lines_does_not_change_the_report() {
    let mut lines = Vec::new();
    let five = [
        "jar45sip.9.sbn",
        "cnu45.9.sbn",
        "apps45.9.sbn",
        "dsp45.9.sbn",
        "cvm45sip.9.sbn",
    ];
    for (at, name) in std::iter::once("term65.default.loads")
        .chain(five)
        .enumerate()
    {
        let head = |more| format!("Mar  8 10:00:{:02} a in.tftpd[{}]:", 9 * at + more, 20 + at);
        lines.push(format!("{} RRQ from 192.0.2.4 filename {name}", head(0)));
        lines.push(format!("{} Client 192.0.2.4 finished {name}", head(4)));
    }
    for (at, name) in ["CTLSEP001D45AABB0C.tlv", "sp-sip.jar"].iter().enumerate() {
        let head = format!("Mar  8 10:03:{:02} a in.tftpd[{}]:", 5 * at, 30 + at);
        lines.push(format!("{head} RRQ from 192.0.2.4 filename {name}"));
        lines.push(format!("{head} Client 192.0.2.4 File not found {name}"));
    }
    let state = |lines: &[String]| {
        let report = replay_log(&lines.join("\n"));
        let phone = one(&report);
        (
            phone.state,
            phone.files.len(),
            codes(phone),
            phone.first_seen,
        )
    };
    let expected = state(&lines);
    assert_eq!(expected.0, State::Confirmed);
    let mut newest_first = lines.clone();
    newest_first.reverse();
    assert_eq!(state(&newest_first), expected, "newest first");
    for cut in [1, 4, 6, 12, 13] {
        let wrong = [&lines[cut..], &lines[..cut]].concat();
        assert_eq!(state(&wrong), expected, "cut at {cut}");
    }
    // Every third line, from three places on.
    let shuffled: Vec<String> = [2, 0, 1]
        .iter()
        .flat_map(|start| lines.iter().skip(*start).step_by(3).cloned())
        .collect();
    assert_eq!(state(&shuffled), expected, "shuffled");
}

#[test]
fn a_server_without_ends_is_not_believed_to_log_them_because_another_does() {
    let mut log = String::new();
    let five = [
        "jar45sip.9.sbn",
        "cnu45.9.sbn",
        "apps45.9.sbn",
        "dsp45.9.sbn",
        "cvm45sip.9.sbn",
    ];
    for (at, name) in std::iter::once("term65.default.loads")
        .chain(five)
        .enumerate()
    {
        let at = 9 * at;
        writeln!(
            log,
            "Mar  8 10:00:{at:02} a in.tftpd[{}]: RRQ from 192.0.2.4 filename {name}",
            20 + at
        )
        .unwrap();
    }
    log += "Mar  8 10:03:00 a in.tftpd[90]: RRQ from 192.0.2.4 filename CTLSEP001D45AABB0C.tlv\n";
    let alone = replay_log(&log);
    assert_eq!(one(&alone).state, State::Flashed);
    log += "Mar  8 10:04:00 b in.tftpd[7]: RRQ from 192.0.2.7 filename SEP001D45AABB0D.cnf.xml\n\
            Mar  8 10:04:00 b in.tftpd[7]: Client 192.0.2.7 finished SEP001D45AABB0D.cnf.xml\n";
    let both = replay_log(&log);
    let phone = both
        .phones
        .iter()
        .find(|phone| phone.mac == one(&alone).mac);
    assert_eq!(phone.map(|phone| phone.state), Some(State::Flashed));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Lines of every form, whole and broken, in any mixture and order.
    #[test]
    fn lines_of_every_form_are_replayed(lines in prop::collection::vec((
        prop_oneof![
            "Mar  [1-9] 1[0-9]:0[0-9]:0[0-9] [ab] ",
            "<[0-9]{1,3}>1? ?2026-0[1-9]-0[1-9][T ]0[0-9]:00:00(Z|\\+01:00| CET)? ",
            "(tftp-1 +\\| )?(17[0-9]{8}|\\[ *[0-9]{1,11}\\.[0-9]\\]) ",
            "1[0-9]:0[0-9]:0[0-9]\\.[0-9]{6} ",
            "",
        ],
        prop_oneof![
            "(in\\.tftpd|atftpd|tftpd|dnsmasq-tftp|TFTP|xinetd|provd)(\\[[0-9]{1,3}\\])?: ",
            "",
        ],
        prop_oneof![
            "Serving (term65.default.loads|a b) to 192.0.2.[1-3]:[0-9]{1,6}",
            "(192.0.2.[1-3]|x): read request for (term65.default.loads|[a-z:]{0,5}): (success|.{0,9})",
            "(connect from 192.0.2.[1-3] .192.0.2.1.|tftpd: trying to get file: .{0,9}|tftpd: serving file from /)",
            "(Connection received from 192.0.2.[1-3] on port [0-9]{1,6}|Read request for file <.{0,9}>. Mode)( \\[[0-3][0-9]/[01][0-9] 10:00:00\\.1\\])?",
            "('.{0,9}' of type '.{0,5}' is requested from 192.0.2.[1-3]|Trans(fer|mission) of '.{0,9}' (is timed out|has successfully completed))",
            "<.{0,9}>: sent [0-9] blks, [0-9]{1,20} bytes",
            "(read request from host 192.0.2.[1-3].[0-9]{1,6}. via|Looking for .{0,9}|Sending error [0-9]{1,6} .|Opened .{0,9}, fd 0, size 9 |Finished .{0,9}, time )",
            "(cannot access .{0,9}: .|file .{0,9} not found|error [0-9]{1,6} . received from 192.0.2.1|failed sending .{0,9} to 192.0.2.1)",
            "192.0.2.[1-3] - - \\[0[1-9]/Mar/2026[: ]10:00:00( \\+0100)?\\] \"(GET|HEAD) /?[a-zA-Z%?/.]{0,12} HTTP/1.1\" [0-9]{3} [0-9-]{1,20}",
            "IP 192.0.2.[1-3].[0-9]{1,6} > 192.0.2.9.69: TFTP, length 9, RRQ \".{0,9}\" octet",
            "START: tftp pid=1 from=192.0.2.[1-3]",
            "Processing (tftp|http) request: .{0,9} from 192.0.2.[1-3]",
            "(MESSAGE|_PID|__REALTIME_TIMESTAMP)=.{0,20}",
            "\\{\"(MESSAGE|log|time|__REALTIME_TIMESTAMP)\": ?(\"[^\"]{0,20}\"|[0-9]{1,18}|\\[1,2,999\\])\\}",
            ".{0,30}",
        ]), 0..40))
    {
        let log: Vec<String> = lines.iter().map(|(a, b, c)| [a.as_str(), b, c].concat()).collect();
        replayed(log.join("\n").as_bytes(), ReplayFormat::Log, Vec::new());
    }
}
