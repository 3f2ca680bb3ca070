//! The 7940 and 7960 from before the loader: the bridges that each phone is offered, and what proves
//! that it has them.

use reflash::{
    phone::{Family, LoadName},
    track::{EvidenceSource, ManifestPlan, ObservationKind, Plan, StagePlan, State, View},
};

use crate::support::conversation::*;

use State::{Configuring, Confirmed, Failed, Images, Writing};

const LOADER: &str = "P003-8-12-00.sbn";
const APPLICATION: &str = "P0S3-8-12-00.sb2";
const MANIFEST: &str = "P0S3-8-12-00.loads";
const NAME: &str = "OS79XX.TXT";

fn stage(load: &str, manifest: &str, images: &[&str]) -> StagePlan {
    StagePlan {
        load: LoadName::new(load),
        models: Family::P3.models().collect(),
        manifests: vec![ManifestPlan {
            name: manifest.to_owned(),
            images: images
                .iter()
                .map(|name| ((*name).to_owned(), 130_000))
                .collect(),
            hardware: None,
            platforms: Vec::new(),
        }],
    }
}

fn bridge_of(load: &str) -> StagePlan {
    let images = [format!("{load}.bin"), format!("{load}.sbn")];
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let signed = LoadName::new(load).release().is_some_and(|it| it.major > 4);
    stage(load, load, &images[..=usize::from(signed)])
}

/// A conversion to SIP 8.12 with these bridges.
fn run_with(bridges: &[&str]) -> Run {
    run_of(plan_with(bridges))
}

/// The same after a survey of a minute.
fn run_with_survey(bridges: &[&str]) -> Run {
    run_of(Plan {
        survey: Some(seconds(60.0)),
        ..plan_with(bridges)
    })
}

fn plan_with(bridges: &[&str]) -> Plan {
    Plan {
        stages: vec![stage("P0S3-8-12-00", MANIFEST, &[LOADER, APPLICATION])],
        bridge: bridges.iter().map(|load| bridge_of(load)).collect(),
        ..Plan::default()
    }
}

fn run_of(plan: Plan) -> Run {
    let mut run = Run::new(plan);
    run.stage(NAME, 14);
    run.stage("SIPDefault.cnf", 40);
    run
}

fn sip_name() -> String {
    format!("SIP{}.cnf", mac(1).upper_hex())
}

/// What the loader requests until it has its application, and the SIP application.
fn loader_boot(run: &mut Run, at: f64) {
    let own = mac(1).upper_hex();
    run.fetch(at, 10, &format!("CTLSEP{own}.tlv"))
        .fetch(at + 1.0, 10, &format!("SEP{own}.cnf.xml"))
        .fetch(at + 2.0, 10, &sip_name())
        .fetch(at + 3.0, 10, &format!("MGC{own}.cnf"))
        .fetch(at + 4.0, 10, "XMLDefault.cnf.xml")
        .fetch(at + 5.0, 10, MANIFEST)
        .fetch(at + 6.0, 10, APPLICATION);
}

fn application_boot(run: &mut Run, at: f64) {
    run.fetch(at, 10, "SIPDefault.cnf")
        .fetch(at + 1.0, 10, &format!("./{}", sip_name()));
}

fn reports_sip(run: &mut Run, at: f64) {
    run.observe(
        at,
        10,
        ObservationKind::UserAgent {
            release: Some("8.0".to_owned()),
            source: EvidenceSource::Sip,
            detail: "User-Agent Cisco-CP7960G/8.0".to_owned(),
        },
    );
}

#[test]
fn a_signed_release_gets_the_loader_and_then_the_application() {
    let mut run = run_with(&[]);
    assert_eq!(run.view(10, NAME), View::Loader, "nothing is known of it");
    run.fetch(0.0, 10, NAME);
    assert_eq!(run.view(10, LOADER), View::Loader);
    run.request(1.0, 10, LOADER);
    assert_eq!(run.state(), Images);
    run.fetch(1.5, 10, LOADER);
    assert_eq!(run.state(), Writing, "the phone must stay powered");
    loader_boot(&mut run, 40.0);
    assert_eq!(run.view(10, "XMLDefault.cnf.xml"), View::Target);
    assert_eq!(run.state(), Writing);
    application_boot(&mut run, 110.0);
    assert_eq!(run.state(), State::Flashed);
    reports_sip(&mut run, 120.0);
    assert_eq!(run.state(), Confirmed);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn an_unsigned_sip_release_is_offered_each_step_in_the_order_of_the_releases() {
    let mut run = run_with(&["P0S3-04-4-00", "P00305000700", "P0S3-05-3-00"]);
    run.fetch(0.0, 10, NAME);
    run.fetch(1.0, 10, "P003-8-12-00.bin");
    assert_eq!(
        run.view(10, "SIPDefault.cnf"),
        View::Bridge(0),
        "in the same start"
    );
    run.fetch(2.0, 10, "SIPDefault.cnf")
        .fetch(3.0, 10, &sip_name())
        .fetch(4.0, 10, "P0S3-04-4-00.bin");
    assert_eq!(run.state(), Writing);
    run.fetch(60.0, 10, NAME);
    assert_eq!(run.state(), Configuring);
    assert_eq!(run.view(10, "SIPDefault.cnf"), View::Bridge(2));
    run.fetch(61.0, 10, "SIPDefault.cnf")
        .fetch(62.0, 10, &sip_name())
        .fetch(63.0, 10, "P0S3-05-3-00.bin");
    assert_eq!(run.view(10, NAME), View::Loader, "its next start is 5.3's");
    run.fetch(120.0, 10, NAME).fetch(121.0, 10, LOADER);
    loader_boot(&mut run, 190.0);
    application_boot(&mut run, 260.0);
    reports_sip(&mut run, 270.0);
    assert_eq!(run.state(), Confirmed);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn an_unsigned_sccp_release_goes_through_sccp_5_and_a_signed_one_does_not() {
    for (is_signed, reported) in [(false, "P00304000000"), (true, "P00305000700")] {
        let mut run = run_with(&["P00305000700", "P0S3-05-3-00"]);
        run.report_load(0.0, 10, reported).fetch(1.0, 10, NAME);
        let expected = if is_signed {
            View::Loader
        } else {
            View::Bridge(0)
        };
        assert_eq!(run.view(10, "XMLDefault.cnf.xml"), expected, "{reported}");
    }
    // Without a report, the step is safe for both.
    let mut run = run_with(&["P00305000700"]);
    run.fetch(0.0, 10, NAME)
        .fetch(1.0, 10, &format!("SEP{}.cnf.xml", mac(1).upper_hex()));
    assert_eq!(run.view(10, "XMLDefault.cnf.xml"), View::Bridge(0));
    run.fetch(2.0, 10, "XMLDefault.cnf.xml")
        .fetch(3.0, 10, "P00305000700.bin")
        .fetch(60.0, 10, NAME);
    assert_eq!(run.view(10, "XMLDefault.cnf.xml"), View::Loader);
}

#[test]
fn a_phone_that_runs_the_offered_bridge_is_offered_the_next_step() {
    let mut run = run_with(&["P00305000700"]);
    run.fetch(0.0, 10, NAME)
        .fetch(1.0, 10, &format!("SEP{}.cnf.xml", mac(1).upper_hex()))
        .fetch(2.0, 10, "XMLDefault.cnf.xml")
        .advance_to(70.0);
    assert_eq!(run.view(10, "XMLDefault.cnf.xml"), View::Loader);
    assert_eq!(run.state(), Configuring);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn sccp_without_xml_is_given_every_release_of_sip_by_os79xx() {
    let steps = ["P0S30202", "P0S3-03-2-00", "P0S3-04-4-00", "P0S3-05-3-00"];
    let mut run = run_with(&steps);
    let own = format!("SEP{}.cnf", mac(1).upper_hex());
    run.fetch(0.0, 10, NAME)
        .fetch(1.0, 10, &own)
        .fetch(2.0, 10, "SEPDefault.cnf")
        .advance_to(100.0);
    // It did not read the name of the first step yet, so its silence shows nothing.
    assert_eq!(run.view(10, NAME), View::Bridge(0));
    let mut at = 120.0;
    for (step, load) in (0..).zip(steps) {
        assert_eq!(run.view(10, NAME), View::Bridge(step), "{load}");
        run.fetch(at, 10, NAME);
        if step > 0 {
            run.fetch(at + 1.0, 10, "SIPDefault.cnf")
                .fetch(at + 2.0, 10, &sip_name());
        }
        run.fetch(at + 3.0, 10, &format!("{load}.bin"));
        at += 60.0;
    }
    assert_eq!(run.view(10, NAME), View::Loader);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn a_missing_bridge_is_diagnosed_with_its_images_and_nothing_is_offered() {
    let mut run = run_with(&["P0S3-05-3-00"]);
    run.fetch(0.0, 10, NAME).fetch(1.0, 10, "P003-8-12-00.bin");
    assert_eq!(run.codes(), ["bridge-needed"]);
    assert_eq!(run.state(), Failed);
    let phone = run.phone();
    let cure = &phone.diagnoses[0].cure;
    assert!(cure.contains("P0S3-04-4-00.bin"), "{cure}");
    assert!(!cure.contains("P0S3-05-3-00"), "{cure}");
    assert!(cure.contains("no way back"), "{cure}");
    assert_eq!(run.view(10, "SIPDefault.cnf"), View::Loader);
}

#[test]
fn a_bridge_that_did_not_install_is_offered_again() {
    let mut run = run_with(&["P00305000700"]);
    let own = format!("SEP{}.cnf.xml", mac(1).upper_hex());
    run.fetch(0.0, 10, NAME)
        .fetch(1.0, 10, &own)
        .fetch(2.0, 10, "XMLDefault.cnf.xml")
        .fetch(3.0, 10, "P00305000700.bin")
        .fetch(60.0, 10, NAME)
        .fetch(61.0, 10, &own)
        .fetch(62.0, 10, "XMLDefault.cnf.xml")
        // Signed firmware would request .sbn.
        .fetch(63.0, 10, "P003-8-12-00.bin");
    assert_eq!(run.view(10, "XMLDefault.cnf.xml"), View::Bridge(0));
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn an_image_that_is_fetched_at_every_start_is_rejected() {
    let mut run = run_with(&[]);
    for start in 0..3 {
        assert!(run.codes().is_empty(), "{:?}", run.codes());
        let at = f64::from(start) * 60.0;
        run.fetch(at, 10, NAME).fetch(at + 1.0, 10, LOADER);
    }
    run.fetch(180.0, 10, NAME);
    assert_eq!(run.codes(), ["image-rejected"]);
    run.fetch(181.0, 10, LOADER);
    loader_boot(&mut run, 220.0);
    assert_eq!(run.codes(), ["image-rejected", "-image-rejected"]);
}

#[test]
fn two_images_in_turn_are_a_loop_of_two_names() {
    let mut run = run_with(&[]);
    // Configurations of another server's set-up name these.
    let images = ["P00305000100.sbn", "P0S3-05-1-00.sbn"];
    for image in images {
        run.stage(image, 400_000);
    }
    for start in 0..4 {
        let at = f64::from(start) * 60.0;
        let image = images[usize::try_from(start).unwrap() % 2];
        run.fetch(at, 10, NAME).fetch(at + 1.0, 10, image);
    }
    run.fetch(240.0, 10, NAME);
    assert_eq!(run.codes(), ["upgrade-loop"]);
}

#[test]
fn requests_from_the_address_of_a_7965_do_not_make_it_an_old_7940() {
    let mut run = Run::new(Plan {
        stages: vec![
            plan().stages.remove(0),
            stage("P0S3-8-12-00", MANIFEST, &[LOADER, APPLICATION]),
        ],
        ..Plan::default()
    });
    run.stage(NAME, 14);
    run.fetch(0.0, 10, TERM)
        .fetch(1.0, 10, NAME)
        .fetch(2.0, 10, "P0S3-04-4-00.bin");
    // An image that this bundle lacks, as any other.
    assert_eq!(run.codes(), ["missing-image"]);
    assert_eq!(run.view(10, TERM), View::Target);
}

#[test]
fn names_of_old_firmware_from_the_address_of_a_phone_with_the_loader_change_nothing() {
    let mut run = run_with(&[]);
    loader_boot(&mut run, 0.0);
    assert_eq!(run.state(), Writing);
    run.fetch(10.0, 10, NAME)
        .fetch(11.0, 10, "P003-8-12-00.bin");
    assert_eq!(run.view(10, "XMLDefault.cnf.xml"), View::Target);
    application_boot(&mut run, 60.0);
    assert_eq!(run.state(), State::Flashed);
    let codes = run.codes();
    assert!(!codes.contains(&"bridge-needed".to_owned()), "{codes:?}");
}

#[test]
fn a_survey_plans_the_steps_of_an_old_7960() {
    let mut run = run_with_survey(&["P00305000700"]);
    run.report_load(0.0, 10, "P00304000000")
        .fetch(1.0, 10, NAME);
    assert_eq!(run.view(10, NAME), View::ConfigOnly);
    run.advance_to(61.0);
    assert_eq!(run.view(10, NAME), View::Bridge(0));
    assert_eq!(run.view(10, "XMLDefault.cnf.xml"), View::Bridge(0));
    let results = run.fleet.survey_results().unwrap();
    let next = results[0].next.as_ref().map(LoadName::as_str);
    assert_eq!(next, Some("P00305000700"));
}

#[test]
fn the_name_of_the_loader_as_a_load_is_diagnosed() {
    let mut run = run_with(&[]);
    let own = mac(1).upper_hex();
    run.fetch(0.0, 10, &format!("CTLSEP{own}.tlv"))
        .fetch(1.0, 10, &format!("SEP{own}.cnf.xml"))
        .fetch(2.0, 10, "P003-8-12-00.loads")
        .fetch(3.0, 10, LOADER);
    assert_eq!(run.codes(), ["loader-named"]);
}

#[test]
fn a_phone_without_an_application_is_waited_for_when_the_run_ends() {
    let mut run = run_with(&[]);
    run.fetch(0.0, 10, NAME).fetch(1.0, 10, LOADER);
    run.fleet.drain(seconds(5.0));
    let name = format!("CTLSEP{}.tlv", mac(1).upper_hex());
    assert_eq!(run.view(10, &name), View::Loader);
    loader_boot(&mut run, 40.0);
    assert_eq!(run.state(), Writing);
}

#[test]
fn the_sip_application_alone_does_not_end_as_the_target() {
    // SIP 6.3 without the loader registers; it was given nothing.
    let mut run = run_with(&[]);
    run.unstage(LOADER);
    run.fetch(0.0, 10, NAME).fetch(1.0, 10, LOADER);
    application_boot(&mut run, 2.0);
    run.fetch(4.0, 10, "RINGLIST.DAT");
    reports_sip(&mut run, 10.0);
    run.advance_to(200.0);
    let phone = run.phone();
    assert!(
        !matches!(phone.state, Confirmed | State::Flashed | State::Already),
        "{:?}",
        phone.state
    );
}
