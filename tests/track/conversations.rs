//! Conversations of phones as they were recorded in the field, and what each must be
//! taken for.

use reflash::track::{EvidenceSource, FileOutcome, ObservationKind, State, TransferEnd, Transport};

use crate::support::conversation::*;

use State::{
    Already, Configuring, Confirmed, Failed, Flashed, Images, Manifest, Rebooted, Stalled, Writing,
};

#[test]
fn recovery_with_its_second_pass_and_a_sip_only_request() {
    let mut run = Run::new(plan());
    run.passes(0.0, 10, TERM).boots(90.0, 10, 1);
    assert_eq!(run.state(), Flashed);
    run.passes(91.0, 10, LOADS).boots(200.0, 10, 1);
    assert_eq!(run.state(), Flashed);
    assert!(run.fleet.succeeded(), "settled after its second pass");
    run.gets(205.0, 10, "/mk-sip.jar");
    let phone = run.phone();
    assert_eq!((phone.state, phone.pass), (Confirmed, 2));
    assert_eq!(phone.mac, Some(mac(1)));
    assert_eq!(phone.model.as_deref(), Some("7965"));
    assert_eq!(phone.to.map(|load| load.to_string()).as_deref(), Some(LOAD));
    assert!(
        run.codes().is_empty(),
        "a second pass is no loop: {:?}",
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
fn recovery_without_a_second_pass_settles_after_its_configuration() {
    let mut run = Run::new(plan());
    run.passes(0.0, 10, TERM).boots(90.0, 10, 1).until(145.0);
    assert_eq!(run.state(), Flashed);
    assert!(!run.fleet.succeeded());
    run.until(151.0);
    assert_eq!(run.state(), Flashed);
    assert!(run.fleet.succeeded());
    let note = run.phone().evidence.last().map(|e| e.detail.clone());
    assert!(note.is_some_and(|note| note.contains("term65.default")));
}

#[test]
fn what_a_person_reads_on_the_display_is_evidence_and_proves_no_load() {
    let mut run = Run::new(plan());
    run.passes(0.0, 10, TERM).boots(90.0, 10, 1).until(151.0);
    let said = ObservationKind::Remark {
        source: EvidenceSource::Person,
        detail: "its display shows SIP".to_owned(),
    };
    let before = run.phone();
    run.see(160.0, 10, said.clone());
    let phone = run.phone();
    assert_eq!(phone.state, Flashed);
    assert_eq!(phone.last_seen, before.last_seen, "the phone did nothing");
    let evidence = phone.evidence.last().unwrap();
    assert_eq!(evidence.source, EvidenceSource::Person);
    assert_eq!(evidence.detail, "its display shows SIP");
    // Of an address where nobody is, nothing is kept.
    run.see(161.0, 99, said);
    assert_eq!(run.report().phones.len(), 1);
}

#[test]
fn a_phone_that_is_told_a_load_is_flashed_and_a_request_alone_never_confirms_it() {
    let mut run = Run::new(plan());
    run.boots(0.0, 10, 1).passes(2.0, 10, LOADS);
    assert_eq!(run.state(), Writing);
    run.boots(120.0, 10, 1).gets(125.0, 10, "mk-sip.jar");
    // It was seen neither on SCCP nor in recovery.
    assert_eq!(run.state(), Flashed);
    run.load(130.0, 10, LOAD);
    assert_eq!(run.state(), Confirmed);
}

#[test]
fn a_phone_seen_on_sccp_is_confirmed_by_a_request_that_only_sip_makes() {
    for by_witness in [false, true] {
        let mut run = Run::new(plan());
        if by_witness {
            run.load(0.0, 10, "SCCP45.9-4-2SR3-1S");
        } else {
            run.gets(0.0, 10, "mk-sccp.jar");
        }
        run.boots(1.0, 10, 1)
            .passes(2.0, 10, LOADS)
            .boots(120.0, 10, 1)
            .gets(125.0, 10, "mk-sip.jar");
        assert_eq!(run.state(), Confirmed);
        if by_witness {
            let from = run.phone().from.map(|load| load.to_string());
            assert_eq!(from.as_deref(), Some("SCCP45.9-4-2SR3-1S"));
        }
    }
}

#[test]
fn a_boot_loaders_name_and_the_default_load_never_confirm() {
    let mut run = Run::new(plan());
    run.passes(0.0, 10, TERM)
        .load(60.0, 10, "term65.default")
        .boots(90.0, 10, 1)
        .load(91.0, 10, "term65.default")
        .load(92.0, 10, "79XX_default_load");
    assert_eq!(run.state(), Flashed);
}

#[test]
fn what_ran_the_target_before_is_already_there() {
    let mut run = Run::new(plan());
    run.boots(0.0, 10, 1).load(5.0, 10, "sip45.9-3-1SR4-1s");
    assert_eq!(run.state(), Already);
    assert!(run.fleet.succeeded());
    let mut run = Run::new(plan());
    // A neighbour gave it the images: only the witness says so.
    run.load(0.0, 10, "SCCP45.8-5-2S")
        .boots(5.0, 10, 1)
        .load(300.0, 10, LOAD);
    assert_eq!(run.state(), Confirmed);
}

#[test]
fn a_refused_manifest_is_known_after_its_second_boot() {
    let mut run = Run::new(plan());
    for at in [0.0, 148.0, 241.0] {
        run.gets(at, 10, TERM).gets(at + 0.6, 10, TERM);
        if at == 0.0 {
            run.until(60.0);
            assert_eq!(run.state(), Manifest, "one boot proves nothing");
        }
    }
    let phone = run.phone();
    assert_eq!((phone.state, phone.pass), (Failed, 1));
    assert_eq!(run.codes(), ["manifest-refused"]);
    assert!(
        phone.diagnoses[0]
            .evidence
            .contains("2 boots (at 0:00:00, 0:02:28)")
    );
    // Another bundle, or another mood: it moves on.
    run.passes(400.0, 10, TERM);
    assert_eq!(run.state(), Writing);
    assert_eq!(run.codes(), ["manifest-refused", "-manifest-refused"]);
}

#[test]
fn an_application_that_takes_a_manifest_may_have_the_images_from_a_neighbour() {
    let mut run = Run::new(plan());
    run.boots(0.0, 10, 1).gets(2.0, 10, LOADS).until(250.0);
    assert!(run.codes().is_empty());
    run.boots(250.0, 10, 1).until(290.0);
    assert!(run.codes().is_empty());
    run.boots(295.0, 10, 1).gets(297.0, 10, LOADS).until(328.0);
    assert_eq!(run.codes(), ["manifest-refused"]);
    assert_eq!(run.state(), Failed);
}

#[test]
fn a_missing_image_is_named_and_the_aborted_next_one_is_no_delivery() {
    let mut run = Run::new(plan());
    run.unstage(IMAGES[0].0);
    run.gets(0.0, 10, TERM).gets(2.0, 10, IMAGES[0].0);
    let next = run.asks(2.1, 10, IMAGES[1].0);
    let closed = TransferEnd::Aborted {
        code: None,
        message: None,
    };
    run.ends(2.2, 10, next, closed, 0);
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
fn case_slashes_and_source_ports_make_no_difference() {
    let mut run = Run::new(plan());
    run.gets(0.0, 10, "TERM65.DEFAULT.loads");
    for (place, (name, _)) in (0_u8..).zip(IMAGES) {
        let at = 2.0 + f64::from(place) * 5.0;
        run.gets(at, 10, &name.to_uppercase());
    }
    assert_eq!(run.state(), Writing);
    assert_eq!(run.phone().files[1].name, IMAGES[0].0);
}

#[test]
fn http_first_and_tftp_after_it_is_one_request() {
    let mut run = Run::new(plan());
    let wire = mac(1).upper_hex();
    for (at, name) in (0_u8..).zip([
        format!("CTLSEP{wire}.tlv"),
        format!("SEP{wire}.cnf.xml"),
        "XMLDefault.cnf.xml".to_owned(),
        LOADS.to_owned(),
    ]) {
        let at = f64::from(at);
        run.asks_over(at, 10, Transport::Http, &name);
        run.gets(at + 0.1, 10, &name);
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
fn power_cut_in_an_image_goes_back_and_is_no_failure() {
    let mut run = Run::new(plan());
    run.gets(0.0, 10, TERM).gets(2.0, 10, IMAGES[0].0);
    let cut = run.loses(7.0, 10, IMAGES[1].0, 100_000);
    run.ends(
        30.0,
        10,
        cut,
        TransferEnd::Vanished { all_sent: false },
        100_000,
    );
    run.gets(60.0, 10, TERM);
    assert_eq!(run.state(), Manifest);
    // The images of two passes are no pass.
    for (place, (name, _)) in (1_u8..).zip(&IMAGES[1..]) {
        run.gets(60.0 + f64::from(place) * 5.0, 10, name);
    }
    run.boots(180.0, 10, 1);
    assert_eq!(run.state(), Configuring);
    run.passes(300.0, 10, TERM).boots(420.0, 10, 1);
    let phone = run.phone();
    assert_eq!((phone.state, phone.pass), (Flashed, 3));
    assert_eq!(run.codes(), ["rebooted-mid-image", "-rebooted-mid-image"]);
}

#[test]
fn a_duplicate_request_neither_delivers_twice_nor_begins_a_pass() {
    let mut run = Run::new(plan());
    let first = run.asks(0.0, 10, TERM);
    let second = run.asks(0.5, 10, TERM);
    run.ends(0.6, 10, first, TransferEnd::Delivered, MANIFEST_BYTES);
    let jar = run.asks(1.0, 10, IMAGES[0].0);
    let again = run.asks(1.1, 10, IMAGES[0].0);
    run.ends(1.2, 10, second, TransferEnd::Delivered, MANIFEST_BYTES);
    run.ends(3.0, 10, jar, TransferEnd::Delivered, IMAGES[0].1);
    run.gets(3.5, 10, TERM);
    run.ends(
        20.0,
        10,
        again,
        TransferEnd::Vanished { all_sent: false },
        0,
    );
    for (name, _) in &IMAGES[1..] {
        run.gets(21.0, 10, name);
    }
    assert_eq!((run.state(), run.phone().pass), (Writing, 1));
}

#[test]
fn parallel_requests_are_followed_side_by_side() {
    let mut run = Run::new(plan());
    run.gets(0.0, 10, TERM);
    let transfers: Vec<_> = IMAGES
        .iter()
        .map(|(name, _)| run.asks(2.0, 10, name))
        .collect();
    for (transfer, (_, size)) in transfers.iter().zip(IMAGES).rev() {
        assert_eq!(run.state(), Images);
        run.ends(9.0, 10, *transfer, TransferEnd::Delivered, size);
    }
    assert_eq!(run.state(), Writing);
}

#[test]
fn a_lost_final_ack_is_implied_by_the_next_image_in_either_order() {
    for late in [false, true] {
        let mut run = Run::new(plan());
        run.gets(0.0, 10, TERM);
        let jar = run.loses(2.0, 10, IMAGES[0].0, 1_884_672);
        let gone = TransferEnd::Vanished { all_sent: true };
        if !late {
            run.ends(8.0, 10, jar, gone.clone(), 1_884_672);
        }
        for (place, (name, _)) in (1_u8..).zip(&IMAGES[1..]) {
            run.gets(8.0 + f64::from(place) * 5.0, 10, name);
        }
        if late {
            assert_eq!(run.state(), Images, "not known yet");
            run.ends(32.0, 10, jar, gone, 1_884_672);
        }
        assert_eq!(run.phone().files[1].outcome, FileOutcome::Implied);
        assert_eq!(run.state(), Writing);
        run.boots(90.0, 10, 1);
        assert_eq!(run.state(), Flashed);
        // "A full delivered pass": an implied image is not delivered.
        run.gets(95.0, 10, "mk-sip.jar");
        assert_eq!(run.state(), Flashed);
    }
}

#[test]
fn a_lost_final_ack_that_is_given_up_after_the_reboot_still_counts() {
    let mut run = Run::new(plan());
    run.gets(0.0, 10, TERM);
    let jar = run.loses(2.0, 10, IMAGES[0].0, 1_884_672);
    for (name, _) in &IMAGES[1..] {
        run.gets(8.0, 10, name);
    }
    run.boots(20.0, 10, 1);
    assert_eq!(run.state(), Configuring);
    run.ends(
        31.0,
        10,
        jar,
        TransferEnd::Vanished { all_sent: true },
        1_884_672,
    );
    assert_eq!(run.state(), Flashed);
}

#[test]
fn the_last_images_lost_ack_is_never_implied() {
    let mut run = Run::new(plan());
    run.gets(0.0, 10, TERM);
    for (name, _) in &IMAGES[..4] {
        run.gets(8.0, 10, name);
    }
    let last = run.loses(20.0, 10, IMAGES[4].0, 2_494_464);
    run.ends(
        30.0,
        10,
        last,
        TransferEnd::Vanished { all_sent: true },
        2_494_464,
    );
    run.boots(90.0, 10, 1).until(300.0);
    let phone = run.phone();
    assert_eq!(phone.state, Configuring);
    assert!(
        phone
            .evidence
            .iter()
            .any(|e| e.detail.contains("only the final ACK"))
    );
    run.load(310.0, 10, LOAD);
    assert_eq!(run.state(), Confirmed);
}

#[test]
fn an_image_that_runs_on_beside_the_next_is_not_implied() {
    let mut run = Run::new(plan());
    run.gets(0.0, 10, TERM);
    let jar = run.loses(2.0, 10, IMAGES[0].0, 100_000);
    run.asks(2.5, 10, IMAGES[1].0);
    let bytes = 1_884_672;
    run.see(
        4.0,
        10,
        ObservationKind::Acknowledged {
            transfer: jar,
            bytes,
        },
    );
    run.ends(
        9.0,
        10,
        jar,
        TransferEnd::Vanished { all_sent: true },
        bytes,
    );
    assert_eq!(run.phone().files[1].outcome, FileOutcome::Vanished);
}

#[test]
fn silence_beyond_the_limit_stalls_and_any_step_ends_it() {
    let mut run = Run::new(plan());
    run.gets(0.0, 10, TERM)
        .gets(2.0, 10, IMAGES[0].0)
        .until(182.0);
    assert_eq!(run.state(), Images);
    run.until(183.0);
    assert_eq!(run.state(), Stalled);
    run.gets(200.0, 10, TERM);
    assert_eq!(run.state(), Manifest);
    assert_eq!(run.codes(), ["stalled", "-stalled", "rebooted-mid-image"]);
    assert_eq!(run.phone().withdrawn.len(), 1);
}

#[test]
fn writing_for_five_minutes_is_normal() {
    let mut run = Run::new(plan());
    run.passes(0.0, 10, TERM).until(400.0);
    assert_eq!(run.state(), Writing);
    assert_eq!(run.fleet.must_stay_powered().len(), 1);
    run.see(
        410.0,
        10,
        ObservationKind::MacReported {
            mac: mac(1),
            source: EvidenceSource::Dhcp,
        },
    );
    assert_eq!(run.state(), Rebooted);
    assert!(run.fleet.must_stay_powered().is_empty());
}

#[test]
fn phones_of_other_models_are_told_apart() {
    let mut run = Run::new(plan());
    run.gets(0.0, 10, "term75.default.loads");
    assert_eq!(run.codes(), ["wrong-model-bundle"]);
    assert_eq!(run.state(), Failed);
    let evidence = &run.phone().diagnoses[0].evidence;
    assert!(
        evidence.contains("7975") && evidence.contains("7945/7965"),
        "{evidence}"
    );

    let mut run = Run::new(plan());
    let wire = mac(1).upper_hex();
    run.gets(0.0, 10, &format!("CTLSEP{wire}.tlv"))
        .gets(0.1, 10, &format!("SIP{wire}.cnf"));
    assert_eq!(run.codes(), ["unsupported-model"]);
    assert_eq!(run.state(), Configuring);
}

#[test]
fn trust_lists_slips_and_broken_transfers_have_their_names() {
    let mut run = Run::new(plan());
    let wire = mac(1).upper_hex();
    run.gets(0.0, 10, &format!("CTLSEP{wire}.tlv")).gets(
        0.1,
        10,
        &format!("SEP{wire}.cnf.xml.sgn"),
    );
    assert_eq!(run.codes(), ["trust-list"]);
    // The cure: recovery ignores trust lists.
    run.gets(100.0, 10, TERM);
    assert_eq!(run.codes(), ["trust-list", "-trust-list"]);

    let mut run = Run::new(plan());
    run.boots(0.0, 10, 1)
        .gets(1.0, 10, "SIP45.9-3-1SR4-1.loads");
    assert_eq!(run.codes(), ["name-mismatch"]);
    run.gets(60.0, 10, LOADS);
    assert_eq!(run.codes(), ["name-mismatch", "-name-mismatch"]);

    let mut run = Run::new(plan());
    run.gets(0.0, 10, TERM);
    for at in [2.0, 22.0, 42.0] {
        let jar = run.asks(at, 10, IMAGES[0].0);
        run.ends(
            at + 15.0,
            10,
            jar,
            TransferEnd::Vanished { all_sent: false },
            512,
        );
    }
    assert_eq!(run.codes(), ["transfer-broken"]);
    run.gets(70.0, 10, IMAGES[0].0);
    assert_eq!(run.codes(), ["transfer-broken", "-transfer-broken"]);
}

#[test]
fn a_dial_plan_is_evidence_and_an_sccp_file_after_the_pass_refutes() {
    let mut run = Run::new(plan());
    run.passes(0.0, 10, TERM)
        .boots(90.0, 10, 1)
        .gets(95.0, 10, "dialplan.xml");
    assert!(
        run.phone()
            .evidence
            .iter()
            .any(|e| e.detail.contains("dialplan.xml"))
    );
    assert_eq!(run.state(), Flashed);
    run.gets(99.0, 10, "mk-sccp.jar");
    assert_eq!(run.state(), Configuring);
}
