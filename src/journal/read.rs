//! Reading a journal. Any input gives a recorded run or an error.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    JournalError, JournalErrorKind, JournalHeader, OLDEST_SCHEMA, SCHEMA, Session, Sessions,
    limits::{MAX_FILE_BYTES, MAX_LINE_BYTES, limit_reached},
    line::{HEADER, JournalLine, LineContent, RunFinished},
};
use crate::{
    run_view,
    track::{Counted, Event, Fleet, Observation, Plan, Report, RunTime},
};

/// The kinds of lines that a run prints with `--json` and that no journal has (docs/json.md).
const OUTPUT_KINDS: [&str; 6] = [
    "started",
    "step",
    "progress",
    "diagnosis",
    "withdrawn",
    "survey",
];

/// Lines of such an output in which the record `started` is looked for.
const STARTED_WITHIN: usize = 1000;

/// The contents of a journal.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordedRun {
    /// What was served and which phones were expected.
    pub header: JournalHeader,
    /// All observations, in order of run time.
    pub observations: Vec<(RunTime, Observation)>,
    /// All steps, diagnoses and withdrawals, in order.
    pub events: Vec<(RunTime, Event)>,
    /// The sessions of the run.
    pub sessions: Sessions,
    /// The run time of the last line.
    pub last: RunTime,
    /// Invalid lines at the end, such as one that was being written when the run was killed.
    pub lines_cut: usize,
    /// Lines of kinds that this version does not know.
    pub unknown_lines: usize,
    /// Whether the run ended in order and was not resumed afterwards.
    pub finished: bool,
    /// How the run ended the last time.
    pub end: Option<RunFinished>,
    /// What was over the limits, or repeated, and is only counted.
    pub counted: Counted,
    /// Bytes of all valid lines.
    pub(super) whole: u64,
    /// The number of the first invalid line, from 1; 0 if there is none.
    pub(super) broken: usize,
}

/// Reads a journal. A partial last line is left out.
///
/// # Errors
///
/// If the file cannot be read, is not a journal of a known schema, or is too long.
pub fn read(path: &Path) -> Result<RecordedRun, JournalError> {
    let file = open_file(path)?;
    from_reader(BufReader::new(file)).map_err(|fault| JournalError::new(path, fault))
}

/// Reads a journal from a stream. `path` names it in errors.
///
/// # Errors
///
/// As [`read`].
pub fn read_from(path: &Path, from: impl BufRead) -> Result<RecordedRun, JournalError> {
    from_reader(from).map_err(|fault| JournalError::new(path, fault))
}

/// Reads the header of a journal.
///
/// # Errors
///
/// As [`read`].
pub fn read_header(path: &Path) -> Result<JournalHeader, JournalError> {
    let file = BufReader::new(open_file(path)?);
    let failed = |fault| JournalError::new(path, fault);
    let line = JournalLines::new(file).next().map_err(failed)?;
    let (_, header) = header(line.as_deref()).map_err(failed)?;
    Ok(header)
}

fn open_file(path: &Path) -> Result<File, JournalError> {
    let failed = |error| JournalError::new(path, JournalErrorKind::Read(error));
    // Opening a pipe would block until it has a writer.
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

/// Reads lines; a last line without a line feed is partial.
struct JournalLines<R> {
    from: R,
    /// Bytes of complete lines so far.
    whole: u64,
    is_partial: bool,
}

impl<R: BufRead> JournalLines<R> {
    fn new(from: R) -> Self {
        Self {
            from,
            whole: 0,
            is_partial: false,
        }
    }

    /// The next complete line.
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
            self.is_partial = !line.is_empty();
            return Ok(None);
        }
        self.whole += length;
        if self.whole > MAX_FILE_BYTES {
            return Err(JournalErrorKind::TooLong);
        }
        Ok(Some(line))
    }
}

/// The header in the first line. Its kind and its schema are checked first.
fn header(line: Option<&[u8]>) -> Result<(Timestamp, JournalHeader), JournalErrorKind> {
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
        Ok(JournalLine {
            at,
            content: LineContent::Journal(header),
        }) => Ok((at, *header)),
        Ok(_) => Err(JournalErrorKind::Foreign),
        Err(error) => Err(JournalErrorKind::Header(error.to_string())),
    }
}

/// If the first line is one of `--json`: that, with the journal that the record `started` names.
fn run_output(first: &[u8], lines: &mut JournalLines<impl BufRead>) -> Option<JournalErrorKind> {
    #[derive(Deserialize)]
    struct OutputLine {
        #[serde(rename = "at")]
        _at: Timestamp,
        kind: String,
        journal: Option<PathBuf>,
    }
    let read = |line: &[u8]| serde_json::from_slice::<OutputLine>(line).ok();
    let mut line = read(first).filter(|line| OUTPUT_KINDS.contains(&line.kind.as_str()))?;
    for _ in 0..STARTED_WITHIN {
        if line.kind == "started" {
            return Some(JournalErrorKind::RunOutput(line.journal));
        }
        match lines.next() {
            Ok(Some(next)) => line = read(&next).unwrap_or(line),
            _ => break,
        }
    }
    Some(JournalErrorKind::RunOutput(None))
}

pub(super) fn from_reader(from: impl BufRead) -> Result<RecordedRun, JournalErrorKind> {
    let mut lines = JournalLines::new(from);
    // A file with an overlong first line is not a journal.
    let first = match lines.next() {
        Err(JournalErrorKind::TooLong) => return Err(JournalErrorKind::Foreign),
        other => other?,
    };
    if let Some(first) = &first
        && let Some(kind) = run_output(first, &mut lines)
    {
        return Err(kind);
    }
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
        counted: Counted::default(),
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
    recorded.lines_cut += usize::from(lines.is_partial);
    // Acknowledgements are written later than they were observed.
    recorded.observations.sort_by_key(|(at, _)| *at);
    Ok(recorded)
}

/// Whether this may be a line of a newer version: a JSON object with `at` and `kind`.
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
    fn add(&mut self, line: JournalLine) {
        let ns = line.content.run_time();
        // Never decreases, even in an edited file.
        self.last = self.last.max(ns);
        match line.content {
            // A second header is ignored.
            LineContent::Journal(_) => self.unknown_lines += 1,
            LineContent::Observation {
                address,
                observed: kind,
                events,
                ..
            } => {
                self.observations.push((ns, Observation { address, kind }));
                self.events
                    .extend(events.into_iter().map(|event| (ns, event)));
            }
            LineContent::Events { events, .. } => {
                self.events
                    .extend(events.into_iter().map(|event| (ns, event)));
            }
            LineContent::Counted { counted, .. } => self.counted.add(counted),
            LineContent::Session { schema, .. } => {
                // A newer version continued the journal: its lines may differ in meaning.
                self.unknown_lines += usize::from(schema > SCHEMA);
                self.finished = false;
                self.sessions.push(Session {
                    start: ns,
                    at: line.at,
                });
            }
            LineContent::Finished { finished, .. } => {
                self.finished = true;
                self.end = Some(finished);
            }
        }
    }

    /// The fleet at the end of the journal.
    #[must_use]
    pub fn fleet(&self) -> Fleet {
        self.refold(self.header.plan())
    }

    /// The fleet under another plan, which must have the same bundles.
    #[must_use]
    pub fn refold(&self, plan: Plan) -> Fleet {
        let mut fleet = Fleet::new(plan);
        for (at, observation) in &self.observations {
            fleet.observe(*at, observation);
        }
        fleet.tick(self.last);
        fleet
    }

    /// The state of every phone, with times of day.
    #[must_use]
    pub fn report(&self) -> Report {
        let mut fleet = Fleet::new(self.header.plan());
        let wall = |at| self.sessions.wall(at);
        let mut view = run_view::fold(&mut fleet, &self.observations, self.last, wall);
        let mut report = fleet.report(self.sessions.began());
        self.sessions.to_wall_clock(&mut report);
        view.finish(&report);
        view.report().cloned().unwrap_or(report)
    }

    /// What the journal no longer records because of its size; `None`: it records everything.
    #[must_use]
    pub fn limit_reached(&self) -> Option<&'static str> {
        limit_reached(self.whole)
    }

    /// Where the valid lines end, if the journal can be continued.
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
