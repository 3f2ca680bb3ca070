//! Phones that announce another VLAN than that of this machine and send no request.

use std::net::Ipv4Addr;

use reflash::track::{
    Event, EvidenceSource, Observation, ObservationKind, Plan, State, Subnet, TransferId, Transport,
};

use crate::support::conversation::*;

/// A run on a machine in 192.168.`third`.0/24; the phones have addresses in 192.168.5.0/24.
fn run(third: u8) -> Run {
    Run::new(Plan {
        network: Some(Subnet {
            address: Ipv4Addr::new(192, 168, third, 1),
            prefix: 24,
        }),
        ..plan()
    })
}

/// LLDP reports the MAC and the tagged voice VLAN of a phone.
fn report_vlan(run: &mut Run, at: f64, host: u8, vlan: u16) {
    let source = EvidenceSource::Lldp;
    run.report_mac(at, host, host, source);
    run.observe(at, host, ObservationKind::Vlan { vlan, source });
}

#[test]
fn a_tagged_phone_with_an_address_of_another_network_and_no_request_is_diagnosed() {
    let mut run = run(9);
    report_vlan(&mut run, 5.0, 10, 20);
    // The repeated announcement changes nothing.
    report_vlan(&mut run, 35.0, 10, 20);
    run.advance_to(64.9);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
    report_vlan(&mut run, 65.0, 10, 20);
    assert_eq!(run.codes(), ["voice-vlan"]);
    let phone = run.phone();
    assert_eq!(phone.state, State::Seen, "it may still send a request");
    let evidence = &phone.diagnoses[0].evidence;
    for part in [
        "LLDP at 0:00:05",
        "VLAN 20",
        "192.168.5.10",
        "192.168.9.1/24",
    ] {
        assert!(evidence.contains(part), "{evidence}");
    }
    assert!(phone.diagnoses[0].cure.contains("VLAN 20"));
    // A request reaches this machine after all.
    run.boot(200.0, 10, 10);
    assert_eq!(run.codes(), ["voice-vlan", "-voice-vlan"]);
    report_vlan(&mut run, 300.0, 10, 20);
    run.advance_to(1000.0);
    assert_eq!(
        run.codes()[2..],
        ["stalled"],
        "it has sent a request before"
    );
}

#[test]
fn a_vlan_tag_alone_is_not_diagnosed() {
    // Equal networks: this machine may be in that VLAN without a tag.
    let mut here = run(5);
    report_vlan(&mut here, 5.0, 10, 20);
    here.advance_to(500.0);
    assert!(here.codes().is_empty(), "{:?}", here.codes());
    // The network of this machine is not known.
    let mut unknown = Run::new(plan());
    report_vlan(&mut unknown, 5.0, 10, 20);
    unknown.advance_to(500.0);
    assert!(unknown.codes().is_empty(), "{:?}", unknown.codes());
    // It sent a request before.
    let mut requested = run(9);
    requested.boot(1.0, 10, 10);
    report_vlan(&mut requested, 5.0, 10, 20);
    requested.advance_to(500.0);
    assert!(requested.codes().is_empty(), "{:?}", requested.codes());
    // It is outside --only.
    let mut excluded = Run::new(Plan {
        only: Some(vec![mac(11)]),
        network: Some(Subnet {
            address: Ipv4Addr::new(192, 168, 9, 1),
            prefix: 24,
        }),
        ..plan()
    });
    report_vlan(&mut excluded, 5.0, 10, 20);
    excluded.advance_to(500.0);
    assert!(excluded.codes().is_empty(), "{:?}", excluded.codes());
}

#[test]
fn a_phone_that_moves_to_this_network_withdraws_the_diagnosis() {
    let mut run = run(9);
    report_vlan(&mut run, 5.0, 10, 20);
    run.advance_to(100.0);
    assert_eq!(run.codes(), ["voice-vlan"]);
    let source = EvidenceSource::Lldp;
    for kind in [
        ObservationKind::MacReported {
            mac: mac(10),
            source,
            sender: None,
        },
        ObservationKind::Vlan { vlan: 20, source },
    ] {
        let address = Ipv4Addr::new(192, 168, 9, 77);
        let events = run
            .fleet
            .observe(seconds(120.0), &Observation { address, kind });
        run.events.extend(events);
    }
    assert_eq!(run.codes(), ["voice-vlan", "-voice-vlan"]);
    let events = run.fleet.tick(seconds(900.0));
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, Event::Diagnosis { .. }))
    );
}

#[test]
fn a_subnet_contains_the_addresses_of_its_prefix() {
    let holds = |prefix, address: [u8; 4]| {
        let network = Subnet {
            address: Ipv4Addr::new(10, 1, 2, 3),
            prefix,
        };
        network.contains(Ipv4Addr::from(address))
    };
    assert!(holds(24, [10, 1, 2, 250]) && !holds(24, [10, 1, 3, 3]));
    assert!(holds(8, [10, 250, 0, 1]) && holds(0, [192, 0, 2, 1]));
    assert!(holds(32, [10, 1, 2, 3]) && !holds(32, [10, 1, 2, 2]));
    assert!(holds(200, [10, 1, 2, 3]) && !holds(200, [10, 1, 2, 2]));
}

#[test]
fn a_boot_loader_of_this_network_identified_as_the_phone_withdraws_the_diagnosis_once() {
    let mut run = run(9);
    report_vlan(&mut run, 5.0, 10, 20);
    run.advance_to(100.0);
    assert_eq!(run.codes(), ["voice-vlan"]);
    let requested = ObservationKind::Requested {
        transfer: TransferId(1),
        transport: Transport::Tftp,
        name: "term65.default.loads".to_owned(),
        port: 49_152,
        served: None,
        error: None,
        sender: None,
    };
    let mac_reported = ObservationKind::MacReported {
        mac: mac(10),
        source: EvidenceSource::Neighbour,
        sender: None,
    };
    let address = Ipv4Addr::new(192, 168, 9, 77);
    for (at, kind) in [
        (120.0, requested),
        (121.0, mac_reported.clone()),
        (122.0, mac_reported),
    ] {
        let events = run
            .fleet
            .observe(seconds(at), &Observation { address, kind });
        run.events.extend(events);
    }
    let codes = run.codes();
    let of_vlan = codes.iter().filter(|code| code.ends_with("voice-vlan"));
    assert_eq!(of_vlan.collect::<Vec<_>>(), ["voice-vlan", "-voice-vlan"]);
    // Diagnoses of the address are now those of the phone: an event raised each active one.
    let active = run.phone().diagnoses;
    assert!(!active.is_empty(), "{codes:?}");
    for diagnosis in active {
        let is_raised = run.events.iter().any(|event| {
            matches!(event, Event::Diagnosis { phone: Some(phone), diagnosis: raised, .. }
                if phone.mac == Some(mac(10)) && *raised == diagnosis)
        });
        assert!(is_raised, "{diagnosis:?}");
    }
}
