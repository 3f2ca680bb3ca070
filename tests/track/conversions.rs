//! Which observations prove that a phone was flashed, confirmed or already had the load, and
//! which prove nothing.

use reflash::track::{
    EvidenceSource, FileOutcome, ObservationKind, RemarkMeaning, State, TransferEnd,
};

use crate::support::conversation::*;

use State::{
    Already, Configuring, Confirmed, Flashed, Images, Manifest, Rebooted, Stalled, Writing,
};

#[test]
fn a_recovery_with_a_second_pass_is_confirmed_by_a_sip_only_request() {
    let mut run = Run::new(plan());
    run.full_pass(0.0, 10, TERM).boot(90.0, 10, 1);
    assert_eq!(run.state(), Flashed);
    run.full_pass(91.0, 10, LOADS).boot(200.0, 10, 1);
    assert_eq!(run.state(), Flashed);
    assert!(run.fleet.succeeded(), "it settled after its second pass");
    run.fetch(205.0, 10, "/mk-sip.jar");
    let phone = run.phone();
    assert_eq!((phone.state, phone.pass), (Confirmed, 2));
    assert_eq!(phone.mac, Some(mac(1)));
    assert_eq!(phone.model.as_deref(), Some("7965"));
    assert_eq!(phone.to.map(|load| load.to_string()).as_deref(), Some(LOAD));
    assert!(
        run.codes().is_empty(),
        "a second pass is not a loop: {:?}",
        run.codes()
    );
    assert_eq!(
        run.states(),
        [
            Manifest, Images, Writing, Rebooted, Flashed, Manifest, Images, Writing, Rebooted,
            Flashed, Confirmed
        ]
    );
    let delivered = |pass| {
        phone
            .files
            .iter()
            .filter(|f| f.pass == pass && f.outcome == FileOutcome::Delivered)
            .filter(|f| f.name.contains(".sbn") || f.name.contains(".loads"))
            .count()
    };
    assert_eq!((delivered(1), delivered(2)), (6, 6));
}

#[test]
fn a_recovery_without_a_second_pass_settles_after_its_configuration() {
    let mut run = Run::new(plan());
    run.full_pass(0.0, 10, TERM)
        .boot(90.0, 10, 1)
        .advance_to(145.0);
    assert_eq!(run.state(), Flashed);
    assert!(!run.fleet.succeeded());
    run.advance_to(151.0);
    assert_eq!(run.state(), Flashed);
    assert!(run.fleet.succeeded());
    let note = run.phone().evidence.last().map(|e| e.detail.clone());
    assert!(note.is_some_and(|note| note.contains("term65.default")));
}

#[test]
fn a_remark_by_a_person_is_evidence_and_does_not_change_the_state() {
    let mut run = Run::new(plan());
    run.full_pass(0.0, 10, TERM)
        .boot(90.0, 10, 1)
        .advance_to(151.0);
    let remark = ObservationKind::Remark {
        source: EvidenceSource::Person,
        detail: "its display shows SIP".to_owned(),
        means: None,
    };
    let before = run.phone();
    run.observe(160.0, 10, remark.clone());
    let phone = run.phone();
    assert_eq!(phone.state, Flashed);
    assert_eq!(
        phone.last_seen, before.last_seen,
        "a remark is no activity of the phone"
    );
    let evidence = phone.evidence.last().unwrap();
    assert_eq!(evidence.source, EvidenceSource::Person);
    assert_eq!(evidence.detail, "its display shows SIP");
    // A remark about an unknown address is not kept.
    run.observe(161.0, 99, remark);
    assert_eq!(run.report().phones.len(), 1);
}

#[test]
fn a_phone_whose_display_shows_sccp_is_not_done() {
    let mut run = Run::new(plan());
    run.full_pass(0.0, 10, TERM)
        .boot(90.0, 10, 1)
        .advance_to(151.0);
    assert!(run.fleet.succeeded());
    let remark = ObservationKind::Remark {
        source: EvidenceSource::Person,
        detail: "its display shows SCCP".to_owned(),
        means: Some(RemarkMeaning::RunsSccp),
    };
    run.observe(160.0, 10, remark);
    assert_eq!(run.state(), Configuring);
    assert!(!run.fleet.succeeded());
    assert_eq!(run.fleet.unfinished().len(), 1);
    let evidence = run.phone().evidence.last().cloned().unwrap();
    assert_eq!(evidence.source, EvidenceSource::Person);
    // It is reset, and converted in the end.
    run.full_pass(300.0, 10, TERM)
        .boot(400.0, 10, 1)
        .report_load(410.0, 10, LOAD);
    assert_eq!(run.state(), Confirmed);
    assert!(run.fleet.unfinished().is_empty());
}

#[test]
fn a_phone_of_unknown_protocol_is_not_confirmed_by_a_sip_only_request() {
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1).full_pass(2.0, 10, LOADS);
    assert_eq!(run.state(), Writing);
    run.boot(120.0, 10, 1).fetch(125.0, 10, "mk-sip.jar");
    // It was not observed on SCCP or in recovery before.
    assert_eq!(run.state(), Flashed);
    run.report_load(130.0, 10, LOAD);
    assert_eq!(run.state(), Confirmed);
}

#[test]
fn a_phone_that_ran_sccp_is_confirmed_by_a_sip_only_request() {
    for by_cdp in [false, true] {
        let mut run = Run::new(plan());
        if by_cdp {
            run.report_load(0.0, 10, "SCCP45.9-4-2SR3-1S");
        } else {
            run.fetch(0.0, 10, "mk-sccp.jar");
        }
        run.boot(1.0, 10, 1)
            .full_pass(2.0, 10, LOADS)
            .boot(120.0, 10, 1)
            .fetch(125.0, 10, "mk-sip.jar");
        assert_eq!(run.state(), Confirmed);
        if by_cdp {
            let from = run.phone().from.map(|load| load.to_string());
            assert_eq!(from.as_deref(), Some("SCCP45.9-4-2SR3-1S"));
        }
    }
}

#[test]
fn a_boot_loader_name_and_a_universal_loader_never_confirm() {
    let mut run = Run::new(plan());
    run.full_pass(0.0, 10, TERM)
        .report_load(60.0, 10, "term65.default")
        .boot(90.0, 10, 1)
        .report_load(91.0, 10, "term65.default")
        .report_load(92.0, 10, "79XX_default_load");
    assert_eq!(run.state(), Flashed);
}

#[test]
fn a_phone_that_ran_the_target_before_is_already_converted() {
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1)
        .report_load(5.0, 10, "sip45.9-3-1SR4-1s");
    assert_eq!(run.state(), Already);
    assert!(run.fleet.succeeded());
    let mut run = Run::new(plan());
    // Another phone gave it the images: only CDP reports the load.
    run.report_load(0.0, 10, "SCCP45.8-5-2S")
        .boot(5.0, 10, 1)
        .report_load(300.0, 10, LOAD);
    assert_eq!(run.state(), Confirmed);
}

#[test]
fn silence_beyond_the_limit_stalls_a_phone_until_its_next_request() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 10, TERM)
        .fetch(2.0, 10, IMAGES[0].0)
        .advance_to(182.0);
    assert_eq!(run.state(), Images);
    run.advance_to(183.0);
    assert_eq!(run.state(), Stalled);
    run.fetch(200.0, 10, TERM);
    assert_eq!(run.state(), Manifest);
    assert_eq!(run.codes(), ["stalled", "-stalled", "rebooted-mid-image"]);
    assert_eq!(run.phone().withdrawn.len(), 1);
}

#[test]
fn a_phone_that_writes_for_five_minutes_is_not_stalled() {
    let mut run = Run::new(plan());
    run.full_pass(0.0, 10, TERM).advance_to(400.0);
    assert_eq!(run.state(), Writing);
    assert_eq!(run.fleet.must_stay_powered().len(), 1);
    run.report_mac(410.0, 10, 1, EvidenceSource::Dhcp);
    assert_eq!(run.state(), Rebooted);
    assert_eq!(run.fleet.must_stay_powered().len(), 1, "DHCP can be forged");
    run.boot(420.0, 10, 1);
    assert!(run.fleet.must_stay_powered().is_empty());
}

#[test]
fn an_sccp_only_request_after_the_pass_withdraws_flashed() {
    let mut run = Run::new(plan());
    run.full_pass(0.0, 10, TERM)
        .boot(90.0, 10, 1)
        .fetch(95.0, 10, "dialplan.xml");
    assert!(
        run.phone()
            .evidence
            .iter()
            .any(|e| e.detail.contains("dialplan.xml"))
    );
    assert_eq!(run.state(), Flashed);
    run.fetch(99.0, 10, "mk-sccp.jar");
    assert_eq!(run.state(), Configuring);
}

#[test]
fn a_second_pass_without_its_manifest_leaves_the_first_pass_valid() {
    let mut run = Run::new(plan());
    run.full_pass(0.0, 10, TERM).boot(90.0, 10, 1);
    let manifest = run.request(91.0, 10, LOADS);
    let end = TransferEnd::Vanished { all_sent: false };
    run.end(110.0, 10, manifest, end, 0);
    run.fetch(151.0, 10, "/sp-sip.jar").advance_to(900.0);
    assert_eq!(run.state(), Confirmed);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn the_end_of_an_expected_silence_is_known() {
    let mut run = Run::new(plan());
    let id = |run: &Run| {
        let step = run.events.iter().find_map(|event| match event {
            reflash::track::Event::Step(step) => Some(step.phone.id),
            _ => None,
        });
        step.expect("a phone")
    };
    run.fetch(0.0, 10, TERM);
    let expected = run
        .fleet
        .expected(id(&run))
        .expect("an activity is expected");
    assert!(expected.what.contains("first image"));
    assert_eq!(run.state(), Manifest);
    run.full_pass(10.0, 10, TERM);
    let last = run.phone().last_seen;
    let expected = run
        .fleet
        .expected(id(&run))
        .expect("an activity is expected");
    assert!(expected.what.contains("do not unplug"), "{expected:?}");
    assert_eq!(
        expected.until.as_secs(),
        u64::try_from(last.as_second()).unwrap() + 600
    );
    run.boot(90.0, 10, 1);
    let expected = run.fleet.expected(id(&run)).expect("it is not settled");
    run.advance_to(expected.until.as_secs_f64());
    assert!(run.fleet.succeeded());
    assert_eq!(run.fleet.expected(id(&run)), None);
}
