//! Claims and requests of a host that pretends to be a phone: what this server observes itself
//! outweighs them.

use reflash::{
    phone::LoadName,
    protocol::sip::SipTransport,
    track::{
        Evidence, EvidenceSource, ObservationKind, Register, RegisterOutcome, RemarkMeaning, State,
        TransferEnd,
    },
};

use crate::support::conversation::*;

pub(crate) const SOURCES: [EvidenceSource; 5] = [
    EvidenceSource::Cdp,
    EvidenceSource::Lldp,
    EvidenceSource::Sip,
    EvidenceSource::Sccp,
    EvidenceSource::Web,
];

pub(crate) fn load(source: EvidenceSource, load: &str) -> ObservationKind {
    ObservationKind::Load {
        load: LoadName::new(load),
        source,
        detail: "test".to_owned(),
    }
}

pub(crate) fn disputed(run: &Run) -> Vec<Evidence> {
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
pub(crate) fn writing() -> Run {
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
}

#[test]
fn dhcp_alone_neither_ends_the_warning_nor_makes_claims_count() {
    for source in SOURCES {
        let mut run = writing();
        run.report_mac(60.0, 10, 1, EvidenceSource::Dhcp);
        assert_eq!(run.state(), State::Rebooted);
        run.observe(61.0, 10, load(source, LOAD));
        run.observe(62.0, 10, load(source, "SCCP45.8-0-2S"));
        let phone = run.phone();
        assert_eq!(phone.state, State::Rebooted, "{source:?}: {phone:#?}");
        assert_eq!(run.fleet.must_stay_powered().len(), 1, "{source:?}");
        run.boot(150.0, 10, 1);
        assert!(run.fleet.must_stay_powered().is_empty(), "{source:?}");
        run.observe(160.0, 10, load(source, LOAD));
        assert_eq!(run.state(), State::Confirmed, "{source:?}");
    }
}

#[test]
fn a_report_that_a_lease_contradicts_is_disputed_whatever_the_phone_does() {
    for source in SOURCES {
        let mut run = Run::new(plan());
        run.report_mac(1.0, 10, 1, EvidenceSource::Dhcp);
        // Another phone at the address of the first, and the first at another address.
        for (host, phone) in [(10, 7), (66, 1)] {
            run.report_mac(2.0, host, phone, source);
            run.observe(2.1, host, load(source, LOAD));
        }
        let phone = run.phone();
        assert_eq!(
            (phone.address, phone.state),
            (address(10), State::Seen),
            "{source:?}: {phone:#?}"
        );
        assert_eq!(disputed(&run).len(), 2, "{source:?}");
        // A new lease, or a request of the phone, is newer.
        run.report_mac(3.0, 66, 1, EvidenceSource::Dhcp);
        run.report_mac(4.0, 66, 1, source);
        run.observe(4.1, 66, load(source, LOAD));
        assert_eq!(run.state(), State::Already, "{source:?}");
    }
}

#[test]
fn the_report_names_the_one_forgeable_source_that_a_state_rests_on() {
    use EvidenceSource::{Cdp, Person, Sip};
    let rests_on = |run: &Run| run.phone().rests_on;
    let mut run = Run::new(plan());
    run.report_mac(1.0, 10, 1, Cdp);
    run.observe(1.1, 10, load(Cdp, LOAD));
    assert_eq!((run.state(), rests_on(&run)), (State::Already, Some(Cdp)));
    run.observe(2.0, 10, load(Cdp, LOAD));
    assert_eq!(rests_on(&run), Some(Cdp), "the same source again");
    run.observe(3.0, 10, load(Sip, LOAD));
    assert_eq!(rests_on(&run), None, "two sources agree");

    let mut run = writing();
    run.boot(150.0, 10, 1);
    assert_eq!((run.state(), rests_on(&run)), (State::Flashed, None));
    run.observe(160.0, 10, load(Sip, LOAD));
    assert_eq!((run.state(), rests_on(&run)), (State::Confirmed, Some(Sip)));
    run.observe(170.0, 10, load(Person, LOAD));
    assert_eq!(rests_on(&run), None, "the operator read it");

    let mut run = Run::new(plan());
    run.full_pass(1.0, 10, TERM).boot(150.0, 10, 1);
    run.fetch(151.0, 10, "mk-sip.jar");
    assert_eq!((run.state(), rests_on(&run)), (State::Confirmed, None));
    run.observe(160.0, 10, load(Cdp, LOAD));
    assert_eq!(rests_on(&run), None, "its requests show it too");
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
fn a_phone_that_has_another_address_after_a_stop_of_the_server_is_followed() {
    let between_images = || {
        let mut run = Run::new(plan());
        run.boot(1.0, 10, 1).fetch(3.0, 10, LOADS);
        run.fetch(5.0, 10, IMAGES[0].0);
        run
    };
    for (mut run, stop) in [(between_images(), 7.0), (writing(), 30.0)] {
        let stopped = ObservationKind::Remark {
            source: EvidenceSource::Requests,
            detail: "reflash was stopped".to_owned(),
            means: Some(RemarkMeaning::NotServed),
        };
        assert_eq!(run.fleet.fetching_or_writing().len(), 1);
        run.observe(stop, 10, stopped);
        run.boot(stop + 2.0, 66, 1);
        let phone = run.phone();
        assert_eq!(phone.address, address(66), "{phone:#?}");
        assert!(disputed(&run).is_empty(), "{phone:#?}");
    }
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
