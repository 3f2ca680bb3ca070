//! Sources of evidence: reports that contradict each other, and which phones are polled.

use std::net::Ipv4Addr;

use reflash::{
    phone::LoadName,
    track::{EvidenceSource, ObservationKind, Plan, State},
};

use crate::support::conversation::*;

const OLD: &str = "SCCP45.8-5-2S";

/// A source reports a load.
fn report_load(run: &mut Run, at: f64, source: EvidenceSource, load: &str) {
    let seen = ObservationKind::Load {
        load: LoadName::new(load),
        source,
        detail: "test".to_owned(),
    };
    run.observe(at, 10, seen);
}

fn evidence(run: &Run) -> Vec<(EvidenceSource, String)> {
    let evidence = run.phone().evidence.into_iter();
    evidence.map(|one| (one.source, one.detail)).collect()
}

/// The evidence of a conflict between two sources.
fn conflicts(run: &Run) -> Vec<(EvidenceSource, String)> {
    let counts =
        |(_, detail): &(EvidenceSource, String)| detail.contains("the later report counts");
    evidence(run).into_iter().filter(counts).collect()
}

/// A phone that came from SCCP, fetched everything and is back.
fn flashed() -> Run {
    let mut run = Run::new(plan());
    run.report_load(0.0, 10, OLD).boot(1.0, 10, 1);
    run.full_pass(3.0, 10, LOADS).boot(120.0, 10, 1);
    assert_eq!(run.state(), State::Flashed);
    run
}

#[test]
fn of_two_sources_the_later_one_decides_and_the_report_shows_both() {
    let mut run = flashed();
    report_load(&mut run, 121.0, EvidenceSource::Cdp, LOAD);
    assert_eq!(run.state(), State::Confirmed);
    assert!(
        conflicts(&run).is_empty(),
        "the load before the conversion is no conflict"
    );
    report_load(&mut run, 122.0, EvidenceSource::Web, OLD);
    assert_eq!(run.state(), State::Configuring);
    let [(source, detail)] = &conflicts(&run)[..] else {
        panic!("{:?}", evidence(&run));
    };
    assert_eq!(*source, EvidenceSource::Web);
    assert!(
        detail.starts_with(&format!("{OLD}, but CDP reported {LOAD} earlier")),
        "{detail}"
    );
    let last = evidence(&run).pop().unwrap();
    assert_eq!(
        (last.0, last.1.contains(OLD)),
        (EvidenceSource::Web, true),
        "the deciding evidence is last"
    );

    report_load(&mut run, 180.0, EvidenceSource::Cdp, LOAD);
    assert_eq!(run.state(), State::Confirmed);
    assert_eq!(conflicts(&run).len(), 2, "each conflict has its evidence");
    let last = evidence(&run).pop().unwrap();
    assert_eq!(
        (last.0, last.1.contains(LOAD)),
        (EvidenceSource::Cdp, true),
        "even if it was reported before"
    );

    // Repeated reports add no evidence.
    let count = evidence(&run).len();
    for minute in 0_u8..5 {
        let at = 200.0 + f64::from(minute) * 60.0;
        report_load(&mut run, at, EvidenceSource::Web, OLD);
        report_load(&mut run, at + 1.0, EvidenceSource::Cdp, LOAD);
    }
    assert_eq!(evidence(&run).len(), count);
    assert_eq!(run.state(), State::Confirmed);
}

#[test]
fn sources_that_agree_and_reports_before_a_restart_are_no_conflict() {
    let mut run = flashed();
    for (at, source) in [
        (121.0, EvidenceSource::Cdp),
        (122.0, EvidenceSource::Web),
        (123.0, EvidenceSource::Sip),
    ] {
        report_load(&mut run, at, source, LOAD);
    }
    assert_eq!(run.state(), State::Confirmed);
    // It restarts with a load that another server gave it.
    run.boot(300.0, 10, 1);
    report_load(&mut run, 301.0, EvidenceSource::Web, "SIP45.9-4-2SR3-1S");
    assert_eq!(run.state(), State::Configuring);
    // One source that reports another load is no conflict.
    report_load(&mut run, 302.0, EvidenceSource::Web, LOAD);
    assert_eq!(run.state(), State::Confirmed);
    assert!(conflicts(&run).is_empty(), "{:?}", conflicts(&run));
}

#[test]
fn names_of_boot_loaders_and_universal_loaders_are_no_conflict() {
    let mut run = flashed();
    report_load(&mut run, 121.0, EvidenceSource::Web, "term65.default");
    report_load(&mut run, 122.0, EvidenceSource::Cdp, "P003-08-8-00");
    report_load(&mut run, 123.0, EvidenceSource::Lldp, "79XX_default_load");
    assert_eq!(run.state(), State::Flashed);
    report_load(&mut run, 124.0, EvidenceSource::Sip, LOAD);
    assert_eq!(run.state(), State::Confirmed);
    assert!(conflicts(&run).is_empty(), "{:?}", conflicts(&run));
}

#[test]
fn a_web_page_of_another_phone_is_evidence_and_moves_no_phone() {
    let mut run = flashed();
    let conflict = ObservationKind::AddressConflict {
        mac: mac(1),
        other: mac(2),
        source: EvidenceSource::Web,
    };
    run.observe(130.0, 10, conflict.clone());
    run.observe(131.0, 10, conflict);
    let phone = run.phone();
    assert_eq!((phone.state, phone.address), (State::Flashed, address(10)));
    let shown: Vec<_> = evidence(&run)
        .into_iter()
        .filter(|(_, detail)| detail.contains("SEP001D45AABB02 answered at 192.168.5.10"))
        .collect();
    assert_eq!(shown.len(), 1, "{:?}", evidence(&run));
    assert_eq!(shown[0].0, EvidenceSource::Web);
    // A conflict about an unknown phone is ignored.
    let unknown = ObservationKind::AddressConflict {
        mac: mac(7),
        other: mac(2),
        source: EvidenceSource::Web,
    };
    run.observe(132.0, 10, unknown);
    assert_eq!(run.report().phones.len(), 1);
}

#[test]
fn a_dhcp_request_after_the_last_image_proves_a_reboot() {
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1).full_pass(3.0, 10, LOADS);
    run.report_mac(90.0, 10, 1, EvidenceSource::Dhcp);
    assert_eq!(run.state(), State::Rebooted);
    run.report_mac(91.0, 10, 1, EvidenceSource::Dhcp);
    let dhcp: Vec<_> = evidence(&run)
        .into_iter()
        .filter(|(source, _)| *source == EvidenceSource::Dhcp)
        .collect();
    assert_eq!(dhcp.len(), 1, "{dhcp:?}");
}

/// Address and pass of each phone that the poller may request.
fn poll_candidates(run: &Run) -> Vec<(Ipv4Addr, u32)> {
    let phones = run.fleet.poll_candidates().into_iter();
    phones.map(|phone| (phone.address, phone.pass)).collect()
}

#[test]
fn only_a_phone_with_a_running_application_and_no_known_load_is_polled() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 50, "dialplan.xml");
    assert_eq!(poll_candidates(&run), [], "it is no phone");
    run.boot(1.0, 10, 1);
    assert_eq!(poll_candidates(&run), [(address(10), 0)]);
    run.fetch(3.0, 10, LOADS);
    assert_eq!(poll_candidates(&run), [], "it starts to fetch");
    run.full_pass(10.0, 10, LOADS);
    assert_eq!(poll_candidates(&run), [], "it is writing");
    run.report_mac(90.0, 10, 1, EvidenceSource::Dhcp);
    assert_eq!(poll_candidates(&run), [], "its application is not up yet");
    run.boot(120.0, 10, 1);
    assert_eq!(poll_candidates(&run), [(address(10), 1)]);
    run.report_load(121.0, 10, "term65.default");
    assert_eq!(
        poll_candidates(&run),
        [(address(10), 1)],
        "that is the name of no load"
    );
    run.report_load(122.0, 10, LOAD);
    assert_eq!(poll_candidates(&run), [], "confirmed");
}

#[test]
fn a_phone_with_a_known_load_is_not_polled() {
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1).report_load(1.0, 10, OLD);
    assert_eq!(poll_candidates(&run), []);
}

#[test]
fn a_phone_in_its_boot_loader_or_outside_the_run_is_not_polled() {
    let mut run = Run::new(Plan {
        only: Some(vec![mac(1)]),
        ..plan()
    });
    run.boot(0.0, 10, 1).boot(1.0, 20, 2);
    assert_eq!(poll_candidates(&run), [(address(10), 0)]);
    run.fetch(5.0, 10, TERM);
    assert_eq!(
        poll_candidates(&run),
        [],
        "the phone of the recovery is not known yet"
    );

    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1);
    run.fleet.drain(seconds(2.0));
    assert_eq!(poll_candidates(&run), [], "the run ends");
}

/// SIP reports a User-Agent.
fn report_user_agent(run: &mut Run, at: f64, release: Option<&str>) {
    let seen = ObservationKind::UserAgent {
        release: release.map(str::to_owned),
        source: EvidenceSource::Sip,
        detail: "Cisco-CP7965G".to_owned(),
    };
    run.observe(at, 10, seen);
}

#[test]
fn a_sip_user_agent_confirms_a_phone_that_ran_sccp_and_fetched_every_image() {
    for release in [None, Some("9.3.1"), Some("of some kind")] {
        let mut run = flashed();
        report_user_agent(&mut run, 125.0, release);
        assert_eq!(run.state(), State::Confirmed, "{release:?}");
        assert_eq!(evidence(&run).last().unwrap().0, EvidenceSource::Sip);
    }
    let mut run = flashed();
    report_user_agent(&mut run, 125.0, Some("8.5.4"));
    assert_eq!(
        run.state(),
        State::Flashed,
        "that is not the release of the target"
    );
    assert_eq!(
        evidence(&run).last().unwrap().0,
        EvidenceSource::Sip,
        "the report is evidence"
    );

    // The protocol before the conversion is not known.
    let mut run = Run::new(plan());
    run.boot(1.0, 10, 1)
        .full_pass(3.0, 10, LOADS)
        .boot(120.0, 10, 1);
    report_user_agent(&mut run, 125.0, Some("9.3.1"));
    assert_eq!(run.state(), State::Flashed);
    // A phone that fetched no image is not confirmed.
    let mut run = Run::new(plan());
    run.report_load(0.0, 10, OLD).boot(1.0, 10, 1);
    report_user_agent(&mut run, 5.0, Some("9.3.1"));
    assert_eq!(run.state(), State::Configuring);
}

#[test]
fn a_reported_model_is_kept_and_a_model_of_another_family_is_evidence() {
    let reported = |model: &str, source| ObservationKind::Model {
        model: model.to_owned(),
        source,
    };
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1).report_load(1.0, 10, OLD);
    assert_eq!(run.phone().model, None, "the load runs on two models");
    run.observe(2.0, 10, reported("no model", EvidenceSource::Cdp));
    run.observe(3.0, 10, reported("7965", EvidenceSource::Cdp));
    assert_eq!(run.phone().model.as_deref(), Some("7965"));
    let count = evidence(&run).len();
    run.observe(4.0, 10, reported("7965", EvidenceSource::Dhcp));
    assert_eq!(evidence(&run).len(), count, "they agree");
    run.observe(5.0, 10, reported("7911", EvidenceSource::Dhcp));
    assert_eq!(run.phone().model.as_deref(), Some("7965"));
    let (source, detail) = evidence(&run).pop().unwrap();
    assert_eq!(source, EvidenceSource::Dhcp);
    assert!(
        detail.starts_with("reported as a 7911, whose firmware differs"),
        "{detail}"
    );
}
