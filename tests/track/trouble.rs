//! Conversations that go wrong: bridges, refusals, power, configurations, firewalls.

use reflash::{
    phone::{Family, LoadName},
    track::{
        Admission, EvidenceSource, ManifestPlan, ObservationKind, Plan, StagePlan, State,
        TransferEnd, Transport, View,
    },
};

use crate::support::conversation::*;

use State::{Configuring, Confirmed, Failed, Flashed, Manifest, Writing};

const BRIDGE: &str = "SCCP45.8-5-2S";
const BRIDGE_LOADS: &str = "SCCP45.8-5-2S.loads";
const BRIDGE_IMAGES: [(&str, u64); 5] = [
    ("jar45sccp.8-5-2TH1-9.sbn", 1_885_045),
    ("cnu45.8-5-2TH1-9.sbn", 525_007),
    ("apps45.8-5-2TH1-9.sbn", 2_936_005),
    ("dsp45.8-5-2TH1-9.sbn", 342_219),
    ("cvm45sccp.8-5-2TH1-9.sbn", 2_494_573),
];

fn with_bridge() -> Plan {
    let images: Vec<_> = BRIDGE_IMAGES
        .map(|(name, size)| (name.to_owned(), size))
        .to_vec();
    let manifests = [BRIDGE_LOADS, "term45.default.loads", TERM]
        .map(|name| ManifestPlan {
            hardware: None,
            name: name.to_owned(),
            images: images.clone(),
        })
        .to_vec();
    Plan {
        bridge: vec![StagePlan {
            load: LoadName::new(BRIDGE),
            models: Family::F45.models().collect(),
            manifests,
        }],
        ..plan()
    }
}

fn masked(mask: u32) -> Plan {
    let mut plan = plan();
    for manifest in &mut plan.stages[0].manifests {
        manifest.hardware = Some(mask);
    }
    plan
}

/// Two boots that take the manifest and ask for no image.
fn refuses(run: &mut Run, at: f64, who: u8, manifest: &str) {
    run.gets(at, who, manifest)
        .gets(at + 0.6, who, manifest)
        .gets(at + 120.0, who, manifest)
        .until(at + 151.0);
}

fn bridge_pass(run: &mut Run, at: f64, who: u8, manifest: &str) {
    run.gets(at, who, manifest);
    let mut at = at + 2.0;
    for (name, _) in BRIDGE_IMAGES {
        run.gets(at, who, name);
        at += 5.0;
    }
}

fn view(run: &Run, who: u8, name: &str) -> View {
    match run.fleet.admit(address(who), name) {
        Admission::Serve(view) => view,
        Admission::Draining => panic!("nothing stops here"),
    }
}

fn hardware(run: &mut Run, at: f64, who: u8, classes: u32) {
    let source = EvidenceSource::Person;
    let detail = "Load rejected HC".to_owned();
    run.see(
        at,
        who,
        ObservationKind::Hardware {
            classes,
            source,
            detail,
        },
    );
}

#[test]
fn a_boot_loader_that_refuses_gets_the_bridge_and_then_the_target() {
    let mut run = Run::new(with_bridge());
    assert_eq!(view(&run, 10, TERM), View::Target);
    run.gets(0.0, 10, TERM).gets(120.0, 10, TERM).until(149.0);
    assert_eq!(view(&run, 10, TERM), View::Target, "not before its 30 s");
    run.until(151.0);
    assert_eq!(view(&run, 10, TERM), View::Bridge);
    assert_eq!(view(&run, 11, TERM), View::Target, "each has its own view");
    assert!(run.codes().is_empty(), "{:?}", run.codes());
    bridge_pass(&mut run, 240.0, 10, TERM);
    assert_eq!(run.state(), Writing);
    run.boots(400.0, 10, 1);
    assert_eq!(run.state(), Configuring, "a bridge is no conversion");
    assert_eq!(view(&run, 10, "XMLDefault.cnf.xml"), View::Target);
    run.passes(402.0, 10, LOADS).boots(600.0, 10, 1);
    let phone = run.phone();
    assert_eq!((phone.state, phone.pass), (Flashed, 2));
    assert_eq!(phone.to.map(|load| load.to_string()).as_deref(), Some(LOAD));
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn an_application_whose_load_demands_it_gets_the_bridge_at_once() {
    let mut run = Run::new(with_bridge());
    run.load(0.0, 10, "SCCP45.8-3-2S").boots(1.0, 10, 1);
    assert_eq!(view(&run, 10, "XMLDefault.cnf.xml"), View::Bridge);
    bridge_pass(&mut run, 3.0, 10, BRIDGE_LOADS);
    run.boots(120.0, 10, 1);
    assert_eq!(
        (run.state(), view(&run, 10, TERM)),
        (Configuring, View::Target)
    );
    run.load(125.0, 10, BRIDGE)
        .passes(126.0, 10, LOADS)
        .boots(300.0, 10, 1)
        .load(305.0, 10, LOAD);
    assert_eq!(run.state(), Confirmed);
    let from = run.phone().from.map(|load| load.to_string());
    assert_eq!(from.as_deref(), Some("SCCP45.8-3-2S"));
    assert!(run.codes().is_empty());
}

#[test]
fn an_image_of_the_manifest_that_was_given_is_served_whatever_is_shown_now() {
    let mut run = Run::new(with_bridge());
    refuses(&mut run, 0.0, 10, TERM);
    assert_eq!(view(&run, 10, TERM), View::Bridge);
    // Late, it takes the target after all.
    assert_eq!(view(&run, 10, IMAGES[0].0), View::Target);
    run.gets(170.0, 10, IMAGES[0].0);
    assert_eq!(view(&run, 10, TERM), View::Target);
    for (name, _) in &IMAGES[1..] {
        run.gets(180.0, 10, name);
    }
    assert_eq!(run.state(), Writing);
}

#[test]
fn a_refused_bridge_leads_back_to_the_target_and_is_told() {
    let mut run = Run::new(with_bridge());
    refuses(&mut run, 0.0, 10, TERM);
    refuses(&mut run, 240.0, 10, TERM);
    assert_eq!((run.state(), view(&run, 10, TERM)), (Failed, View::Target));
    assert_eq!(run.codes(), ["manifest-refused"]);
    assert!(run.phone().diagnoses[0].cure.contains("refused the bridge"));
    // And it stays so.
    refuses(&mut run, 480.0, 10, TERM);
    assert_eq!(view(&run, 10, TERM), View::Target);
    assert_eq!(run.codes(), ["manifest-refused"]);
}

#[test]
fn an_application_that_does_not_want_the_bridge_is_back_at_the_target() {
    let mut run = Run::new(with_bridge());
    run.boots(0.0, 10, 1).gets(2.0, 10, LOADS);
    run.boots(120.0, 10, 1).gets(122.0, 10, LOADS).until(153.0);
    assert_eq!(view(&run, 10, "XMLDefault.cnf.xml"), View::Bridge);
    // It runs 8.5(2), and nobody said so.
    run.boots(240.0, 10, 1).until(301.0);
    assert_eq!(view(&run, 10, "XMLDefault.cnf.xml"), View::Target);
    assert_eq!(run.codes(), ["manifest-refused"]);
    assert!(run.phone().diagnoses[0].cure.contains("did not request it"));
}

#[test]
fn without_a_bridge_the_file_to_get_is_named() {
    let mut run = Run::new(plan());
    run.load(0.0, 10, "SCCP45.8-3-2S");
    assert_eq!(run.codes(), ["bridge-needed"]);
    assert_eq!(run.state(), Failed);
    assert!(
        run.phone().diagnoses[0]
            .cure
            .contains("cmterm-7945_7965-sccp.8-5-2.zip")
    );
    // It was another phone's word, or it was flashed by hand meanwhile.
    run.load(60.0, 10, "SCCP45.9-0-3S");
    assert_eq!(run.codes(), ["bridge-needed", "-bridge-needed"]);
}

#[test]
fn a_refusal_is_the_hardware_s_where_the_load_knows_the_key() {
    for plan in [plan(), with_bridge()] {
        let mut run = Run::new(plan);
        run.load(0.0, 10, "SCCP45.9-0-3S").boots(1.0, 10, 1);
        refuses(&mut run, 60.0, 10, TERM);
        assert_eq!(run.codes(), ["hardware-mismatch"]);
        assert_eq!(view(&run, 10, TERM), View::Target, "a bridge cannot help");
    }
}

#[test]
fn the_mask_decides_where_somebody_names_the_hardware() {
    let mut run = Run::new(masked(7));
    refuses(&mut run, 0.0, 10, TERM);
    assert_eq!(run.codes(), ["manifest-refused"]);
    hardware(&mut run, 200.0, 10, 8);
    assert_eq!(
        run.codes(),
        ["manifest-refused", "-manifest-refused", "hardware-mismatch"]
    );
    let mut run = Run::new(masked(15));
    hardware(&mut run, 0.0, 10, 8);
    refuses(&mut run, 1.0, 10, TERM);
    assert_eq!(run.codes(), ["bridge-needed"]);
    // 8.5(2) runs on no such hardware, so the bridge is not tried.
    let mut run = Run::new(with_bridge());
    hardware(&mut run, 0.0, 10, 8);
    refuses(&mut run, 1.0, 10, TERM);
    assert_eq!(view(&run, 10, TERM), View::Target);
    assert_eq!(run.codes(), ["manifest-refused"]);
}

#[test]
fn a_third_full_pass_is_told_and_ends_the_loop_and_recovery_is_still_served() {
    let mut run = Run::new(plan());
    for (at, manifest) in [(0.0, TERM), (200.0, LOADS), (400.0, LOADS)] {
        run.passes(at, 10, manifest);
        if at < 400.0 {
            assert_eq!(view(&run, 10, "XMLDefault.cnf.xml"), View::Target);
            run.boots(at + 120.0, 10, 1);
        }
    }
    assert_eq!(run.codes(), ["repeat-flash"]);
    run.boots(520.0, 10, 1);
    assert_eq!(view(&run, 10, "XMLDefault.cnf.xml"), View::NoLoad);
    // Quiet has the target's loads and images: nobody is stranded.
    assert_eq!(view(&run, 10, TERM), View::NoLoad);
    assert_eq!(run.state(), Flashed);
}

#[test]
fn a_start_in_the_middle_of_the_images_has_its_name_until_a_pass_is_complete() {
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
    run.gets(40.0, 10, TERM);
    assert_eq!(run.codes(), ["rebooted-mid-image"]);
    let evidence = &run.phone().diagnoses[0].evidence;
    assert!(evidence.contains("100000 of 525007"), "{evidence}");
    for (name, _) in IMAGES {
        run.gets(50.0, 10, name);
    }
    assert_eq!(run.codes(), ["rebooted-mid-image", "-rebooted-mid-image"]);

    // A phone that named itself, and whose boot loader cannot.
    let mut run = Run::new(plan());
    run.boots(0.0, 10, 1).gets(1.0, 10, LOADS);
    run.loses(3.0, 10, IMAGES[0].0, 100_000);
    run.gets(40.0, 10, TERM);
    assert_eq!(run.codes(), ["rebooted-mid-image"]);
    // It was another phone after all.
    run.boots(60.0, 10, 2);
    assert!(run.phone_of(2).diagnoses.is_empty());
    assert_eq!(run.codes(), ["rebooted-mid-image", "-rebooted-mid-image"]);
    assert_eq!(run.phone_of(1).withdrawn.len(), 1);
    let told_of = run.events.iter().find_map(|event| match event {
        reflash::track::Event::Withdrawn { phone, .. } => phone.as_ref()?.mac,
        _ => None,
    });
    assert_eq!(told_of, Some(mac(1)));
}

#[test]
fn a_refusal_at_an_address_moves_with_the_phone_that_turns_out_to_be_there() {
    let mut run = Run::new(plan());
    run.boots(0.0, 10, 1);
    refuses(&mut run, 60.0, 10, TERM);
    assert_eq!(run.phone_of(1).state, Failed);
    run.boots(300.0, 10, 2);
    assert_eq!(run.phone_of(1).state, Configuring);
    assert_eq!(run.phone_of(2).state, Failed);
    assert_eq!(
        run.codes(),
        ["manifest-refused", "-manifest-refused", "manifest-refused"]
    );
}

#[test]
fn a_second_pass_whose_manifest_never_arrives_takes_nothing_from_the_first() {
    let mut run = Run::new(plan());
    run.passes(0.0, 10, TERM).boots(90.0, 10, 1);
    let manifest = run.asks(91.0, 10, LOADS);
    let end = TransferEnd::Vanished { all_sent: false };
    run.ends(110.0, 10, manifest, end, 0);
    run.gets(151.0, 10, "/sp-sip.jar").until(900.0);
    assert_eq!(run.state(), Confirmed);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn power_that_goes_while_the_phone_writes_has_its_name_too() {
    for lease in [false, true] {
        let mut run = Run::new(plan());
        run.passes(0.0, 10, TERM);
        if lease {
            let (mac, source) = (mac(1), EvidenceSource::Dhcp);
            run.see(40.0, 10, ObservationKind::MacReported { mac, source });
        }
        run.gets(45.0, 10, TERM);
        assert_eq!(run.codes(), ["rebooted-mid-image"]);
    }
}

#[test]
fn a_dropped_configuration_has_its_name_until_something_follows_from_one() {
    let wire = mac(1).upper_hex();
    let own = format!("SEP{wire}.cnf.xml");
    let mut run = Run::new(plan());
    run.stage(&own, 4000);
    run.gets(0.0, 10, &format!("CTLSEP{wire}.tlv"))
        .gets(1.0, 10, &own);
    let again = ObservationKind::Requested {
        transfer: reflash::track::TransferId(900),
        transport: Transport::Tftp,
        name: own.clone(),
        port: 49_153,
        served: None,
    };
    run.see(2.0, 10, again);
    assert_eq!(run.codes(), ["config-rejected"]);
    run.gets(3.0, 10, "dialplan.xml");
    assert_eq!(run.codes(), ["config-rejected", "-config-rejected"]);

    let mut run = Run::new(plan());
    for boot in 0_u8..4 {
        assert!(run.codes().is_empty());
        run.boots(f64::from(boot) * 70.0, 10, 1);
    }
    assert_eq!(run.codes(), ["config-rejected"]);
}

#[test]
fn a_phone_that_is_switched_on_and_off_rejects_nothing() {
    let mut run = Run::new(plan());
    for boot in 0_u8..6 {
        run.boots(f64::from(boot) * 70.0, 10, 1).gets(
            f64::from(boot) * 70.0 + 2.0,
            10,
            "/sp-sip.jar",
        );
    }
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn answers_that_never_arrive_have_their_name_until_one_does() {
    let ask = |run: &mut Run, at: u16, port: u16, name: &str, served: bool| {
        let transfer = reflash::track::TransferId(u64::from(at) + 1000);
        let served = served.then(|| reflash::track::ServedFile {
            name: name.to_owned(),
            size: MANIFEST_BYTES,
        });
        let asked = ObservationKind::Requested {
            transfer,
            transport: Transport::Tftp,
            name: name.to_owned(),
            port,
            served,
        };
        run.see(f64::from(at), 10, asked);
        transfer
    };
    let mut run = Run::new(plan());
    for (at, port) in [(0, 49_152), (8, 49_152), (20, 49_153)] {
        let transfer = ask(&mut run, at, port, TERM, true);
        let end = TransferEnd::Vanished { all_sent: false };
        run.ends(f64::from(at) + 7.0, 10, transfer, end, 0);
    }
    assert_eq!(run.codes(), ["blocked-by-firewall"]);
    run.gets(40.0, 10, TERM);
    assert_eq!(run.codes(), ["blocked-by-firewall", "-blocked-by-firewall"]);

    let mut run = Run::new(plan());
    let name = format!("CTLSEP{}.tlv", mac(1).upper_hex());
    for repeat in 0_u16..8 {
        assert!(run.codes().is_empty());
        ask(&mut run, repeat * 4, 49_152 + repeat / 5, &name, false);
    }
    assert_eq!(run.codes(), ["blocked-by-firewall"]);
}

#[test]
fn an_image_that_breaks_off_in_three_passes_is_a_broken_transfer() {
    let mut run = Run::new(plan());
    for at in [0.0, 100.0, 200.0] {
        run.gets(at, 10, TERM);
        let jar = run.loses(at + 2.0, 10, IMAGES[0].0, 51_200);
        run.ends(
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
fn other_kinds_of_phones_are_told_what_they_need() {
    for (load, part) in [
        ("SIP894x.9-4-2SR3-1", "8941"),
        ("sip88xx.12-0-1", "MPP"),
        ("SIP69xx.9-4-1-3SR3", "69xx"),
        ("sip9971.9-4-2SR4-1", "9971"),
    ] {
        let mut run = Run::new(plan());
        run.load(0.0, 10, load);
        assert_eq!(run.codes(), ["unsupported-model"], "{load}");
        assert!(run.phone().diagnoses[0].cure.contains(part), "{load}");
    }
    let mut run = Run::new(plan());
    let wire = mac(1).upper_hex();
    run.gets(0.0, 10, &format!("CTLSEP{wire}.tlv"))
        .gets(0.1, 10, &format!("SIP{wire}.cnf"))
        .gets(0.2, 10, &format!("MGC{wire}.cnf"));
    assert_eq!(
        run.codes(),
        ["unsupported-model", "protocol-application-invalid"]
    );
}

#[test]
fn normal_silence_has_an_end_that_can_be_counted_down() {
    let mut run = Run::new(plan());
    let id = |run: &Run| {
        let step = run.events.iter().find_map(|event| match event {
            reflash::track::Event::Step(step) => Some(step.phone.id),
            _ => None,
        });
        step.expect("a phone")
    };
    run.gets(0.0, 10, TERM);
    let expected = run.fleet.expected(id(&run)).expect("something comes");
    assert!(expected.what.contains("first image"));
    assert_eq!(run.state(), Manifest);
    run.passes(10.0, 10, TERM);
    let last = run.phone().last_seen;
    let expected = run.fleet.expected(id(&run)).expect("something comes");
    assert!(expected.what.contains("do not unplug"), "{expected:?}");
    assert_eq!(
        expected.until.as_secs(),
        u64::try_from(last.as_second()).unwrap() + 600
    );
    run.boots(90.0, 10, 1);
    let expected = run.fleet.expected(id(&run)).expect("it is not settled");
    run.until(expected.until.as_secs_f64());
    assert!(run.fleet.succeeded());
    assert_eq!(run.fleet.expected(id(&run)), None);
}

/// A phone that was converted, and took its own configuration, which names this machine, at
/// 400 s.
fn configured_for_us(registering: &[u8]) -> Run {
    let mut run = Run::new(Plan {
        registering: registering.iter().map(|last| mac(*last)).collect(),
        ..plan()
    });
    run.stage(&format!("SEP{}.cnf.xml", mac(12).upper_hex()), 5000);
    run.boots(0.0, 5, 12).passes(10.0, 5, LOADS);
    run.boots(400.0, 5, 12);
    run
}

fn registers(run: &mut Run, at: f64) {
    let (mac, source) = (mac(12), EvidenceSource::Sip);
    run.see(at, 5, ObservationKind::MacReported { mac, source });
}

#[test]
fn a_converted_phone_that_never_registers_is_told_and_withdrawn_when_it_does() {
    let code = reflash::diagnose::Code::NotRegistering;
    let stands = |run: &Run| {
        let phone = run.phone();
        phone.diagnoses.iter().any(|found| found.code == code)
    };
    let mut run = configured_for_us(&[12]);
    run.until(700.7);
    assert_eq!(run.state(), Flashed);
    assert!(!stands(&run), "5 minutes are not over");
    let waited_for: Vec<_> = run
        .fleet
        .awaiting_registration()
        .iter()
        .map(|it| it.mac)
        .collect();
    assert_eq!(waited_for, [Some(mac(12))]);
    run.until(701.0);
    assert!(stands(&run));
    assert!(
        run.fleet.awaiting_registration().is_empty(),
        "it had its time"
    );
    let found = run.phone().diagnoses.remove(0);
    assert!(found.evidence.contains("at 0:06:40"), "{}", found.evidence);
    assert_eq!(run.state(), Flashed, "it is converted all the same");

    registers(&mut run, 800.0);
    assert!(!stands(&run));
    assert!(run.phone().withdrawn.iter().any(|found| found.code == code));
    run.until(9000.0);
    assert!(!stands(&run), "one REGISTER is enough");
}

#[test]
fn who_registers_in_time_or_elsewhere_or_is_not_converted_is_not_told_of() {
    let none = |run: &mut Run| {
        run.until(9000.0);
        let phone = run.phone();
        let code = reflash::diagnose::Code::NotRegistering;
        assert!(!phone.diagnoses.iter().any(|found| found.code == code));
        assert!(!phone.withdrawn.iter().any(|found| found.code == code));
    };
    let mut in_time = configured_for_us(&[12]);
    registers(&mut in_time, 430.0);
    assert!(in_time.fleet.awaiting_registration().is_empty());
    none(&mut in_time);
    none(&mut configured_for_us(&[13]));
    let mut waits = Run::new(Plan {
        registering: vec![mac(12)],
        ..plan()
    });
    waits.stage(&format!("SEP{}.cnf.xml", mac(12).upper_hex()), 5000);
    none(waits.boots(0.0, 5, 12));
}
