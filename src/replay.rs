//! Other servers' logs, captures and our own journals, folded through the same tracking.
//!
//! A [`Record`] is what a foreign log or a capture tells: requests, what became of them, and
//! in a capture what witnesses say ([`crate::witness`]).
//! [`Record::conversation`] turns it into the sightings that a run of our own would have
//! made, with a plan: that of the bundles that were served, or what the record itself shows
//! ([`infer`]). [`crate::track::Fleet`] does the rest. docs/replay.md has the formats.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;

use crate::track::{Plan, StagePlan};

pub mod capture;
mod conversation;
mod dnsmasq;
mod hpa;
pub mod infer;
mod log;
mod packets;
mod record;
mod stamp;
mod web;

pub use record::{Conversation, Damage, Record, Tally};

/// Requests of one record; what comes later is not read.
pub const MAX_REQUESTS: usize = 1_000_000;

/// What witnesses tell in one record; what comes later is not read.
pub const MAX_TOLD: usize = 1_000_000;

/// What a file is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The journal of a run of ours.
    Journal,
    /// Lines that a TFTP server wrote.
    Log,
    /// A packet capture.
    Capture,
}

/// Why a record cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No line and no packet of it tells of a request.
    #[error(
        "{} tells of no request: {lines} lines or packets, and none of them is a TFTP server's log \
         line, a TFTP packet or a GET to port 6970",
        path.display()
    )]
    Nothing {
        /// Which.
        path: PathBuf,
        /// How much was looked at.
        lines: u64,
    },
}

impl ReplayError {
    /// What to do next.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Read { .. } => "Name a file that exists and that this user may read",
            Self::Nothing { .. } => {
                "Known are journals of this program, logs of tftpd-hpa and dnsmasq, and captures \
                 (pcap, pcapng). Let tftpd-hpa log with --verbose, dnsmasq with log-facility, or \
                 capture with: tcpdump -i any -w FILE 'udp or port 6970'"
            }
        }
    }
}

fn format_of(head: &[u8]) -> Format {
    let text = head.trim_ascii_start();
    let says = |words: &[u8]| text.windows(words.len()).any(|window| window == words);
    if capture::is_capture(head) {
        Format::Capture
    } else if text.starts_with(b"{") && says(b"\"journal\"") {
        Format::Journal
    } else {
        Format::Log
    }
}

/// A record that is open and not read yet.
#[derive(Debug)]
pub struct Opened {
    /// What it is.
    pub format: Format,
    path: PathBuf,
    input: BufReader<File>,
    modified: Option<Timestamp>,
}

/// Opens a record and looks at its first bytes. It may be a pipe.
pub fn open(path: &Path) -> Result<Opened, ReplayError> {
    let failed = |source| unreadable(path, source);
    let file = File::open(path).map_err(failed)?;
    let modified = file
        .metadata()
        .and_then(|about| about.modified())
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok());
    let mut input = BufReader::new(file);
    let format = format_of(input.fill_buf().map_err(failed)?);
    Ok(Opened {
        format,
        path: path.to_owned(),
        input,
        modified,
    })
}

impl Opened {
    /// Reads a log or a capture. `year`: that of a log's first line, where its times have none.
    pub fn read(mut self, year: Option<i16>) -> Result<Record, ReplayError> {
        let record = read_from(&mut self.input, self.format, year, self.modified)
            .map_err(|source| unreadable(&self.path, source))?;
        if record.is_empty() {
            return Err(ReplayError::Nothing {
                path: self.path,
                lines: record.tally.read,
            });
        }
        Ok(record)
    }
}

/// Reads a log or a capture from a stream. `modified`: when its file was last written to.
pub fn read_from(
    input: &mut impl BufRead,
    format: Format,
    year: Option<i16>,
    modified: Option<Timestamp>,
) -> io::Result<Record> {
    match format {
        Format::Capture => packets::record(input),
        Format::Log | Format::Journal => log::record(input, year, modified),
    }
}

/// The plan of a replay: these bundles' stages, else what the record shows.
#[must_use]
pub fn plan(record: &mut Record, stages: Vec<StagePlan>) -> Plan {
    let stages = if stages.is_empty() {
        infer::stages(record)
    } else {
        stages
    };
    Plan {
        stages,
        requests_only: record.is_requests_only(),
        ..Plan::default()
    }
}

fn unreadable(path: &Path, source: io::Error) -> ReplayError {
    ReplayError::Read {
        path: path.to_owned(),
        source,
    }
}

/// A duration between two times of day; none where the later one is not later.
fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or(Duration::ZERO)
}
