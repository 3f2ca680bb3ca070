//! Who is who, who is expected, what ends a run and how it drains.

use std::time::Duration;

use reflash::track::{
    Admission, DRAIN_LIMIT, EvidenceSource, FileOutcome, Fleet, MAX_OTHERS, MAX_PHONES, MAX_ROWS,
    Observation, ObservationKind, Plan, QUIET_BEFORE_END, RunState, State, TransferEnd, TransferId,
    Transport, View,
};

use crate::support::conversation::*;

#[test]
fn an_unnamed_recovery_becomes_the_phone_that_names_itself_there() {
    let mut run = Run::new(plan());
    run.passes(0.0, 10, TERM);
    let before = run.phone();
    assert_eq!((before.mac, before.state), (None, State::Writing));
    run.boots(90.0, 10, 1);
    let after = run.phone();
    assert_eq!((after.mac, after.state), (Some(mac(1)), State::Flashed));
    assert_eq!(after.files[..6], before.files[..]);
    assert_eq!(after.first_seen, before.first_seen);
}

#[test]
fn a_phone_that_changes_its_address_stays_one_phone() {
    let mut run = Run::new(plan());
    run.boots(0.0, 10, 1)
        .passes(60.0, 10, TERM)
        .boots(150.0, 11, 1);
    let phone = run.phone();
    assert_eq!((phone.state, phone.address), (State::Flashed, address(11)));
    // What comes to its old address now is somebody else.
    run.gets(200.0, 10, TERM);
    assert_eq!(run.report().phones.len(), 2);
    assert_eq!(run.phone_of(1).state, State::Flashed);
}

#[test]
fn an_unnamed_recovery_elsewhere_is_nobodys_by_guess() {
    let mut run = Run::new(plan());
    run.passes(0.0, 10, TERM).boots(90.0, 11, 1);
    let report = run.report();
    assert_eq!(report.phones.len(), 2);
    assert_eq!(report.phones[0].mac, None);
    assert_eq!(run.phone_of(1).state, State::Configuring);
}

#[test]
fn an_address_that_changes_its_phone_takes_the_episode_along() {
    let mut run = Run::new(plan());
    run.boots(0.0, 10, 1).passes(600.0, 10, TERM);
    // Until somebody names himself, the address is the phone that did last.
    assert_eq!(
        (run.phone().mac, run.state()),
        (Some(mac(1)), State::Writing)
    );
    run.boots(700.0, 10, 2);
    assert_eq!(run.phone_of(2).state, State::Flashed);
    assert_eq!(run.phone_of(2).pass, 1);
    assert_eq!(run.phone_of(1).state, State::Configuring);
    assert_eq!(run.phone_of(1).pass, 0);
    assert!(run.phone_of(1).files.iter().all(|file| file.name != TERM));
}

#[test]
fn a_known_phone_finds_its_unnamed_recovery_at_its_new_address() {
    let mut run = Run::new(plan());
    run.boots(0.0, 10, 1).passes(60.0, 11, TERM);
    assert_eq!(run.report().phones.len(), 2);
    run.boots(150.0, 11, 1);
    let phone = run.phone();
    assert_eq!((phone.state, phone.address), (State::Flashed, address(11)));
    assert_eq!(
        phone.files.iter().filter(|file| file.name == TERM).count(),
        1
    );
}

#[test]
fn who_spoke_from_elsewhere_meanwhile_was_not_in_recovery() {
    let mut run = Run::new(plan());
    run.boots(0.0, 10, 1)
        .gets(60.0, 11, TERM)
        .gets(62.0, 11, IMAGES[0].0);
    run.boots(64.0, 10, 1);
    for (name, _) in &IMAGES[1..] {
        run.gets(66.0, 11, name);
    }
    run.boots(150.0, 11, 1);
    assert_eq!(run.report().phones.len(), 2);
    assert_eq!(run.phone_of(1).state, State::Configuring);
}

#[test]
fn a_recovery_of_another_family_is_another_phone() {
    let mut run = Run::new(plan());
    run.load(0.0, 10, "SCCP45.8-5-2S").boots(1.0, 10, 1);
    run.gets(60.0, 10, "term42.default.loads");
    assert_eq!(run.report().phones.len(), 2);
    assert_eq!(run.phone_of(1).state, State::Configuring);
}

#[test]
fn others_never_count_and_are_promoted_with_their_files() {
    let mut run = Run::new(plan());
    run.gets(0.0, 10, IMAGES[0].0).gets(1.0, 20, "readme.txt");
    let report = run.report();
    assert_eq!((report.phones.len(), report.others.len()), (0, 2));
    assert!(!run.fleet.succeeded());
    // The kernel knows every machine on the wire; that makes no phones of them.
    let named = |mac, source| ObservationKind::MacReported { mac, source };
    run.see(2.0, 20, named(mac(9), EvidenceSource::Neighbour));
    assert_eq!(run.report().phones.len(), 0);
    run.boots(3.0, 10, 1);
    let report = run.report();
    assert_eq!((report.phones.len(), report.others.len()), (1, 1));
    assert_eq!(report.phones[0].files[0].name, IMAGES[0].0);
    assert_eq!(report.phones[0].files[0].outcome, FileOutcome::Delivered);
    run.see(4.0, 20, named(mac(9), EvidenceSource::Cdp));
    assert_eq!(run.report().phones.len(), 2);
    assert_eq!(run.report().others.len(), 0);
}

#[test]
fn a_witness_names_a_phone_in_the_middle_of_its_images() {
    let mut run = Run::new(plan());
    let jar = {
        run.gets(0.0, 10, TERM);
        run.asks(2.0, 10, IMAGES[0].0)
    };
    let source = EvidenceSource::Neighbour;
    run.see(
        3.0,
        10,
        ObservationKind::MacReported {
            mac: mac(1),
            source,
        },
    );
    run.ends(4.0, 10, jar, TransferEnd::Delivered, IMAGES[0].1);
    for (name, _) in &IMAGES[1..] {
        run.gets(5.0, 10, name);
    }
    let phone = run.phone();
    assert_eq!((phone.mac, phone.state), (Some(mac(1)), State::Writing));
}

#[test]
fn only_gives_the_target_to_its_phones_and_to_boot_loaders_without_a_name() {
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
    run.gets(0.0, 30, TERM);
    assert_eq!(run.fleet.admit(address(30), IMAGES[0].0), target);
    run.boots(1.0, 10, 1).boots(2.0, 20, 2);
    assert_eq!(run.fleet.admit(address(10), LOADS), target);
    assert_eq!(run.fleet.admit(address(20), LOADS), config);
    assert_eq!(run.fleet.admit(address(20), TERM), config);
    // Who turns out to be none of them in the middle of his images still gets the rest.
    run.gets(3.0, 30, IMAGES[0].0);
    let source = EvidenceSource::Neighbour;
    run.see(
        4.0,
        30,
        ObservationKind::MacReported {
            mac: mac(3),
            source,
        },
    );
    assert_eq!(run.fleet.admit(address(30), IMAGES[1].0), target);
}

#[test]
fn a_refusal_on_purpose_is_no_diagnosis() {
    let mut run = Run::new(Plan {
        only: Some(vec![mac(1)]),
        ..plan()
    });
    run.unstage(LOADS);
    run.boots(0.0, 20, 2).gets(1.0, 20, LOADS);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn a_person_with_a_tftp_client_who_fetches_every_file_is_no_phone() {
    let mut run = Run::new(plan());
    for (at, name) in [
        LOADS,
        "apps45.9-3-1ES26.sbn",
        TERM,
        "XMLDefault.cnf.xml",
        TERM,
    ]
    .into_iter()
    .enumerate()
    {
        run.gets(f64::from(u8::try_from(at).unwrap()), 50, name);
    }
    let report = run.report();
    assert_eq!((report.phones.len(), report.others.len()), (0, 1));
    assert_eq!(report.others[0].files.len(), 5);
    // A MAC makes it a phone, and its history is kept.
    run.boots(60.0, 50, 5);
    assert_eq!(run.report().phones.len(), 1);
    assert!(run.phone_of(5).files.len() > 5);
}

#[test]
fn the_kernels_table_alone_makes_no_phone_of_a_person_with_a_tftp_client() {
    let mut run = Run::new(plan());
    let named = |source| ObservationKind::MacReported {
        mac: mac(5),
        source,
    };
    run.gets(0.0, 50, LOADS);
    run.see(1.0, 50, named(EvidenceSource::Neighbour));
    assert_eq!(run.report().phones.len(), 1);
    run.gets(2.0, 50, TERM);
    let report = run.report();
    assert_eq!((report.phones.len(), report.others.len()), (0, 1));
    run.see(3.0, 50, named(EvidenceSource::Neighbour));
    assert_eq!(run.report().phones.len(), 0);
    // What a phone announces itself is another matter.
    run.see(4.0, 50, named(EvidenceSource::Cdp));
    run.gets(5.0, 50, LOADS).gets(6.0, 50, TERM);
    assert_eq!(run.report().phones.len(), 1);
    run.see(7.0, 50, named(EvidenceSource::Neighbour));
    run.gets(8.0, 50, LOADS);
    assert_eq!(run.report().phones.len(), 1);
}

#[test]
fn only_ends_when_its_phones_are_done_or_failed() {
    let mut run = Run::new(Plan {
        only: Some(vec![mac(1), mac(2)]),
        ..plan()
    });
    run.boots(0.0, 10, 1).load(1.0, 10, LOAD);
    run.boots(2.0, 30, 3).load(3.0, 30, LOAD);
    assert_eq!(run.fleet.run_state(run.now), RunState::Running);
    run.boots(4.0, 20, 2).load(5.0, 20, LOAD);
    // It may be in the middle of its configuration.
    assert_eq!(run.fleet.run_state(run.now), RunState::Running);
    let quiet = run.now + QUIET_BEFORE_END;
    assert_eq!(run.fleet.next_deadline(), Some(quiet));
    assert_eq!(run.fleet.run_state(quiet), RunState::Ended);
    assert!(run.fleet.succeeded());
}

#[test]
fn an_inventory_is_waited_for_and_strangers_are_served_and_do_not_count() {
    let mut run = Run::new(Plan {
        expected: Some(vec![mac(1), mac(2)]),
        // What is known by name outweighs a number.
        expect: Some(1),
        ..plan()
    });
    let target = Admission::Serve(View::Target);
    let stranger = format!("SEP{}.cnf.xml", mac(3).upper_hex());
    assert_eq!(run.fleet.admit(address(30), &stranger), target);
    run.boots(0.0, 30, 3).load(1.0, 30, LOAD);
    assert_eq!(
        run.fleet.missing_count(),
        Some(2),
        "a stranger is not awaited"
    );
    run.boots(2.0, 10, 1).load(3.0, 10, LOAD);
    assert_eq!(run.fleet.run_state(seconds(1e6)), RunState::Running);
    assert!(!run.fleet.succeeded(), "one of them never came");
    run.gets(3.5, 20, TERM);
    assert_eq!(run.fleet.missing_count(), Some(0), "it has no name yet");
    run.boots(4.0, 20, 2).load(5.0, 20, LOAD);
    let quiet = run.now + QUIET_BEFORE_END;
    assert_eq!(run.fleet.run_state(quiet), RunState::Ended);
    assert!(run.fleet.succeeded());

    // A stranger that failed fails nobody's run.
    let mut run = Run::new(Plan {
        expected: Some(vec![mac(1)]),
        ..plan()
    });
    run.gets(0.0, 30, "term42.default.loads");
    run.boots(1.0, 10, 1).load(2.0, 10, LOAD);
    let quiet = run.now + QUIET_BEFORE_END;
    assert_eq!(run.fleet.run_state(quiet), RunState::Ended);
    assert!(run.fleet.succeeded());

    // --only says whom to wait for, whatever else is listed.
    let mut run = Run::new(Plan {
        only: Some(vec![mac(1)]),
        expected: Some(vec![mac(1), mac(2)]),
        ..plan()
    });
    run.boots(0.0, 10, 1).load(1.0, 10, LOAD);
    let quiet = run.now + QUIET_BEFORE_END;
    assert_eq!(run.fleet.run_state(quiet), RunState::Ended);
}

#[test]
fn a_witness_is_asked_about_phones_that_did_not_name_themselves() {
    let mut run = Run::new(plan());
    run.boots(0.0, 10, 1)
        .gets(1.0, 20, TERM)
        .gets(2.0, 50, "dialplan.xml");
    assert_eq!(run.fleet.unidentified_addresses(), [address(20)]);
    // A boot loader where a phone named itself before may be another phone's.
    run.gets(3.0, 10, TERM);
    assert_eq!(
        run.fleet.unidentified_addresses(),
        [address(10), address(20)]
    );
    for who in [1, 2] {
        let source = EvidenceSource::Neighbour;
        let mac = mac(who);
        run.see(4.0, who * 10, ObservationKind::MacReported { mac, source });
    }
    assert_eq!(
        run.fleet.unidentified_addresses(),
        [] as [std::net::Ipv4Addr; 0]
    );
    assert_eq!(run.phone_of(2).address, address(20));
}

#[test]
fn expect_takes_any_phones_and_a_failed_one_ends_but_fails_the_run() {
    let mut run = Run::new(Plan {
        expect: Some(2),
        ..plan()
    });
    run.boots(0.0, 10, 1).load(1.0, 10, LOAD);
    assert_eq!(run.fleet.run_state(run.now), RunState::Running);
    assert_eq!(run.fleet.missing_count(), Some(1));
    run.gets(2.0, 20, "term42.default.loads");
    assert_eq!(run.fleet.missing_count(), Some(0));
    let quiet = seconds(1.0) + QUIET_BEFORE_END;
    assert_eq!(run.fleet.run_state(quiet), RunState::Ended);
    assert!(!run.fleet.succeeded());
}

#[test]
fn without_expectations_a_run_goes_on_and_timeout_and_failures_end_it() {
    let mut run = Run::new(plan());
    run.boots(0.0, 10, 1).load(1.0, 10, LOAD);
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
    assert!(!run.fleet.succeeded(), "nobody came");

    let mut run = Run::new(Plan {
        max_failures: Some(2),
        ..plan()
    });
    run.gets(0.0, 10, "term42.default.loads");
    assert_eq!(run.fleet.run_state(run.now), RunState::Running);
    run.gets(1.0, 11, "term42.default.loads");
    assert_eq!(run.fleet.run_state(run.now), RunState::Ended);
}

#[test]
fn a_drain_serves_who_took_a_manifest_and_nobody_else() {
    let mut run = Run::new(plan());
    run.gets(0.0, 10, TERM)
        .gets(2.0, 10, IMAGES[0].0)
        .boots(3.0, 20, 2);
    run.fleet.drain(run.now);
    let serve = Admission::Serve(View::Target);
    assert_eq!(run.fleet.admit(address(10), IMAGES[1].0), serve);
    assert_eq!(run.fleet.admit(address(20), LOADS), Admission::Draining);
    assert_eq!(run.fleet.admit(address(30), TERM), Admission::Draining);
    assert!(!run.fleet.drained(run.now));
    let fragile = run.fleet.must_stay_powered();
    assert_eq!((fragile.len(), fragile[0].address), (1, address(10)));
    for (name, _) in &IMAGES[1..] {
        run.gets(5.0, 10, name);
    }
    assert!(run.fleet.drained(run.now));
    assert_eq!(run.fleet.admit(address(10), TERM), Admission::Draining);
    assert_eq!(run.fleet.must_stay_powered().len(), 1, "it writes");

    let mut run = Run::new(plan());
    run.gets(0.0, 10, TERM)
        .gets(2.0, 10, IMAGES[0].0)
        .until(500.0);
    assert_eq!(run.state(), State::Stalled);
    run.fleet.drain(run.now);
    assert!(run.fleet.drained(run.now), "nobody waits for who is silent");
    assert_eq!(
        run.fleet.admit(address(10), TERM),
        serve,
        "but it is served"
    );

    let mut run = Run::new(plan());
    run.gets(0.0, 10, TERM).gets(2.0, 10, IMAGES[0].0);
    run.fleet.drain(run.now);
    let end = run.now + DRAIN_LIMIT;
    assert!(
        !run.fleet
            .drained(end.saturating_sub(Duration::from_secs(1)))
    );
    assert!(run.fleet.drained(end));
}

#[test]
fn a_phone_that_turns_out_to_be_a_known_one_is_counted_once() {
    let mut run = Run::new(plan());
    run.boots(0.0, 10, 1).gets(5.0, 11, "term45.default.loads");
    run.load(6.0, 11, LOAD);
    run.boots(10.0, 11, 1);
    let report = run.report();
    assert_eq!(report.phones.len(), 1);
    assert!(run.fleet.succeeded());
}

#[test]
fn a_flood_of_addresses_and_requests_is_bounded_and_drops_no_named_phone() {
    let mut fleet = Fleet::new(plan());
    let ask = |fleet: &mut Fleet, address: u32, name: &str| {
        let kind = ObservationKind::Requested {
            transfer: TransferId(0),
            transport: Transport::Tftp,
            name: name.to_owned(),
            port: 1,
            served: None,
        };
        let address = std::net::Ipv4Addr::from(address);
        fleet.observe(seconds(1.0), &Observation { address, kind });
    };
    ask(&mut fleet, 0, &format!("SEP{}.cnf.xml", mac(1).upper_hex()));
    let many = u32::try_from(MAX_PHONES + 10).unwrap();
    for attacker in 1..many {
        ask(&mut fleet, attacker, TERM);
        ask(&mut fleet, attacker + 100_000, "x");
    }
    for _ in 0..MAX_ROWS + 10 {
        ask(&mut fleet, 0, "XMLDefault.cnf.xml");
    }
    ask(
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
fn events_and_the_report_carry_the_names_and_the_report_lists_who_never_came() {
    let plan = Plan {
        expected: Some(vec![mac(1), mac(2)]),
        names: [(mac(1), "Reception".to_owned()), (mac(2), "Lab".to_owned())].into(),
        ..plan()
    };
    let mut run = Run::new(plan);
    run.boots(0.0, 10, 1).boots(1.0, 30, 3);
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
    run.boots(0.0, 10, 1);
    let report = run.fleet.report(jiff::Timestamp::UNIX_EPOCH);
    let json = serde_json::to_string(&report.phones[0]).unwrap();
    assert!(
        !json.contains("on_inventory") && report.missing.is_empty(),
        "{json}"
    );
}
