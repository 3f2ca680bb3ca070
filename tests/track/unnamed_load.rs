//! A 7940 or 7960 whose own SEP file names no load: its loader's search ends there.

use reflash::{
    phone::{Family, LoadName},
    track::{ManifestPlan, Plan, StagePlan, State},
};

use crate::support::conversation::*;

const MANIFEST: &str = "P0S3-8-12-00.loads";
const APPLICATION: &str = "P0S3-8-12-00.sb2";

fn conversion_of(family: Family, load: &str, images: &[&str]) -> Plan {
    Plan {
        stages: vec![StagePlan {
            load: LoadName::new(load),
            models: family.models().collect(),
            manifests: vec![ManifestPlan {
                name: format!("{load}.loads"),
                images: images
                    .iter()
                    .map(|name| ((*name).to_owned(), 130_000))
                    .collect(),
                hardware: None,
                platforms: Vec::new(),
            }],
        }],
        ..Plan::default()
    }
}

/// A conversion of a 7960 on SCCP 8.1 SR2, which has its own SEP file.
fn run() -> Run {
    let images = ["P003-8-12-00.sbn", APPLICATION];
    let mut run = run_of(conversion_of(Family::P3, "P0S3-8-12-00", &images));
    run.report_load(0.0, 10, "P0030801SR02");
    run
}

fn run_of(plan: Plan) -> Run {
    let mut run = Run::new(plan);
    run.stage("SIPDefault.cnf", 40);
    run.stage(&own("SEP", ".cnf.xml"), 4000);
    run
}

fn own(prefix: &str, end: &str) -> String {
    format!("{prefix}{}{end}", mac(1).upper_hex())
}

/// A start of the loader as far as its own SEP file.
fn loader(run: &mut Run, at: f64) {
    run.fetch(at, 10, &own("CTLSEP", ".tlv"))
        .fetch(at + 0.2, 10, &own("SEP", ".cnf.xml"));
}

/// A start of the loader, which finds no load, and then of the SCCP application.
fn start(run: &mut Run, at: f64) {
    loader(run, at);
    loader(run, at + 24.0);
    run.fetch(at + 25.0, 10, "XMLDefault.cnf.xml");
}

const CODE: [&str; 1] = ["load-not-named"];

#[test]
fn a_sep_file_without_a_load_is_diagnosed_at_the_second_start_of_the_loader() {
    let mut run = run();
    start(&mut run, 10.0);
    run.advance_to(300.0);
    assert!(run.codes().is_empty(), "one start: {:?}", run.codes());
    loader(&mut run, 400.0);
    run.advance_to(419.0);
    assert!(run.codes().is_empty(), "a request may follow");
    run.advance_to(425.0);
    assert_eq!(run.codes(), CODE);
    let phone = run.phone();
    let diagnosis = &phone.diagnoses[0];
    assert!(diagnosis.evidence.contains("2 starts"), "{diagnosis:?}");
    assert!(diagnosis.evidence.contains(&own("SEP", ".cnf.xml")));
    for part in [
        "P0S3-8-12-00",
        "loadInformation7",
        "loadInformation8",
        "remove",
    ] {
        assert!(diagnosis.cure.contains(part), "{part}: {diagnosis:?}");
    }
    assert_ne!(phone.state, State::Failed, "a corrected file ends it");
    // The SCCP application that starts then, and its own files, do not change it.
    loader(&mut run, 424.5);
    run.fetch(426.0, 10, "RINGLIST.XML");
    assert_eq!(run.codes(), CODE);
}

#[test]
fn a_manifest_after_the_sep_file_withdraws_it() {
    let mut run = run();
    start(&mut run, 10.0);
    start(&mut run, 300.0);
    run.advance_to(400.0);
    assert_eq!(run.codes(), CODE);
    loader(&mut run, 500.0);
    run.fetch(500.8, 10, MANIFEST);
    assert_eq!(run.codes(), ["load-not-named", "-load-not-named"]);
}

#[test]
fn starts_of_a_loader_without_an_application_count_too() {
    let mut run = run();
    for start in 0..5_u8 {
        loader(&mut run, 10.0 + 25.0 * f64::from(start));
    }
    run.advance_to(140.0);
    assert_eq!(run.codes(), CODE);
}

#[test]
fn a_search_that_goes_on_or_finds_a_load_is_no_sign_of_it() {
    type Follow = fn(&mut Run, f64);
    let cases: [(&str, Follow); 5] = [
        (
            "SIP<MAC>.cnf: the SEP file is longer than 8192 bytes",
            |run, at| {
                run.fetch(at, 10, &own("SIP", ".cnf"));
            },
        ),
        ("the manifest", |run, at| {
            run.fetch(at, 10, MANIFEST);
        }),
        ("MGC<MAC>.cnf", |run, at| {
            run.fetch(at, 10, &own("MGC", ".cnf"));
        }),
        ("SIPDefault.cnf: the SIP application runs", |run, at| {
            run.fetch(at + 22.0, 10, "SIPDefault.cnf");
        }),
        ("the ring list of SIP", |run, at| {
            run.fetch(at + 22.0, 10, "RINGLIST.DAT");
        }),
    ];
    for (what, follow) in cases {
        let mut run = run();
        for start in 0..5_u8 {
            let at = 10.0 + 300.0 * f64::from(start);
            loader(&mut run, at);
            follow(&mut run, at + 1.0);
        }
        run.advance_to(1600.0);
        let codes = run.codes();
        assert!(!codes.contains(&CODE[0].to_owned()), "{what}: {codes:?}");
    }
}

#[test]
fn a_sep_file_that_is_missing_or_not_delivered_is_no_sign_of_it() {
    let mut run = run();
    run.unstage(&own("SEP", ".cnf.xml").to_lowercase());
    for start in 0..5_u8 {
        loader(&mut run, 10.0 + 300.0 * f64::from(start));
    }
    run.advance_to(1600.0);
    assert!(
        !run.codes().contains(&CODE[0].to_owned()),
        "{:?}",
        run.codes()
    );

    let mut run = self::run();
    for start in 0..5_u8 {
        let at = 10.0 + 300.0 * f64::from(start);
        run.fetch(at, 10, &own("CTLSEP", ".tlv"));
        run.request(at + 0.2, 10, &own("SEP", ".cnf.xml"));
    }
    run.advance_to(1600.0);
    assert!(
        !run.codes().contains(&CODE[0].to_owned()),
        "{:?}",
        run.codes()
    );
}

#[test]
fn phones_that_want_no_load_are_not_said_to_lack_one() {
    // No firmware of a 7960 in this run.
    let mut without = run_of(plan());
    without.report_load(0.0, 10, "P0030801SR02");
    // Another family, which installs a load by its configuration or by a reset.
    let mut other = run_of(plan());
    other.report_load(0.0, 10, "SCCP45.9-3-1SR1-1S");
    // A phone that runs the target already.
    let mut done = run();
    done.report_load(1.0, 10, "P0S3-8-12-00");
    for (what, mut run) in [("without", without), ("other", other), ("done", done)] {
        start(&mut run, 10.0);
        start(&mut run, 300.0);
        start(&mut run, 600.0);
        run.advance_to(900.0);
        let codes = run.codes();
        assert!(!codes.contains(&CODE[0].to_owned()), "{what}: {codes:?}");
    }
}

const LOADER: &str = "P003-8-12-00.sbn";

/// A start of a phone that runs the target: its loader reads the manifest, its application starts.
fn start_of_sip(run: &mut Run, at: f64) {
    loader(run, at);
    run.fetch(at + 0.8, 10, MANIFEST)
        .fetch(at + 24.0, 10, "SIPDefault.cnf");
    run.request(at + 24.5, 10, &own("./SIP", ".cnf"));
    run.request(at + 25.0, 10, "RINGLIST.DAT");
}

#[test]
fn a_phone_that_reads_its_manifest_and_starts_sip_runs_the_target() {
    let images = [LOADER, APPLICATION];
    let mut run = run_of(conversion_of(Family::P3, "P0S3-8-12-00", &images));
    start_of_sip(&mut run, 10.0);
    let phone = run.phone();
    assert_eq!(phone.state, State::Already);
    assert!(phone.done);
    let mut evidence = phone.evidence.iter();
    assert!(evidence.any(|one| one.detail.contains("requested no image")));
    start_of_sip(&mut run, 300.0);
    run.advance_to(2000.0);
    assert_eq!(run.phone().state, State::Already);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn sip_firmware_after_an_image_or_long_after_the_manifest_proves_no_target() {
    for image in [true, false] {
        let images = [LOADER, APPLICATION];
        let mut run = run_of(conversion_of(Family::P3, "P0S3-8-12-00", &images));
        loader(&mut run, 10.0);
        run.fetch(11.0, 10, MANIFEST);
        if image {
            run.request(12.0, 10, APPLICATION);
        }
        let at = if image { 36.0 } else { 100.0 };
        run.fetch(at, 10, "SIPDefault.cnf");
        assert_ne!(run.phone().state, State::Already, "{image}");
    }
}

#[test]
fn a_silent_7940_is_never_given_a_recovery_manifest() {
    let mut run = run();
    loader(&mut run, 10.0);
    run.advance_to(2000.0);
    let diagnoses = run.phone().diagnoses;
    assert!(!diagnoses.is_empty());
    for diagnosis in diagnoses {
        assert!(!diagnosis.cure.contains("recovery"), "{diagnosis:?}");
        assert!(!diagnosis.cure.contains("123456789"), "{diagnosis:?}");
    }
}

#[test]
fn a_loader_that_is_fetched_at_every_start_is_a_loop_until_the_application_is_fetched() {
    let mut run = run();
    for start in 0..3_u8 {
        let at = 10.0 + 60.0 * f64::from(start);
        loader(&mut run, at);
        run.fetch(at + 1.0, 10, MANIFEST)
            .fetch(at + 2.0, 10, LOADER);
        let expected: &[&str] = if start < 2 { &[] } else { &["upgrade-loop"] };
        assert_eq!(run.codes(), expected);
    }
    assert!(run.phone().diagnoses[0].cure.contains("LA_VERSION"));
    loader(&mut run, 300.0);
    run.fetch(301.0, 10, MANIFEST).fetch(302.0, 10, APPLICATION);
    assert_eq!(run.codes(), ["upgrade-loop", "-upgrade-loop"]);
}

#[test]
fn an_application_without_a_line_is_noted_by_its_polls() {
    let mut run = run();
    for poll in 0..5_u8 {
        run.request(100.0 + 31.0 * f64::from(poll), 10, &own("./SIP", ".cnf"));
    }
    let notes = run.phone().evidence;
    let polls = notes
        .iter()
        .filter(|note| note.detail.contains("31 s apart"));
    assert_eq!(polls.count(), 1, "{notes:?}");
}
