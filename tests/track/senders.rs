//! Reports and requests that name a phone, and that another host sent: its MAC is that of the frame, or
//! the one that the ARP table has for its address.

use reflash::track::{EvidenceSource, ObservationKind, Plan, State, Subnet, TransferId, Transport};

use crate::{
    forged::{SOURCES, disputed, load, writing},
    support::conversation::*,
};

/// A request for the trust list of `phone` by the host that has the MAC `sender` in the ARP table.
fn request_by(number: u64, phone: u8, sender: u8) -> ObservationKind {
    ObservationKind::Requested {
        transfer: TransferId(900 + number),
        transport: Transport::Tftp,
        name: format!("CTLSEP{}.tlv", mac(phone).upper_hex()),
        port: 50_000,
        served: None,
        error: None,
        sender: Some(mac(sender)),
    }
}

#[test]
fn a_report_that_another_host_sent_is_disputed_and_changes_nothing() {
    let mut sources = SOURCES.to_vec();
    sources.push(EvidenceSource::Dhcp);
    for source in sources {
        // At the phone's address, and at the sender's own.
        for host in [10, 66] {
            let mut run = writing();
            run.boot(150.0, 10, 1);
            assert_eq!(run.state(), State::Flashed);
            // The ARP table has the phone's own MAC.
            run.report_mac_by(155.0, 10, 1, (EvidenceSource::Sip, 1));
            run.report_mac_by(160.0, host, 1, (source, 7));
            run.observe(160.1, host, load(source, LOAD));
            run.observe(160.2, host, load(source, "SCCP45.8-5-2S"));
            let phone = run.phone();
            assert_eq!(
                (phone.address, phone.state),
                (address(10), State::Flashed),
                "{source:?} at {host}: {phone:#?}"
            );
            let evidence = disputed(&run);
            assert_eq!(evidence.len(), 1, "{evidence:?}");
            assert!(evidence[0].detail.contains("001d45aabb07"), "{evidence:?}");
        }
    }
}

#[test]
fn a_report_that_the_phone_itself_sent_counts() {
    let mut run = writing();
    run.boot(150.0, 10, 1);
    run.report_mac_by(160.0, 10, 1, (EvidenceSource::Cdp, 1));
    run.observe(160.1, 10, load(EvidenceSource::Cdp, LOAD));
    assert_eq!(run.state(), State::Confirmed);
}

#[test]
fn a_report_of_another_host_about_an_unknown_phone_lists_no_phone() {
    for source in [
        EvidenceSource::Cdp,
        EvidenceSource::Lldp,
        EvidenceSource::Dhcp,
    ] {
        let mut run = Run::new(plan());
        run.report_mac_by(1.0, 66, 1, (source, 7));
        run.observe(1.1, 66, load(source, LOAD));
        assert!(run.report().phones.is_empty(), "{source:?}");
        // The phone itself is then listed as ever.
        run.report_mac_by(2.0, 10, 1, (source, 1));
        run.observe(2.1, 10, load(source, LOAD));
        assert_eq!(run.state(), State::Already, "{source:?}");
    }
}

#[test]
fn the_mac_of_a_router_or_bridge_contradicts_no_request() {
    let mut run = Run::new(plan());
    for (number, phone) in (0..).zip([1, 2]) {
        run.observe(1.0, 10 + phone, request_by(number, phone, 99));
        run.report_mac_by(2.0, 10 + phone, phone, (EvidenceSource::Sip, 99));
        run.observe(2.1, 10 + phone, load(EvidenceSource::Sip, LOAD));
    }
    for phone in run.report().phones {
        assert_eq!(phone.state, State::Already, "{phone:#?}");
    }
    assert_eq!(run.report().phones.len(), 2);
}

#[test]
fn a_request_of_another_host_in_the_name_of_a_phone_starts_nothing() {
    let mut run = Run::new(plan());
    run.observe(0.5, 10, request_by(1, 1, 1));
    run.boot(1.0, 10, 1).full_pass(3.0, 10, LOADS);
    // While the phone is silent, so that its own requests contradict nothing.
    for (number, host) in (2..).zip([10, 66]) {
        run.observe(100.0, host, request_by(number, 1, 7));
        let phone = run.phone();
        assert_eq!(
            (phone.address, phone.state),
            (address(10), State::Writing),
            "from {host}: {phone:#?}"
        );
    }
    assert_eq!(disputed(&run).len(), 2, "{:#?}", run.phone());
    assert_eq!(run.report().others.len(), 1);
}

#[test]
fn a_request_from_an_address_that_arp_does_not_have_is_not_that_of_a_phone_which_arp_has() {
    let network = Subnet {
        address: address(1),
        prefix: 24,
    };
    for (has_entry, is_followed) in [(true, false), (false, true)] {
        let mut run = Run::new(Plan {
            network: Some(network),
            ..plan()
        });
        run.observe(0.5, 10, request_by(1, 1, if has_entry { 1 } else { 99 }));
        run.boot(1.0, 10, 1).full_pass(3.0, 10, LOADS);
        run.boot(100.0, 66, 1);
        let phone = run.phone();
        let expected = if is_followed {
            (address(66), State::Flashed)
        } else {
            (address(10), State::Writing)
        };
        assert_eq!((phone.address, phone.state), expected, "{phone:#?}");
    }
    // Behind a router, no host has an entry.
    let mut run = Run::new(Plan {
        network: Some(Subnet {
            prefix: 28,
            ..network
        }),
        ..plan()
    });
    run.observe(0.5, 60, request_by(1, 1, 1));
    run.boot(1.0, 60, 1).full_pass(3.0, 60, LOADS);
    run.boot(100.0, 66, 1);
    assert_eq!(run.phone().address, address(66));
}
