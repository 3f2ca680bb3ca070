//! A journal that is cut anywhere gives a state that the run was in; any other bytes are refused.

use std::fs;

use jiff::Timestamp;
use proptest::prelude::*;
use reflash::{
    journal::{self, JournalErrorKind},
    phone::LoadName,
    track::{Event, EvidenceSource, FileOutcome, ObservationKind, Report, RunTime, TransferEnd},
};

use super::recorder::Live;
use crate::support::conversation::*;

#[derive(Debug, Clone)]
enum Act {
    Ask(usize, bool),
    Acknowledge(u64, u64),
    End(u64, u8),
    Named(u8),
    Load(usize),
    Wait(u64),
    /// A manifest and its images, each with acknowledgements and an end, and a boot.
    Pass([u8; 6], u8),
}

const LOADS_SAID: [&str; 3] = [LOAD, "SCCP45.8-5-2S", "term65.default"];

fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        TERM,
        LOADS,
        "XMLDefault.cnf.xml",
        "mk-sip.jar",
        "\u{0}\n\"x",
    ]
    .map(str::to_owned)
    .into();
    names.extend(IMAGES.map(|(name, _)| name.to_owned()));
    names.extend((1..4).map(|n| format!("CTLSEP{}.tlv", mac(n).upper_hex())));
    names.extend((1..4).map(|n| format!("SEP{}.cnf.xml", mac(n).upper_hex())));
    names
}

fn acts() -> impl Strategy<Value = Vec<(u8, Act)>> {
    let end = prop::sample::select(&[0_u8, 1, 2, 3, 4, 4, 4, 4, 4][..]);
    let act = prop_oneof![
        6 => (0..names().len(), prop::bool::weighted(0.9)).prop_map(|(n, s)| Act::Ask(n, s)),
        6 => (0..8_u64, 0..2000_u64).prop_map(|(back, bytes)| Act::Acknowledge(back, bytes)),
        5 => (0..6_u64, 0..6_u8).prop_map(|(back, end)| Act::End(back, end)),
        1 => (1..4_u8).prop_map(Act::Named),
        1 => (0..LOADS_SAID.len()).prop_map(Act::Load),
        2 => prop_oneof![1..8_u64, 100..700_u64].prop_map(Act::Wait),
        1 => (prop::array::uniform6(end), 1..4_u8).prop_map(|(ends, n)| Act::Pass(ends, n)),
    ];
    prop::collection::vec((10..13_u8, act), 1..60)
}

fn end(kind: u8) -> TransferEnd {
    match kind {
        0 => TransferEnd::Aborted {
            code: Some(0),
            message: Some("no \u{1b} more".to_owned()),
        },
        1 => TransferEnd::Vanished { all_sent: true },
        2 => TransferEnd::Vanished { all_sent: false },
        3 => TransferEnd::Replaced,
        _ => TransferEnd::Delivered,
    }
}

fn play(live: &mut Live, acts: Vec<(u8, Act)>) {
    let names = names();
    for (who, act) in acts {
        match act {
            Act::Ask(name, served) => {
                live.ask(who, &names[name], served.then_some(1000));
            }
            Act::Acknowledge(back, bytes) => {
                let (who, transfer) = live.recent(back, who);
                live.see(who, ObservationKind::Acknowledged { transfer, bytes });
            }
            Act::End(back, kind) => {
                let (who, transfer) = live.recent(back, who);
                let ended = ObservationKind::Ended {
                    transfer,
                    end: end(kind),
                    bytes: 1000,
                };
                live.see(who, ended);
            }
            Act::Named(name) => {
                let mac = mac(name);
                let source = EvidenceSource::Neighbour;
                live.see(who, ObservationKind::MacReported { mac, source });
            }
            Act::Load(load) => {
                let kind = ObservationKind::Load {
                    load: LoadName::new(LOADS_SAID[load]),
                    source: EvidenceSource::Cdp,
                    detail: "said so".to_owned(),
                };
                live.see(who, kind);
            }
            Act::Wait(seconds) => live.wait(seconds),
            Act::Pass(ends, name) => {
                let files = [TERM].into_iter().chain(IMAGES.map(|(name, _)| name));
                for (file, kind) in files.zip(ends) {
                    let transfer = live.ask(who, file, Some(1000));
                    for bytes in [300, 600] {
                        live.see(who, ObservationKind::Acknowledged { transfer, bytes });
                    }
                    live.wait(2);
                    let (end, bytes) = (end(kind), 1000);
                    live.see(
                        who,
                        ObservationKind::Ended {
                            transfer,
                            end,
                            bytes,
                        },
                    );
                }
                live.ask(who, &format!("CTLSEP{}.tlv", mac(name).upper_hex()), None);
            }
        }
    }
}

/// Without what a held-back acknowledgement alone changes: how far a transfer that is under
/// way is, and when that was heard.
fn without_progress(mut report: Report) -> Report {
    let files = report
        .phones
        .iter_mut()
        .map(|phone| {
            phone.last_seen = Timestamp::UNIX_EPOCH;
            &mut phone.files
        })
        .chain(report.others.iter_mut().map(|other| &mut other.files));
    for file in files.flatten() {
        if file.outcome == FileOutcome::Asked {
            file.bytes = 0;
        }
    }
    report
}

fn steps(events: &[(RunTime, Event)]) -> Vec<&Event> {
    events.iter().map(|(_, event)| event).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_journal_cut_anywhere_is_a_state_that_the_run_was_in(
        acts in acts(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 12),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        let mut live = Live::new(&path);
        play(&mut live, acts);
        live.finish();
        let bytes = fs::read(&path).unwrap();

        let whole = journal::read(&path).unwrap();
        prop_assert_eq!(
            whole.fleet().report(Timestamp::UNIX_EPOCH),
            live.fleet.report(Timestamp::UNIX_EPOCH)
        );
        prop_assert!(whole.finished && whole.lines_cut == 0 && whole.unknown_lines == 0);

        let cut_file = folder.path().join("cut.jsonl");
        let first = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for cut in cuts {
            let length = cut.index(bytes.len());
            fs::write(&cut_file, &bytes[..length]).unwrap();
            let read = journal::read(&cut_file);
            if length < first {
                let kind = read.unwrap_err().kind;
                prop_assert!(
                    match kind {
                        JournalErrorKind::Empty => length == 0,
                        JournalErrorKind::Foreign => length > 0,
                        _ => false,
                    },
                    "{length}: {kind:?}"
                );
                continue;
            }
            let recorded = read.unwrap();
            prop_assert_eq!(recorded.lines_cut, usize::from(bytes[length - 1] != b'\n'));
            let known = without_progress(live.told[&recorded.last].clone());
            let fleet = recorded.fleet();
            prop_assert_eq!(without_progress(fleet.report(Timestamp::UNIX_EPOCH)), known);
            // What was told stands beside it, as far as it goes.
            let told = steps(&recorded.events);
            prop_assert_eq!(&told[..], &steps(&whole.events)[..told.len()]);
        }
    }

    #[test]
    fn any_bytes_are_a_journal_or_words(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any");
        fs::write(&path, &bytes).unwrap();
        prop_assert!(journal::read(&path).is_err());
        let live = folder.path().join("run.jsonl");
        Live::new(&live).finish();
        let mut whole = fs::read(&live).unwrap();
        whole.extend_from_slice(&bytes);
        fs::write(&path, &whole).unwrap();
        let recorded = journal::read(&path).unwrap();
        prop_assert_eq!(recorded.observations.len(), 0);
    }
}
