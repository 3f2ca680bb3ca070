//! The survey: phones report their loads before a load is served, and each gets its planned route.

use reflash::{
    phone::{LoadName, RequestedFile},
    track::{
        Admission, Event, EvidenceSource, ObservationKind, Plan, PlannedRoute, State, SurveyResult,
        View, silence_limit,
    },
};

use crate::support::conversation::*;

const OLD: &str = "SCCP45.8-3-2S";
const DEFAULT: &str = "XMLDefault.cnf.xml";

/// Seconds.
const SURVEY: f64 = 300.0;

/// The images of the bridge have the names of those of the target: only the view distinguishes them.
fn surveyed(mut plan: Plan, has_bridge: bool) -> Plan {
    plan.survey = Some(seconds(SURVEY));
    if has_bridge {
        plan.bridge = vec![bridge(&IMAGES)];
    }
    plan
}

fn run(has_bridge: bool) -> Run {
    Run::new(surveyed(plan(), has_bridge))
}

/// The alarm of a phone on SCCP: its MAC and its load.
fn alarm(run: &mut Run, at: f64, host: u8, load: &str) {
    let source = EvidenceSource::Sccp;
    run.report_mac(at, host, host, source);
    let load = LoadName::new(load);
    let detail = "Last=Initialized".to_owned();
    let load = ObservationKind::Load {
        load,
        source,
        detail,
    };
    run.observe(at, host, load);
}

/// The result of the only phone.
fn found(run: &Run) -> SurveyResult {
    let mut all = run.fleet.survey_results().expect("the survey is over");
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

fn planned(run: &Run) -> Vec<String> {
    let evidence = run.phone().evidence.into_iter().map(|one| one.detail);
    evidence
        .filter(|detail| detail.starts_with("planned by the survey"))
        .collect()
}

#[test]
fn during_the_survey_no_load_is_named_or_served() {
    let mut run = run(true);
    for name in [DEFAULT, LOADS, BRIDGE_LOADS, IMAGES[0].0] {
        assert_eq!(run.view(10, name), View::ConfigOnly, "{name}");
    }
    // A booting phone requests the load of its old configuration, which is not staged.
    run.unstage(LOADS);
    run.boot(1.0, 10, 10).fetch(3.0, 10, LOADS);
    assert_eq!(run.state(), State::Configuring);
    assert_eq!(run.view(10, LOADS), View::ConfigOnly);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
    assert_eq!(run.fleet.survey_results(), None);
    run.advance_to(SURVEY - 0.1);
    assert_eq!(run.view(10, DEFAULT), View::ConfigOnly);
    // At the end of the survey, with or without a tick.
    let at = seconds(SURVEY);
    let requested = RequestedFile::parse(DEFAULT);
    let admitted = run.fleet.admit_at(at, address(10), DEFAULT, &requested);
    assert_eq!(admitted, Admission::Serve(View::Target));
    run.advance_to(SURVEY);
    assert_eq!(run.view(10, DEFAULT), View::Target);
    let found = found(&run);
    assert_eq!((found.plan, found.runs), (PlannedRoute::Target, None));
    assert!(found.restart);
}

#[test]
fn a_phone_with_a_load_before_8_3_3_is_served_the_bridge_first() {
    let mut run = run(true);
    run.boot(1.0, 10, 10);
    alarm(&mut run, 4.0, 10, OLD);
    assert_eq!(
        run.view(10, DEFAULT),
        View::ConfigOnly,
        "not before the end of the survey"
    );
    // It boots once more, as phones without a call manager do, and requests no bridge.
    run.boot(100.0, 10, 10).advance_to(SURVEY);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
    let found = found(&run);
    assert_eq!((found.plan, found.restart), (PlannedRoute::Bridge, true));
    assert_eq!(found.runs, Some(LoadName::new(OLD)));
    assert_eq!(found.next, Some(LoadName::new(BRIDGE)));
    assert_eq!(
        planned(&run),
        [
            "planned by the survey: the bridge SCCP45.8-5-2S at its next start, then SIP45.9-3-1SR4-1S"
        ]
    );
    for name in [DEFAULT, BRIDGE_LOADS, LOADS, TERM] {
        assert_eq!(run.view(10, name), View::Bridge(0), "{name}");
    }
    // It is restarted much later.
    run.boot(800.0, 10, 10).full_pass(802.0, 10, BRIDGE_LOADS);
    assert!(
        !run.fleet.survey_results().unwrap()[0].restart,
        "it was restarted"
    );
    run.boot(1000.0, 10, 10);
    assert_eq!(run.view(10, DEFAULT), View::Target, "it has the bridge");
    run.full_pass(1002.0, 10, LOADS).boot(1200.0, 10, 10);
    run.report_load(1210.0, 10, LOAD);
    let phone = run.phone();
    assert_eq!((phone.state, phone.pass), (State::Confirmed, 2));
    assert_eq!(phone.from, Some(LoadName::new(OLD)));
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn without_a_bridge_an_old_load_is_diagnosed_at_once() {
    let mut run = run(false);
    alarm(&mut run, 4.0, 10, OLD);
    assert_eq!(run.codes(), ["bridge-needed"]);
    assert_eq!(run.state(), State::Failed);
    run.advance_to(SURVEY);
    let found = found(&run);
    assert_eq!(
        (found.plan, found.restart),
        (PlannedRoute::BridgeNeeded, false)
    );
    assert_eq!(found.next, None);
    let cure = &run.phone().diagnoses[0].cure;
    assert!(cure.contains("cmterm-7945_7965-sccp.8-5-2.zip"), "{cure}");
}

#[test]
fn a_phone_with_the_target_counts_as_already_and_is_served_no_load() {
    let mut run = run(true);
    run.boot(1.0, 10, 10)
        .report_load(5.0, 10, LOAD)
        .advance_to(SURVEY);
    assert_eq!(run.state(), State::Already);
    let mine = found(&run);
    assert_eq!((mine.plan, mine.restart), (PlannedRoute::Already, false));
    assert_eq!(run.view(10, DEFAULT), View::NoLoad);
    assert_eq!(run.report().totals.already, 1);
    // The target is there for its boot loader, and a later report of another load counts.
    run.report_load(400.0, 10, "SCCP45.8-5-2S");
    assert_eq!(run.view(10, DEFAULT), View::Target);
}

#[test]
fn other_loads_get_the_target_and_an_unserved_family_gets_nothing() {
    for (load, plan) in [
        ("SCCP45.8-5-2S", PlannedRoute::Target),
        ("SCCP45.8-4-1S", PlannedRoute::Target),
        ("SCCP75.9-2-1S", PlannedRoute::Unserved),
    ] {
        let mut run = run(true);
        alarm(&mut run, 4.0, 10, load);
        run.advance_to(SURVEY);
        let found = found(&run);
        assert_eq!(found.plan, plan, "{load}");
        let next = (plan == PlannedRoute::Target).then(|| LoadName::new(LOAD));
        assert_eq!(
            (found.next, found.restart),
            (next, plan == PlannedRoute::Target)
        );
    }
}

#[test]
fn a_boot_loader_is_served_during_the_survey_and_its_phone_continues() {
    let mut run = run(true);
    assert_eq!(run.view(10, TERM), View::Target);
    run.fetch(1.0, 10, TERM);
    assert_eq!(run.view(10, IMAGES[0].0), View::Target);
    run.full_pass(1.0, 10, TERM).boot(100.0, 10, 10);
    // It is served its load for the second pass.
    assert_eq!(run.view(10, DEFAULT), View::Target);
    assert_eq!(run.view(10, LOADS), View::Target);
    assert_eq!(run.view(11, DEFAULT), View::ConfigOnly, "another phone");
    run.advance_to(SURVEY);
    assert_eq!(found(&run).plan, PlannedRoute::Recovery);
    assert_eq!(run.state(), State::Flashed);
}

#[test]
fn a_boot_loader_of_a_phone_with_an_old_load_is_served_the_bridge() {
    let mut run = run(true);
    alarm(&mut run, 4.0, 10, OLD);
    assert_eq!(run.view(10, TERM), View::Bridge(0));
    run.fetch(20.0, 10, TERM);
    assert_eq!(run.view(10, IMAGES[0].0), View::Bridge(0));
}

#[test]
fn a_survey_raises_neither_stalled_nor_config_rejected() {
    let mut plan = surveyed(plan(), true);
    plan.survey = Some(seconds(2000.0));
    let mut run = Run::new(plan);
    // Four boots that fetch a configuration without a load, and twenty minutes of silence.
    for at in [1.0, 60.0, 120.0, 180.0] {
        run.boot(at, 10, 10);
    }
    let expected = run
        .fleet
        .expected_activity()
        .next()
        .expect("an activity is expected")
        .1;
    assert_eq!(expected.what, "the end of the survey");
    assert_eq!(expected.until, seconds(2000.0));
    run.advance_to(2000.0);
    assert_eq!(run.state(), State::Configuring);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
    let expected = run
        .fleet
        .expected_activity()
        .next()
        .expect("an activity is expected")
        .1;
    assert_eq!(expected.what, "a restart by the operator");
    // It is not restarted.
    let limit = silence_limit(State::Configuring).unwrap().as_secs_f64();
    run.advance_to(2000.0 + limit - 1.0);
    assert_eq!(run.state(), State::Configuring);
    run.advance_to(2000.0 + limit);
    assert_eq!(run.codes(), ["stalled"]);
}

#[test]
fn a_phone_in_recovery_stalls_during_the_survey_too() {
    let mut run = run(false);
    run.fetch(1.0, 10, TERM);
    let limit = silence_limit(State::Manifest).unwrap().as_secs_f64();
    run.advance_to(1.4 + limit - 10.0);
    assert_eq!(run.state(), State::Manifest);
    run.advance_to(1.6 + limit);
    assert_eq!(run.state(), State::Stalled);
}

#[test]
fn phones_outside_only_are_excluded_from_the_plan() {
    let mut plan = surveyed(plan(), true);
    plan.only = Some(vec![mac(10)]);
    let mut run = Run::new(plan);
    alarm(&mut run, 1.0, 10, "SCCP45.8-5-2S");
    alarm(&mut run, 2.0, 20, OLD);
    run.advance_to(SURVEY);
    let found = run.fleet.survey_results().unwrap();
    let routes: Vec<PlannedRoute> = found.iter().map(|one| one.plan).collect();
    assert_eq!(routes, [PlannedRoute::Target, PlannedRoute::Excluded]);
    assert_eq!(run.view(10, DEFAULT), View::Target);
    assert_eq!(run.view(20, DEFAULT), View::ConfigOnly);
}

#[test]
fn the_survey_ends_at_its_time_however_ticks_fall() {
    let run_with = |ticks: &[f64]| {
        let mut run = run(true);
        alarm(&mut run, 4.0, 10, OLD);
        for at in ticks {
            let events = run.fleet.tick(seconds(*at));
            run.events.extend(events);
        }
        let observation = reflash::track::Observation {
            address: address(10),
            kind: ObservationKind::MacReported {
                mac: mac(10),
                source: EvidenceSource::Cdp,
                sender: None,
            },
        };
        let events = run.fleet.observe(seconds(500.0), &observation);
        run.events.extend(events);
        (run.report(), run.events)
    };
    let (report, events) = run_with(&[]);
    for ticks in [&[299.0, 300.0, 301.0][..], &[250.0], &[450.0]] {
        assert_eq!(run_with(ticks), (report.clone(), events.clone()));
    }
    let steps = events.iter().filter(|event| matches!(event, Event::Step(step) if step.details.evidence.as_ref().is_some_and(|one| one.detail.starts_with("planned"))));
    assert_eq!(steps.count(), 1);
}

#[test]
fn a_phone_that_appears_after_the_survey_is_served_as_in_any_run() {
    let mut run = run(true);
    run.advance_to(SURVEY);
    assert_eq!(run.fleet.survey_results(), Some(Vec::new()));
    alarm(&mut run, 400.0, 10, OLD);
    assert_eq!(run.view(10, DEFAULT), View::Bridge(0));
    assert_eq!(run.view(11, DEFAULT), View::Target);
    assert!(planned(&run).is_empty());
}
