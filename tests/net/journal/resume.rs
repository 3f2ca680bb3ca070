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
    track::{FileOutcome, Observation, ObservationKind, State, TransferEnd, TransferId, Transport},
};

use super::recorder::{BEGAN, Live, header, network, wait_for_lines};
use crate::support::conversation::*;

#[test]
fn a_resumed_run_goes_on_at_the_last_moment_with_the_wall_of_each_sitting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut live = Live::new(&path);
    live.wait(10);
    live.ask(10, TERM, Some(1000));
    let fleet = live.fleet.report(Timestamp::UNIX_EPOCH);
    drop(live);
    // Killed while it wrote a line.
    let mut bytes = wait_for_lines(&path, 2);
    let whole = bytes.len();
    bytes.extend_from_slice(b"{\"at\":\"2026-07-14T");
    fs::write(&path, &bytes).unwrap();

    let later = Timestamp::from_second(BEGAN + 7000).unwrap();
    // The writer of the dropped journal closes the file in its own time.
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
        "the torn line is gone"
    );

    let mut fleet = recorded.fleet();
    let at = recorded.last + Duration::from_secs(30);
    let asked = Observation {
        address: address(11),
        kind: ObservationKind::Requested {
            transfer: TransferId(1),
            transport: Transport::Tftp,
            name: TERM.to_owned(),
            port: 1,
            served: None,
        },
    };
    let events = fleet.observe(at, &asked);
    journal.observe(at, &asked, &events);
    let finished = RunFinished {
        totals: fleet.report(Timestamp::UNIX_EPOCH).totals,
        succeeded: false,
        signal: Some(2),
    };
    assert_eq!(journal.finish(at, finished), None);

    let recorded = journal::read(&path).unwrap();
    assert_eq!(recorded.sessions.count(), 2);
    assert_eq!(recorded.end, Some(finished));
    let mut seen: Vec<i64> = recorded
        .report()
        .phones
        .iter()
        .map(|phone| phone.first_seen.as_second() - BEGAN)
        .collect();
    // The report lists phones that need attention first.
    seen.sort_unstable();
    assert_eq!(seen, [10, 7030]);
}

/// The server is killed in the middle of this transfer.
fn killed(live: &mut Live, transfer: TransferId, bytes: u64) {
    let end = TransferEnd::Killed;
    live.see(
        10,
        ObservationKind::Ended {
            transfer,
            end,
            bytes,
        },
    );
}

fn delivered(live: &mut Live, name: &str) {
    let transfer = live.ask(10, name, Some(1000));
    live.see(
        10,
        ObservationKind::Ended {
            transfer,
            end: TransferEnd::Delivered,
            bytes: 1000,
        },
    );
}

#[test]
fn a_kill_is_not_the_phones_fault_and_what_follows_says_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let mut live = Live::new(&folder.path().join("run.jsonl"));
    let manifest = live.ask(10, TERM, Some(1000));
    killed(&mut live, manifest, 0);
    // It has the manifest: it asks for what stands in it. Four kills in one image.
    for _ in 0..4 {
        let image = live.ask(10, IMAGES[0].0, Some(1000));
        killed(&mut live, image, 300);
        live.wait(20);
    }
    // Unplugged, as nobody answered: it begins again.
    delivered(&mut live, TERM);
    let image = live.ask(10, IMAGES[0].0, Some(1000));
    killed(&mut live, image, 0);
    for (name, _) in &IMAGES[1..] {
        delivered(&mut live, name);
    }
    let now = |live: &Live| live.fleet.report(Timestamp::UNIX_EPOCH).phones.remove(0);
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
    live.ask(10, &format!("CTLSEP{}.tlv", mac(1).upper_hex()), None);
    live.ask(10, "mk-sip.jar", None);
    assert_eq!(now(&live).state, State::Flashed, "implied does not confirm");
}

#[test]
fn a_kill_in_the_last_image_leaves_the_phone_not_done() {
    let folder = tempfile::tempdir().unwrap();
    let mut live = Live::new(&folder.path().join("run.jsonl"));
    delivered(&mut live, TERM);
    for (name, _) in &IMAGES[..4] {
        delivered(&mut live, name);
    }
    let image = live.ask(10, IMAGES[4].0, Some(1000));
    killed(&mut live, image, 990);
    live.ask(10, &format!("CTLSEP{}.tlv", mac(1).upper_hex()), None);
    let phone = live.fleet.report(Timestamp::UNIX_EPOCH).phones.remove(0);
    assert_eq!(phone.state, State::Configuring);
    assert_eq!(phone.diagnoses, []);
}

fn fault(result: Result<(Journal, RecordedRun), journal::JournalError>) -> JournalErrorKind {
    let error = result.unwrap_err();
    assert!(!error.cure().is_empty());
    error.kind
}

#[test]
fn what_cannot_be_gone_on_with_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut live = Live::new(&path);
    let resume = |path: &Path| Journal::resume(path, Timestamp::UNIX_EPOCH, network());
    assert!(matches!(fault(resume(&path)), JournalErrorKind::InUse));
    for _ in 0..3 {
        live.ask(10, TERM, Some(1000));
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
    for (wanted, text) in cases {
        fs::write(&other, text).unwrap();
        let fault = fault(resume(&other));
        assert_eq!(format!("{fault:?}"), wanted);
        assert_eq!(fs::read_to_string(&other).unwrap(), text, "{wanted}");
    }
    // A report may still be made of what stands before the damage.
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
fn a_journal_is_for_its_user_alone_and_holds_no_more_than_names() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/reflash/run.jsonl");
    Live::new(&path).finish();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}
