//! Configurations that a client does not get, because ARP does not show the phone at its address.

use std::{net::Ipv4Addr, time::Duration};

use reflash::{
    diagnose::{Code, Diagnosis},
    phone::MacAddress,
    track::{
        Event, Fleet, Observation, ObservationKind, ServedFile, State, TransferId, Transport,
        Withheld,
    },
};

use crate::support::conversation::*;

/// A client that did not get the configuration of phone 1.
fn withheld(reason: Withheld) -> ObservationKind {
    ObservationKind::Withheld {
        transfer: TransferId(99_000),
        transport: Transport::Tftp,
        name: "SEP001D45AABB01.cnf.xml".to_owned(),
        mac: "001d45aabb01".parse().unwrap(),
        reason,
    }
}

const OTHER_DEVICE: Withheld = Withheld::OtherDevice {
    mac: MacAddress::new([2, 0, 0, 0, 0, 9]),
};

fn withheld_codes(run: &Run) -> (usize, usize) {
    let phone = run.phone();
    let count = |diagnoses: &[Diagnosis]| {
        let codes = diagnoses.iter().map(|diagnosis| diagnosis.code);
        codes
            .filter(|code| *code == Code::ConfigurationWithheld)
            .count()
    };
    (count(&phone.diagnoses), count(&phone.withdrawn))
}

#[test]
fn a_withheld_configuration_is_diagnosed_and_does_not_move_the_phone() {
    let mut run = Run::new(plan());
    run.boot(1.0, 10, 1).fetch(3.0, 10, LOADS);
    run.fetch(5.0, 10, IMAGES[0].0);
    let state = run.state();
    assert_eq!(state, State::Images);
    for _ in 0..3 {
        run.observe(10.0, 66, withheld(OTHER_DEVICE));
    }
    assert_eq!((run.state(), withheld_codes(&run)), (state, (1, 0)));
    let phone = run.phone();
    let text = &phone.diagnoses[0].evidence;
    assert!(text.contains("020000000009"), "{text}");
    assert_eq!(phone.address.octets()[3], 10);
    let others = run
        .fleet
        .report("2026-01-01T08:00:00Z".parse().unwrap())
        .others;
    assert_eq!(others.len(), 1, "the requester is another client");
}

#[test]
fn the_diagnosis_of_a_withheld_configuration_ends_when_the_phone_gets_it() {
    let mut run = Run::new(plan());
    run.boot(1.0, 10, 1)
        .observe(2.0, 10, withheld(Withheld::Unresolved));
    assert_eq!(withheld_codes(&run), (1, 0));
    let name = "SEP001D45AABB01.cnf.xml".to_owned();
    let served = |host: u8| ObservationKind::Requested {
        transfer: TransferId(99_100 + u64::from(host)),
        transport: Transport::Tftp,
        name: name.clone(),
        port: 49_152,
        served: Some(ServedFile {
            name: name.clone(),
            size: 2_000,
        }),
        error: None,
        sender: None,
    };
    run.observe(6.0, 10, served(10));
    assert_eq!(withheld_codes(&run), (0, 1));
    // That the phone gets its file at another address does not refute a request of this one.
    run.observe(7.0, 66, withheld(OTHER_DEVICE));
    run.observe(8.0, 10, served(10));
    assert_eq!(withheld_codes(&run), (1, 1));
}

#[test]
fn a_withheld_configuration_names_three_requesters_the_newest_first() {
    let mut run = Run::new(plan());
    run.boot(1.0, 10, 1);
    let named = |run: &Run| {
        let phone = run.phone();
        let found = phone
            .diagnoses
            .iter()
            .find(|found| found.code == Code::ConfigurationWithheld);
        let text = found.unwrap().evidence.clone();
        let hosts = text
            .match_indices("192.168.5.")
            .map(|(at, _)| text[at + 10..at + 12].to_owned());
        (hosts.collect::<Vec<_>>(), text.ends_with("; so did others"))
    };
    let raised = |run: &Run| {
        let is_raised = |event: &&Event| matches!(event, Event::Diagnosis { .. });
        run.events.iter().filter(is_raised).count()
    };
    run.observe(2.0, 10, withheld(Withheld::Unresolved));
    for (host, hosts, has_more) in [
        (66, vec!["66", "10"], false),
        (67, vec!["67", "66", "10"], false),
        (66, vec!["67", "66", "10"], false),
        (68, vec!["68", "67", "66"], true),
        (69, vec!["68", "67", "66"], true),
    ] {
        run.observe(3.0, host, withheld(OTHER_DEVICE));
        let hosts = hosts.into_iter().map(str::to_owned).collect();
        assert_eq!(named(&run), (hosts, has_more), "{host}");
    }
    assert_eq!(raised(&run), 4, "more addresses cause no more events");
}

#[test]
fn a_withheld_configuration_no_longer_names_a_phone_that_gets_it() {
    let mut run = Run::new(plan());
    run.boot(1.0, 10, 1);
    run.observe(2.0, 10, withheld(Withheld::Unresolved));
    run.observe(3.0, 66, withheld(OTHER_DEVICE));
    let name = "SEP001D45AABB01.cnf.xml".to_owned();
    let kind = ObservationKind::Requested {
        transfer: TransferId(99_200),
        transport: Transport::Tftp,
        name: name.clone(),
        port: 49_152,
        served: Some(ServedFile { name, size: 2_000 }),
        error: None,
        sender: None,
    };
    run.observe(4.0, 10, kind);
    assert_eq!(withheld_codes(&run), (1, 0));
    let text = &run.phone().diagnoses[0].evidence;
    assert!(
        text.contains("192.168.5.66") && !text.contains("192.168.5.10"),
        "{text}"
    );
}

#[test]
fn a_withheld_configuration_of_an_unknown_phone_is_diagnosed_for_the_run_once() {
    let mut fleet = Fleet::new(plan());
    let mut observe = |host: u8, reason: Withheld| {
        let address = Ipv4Addr::new(192, 0, 2, host);
        let kind = withheld(reason);
        fleet.observe(Duration::from_secs(1), &Observation { address, kind })
    };
    // Addresses that answer no ARP may be forged: they leave the diagnoses of the others.
    for reason in [Withheld::Unresolved, OTHER_DEVICE] {
        for host in 1..=32 {
            let events = observe(host, reason);
            let [
                Event::Diagnosis {
                    phone: None,
                    diagnosis,
                },
            ] = &events[..]
            else {
                panic!("{events:?}");
            };
            let is_last = diagnosis.evidence.contains("only in the journal");
            assert_eq!(is_last, host == 32, "{}", diagnosis.evidence);
            assert!(observe(host, reason).is_empty(), "once for each client");
        }
        assert!(observe(33, reason).is_empty(), "the number is bounded");
    }
    let report = fleet.report("2026-01-01T08:00:00Z".parse().unwrap());
    assert!(report.phones.is_empty(), "a request does not make a phone");
    assert_eq!(report.others.len(), 33);
}
