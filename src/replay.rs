//! Other servers' logs, captures and our own journals, folded through the same tracking.
//!
//! A [`Trace`] is what a foreign log or a capture tells: requests, what became of them, and
//! in a capture what witnesses say ([`crate::discovery`]).
//! [`Trace::observations`] turns it into the observations that a run of our own would have
//! made, with a plan: that of the bundles that were served, or what the record itself shows
//! ([`infer`]). [`crate::track::Fleet`] does the rest. docs/replay.md has the formats.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use crate::track::{Plan, StagePlan};

pub mod capture;
mod dnsmasq;
mod http_transfers;
pub mod infer;
mod log;
mod log_line;
mod packets;
mod tftp_transfers;
mod tftpd_hpa;
mod timestamp;
mod trace;

pub use trace::{DamagedPacket, MAX_OBSERVATIONS, MAX_REQUESTS, Tally, Trace, TraceObservations};

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
    /// There is nothing in it.
    #[error("{} is empty", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// It has to be unpacked first.
    #[error("{} is packed: {with} unpacks it", path.display())]
    Packed {
        /// Which.
        path: PathBuf,
        /// What unpacks it to standard output.
        with: &'static str,
    },
    /// No line of it tells of a request.
    #[error("{} tells of no request: none of its {lines} lines is of a TFTP server", path.display())]
    NoLog {
        /// Which.
        path: PathBuf,
        /// How much was looked at.
        lines: u64,
    },
    /// A capture without a packet.
    #[error("{} is a capture without a packet that can be read", path.display())]
    NoPacket {
        /// Which.
        path: PathBuf,
    },
    /// Neither text nor a capture.
    #[error("{} is neither text nor a capture", path.display())]
    Foreign {
        /// Which.
        path: PathBuf,
    },
    /// No packet of it tells of a phone.
    #[error(
        "{} tells of no phone: of its {} packets {} are of an unknown link layer, {} are damaged, \
         and none is TFTP, a GET to port 6970 or a phone's CDP, LLDP, DHCP, SIP or SCCP",
        path.display(), tally.read, tally.unknown, tally.damaged
    )]
    NoCapture {
        /// Which.
        path: PathBuf,
        /// How much was looked at.
        tally: Tally,
    },
}

impl ReplayError {
    /// What to do next.
    #[must_use]
    pub fn cure(&self) -> String {
        match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::IsADirectory => {
                "Name one file in it: a log, a capture or a journal".to_owned()
            }
            Self::Read { .. } => "Name a file that exists and that this user may read".to_owned(),
            Self::Packed { with, .. } => {
                format!("Unpack it on the way: {with} FILE | reflash replay /dev/stdin")
            }
            Self::Empty { .. }
            | Self::NoLog { .. }
            | Self::NoPacket { .. }
            | Self::NoCapture { .. }
            | Self::Foreign { .. } => {
                "Known are journals of this program, logs of tftpd-tftpd_hpa and dnsmasq, and captures \
                 (pcap, pcapng). Let tftpd-tftpd_hpa log with --verbose, dnsmasq with log-facility, or \
                 capture while phones start, with: tcpdump -i any -w FILE"
                    .to_owned()
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

/// What unpacks a file that begins so: logs of days before are packed.
fn packed(head: &[u8]) -> Option<&'static str> {
    [
        (&[0x1f, 0x8b][..], "zcat"),
        (b"BZh", "bzcat"),
        (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xzcat"),
        (&[0x28, 0xb5, 0x2f, 0xfd], "zstdcat"),
    ]
    .into_iter()
    .find_map(|(magic, with)| head.starts_with(magic).then_some(with))
}

/// A record that is open and not read yet.
#[derive(Debug)]
pub struct TraceFile {
    /// What it is.
    pub format: Format,
    path: PathBuf,
    input: BufReader<File>,
    modified: Option<Timestamp>,
    /// Whether its first bytes are no text.
    is_binary: bool,
}

/// Opens a record and looks at its first bytes. It may be a pipe.
pub fn open(path: &Path) -> Result<TraceFile, ReplayError> {
    let failed = |source| unreadable(path, source);
    let file = File::open(path).map_err(failed)?;
    let modified = file
        .metadata()
        .and_then(|about| about.modified())
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok());
    let mut input = BufReader::new(file);
    let head = input.fill_buf().map_err(failed)?;
    if head.is_empty() {
        let path = path.to_owned();
        return Err(ReplayError::Empty { path });
    }
    if let Some(with) = packed(head) {
        let path = path.to_owned();
        return Err(ReplayError::Packed { path, with });
    }
    let format = format_of(head);
    let is_binary = head.contains(&0);
    Ok(TraceFile {
        format,
        path: path.to_owned(),
        input,
        modified,
        is_binary,
    })
}

impl TraceFile {
    /// Reads a log or a capture. `year`: that of a log's first line, where its times have none.
    pub fn read(mut self, year: Option<i16>) -> Result<Trace, ReplayError> {
        let trace = read_from(&mut self.input, self.format, year, self.modified)
            .map_err(|source| unreadable(&self.path, source))?;
        if trace.is_empty() {
            let (path, tally) = (self.path, trace.tally);
            return Err(match self.format {
                Format::Capture if tally.read == 0 => ReplayError::NoPacket { path },
                Format::Log if self.is_binary => ReplayError::Foreign { path },
                Format::Capture => ReplayError::NoCapture { path, tally },
                Format::Log | Format::Journal => ReplayError::NoLog {
                    path,
                    lines: tally.read,
                },
            });
        }
        Ok(trace)
    }
}

/// Reads a log or a capture from a stream. `modified`: when its file was last written to.
pub fn read_from(
    input: &mut impl BufRead,
    format: Format,
    year: Option<i16>,
    modified: Option<Timestamp>,
) -> io::Result<Trace> {
    match format {
        Format::Capture => packets::read(input),
        Format::Log | Format::Journal => log::read(input, year, modified),
    }
}

/// The plan of a replay: these bundles' stages, else what the record shows.
#[must_use]
pub fn plan(trace: &mut Trace, stages: Vec<StagePlan>) -> Plan {
    let stages = if stages.is_empty() {
        infer::stages(trace)
    } else {
        stages
    };
    Plan {
        stages,
        requests_only: trace.is_requests_only(),
        ..Plan::default()
    }
}

fn unreadable(path: &Path, source: io::Error) -> ReplayError {
    ReplayError::Read {
        path: path.to_owned(),
        source,
    }
}
