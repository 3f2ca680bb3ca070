//! The log of three days with nine 7940 and 7960 over a new year: a network outage, repeated
//! requests, and addresses that move to another phone.
//!
//! Long because: every test writes its log with the same requests of the loader and its application.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::Timestamp;
use reflash::{
    replay::ReplayFormat,
    track::{PhoneReport, Report, State},
};

use super::{codes, replay_log, replayed};

const LOADS: &str = "P0S3-8-12-00.loads";
const LOADER: &str = "P003-8-12-00.sbn";
const APPLICATION: &str = "P0S3-8-12-00.sb2";

const HOUR: u64 = 3600;

/// The phone that does not convert.
const UNLUCKY: usize = 8;

#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Finished,
    NotFound,
    /// The log has no result.
    Silent,
    Refused,
}

/// Requests by second and line number.
#[derive(Default)]
struct Days {
    lines: BTreeMap<(u64, usize), (String, String, Outcome)>,
    seed: u64,
}

impl Days {
    fn between(&mut self, least: u64, most: u64) -> u64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        least + (self.seed >> 33) % (most - least + 1)
    }

    fn request(&mut self, at: u64, address: &str, name: &str, outcome: Outcome) {
        let place = (at, self.lines.len());
        self.lines
            .insert(place, (address.to_owned(), name.to_owned(), outcome));
    }

    /// Requests without a response: every 4 s, 5 for each of 3 ports.
    fn unanswered(&mut self, at: u64, address: &str, name: &str) -> u64 {
        for try_ in 0..15 {
            self.request(at + 4 * try_, address, name, Outcome::Silent);
        }
        at + 60
    }

    /// The loader's five files.
    fn loader(&mut self, at: u64, address: &str, mac: &str) -> u64 {
        self.request(at, address, &format!("CTLSEP{mac}.tlv"), Outcome::NotFound);
        self.request(at, address, &format!("SEP{mac}.cnf.xml"), Outcome::NotFound);
        self.request(at + 1, address, &format!("SIP{mac}.cnf"), Outcome::NotFound);
        self.request(at + 1, address, &format!("MGC{mac}.cnf"), Outcome::NotFound);
        self.request(at + 1, address, "XMLDefault.cnf.xml", Outcome::Finished);
        at + 2
    }

    /// A whole conversion; returns its end.
    fn convert(&mut self, mut at: u64, address: &str, mac: &str) -> u64 {
        // SCCP runs at first.
        self.request(at, address, &format!("CTLSEP{mac}.tlv"), Outcome::NotFound);
        self.request(at, address, &format!("SEP{mac}.cnf.xml"), Outcome::NotFound);
        self.request(at + 1, address, "XMLDefault.cnf.xml", Outcome::Finished);
        self.request(at + 2, address, LOADS, Outcome::Finished);
        self.request(at + 3, address, LOADER, Outcome::Finished);
        at += self.between(29, 40);
        at = self.loader(at, address, mac);
        self.request(at, address, LOADS, Outcome::Finished);
        self.request(at + 1, address, APPLICATION, Outcome::Finished);
        at += self.between(46, 70);
        self.request(at, address, "SIPDefault.cnf", Outcome::Finished);
        self.request(at, address, &format!("./SIP{mac}.cnf"), Outcome::Finished);
        at + 5
    }

    /// An application without a usable configuration.
    fn poll(&mut self, mut at: u64, until: u64, address: &str, mac: &str) {
        while at < until {
            at += 31;
            self.request(at, address, &format!("SIP{mac}.cnf"), Outcome::Finished);
        }
    }

    fn boot(&mut self, at: u64, address: &str, mac: &str) {
        self.request(at, address, &format!("CTLSEP{mac}.tlv"), Outcome::NotFound);
        self.request(at, address, &format!("SEP{mac}.cnf.xml"), Outcome::Finished);
        self.request(at, address, LOADS, Outcome::Finished);
        self.request(at + 23, address, "SIPDefault.cnf", Outcome::Finished);
        self.request(
            at + 23,
            address,
            &format!("./SIP{mac}.cnf"),
            Outcome::Finished,
        );
        self.request(at + 25, address, "RINGLIST.DAT", Outcome::NotFound);
        self.request(at + 25, address, "dialplan.xml", Outcome::Finished);
    }

    fn write(&self, results: bool) -> String {
        let began: Timestamp = "2025-12-30T10:00:00Z".parse().unwrap();
        let mut text = String::new();
        for (process, ((at, _), (address, name, outcome))) in self.lines.iter().enumerate() {
            let at = began.as_second() + i64::try_from(*at).unwrap();
            let time = Timestamp::from_second(at)
                .unwrap()
                .strftime("%b %e %H:%M:%S");
            let head = format!("{time} pbx in.tftpd[{}]:", 300 + process % 30_000);
            let mut line = |message: String| writeln!(text, "{head} {message}").unwrap();
            line(format!("RRQ from {address} filename {name}"));
            match outcome {
                Outcome::Finished if results => line(format!("Client {address} finished {name}")),
                Outcome::NotFound if results => {
                    line(format!("Client {address} File not found {name}"));
                }
                Outcome::Refused if results => {
                    line("tftpd: read(ack): Connection refused".to_owned());
                }
                _ => {}
            }
        }
        text
    }
}

fn mac(phone: usize) -> String {
    format!("0023EBC6D1{phone:02X}")
}

/// The three days. The ninth phone never gets its loader.
fn days() -> Days {
    let mut days = days_of_eight();
    let mut at = 26 * HOUR;
    while at < 62 * HOUR {
        let address = "10.1.1.108";
        let mut next = days.loader(at, address, &mac(UNLUCKY));
        days.request(next, address, LOADS, Outcome::Finished);
        for _ in 0..3 {
            next += days.between(13, 16);
            days.request(next, address, LOADER, Outcome::Refused);
        }
        at = next + days.between(100, 4000);
    }
    days
}

/// The three days. The ninth phone has a SEP file without a load: its loader starts SCCP.
fn days_without_a_load() -> Days {
    let mut days = days_of_eight();
    let (address, mac) = ("10.1.1.108", mac(UNLUCKY));
    for start in 0..5 {
        let mut at = 26 * HOUR + start * HOUR;
        for _ in ["loader", "SCCP application"] {
            days.request(at, address, &format!("CTLSEP{mac}.tlv"), Outcome::NotFound);
            days.request(at, address, &format!("SEP{mac}.cnf.xml"), Outcome::Finished);
            at += 24;
        }
    }
    days
}

/// The three days of the phones that convert.
fn days_of_eight() -> Days {
    let mut days = Days {
        seed: 7,
        ..Days::default()
    };
    // Day one: nothing is answered.
    for phone in 0..9 {
        let (address, mac) = (format!("10.1.1.{}", 100 + phone), mac(phone));
        let mut at = days.between(0, 60);
        for _ in 0..10 {
            for name in [
                format!("CTLSEP{mac}.tlv"),
                format!("SEP{mac}.cnf.xml"),
                format!("SIP{mac}.cnf"),
                format!("MGC{mac}.cnf"),
                "XMLDefault.cnf.xml".to_owned(),
            ] {
                at = days.unanswered(at, &address, &name);
            }
            at += 70;
        }
    }
    // Day two: one after the other, each at an address that may have been another's before.
    for phone in 0..8 {
        let (address, mac) = (format!("10.1.1.{}", 101 + phone), mac(phone));
        let at = 24 * HOUR + days.between(0, 6) * HOUR;
        let at = days.convert(at, &address, &mac);
        let until = at + days.between(1, 4) * HOUR;
        days.poll(at, until, &address, &mac);
    }
    // One phone wanders, another comes where it was.
    for (turn, address) in ["10.1.1.210", "10.1.1.211", "10.1.1.212"]
        .iter()
        .enumerate()
    {
        days.boot(40 * HOUR + turn as u64 * HOUR, address, &mac(0));
    }
    days.boot(44 * HOUR, "10.1.1.210", &mac(1));
    // Day three: they start as they do every day.
    for phone in 0..8 {
        let at = 60 * HOUR + days.between(0, 5000);
        days.boot(at, &format!("10.1.1.{}", 130 + phone), &mac(phone));
    }
    days
}

fn phone_of(report: &Report, phone: usize) -> &PhoneReport {
    let mac = mac(phone).to_lowercase();
    let found: Vec<_> = report
        .phones
        .iter()
        .filter(|report| report.mac.is_some_and(|it| it.to_string() == mac))
        .collect();
    assert_eq!(found.len(), 1, "one entry for {mac}");
    found[0]
}

/// Eight phones converted, and the ninth has this diagnosis.
fn holds(report: &Report, ninth: &str) {
    assert_eq!(report.phones.len(), 9);
    for phone in 0..8 {
        let found = phone_of(report, phone);
        assert_eq!(
            found.state,
            State::Flashed,
            "{phone}: {:#?}",
            found.evidence
        );
        assert_eq!(found.to.as_ref().unwrap().as_str(), "P0S3-8-12-00");
        assert_eq!(codes(found), Vec::<String>::new(), "{phone}");
        assert!(found.pass == 1, "{phone}: pass {}", found.pass);
    }
    let unlucky = phone_of(report, UNLUCKY);
    assert_ne!(unlucky.state, State::Flashed);
    assert!(codes(unlucky).contains(&ninth.to_owned()), "{unlucky:#?}");
}

#[test]
fn eight_phones_convert_and_the_ninth_is_diagnosed_from_requests_alone() {
    let log = days().write(false);
    assert!(log.lines().count() > 5000, "{}", log.lines().count());
    let report = replay_log(&log);
    holds(&report, "transfer-broken");
    let found = phone_of(&report, 3);
    assert!(
        found
            .evidence
            .iter()
            .any(|it| it.detail.starts_with("inferred from requests"))
    );
    assert!(
        found.last_seen.to_string().starts_with("2026-01-01T"),
        "{}",
        found.last_seen
    );
}

#[test]
fn eight_phones_convert_and_the_ninth_is_diagnosed_from_results() {
    let report = replay_log(&days().write(true));
    holds(&report, "transfer-broken");
    let detail = &phone_of(&report, 3).evidence[0].detail;
    assert!(
        detail.starts_with("pass 1: 2 images delivered, none missing"),
        "{detail}"
    );
}

#[test]
fn the_ninth_phone_is_diagnosed_if_its_sep_file_names_no_load() {
    for results in [false, true] {
        holds(
            &replay_log(&days_without_a_load().write(results)),
            "load-not-named",
        );
    }
}

#[test]
fn a_sep_file_without_an_answer_is_no_file_without_a_load() {
    // The loader gives up after 3 ports and starts SCCP, without another request.
    let mut days = days_of_eight();
    let (address, mac) = ("10.1.1.108", mac(UNLUCKY));
    for start in 0..5 {
        let at = 26 * HOUR + start * HOUR;
        days.request(at, address, &format!("CTLSEP{mac}.tlv"), Outcome::NotFound);
        days.unanswered(at + 1, address, &format!("SEP{mac}.cnf.xml"));
    }
    for results in [false, true] {
        let report = replay_log(&days.write(results));
        let codes = codes(phone_of(&report, UNLUCKY));
        assert!(
            !codes.contains(&"load-not-named".to_owned()),
            "{results}: {codes:?}"
        );
    }
}

#[test]
fn a_loader_that_finds_no_application_after_writing_is_not_flashed() {
    let mut days = Days::default();
    let (address, mac) = ("10.1.1.9", mac(1));
    let at = days.loader(0, address, &mac);
    days.request(at, address, LOADS, Outcome::Finished);
    days.request(at + 1, address, LOADER, Outcome::Finished);
    let at = days.loader(40, address, &mac);
    days.request(at, address, LOADS, Outcome::Finished);
    days.request(at + 1, address, APPLICATION, Outcome::Finished);
    days.loader(100, address, &mac);
    days.loader(130, address, &mac);
    for results in [false, true] {
        let (report, _) = replayed(
            days.write(results).as_bytes(),
            ReplayFormat::Log,
            Vec::new(),
        );
        let [phone] = &report.phones[..] else {
            panic!("{report:#?}");
        };
        assert_ne!(phone.state, State::Flashed);
        assert_eq!(codes(phone), ["protocol-application-invalid"]);
    }
}

#[test]
fn settings_that_the_loader_reads_are_no_start_of_the_application() {
    let mut days = Days::default();
    let (address, mac) = ("10.1.1.9", mac(1));
    let at = days.loader(0, address, &mac);
    days.request(at, address, LOADS, Outcome::Finished);
    days.request(at + 1, address, APPLICATION, Outcome::Finished);
    // Power was lost while it wrote: the loader searches again, and finds settings without a load.
    days.request(60, address, &format!("CTLSEP{mac}.tlv"), Outcome::NotFound);
    days.request(60, address, &format!("SEP{mac}.cnf.xml"), Outcome::NotFound);
    days.request(61, address, &format!("SIP{mac}.cnf"), Outcome::Finished);
    days.request(61, address, "SIPDefault.cnf", Outcome::Finished);
    let state = |days: &Days, results| replay_log(&days.write(results)).phones[0].state;
    assert_ne!(state(&days, true), State::Flashed);
    assert_ne!(state(&days, false), State::Flashed);
    // It has the application after all.
    days.request(62, address, LOADS, Outcome::Finished);
    days.request(86, address, "SIPDefault.cnf", Outcome::Finished);
    assert_eq!(state(&days, true), State::Flashed);
}

#[test]
fn a_phone_with_the_new_loader_fetches_only_the_application() {
    let mut days = Days::default();
    let (address, mac) = ("10.1.1.9", mac(1));
    let at = days.loader(0, address, &mac);
    days.request(at, address, LOADS, Outcome::Finished);
    days.request(at + 1, address, APPLICATION, Outcome::Finished);
    days.request(at + 60, address, "SIPDefault.cnf", Outcome::Finished);
    let report = replay_log(&days.write(true));
    let phone = &report.phones[0];
    assert_eq!(phone.state, State::Flashed);
    assert!(
        phone.evidence[0].detail.contains("1 present before"),
        "{:?}",
        phone.evidence
    );
}

#[test]
fn a_sip_phone_that_reads_its_manifest_at_each_boot_does_not_refuse_it() {
    let mut days = Days::default();
    for boot in 0..4 {
        days.boot(1000 * boot, "10.1.1.9", &mac(1));
    }
    for results in [false, true] {
        let report = replay_log(&days.write(results));
        assert_eq!(report.phones[0].state, State::Already);
        assert_eq!(codes(&report.phones[0]), Vec::<String>::new());
    }
}

/// What a log of one phone shows: its state, the codes and the cures.
fn one_phone(days: &Days) -> (State, Vec<String>, String) {
    let report = replayed(days.write(true).as_bytes(), ReplayFormat::Log, Vec::new()).0;
    let [phone] = &report.phones[..] else {
        panic!("{report:#?}");
    };
    let cures = phone.diagnoses.iter().map(|one| one.cure.clone());
    (phone.state, codes(phone), cures.collect())
}

#[test]
fn a_log_of_a_phone_that_runs_the_target_shows_it() {
    let mut days = Days::default();
    days.boot(0, "10.1.1.9", &mac(1));
    days.boot(3600, "10.1.1.9", &mac(1));
    let (state, codes, _) = one_phone(&days);
    assert_eq!((state, codes), (State::Already, Vec::new()));
}

#[test]
fn a_start_of_sccp_24_s_after_the_sep_file_names_the_missing_load() {
    let (address, mac) = ("10.1.1.9", mac(1));
    let mut days = Days::default();
    for at in [0, 24] {
        days.request(at, address, &format!("CTLSEP{mac}.tlv"), Outcome::NotFound);
        days.request(at, address, &format!("SEP{mac}.cnf.xml"), Outcome::Finished);
    }
    days.request(25, address, "XMLDefault.cnf.xml", Outcome::Finished);
    let (_, codes, cures) = one_phone(&days);
    assert_eq!(codes, ["config-rejected"], "the family is not known");
    assert!(cures.contains("If it is a 7940 or 7960"), "{cures}");
    days.request(26, address, "US/7960-tones.xml", Outcome::NotFound);
    days.request(26, address, "/7960-font.xml", Outcome::NotFound);
    let (_, codes, cures) = one_phone(&days);
    assert_eq!(codes, ["load-not-named"]);
    assert!(cures.contains("fourth character"), "{cures}");
}
