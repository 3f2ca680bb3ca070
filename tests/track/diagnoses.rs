//! Each other diagnosis: the observations that raise it, and those that withdraw it.

use reflash::track::{
    EvidenceSource, Forgery, ObservationKind, RemarkMeaning, State, TransferEnd, Transport, View,
};

use crate::support::conversation::*;

use State::{Configuring, Failed, Flashed, Manifest};

#[test]
fn a_power_cut_in_an_image_restarts_the_pass_and_is_no_failure() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 10, TERM).fetch(2.0, 10, IMAGES[0].0);
    let cut = run.fetch_partly(7.0, 10, IMAGES[1].0, 100_000);
    run.end(
        30.0,
        10,
        cut,
        TransferEnd::Vanished { all_sent: false },
        100_000,
    );
    run.fetch(60.0, 10, TERM);
    assert_eq!(run.state(), Manifest);
    // Images of two passes do not make one complete pass.
    for (place, (name, _)) in (1_u8..).zip(&IMAGES[1..]) {
        run.fetch(60.0 + f64::from(place) * 5.0, 10, name);
    }
    run.boot(180.0, 10, 1);
    assert_eq!(run.state(), Configuring);
    run.full_pass(300.0, 10, TERM).boot(420.0, 10, 1);
    let phone = run.phone();
    assert_eq!((phone.state, phone.pass), (Flashed, 3));
    assert_eq!(run.codes(), ["rebooted-mid-image", "-rebooted-mid-image"]);
}

#[test]
fn other_families_and_unsupported_models_are_diagnosed() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 10, "term75.default.loads");
    assert_eq!(run.codes(), ["wrong-model-bundle"]);
    assert_eq!(run.state(), Failed);
    let evidence = &run.phone().diagnoses[0].evidence;
    assert!(
        evidence.contains("7975") && evidence.contains("7945/7965"),
        "{evidence}"
    );

    let mut run = Run::new(plan());
    let wire = mac(1).upper_hex();
    run.fetch(0.0, 10, &format!("CTLSEP{wire}.tlv"))
        .fetch(0.1, 10, &format!("SIP{wire}.cnf"));
    assert_eq!(run.codes(), ["unsupported-model"]);
    assert_eq!(run.state(), Configuring);
}

#[test]
fn trust_lists_misspelt_loads_and_broken_transfers_are_diagnosed_and_withdrawn() {
    let mut run = Run::new(plan());
    let wire = mac(1).upper_hex();
    run.fetch(0.0, 10, &format!("CTLSEP{wire}.tlv")).fetch(
        0.1,
        10,
        &format!("SEP{wire}.cnf.xml.sgn"),
    );
    assert_eq!(run.codes(), ["trust-list"]);
    // A boot loader ignores trust lists.
    run.fetch(100.0, 10, TERM);
    assert_eq!(run.codes(), ["trust-list", "-trust-list"]);

    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1)
        .fetch(1.0, 10, "SIP45.9-3-1SR4-1.loads");
    assert_eq!(run.codes(), ["name-mismatch"]);
    run.fetch(60.0, 10, LOADS);
    assert_eq!(run.codes(), ["name-mismatch", "-name-mismatch"]);

    let mut run = Run::new(plan());
    run.fetch(0.0, 10, TERM);
    for at in [2.0, 22.0, 42.0] {
        let jar = run.request(at, 10, IMAGES[0].0);
        run.end(
            at + 15.0,
            10,
            jar,
            TransferEnd::Vanished { all_sent: false },
            512,
        );
    }
    assert_eq!(run.codes(), ["transfer-broken"]);
    run.fetch(70.0, 10, IMAGES[0].0);
    assert_eq!(run.codes(), ["transfer-broken", "-transfer-broken"]);
}

#[test]
fn a_third_full_pass_is_diagnosed_and_no_load_is_named_any_more() {
    let mut run = Run::new(plan());
    for (at, manifest) in [(0.0, TERM), (200.0, LOADS), (400.0, LOADS)] {
        run.full_pass(at, 10, manifest);
        if at < 400.0 {
            assert_eq!(run.view(10, "XMLDefault.cnf.xml"), View::Target);
            run.boot(at + 120.0, 10, 1);
        }
    }
    assert_eq!(run.codes(), ["repeat-flash"]);
    run.boot(520.0, 10, 1);
    assert_eq!(run.view(10, "XMLDefault.cnf.xml"), View::NoLoad);
    // The view without a load still has the manifests and images of the target.
    assert_eq!(run.view(10, TERM), View::NoLoad);
    assert_eq!(run.state(), Flashed);
}

#[test]
fn a_reboot_between_images_is_diagnosed_until_a_pass_is_complete() {
    let mut run = Run::new(plan());
    run.fetch(0.0, 10, TERM).fetch(2.0, 10, IMAGES[0].0);
    let cut = run.fetch_partly(7.0, 10, IMAGES[1].0, 100_000);
    run.end(
        30.0,
        10,
        cut,
        TransferEnd::Vanished { all_sent: false },
        100_000,
    );
    run.fetch(40.0, 10, TERM);
    assert_eq!(run.codes(), ["rebooted-mid-image"]);
    let evidence = &run.phone().diagnoses[0].evidence;
    assert!(evidence.contains("100000 of 525007"), "{evidence}");
    for (name, _) in IMAGES {
        run.fetch(50.0, 10, name);
    }
    assert_eq!(run.codes(), ["rebooted-mid-image", "-rebooted-mid-image"]);

    // The application identified the phone; its boot loader sends no MAC.
    let mut run = Run::new(plan());
    run.boot(0.0, 10, 1).fetch(1.0, 10, LOADS);
    run.fetch_partly(3.0, 10, IMAGES[0].0, 100_000);
    run.fetch(40.0, 10, TERM);
    assert_eq!(run.codes(), ["rebooted-mid-image"]);
    // The boot loader was that of another phone.
    run.boot(60.0, 10, 2);
    assert!(run.phone_of(2).diagnoses.is_empty());
    assert_eq!(run.codes(), ["rebooted-mid-image", "-rebooted-mid-image"]);
    assert_eq!(run.phone_of(1).withdrawn.len(), 1);
    let withdrawn_for = run.events.iter().find_map(|event| match event {
        reflash::track::Event::Withdrawn { phone, .. } => phone.as_ref()?.mac,
        _ => None,
    });
    assert_eq!(withdrawn_for, Some(mac(1)));
}

#[test]
fn a_restart_after_this_program_was_stopped_does_not_blame_the_power() {
    let remark = || ObservationKind::Remark {
        source: EvidenceSource::Requests,
        detail: "reflash was stopped".to_owned(),
        means: Some(RemarkMeaning::NotServed),
    };
    for cut in [false, true] {
        let mut run = Run::new(plan());
        run.fetch(0.0, 10, TERM).fetch(5.0, 10, IMAGES[0].0);
        if cut {
            let cut = run.fetch_partly(7.0, 10, IMAGES[1].0, 100_000);
            run.end(30.0, 10, cut, TransferEnd::Killed, 100_000);
        }
        run.observe(60.0, 10, remark());
        run.fetch(65.0, 10, TERM);
        assert!(run.codes().is_empty(), "{:?}", run.codes());
        let evidence = &run.phone().evidence;
        assert!(
            evidence.iter().any(|it| it.detail == "reflash was stopped"),
            "{evidence:?}"
        );
        // A restart while it is served again is one.
        run.fetch(70.0, 10, IMAGES[0].0);
        run.fetch(120.0, 10, TERM);
        assert_eq!(run.codes(), ["rebooted-mid-image"]);
    }
}

#[test]
fn a_reboot_while_writing_is_diagnosed() {
    for lease in [false, true] {
        let mut run = Run::new(plan());
        run.full_pass(0.0, 10, TERM);
        if lease {
            run.report_mac(40.0, 10, 1, EvidenceSource::Dhcp);
        }
        run.fetch(45.0, 10, TERM);
        assert_eq!(run.codes(), ["rebooted-mid-image"]);
    }
}

#[test]
fn a_rejected_configuration_is_diagnosed_until_the_phone_applies_one() {
    let wire = mac(1).upper_hex();
    let own = format!("SEP{wire}.cnf.xml");
    let mut run = Run::new(plan());
    run.stage(&own, 4000);
    run.fetch(0.0, 10, &format!("CTLSEP{wire}.tlv"))
        .fetch(1.0, 10, &own);
    let again = ObservationKind::Requested {
        transfer: reflash::track::TransferId(900),
        transport: Transport::Tftp,
        name: own.clone(),
        port: 49_153,
        served: None,
        error: None,
        sender: None,
    };
    run.observe(2.0, 10, again);
    assert_eq!(run.codes(), ["config-rejected"]);
    run.fetch(3.0, 10, "dialplan.xml");
    assert_eq!(run.codes(), ["config-rejected", "-config-rejected"]);

    let mut run = Run::new(plan());
    for boot in 0_u8..4 {
        assert!(run.codes().is_empty());
        run.boot(f64::from(boot) * 70.0, 10, 1);
    }
    assert_eq!(run.codes(), ["config-rejected"]);
}

#[test]
fn repeated_power_cycles_are_no_rejected_configuration() {
    let mut run = Run::new(plan());
    for boot in 0_u8..6 {
        run.boot(f64::from(boot) * 70.0, 10, 1).fetch(
            f64::from(boot) * 70.0 + 2.0,
            10,
            "/sp-sip.jar",
        );
    }
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn lost_responses_are_diagnosed_until_one_arrives() {
    let request = |run: &mut Run, at: u16, port: u16, name: &str, served: bool| {
        let transfer = reflash::track::TransferId(u64::from(at) + 1000);
        let served = served.then(|| reflash::track::ServedFile {
            name: name.to_owned(),
            size: MANIFEST_BYTES,
        });
        let requested = ObservationKind::Requested {
            transfer,
            transport: Transport::Tftp,
            name: name.to_owned(),
            port,
            served,
            error: None,
            sender: None,
        };
        run.observe(f64::from(at), 10, requested);
        transfer
    };
    let mut run = Run::new(plan());
    for (at, port) in [(0, 49_152), (8, 49_152), (20, 49_153)] {
        let transfer = request(&mut run, at, port, TERM, true);
        let end = TransferEnd::Vanished { all_sent: false };
        run.end(f64::from(at) + 7.0, 10, transfer, end, 0);
    }
    assert_eq!(run.codes(), ["blocked-by-firewall"]);
    run.fetch(40.0, 10, TERM);
    assert_eq!(run.codes(), ["blocked-by-firewall", "-blocked-by-firewall"]);

    let mut run = Run::new(plan());
    let name = format!("CTLSEP{}.tlv", mac(1).upper_hex());
    for repeat in 0_u16..8 {
        assert!(run.codes().is_empty());
        request(&mut run, repeat * 4, 49_152 + repeat / 5, &name, false);
    }
    assert_eq!(run.codes(), ["blocked-by-firewall"]);
}

#[test]
fn answers_without_an_ack_beside_forged_packets_are_not_blamed_on_a_firewall() {
    for sign in [Forgery::Guesses, Forgery::Flood] {
        let mut run = Run::new(plan());
        run.boot(0.0, 10, 1);
        let unacked = |run: &mut Run, from: u32| {
            for (n, port) in [(0, 49_152), (8, 49_152), (20, 49_153)] {
                let at = from + n;
                let transfer = reflash::track::TransferId(u64::from(at) + 1000);
                let served = Some(reflash::track::ServedFile {
                    name: TERM.to_owned(),
                    size: MANIFEST_BYTES,
                });
                let requested = ObservationKind::Requested {
                    transfer,
                    transport: Transport::Tftp,
                    name: TERM.to_owned(),
                    port,
                    served,
                    error: None,
                    sender: None,
                };
                run.observe(f64::from(at), 10, requested);
                let end = TransferEnd::Vanished { all_sent: false };
                run.end(f64::from(at) + 7.0, 10, transfer, end, 0);
            }
        };
        run.observe(29.0, 99, ObservationKind::Forged { sign });
        run.observe(30.0, 10, ObservationKind::Forged { sign });
        unacked(&mut run, 40);
        assert_eq!(run.codes(), ["forged-packets"], "{sign:?}");
        let evidence = &run.phone().diagnoses[0].evidence;
        assert!(evidence.contains(&address(10).to_string()), "{evidence}");
        run.fetch(100.0, 10, TERM);
        assert_eq!(run.codes(), ["forged-packets"], "seen a minute ago");
        run.fetch(160.0, 10, TERM);
        assert_eq!(run.codes(), ["forged-packets", "-forged-packets"]);
        let mut run = Run::new(plan());
        run.boot(0.0, 10, 1);
        unacked(&mut run, 40);
        run.observe(70.0, 10, ObservationKind::Forged { sign });
        assert_eq!(
            run.codes(),
            [
                "blocked-by-firewall",
                "-blocked-by-firewall",
                "forged-packets"
            ],
            "the forged packets were reported after the diagnosis"
        );
    }
}

#[test]
fn an_image_that_breaks_off_in_three_passes_is_diagnosed() {
    let mut run = Run::new(plan());
    for at in [0.0, 100.0, 200.0] {
        run.fetch(at, 10, TERM);
        let jar = run.fetch_partly(at + 2.0, 10, IMAGES[0].0, 51_200);
        run.end(
            at + 30.0,
            10,
            jar,
            TransferEnd::Vanished { all_sent: false },
            51_200,
        );
    }
    assert!(
        run.codes().contains(&"transfer-broken".to_owned()),
        "{:?}",
        run.codes()
    );
}

#[test]
fn the_cure_for_an_unsupported_model_names_what_it_needs() {
    for (load, part) in [
        ("SCCP894x.9-4-2SR3-1", "cmterm-894x-sip"),
        ("sip88xx.12-0-1", "cmterm-88xx"),
        ("SIP69xx.9-4-1-3SR3", "cmterm-69xx"),
        ("sip9971.9-4-2SR4-1", "cmterm-9971"),
    ] {
        let mut run = Run::new(plan());
        run.report_load(0.0, 10, load);
        assert_eq!(run.codes(), ["unsupported-model"], "{load}");
        assert!(run.phone().diagnoses[0].cure.contains(part), "{load}");
    }
    let mut run = Run::new(plan());
    let wire = mac(1).upper_hex();
    run.fetch(0.0, 10, &format!("CTLSEP{wire}.tlv"))
        .fetch(0.1, 10, &format!("SIP{wire}.cnf"))
        .fetch(0.2, 10, &format!("MGC{wire}.cnf"));
    assert_eq!(
        run.codes(),
        ["unsupported-model"],
        "one search proves nothing"
    );
    run.fetch(25.0, 10, &format!("CTLSEP{wire}.tlv"))
        .fetch(25.2, 10, &format!("MGC{wire}.cnf"));
    assert_eq!(
        run.codes(),
        ["unsupported-model", "protocol-application-invalid"]
    );
}
