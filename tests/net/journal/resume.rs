//! A journal is continued: what a killed server loses, and which files are refused.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use reflash::{
    journal::{self, Journal, JournalErrorKind, RecordedRun, RunFinished},
    phone::LoadName,
    track::{
        EvidenceSource, FileOutcome, Fleet, Observation, ObservationKind, State, TransferEnd,
        TransferId, Transport,
    },
};

use super::recorder::{BEGAN, RecordedFleet, header, network, wait_for_lines};
use crate::support::conversation::*;

#[test]
fn a_resumed_run_continues_at_the_last_time_with_the_wall_clock_of_each_session() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut live = RecordedFleet::new(&path);
    live.wait(10);
    live.request(10, TERM, Some(1000));
    let fleet = live.fleet.report(Timestamp::UNIX_EPOCH);
    drop(live);
    // The server was killed while it wrote a line.
    let mut bytes = wait_for_lines(&path, 2);
    let whole = bytes.len();
    bytes.extend_from_slice(b"{\"at\":\"2026-07-14T");
    fs::write(&path, &bytes).unwrap();

    let later = Timestamp::from_second(BEGAN + 7000).unwrap();
    // The thread of the dropped journal closes the file some time later.
    let patience = Instant::now() + Duration::from_secs(30);
    let (journal, recorded) = loop {
        match Journal::resume(&path, later, network()) {
            Err(error)
                if matches!(error.kind, JournalErrorKind::InUse) && Instant::now() < patience =>
            {
                thread::sleep(Duration::from_millis(5));
            }
            resumed => break resumed.unwrap(),
        }
    };
    assert_eq!(recorded.lines_cut, 1);
    assert_eq!(recorded.fleet().report(Timestamp::UNIX_EPOCH), fleet);
    let text = fs::read(&path).unwrap();
    assert_eq!(text[..whole], bytes[..whole]);
    assert!(
        text[whole..].starts_with(b"{\"at\""),
        "the incomplete line is removed"
    );

    let mut fleet = recorded.fleet();
    let at = recorded.last + Duration::from_secs(30);
    let requested = Observation {
        address: address(11),
        kind: ObservationKind::Requested {
            transfer: TransferId(1),
            transport: Transport::Tftp,
            name: TERM.to_owned(),
            port: 1,
            served: None,
            error: None,
            sender: None,
        },
    };
    let events = fleet.observe(at, &requested);
    journal.observe(at, &requested, &events);
    let finished = RunFinished {
        totals: fleet.report(Timestamp::UNIX_EPOCH).totals,
        succeeded: false,
        signal: Some(2),
    };
    assert_eq!(journal.finish(at, finished), None);

    let recorded = journal::read(&path).unwrap();
    assert_eq!(recorded.sessions.count(), 2);
    assert_eq!(recorded.end, Some(finished));
    let mut first_seen: Vec<i64> = recorded
        .report()
        .phones
        .iter()
        .map(|phone| phone.first_seen.as_second() - BEGAN)
        .collect();
    // The report lists phones that need attention first.
    first_seen.sort_unstable();
    assert_eq!(first_seen, [10, 7030]);
}

#[test]
fn a_run_that_left_an_unfinished_phone_is_found_and_one_whose_phones_are_done_is_not() {
    let finished = |succeeded| RunFinished {
        totals: Fleet::new(plan()).report(Timestamp::UNIX_EPOCH).totals,
        succeeded,
        signal: None,
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1.jsonl");
    let mut live = RecordedFleet::new(&path);
    delivered(&mut live, TERM);
    for (name, _) in &IMAGES {
        delivered(&mut live, name);
    }
    let state = |live: &RecordedFleet| live.fleet.report(Timestamp::UNIX_EPOCH).phones[0].state;
    assert_eq!(state(&live), State::Writing);
    // Its time was up.
    live.finish_with(finished(false));
    let found = || journal::newest_resumable(folder.path()).unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while found().is_none() && Instant::now() < until {
        // The thread of the journal unlocks the file some time later.
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(found().as_deref(), Some(path.as_path()));
    fs::remove_file(&path).unwrap();

    let mut live = RecordedFleet::new(&folder.path().join("2.jsonl"));
    live.observe(
        10,
        ObservationKind::Load {
            load: LoadName::new(LOAD),
            source: EvidenceSource::Cdp,
            detail: LOAD.to_owned(),
        },
    );
    assert_eq!(state(&live), State::Already);
    live.finish_with(finished(true));
    assert_eq!(found(), None);
}

/// The server is killed in the middle of this transfer.
fn killed(live: &mut RecordedFleet, transfer: TransferId, bytes: u64) {
    let end = TransferEnd::Killed;
    live.observe(
        10,
        ObservationKind::Ended {
            transfer,
            end,
            bytes,
        },
    );
}

fn delivered(live: &mut RecordedFleet, name: &str) {
    let transfer = live.request(10, name, Some(1000));
    live.observe(
        10,
        ObservationKind::Ended {
            transfer,
            end: TransferEnd::Delivered,
            bytes: 1000,
        },
    );
}

#[test]
fn a_kill_raises_no_diagnosis_and_later_requests_imply_the_files_before_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut live = RecordedFleet::new(&folder.path().join("run.jsonl"));
    let manifest = live.request(10, TERM, Some(1000));
    killed(&mut live, manifest, 0);
    // The phone has the manifest, since it requests its images. Four kills during one image.
    for _ in 0..4 {
        let image = live.request(10, IMAGES[0].0, Some(1000));
        killed(&mut live, image, 300);
        live.wait(20);
    }
    // The phone was unplugged because no server answered, and starts over.
    delivered(&mut live, TERM);
    let image = live.request(10, IMAGES[0].0, Some(1000));
    killed(&mut live, image, 0);
    for (name, _) in &IMAGES[1..] {
        delivered(&mut live, name);
    }
    let now = |live: &RecordedFleet| live.fleet.report(Timestamp::UNIX_EPOCH).phones.remove(0);
    let phone = now(&live);
    assert_eq!(
        (&phone.diagnoses[..], &phone.withdrawn[..]),
        (&[][..], &[][..])
    );
    assert_eq!(phone.state, State::Writing, "{phone:#?}");
    let implied: Vec<&str> = phone
        .files
        .iter()
        .filter(|file| file.outcome == FileOutcome::Implied)
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(implied, [TERM, IMAGES[0].0]);
    live.request(10, &format!("CTLSEP{}.tlv", mac(1).upper_hex()), None);
    delivered(&mut live, "XMLDefault.cnf.xml");
    live.request(10, "mk-sip.jar", None);
    assert_eq!(now(&live).state, State::Flashed, "implied does not confirm");
}

#[test]
fn a_kill_in_the_last_image_leaves_the_phone_not_done() {
    let folder = tempfile::tempdir().unwrap();
    let mut live = RecordedFleet::new(&folder.path().join("run.jsonl"));
    delivered(&mut live, TERM);
    for (name, _) in &IMAGES[..4] {
        delivered(&mut live, name);
    }
    let image = live.request(10, IMAGES[4].0, Some(1000));
    killed(&mut live, image, 990);
    live.request(10, &format!("CTLSEP{}.tlv", mac(1).upper_hex()), None);
    delivered(&mut live, "XMLDefault.cnf.xml");
    let phone = live.fleet.report(Timestamp::UNIX_EPOCH).phones.remove(0);
    assert_eq!(phone.state, State::Configuring);
    assert_eq!(phone.diagnoses, []);
}

fn error_kind(result: Result<(Journal, RecordedRun), journal::JournalError>) -> JournalErrorKind {
    let error = result.unwrap_err();
    assert!(!error.cure().is_empty());
    error.kind
}

#[test]
fn a_journal_that_cannot_be_resumed_is_refused_and_left_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut live = RecordedFleet::new(&path);
    let resume = |path: &Path| Journal::resume(path, Timestamp::UNIX_EPOCH, network());
    assert!(matches!(error_kind(resume(&path)), JournalErrorKind::InUse));
    for _ in 0..3 {
        live.request(10, TERM, Some(1000));
    }
    drop(live);
    let good = wait_for_lines(&path, 4);
    let text = String::from_utf8(good).unwrap();
    let lines: Vec<&str> = text.lines().collect();

    let other = folder.path().join("other.jsonl");
    let broken = format!("{}\n{}\nx\n{}\n", lines[0], lines[1], lines[2]);
    let newer = format!(
        "{}\n{{\"at\":\"2026-07-14T00:00:00Z\",\"kind\":\"new\"}}\n",
        lines[0]
    );
    let cases: [(&str, &str); 6] = [
        ("Empty", ""),
        ("Foreign", "PK\u{3}\u{4}\n"),
        ("Foreign", "{\"kind\":\"started\"}\n"),
        ("Schema(9)", "{\"kind\":\"journal\",\"schema\":9}\n"),
        ("Damaged { line: 3, after: 1 }", &broken),
        ("Unknown(1)", &newer),
    ];
    for (expected, text) in cases {
        fs::write(&other, text).unwrap();
        let kind = error_kind(resume(&other));
        assert_eq!(format!("{kind:?}"), expected);
        assert_eq!(fs::read_to_string(&other).unwrap(), text, "{expected}");
    }
    // The lines before the damage can still be reported.
    fs::write(&other, &broken).unwrap();
    let recorded = journal::read(&other).unwrap();
    assert_eq!((recorded.observations.len(), recorded.lines_cut), (1, 2));
    assert!(matches!(
        journal::read(folder.path()).unwrap_err().kind,
        JournalErrorKind::NoFile("folder")
    ));
    let again = Journal::create(&path, Timestamp::UNIX_EPOCH, header());
    assert!(matches!(again.unwrap_err().kind, JournalErrorKind::Exists));
}

#[test]
fn a_journal_is_readable_by_its_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/reflash/run.jsonl");
    RecordedFleet::new(&path).finish();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}
