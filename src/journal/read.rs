//! Reading a journal: any bytes give a record or words.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufRead, BufReader, Read},
    net::Ipv4Addr,
    path::Path,
};

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Header, JournalError, JournalErrorKind, OLDEST_SCHEMA, SCHEMA, Session, Sessions,
    limits::{MAX_FILE_BYTES, MAX_LINE_BYTES},
    line::{Content, Finished, HEADER, Line},
};
use crate::track::{Event, Fleet, Observation, ObservationKind, Plan, Report, RunTime, TransferId};

/// A journal, read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordedRun {
    /// What was served, and who was expected.
    pub header: Header,
    /// Everything that was seen, in order.
    pub observations: Vec<(RunTime, Observation)>,
    /// Every step, diagnosis and withdrawal that was events, in order.
    pub events: Vec<(RunTime, Event)>,
    /// When the program was started for it.
    pub sessions: Sessions,
    /// The run's time of the last line.
    pub last: RunTime,
    /// Lines at the end that are none: what was being written when the run was killed.
    pub lines_cut: usize,
    /// Lines that a newer version wrote.
    pub unknown_lines: usize,
    /// Whether the run ended in order, and was not resumed since.
    pub finished: bool,
    /// How it ended, the last time that it did.
    pub end: Option<Finished>,
    /// Bytes of the whole lines.
    pub(super) whole: u64,
    /// The first line that is none, from 1.
    pub(super) broken: usize,
}

/// A transfer that had no end when the record ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenTransfer {
    pub(crate) address: Ipv4Addr,
    pub(crate) transfer: TransferId,
    /// Acknowledged, as far as is recorded.
    pub(crate) bytes: u64,
}

/// Reads the journal in this file. A last line that was being written is left out.
pub fn read(path: &Path) -> Result<RecordedRun, JournalError> {
    let file = open_file(path)?;
    from_reader(BufReader::new(file)).map_err(|fault| JournalError::new(path, fault))
}

/// Reads its first line alone.
pub fn read_header(path: &Path) -> Result<Header, JournalError> {
    let file = BufReader::new(open_file(path)?);
    let failed = |fault| JournalError::new(path, fault);
    let line = Lines::new(file).next().map_err(failed)?;
    let (_, header) = header(line.as_deref()).map_err(failed)?;
    Ok(header)
}

fn open_file(path: &Path) -> Result<File, JournalError> {
    let failed = |error| JournalError::new(path, JournalErrorKind::Read(error));
    // Opening a pipe would wait for whoever writes to it.
    let kind = path.metadata().map_err(failed)?;
    if !kind.is_file() {
        let what = if kind.is_dir() {
            "folder"
        } else {
            "pipe or a device"
        };
        return Err(JournalError::new(path, JournalErrorKind::NoFile(what)));
    }
    if kind.len() == 0 {
        return Err(JournalError::new(path, JournalErrorKind::Empty));
    }
    File::open(path).map_err(failed)
}

/// Lines with their ends; what has none is torn.
struct Lines<R> {
    from: R,
    /// Bytes of whole lines so far.
    whole: u64,
    torn: bool,
}

impl<R: BufRead> Lines<R> {
    fn new(from: R) -> Self {
        Self {
            from,
            whole: 0,
            torn: false,
        }
    }

    /// The next whole line.
    fn next(&mut self) -> Result<Option<Vec<u8>>, JournalErrorKind> {
        let mut line = Vec::new();
        let mut limited = self.from.by_ref().take(MAX_LINE_BYTES);
        let length = limited
            .read_until(b'\n', &mut line)
            .map_err(JournalErrorKind::Read)?;
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        if line.last() != Some(&b'\n') {
            if length >= MAX_LINE_BYTES {
                return Err(JournalErrorKind::TooLong);
            }
            self.torn = !line.is_empty();
            return Ok(None);
        }
        self.whole += length;
        if self.whole > MAX_FILE_BYTES {
            return Err(JournalErrorKind::TooLong);
        }
        Ok(Some(line))
    }
}

/// The first line's header. The kind and the schema are looked at before anything else.
fn header(line: Option<&[u8]>) -> Result<(Timestamp, Header), JournalErrorKind> {
    #[derive(Deserialize)]
    struct HeaderMark {
        kind: String,
        schema: u64,
    }
    let line = line.ok_or(JournalErrorKind::Foreign)?;
    let mark: HeaderMark = serde_json::from_slice(line).map_err(|_| JournalErrorKind::Foreign)?;
    if mark.kind != HEADER {
        return Err(JournalErrorKind::Foreign);
    }
    if !(u64::from(OLDEST_SCHEMA)..=u64::from(SCHEMA)).contains(&mark.schema) {
        return Err(JournalErrorKind::Schema(mark.schema));
    }
    match serde_json::from_slice(line) {
        Ok(Line {
            at,
            content: Content::Journal(header),
        }) => Ok((at, *header)),
        Ok(_) => Err(JournalErrorKind::Foreign),
        Err(error) => Err(JournalErrorKind::Header(error.to_string())),
    }
}

pub(super) fn from_reader(from: impl BufRead) -> Result<RecordedRun, JournalErrorKind> {
    let mut lines = Lines::new(from);
    // Only a whole file may be too long: a foreign one has no such first line.
    let first = match lines.next() {
        Err(JournalErrorKind::TooLong) => return Err(JournalErrorKind::Foreign),
        other => other?,
    };
    let (at, header) = header(first.as_deref())?;
    let mut recorded = RecordedRun {
        sessions: Sessions::new(at, header.speed),
        header,
        observations: Vec::new(),
        events: Vec::new(),
        last: RunTime::ZERO,
        lines_cut: 0,
        unknown_lines: 0,
        finished: false,
        end: None,
        whole: lines.whole,
        broken: 0,
    };
    let mut number = 1;
    while let Some(line) = lines.next()? {
        number += 1;
        if recorded.lines_cut > 0 {
            recorded.lines_cut += 1;
            continue;
        }
        match serde_json::from_slice(&line) {
            Ok(line) => recorded.add(line),
            Err(_) if is_unknown(&line) => recorded.unknown_lines += 1,
            Err(_) => {
                recorded.lines_cut = 1;
                recorded.broken = number;
                continue;
            }
        }
        recorded.whole = lines.whole;
    }
    recorded.lines_cut += usize::from(lines.torn);
    // Acknowledgements are written later than they were seen.
    recorded.observations.sort_by_key(|(at, _)| *at);
    Ok(recorded)
}

/// Whether this may be a line of a newer version: an object with a time and a kind.
fn is_unknown(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Any {
        #[serde(rename = "at")]
        _at: Timestamp,
        #[serde(rename = "kind")]
        _kind: String,
    }
    serde_json::from_slice::<Any>(line).is_ok()
}

impl RecordedRun {
    fn add(&mut self, line: Line) {
        let ns = line.content.run_time();
        // Never back, whoever edited the file.
        self.last = self.last.max(ns);
        match line.content {
            // A second header says nothing that counts.
            Content::Journal(_) => self.unknown_lines += 1,
            Content::Observation {
                address,
                observed: seen,
                events,
                ..
            } => {
                self.observations.push((ns, Observation { address, seen }));
                self.events
                    .extend(events.into_iter().map(|event| (ns, event)));
            }
            Content::Events { events, .. } => {
                self.events
                    .extend(events.into_iter().map(|event| (ns, event)));
            }
            Content::Session { schema, .. } => {
                // A newer program continued it: what follows may mean something else.
                self.unknown_lines += usize::from(schema > SCHEMA);
                self.finished = false;
                self.sessions.push(Session {
                    start: ns,
                    at: line.at,
                });
            }
            Content::Finished { finished, .. } => {
                self.finished = true;
                self.end = Some(finished);
            }
        }
    }

    /// The fleet as it was when the record ended.
    #[must_use]
    pub fn fleet(&self) -> Fleet {
        self.refold(self.header.plan())
    }

    /// The same under another plan, which must serve the same bundles.
    #[must_use]
    pub fn refold(&self, plan: Plan) -> Fleet {
        let mut fleet = Fleet::new(plan);
        for (at, observation) in &self.observations {
            fleet.observe(*at, observation);
        }
        fleet.tick(self.last);
        fleet
    }

    /// What became of every phone, with its name and with times of day.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut report = self.fleet().report(self.sessions.began());
        self.sessions.to_wall_clock(&mut report);
        report
    }

    /// Transfers that had no end.
    pub(crate) fn open_transfers(&self) -> Vec<OpenTransfer> {
        let mut open = BTreeMap::new();
        for (_, Observation { address, seen }) in &self.observations {
            match seen {
                ObservationKind::Requested {
                    transfer,
                    served: Some(_),
                    ..
                } => {
                    open.insert(
                        *transfer,
                        OpenTransfer {
                            address: *address,
                            transfer: *transfer,
                            bytes: 0,
                        },
                    );
                }
                ObservationKind::Acknowledged { transfer, bytes } => {
                    if let Some(open) = open.get_mut(transfer) {
                        open.bytes = open.bytes.max(*bytes);
                    }
                }
                ObservationKind::Ended { transfer, .. } => {
                    open.remove(transfer);
                }
                _ => {}
            }
        }
        open.into_values().collect()
    }

    /// The number that the next transfer may have.
    pub(crate) fn next_transfer(&self) -> u64 {
        let numbers: BTreeSet<u64> = self
            .observations
            .iter()
            .filter_map(|(_, observation)| match &observation.seen {
                ObservationKind::Requested { transfer, .. } => Some(transfer.0),
                _ => None,
            })
            .collect();
        numbers.last().map_or(0, |last| last.saturating_add(1))
    }

    /// Whether this program may go on with it, and where its whole lines end.
    pub(super) fn resumable(&self) -> Result<u64, JournalErrorKind> {
        if self.unknown_lines > 0 {
            return Err(JournalErrorKind::Unknown(self.unknown_lines));
        }
        if self.broken > 0 && self.lines_cut > 1 {
            return Err(JournalErrorKind::Damaged {
                line: self.broken,
                after: self.lines_cut - 1,
            });
        }
        Ok(self.whole)
    }
}
