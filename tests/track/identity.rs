//! Which address belongs to which phone: MACs, changed addresses, boot loaders without a name.

use reflash::track::{EvidenceSource, FileOutcome, State, TransferEnd};

use crate::support::conversation::*;

#[test]
fn an_unidentified_recovery_becomes_the_phone_that_is_identified_at_the_address() {
    let mut run = Run::new(plan());
    run.full_pass(0.0, 10, TERM);
    let before = run.phone();
    assert_eq!((before.mac, before.state), (None, State::Writing));
    run.boot(90.0, 10, 1);
    let after = run.phone();
    assert_eq!((after.mac, after.state), (Some(mac(1)), State::Flashed));
    assert_eq!(after.files[..6], before.files[..]);
    assert_eq!(after.first_seen, before.first_seen);
}

#[test]
fn a_phone_that_changes_its_address_stays_one_phone() {
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1)
        .full_pass(60.0, 10, TERM)
        .boot(150.0, 11, 1);
    let phone = run.phone();
    assert_eq!((phone.state, phone.address), (State::Flashed, address(11)));
    // A request from its old address is now that of another phone.
    run.fetch(200.0, 10, TERM);
    assert_eq!(run.report().phones.len(), 2);
    assert_eq!(run.phone_of(1).state, State::Flashed);
}

#[test]
fn an_unidentified_recovery_at_another_address_is_not_assigned_to_a_phone() {
    let mut run = Run::new(plan());
    run.full_pass(0.0, 10, TERM).boot(90.0, 11, 1);
    let report = run.report();
    assert_eq!(report.phones.len(), 2);
    assert_eq!(report.phones[0].mac, None);
    assert_eq!(run.phone_of(1).state, State::Configuring);
}

#[test]
fn a_recovery_moves_to_the_phone_that_is_identified_after_it() {
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1).full_pass(600.0, 10, TERM);
    // Until another MAC is reported, the address belongs to the last identified phone.
    assert_eq!(
        (run.phone().mac, run.state()),
        (Some(mac(1)), State::Writing)
    );
    run.boot(700.0, 10, 2);
    assert_eq!(run.phone_of(2).state, State::Flashed);
    assert_eq!(run.phone_of(2).pass, 1);
    assert_eq!(run.phone_of(1).state, State::Configuring);
    assert_eq!(run.phone_of(1).pass, 0);
    assert!(run.phone_of(1).files.iter().all(|file| file.name != TERM));
}

#[test]
fn an_unidentified_recovery_at_the_new_address_of_a_phone_is_merged_into_it() {
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1).full_pass(60.0, 11, TERM);
    assert_eq!(run.report().phones.len(), 2);
    run.boot(150.0, 11, 1);
    let phone = run.phone();
    assert_eq!((phone.state, phone.address), (State::Flashed, address(11)));
    assert_eq!(
        phone.files.iter().filter(|file| file.name == TERM).count(),
        1
    );
}

#[test]
fn a_recovery_is_not_merged_into_a_phone_that_was_active_at_another_address() {
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1)
        .fetch(60.0, 11, TERM)
        .fetch(62.0, 11, IMAGES[0].0);
    run.boot(64.0, 10, 1);
    for (name, _) in &IMAGES[1..] {
        run.fetch(66.0, 11, name);
    }
    run.boot(150.0, 11, 1);
    assert_eq!(run.report().phones.len(), 2);
    assert_eq!(run.phone_of(1).state, State::Configuring);
}

#[test]
fn a_recovery_of_another_family_is_another_phone() {
    let mut run = Run::new(plan());
    run.report_load(0.0, 10, "SCCP45.8-5-2S").boot(1.0, 10, 1);
    run.fetch(60.0, 10, "term42.default.loads");
    assert_eq!(run.report().phones.len(), 2);
    assert_eq!(run.phone_of(1).state, State::Configuring);
}

#[test]
fn other_clients_are_not_counted_and_keep_their_files_when_they_become_phones() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 10, IMAGES[0].0).fetch(1.0, 20, "readme.txt");
    let report = run.report();
    assert_eq!((report.phones.len(), report.others.len()), (0, 2));
    assert!(!run.fleet.succeeded());
    // The ARP table has every host of the network; an entry alone makes no phone.
    run.report_mac(2.0, 20, 9, EvidenceSource::Neighbour);
    assert_eq!(run.report().phones.len(), 0);
    run.boot(3.0, 10, 1);
    let report = run.report();
    assert_eq!((report.phones.len(), report.others.len()), (1, 1));
    assert_eq!(report.phones[0].files[0].name, IMAGES[0].0);
    assert_eq!(report.phones[0].files[0].outcome, FileOutcome::Delivered);
    run.report_mac(4.0, 20, 9, EvidenceSource::Cdp);
    assert_eq!(run.report().phones.len(), 2);
    assert_eq!(run.report().others.len(), 0);
}

#[test]
fn a_phone_can_be_identified_between_its_images() {
    let mut run = Run::new(plan());
    let jar = {
        run.fetch(0.0, 10, TERM);
        run.request(2.0, 10, IMAGES[0].0)
    };
    run.report_mac(3.0, 10, 1, EvidenceSource::Neighbour);
    run.end(4.0, 10, jar, TransferEnd::Delivered, IMAGES[0].1);
    for (name, _) in &IMAGES[1..] {
        run.fetch(5.0, 10, name);
    }
    let phone = run.phone();
    assert_eq!((phone.mac, phone.state), (Some(mac(1)), State::Writing));
}

#[test]
fn a_tftp_client_that_fetches_every_file_is_no_phone() {
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
        run.fetch(f64::from(u8::try_from(at).unwrap()), 50, name);
    }
    let report = run.report();
    assert_eq!((report.phones.len(), report.others.len()), (0, 1));
    assert_eq!(report.others[0].files.len(), 5);
    // A MAC makes it a phone, and its requests are kept.
    run.boot(60.0, 50, 5);
    assert_eq!(run.report().phones.len(), 1);
    assert!(run.phone_of(5).files.len() > 5);
}

#[test]
fn a_tftp_client_whose_acknowledgements_are_reported_at_the_end_is_no_phone() {
    let mut run = Run::new(plan());
    for (at, name) in [(0.0, LOADS), (1.0, IMAGES[0].0), (2.0, TERM)] {
        let transfer = run.request(at, 50, name);
        let size = run.size(name);
        run.end(at + 0.5, 50, transfer, TransferEnd::Delivered, size);
    }
    let report = run.report();
    assert_eq!((report.phones.len(), report.others.len()), (0, 1));
}

#[test]
fn the_arp_table_alone_makes_no_phone_of_a_tftp_client() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 50, LOADS);
    run.report_mac(1.0, 50, 5, EvidenceSource::Neighbour);
    assert_eq!(run.report().phones.len(), 1);
    run.fetch(2.0, 50, TERM);
    let report = run.report();
    assert_eq!((report.phones.len(), report.others.len()), (0, 1));
    run.report_mac(3.0, 50, 5, EvidenceSource::Neighbour);
    assert_eq!(run.report().phones.len(), 0);
    // A CDP announcement does make a phone of it.
    run.report_mac(4.0, 50, 5, EvidenceSource::Cdp);
    run.fetch(5.0, 50, LOADS).fetch(6.0, 50, TERM);
    assert_eq!(run.report().phones.len(), 1);
    run.report_mac(7.0, 50, 5, EvidenceSource::Neighbour);
    run.fetch(8.0, 50, LOADS);
    assert_eq!(run.report().phones.len(), 1);
}

#[test]
fn addresses_of_phones_without_a_mac_are_listed_as_unidentified() {
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1)
        .fetch(1.0, 20, TERM)
        .fetch(2.0, 50, "dialplan.xml");
    assert_eq!(run.fleet.unidentified_addresses(), [address(20)]);
    // A boot loader at the address of an identified phone may be that of another phone.
    run.fetch(3.0, 10, TERM);
    assert_eq!(
        run.fleet.unidentified_addresses(),
        [address(10), address(20)]
    );
    for phone in [1, 2] {
        run.report_mac(4.0, phone * 10, phone, EvidenceSource::Neighbour);
    }
    assert_eq!(
        run.fleet.unidentified_addresses(),
        [] as [std::net::Ipv4Addr; 0]
    );
    assert_eq!(run.phone_of(2).address, address(20));
}

#[test]
fn a_phone_that_is_identified_as_a_known_phone_is_counted_once() {
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1).report_load(6.0, 11, LOAD);
    assert_eq!(run.report().totals.already, 1);
    run.boot(10.0, 11, 1);
    let report = run.report();
    assert_eq!(report.phones.len(), 1);
    assert!(run.fleet.succeeded());
}
