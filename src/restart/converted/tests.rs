//! Runs against simulated phones that obey, refuse, are in calls, or do nothing.

mod world;

use std::{collections::BTreeSet, time::Duration};

use self::world::{BOOT, Habit, PATIENCE, World, mac, register};
use super::*;
use crate::restart::notify::{NotifyEvent, RestartEvent, Unreachable};

fn statuses(run: &RestartRun) -> Vec<Option<&'static str>> {
    run.phones()
        .iter()
        .map(|phone| phone.status.name())
        .collect()
}

#[test]
fn a_pilot_is_back_before_the_others_are_ordered_two_seconds_apart() {
    let mut world = World::with(&[Habit::Obeys; 4]);
    let run = world.run();
    assert_eq!(statuses(&run), [Some("back"); 4]);
    let times: Vec<Duration> = world.phones.values().map(|phone| phone.orders[0]).collect();
    assert!(times[1] >= times[0] + BOOT, "{times:?}");
    for pair in times[1..].windows(2) {
        assert!(pair[1].saturating_sub(pair[0]) >= SPACING, "{times:?}");
        assert!(pair[1].saturating_sub(pair[0]) < BOOT, "{times:?}");
    }
    assert!(world.phones.values().all(|phone| phone.orders.len() == 1));
}

#[test]
fn an_order_is_not_a_restart() {
    let mut world = World::with(&[Habit::Drops]);
    let run = world.run();
    assert_eq!(statuses(&run), [Some("ignored")]);
    assert_eq!(world.history[0], ("1011".to_owned(), Some("ordered")));
    let phone = &run.phones()[0];
    assert!(
        phone
            .evidence
            .contains("nothing showed a restart in 10 minutes"),
        "{}",
        phone.evidence
    );
    assert!(world.now >= PATIENCE);
}

#[test]
fn a_failed_pilot_stops_the_run() {
    let mut world = World::with(&[Habit::Drops, Habit::Obeys, Habit::Obeys]);
    let run = world.run();
    assert_eq!(statuses(&run), [Some("ignored"), None, None]);
    let stopped = RestartStatus::NotOrdered(WhyNot::Stopped("the first phone failed"));
    assert_eq!(run.phones()[2].status, stopped);
    assert!(world.phones["1012"].orders.is_empty());
}

#[test]
fn two_failures_stop_the_run() {
    let mut habits = vec![Habit::Obeys, Habit::IsStale, Habit::IsStale];
    habits.extend([Habit::Obeys; 3]);
    let mut world = World::with(&habits);
    world.captures = true;
    let run = world.run();
    let [first, second, third, rest @ ..] = &statuses(&run)[..] else {
        panic!();
    };
    assert_eq!(
        [first, second, third],
        [&Some("back"), &Some("ignored"), &Some("ignored")]
    );
    assert_eq!(rest, [None; 3]);
}

#[test]
fn a_phone_in_a_call_is_ordered_after_the_call_and_never_in_it() {
    let end = Duration::from_mins(4);
    let mut world = World::with(&[Habit::InCallUntil(end), Habit::Obeys]);
    let run = world.run();
    assert_eq!(statuses(&run), [Some("back"); 2]);
    assert!(world.phones["1011"].orders[0] >= end);
    // The other phone was the pilot.
    assert!(world.phones["1012"].orders[0] < end);

    let mut world = World::with(&[Habit::InCallUntil(Duration::from_hours(9))]);
    let run = world.run();
    let RestartStatus::NotOrdered(WhyNot::InCall(state)) = &run.phones()[0].status else {
        panic!("{:?}", run.phones());
    };
    assert_eq!(state, "In use");
    assert!(world.phones["1011"].orders.is_empty());
}

#[test]
fn a_stale_call_id_of_asterisk_is_explained_when_the_phone_answers_400() {
    let mut world = World::with(&[Habit::IsStale]);
    world.captures = true;
    let run = world.run();
    assert_eq!(statuses(&run), [Some("ignored")]);
    let phone = &run.phones()[0];
    assert!(
        phone
            .evidence
            .contains("Asterisk keeps the Call-ID of the first REGISTER")
    );
    let command = "database del registrar/contact \"1011;@1\"";
    assert!(phone.cure.contains(command), "{}", phone.cure);
}

#[test]
fn a_captured_call_id_wins_over_that_of_asterisk() {
    let mut world = World::with(&[Habit::IsStale]);
    world.captures = true;
    world.signals.push(register("1011", 2, None, false));
    let mut run = RestartRun::new(world.candidates(), PATIENCE, |_| None);
    assert!(run.survey(&mut world, Duration::from_secs(1)).unwrap());
    run.restart(&mut world).unwrap();
    assert_eq!(statuses(&run), [Some("back")]);
    let evidence = &run.phones()[0].evidence;
    assert_eq!(evidence, "REGISTER with alarm 22, reset by its PBX");
}

#[test]
fn a_refresh_with_a_call_id_that_asterisk_never_had_is_no_restart() {
    let mut world = World::with(&[Habit::Drops]);
    let mut run = RestartRun::new(world.candidates(), PATIENCE, |_| None);
    assert!(run.survey(&mut world, Duration::ZERO).unwrap());
    world.after_order.push(register("1011", 7, None, false));
    run.restart(&mut world).unwrap();
    assert_eq!(statuses(&run), [Some("ignored")]);
}

#[test]
fn a_dry_run_sends_nothing_and_names_the_reason_of_each_phone() {
    let mut world = World::with(&[Habit::Obeys, Habit::InCallUntil(PATIENCE)]);
    let mut candidates = world.candidates();
    let of = |event| Candidate {
        event,
        ..Candidate::named(mac(99), "1099".to_owned())
    };
    candidates.push(of(Err(WhyNot::AddressProxy)));
    candidates.push(of(Ok(RestartEvent::CheckSync)));
    let recent =
        |candidate: &Candidate| (candidate.mac == mac(11)).then_some(Duration::from_secs(20));
    let mut run = RestartRun::new(candidates, PATIENCE, recent);
    assert!(run.survey(&mut world, Duration::ZERO).unwrap());
    let codes: Vec<_> = run
        .phones()
        .iter()
        .map(|phone| match &phone.status {
            RestartStatus::NotOrdered(why) => why.code(),
            _ => "ready",
        })
        .collect();
    assert_eq!(
        codes,
        [
            "ordered-recently",
            "in-call",
            "address-proxy",
            "no-endpoint"
        ]
    );
    assert_eq!(run.ready(), 1, "a call may end");
    assert!(world.phones.values().all(|phone| phone.orders.is_empty()));
    for phone in run.phones() {
        assert!(
            !phone.evidence.is_empty() && !phone.cure.is_empty(),
            "{phone:?}"
        );
    }
}

#[test]
fn without_ami_a_captured_register_over_udp_is_enough() {
    let mut world = World::with(&[Habit::Obeys, Habit::Obeys]);
    world.has_pbx = false;
    world.captures = true;
    world.signals.push(register("1011", 1, None, false));
    let mut run = RestartRun::new(world.candidates(), PATIENCE, |_| None);
    assert!(run.survey(&mut world, Duration::from_secs(1)).unwrap());
    run.restart(&mut world).unwrap();
    assert_eq!(statuses(&run), [Some("back"), None]);
    assert_eq!(
        run.phones()[1].status,
        RestartStatus::NotOrdered(WhyNot::NoWay)
    );
}

#[test]
fn a_phone_that_could_not_answer_before_the_end_of_the_run_stays_ordered() {
    let mut world = World::with(&[Habit::Drops]);
    world.has_pbx = false;
    world.ends_at = Some(Duration::from_secs(20));
    world.signals.push(register("1011", 1, None, false));
    let mut run = RestartRun::new(world.candidates(), PATIENCE, |_| None);
    assert!(run.survey(&mut world, Duration::from_secs(1)).unwrap());
    assert!(!run.restart(&mut world).unwrap());
    assert_eq!(statuses(&run), [Some("ordered")]);
}

#[test]
fn an_order_that_cannot_be_recorded_is_not_sent() {
    let mut world = World::with(&[Habit::Obeys; 2]);
    world.fails_to_record = true;
    let mut run = RestartRun::new(world.candidates(), PATIENCE, |_| None);
    assert!(run.survey(&mut world, Duration::ZERO).unwrap());
    assert!(run.restart(&mut world).is_err());
    assert!(world.phones.values().all(|phone| phone.orders.is_empty()));
    let names: BTreeSet<_> = statuses(&run).into_iter().collect();
    assert_eq!(names, BTreeSet::from([None]));
}

#[test]
fn the_operator_ends_a_run_and_no_further_phone_is_ordered() {
    let mut world = World::with(&[Habit::Obeys; 3]);
    world.ends_at = Some(BOOT + Duration::from_secs(2));
    let mut run = RestartRun::new(world.candidates(), PATIENCE, |_| None);
    assert!(run.survey(&mut world, Duration::ZERO).unwrap());
    assert!(!run.restart(&mut world).unwrap());
    let last = RestartStatus::NotOrdered(WhyNot::Stopped("the operator ended the run"));
    assert_eq!(run.phones()[2].status, last);
}

#[test]
fn the_contact_of_a_shared_line_must_be_known() {
    let mut world = World::with(&[Habit::Obeys]);
    let mut candidates = world.candidates();
    candidates[0].is_shared = true;
    let mut run = RestartRun::new(candidates.clone(), PATIENCE, |_| None);
    assert!(run.survey(&mut world, Duration::ZERO).unwrap());
    assert_eq!(
        run.phones()[0].status,
        RestartStatus::NotOrdered(WhyNot::SharedLine)
    );
    world.signals.push(register("1011", 1, None, false));
    let mut run = RestartRun::new(candidates, PATIENCE, |_| None);
    assert!(run.survey(&mut world, Duration::from_secs(1)).unwrap());
    assert_eq!(run.phones()[0].status, RestartStatus::Ready);
}

/// Why the first phone of a survey may not be ordered; none if it may.
fn reason(world: &mut World) -> Option<WhyNot> {
    let mut run = RestartRun::new(world.candidates(), PATIENCE, |_| None);
    assert!(run.survey(world, Duration::from_secs(1)).unwrap());
    match run.phones()[0].status.clone() {
        RestartStatus::NotOrdered(why) => Some(why),
        _ => None,
    }
}

#[test]
fn multiplatform_firmware_and_models_without_sip_are_known_by_the_user_agent() {
    let mut world = World::with(&[Habit::Obeys]);
    world.user_agent = Some("Cisco-CP-8841-3PCC/11.3.1");
    let multiplatform = WhyNot::Unreachable(Unreachable::Multiplatform);
    assert_eq!(reason(&mut world), Some(multiplatform));
    world.user_agent = Some("Cisco-CP7960G/8.0");
    let mut run = RestartRun::new(world.candidates(), PATIENCE, |_| None);
    assert!(run.survey(&mut world, Duration::ZERO).unwrap());
    let order = run.phones()[0].order.clone().unwrap();
    assert_eq!(order.event, NotifyEvent::CheckSync);
}

#[test]
fn among_several_contacts_a_captured_register_shows_which_is_the_phone() {
    let mut world = World::with(&[Habit::Obeys]);
    world.further_contacts = 1;
    assert_eq!(reason(&mut world), Some(WhyNot::SharedLine));
    world.signals.push(register("1011", 1, None, false));
    assert_eq!(reason(&mut world), None);
    // Every contact would obey check-sync.
    world.user_agent = Some("Cisco-CP7960G/8.0");
    world.signals.push(register("1011", 1, None, false));
    assert_eq!(reason(&mut world), Some(WhyNot::SharedLine));
}
