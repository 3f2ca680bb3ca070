//! A host that adds forged reports of every source to a fleet.

use proptest::prelude::*;
use reflash::{
    phone::LoadName,
    protocol::sip::SipTransport,
    track::{EvidenceSource, LeaseOptions, ObservationKind, Register, RegisterOutcome, State},
};

use crate::support::conversation::*;

/// What a forger adds: a moment, a kind, a source, the last bytes of an address and of a MAC, a load,
/// and the last byte of the MAC of the frame.
type Forged = (u16, usize, usize, u8, u8, usize, Option<u8>);

const FORGED_SOURCES: [EvidenceSource; 7] = [
    EvidenceSource::Cdp,
    EvidenceSource::Lldp,
    EvidenceSource::Sip,
    EvidenceSource::Sccp,
    EvidenceSource::Web,
    EvidenceSource::Dhcp,
    EvidenceSource::Neighbour,
];

const FORGED_LOADS: [&str; 5] = [
    LOAD,
    "SCCP45.8-0-2S",
    "SCCP45.8-5-2S",
    "term65.default",
    "SIP45.9-4-2SR3-1S",
];

/// Kinds below are reports, the others are requests.
const REPORT_KINDS: usize = 6;

fn forged() -> impl Strategy<Value = Vec<Forged>> {
    let one = (
        0..900_u16,
        0..REPORT_KINDS + 3,
        0..FORGED_SOURCES.len(),
        9..14_u8,
        1..6_u8,
        0..FORGED_FILES.len(),
        prop::option::of(1..6_u8),
    );
    prop::collection::vec(one, 0..60)
}

/// What a forger of a phone's address, who receives no answer, requests.
const FORGED_FILES: [&str; 10] = [
    "CTLSEP",
    "SEP",
    "XMLDefault.cnf.xml",
    "sp-sip.jar",
    "sp-sccp.jar",
    TERM,
    LOADS,
    "absent.sbn",
    IMAGES[1].0,
    "absent.default.loads",
];

/// What a forger adds about `address(host)`.
fn forge(run: &mut Run, at: f64, forged: Forged) {
    let (_, kind, source, host, phone, name, sender) = forged;
    let load = FORGED_LOADS[name % FORGED_LOADS.len()];
    if kind >= REPORT_KINDS {
        let host = host.clamp(10, 12);
        let own = mac(host - 9).upper_hex();
        let file = match FORGED_FILES[name] {
            "CTLSEP" => format!("CTLSEP{own}.tlv"),
            "SEP" => format!("SEP{own}.cnf.xml"),
            file => file.to_owned(),
        };
        run.request(at, host, &file);
        return;
    }
    let source = FORGED_SOURCES[source];
    let reported = ObservationKind::MacReported {
        mac: mac(phone),
        source,
        sender: sender.map(mac),
    };
    let socket = |host: u8| std::net::SocketAddrV4::new(address(host), 5060);
    let further = match kind {
        0..=2 => ObservationKind::Load {
            load: LoadName::new(load),
            source,
            detail: "test".to_owned(),
        },
        3 => ObservationKind::UserAgent {
            release: None,
            source,
            detail: "Cisco-CP7965G/9.3.1".to_owned(),
        },
        4 => ObservationKind::LeaseAcked {
            lease: Box::new(LeaseOptions {
                server: address(66),
                tftp: vec![address(66)],
                name: None,
                next_server: None,
            }),
        },
        _ => ObservationKind::Register {
            register: Box::new(Register {
                user: "201".to_owned(),
                source: socket(host),
                pbx: socket(66),
                transport: SipTransport::Udp,
                via_port: 5060,
                rport: false,
                via_differs: false,
                has_credentials: true,
                is_unregister: false,
            }),
            outcome: RegisterOutcome::Answered {
                status: 200,
                to: socket(host),
                stale: false,
                expires: Some(120),
            },
        },
    };
    run.observe(at, host, reported);
    run.observe(at, host, further);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    #[test]
    fn a_forger_neither_confirms_an_open_pass_nor_makes_it_safe_to_unplug(
        mut forged in forged(),
        has_reports in any::<bool>(),
    ) {
        forged.retain(|(_, kind, ..)| has_reports || *kind >= REPORT_KINDS);
        forged.sort_unstable();
        let mut run = Run::new(plan());
        // Two applications, and a boot loader, which does not name its MAC. Each starts later.
        let mut phones = [(10, 4.0, LOADS), (11, 12.0, LOADS), (12, 20.0, TERM)]
            .map(|(host, at, manifest)| (host, at, [manifest].into_iter().chain(IMAGES.map(|(name, _)| name))));
        for host in [10, 11] {
            run.boot(f64::from(host) - 9.0, host, host - 9);
        }
        let mut forged = forged.into_iter().peekable();
        // Half seconds, until each has written for a while.
        for tenth in (40..900_u16).step_by(5) {
            let at = f64::from(tenth) / 10.0;
            while let Some(forged) = forged.next_if(|(moment, ..)| *moment <= tenth) {
                forge(&mut run, at, forged);
            }
            for (host, next, files) in &mut phones {
                if at >= *next && let Some(file) = files.next() {
                    run.fetch(at, *host, file);
                    *next = at + 5.0;
                }
            }
            for (host, _, files) in &phones {
                // From the first image on.
                if files.clone().count() >= IMAGES.len() {
                    continue;
                }
                let host = address(*host);
                let phones = run.report().phones.into_iter();
                let states: Vec<State> = phones
                    .filter(|phone| phone.address == host)
                    .map(|phone| phone.state)
                    .collect();
                let is_open = |state: &State| {
                    matches!(state, State::Images | State::Writing | State::Rebooted)
                };
                prop_assert!(states.iter().any(is_open), "{host} at {at}: {states:?}");
                let powered = run.fleet.must_stay_powered();
                prop_assert!(powered.iter().any(|phone| phone.address == host), "{host} at {at}");
            }
        }
    }
}
