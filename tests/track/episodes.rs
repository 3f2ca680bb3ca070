//! The source and the time at which the MAC of a phone is reported change no diagnosis: on a LAN
//! the ARP table, DHCP, CDP and the requests report MACs at any time.

use proptest::prelude::*;
use reflash::{
    phone::LoadName,
    track::{EvidenceSource, ObservationKind, PhoneReport, State, TransferEnd},
};

use super::bridge::with_bridge;
use crate::support::conversation::*;

const ADDRESS: u8 = 5;
const PHONE: u8 = 12;
const SOURCES: [EvidenceSource; 3] = [
    EvidenceSource::Neighbour,
    EvidenceSource::Cdp,
    EvidenceSource::Lldp,
];

/// A boot loader fetches the manifest in pairs and refuses it, three boots long. The MAC is
/// reported at these times.
fn refuse_with_mac_at(run: &mut Run, times: &[f64], source: EvidenceSource) {
    let mut times = times.iter().copied().peekable();
    let mut report_until = |run: &mut Run, until: f64| {
        while let Some(at) = times.next_if(|at| *at < until) {
            run.report_mac(at, ADDRESS, PHONE, source);
        }
    };
    for boot in 0..3 {
        for second in [0.0, 1.0] {
            let at = f64::from(boot) * 67.0 + second;
            report_until(run, at);
            run.fetch(at, ADDRESS, TERM);
        }
    }
    report_until(run, 190.0);
    run.advance_to(200.0);
}

#[test]
fn a_refusal_is_diagnosed_whoever_names_the_phone_and_whenever() {
    for source in SOURCES.into_iter().chain([EvidenceSource::Dhcp]) {
        for times in [
            &[2.0][..],
            &[2.0, 60.0, 100.0, 130.0],
            &[0.4, 66.0, 133.0],
            &[70.0],
            &[],
        ] {
            let times: Vec<f64> = times.iter().map(|at| at + 0.6).collect();
            let mut run = Run::new(plan());
            refuse_with_mac_at(&mut run, &times, source);
            assert_eq!(run.codes(), ["manifest-refused"], "{source:?} {times:?}");
            let mut run = Run::new(with_bridge());
            refuse_with_mac_at(&mut run, &times, source);
            assert!(run.codes().is_empty(), "{source:?} {times:?}");
            assert!(
                run.phone()
                    .evidence
                    .iter()
                    .any(|it| it.detail.contains("offered the bridge")),
                "{source:?} {times:?}"
            );
        }
    }
}

#[test]
fn a_refusal_at_two_addresses_is_one_phone_s() {
    // A new lease between two boots: the MAC of the second address comes after its manifest.
    let mut run = Run::new(plan());
    run.fetch(0.0, ADDRESS, TERM);
    run.report_mac(2.0, ADDRESS, PHONE, EvidenceSource::Neighbour);
    run.fetch(100.0, ADDRESS + 1, TERM);
    run.report_mac(102.0, ADDRESS + 1, PHONE, EvidenceSource::Neighbour);
    run.advance_to(140.0);
    assert_eq!(run.codes(), ["manifest-refused"]);
}

#[test]
fn deliveries_of_another_phone_at_the_address_do_not_count() {
    let mut run = Run::new(plan());
    run.fetch(0.0, ADDRESS, TERM);
    run.report_mac(2.0, ADDRESS, PHONE, EvidenceSource::Neighbour);
    run.fetch(100.0, ADDRESS, TERM);
    run.report_mac(102.0, ADDRESS, PHONE + 1, EvidenceSource::Neighbour);
    run.advance_to(200.0);
    assert!(run.codes().is_empty());
}

#[test]
fn a_manifest_of_the_phone_before_proves_nothing_of_another_phone() {
    let mut run = Run::new(plan());
    run.fetch(0.0, ADDRESS, TERM);
    run.report_mac(2.0, ADDRESS, PHONE, EvidenceSource::Neighbour);
    let transfer = run.request(100.0, ADDRESS, TERM);
    let end = TransferEnd::Aborted {
        code: None,
        message: None,
    };
    run.end(100.5, ADDRESS, transfer, end, 0);
    for (number, (name, _)) in (0_u8..).zip(IMAGES) {
        run.fetch(102.0 + f64::from(number), ADDRESS, name);
    }
    run.boot(120.0, ADDRESS, PHONE + 1);
    assert_ne!(run.phone_of(PHONE + 1).state, State::Flashed);
}

/// What one phone does next.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// The boot loader fetches its manifest, perhaps as a pair.
    Recovery {
        pair: bool,
    },
    /// The application starts.
    Start,
    /// The application starts and fetches the target's manifest.
    Manifest,
    /// An image is delivered, or breaks off.
    Image {
        index: usize,
        whole: bool,
    },
    /// A whole pass.
    Pass,
    /// A source reports a load.
    Load(usize),
    Wait(u16),
}

const REPORTED: [&str; 3] = ["SCCP45.8-5-2S", "SCCP45.8-3-2S", LOAD];

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => any::<bool>().prop_map(|pair| Act::Recovery { pair }),
        2 => Just(Act::Start),
        2 => Just(Act::Manifest),
        3 => (0..IMAGES.len(), any::<bool>()).prop_map(|(index, whole)| Act::Image { index, whole }),
        2 => Just(Act::Pass),
        1 => (0..REPORTED.len()).prop_map(Act::Load),
        4 => (20..400_u16).prop_map(Act::Wait),
    ];
    prop::collection::vec(act, 0..25)
}

fn act(run: &mut Run, at: &mut f64, act: Act) {
    match act {
        Act::Recovery { pair } => {
            run.fetch(*at, ADDRESS, TERM);
            if pair {
                run.fetch(*at + 1.0, ADDRESS, TERM);
            }
        }
        Act::Start => {
            run.boot(*at, ADDRESS, PHONE);
        }
        Act::Manifest => {
            run.boot(*at, ADDRESS, PHONE)
                .fetch(*at + 1.0, ADDRESS, LOADS);
        }
        Act::Image { index, whole } => {
            let (name, size) = IMAGES[index];
            if whole {
                run.fetch(*at, ADDRESS, name);
            } else {
                let transfer = run.fetch_partly(*at, ADDRESS, name, size / 3);
                let end = TransferEnd::Vanished { all_sent: false };
                run.end(*at + 1.0, ADDRESS, transfer, end, size / 3);
            }
        }
        Act::Pass => {
            run.full_pass(*at, ADDRESS, TERM);
            *at += 30.0;
        }
        Act::Load(index) => run.observe(
            *at,
            ADDRESS,
            ObservationKind::Load {
                load: LoadName::new(REPORTED[index]),
                source: EvidenceSource::Cdp,
                detail: String::new(),
            },
        ),
        Act::Wait(seconds) => *at += f64::from(seconds),
    }
    *at += 3.0;
}

/// The codes in order, the state, the pass, and the diagnoses.
fn outcome(run: &Run) -> (Vec<String>, State, u32, Vec<String>) {
    let phone: PhoneReport = run.phone();
    let codes = phone.diagnoses.iter().map(|it| it.code.to_string());
    (run.codes(), phone.state, phone.pass, codes.collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn reports_of_the_phone_s_own_mac_change_no_diagnosis(
        acts in acts(),
        known in any::<bool>(),
        reports in prop::collection::vec((0..26_usize, 0..SOURCES.len()), 0..20),
    ) {
        let mut outcomes = Vec::new();
        for with_reports in [false, true] {
            let mut run = Run::new(with_bridge());
            let mut at = 1.0;
            if known {
                run.boot(at, ADDRESS, PHONE);
            } else {
                run.fetch(at, ADDRESS, TERM);
            }
            at += 5.0;
            for (index, next) in acts.iter().enumerate() {
                for (_, source) in reports.iter().filter(|(place, _)| with_reports && *place == index) {
                    run.report_mac(at - 0.9, ADDRESS, PHONE, SOURCES[*source]);
                }
                act(&mut run, &mut at, *next);
            }
            // Without a report at the end, an episode would be no phone's.
            run.report_mac(at, ADDRESS, PHONE, EvidenceSource::Cdp);
            run.advance_to(at + 700.0);
            outcomes.push((!run.report().phones.is_empty()).then(|| outcome(&run)));
        }
        prop_assert_eq!(&outcomes[0], &outcomes[1]);
    }
}
