//! Phones with two slots: 69xx, 894x, 78xx, 88xx.
//!
//! Long because: every test is about the same two plans and their images.

use reflash::{
    phone::{Family, LoadName},
    track::{
        Event, EvidenceSource, ManifestPlan, ObservationKind, Plan, StagePlan, State, TransferEnd,
    },
};

use crate::support::conversation::*;

const OF_69XX: &str = "SIP69xx.9-4-1-3SR3";
const IMAGES_OF_69XX: [(&str, u64); 3] = [
    ("BOOT69xx.0-0-0-14.zz.sgn", 45_308),
    ("DSP69xx.12-4-123-2.160119.zz.sgn", 227_828),
    ("SIP69xx.9-4-1-3SR3.zz.sgn", 3_118_876),
];
const OF_78XX: &str = "sip78xx.12-8-1-0001-455";
const IMAGES_OF_78XX: [(&str, u64); 4] = [
    ("kern78xx.12-8-1-0001-455.sbn", 3_089_488),
    ("rootfs78xx.12-8-1-0001-455.sbn", 40_239_440),
    ("kern2.78xx.12-8-1-0001-455.sbn", 2_505_750),
    ("rootfs2.78xx.12-8-1-0001-455.sbn", 41_943_380),
];

const NOTHING: [&str; 0] = [];

/// The number of the newest image and how many there are.
fn last_image(run: &Run) -> Option<(u32, u32)> {
    let mut events = run.events.iter().rev();
    events.find_map(|event| match event {
        Event::Progress(progress) => progress.image.map(|image| (image.number, image.count)),
        _ => None,
    })
}

fn plan_of(load: &str, images: &[(&str, u64)], platforms: &[u32]) -> Plan {
    let load = LoadName::new(load);
    let family = load.family().expect("a family");
    Plan {
        stages: vec![StagePlan {
            manifests: vec![ManifestPlan {
                name: load.manifest(),
                images: images
                    .iter()
                    .map(|(name, size)| ((*name).to_owned(), *size))
                    .collect(),
                hardware: None,
                platforms: platforms.to_vec(),
            }],
            models: family.models().collect(),
            load,
        }],
        ..Plan::default()
    }
}

fn run_of_69xx() -> Run {
    Run::new(plan_of(OF_69XX, &IMAGES_OF_69XX, &[]))
}

fn loads(load: &str) -> String {
    format!("{load}.loads")
}

/// The first start: the phone reads its configuration and fetches everything.
fn update(run: &mut Run, load: &str, images: &[(&str, u64)]) {
    run.boot(0.0, 10, 1).pass_of(2.0, 10, &loads(load), images);
}

#[test]
fn a_69xx_is_flashed_only_after_its_restart_and_its_configuration() {
    let mut run = run_of_69xx();
    update(&mut run, OF_69XX, &IMAGES_OF_69XX);
    assert_eq!(run.phone().state, State::Writing);
    let wire = mac(1).upper_hex();
    run.fetch(100.0, 10, &format!("CTLSEP{wire}.tlv"));
    assert_eq!(
        run.phone().state,
        State::Writing,
        "any host can request that"
    );
    run.fetch(100.3, 10, &format!("SEP{wire}.cnf.xml"))
        .fetch(100.4, 10, "XMLDefault.cnf.xml");
    assert_eq!(run.phone().state, State::Rebooted, "whatever slot it runs");
    run.fetch(102.0, 10, "English_United_States/rtl-sccp.jar");
    assert_eq!(run.phone().state, State::Rebooted);
    run.advance_to(165.0);
    assert_eq!(run.phone().state, State::Flashed);
    assert_eq!(run.codes(), NOTHING);
    assert!(run.phone().done, "it asked for no other load");
}

#[test]
fn a_69xx_that_starts_its_old_slot_requests_the_manifest_again_and_is_not_flashed() {
    let mut run = run_of_69xx();
    update(&mut run, OF_69XX, &IMAGES_OF_69XX);
    run.boot(100.0, 10, 1).fetch(102.0, 10, &loads(OF_69XX));
    run.advance_to(300.0);
    let flashed = run.states().contains(&State::Flashed);
    assert!(!flashed, "the images were not written");
}

#[test]
fn a_list_soon_after_the_last_image_is_no_restart() {
    let mut run = run_of_69xx();
    update(&mut run, OF_69XX, &IMAGES_OF_69XX);
    run.boot(25.0, 10, 1).advance_to(200.0);
    assert_eq!(run.phone().state, State::Writing);
}

#[test]
fn a_phone_that_rejects_its_images_goes_on_without_a_restart() {
    let mut run = run_of_69xx();
    update(&mut run, OF_69XX, &IMAGES_OF_69XX);
    run.fetch(20.0, 10, "rtl-sccp.jar")
        .fetch(21.0, 10, "g3-tones.xml");
    assert_eq!(
        run.phone().state,
        State::Writing,
        "any host can request that"
    );
    assert_eq!(run.codes(), ["images-refused"]);
    // In the middle of the images too.
    let mut run = run_of_69xx();
    update(&mut run, OF_69XX, &IMAGES_OF_69XX[..2]);
    run.fetch(20.0, 10, "rtl-sccp.jar").boot(150.0, 10, 1);
    assert_eq!(run.codes(), ["images-refused"], "and it did not lose power");
}

#[test]
fn a_phone_that_goes_on_with_its_other_files_refuses_the_manifest() {
    let mut run = run_of_69xx();
    run.boot(0.0, 10, 1)
        .fetch(2.0, 10, &loads(OF_69XX))
        .fetch(3.0, 10, "rtl-sccp.jar");
    assert_eq!(run.codes(), NOTHING, "an image may still follow");
    run.advance_to(40.0);
    assert_eq!(run.codes(), ["manifest-refused"]);
    let cure = &run.phone().diagnoses[0].cure;
    assert!(
        !cure.contains("**#") && cure.contains("keeps the firmware"),
        "{cure}"
    );
}

#[test]
fn a_release_below_the_floor_of_the_8945_is_a_hardware_mismatch() {
    let load = "SIP894x.9-2-2-0";
    let mut run = Run::new(plan_of(
        load,
        &[("SIP894x.9-2-2-0.bin1.sgn", 3_145_120)],
        &[],
    ));
    run.boot(0.0, 10, 1)
        .fetch(2.0, 10, &loads(load))
        .fetch(3.0, 10, "gb-sccp-sip.jar");
    run.advance_to(40.0);
    assert_eq!(run.codes(), ["hardware-mismatch"]);
    assert!(run.phone().diagnoses[0].cure.contains("9.4(1)"));
}

#[test]
fn the_images_of_one_platform_are_a_whole_pass() {
    let mut run = Run::new(plan_of(OF_78XX, &IMAGES_OF_78XX, &[1, 1, 2, 2]));
    update(&mut run, OF_78XX, &IMAGES_OF_78XX[2..]);
    assert_eq!(run.phone().state, State::Writing);
    assert_eq!(last_image(&run), Some((2, 2)));
    run.boot(120.0, 10, 1)
        .fetch(122.0, 10, "sp-sip.jar")
        .advance_to(190.0);
    let phone = run.phone();
    assert_eq!(phone.state, State::Flashed);
    let images = phone
        .evidence
        .iter()
        .any(|line| line.detail.contains("2 images delivered"));
    assert!(images, "{:?}", phone.evidence);
    // A phone that runs SIP only says nothing by requesting a SIP file.
    run.fetch(193.0, 10, "dialplan.xml");
    assert_eq!(run.phone().state, State::Flashed);
    run.report_load(195.0, 10, "sip78xx.12-8-1-0001-455.loads");
    assert_eq!(run.phone().state, State::Confirmed);
}

#[test]
fn one_image_of_another_platform_is_missing() {
    let mut run = Run::new(plan_of(OF_78XX, &IMAGES_OF_78XX, &[1, 1, 2, 2]));
    update(&mut run, OF_78XX, &IMAGES_OF_78XX[3..]);
    assert_eq!(run.phone().state, State::Images);
}

#[test]
fn the_dial_plan_confirms_a_69xx_that_was_on_sccp() {
    let mut run = run_of_69xx();
    run.report_load(0.0, 10, "SCCP69xx.9-3-1-3");
    update(&mut run, OF_69XX, &IMAGES_OF_69XX);
    run.boot(100.0, 10, 1).advance_to(170.0);
    run.fetch(171.0, 10, "rtl-sccp.jar");
    assert_eq!(
        run.phone().state,
        State::Flashed,
        "both firmwares request it"
    );
    run.fetch(172.0, 10, "dialplan.xml");
    assert_eq!(run.phone().state, State::Confirmed);
}

#[test]
fn a_report_counts_once_the_phone_has_restarted() {
    let mut run = run_of_69xx();
    run.report_load(0.0, 10, "SCCP69xx.9-3-1-3");
    update(&mut run, OF_69XX, &IMAGES_OF_69XX);
    run.report_load(30.0, 10, OF_69XX);
    assert_eq!(run.phone().state, State::Writing, "it has not restarted");
    run.request(100.0, 10, &format!("CTLSEP{}.tlv", mac(1).upper_hex()));
    run.report_load(101.0, 10, OF_69XX);
    assert_eq!(
        run.phone().state,
        State::Writing,
        "any host can request that"
    );
    run.fetch(102.0, 10, "XMLDefault.cnf.xml")
        .report_load(103.0, 10, OF_69XX);
    assert_eq!(run.phone().state, State::Confirmed);
}

#[test]
fn a_lost_last_ack_is_made_up_by_a_start_without_a_manifest() {
    let (last, size) = IMAGES_OF_69XX[2];
    let start = || {
        let mut run = run_of_69xx();
        update(&mut run, OF_69XX, &IMAGES_OF_69XX[..2]);
        let transfer = run.fetch_partly(15.0, 10, last, size - 100);
        let end = TransferEnd::Vanished { all_sent: true };
        run.end(45.0, 10, transfer, end, size - 100);
        run.boot(120.0, 10, 1);
        assert_eq!(run.phone().state, State::Configuring);
        run
    };
    let mut run = start();
    run.advance_to(185.0);
    assert_eq!(run.phone().state, State::Flashed);
    // The old firmware requests the manifest before it goes on.
    let mut run = start();
    run.fetch(122.0, 10, &loads(OF_69XX))
        .fetch(123.0, 10, "rtl-sccp.jar");
    run.advance_to(300.0);
    assert!(!run.states().contains(&State::Flashed));
}

#[test]
fn a_last_image_that_broke_off_is_not_called_complete_but_for_an_ack() {
    let (last, size) = IMAGES_OF_69XX[2];
    let mut run = run_of_69xx();
    update(&mut run, OF_69XX, &IMAGES_OF_69XX[..2]);
    let transfer = run.fetch_partly(15.0, 10, last, size / 3);
    let end = TransferEnd::Vanished { all_sent: false };
    run.end(45.0, 10, transfer, end, size / 3);
    run.boot(120.0, 10, 1);
    let phone = run.phone();
    assert_eq!(run.codes(), ["rebooted-mid-image"]);
    let mut evidence = phone.evidence.iter();
    assert!(
        evidence.all(|one| !one.detail.contains("final ACK")),
        "{phone:#?}"
    );
}

#[test]
fn a_load_in_the_other_slot_is_a_success_only_by_evidence() {
    let load = "SIP894x.9-4-2SR3-1";
    let images = [("SIP894x.9-4-2SR3-1.bin1.sgn", 3_145_120)];
    let mut run = Run::new(plan_of(load, &images, &[]));
    run.report_load(0.0, 10, "SCCP894x.9-4-2SR1-2");
    run.boot(1.0, 10, 1)
        .boot(90.0, 10, 1)
        .fetch(92.0, 10, "gb-sccp-sip.jar");
    assert_eq!(run.phone().state, State::Configuring);
    assert!(!run.phone().done);
    run.report_load(95.0, 10, load);
    assert_eq!(run.phone().state, State::Confirmed);
    assert_eq!(run.codes(), NOTHING);
}

#[test]
fn a_configuration_that_names_an_sccp_load_is_diagnosed() {
    let mut run = run_of_69xx();
    run.boot(0.0, 10, 1)
        .fetch(2.0, 10, "SCCP69xx.9-3-1-3.loads");
    assert_eq!(run.codes(), ["sccp-load-named"]);
    assert!(run.phone().diagnoses[0].cure.contains(OF_69XX));
}

#[test]
fn a_missing_load_is_named_and_the_phone_runs_on() {
    let mut run = run_of_69xx();
    run.boot(0.0, 10, 1).fetch(2.0, 10, "SIP69xx.9-3-1-3.loads");
    assert_eq!(run.codes(), ["missing-image"]);
    let cure = &run.phone().diagnoses[0].cure;
    assert!(cure.contains("runs on with the load that it has"), "{cure}");
}

#[test]
fn multiplatform_phones_are_named_by_their_requests_and_their_loads() {
    for name in [
        format!("{}.xml", mac(1).upper_hex()),
        "8851-3PCC.xml".to_owned(),
    ] {
        let mut run = Run::new(plan_of(OF_78XX, &IMAGES_OF_78XX, &[1, 1, 2, 2]));
        run.boot(0.0, 10, 1).fetch(1.0, 10, &name);
        assert_eq!(run.codes(), ["multiplatform"], "{name}");
    }
    let mut run = Run::new(plan_of(OF_78XX, &IMAGES_OF_78XX, &[1, 1, 2, 2]));
    run.report_load(0.0, 10, "sip78xx.14-1-1MN-366");
    assert_eq!(run.codes(), ["multiplatform"]);
}

#[test]
fn a_trust_list_of_an_8945_is_erased_in_its_menu() {
    let load = "SIP894x.9-4-2SR3-1";
    let mut run = Run::new(plan_of(
        load,
        &[("SIP894x.9-4-2SR3-1.bin1.sgn", 3_145_120)],
        &[],
    ));
    run.report_load(0.0, 10, "SCCP894x.9-4-2SR1-2");
    run.fetch(1.0, 10, &format!("SEP{}.cnf.xml.sgn", mac(1).upper_hex()));
    assert_eq!(run.codes(), ["trust-list"]);
    let cure = &run.phone().diagnoses[0].cure;
    assert!(
        cure.contains("Reset Settings > Security") && cure.contains("Reason:14"),
        "{cure}"
    );
}

#[test]
fn a_loss_of_power_of_an_8945_names_its_power_supply() {
    let load = "SIP894x.9-4-2SR3-1";
    let images = [
        ("SIP894x.9-4-2SR3-1.bin1.sgn", 3_145_120),
        ("SIP894x.9-4-2SR3-1.bin2.sgn", 3_145_120),
    ];
    let mut run = Run::new(plan_of(load, &images, &[]));
    run.boot(0.0, 10, 1)
        .fetch(2.0, 10, &loads(load))
        .fetch(4.0, 10, images[0].0);
    let second = run.fetch_partly(10.0, 10, images[1].0, 51_200);
    let end = TransferEnd::Vanished { all_sent: false };
    run.end(30.0, 10, second, end, 51_200);
    run.boot(60.0, 10, 1);
    assert_eq!(run.codes(), ["rebooted-mid-image"]);
    assert!(
        run.phone().diagnoses[0]
            .cure
            .contains("power-over-Ethernet")
    );
}

#[test]
fn files_that_are_signed_for_a_trust_list_are_no_images() {
    let mut run = run_of_69xx();
    update(&mut run, OF_69XX, &IMAGES_OF_69XX);
    run.boot(100.0, 10, 1)
        .fetch(102.0, 10, "TzDataCSV.csv.sgn")
        .advance_to(170.0);
    assert_eq!(run.codes(), NOTHING);
    assert_eq!(run.phone().state, State::Flashed);
}

/// As recorded of a 6961 whose configuration named another load: no reset, one pass, one restart.
#[test]
fn a_6961_upgrades_by_its_configuration_alone() {
    let load = "SIP69xx.9-4-1-3SR3";
    let mut run = run_of_69xx();
    run.stage(&format!("SEP{}.cnf.xml", mac(1).upper_hex()), 4000);
    let wire = mac(1).upper_hex();
    for (at, name) in [
        (0.0, format!("CTLSEP{wire}.tlv")),
        (0.1, format!("ITLSEP{wire}.tlv")),
        (0.2, "ITLFile.tlv".to_owned()),
        (0.3, format!("SEP{wire}.cnf.xml")),
        (1.0, loads(load)),
        (3.0, IMAGES_OF_69XX[0].0.to_owned()),
        (6.0, IMAGES_OF_69XX[1].0.to_owned()),
        (9.0, IMAGES_OF_69XX[2].0.to_owned()),
        (95.0, format!("CTLSEP{wire}.tlv")),
        (95.1, format!("ITLSEP{wire}.tlv")),
        (95.2, "ITLFile.tlv".to_owned()),
        (95.3, format!("SEP{wire}.cnf.xml")),
        (97.0, "English_United_States/rtl-sccp.jar".to_owned()),
        (98.0, "dialplan.xml".to_owned()),
    ] {
        run.fetch(at, 10, &name);
    }
    run.advance_to(160.0);
    assert_eq!(run.phone().state, State::Flashed);
    let register = ObservationKind::Load {
        load: LoadName::new(load),
        source: EvidenceSource::Sip,
        detail: "ActiveLoad in the Reason of its REGISTER".to_owned(),
    };
    run.observe(165.0, 10, register);
    assert_eq!(run.phone().state, State::Confirmed);
    assert_eq!(run.codes(), NOTHING);
    assert_eq!(Family::F69.numbers(), "69xx");
}

/// The text of the cures of all active diagnoses.
fn cures(run: &Run) -> String {
    let diagnoses = run.phone().diagnoses;
    let cures: Vec<String> = diagnoses.into_iter().map(|one| one.cure).collect();
    cures.join("\n")
}

#[test]
fn a_trust_list_of_a_6921_that_is_known_by_its_bundle_alone_is_erased_in_its_menu() {
    let mut run = run_of_69xx();
    run.fetch(0.0, 10, &format!("CTLSEP{}.tlv", mac(1).upper_hex()));
    run.request(1.0, 10, &format!("SEP{}.cnf.xml.sgn", mac(1).upper_hex()));
    run.advance_to(700.0);
    assert_eq!(run.codes(), ["trust-list", "stalled"]);
    let cures = cures(&run);
    for wrong in ["**#", "123456789*0#", "recovery"] {
        assert!(!cures.contains(wrong), "{wrong}: {cures}");
    }
    assert!(cures.contains("Reset Settings > Security"), "{cures}");
}

#[test]
fn a_phone_that_rejected_its_images_is_not_said_to_write_them() {
    let mut run = run_of_69xx();
    update(&mut run, OF_69XX, &IMAGES_OF_69XX);
    run.fetch(20.0, 10, "rtl-sccp.jar").advance_to(1000.0);
    assert_eq!(run.codes(), ["images-refused", "stalled"]);
    let cures = cures(&run);
    assert!(!cures.contains("takes minutes"), "{cures}");
    assert!(cures.contains("writes nothing"), "{cures}");
}
