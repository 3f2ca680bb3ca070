//! Which phones a run waits for and serves, what ends it, and how it drains.

use std::time::Duration;

use reflash::phone::MacAddress;
use reflash::track::{
    Admission, DRAIN_LIMIT, EvidenceSource, Fleet, MAX_OTHERS, MAX_PHONES, MAX_ROWS, Observation,
    ObservationKind, Plan, QUIET_BEFORE_END, RunState, State, TransferId, Transport, View,
};

use crate::support::conversation::*;

#[test]
fn only_limits_the_target_to_the_listed_phones_and_unidentified_boot_loaders() {
    let mut run = Run::new(Plan {
        only: Some(vec![mac(1)]),
        ..plan()
    });
    let target = Admission::Serve(View::Target);
    let config = Admission::Serve(View::ConfigOnly);
    let sep = |name| format!("SEP{}.cnf.xml", mac(name).upper_hex());
    assert_eq!(run.fleet.admit(address(10), &sep(1)), target);
    assert_eq!(run.fleet.admit(address(10), &sep(2)), config);
    assert_eq!(run.fleet.admit(address(30), TERM), target);
    assert_eq!(run.fleet.admit(address(30), IMAGES[0].0), config);
    assert_eq!(run.fleet.admit(address(30), "XMLDefault.cnf.xml"), config);
    run.fetch(0.0, 30, TERM);
    assert_eq!(run.fleet.admit(address(30), IMAGES[0].0), target);
    run.boot(1.0, 10, 1).boot(2.0, 20, 2);
    assert_eq!(run.fleet.admit(address(10), LOADS), target);
    assert_eq!(run.fleet.admit(address(20), LOADS), config);
    assert_eq!(run.fleet.admit(address(20), TERM), config);
    // A phone that is identified as an unlisted one between its images is still served the rest.
    run.fetch(3.0, 30, IMAGES[0].0);
    run.report_mac(4.0, 30, 3, EvidenceSource::Neighbour);
    assert_eq!(run.fleet.admit(address(30), IMAGES[1].0), target);
}

#[test]
fn a_phone_outside_only_gets_no_diagnosis() {
    let mut run = Run::new(Plan {
        only: Some(vec![mac(1)]),
        ..plan()
    });
    run.unstage(LOADS);
    run.boot(0.0, 20, 2).fetch(1.0, 20, LOADS);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn a_run_with_only_ends_when_the_listed_phones_are_done() {
    let mut run = Run::new(Plan {
        only: Some(vec![mac(1), mac(2)]),
        ..plan()
    });
    run.boot(0.0, 10, 1).report_load(1.0, 10, LOAD);
    run.boot(2.0, 30, 3).report_load(3.0, 30, LOAD);
    assert_eq!(run.fleet.run_state(run.now), RunState::Running);
    run.boot(4.0, 20, 2).report_load(5.0, 20, LOAD);
    // It may be in the middle of its configuration.
    assert_eq!(run.fleet.run_state(run.now), RunState::Running);
    let quiet = run.now + QUIET_BEFORE_END;
    assert_eq!(run.fleet.next_deadline(), Some(quiet));
    assert_eq!(run.fleet.run_state(quiet), RunState::Ended);
    assert!(run.fleet.succeeded());
}

#[test]
fn a_run_waits_for_the_inventory_and_serves_other_phones_uncounted() {
    let mut run = Run::new(Plan {
        expected: Some(vec![mac(1), mac(2)]),
        // The inventory takes precedence over a number.
        expect: Some(1),
        ..plan()
    });
    let target = Admission::Serve(View::Target);
    let unlisted = format!("SEP{}.cnf.xml", mac(3).upper_hex());
    assert_eq!(run.fleet.admit(address(30), &unlisted), target);
    run.boot(0.0, 30, 3).report_load(1.0, 30, LOAD);
    assert_eq!(
        run.fleet.missing_count(),
        Some(2),
        "an unlisted phone does not count"
    );
    run.boot(2.0, 10, 1).report_load(3.0, 10, LOAD);
    assert_eq!(run.fleet.run_state(seconds(1e6)), RunState::Running);
    assert!(!run.fleet.succeeded(), "one of them is missing");
    run.fetch(3.5, 20, TERM);
    assert_eq!(
        run.fleet.missing_count(),
        Some(0),
        "the new phone has no MAC yet"
    );
    run.boot(4.0, 20, 2).report_load(5.0, 20, LOAD);
    let quiet = run.now + QUIET_BEFORE_END;
    assert_eq!(run.fleet.run_state(quiet), RunState::Ended);
    assert!(run.fleet.succeeded());

    // A failed phone outside the inventory does not fail the run.
    let mut run = Run::new(Plan {
        expected: Some(vec![mac(1)]),
        ..plan()
    });
    run.fetch(0.0, 30, "term42.default.loads");
    run.boot(1.0, 10, 1).report_load(2.0, 10, LOAD);
    let quiet = run.now + QUIET_BEFORE_END;
    assert_eq!(run.fleet.run_state(quiet), RunState::Ended);
    assert!(run.fleet.succeeded());

    // --only decides which phones the run waits for, whatever the inventory lists.
    let mut run = Run::new(Plan {
        only: Some(vec![mac(1)]),
        expected: Some(vec![mac(1), mac(2)]),
        ..plan()
    });
    run.boot(0.0, 10, 1).report_load(1.0, 10, LOAD);
    let quiet = run.now + QUIET_BEFORE_END;
    assert_eq!(run.fleet.run_state(quiet), RunState::Ended);
}

#[test]
fn expect_counts_any_phone_and_a_failed_phone_fails_the_run() {
    let mut run = Run::new(Plan {
        expect: Some(2),
        ..plan()
    });
    run.boot(0.0, 10, 1).report_load(1.0, 10, LOAD);
    assert_eq!(run.fleet.run_state(run.now), RunState::Running);
    assert_eq!(run.fleet.missing_count(), Some(1));
    run.fetch(2.0, 20, "term42.default.loads");
    assert_eq!(run.fleet.missing_count(), Some(0));
    let quiet = seconds(1.0) + QUIET_BEFORE_END;
    assert_eq!(run.fleet.run_state(quiet), RunState::Ended);
    assert!(!run.fleet.succeeded());
}

#[test]
fn a_run_without_expectations_ends_by_timeout_or_max_failures() {
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1).report_load(1.0, 10, LOAD);
    assert_eq!(run.fleet.run_state(seconds(1e6)), RunState::Running);
    assert_eq!(run.fleet.missing_count(), None);
    assert!(run.fleet.succeeded());

    let run = Run::new(Plan {
        timeout: Some(Duration::from_secs(90)),
        ..plan()
    });
    assert_eq!(run.fleet.next_deadline(), Some(seconds(90.0)));
    assert_eq!(run.fleet.run_state(seconds(89.9)), RunState::Running);
    assert_eq!(run.fleet.run_state(seconds(90.0)), RunState::Ended);
    assert!(!run.fleet.succeeded(), "no phone was observed");

    let mut run = Run::new(Plan {
        max_failures: Some(2),
        ..plan()
    });
    run.fetch(0.0, 10, "term42.default.loads");
    assert_eq!(run.fleet.run_state(run.now), RunState::Running);
    run.fetch(1.0, 11, "term42.default.loads");
    assert_eq!(run.fleet.run_state(run.now), RunState::Ended);
}

#[test]
fn a_phone_that_was_refused_an_image_writes_nothing() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 10, TERM).fetch(2.0, 10, IMAGES[0].0);
    assert_eq!(run.fleet.must_stay_powered().len(), 1);
    run.unstage(IMAGES[1].0);
    run.fetch(3.0, 10, IMAGES[1].0);
    assert!(
        run.codes().contains(&"missing-image".to_owned()),
        "{:?}",
        run.codes()
    );
    assert!(run.fleet.must_stay_powered().is_empty());
}

#[test]
fn a_drain_serves_only_phones_that_took_a_manifest() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 10, TERM)
        .fetch(2.0, 10, IMAGES[0].0)
        .boot(3.0, 20, 2);
    run.fleet.drain(run.now);
    let serve = Admission::Serve(View::Target);
    assert_eq!(run.fleet.admit(address(10), IMAGES[1].0), serve);
    assert_eq!(run.fleet.admit(address(20), LOADS), Admission::Draining);
    assert_eq!(run.fleet.admit(address(30), TERM), Admission::Draining);
    assert!(!run.fleet.drained(run.now));
    let fragile = run.fleet.must_stay_powered();
    assert_eq!((fragile.len(), fragile[0].address), (1, address(10)));
    for (name, _) in &IMAGES[1..] {
        run.fetch(5.0, 10, name);
    }
    assert!(run.fleet.drained(run.now));
    assert_eq!(run.fleet.admit(address(10), TERM), Admission::Draining);
    assert_eq!(
        run.fleet.must_stay_powered().len(),
        1,
        "the phone is writing"
    );

    let mut run = Run::new(plan());
    run.fetch(0.0, 10, TERM)
        .fetch(2.0, 10, IMAGES[0].0)
        .advance_to(500.0);
    assert_eq!(run.state(), State::Stalled);
    run.fleet.drain(run.now);
    assert!(
        run.fleet.drained(run.now),
        "a stalled phone does not hold up the drain"
    );
    assert_eq!(
        run.fleet.admit(address(10), TERM),
        serve,
        "a stalled phone is still served"
    );

    let mut run = Run::new(plan());
    run.fetch(0.0, 10, TERM).fetch(2.0, 10, IMAGES[0].0);
    run.fleet.drain(run.now);
    let end = run.now + DRAIN_LIMIT;
    assert!(
        !run.fleet
            .drained(end.saturating_sub(Duration::from_secs(1)))
    );
    assert!(run.fleet.drained(end));
}

#[test]
fn forged_macs_replace_each_other_and_no_phone_that_is_listed_or_has_transferred() {
    let mut run = Run::new(Plan {
        expected: Some(vec![mac(2), mac(3)]),
        ..plan()
    });
    run.boot(0.0, 10, 1);
    run.fetch(1.0, 10, LOADS);
    let request = |run: &mut Run, address: u32, mac: MacAddress| {
        let kind = ObservationKind::Requested {
            transfer: TransferId(1_000_000),
            transport: Transport::Tftp,
            name: format!("SEP{}.cnf.xml", mac.upper_hex()),
            port: 1,
            served: None,
            error: None,
            sender: None,
        };
        let address = std::net::Ipv4Addr::from(address);
        run.fleet
            .observe(seconds(2.0), &Observation { address, kind });
    };
    request(&mut run, 20, mac(2));
    for forged in 0..u32::try_from(MAX_PHONES + 500).unwrap() {
        let [a, b, c, d] = forged.to_be_bytes();
        request(
            &mut run,
            1_000_000 + forged,
            MacAddress::new([2, 0, a, b, c, d]),
        );
    }
    request(&mut run, 30, mac(3));
    request(&mut run, 40, mac(4));
    let report = run.fleet.report(jiff::Timestamp::UNIX_EPOCH);
    assert_eq!(report.phones.len(), MAX_PHONES);
    for phone in 1..=4 {
        let is_there = report.phones.iter().any(|one| one.mac == Some(mac(phone)));
        assert!(is_there, "phone {phone}");
    }
}

#[test]
fn a_flood_of_addresses_is_bounded_and_drops_no_identified_phone() {
    let mut fleet = Fleet::new(plan());
    let request = |fleet: &mut Fleet, address: u32, name: &str| {
        let kind = ObservationKind::Requested {
            transfer: TransferId(0),
            transport: Transport::Tftp,
            name: name.to_owned(),
            port: 1,
            served: None,
            error: None,
            sender: None,
        };
        let address = std::net::Ipv4Addr::from(address);
        fleet.observe(seconds(1.0), &Observation { address, kind });
    };
    request(&mut fleet, 0, &format!("SEP{}.cnf.xml", mac(1).upper_hex()));
    let many = u32::try_from(MAX_PHONES + 10).unwrap();
    for attacker in 1..many {
        request(&mut fleet, attacker, TERM);
        request(&mut fleet, attacker + 100_000, "x");
    }
    for _ in 0..MAX_ROWS + 10 {
        request(&mut fleet, 0, "XMLDefault.cnf.xml");
    }
    request(
        &mut fleet,
        200_000,
        &format!("SEP{}.cnf.xml", mac(2).upper_hex()),
    );
    let report = fleet.report(jiff::Timestamp::UNIX_EPOCH);
    assert_eq!(report.phones.len(), MAX_PHONES);
    assert_eq!(report.others.len(), MAX_OTHERS);
    let named: Vec<_> = report.phones.iter().filter_map(|phone| phone.mac).collect();
    assert_eq!(named, [mac(1), mac(2)]);
    assert_eq!(report.phones[0].files.len(), MAX_ROWS);
    assert!(fleet.dropped() > 10);
}

#[test]
fn events_and_the_report_have_the_names_and_the_report_lists_missing_phones() {
    let plan = Plan {
        expected: Some(vec![mac(1), mac(2)]),
        names: [(mac(1), "Reception".to_owned()), (mac(2), "Lab".to_owned())].into(),
        ..plan()
    };
    let mut run = Run::new(plan);
    run.boot(0.0, 10, 1).boot(1.0, 30, 3);
    let report = run.fleet.report(jiff::Timestamp::UNIX_EPOCH);
    let phones: Vec<_> = report
        .phones
        .iter()
        .map(|phone| (phone.name.as_deref(), phone.on_inventory))
        .collect();
    assert_eq!(
        phones,
        [(Some("Reception"), Some(true)), (None, Some(false))]
    );
    assert_eq!(report.missing.len(), 1);
    assert_eq!(report.missing[0].name.as_deref(), Some("Lab"));
    let named = run
        .fleet
        .snapshot()
        .into_iter()
        .find_map(|event| match event {
            reflash::track::Event::Step(step) => step.phone.name,
            _ => None,
        });
    assert_eq!(named.as_deref(), Some("Reception"));

    let mut run = Run::new(self::plan());
    run.boot(0.0, 10, 1);
    let report = run.fleet.report(jiff::Timestamp::UNIX_EPOCH);
    let json = serde_json::to_string(&report.phones[0]).unwrap();
    assert!(
        !json.contains("on_inventory") && report.missing.is_empty(),
        "{json}"
    );
}
