//! TFTP requests of a host that forges a phone's address and sees no answers: they count once the phone
//! acknowledges a file.

use std::net::Ipv4Addr;

use reflash::{
    diagnose::Code,
    track::{
        EvidenceSource, Forgery, ObservationKind, Plan, ServedFile, State, Subnet, TransferEnd,
        TransferId, Transport,
    },
};

use super::forged::{load, writing};
use crate::support::conversation::*;

#[test]
fn a_request_that_nothing_acknowledges_does_not_end_writing() {
    let mut run = writing();
    let own = mac(1).upper_hex();
    // A forger of the phone's address receives no answer.
    for name in [
        format!("CTLSEP{own}.tlv"),
        format!("SEP{own}.cnf.xml"),
        "XMLDefault.cnf.xml".to_owned(),
        "sp-sip.jar".to_owned(),
    ] {
        let transfer = run.request(60.0, 10, &name);
        run.observe(61.0, 10, load(EvidenceSource::Cdp, LOAD));
        let end = TransferEnd::Vanished { all_sent: true };
        run.end(75.0, 10, transfer, end, 0);
        assert_eq!(run.state(), State::Writing, "{name}");
        assert_eq!(run.fleet.must_stay_powered().len(), 1, "{name}");
    }
    assert!(!run.fleet.succeeded());
    run.boot(150.0, 10, 1);
    assert_eq!(run.state(), State::Flashed);
    assert!(run.fleet.must_stay_powered().is_empty());
}

#[test]
fn a_request_that_nothing_acknowledges_does_not_interrupt_a_pass() {
    for after in [8.0, 4.0] {
        let mut run = Run::new(plan());
        run.boot(1.0, 10, 1).fetch(3.0, 10, LOADS);
        if after > 5.0 {
            run.fetch(5.0, 10, IMAGES[0].0);
        }
        let state = run.state();
        let own = mac(1).upper_hex();
        for name in [format!("CTLSEP{own}.tlv"), "XMLDefault.cnf.xml".to_owned()] {
            run.request(after, 10, &name);
            run.observe(after + 0.5, 10, load(EvidenceSource::Cdp, LOAD));
            assert_eq!(run.state(), state, "{name}");
        }
        assert!(run.codes().is_empty(), "{:?}", run.codes());
        for (number, (name, _)) in (0_u8..).zip(&IMAGES[usize::from(after > 5.0)..]) {
            run.fetch(12.0 + 5.0 * f64::from(number), 10, name);
        }
        assert_eq!(run.state(), State::Writing);
        run.boot(150.0, 10, 1);
        assert_eq!(run.state(), State::Flashed);
    }
}

#[test]
fn a_forged_start_of_a_boot_loader_leaves_the_warning_not_to_unplug() {
    let mut run = writing();
    let transfer = run.request(60.0, 10, TERM);
    let end = TransferEnd::Vanished { all_sent: true };
    run.end(75.0, 10, transfer, end, 0);
    assert_eq!(run.fleet.must_stay_powered().len(), 1, "{:#?}", run.phone());
}

#[test]
fn a_request_over_http_is_a_start_at_once() {
    let mut run = writing();
    let name = format!("CTLSEP{}.tlv", mac(1).upper_hex());
    run.request_over(150.0, 10, Transport::Http, &name);
    assert_eq!(run.state(), State::Flashed);
}

#[test]
fn a_forged_request_for_an_image_or_an_absent_file_neither_ends_nor_unprotects_an_update() {
    for name in [
        IMAGES[1].0,
        "absent.sbn",
        "absent.default.loads",
        "term41.default.loads",
        LOADS,
    ] {
        let mut run = writing();
        run.request(60.0, 10, name);
        assert_eq!(run.state(), State::Writing, "{name}");
        assert_eq!(run.fleet.must_stay_powered().len(), 1, "{name}");
        run.boot(150.0, 10, 1);
        assert_eq!(run.state(), State::Flashed, "{name}");
        let mut run = Run::new(plan());
        run.boot(1.0, 10, 1)
            .fetch(3.0, 10, LOADS)
            .fetch(5.0, 10, IMAGES[0].0);
        run.request(8.0, 10, name);
        assert_eq!(run.state(), State::Images, "{name}");
        assert_eq!(run.fleet.must_stay_powered().len(), 1, "{name}");
    }
}

#[test]
fn a_forged_recovery_of_another_family_leaves_the_address_to_the_phone() {
    let mut run = Run::new(plan());
    run.fetch(1.0, 10, TERM);
    for (number, (name, _)) in (0_u8..).zip(&IMAGES) {
        let at = 4.0 + 5.0 * f64::from(number);
        run.request(at - 1.0, 10, "term41.default.loads");
        run.fetch(at, 10, name);
    }
    run.request(60.0, 10, "term41.default.loads");
    run.boot(150.0, 10, 1);
    let phone = run.phone();
    assert_eq!((phone.mac, phone.state), (Some(mac(1)), State::Flashed));
}

#[test]
fn a_recovery_whose_manifest_is_acknowledged_counts_at_once() {
    let mut run = writing();
    run.fetch(60.0, 10, TERM);
    run.fetch(62.0, 10, IMAGES[0].0);
    assert_eq!(run.state(), State::Images);
    let report = run.phone();
    assert!(
        report.files.iter().any(|file| file.name == TERM),
        "{report:#?}"
    );
}

#[test]
fn a_start_that_nothing_acknowledges_is_named_when_the_phone_is_silent() {
    let mut run = writing();
    run.request(60.0, 10, &format!("CTLSEP{}.tlv", mac(1).upper_hex()));
    run.advance_to(800.0);
    assert_eq!(run.state(), State::Stalled);
    let diagnoses = run.phone().diagnoses;
    let evidence = &diagnoses
        .iter()
        .find(|d| d.code == Code::Stalled)
        .unwrap()
        .evidence;
    assert!(evidence.contains("acknowledged no file"), "{evidence}");
}

/// A request from an address of any network, and the delivery of the default configuration.
fn fetch_from(run: &mut Run, at: f64, from: Ipv4Addr, name: &str) {
    let transfer = TransferId(90_000 + u64::from(from.octets()[3]));
    let served = (name == "XMLDefault.cnf.xml").then(|| ServedFile {
        name: name.to_owned(),
        size: 700,
    });
    let is_served = served.is_some();
    let request = ObservationKind::Requested {
        transfer,
        transport: Transport::Tftp,
        name: name.to_owned(),
        port: 49152,
        served,
        error: None,
        sender: None,
    };
    run.observe_from(at, from, request);
    if is_served {
        let ended = ObservationKind::Ended {
            transfer,
            end: TransferEnd::Delivered,
            bytes: 700,
        };
        run.observe_from(at + 0.5, from, ended);
    }
}

#[test]
fn no_request_from_another_network_starts_a_phone_that_is_being_converted() {
    let network = Subnet {
        address: address(1),
        prefix: 24,
    };
    for from in [Ipv4Addr::new(10, 9, 0, 5), Ipv4Addr::LOCALHOST] {
        let mut run = Run::new(Plan {
            network: Some(network),
            ..plan()
        });
        run.boot(1.0, 10, 1).full_pass(3.0, 10, LOADS);
        assert_eq!(run.state(), State::Writing);
        for (at, name) in [
            (80.0, format!("CTLSEP{}.tlv", mac(1).upper_hex())),
            (81.0, format!("SEP{}.cnf.xml", mac(1).upper_hex())),
            (82.0, "XMLDefault.cnf.xml".to_owned()),
            (83.0, "sp-sip.jar".to_owned()),
        ] {
            fetch_from(&mut run, at, from, &name);
        }
        let phone = run.phone();
        assert_eq!(
            (phone.address, phone.state),
            (address(10), State::Writing),
            "{from}"
        );
        run.boot(150.0, 10, 1);
        assert_eq!(run.state(), State::Flashed);
    }
}

#[test]
fn no_ack_proves_a_start_while_ports_are_guessed_in_the_address_of_the_phone() {
    let mut run = writing();
    run.request(60.0, 10, &format!("CTLSEP{}.tlv", mac(1).upper_hex()));
    let sign = Forgery::Guesses;
    run.observe(61.0, 10, ObservationKind::Forged { sign });
    run.fetch(62.0, 10, "XMLDefault.cnf.xml");
    run.request(63.0, 10, "sp-sip.jar");
    assert_eq!(run.state(), State::Writing);
    run.boot(300.0, 10, 1);
    assert_eq!(run.state(), State::Flashed);
}

#[test]
fn a_forged_request_for_an_image_leaves_a_converted_phone_as_it_is() {
    let mut run = writing();
    run.boot(150.0, 10, 1);
    run.observe(160.0, 10, load(EvidenceSource::Cdp, LOAD));
    assert_eq!(run.state(), State::Confirmed);
    run.request(200.0, 10, IMAGES[0].0);
    assert_eq!(run.state(), State::Confirmed);
}

#[test]
fn a_phone_whose_entry_the_arp_table_shows_later_is_known_by_its_mac() {
    let network = Subnet {
        address: address(1),
        prefix: 24,
    };
    let mut run = Run::new(Plan {
        network: Some(network),
        ..plan()
    });
    run.boot(1.0, 10, 1);
    run.report_mac(2.0, 10, 1, EvidenceSource::Neighbour);
    run.full_pass(3.0, 10, LOADS);
    run.boot(90.0, 20, 1);
    assert_eq!(
        (run.phone().address, run.state()),
        (address(10), State::Writing)
    );
}

#[test]
fn no_ack_proves_a_boot_loader_while_ports_are_guessed_in_the_address_of_the_phone() {
    let mut run = writing();
    let sign = Forgery::Guesses;
    run.observe(60.0, 10, ObservationKind::Forged { sign });
    run.fetch(61.0, 10, TERM);
    assert_eq!(run.state(), State::Writing);
    assert_eq!(run.fleet.must_stay_powered().len(), 1);
}

#[test]
fn an_image_that_a_converted_phone_acknowledges_is_a_new_pass() {
    let mut run = writing();
    run.boot(150.0, 10, 1);
    run.fetch(170.0, 10, LOADS);
    run.fetch_partly(173.0, 10, IMAGES[0].0, 512);
    assert_eq!((run.state(), run.phone().pass), (State::Images, 2));
}
