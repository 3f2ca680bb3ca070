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
