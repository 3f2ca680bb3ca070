//! Leases: phones whose DHCP server names no TFTP server, or another one than this machine.

use std::net::Ipv4Addr;

use reflash::track::{EvidenceSource, LeaseOptions, ObservationKind, Plan, State, Subnet};

use crate::support::conversation::*;

const OWN: Ipv4Addr = Ipv4Addr::new(192, 168, 5, 1);
const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 168, 5, 254);
const OTHER: Ipv4Addr = Ipv4Addr::new(192, 168, 5, 9);

fn plan_on_network() -> Plan {
    Plan {
        network: Some(Subnet {
            address: OWN,
            prefix: 24,
        }),
        ..plan()
    }
}

/// Option 150, option 66 and the next server of a lease.
fn lease_with(tftp: &[Ipv4Addr], name: Option<&str>, next: Option<Ipv4Addr>) -> LeaseOptions {
    LeaseOptions {
        server: ROUTER,
        tftp: tftp.to_vec(),
        name: name.map(str::to_owned),
        next_server: next,
    }
}

/// DHCP reports the MAC of a phone and acknowledges its lease.
fn ack_lease(run: &mut Run, at: f64, host: u8, lease: LeaseOptions) {
    run.report_mac(at, host, host, EvidenceSource::Dhcp);
    let lease = Box::new(lease);
    run.observe(at, host, ObservationKind::LeaseAcked { lease });
}

/// The evidence of leases.
fn details(run: &Run) -> Vec<String> {
    let evidence = run.phone().evidence.into_iter();
    let dhcp = evidence.filter(|evidence| evidence.source == EvidenceSource::Dhcp);
    dhcp.map(|evidence| evidence.detail)
        .filter(|detail| detail.starts_with("DHCP server"))
        .collect()
}

#[test]
fn a_lease_without_a_tftp_server_is_diagnosed_until_the_phone_sends_a_request() {
    let mut run = Run::new(plan_on_network());
    ack_lease(&mut run, 5.0, 10, lease_with(&[], None, None));
    let expected = "DHCP server 192.168.5.254 gave it 192.168.5.10 and names no TFTP server: neither \
                option 150, option 66 nor a next server";
    assert_eq!(details(&run), [expected]);
    // It finds no TFTP server and requests an address again.
    ack_lease(&mut run, 45.0, 10, lease_with(&[], None, None));
    run.advance_to(64.9);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
    run.advance_to(65.0);
    assert_eq!(run.codes(), ["no-tftp-address"]);
    let phone = run.phone();
    assert_eq!(phone.state, State::Seen, "it may still send a request");
    let found = &phone.diagnoses[0];
    let evidence = format!(
        "{expected}; this machine is 192.168.5.1, and the phone has sent no request here since 0:00:05"
    );
    assert_eq!(found.evidence, evidence);
    for part in [
        "On DHCP server 192.168.5.254",
        "option 150 to 192.168.5.1",
        "--paste KIND",
    ] {
        assert!(found.cure.contains(part), "{}", found.cure);
    }
    run.boot(200.0, 10, 10);
    assert_eq!(run.codes(), ["no-tftp-address", "-no-tftp-address"]);
}

#[test]
fn the_diagnosis_names_the_other_tftp_server_and_its_option() {
    for (lease, expected) in [
        (
            lease_with(&[OTHER], None, None),
            "the TFTP server 192.168.5.9 (option 150)",
        ),
        (
            lease_with(&[OTHER, OWN], Some("192.168.5.1"), None),
            "the TFTP servers 192.168.5.9, 192.168.5.1 (option 150)",
        ),
        (
            lease_with(&[], Some("192.168.5.9"), Some(OWN)),
            "the TFTP server 192.168.5.9 (option 66)",
        ),
        (
            lease_with(&[], Some("tftp\u{1b}[2J"), None),
            "the TFTP server 'tftp\\u{1b}[2J' (option 66)",
        ),
        (
            lease_with(&[], None, Some(OWN)),
            "option 66, only the next server 192.168.5.1",
        ),
        (
            lease_with(&[OTHER; 16], None, None),
            "192.168.5.9, 12 more (option 150)",
        ),
    ] {
        let mut run = Run::new(plan_on_network());
        ack_lease(&mut run, 5.0, 10, lease);
        run.advance_to(65.0);
        assert_eq!(run.codes(), ["no-tftp-address"], "{expected}");
        let found = &run.phone().diagnoses[0];
        assert!(found.evidence.contains(expected), "{}", found.evidence);
        assert_eq!(
            found.cure.contains("DNS"),
            expected.contains('\''),
            "{}",
            found.cure
        );
    }
}

#[test]
fn a_phone_that_is_directed_here_and_sends_no_request_is_diagnosed_until_it_does() {
    // Either option directs it here.
    for lease in [
        lease_with(&[OWN, OTHER], Some("x"), None),
        lease_with(&[], Some("192.168.5.1"), None),
    ] {
        let mut run = Run::new(plan_on_network());
        ack_lease(&mut run, 5.0, 10, lease);
        run.advance_to(64.9);
        assert!(run.codes().is_empty(), "{:?}", run.codes());
        run.advance_to(500.0);
        assert_eq!(run.codes(), ["no-request"]);
        let found = &run.phone().diagnoses[0];
        assert!(
            found.evidence.contains("this machine is 192.168.5.1"),
            "{}",
            found.evidence
        );
        assert_eq!(details(&run).len(), 1);
        run.boot(600.0, 10, 10);
        assert_eq!(run.codes(), ["no-request", "-no-request"]);
    }
}

#[test]
fn a_phone_that_sends_a_request_or_is_left_out_is_not_diagnosed() {
    // Its alternate TFTP server is this machine.
    let mut run = Run::new(plan_on_network());
    ack_lease(&mut run, 5.0, 10, lease_with(&[OTHER], None, None));
    run.boot(20.0, 10, 10);
    run.advance_to(300.0);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
    // It is outside --only.
    let mut run = Run::new(Plan {
        only: Some(vec![mac(11)]),
        ..plan_on_network()
    });
    ack_lease(&mut run, 5.0, 10, lease_with(&[], None, None));
    run.advance_to(500.0);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
    // It already runs the target, so another TFTP server is right.
    let mut run = Run::new(plan_on_network());
    ack_lease(&mut run, 5.0, 10, lease_with(&[OTHER], None, None));
    run.report_load(10.0, 10, LOAD);
    run.advance_to(500.0);
    assert_eq!(run.state(), State::Already);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
}

#[test]
fn a_lease_that_names_this_machine_withdraws_the_diagnosis() {
    let mut run = Run::new(plan_on_network());
    ack_lease(&mut run, 5.0, 10, lease_with(&[], None, Some(ROUTER)));
    run.advance_to(100.0);
    ack_lease(&mut run, 300.0, 10, lease_with(&[OWN], None, Some(ROUTER)));
    assert_eq!(run.codes(), ["no-tftp-address", "-no-tftp-address"]);
    run.advance_to(359.0);
    assert_eq!(run.codes().len(), 2);
    run.advance_to(900.0);
    assert_eq!(run.codes()[2..], ["no-request"]);
}

#[test]
fn without_the_served_address_a_lease_must_name_a_server() {
    for (lease, code) in [
        (lease_with(&[], None, None), "no-tftp-address"),
        (lease_with(&[], None, Some(ROUTER)), "no-tftp-address"),
        (lease_with(&[OTHER], None, None), "no-request"),
        (lease_with(&[], Some("files.example"), None), "no-request"),
    ] {
        let mut run = Run::new(plan());
        ack_lease(&mut run, 5.0, 10, lease);
        run.advance_to(64.9);
        assert!(run.codes().is_empty(), "{:?}", run.codes());
        run.advance_to(500.0);
        assert_eq!(run.codes(), [code]);
        assert_eq!(details(&run).len(), 1);
    }
}

#[test]
fn a_phone_with_another_tftp_server_after_a_factory_reset_is_diagnosed() {
    let mut run = Run::new(plan_on_network());
    run.boot(5.0, 10, 10);
    ack_lease(&mut run, 100.0, 10, lease_with(&[OTHER], None, None));
    run.advance_to(159.0);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
    run.advance_to(161.0);
    assert_eq!(run.codes(), ["no-tftp-address"]);
}

#[test]
fn a_flood_of_leases_leaves_space_for_other_evidence() {
    let mut run = Run::new(plan_on_network());
    for number in 0..200 {
        let server = Ipv4Addr::new(10, 0, 0, number);
        ack_lease(&mut run, 5.0, 10, lease_with(&[server], None, None));
    }
    assert_eq!(details(&run).len(), 8);
    run.report_load(10.0, 10, LOAD);
    assert_eq!(run.state(), State::Already);
    let last = run.phone().evidence.pop().unwrap();
    assert_eq!(last.source, EvidenceSource::Cdp);
}
