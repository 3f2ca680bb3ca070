//! Single transfers: repeated, parallel, cut off, and delivered without their final ACK.

use reflash::track::{FileOutcome, ObservationKind, State, TransferEnd, Transport};

use crate::support::conversation::*;

use State::{Configuring, Confirmed, Flashed, Images, Manifest, Writing};

#[test]
fn a_missing_image_is_diagnosed_and_the_aborted_next_image_is_not_delivered() {
    let mut run = Run::new(plan());
    run.unstage(IMAGES[0].0);
    run.fetch(0.0, 10, TERM).fetch(2.0, 10, IMAGES[0].0);
    let next = run.request(2.1, 10, IMAGES[1].0);
    let closed = TransferEnd::Aborted {
        code: None,
        message: None,
    };
    run.end(2.2, 10, next, closed, 0);
    let phone = run.phone();
    assert_eq!(phone.diagnoses[0].code.to_string(), "missing-image");
    assert!(phone.diagnoses[0].evidence.contains("jar45sip"));
    let outcomes: Vec<_> = phone.files.iter().map(|file| file.outcome).collect();
    assert_eq!(
        outcomes,
        [
            FileOutcome::Delivered,
            FileOutcome::NotFound,
            FileOutcome::Aborted
        ]
    );
}

#[test]
fn the_case_of_a_name_makes_no_difference() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 10, "TERM65.DEFAULT.loads");
    for (place, (name, _)) in (0_u8..).zip(IMAGES) {
        let at = 2.0 + f64::from(place) * 5.0;
        run.fetch(at, 10, &name.to_uppercase());
    }
    assert_eq!(run.state(), Writing);
    assert_eq!(run.phone().files[1].name, IMAGES[0].0);
}

#[test]
fn a_request_over_http_and_then_tftp_is_one_request() {
    let mut run = Run::new(plan());
    let wire = mac(1).upper_hex();
    for (at, name) in (0_u8..).zip([
        format!("CTLSEP{wire}.tlv"),
        format!("SEP{wire}.cnf.xml"),
        "XMLDefault.cnf.xml".to_owned(),
        LOADS.to_owned(),
    ]) {
        let at = f64::from(at);
        run.request_over(at, 10, Transport::Http, &name);
        run.fetch(at + 0.1, 10, &name);
    }
    let phone = run.phone();
    assert_eq!(phone.files.len(), 4);
    assert!(
        phone
            .files
            .iter()
            .all(|file| file.transport == Transport::Tftp)
    );
    assert_eq!((phone.state, phone.pass), (Manifest, 1));
    assert!(run.codes().is_empty());
}

#[test]
fn a_duplicate_request_delivers_once_and_begins_no_pass() {
    let mut run = Run::new(plan());
    let first = run.request(0.0, 10, TERM);
    let second = run.request(0.5, 10, TERM);
    run.end(0.6, 10, first, TransferEnd::Delivered, MANIFEST_BYTES);
    let jar = run.request(1.0, 10, IMAGES[0].0);
    let again = run.request(1.1, 10, IMAGES[0].0);
    run.end(1.2, 10, second, TransferEnd::Delivered, MANIFEST_BYTES);
    run.end(3.0, 10, jar, TransferEnd::Delivered, IMAGES[0].1);
    run.fetch(3.5, 10, TERM);
    run.end(
        20.0,
        10,
        again,
        TransferEnd::Vanished { all_sent: false },
        0,
    );
    for (name, _) in &IMAGES[1..] {
        run.fetch(21.0, 10, name);
    }
    assert_eq!((run.state(), run.phone().pass), (Writing, 1));
}

#[test]
fn parallel_requests_are_tracked_separately() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 10, TERM);
    let transfers: Vec<_> = IMAGES
        .iter()
        .map(|(name, _)| run.request(2.0, 10, name))
        .collect();
    for (transfer, (_, size)) in transfers.iter().zip(IMAGES).rev() {
        assert_eq!(run.state(), Images);
        run.end(9.0, 10, *transfer, TransferEnd::Delivered, size);
    }
    assert_eq!(run.state(), Writing);
}

#[test]
fn a_lost_final_ack_is_implied_by_the_next_image_in_either_order() {
    for late in [false, true] {
        let mut run = Run::new(plan());
        run.fetch(0.0, 10, TERM);
        let jar = run.fetch_partly(2.0, 10, IMAGES[0].0, 1_884_672);
        let end = TransferEnd::Vanished { all_sent: true };
        if !late {
            run.end(8.0, 10, jar, end.clone(), 1_884_672);
        }
        for (place, (name, _)) in (1_u8..).zip(&IMAGES[1..]) {
            run.fetch(8.0 + f64::from(place) * 5.0, 10, name);
        }
        if late {
            assert_eq!(
                run.state(),
                Images,
                "the end of the transfer is not known yet"
            );
            run.end(32.0, 10, jar, end, 1_884_672);
        }
        assert_eq!(run.phone().files[1].outcome, FileOutcome::Implied);
        assert_eq!(run.state(), Writing);
        run.boot(90.0, 10, 1);
        assert_eq!(run.state(), Flashed);
        // An implied image is not a delivered one, so that the pass is not fully delivered.
        run.fetch(95.0, 10, "mk-sip.jar");
        assert_eq!(run.state(), Flashed);
    }
}

#[test]
fn a_lost_final_ack_counts_when_its_timeout_follows_the_reboot() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 10, TERM);
    let jar = run.fetch_partly(2.0, 10, IMAGES[0].0, 1_884_672);
    for (name, _) in &IMAGES[1..] {
        run.fetch(8.0, 10, name);
    }
    run.boot(20.0, 10, 1);
    assert_eq!(run.state(), Configuring);
    run.end(
        31.0,
        10,
        jar,
        TransferEnd::Vanished { all_sent: true },
        1_884_672,
    );
    assert_eq!(run.state(), Flashed);
}

#[test]
fn a_lost_final_ack_of_the_last_image_is_never_implied() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 10, TERM);
    for (name, _) in &IMAGES[..4] {
        run.fetch(8.0, 10, name);
    }
    let last = run.fetch_partly(20.0, 10, IMAGES[4].0, 2_494_464);
    run.end(
        30.0,
        10,
        last,
        TransferEnd::Vanished { all_sent: true },
        2_494_464,
    );
    run.boot(90.0, 10, 1).advance_to(300.0);
    let phone = run.phone();
    assert_eq!(phone.state, Configuring);
    assert!(
        phone
            .evidence
            .iter()
            .any(|e| e.detail.contains("only the final ACK"))
    );
    run.report_load(310.0, 10, LOAD);
    assert_eq!(run.state(), Confirmed);
}

#[test]
fn an_image_that_continues_beside_the_next_is_not_implied() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 10, TERM);
    let jar = run.fetch_partly(2.0, 10, IMAGES[0].0, 100_000);
    run.request(2.5, 10, IMAGES[1].0);
    let bytes = 1_884_672;
    run.observe(
        4.0,
        10,
        ObservationKind::Acknowledged {
            transfer: jar,
            bytes,
        },
    );
    run.end(
        9.0,
        10,
        jar,
        TransferEnd::Vanished { all_sent: true },
        bytes,
    );
    assert_eq!(run.phone().files[1].outcome, FileOutcome::Vanished);
}
