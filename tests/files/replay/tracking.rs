//! What logs show about phones that get no answers, start over, or run as they should.

use std::fmt::Write as _;

use reflash::track::{PhoneReport, State};

use super::{codes, replay_log};

const OWN: &str = "SEP001D45AABB0C.cnf.xml";
const CTL: &str = "CTLSEP001D45AABB0C.tlv";
const TERM: &str = "term61.default.loads";
const FOUND: &str = "finished";

/// A line of in.tftpd: seconds from 10:00:00 on, the process and the words.
struct Log {
    text: String,
    process: u32,
}

impl Log {
    fn new() -> Self {
        Self {
            text: String::new(),
            process: 3000,
        }
    }

    fn line(&mut self, at: u32, words: &str) -> &mut Self {
        let (day, at) = (1 + at / 86_400, at % 86_400);
        let (hour, minute, second) = (at / 3600, at / 60 % 60, at % 60);
        writeln!(
            self.text,
            "May {day:2} {hour:02}:{minute:02}:{second:02} pbx in.tftpd[{}]: {words}",
            self.process
        )
        .unwrap();
        self
    }

    /// A request without an answer in the log.
    fn ask(&mut self, at: u32, name: &str) -> &mut Self {
        self.process += 1;
        self.line(at, &format!("RRQ from 192.0.2.9 filename {name}"))
    }

    /// A request whose answer is `what`.
    fn client(&mut self, at: u32, name: &str, what: &str) -> &mut Self {
        self.ask(at, name);
        self.line(at, &format!("Client 192.0.2.9 {what} {name}"))
    }

    fn nak(&mut self, at: u32, name: &str, error: &str) -> &mut Self {
        self.ask(at, name);
        self.line(at, &format!("sending NAK ({error}) to 192.0.2.9"))
    }

    /// The start of an application with these files after its trust lists, which it lacks.
    fn boot(&mut self, at: u32, files: &[(&str, &str)]) -> &mut Self {
        self.client(at, CTL, "File not found");
        self.client(at, "ITLSEP001D45AABB0C.tlv", "File not found");
        for (name, what) in files {
            self.client(at + 1, name, what);
        }
        self
    }

    fn phone(&self) -> PhoneReport {
        let report = replay_log(&self.text);
        let [phone] = &report.phones[..] else {
            panic!("{report:#?}");
        };
        phone.clone()
    }
}

/// The codes of the phone's active diagnoses, and whether a withdrawn one was a refusal.
fn outcome(log: &Log) -> Vec<String> {
    let phone = log.phone();
    assert!(
        !phone
            .withdrawn
            .iter()
            .any(|diagnosis| diagnosis.code.to_string() == "manifest-refused"),
        "{phone:#?}"
    );
    codes(&phone)
}

#[test]
fn requests_that_the_phone_s_timer_repeats_have_no_answer() {
    // The interval, the tries in a row, and how often it starts over.
    for (every, tries, boots) in [(4, 15, 3), (3, 8, 3), (5, 15, 2), (4, 3, 6), (4, 5, 4)] {
        for name in [TERM, CTL, "SIP61.9-4-2SR1-1S.loads"] {
            let mut log = Log::new();
            for boot in 0..boots {
                for attempt in 0..tries {
                    log.ask(boot * 140 + attempt * every, name);
                }
            }
            assert_eq!(
                outcome(&log),
                ["blocked-by-firewall"],
                "{name}: {tries} tries every {every} s"
            );
        }
    }
}

#[test]
fn a_time_out_of_the_server_is_no_delivery() {
    let mut log = Log::new();
    for boot in 0..4 {
        log.ask(boot * 100, TERM);
        log.line(boot * 100 + 25, "Client 192.0.2.9 timed out");
    }
    assert_eq!(outcome(&log), ["blocked-by-firewall"]);
    let cure = &log.phone().diagnoses[0].cure;
    for cause in ["Firewall", "Routing", "Reply address"] {
        assert!(cure.contains(cause), "{cure}");
    }
}

#[test]
fn what_dnsmasq_failed_to_send_did_not_arrive() {
    let mut log = String::new();
    for minute in 0..4 {
        writeln!(
            log,
            "May  1 10:{minute:02}:00 pbx dnsmasq-tftp[7]: failed sending /srv/tftp/{TERM} to \
             192.0.2.9"
        )
        .unwrap();
    }
    let report = replay_log(&log);
    assert_eq!(codes(&report.phones[0]), ["blocked-by-firewall"]);
}

#[test]
fn a_not_found_that_does_not_arrive_is_no_routine() {
    let mut log = Log::new();
    for boot in 0..5 {
        for attempt in 0..3 {
            log.nak(boot * 40 + attempt * 4, CTL, "1, File not found");
        }
    }
    assert_eq!(outcome(&log), ["blocked-by-firewall"]);
    let cure = &log.phone().diagnoses[0].cure;
    assert!(cure.contains("trust list"), "{cure}");
}

#[test]
fn pairs_of_requests_are_a_refusal_and_polls_are_nothing() {
    let mut log = Log::new();
    for boot in 0..5 {
        log.ask(boot * 95, TERM).ask(boot * 95 + 1, TERM);
    }
    let phone = log.phone();
    assert_eq!(codes(&phone), ["manifest-refused"]);
    let cure = &phone.diagnoses[0].cure;
    assert!(cure.contains("Only requests were observed"), "{cure}");
    assert!(!cure.contains("cables"), "{cure}");

    // A 7960 without a configuration.
    let mut log = Log::new();
    for poll in 0..20 {
        log.nak(poll * 31, "SIP001D45AABB0C.cnf", "1, File not found");
    }
    assert_eq!(outcome(&log), ["unsupported-model"]);
}

#[test]
fn answers_that_arrive_again_withdraw_the_diagnosis() {
    let mut log = Log::new();
    for attempt in 0..10 {
        log.ask(attempt * 4, TERM);
    }
    log.ask(60, TERM).ask(62, "jar61sip.9-4-2ES26.sbn");
    let phone = log.phone();
    assert_eq!((codes(&phone), phone.withdrawn.len()), (Vec::new(), 1));
}

#[test]
fn any_configuration_without_effect_in_three_boots_is_rejected() {
    let default = "XMLDefault.cnf.xml";
    for every in [15, 45, 100, 300] {
        for files in [
            &[(OWN, FOUND)][..],
            &[(OWN, "File not found"), (default, FOUND)],
            &[(default, FOUND)],
        ] {
            let mut log = Log::new();
            for boot in 0..3 {
                assert!(codes_of(&log).is_empty());
                log.boot(boot * every, files);
            }
            log.boot(3 * every, files);
            assert_eq!(outcome(&log), ["config-rejected"], "{every} {files:?}");
            // A configuration that it accepts.
            log.boot(
                4 * every,
                &[(OWN, FOUND), ("/mk-sip.jar", "File not found")],
            );
            assert_eq!(outcome(&log), [""; 0], "{every} {files:?}");
        }
    }
    // The order of an 8851, which requests its CTL last.
    let mut log = Log::new();
    for boot in 0..4 {
        log.client(boot * 60, "ITLSEP001D45AABB0C.tlv", "File not found")
            .client(boot * 60, "ITLFile.tlv", "File not found")
            .client(boot * 60 + 1, OWN, FOUND);
    }
    assert_eq!(outcome(&log), ["config-rejected"]);
}

fn codes_of(log: &Log) -> Vec<String> {
    let report = replay_log(&log.text);
    report.phones.first().map(codes).unwrap_or_default()
}

#[test]
fn boots_that_a_person_makes_reject_nothing() {
    let mut log = Log::new();
    for day in 0..5 {
        log.boot(day * 86_400, &[(OWN, FOUND)]);
    }
    assert_eq!(outcome(&log), ["stalled"; 0]);
}

#[test]
fn a_phone_that_starts_over_with_its_trust_lists_waits_for_one() {
    for every in [20, 60, 240] {
        let mut log = Log::new();
        for boot in 0..5 {
            log.boot(boot * every, &[]);
        }
        assert_eq!(outcome(&log), ["trust-list"], "{every}");
        log.boot(5 * every, &[(OWN, FOUND)]);
        assert_eq!(outcome(&log), [""; 0], "{every}");
    }
}

#[test]
fn a_healthy_phone_is_up_for_hours() {
    let sip = [(OWN, FOUND), ("/sp-sip.jar", "File not found")];
    let plan = [(OWN, FOUND), ("dialplan.xml", FOUND)];
    let tones = [(OWN, FOUND), ("United_States/g3-tones.xml", FOUND)];
    let sccp = [
        (OWN, FOUND),
        ("SCCP61.9-4-2SR3-1S.loads", FOUND),
        ("English_United_States/mk-sccp.jar", FOUND),
    ];
    let own_load = [
        (OWN, FOUND),
        ("SIP61.9-4-2SR1-1S.loads", FOUND),
        ("/mk-sip.jar", "File not found"),
        ("dialplan.xml", FOUND),
    ];
    let only_load = [(OWN, FOUND), ("SCCP61.9-4-2SR3-1S.loads", FOUND)];
    for files in [&sip[..], &plan, &tones, &sccp, &own_load, &only_load] {
        let mut log = Log::new();
        log.boot(0, files).boot(7200, files).boot(86_400, files);
        let phone = log.phone();
        assert!(phone.up, "{files:?} {phone:#?}");
        assert_eq!(codes(&phone), [""; 0], "{files:?}");
        assert!(
            matches!(phone.state, State::Configuring | State::Manifest),
            "{phone:#?}"
        );
        // Silence is normal.
        let other = "May  4 10:00:00 pbx in.tftpd[9]: RRQ from 192.0.2.77 filename other.xml\n";
        let text = [log.text.as_str(), other].concat();
        let report = replay_log(&text);
        assert_eq!(codes(&report.phones[0]), [""; 0], "{files:?}");
        assert_eq!(
            reflash::run_view::totals(&report),
            "1 phone: 1 up",
            "{files:?}"
        );
    }
}

#[test]
fn sccp_firmware_ends_in_no_claim() {
    for locale in [None, Some("English_United_States/sp-sccp.jar")] {
        let mut log = Log::new();
        for (at, name) in (0..).step_by(8).zip([
            "term65.default.loads",
            "jar45sccp.9-3-1ES26.sbn",
            "cnu45.9-3-1ES26.sbn",
            "apps45.9-3-1ES26.sbn",
            "dsp45.9-3-1ES26.sbn",
            "cvm45sccp.9-3-1ES26.sbn",
        ]) {
            log.client(at, name, FOUND);
        }
        log.boot(150, &[(OWN, FOUND)]);
        if let Some(locale) = locale {
            log.client(155, locale, FOUND);
        }
        let phone = log.phone();
        assert_eq!(codes(&phone), ["bundle-is-sccp"]);
        assert_eq!(phone.state, State::Configuring);
    }
}

#[test]
fn a_bridge_is_no_mistake_once_sip_images_follow() {
    let mut log = Log::new();
    let files = |protocol: &str, release: &str| {
        [
            "term65.default.loads".to_owned(),
            format!("jar45{protocol}.{release}.sbn"),
            format!("cnu45.{release}.sbn"),
            format!("apps45.{release}.sbn"),
            format!("dsp45.{release}.sbn"),
            format!("cvm45{protocol}.{release}.sbn"),
        ]
    };
    for (at, name) in (0..).step_by(8).zip(files("sccp", "8-5-2")) {
        log.client(at, &name, FOUND);
    }
    log.boot(150, &[(OWN, FOUND)]);
    for (at, name) in (300..).step_by(8).zip(files("sip", "9-4-2")) {
        log.client(at, &name, FOUND);
    }
    log.boot(450, &[(OWN, FOUND)]);
    let phone = log.phone();
    assert_eq!((codes(&phone), phone.state), (Vec::new(), State::Flashed));
}

#[test]
fn a_refusal_of_access_is_the_server_s() {
    for (name, error) in [
        (TERM, "2, Access violation"),
        (TERM, "0, Permission denied"),
        (OWN, "0, Permission denied"),
        (OWN, "2, Only absolute filenames allowed"),
        ("SIP61.9-4-2SR1-1S.loads", "2, access violation"),
    ] {
        let mut log = Log::new();
        for boot in 0..3 {
            log.nak(boot * 90, name, error);
        }
        assert_eq!(outcome(&log), ["access-denied"], "{name} {error}");
        let evidence = &log.phone().diagnoses[0].evidence;
        let (_, text) = error.split_once(", ").unwrap();
        assert!(evidence.contains(text), "{evidence}");
        log.client(400, name, FOUND);
        assert!(!outcome(&log).contains(&"access-denied".to_owned()));
    }
}

#[test]
fn a_converted_phone_that_reads_its_manifest_again_stays_converted() {
    let mut log = Log::new();
    let load = "SIP41.9-4-2SR3-1S.loads";
    log.boot(0, &[(OWN, FOUND), (load, FOUND)]);
    for (at, image) in (10..).step_by(10).zip(["jar", "cnu", "apps", "dsp", "cvm"]) {
        log.client(at, &format!("{image}41.9-4-2ES26.sbn"), FOUND);
    }
    for boot in [200, 400, 600] {
        log.boot(boot, &[(OWN, FOUND), (load, FOUND), ("mk-sip.jar", FOUND)]);
        let phone = log.phone();
        assert_eq!(phone.state, State::Flashed, "{boot} {phone:#?}");
        assert_eq!(codes(&phone), [""; 0]);
    }
}

#[test]
fn files_that_some_phones_request_in_every_boot_do_not_show_an_accepted_configuration() {
    let mut log = Log::new();
    for boot in [0, 45, 90] {
        log.boot(
            boot,
            &[(OWN, FOUND), ("AppDialRules.xml", "File not found")],
        );
        assert!(log.phone().up, "nothing contradicts it so far");
    }
    log.boot(135, &[(OWN, FOUND), ("AppDialRules.xml", "File not found")]);
    let phone = log.phone();
    assert_eq!(codes(&phone), ["config-rejected"]);
    assert!(!phone.up, "{phone:#?}");
}
