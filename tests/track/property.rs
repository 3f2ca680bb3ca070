//! Random observations: the tracker never panics, its totals are right, and it claims no state
//! without the images that prove it.

use std::collections::BTreeSet;

use proptest::prelude::*;
use reflash::{
    phone::LoadName,
    track::{
        EvidenceSource, FileOutcome, Fleet, LeaseOptions, Observation, ObservationKind, Plan,
        ServedFile, State, Subnet, TransferEnd, TransferId, Transport,
    },
};

use crate::support::conversation::*;

#[derive(Debug, Clone)]
enum Action {
    Request(usize, bool, bool),
    Acknowledge(u64, u64),
    End(u64, u8),
    Name(u8, bool),
    Load(usize),
    /// A lease that names an address as TFTP server, or none.
    LeaseOptions(u8, bool),
    Wait(u64),
    /// A manifest and its images, each with its own end, and a boot.
    Pass([u8; 6], u8),
}

fn names() -> Vec<String> {
    let mut names = vec![
        TERM,
        LOADS,
        "XMLDefault.cnf.xml",
        "mk-sip.jar",
        "mk-sccp.jar",
    ];
    names.extend(["term42.default.loads", "ITLFile.tlv", "\u{0}\u{1b}[2J", ""]);
    names.extend([
        "OS79XX.TXT",
        "P003-8-12-00.bin",
        "P003-8-12-00.sbn",
        "SIPDefault.cnf",
    ]);
    names.extend(IMAGES.map(|(name, _)| name));
    let own = (1..4).flat_map(|n| {
        let wire = mac(n).upper_hex();
        [
            format!("CTLSEP{wire}.tlv"),
            format!("SEP{wire}.cnf.xml"),
            format!("SIP{wire}.cnf"),
        ]
    });
    names.into_iter().map(str::to_owned).chain(own).collect()
}

const LOAD_NAMES: [&str; 4] = [LOAD, "SCCP45.8-5-2S", "term65.default", "79XX_default_load"];

fn actions() -> impl Strategy<Value = Vec<(u8, Action)>> {
    let action = prop_oneof![
        6 => (0..names().len(), any::<bool>(), prop::bool::weighted(0.9))
            .prop_map(|(name, http, served)| Action::Request(name, http, served)),
        2 => (0..60_u64, any::<u64>()).prop_map(|(id, bytes)| Action::Acknowledge(id, bytes)),
        6 => (0..6_u64, 0..6_u8).prop_map(|(back, end)| Action::End(back, end)),
        1 => (1..4_u8, any::<bool>()).prop_map(|(name, dhcp)| Action::Name(name, dhcp)),
        1 => (0..LOAD_NAMES.len()).prop_map(Action::Load),
        1 => (1..4_u8, any::<bool>()).prop_map(|(last, named)| Action::LeaseOptions(last, named)),
        2 => (0..400_u64).prop_map(Action::Wait),
        1 => (prop::array::uniform6(prop::sample::select(&[0, 1, 2, 3, 4, 4, 4, 4, 4, 4][..])), 1..4_u8)
            .prop_map(|(ends, name)| Action::Pass(ends, name)),
    ];
    prop::collection::vec((10..13_u8, action), 0..200)
}

fn end(kind: u8) -> TransferEnd {
    match kind {
        0 => TransferEnd::Aborted {
            code: None,
            message: None,
        },
        1 => TransferEnd::Vanished { all_sent: true },
        2 => TransferEnd::Vanished { all_sent: false },
        3 => TransferEnd::Replaced,
        _ => TransferEnd::Delivered,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_sequence_of_observations_claims_an_unproven_state(actions in actions()) {
        let names = names();
        let mut fleet = Fleet::new(Plan {
            expect: Some(2),
            network: Some(Subnet { address: address(1), prefix: 24 }),
            ..plan()
        });
        let mut now = seconds(0.0);
        let mut next = 0_u64;
        let mut named_target = false;
        for (host, action) in actions {
            now += seconds(0.5);
            let mut more = Vec::new();
            let kind = match action {
                Action::Request(name, http, served) => {
                    next += 1;
                    let name = names[name].clone();
                    let served = served.then(|| ServedFile { name: name.clone(), size: 1000 });
                    let transport = if http { Transport::Http } else { Transport::Tftp };
                    ObservationKind::Requested { transfer: TransferId(next), transport, name, port: 1, served, error: None, sender: None }
                }
                Action::Acknowledge(id, bytes) => {
                    ObservationKind::Acknowledged { transfer: TransferId(id), bytes }
                }
                Action::End(back, kind) => ObservationKind::Ended {
                    transfer: TransferId(next.saturating_sub(back)),
                    end: end(kind),
                    bytes: 1000,
                },
                Action::Name(name, dhcp) => ObservationKind::MacReported {
                    mac: mac(name),
                    source: if dhcp { EvidenceSource::Dhcp } else { EvidenceSource::Neighbour },
                    sender: None,
                },
                Action::Load(load) => {
                    named_target |= LOAD_NAMES[load] == LOAD;
                    ObservationKind::Load {
                        load: LoadName::new(LOAD_NAMES[load]),
                        source: EvidenceSource::Cdp,
                        detail: String::new(),
                    }
                }
                Action::LeaseOptions(last, named) => ObservationKind::LeaseAcked {
                    lease: Box::new(LeaseOptions {
                        server: address(200),
                        tftp: named.then(|| address(last)).into_iter().collect(),
                        name: None,
                        next_server: Some(address(200)),
                    }),
                },
                Action::Pass(ends, name) => {
                    let request = |name: &str, transfer| ObservationKind::Requested {
                        transfer: TransferId(transfer),
                        transport: Transport::Tftp,
                        name: name.to_owned(),
                        port: 1,
                        served: Some(ServedFile { name: name.to_owned(), size: 1000 }),
                        error: None,
                        sender: None,
                    };
                    let files = [TERM].into_iter().chain(IMAGES.map(|(name, _)| name));
                    for (file, kind) in files.zip(ends) {
                        next += 1;
                        more.push(request(file, next));
                        let transfer = TransferId(next);
                        more.push(ObservationKind::Ended { transfer, end: end(kind), bytes: 1000 });
                    }
                    next += 1;
                    more.push(request(&format!("CTLSEP{}.tlv", mac(name).upper_hex()), next));
                    more.remove(0)
                }
                Action::Wait(wait) => {
                    now += seconds(f64::from(u32::try_from(wait).unwrap()));
                    fleet.tick(now);
                    prop_assert!(fleet.next_deadline().is_none_or(|due| due > now));
                    continue;
                }
            };
            for kind in [kind].into_iter().chain(more) {
                fleet.observe(now, &Observation { address: address(host), kind });
            }
        }
        let report = fleet.report(jiff::Timestamp::UNIX_EPOCH);
        let totals = report.totals;
        let sum = totals.confirmed + totals.already + totals.flashed + totals.up + totals.working
            + totals.stalled + totals.failed + totals.seen;
        prop_assert_eq!(sum as usize, report.phones.len());
        let macs: BTreeSet<_> = report.phones.iter().filter_map(|phone| phone.mac).collect();
        let named = report.phones.iter().filter(|phone| phone.mac.is_some()).count();
        prop_assert_eq!(macs.len(), named, "one entry for each MAC");
        for phone in &report.phones {
            let has_pass = (1..=phone.pass).any(|pass| IMAGES.iter().all(|(name, _)| {
                phone.files.iter().any(|file| file.pass == pass && file.name == *name
                    && matches!(file.outcome, FileOutcome::Delivered | FileOutcome::Implied))
            }));
            match phone.state {
                State::Flashed => prop_assert!(has_pass, "{phone:#?}"),
                State::Confirmed => prop_assert!(has_pass || named_target, "{phone:#?}"),
                State::Already => prop_assert!(named_target),
                _ => {}
            }
        }
    }
}
