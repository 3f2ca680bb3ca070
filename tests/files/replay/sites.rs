//! Central logs: hosts of several sites, one address for two phones, clocks that were set.

use std::fmt::Write as _;

use reflash::{
    replay::{self, ReplayFormat, TraceNote},
    track::{FileOutcome, PhoneReport, State},
};

use super::{codes, replay_log};

const IMAGES: [&str; 5] = [
    "jar45sip.9.sbn",
    "cnu45.9.sbn",
    "apps45.9.sbn",
    "dsp45.9.sbn",
    "cvm45sip.9.sbn",
];

fn notes(log: &str) -> Vec<TraceNote> {
    let mut input = log.as_bytes();
    replay::read_from(&mut input, ReplayFormat::Log, Some(2026), None)
        .unwrap()
        .notes
}

/// Lines of one host: seconds since 10:00:00, the file, and whether the server has it.
fn lines(host: &str, address: u8, files: &[(u32, &str, bool)]) -> Vec<(u32, String)> {
    let mut lines = Vec::new();
    for (process, (at, name, found)) in (2001..).zip(files) {
        let head = |at: u32| {
            let time = format!("10:{:02}:{:02}", at / 60, at % 60);
            format!("Mar  8 {time} {host} in.tftpd[{process}]:")
        };
        let asked = format!("RRQ from 192.168.1.{address} filename {name}");
        lines.push((*at, format!("{} {asked}", head(*at))));
        let (after, result) = if *found {
            (1, "finished")
        } else {
            (0, "File not found")
        };
        let ended = format!("Client 192.168.1.{address} {result} {name}");
        lines.push((at + after, format!("{} {ended}", head(at + after))));
    }
    lines
}

fn merged(mut lines: Vec<(u32, String)>) -> String {
    lines.sort_by_key(|(at, _)| *at);
    let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    lines.join("\n")
}

/// A recovery and the first start of the application.
fn conversion(start: u32, mac: &str) -> Vec<(u32, String, bool)> {
    let mut files = vec![(start, "term65.default.loads".to_owned(), true)];
    for (at, name) in (1..).zip(IMAGES) {
        files.push((start + 5 * at, name.to_owned(), true));
    }
    files.push((start + 120, format!("CTLSEP{mac}.tlv"), false));
    files.push((start + 122, format!("SEP{mac}.cnf.xml"), true));
    files.push((start + 126, "sp-sip.jar".to_owned(), false));
    files
}

fn borrowed(files: &[(u32, String, bool)]) -> Vec<(u32, &str, bool)> {
    files
        .iter()
        .map(|(at, name, found)| (*at, name.as_str(), *found))
        .collect()
}

fn refusal(start: u32) -> Vec<(u32, String, bool)> {
    let at = |boot: u32| start + 110 * boot;
    (0..4)
        .map(|boot| (at(boot), "term65.default.loads".to_owned(), true))
        .collect()
}

fn states(phones: &[PhoneReport]) -> Vec<(State, Vec<String>)> {
    phones
        .iter()
        .map(|phone| (phone.state, codes(phone)))
        .collect()
}

#[test]
fn one_address_at_two_sites_is_two_phones() {
    let (one, two) = (refusal(0), conversion(5, "001D45AABB0C"));
    let mut all = lines("berlin", 10, &borrowed(&one));
    all.extend(lines("bonn.example.com", 10, &borrowed(&two)));
    let log = merged(all);
    let report = replay_log(&log);
    let expected = [
        (State::Failed, vec!["manifest-refused".to_owned()]),
        (State::Confirmed, Vec::new()),
    ];
    assert_eq!(states(&report.phones), expected, "{report:#?}");
    assert_eq!(report.phones[0].mac, None);
    assert_eq!(report.phones[1].mac, "001d45aabb0c".parse().ok());
    for (phone, host) in report.phones.iter().zip(["berlin", "bonn.example.com"]) {
        assert_eq!(phone.address.to_string(), "192.168.1.10");
        let named = phone.evidence.iter().any(|it| it.detail.ends_with(host));
        assert!(named, "{phone:#?}");
    }
    let notes = notes(&log);
    assert!(
        matches!(&notes[..], [TraceNote::AddressOfTwoPhones { hosts, more: 0, .. }] if hosts.len() == 2),
        "{notes:?}"
    );
}

#[test]
fn two_macs_at_one_address_of_two_hosts_are_two_phones_at_any_time() {
    let (one, two) = (
        conversion(0, "001D45AABB0C"),
        conversion(900, "001D45AABB0D"),
    );
    let mut all = lines("a", 10, &borrowed(&one));
    all.extend(lines("b", 10, &borrowed(&two)));
    let report = replay_log(&merged(all));
    let macs: Vec<_> = report.phones.iter().filter_map(|phone| phone.mac).collect();
    assert_eq!(macs.len(), 2);
    for phone in &report.phones {
        assert_eq!((phone.state, codes(phone)), (State::Confirmed, Vec::new()));
    }
}

#[test]
fn one_phone_and_its_two_servers_is_one_phone() {
    // The first server has no images and names the phone; the second has them.
    let mac = "001D45AABB0C";
    let first = [
        (0, "CTLSEP001D45AABB0C.tlv", false),
        (2, "SEP001D45AABB0C.cnf.xml", false),
    ];
    let files = conversion(20, mac);
    let mut all = lines("one", 10, &first);
    all.extend(lines("two", 10, &borrowed(&files)));
    let log = merged(all);
    let report = replay_log(&log);
    assert_eq!(states(&report.phones), [(State::Confirmed, Vec::new())]);
    assert_eq!(notes(&log), []);
    // One host under two names, and lines without a host.
    for (one, two) in [("pbx", "pbx.example.com"), ("pbx", "PBX")] {
        let (head, tail) = (refusal(0), conversion(600, mac));
        let mut all = lines(one, 10, &borrowed(&head));
        all.extend(lines(two, 10, &borrowed(&tail)));
        let report = replay_log(&merged(all));
        assert_eq!(report.phones.len(), 1, "{one} {two}");
    }
}

#[test]
fn an_address_that_nothing_tells_apart_is_noted() {
    let (one, two) = (refusal(0), conversion(900, "001D45AABB0C"));
    let mut all = lines("a", 10, &borrowed(&one));
    all.extend(lines("b", 10, &borrowed(&two)));
    let log = merged(all);
    assert_eq!(replay_log(&log).phones.len(), 1);
    let notes = notes(&log);
    assert!(
        matches!(&notes[..], [TraceNote::AddressOnTwoHosts { .. }]),
        "{notes:?}"
    );
    // Two phones behind one NAT.
    let mut log = String::new();
    for (at, mac) in ["C1", "C2", "C1", "C2"].iter().enumerate() {
        let name = format!("SEP001D45AABB{mac}.cnf.xml");
        writeln!(
            log,
            "Mar  8 10:00:0{at} a dnsmasq-tftp[7]: sent /t/{name} to 192.0.2.9"
        )
        .unwrap();
    }
    let turns = self::notes(&log);
    assert!(
        matches!(&turns[..], [TraceNote::MacsInTurns { macs, .. }] if macs.len() == 2),
        "{turns:?}"
    );
    assert!(
        turns[0]
            .sentence()
            .contains("001d45aabbc1 and 001d45aabbc2")
    );
    // An address that passed to another phone.
    let log: Vec<&str> = log.lines().take(2).collect();
    assert_eq!(self::notes(&log.join("\n")), []);
}

/// The lines of a conversion with the time of each line changed by `time`.
fn retimed(time: impl Fn(u32) -> String) -> String {
    let files = conversion(10, "001D45AABB0C");
    let lines = lines("pbx", 7, &borrowed(&files));
    let lines = lines
        .iter()
        .map(|(at, line)| format!("{} {}", time(*at), &line["Mar  8 10:00:00 ".len()..]));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_clock_that_is_set_forward_makes_no_pause() {
    let clock = |hours: u32, at: u32| format!("{hours:02}:{:02}:{:02}", at / 60, at % 60);
    // Without a battery; set between two images; set while one file is sent.
    for (set_at, forms) in [
        (50, ["Jan  1 ", "Mar  2 "]),
        (50, ["1970-01-01T", "2026-03-02T"]),
        (21, ["Jan  1 ", "Mar  2 "]),
        (21, ["Mar  2 ", "Mar  2 "]),
        (26, ["Mar  2 ", "Mar  2 "]),
    ] {
        let log = retimed(|at| {
            let is_set = at >= set_at;
            let hours = if is_set { 9 } else { 0 };
            [forms[usize::from(is_set)], &clock(hours, at)].concat()
        });
        let report = replay_log(&log);
        let [phone] = &report.phones[..] else {
            panic!("{report:#?}");
        };
        assert_eq!(
            (phone.state, codes(phone)),
            (State::Confirmed, Vec::new()),
            "{log}"
        );
        assert!(phone.withdrawn.is_empty(), "{:?}", phone.withdrawn);
        let seen = phone.last_seen.duration_since(phone.first_seen);
        assert!(seen.as_secs() < 200, "{seen:?} {log}");
        let whole = |file: &&reflash::track::FileReport| file.outcome == FileOutcome::Delivered;
        assert_eq!(phone.files.iter().filter(whole).count(), 7);
        let notes = notes(&log);
        assert!(
            matches!(&notes[..], [TraceNote::ClockSetForward { .. }]),
            "{notes:?}"
        );
        assert!(notes[0].sentence().contains("the clock goes forward by "));
    }
}

#[test]
fn a_pause_of_hours_is_no_clock() {
    // The phone lost power after its second image and started from the beginning.
    let head = [(0, "term65.default.loads", true), (5, IMAGES[0], true)];
    let mut all = lines("pbx", 7, &head);
    let again = conversion(0, "001D45AABB0C");
    let later = lines("pbx", 7, &borrowed(&again));
    all.extend(
        later
            .iter()
            .map(|(at, line)| (at + 60, line.replace("Mar  8 10", "Mar  8 15"))),
    );
    let log = merged(all);
    assert_eq!(notes(&log), []);
    assert_eq!(replay_log(&log).phones[0].state, State::Confirmed);
}

#[test]
fn an_unsigned_image_says_which_firmware_a_7960_runs() {
    let mut log = String::new();
    for (at, name) in [
        "OS79XX.TXT",
        "SIPDefault.cnf",
        "SIP001D45AABB0C.cnf",
        "P0S30203.bin",
        "OS79XX.TXT",
        "SIPDefault.cnf",
    ]
    .iter()
    .enumerate()
    {
        writeln!(
            log,
            "Mar  8 10:{at:02}:00 h in.tftpd[{at}]: RRQ from 192.0.2.9 filename {name}"
        )
        .unwrap();
    }
    let report = replay_log(&log);
    let phone = &report.phones[0];
    assert_eq!(phone.state, State::Configuring);
    let detail = &phone.evidence[0].detail;
    assert!(
        detail.contains("P0S30203.bin: SIP 2.3") && detail.contains("8.12"),
        "{detail}"
    );
}
