//! Limits of the size, and lines of counts.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::*;
use crate::{
    journal::{self, Arguments, REPORTS_BYTES, STRANGERS_BYTES},
    track::{ObservationKind, Plan},
};

fn journal(path: &Path) -> Journal {
    let tftp = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 69);
    let network = Network { tftp, http: None };
    let header = JournalHeader::new(
        "convert",
        network,
        Arguments::default(),
        &[],
        &Plan::default(),
    );
    Journal::create(path, Timestamp::UNIX_EPOCH, header).unwrap()
}

fn request(number: u64) -> Observation {
    Observation {
        address: Ipv4Addr::LOCALHOST,
        kind: ObservationKind::RequestRepeated {
            transfer: crate::track::TransferId(number),
        },
    }
}

#[test]
fn a_journal_at_each_limit_says_so_once_and_ends_at_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let journal = journal(&path);
    assert_eq!(
        (journal.space(), journal.limit_warning()),
        (Space::All, None)
    );
    for (bytes, space, text) in [
        (STRANGERS_BYTES, Space::Phones, "has 128 MiB"),
        (REPORTS_BYTES, Space::Requests, "has 256 MiB"),
        (END_BYTES, Space::All, "has 480 MiB and ends here"),
    ] {
        journal.intake().bytes = bytes;
        assert_eq!(journal.space(), space);
        let warning = journal.limit_warning().unwrap();
        assert!(warning.contains(text), "{warning}");
        assert_eq!(journal.limit_warning(), None);
        let line = journal.observe(RunTime::ZERO, &request(bytes), &[]);
        assert_eq!(line > 0, bytes < END_BYTES, "{text}");
    }
}

#[test]
fn counts_are_written_once_a_minute_and_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let journal = journal(&path);
    let one = Counted {
        requests: 1,
        reports: 2,
    };
    for second in 0..150 {
        journal.count(Duration::from_secs(second), one);
    }
    let finished = RunFinished {
        totals: crate::track::Totals::default(),
        succeeded: false,
        signal: None,
    };
    assert_eq!(journal.finish(Duration::from_secs(150), finished), None);
    let recorded = journal::read(&path).unwrap();
    assert_eq!(
        recorded.counted,
        Counted {
            requests: 150,
            reports: 300
        }
    );
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches(r#""kind":"counted""#).count(), 3, "{text}");
    assert_eq!((recorded.unknown_lines, recorded.lines_cut), (0, 0));
}
