//! Phones that are heard in another VLAN than this machine's, and never come.

use std::net::Ipv4Addr;

use reflash::track::{
    Event, EvidenceSource, Observation, ObservationKind, Plan, State, Subnet, TransferId, Transport,
};

use crate::support::conversation::*;

/// The network of this machine: that of the phones' addresses here, or another.
fn run(third: u8) -> Run {
    Run::new(Plan {
        network: Some(Subnet {
            address: Ipv4Addr::new(192, 168, third, 1),
            prefix: 24,
        }),
        ..plan()
    })
}

fn tags(run: &mut Run, at: f64, who: u8, vlan: u16) {
    let source = EvidenceSource::Lldp;
    let named = ObservationKind::MacReported {
        mac: mac(who),
        source,
    };
    run.observe(at, who, named);
    run.observe(at, who, ObservationKind::Vlan { vlan, source });
}

#[test]
fn a_tagged_phone_with_an_address_of_another_network_and_no_request_is_diagnosed() {
    let mut run = run(9);
    tags(&mut run, 5.0, 10, 20);
    // What it says again each half minute is nothing new.
    tags(&mut run, 35.0, 10, 20);
    run.advance_to(64.9);
    assert!(run.codes().is_empty(), "{:?}", run.codes());
    tags(&mut run, 65.0, 10, 20);
    assert_eq!(run.codes(), ["voice-vlan"]);
    let phone = run.phone();
    assert_eq!(phone.state, State::Seen, "it may come yet");
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
    // It comes, over a router or because somebody listened.
    run.boot(200.0, 10, 10);
    assert_eq!(run.codes(), ["voice-vlan", "-voice-vlan"]);
    tags(&mut run, 300.0, 10, 20);
    run.advance_to(1000.0);
    assert_eq!(run.codes()[2..], ["stalled"], "it was here");
}

#[test]
fn a_vlan_tag_alone_is_not_diagnosed() {
    // This machine may be in that VLAN without a tag: the addresses say so.
    let mut here = run(5);
    tags(&mut here, 5.0, 10, 20);
    here.advance_to(500.0);
    assert!(here.codes().is_empty(), "{:?}", here.codes());
    // Nobody knows the network.
    let mut unknown = Run::new(plan());
    tags(&mut unknown, 5.0, 10, 20);
    unknown.advance_to(500.0);
    assert!(unknown.codes().is_empty(), "{:?}", unknown.codes());
    // It asked before.
    let mut asked = run(9);
    asked.boot(1.0, 10, 10);
    tags(&mut asked, 5.0, 10, 20);
    asked.advance_to(500.0);
    assert!(asked.codes().is_empty(), "{:?}", asked.codes());
    // Another phone than those of the run.
    let mut excluded = Run::new(Plan {
        only: Some(vec![mac(11)]),
        network: Some(Subnet {
            address: Ipv4Addr::new(192, 168, 9, 1),
            prefix: 24,
        }),
        ..plan()
    });
    tags(&mut excluded, 5.0, 10, 20);
    excluded.advance_to(500.0);
    assert!(excluded.codes().is_empty(), "{:?}", excluded.codes());
}

#[test]
fn a_phone_that_moves_to_this_network_withdraws_the_diagnosis() {
    let mut run = run(9);
    tags(&mut run, 5.0, 10, 20);
    run.advance_to(100.0);
    assert_eq!(run.codes(), ["voice-vlan"]);
    let source = EvidenceSource::Lldp;
    for kind in [
        ObservationKind::MacReported {
            mac: mac(10),
            source,
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
    tags(&mut run, 5.0, 10, 20);
    run.advance_to(100.0);
    assert_eq!(run.codes(), ["voice-vlan"]);
    let asked = ObservationKind::Requested {
        transfer: TransferId(1),
        transport: Transport::Tftp,
        name: "term65.default.loads".to_owned(),
        port: 49_152,
        served: None,
    };
    let named = ObservationKind::MacReported {
        mac: mac(10),
        source: EvidenceSource::Neighbour,
    };
    let address = Ipv4Addr::new(192, 168, 9, 77);
    for (at, kind) in [(120.0, asked), (121.0, named.clone()), (122.0, named)] {
        let events = run
            .fleet
            .observe(seconds(at), &Observation { address, kind });
        run.events.extend(events);
    }
    let codes = run.codes();
    let of_vlan = codes.iter().filter(|code| code.ends_with("voice-vlan"));
    assert_eq!(of_vlan.collect::<Vec<_>>(), ["voice-vlan", "-voice-vlan"]);
    // What was said of the address is said of the phone now: all that stands was told of it.
    let stands = run.phone().diagnoses;
    assert!(!stands.is_empty(), "{codes:?}");
    for diagnosis in stands {
        let told = run.events.iter().any(|event| {
            matches!(event, Event::Diagnosis { phone: Some(phone), diagnosis: told, .. }
                if phone.mac == Some(mac(10)) && *told == diagnosis)
        });
        assert!(told, "{diagnosis:?}");
    }
}
