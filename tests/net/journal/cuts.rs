//! A journal that is cut anywhere gives a state that the run was in; any other bytes are refused.

use std::fs;

use jiff::Timestamp;
use proptest::prelude::*;
use reflash::{
    journal::{self, JournalErrorKind},
    phone::LoadName,
    track::{Event, EvidenceSource, FileOutcome, ObservationKind, Report, RunTime, TransferEnd},
};

use super::recorder::RecordedFleet;
use crate::support::conversation::*;

#[derive(Debug, Clone)]
enum Action {
    Request(usize, bool),
    Acknowledge(u64, u64),
    End(u64, u8),
    Mac(u8),
    Load(usize),
    Wait(u64),
    /// A manifest and its images, each with acknowledgements and an end, and a boot.
    Pass([u8; 6], u8),
}

const REPORTED_LOADS: [&str; 3] = [LOAD, "SCCP45.8-5-2S", "term65.default"];

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

fn actions() -> impl Strategy<Value = Vec<(u8, Action)>> {
    let end = prop::sample::select(&[0_u8, 1, 2, 3, 4, 4, 4, 4, 4][..]);
    let action = prop_oneof![
        6 => (0..names().len(), prop::bool::weighted(0.9)).prop_map(|(n, s)| Action::Request(n, s)),
        6 => (0..8_u64, 0..2000_u64).prop_map(|(back, bytes)| Action::Acknowledge(back, bytes)),
        5 => (0..6_u64, 0..6_u8).prop_map(|(back, end)| Action::End(back, end)),
        1 => (1..4_u8).prop_map(Action::Mac),
        1 => (0..REPORTED_LOADS.len()).prop_map(Action::Load),
        2 => prop_oneof![1..8_u64, 100..700_u64].prop_map(Action::Wait),
        1 => (prop::array::uniform6(end), 1..4_u8).prop_map(|(ends, n)| Action::Pass(ends, n)),
    ];
    prop::collection::vec((10..13_u8, action), 1..60)
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

fn play(live: &mut RecordedFleet, actions: Vec<(u8, Action)>) {
    let names = names();
    for (host, action) in actions {
        match action {
            Action::Request(name, served) => {
                live.request(host, &names[name], served.then_some(1000));
            }
            Action::Acknowledge(back, bytes) => {
                let (host, transfer) = live.recent(back, host);
                live.observe(host, ObservationKind::Acknowledged { transfer, bytes });
            }
            Action::End(back, kind) => {
                let (host, transfer) = live.recent(back, host);
                let ended = ObservationKind::Ended {
                    transfer,
                    end: end(kind),
                    bytes: 1000,
                };
                live.observe(host, ended);
            }
            Action::Mac(name) => {
                let mac = mac(name);
                let source = EvidenceSource::Neighbour;
                live.observe(
                    host,
                    ObservationKind::MacReported {
                        mac,
                        source,
                        sender: None,
                    },
                );
            }
            Action::Load(load) => {
                let kind = ObservationKind::Load {
                    load: LoadName::new(REPORTED_LOADS[load]),
                    source: EvidenceSource::Cdp,
                    detail: "reported by CDP".to_owned(),
                };
                live.observe(host, kind);
            }
            Action::Wait(seconds) => live.wait(seconds),
            Action::Pass(ends, name) => {
                let files = [TERM].into_iter().chain(IMAGES.map(|(name, _)| name));
                for (file, kind) in files.zip(ends) {
                    let transfer = live.request(host, file, Some(1000));
                    for bytes in [300, 600] {
                        live.observe(host, ObservationKind::Acknowledged { transfer, bytes });
                    }
                    live.wait(2);
                    let (end, bytes) = (end(kind), 1000);
                    live.observe(
                        host,
                        ObservationKind::Ended {
                            transfer,
                            end,
                            bytes,
                        },
                    );
                }
                live.request(host, &format!("CTLSEP{}.tlv", mac(name).upper_hex()), None);
            }
        }
    }
}

/// Without what a delayed acknowledgement alone changes: the progress of active transfers, and
/// its time.
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
    fn a_journal_cut_at_any_byte_is_an_earlier_state_of_the_run(
        actions in actions(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 12),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        let mut live = RecordedFleet::new(&path);
        play(&mut live, actions);
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
            let expected = without_progress(live.reports[&recorded.last].clone());
            let fleet = recorded.fleet();
            prop_assert_eq!(without_progress(fleet.report(Timestamp::UNIX_EPOCH)), expected);
            // Its events are the first events of the whole journal.
            let events = steps(&recorded.events);
            prop_assert_eq!(&events[..], &steps(&whole.events)[..events.len()]);
        }
    }

    #[test]
    fn any_bytes_are_a_journal_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any");
        fs::write(&path, &bytes).unwrap();
        prop_assert!(journal::read(&path).is_err());
        let live = folder.path().join("run.jsonl");
        RecordedFleet::new(&live).finish();
        let mut whole = fs::read(&live).unwrap();
        whole.extend_from_slice(&bytes);
        fs::write(&path, &whole).unwrap();
        let recorded = journal::read(&path).unwrap();
        prop_assert_eq!(recorded.observations.len(), 0);
    }
}

#[test]
fn a_request_that_its_first_acknowledgement_proves_is_proven_in_every_later_state_of_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut live = RecordedFleet::new(&path);
    let request = Action::Request(0, true);
    let acknowledge = Action::Acknowledge(1, 0);
    // The request of the other phone is written after the acknowledgement.
    let other = Action::Request(0, false);
    let missing = Action::Request(1, false);
    play(
        &mut live,
        vec![(10, missing), (10, request), (10, acknowledge), (11, other)],
    );
    live.finish();
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("192.168.5.11").unwrap();
    let (line, _) = rest.split_once('\n').unwrap();
    fs::write(&path, format!("{before}192.168.5.11{line}\n")).unwrap();
    let recorded = journal::read(&path).unwrap();
    let report = recorded.fleet().report(Timestamp::UNIX_EPOCH);
    assert_eq!(report, live.reports[&recorded.last]);
}
