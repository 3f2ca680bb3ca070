//! Refused manifests: the bridge load that helps, and the diagnosis where no bridge does.

use reflash::track::{EvidenceSource, ObservationKind, Plan, State, View};

use crate::support::conversation::*;

use State::{Configuring, Confirmed, Failed, Flashed, Manifest, Writing};

pub(super) fn with_bridge() -> Plan {
    Plan {
        bridge: vec![bridge(&BRIDGE_IMAGES)],
        ..plan()
    }
}

/// Every manifest of the target supports this hardware only.
fn plan_for_hardware(mask: u32) -> Plan {
    let mut plan = plan();
    for manifest in &mut plan.stages[0].manifests {
        manifest.hardware = Some(mask);
    }
    plan
}

/// Two boots that fetch the manifest and request no image.
fn refuse(run: &mut Run, at: f64, host: u8, manifest: &str) {
    run.fetch(at, host, manifest)
        .fetch(at + 0.6, host, manifest)
        .fetch(at + 120.0, host, manifest)
        .advance_to(at + 151.0);
}

/// A person reports the hardware of the phone.
fn report_hardware(run: &mut Run, at: f64, host: u8, classes: u32) {
    let source = EvidenceSource::Person;
    let detail = "Load rejected HC".to_owned();
    run.observe(
        at,
        host,
        ObservationKind::Hardware {
            classes,
            source,
            detail,
        },
    );
}

#[test]
fn a_boot_loader_that_refuses_the_target_is_served_the_bridge_and_then_the_target() {
    let mut run = Run::new(with_bridge());
    assert_eq!(run.view(10, TERM), View::Target);
    run.fetch(0.0, 10, TERM)
        .fetch(120.0, 10, TERM)
        .advance_to(149.0);
    assert_eq!(
        run.view(10, TERM),
        View::Target,
        "not before 30 s of silence"
    );
    run.advance_to(151.0);
    assert_eq!(run.view(10, TERM), View::Bridge(0));
    assert_eq!(
        run.view(11, TERM),
        View::Target,
        "each phone has its own view"
    );
    assert!(run.codes().is_empty(), "{:?}", run.codes());
    run.pass_of(240.0, 10, TERM, &BRIDGE_IMAGES);
    assert_eq!(run.state(), Writing);
    run.boot(400.0, 10, 1);
    assert_eq!(run.state(), Configuring, "the bridge is not the target");
    assert_eq!(run.view(10, "XMLDefault.cnf.xml"), View::Target);
    run.full_pass(402.0, 10, LOADS).boot(600.0, 10, 1);
    let phone = run.phone();
    assert_eq!((phone.state, phone.pass), (Flashed, 2));
    assert_eq!(phone.to.map(|load| load.to_string()).as_deref(), Some(LOAD));
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn an_application_with_a_load_before_8_3_3_is_served_the_bridge_at_once() {
    let mut run = Run::new(with_bridge());
    run.report_load(0.0, 10, "SCCP45.8-3-2S").boot(1.0, 10, 1);
    assert_eq!(run.view(10, "XMLDefault.cnf.xml"), View::Bridge(0));
    run.pass_of(3.0, 10, BRIDGE_LOADS, &BRIDGE_IMAGES);
    run.boot(120.0, 10, 1);
    assert_eq!(
        (run.state(), run.view(10, TERM)),
        (Configuring, View::Target)
    );
    run.report_load(125.0, 10, BRIDGE)
        .full_pass(126.0, 10, LOADS)
        .boot(300.0, 10, 1)
        .report_load(305.0, 10, LOAD);
    assert_eq!(run.state(), Confirmed);
    let from = run.phone().from.map(|load| load.to_string());
    assert_eq!(from.as_deref(), Some("SCCP45.8-3-2S"));
    assert!(run.codes().is_empty());
}

#[test]
fn an_image_is_served_from_the_stage_of_the_fetched_manifest_after_the_view_changed() {
    let mut run = Run::new(with_bridge());
    refuse(&mut run, 0.0, 10, TERM);
    assert_eq!(run.view(10, TERM), View::Bridge(0));
    // It fetches an image of the target late.
    assert_eq!(run.view(10, IMAGES[0].0), View::Target);
    run.fetch(170.0, 10, IMAGES[0].0);
    assert_eq!(run.view(10, TERM), View::Target);
    for (name, _) in &IMAGES[1..] {
        run.fetch(180.0, 10, name);
    }
    assert_eq!(run.state(), Writing);
}

#[test]
fn a_refused_bridge_is_diagnosed_and_the_target_is_served_again() {
    let mut run = Run::new(with_bridge());
    refuse(&mut run, 0.0, 10, TERM);
    refuse(&mut run, 240.0, 10, TERM);
    assert_eq!((run.state(), run.view(10, TERM)), (Failed, View::Target));
    assert_eq!(run.codes(), ["manifest-refused"]);
    assert!(run.phone().diagnoses[0].cure.contains("refused the bridge"));
    // The next refusal changes nothing.
    refuse(&mut run, 480.0, 10, TERM);
    assert_eq!(run.view(10, TERM), View::Target);
    assert_eq!(run.codes(), ["manifest-refused"]);
}

#[test]
fn an_application_that_does_not_request_the_bridge_is_served_the_target_again() {
    let mut run = Run::new(with_bridge());
    run.boot(0.0, 10, 1).fetch(2.0, 10, LOADS);
    run.boot(120.0, 10, 1)
        .fetch(122.0, 10, LOADS)
        .advance_to(153.0);
    assert_eq!(run.view(10, "XMLDefault.cnf.xml"), View::Bridge(0));
    // It runs 8.5(2), and no source reported that.
    run.boot(240.0, 10, 1).advance_to(301.0);
    assert_eq!(run.view(10, "XMLDefault.cnf.xml"), View::Target);
    assert_eq!(run.codes(), ["manifest-refused"]);
    assert!(run.phone().diagnoses[0].cure.contains("did not request it"));
}

#[test]
fn without_a_bridge_the_cure_names_the_bundle_to_download() {
    let mut run = Run::new(plan());
    run.report_load(0.0, 10, "SCCP45.8-3-2S");
    assert_eq!(run.codes(), ["bridge-needed"]);
    assert_eq!(run.state(), Failed);
    assert!(
        run.phone().diagnoses[0]
            .cure
            .contains("cmterm-7945_7965-sccp.8-5-2.zip")
    );
    // The first report was of another phone, or the phone was flashed by other means meanwhile.
    run.report_load(60.0, 10, "SCCP45.9-0-3S");
    assert_eq!(run.codes(), ["bridge-needed", "-bridge-needed"]);
}

#[test]
fn a_refusal_by_a_load_that_accepts_the_signature_is_a_hardware_mismatch() {
    for plan in [plan(), with_bridge()] {
        let mut run = Run::new(plan);
        run.report_load(0.0, 10, "SCCP45.9-0-3S").boot(1.0, 10, 1);
        refuse(&mut run, 60.0, 10, TERM);
        assert_eq!(run.codes(), ["hardware-mismatch"]);
        assert_eq!(run.view(10, TERM), View::Target, "a bridge does not help");
    }
}

#[test]
fn the_hardware_mask_decides_the_diagnosis_once_the_hardware_is_known() {
    let mut run = Run::new(plan_for_hardware(7));
    refuse(&mut run, 0.0, 10, TERM);
    assert_eq!(run.codes(), ["manifest-refused"]);
    report_hardware(&mut run, 200.0, 10, 8);
    assert_eq!(
        run.codes(),
        ["manifest-refused", "-manifest-refused", "hardware-mismatch"]
    );
    let mut run = Run::new(plan_for_hardware(15));
    report_hardware(&mut run, 0.0, 10, 8);
    refuse(&mut run, 1.0, 10, TERM);
    assert_eq!(run.codes(), ["bridge-needed"]);
    // 8.5(2) does not run on this hardware, so the bridge is not tried.
    let mut run = Run::new(with_bridge());
    report_hardware(&mut run, 0.0, 10, 8);
    refuse(&mut run, 1.0, 10, TERM);
    assert_eq!(run.view(10, TERM), View::Target);
    assert_eq!(run.codes(), ["manifest-refused"]);
}

#[test]
fn a_refusal_moves_to_the_phone_that_is_identified_at_the_address() {
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1);
    refuse(&mut run, 60.0, 10, TERM);
    assert_eq!(run.phone_of(1).state, Failed);
    run.boot(300.0, 10, 2);
    assert_eq!(run.phone_of(1).state, Configuring);
    assert_eq!(run.phone_of(2).state, Failed);
    assert_eq!(
        run.codes(),
        ["manifest-refused", "-manifest-refused", "manifest-refused"]
    );
}

#[test]
fn a_refused_manifest_is_diagnosed_after_the_second_boot() {
    let mut run = Run::new(plan());
    for at in [0.0, 148.0, 241.0] {
        run.fetch(at, 10, TERM).fetch(at + 0.6, 10, TERM);
        if at == 0.0 {
            run.advance_to(60.0);
            assert_eq!(run.state(), Manifest, "one boot proves nothing");
        }
    }
    let phone = run.phone();
    assert_eq!((phone.state, phone.pass), (Failed, 1));
    assert_eq!(run.codes(), ["manifest-refused"]);
    assert!(
        phone.diagnoses[0]
            .evidence
            .contains("2 boots (at 0:00:00, 0:02:28)")
    );
    // It accepts another bundle.
    run.full_pass(400.0, 10, TERM);
    assert_eq!(run.state(), Writing);
    assert_eq!(run.codes(), ["manifest-refused", "-manifest-refused"]);
}

#[test]
fn an_application_without_image_requests_is_diagnosed_only_at_its_next_manifest_request() {
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1).fetch(2.0, 10, LOADS).advance_to(250.0);
    assert!(run.codes().is_empty());
    run.boot(250.0, 10, 1).advance_to(290.0);
    assert!(run.codes().is_empty());
    run.boot(295.0, 10, 1)
        .fetch(297.0, 10, LOADS)
        .advance_to(328.0);
    assert_eq!(run.codes(), ["manifest-refused"]);
    assert_eq!(run.state(), Failed);
}
