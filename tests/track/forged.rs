//! Claims and requests of a host that pretends to be a phone: what this server observes itself
//! outweighs them.

use std::{net::Ipv4Addr, time::Duration};

use proptest::prelude::*;
use reflash::{
    diagnose::{Code, Diagnosis},
    phone::{LoadName, MacAddress},
    protocol::sip::SipTransport,
    track::{
        Event, Evidence, EvidenceSource, Fleet, Observation, ObservationKind, Register,
        RegisterOutcome, RemarkMeaning, ServedFile, State, TransferEnd, TransferId, Transport,
        Withheld,
    },
};

use crate::support::conversation::*;

const SOURCES: [EvidenceSource; 5] = [
    EvidenceSource::Cdp,
    EvidenceSource::Lldp,
    EvidenceSource::Sip,
    EvidenceSource::Sccp,
    EvidenceSource::Web,
];

fn load(source: EvidenceSource, load: &str) -> ObservationKind {
    ObservationKind::Load {
        load: LoadName::new(load),
        source,
        detail: "test".to_owned(),
    }
}

fn disputed(run: &Run) -> Vec<Evidence> {
    let evidence = run.phone().evidence.into_iter();
    evidence.filter(|evidence| evidence.disputed).collect()
}

/// A phone with a known MAC, in the middle of its images.
fn fetching() -> Run {
    let mut run = Run::new(plan());
    run.boot(1.0, 10, 1).fetch(3.0, 10, LOADS);
    run.fetch(5.0, 10, IMAGES[0].0);
    run.fetch_partly(8.0, 10, IMAGES[1].0, 4096);
    assert_eq!(run.state(), State::Images);
    run
}

/// A phone that writes its images.
fn writing() -> Run {
    let mut run = Run::new(plan());
    run.boot(1.0, 10, 1).full_pass(3.0, 10, LOADS);
    assert_eq!(run.state(), State::Writing);
    run
}

#[test]
fn no_claim_confirms_or_ends_a_phone_that_fetches_or_writes_images() {
    for source in SOURCES {
        for (what, mut run) in [("fetches", fetching()), ("writes", writing())] {
            let state = run.state();
            for reported in [LOAD, "term65.default", LOAD] {
                run.observe(40.0, 10, load(source, reported));
                assert_eq!(run.state(), state, "{source:?} {reported} while it {what}");
            }
            assert!(!run.fleet.succeeded());
            assert_eq!(run.fleet.must_stay_powered().len(), 1, "while it {what}");
            let [disputed] = &disputed(&run)[..] else {
                panic!("{:#?}", run.phone());
            };
            assert!(disputed.detail.contains(LOAD), "{disputed:?}");
        }
    }
}

#[test]
fn a_claim_after_the_start_of_an_application_counts() {
    let mut run = writing();
    run.boot(150.0, 10, 1)
        .observe(160.0, 10, load(EvidenceSource::Cdp, LOAD));
    assert_eq!(run.state(), State::Confirmed);
    let mut run = writing();
    run.report_mac(150.0, 10, 1, EvidenceSource::Dhcp);
    assert_eq!(run.state(), State::Rebooted);
    run.observe(160.0, 10, load(EvidenceSource::Cdp, LOAD));
    assert_eq!(run.state(), State::Confirmed, "DHCP shows the start");
}

#[test]
fn no_claim_confirms_a_phone_whose_boot_loader_was_given_its_manifest() {
    let mut run = Run::new(plan());
    run.fetch(1.0, 10, TERM);
    run.observe(2.0, 10, load(EvidenceSource::Cdp, LOAD));
    assert_eq!(run.state(), State::Manifest);
    run.fetch(3.0, 10, IMAGES[0].0);
    assert_eq!(run.state(), State::Images);
}

#[test]
fn another_phone_at_the_address_of_one_that_is_converted_is_disputed() {
    for source in [
        EvidenceSource::Cdp,
        EvidenceSource::Lldp,
        EvidenceSource::Neighbour,
    ] {
        let mut run = fetching();
        run.report_mac(9.0, 10, 7, source);
        run.observe(9.1, 10, load(source, LOAD));
        let phones = run.report().phones;
        assert_eq!(phones.len(), 1, "{source:?}: {phones:#?}");
        assert_eq!(
            (phones[0].mac, phones[0].state),
            (Some(mac(1)), State::Images)
        );
        let evidence = disputed(&run);
        assert!(evidence[0].detail.contains("001D45AABB07"), "{evidence:?}");
        // The rest of the pass is still this phone's.
        for (number, (name, _)) in (0_u8..).zip(&IMAGES[1..]) {
            run.fetch(12.0 + 5.0 * f64::from(number), 10, name);
        }
        assert_eq!(run.state(), State::Writing, "{source:?}");
        run.boot(150.0, 10, 1);
        assert_eq!(run.state(), State::Flashed, "{source:?}");
    }
}

#[test]
fn a_claim_that_puts_a_fetching_phone_at_another_address_is_disputed() {
    for source in [
        EvidenceSource::Cdp,
        EvidenceSource::Dhcp,
        EvidenceSource::Sip,
    ] {
        let mut run = fetching();
        run.report_mac(9.0, 66, 1, source);
        run.observe(9.1, 66, load(source, LOAD));
        let phone = run.phone();
        assert_eq!(
            (phone.address, phone.state),
            (address(10), State::Images),
            "{source:?}"
        );
        assert_eq!(disputed(&run).len(), 1, "{source:?}: {phone:#?}");
    }
}

#[test]
fn a_request_for_a_trust_list_from_another_address_never_voids_the_pass() {
    let mut run = fetching();
    let own = mac(1).upper_hex();
    for name in [format!("CTLSEP{own}.tlv"), format!("SEP{own}.cnf.xml")] {
        run.fetch(9.0, 66, &name);
    }
    let phone = run.phone();
    assert_eq!(
        (phone.address, phone.state, phone.pass),
        (address(10), State::Images, 1)
    );
    for (number, (name, _)) in (0_u8..).zip(&IMAGES[1..]) {
        run.fetch(12.0 + 5.0 * f64::from(number), 10, name);
    }
    assert_eq!(run.state(), State::Writing);
    let report = run.report();
    assert_eq!(
        report.others.len(),
        1,
        "the other address is listed: {report:#?}"
    );
    run.boot(150.0, 10, 1);
    assert_eq!(run.state(), State::Flashed);
}

#[test]
fn a_phone_that_starts_at_another_address_after_a_pause_is_followed() {
    let mut run = fetching();
    run.boot(60.0, 66, 1);
    let phone = run.phone();
    assert_eq!(
        (phone.address, phone.state),
        (address(66), State::Configuring)
    );
    assert!(disputed(&run).is_empty(), "{phone:#?}");
}

#[test]
fn a_phone_that_has_another_address_after_the_server_was_killed_is_followed() {
    let mut run = Run::new(plan());
    run.boot(1.0, 10, 1).fetch(3.0, 10, LOADS);
    let image = run.fetch_partly(5.0, 10, IMAGES[0].0, 4096);
    run.end(6.0, 10, image, TransferEnd::Killed, 4096);
    run.boot(9.0, 66, 1);
    let phone = run.phone();
    assert_eq!(phone.address, address(66), "{phone:#?}");
}

#[test]
fn a_phone_that_has_another_address_after_a_stop_between_two_images_is_followed() {
    let mut run = Run::new(plan());
    run.boot(1.0, 10, 1).fetch(3.0, 10, LOADS);
    run.fetch(5.0, 10, IMAGES[0].0);
    let stopped = ObservationKind::Remark {
        source: EvidenceSource::Requests,
        detail: "reflash was stopped".to_owned(),
        means: Some(RemarkMeaning::NotServed),
    };
    run.observe(7.0, 10, stopped);
    run.boot(9.0, 66, 1);
    let phone = run.phone();
    assert_eq!(phone.address, address(66), "{phone:#?}");
    assert!(disputed(&run).is_empty(), "{phone:#?}");
}

#[test]
fn a_register_from_another_address_is_of_another_device() {
    let mut run = writing();
    run.boot(150.0, 10, 1);
    let source = "192.168.5.66:5060".parse().unwrap();
    let pbx = "192.168.5.2:5060".parse().unwrap();
    run.report_mac(160.0, 66, 1, EvidenceSource::Sip);
    let register = Register {
        user: "201".to_owned(),
        source,
        pbx,
        transport: SipTransport::Udp,
        via_port: 5060,
        rport: false,
        via_differs: false,
        has_credentials: true,
        is_unregister: false,
    };
    let outcome = RegisterOutcome::Answered {
        status: 200,
        to: source,
        stale: false,
        expires: Some(120),
    };
    run.observe(
        160.1,
        66,
        ObservationKind::Register {
            register: Box::new(register),
            outcome,
        },
    );
    let phone = run.phone();
    assert_eq!(phone.address, address(10), "{phone:#?}");
    assert!(
        disputed(&run)[0].detail.contains("192.168.5.66"),
        "{phone:#?}"
    );
}

/// What a forger adds: a moment, a source, the last bytes of an address and a MAC, and a load.
type Forged = (u16, usize, u8, u8, usize);

fn forged() -> impl Strategy<Value = Vec<Forged>> {
    let one = (0..700_u16, 0..SOURCES.len(), 9..13_u8, 1..4_u8, 0..4_usize);
    prop::collection::vec(one, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn a_forger_neither_confirms_an_open_pass_nor_makes_it_safe_to_unplug(mut forged in forged()) {
        let loads = [LOAD, "SCCP45.8-5-2S", "term65.default", "SIP45.9-4-2SR3-1S"];
        forged.sort_unstable();
        let mut run = Run::new(plan());
        run.boot(1.0, 10, 1).fetch(2.0, 10, LOADS);
        let mut files = IMAGES.iter().map(|(name, _)| *name);
        let mut next = 4.0;
        let mut forged = forged.into_iter().peekable();
        // Tenths of a second, until it has written for a while.
        for tenth in 40..700_u16 {
            let at = f64::from(tenth) / 10.0;
            if at >= next && let Some(file) = files.next() {
                run.fetch(at, 10, file);
                next = at + 5.0;
            }
            while let Some((_, source, host, phone, name)) =
                forged.next_if(|(moment, ..)| *moment <= tenth)
            {
                run.report_mac(at, host, phone, SOURCES[source]);
                run.observe(at, host, load(SOURCES[source], loads[name]));
            }
            let phone = run.report().phones.into_iter().find(|phone| phone.mac == Some(mac(1)));
            let phone = phone.expect("the phone is known");
            prop_assert!(
                matches!(phone.state, State::Images | State::Writing),
                "at {at}: {:?}", phone.evidence
            );
            let powered = run.fleet.must_stay_powered();
            prop_assert!(powered.iter().any(|phone| phone.mac == Some(mac(1))), "at {at}");
        }
        prop_assert_eq!(run.report().phones.iter().find(|phone| phone.mac == Some(mac(1)))
            .map(|phone| phone.state), Some(State::Writing));
    }
}

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
    let mut run = fetching();
    let state = run.state();
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
    };
    run.observe(6.0, 10, served(10));
    assert_eq!(withheld_codes(&run), (0, 1));
    // That the phone gets its file at another address does not refute a request of this one.
    run.observe(7.0, 66, withheld(OTHER_DEVICE));
    run.observe(8.0, 10, served(10));
    assert_eq!(withheld_codes(&run), (1, 1));
}

#[test]
fn a_withheld_configuration_of_an_unknown_phone_is_diagnosed_for_the_run_once() {
    let mut fleet = Fleet::new(plan());
    let mut observe = |host: u8| {
        let address = Ipv4Addr::new(192, 0, 2, host);
        let kind = withheld(OTHER_DEVICE);
        fleet.observe(Duration::from_secs(1), &Observation { address, kind })
    };
    for host in 1..=64 {
        let events = observe(host);
        let [Event::Diagnosis { phone: None, .. }] = &events[..] else {
            panic!("{events:?}");
        };
        assert!(observe(host).is_empty(), "once for each client");
    }
    assert!(observe(65).is_empty(), "the number of diagnoses is bounded");
    let report = fleet.report("2026-01-01T08:00:00Z".parse().unwrap());
    assert!(report.phones.is_empty(), "a request does not make a phone");
    assert_eq!(report.others.len(), 65);
}
