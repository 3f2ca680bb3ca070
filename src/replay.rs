//! Logs of other servers, packet captures and journals, replayed through the tracking of a run.
//!
//! A [`Trace`] is what a log or a capture contains: requests, how they ended, and in a capture what
//! phones report on the wire ([`crate::discovery`]). [`Trace::observations`] converts it to the
//! observations of a run, with a plan: that of the bundles, or one inferred from the trace
//! ([`infer`]). [`crate::track::Fleet`] does the rest. docs/replay.md lists the formats.

use std::{
    cell::Cell,
    fmt,
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    rc::Rc,
};

use jiff::Timestamp;

use crate::track::{FileServer, Plan, StagePlan};

mod access_log;
mod atftpd;
mod bsd_tftpd;
pub mod capture;
mod clock;
mod dhcp_server;
mod directions;
mod dnsmasq;
mod embedded;
mod faults;
mod foreign;
mod http_transfers;
pub mod infer;
mod ios;
mod lines;
mod log;
mod log_line;
mod logged_requests;
mod netkit;
mod note;
mod order;
mod packets;
mod phone_console;
mod provd;
mod pumpkin;
mod rewritten;
mod server_line;
mod server_log;
mod servers;
mod sites;
mod tcpdump;
mod tftp_transfers;
mod tftpd32;
mod tftpd_hpa;
mod time_form;
mod timestamp;
mod trace;
mod unaddressed;
mod unfinished;
mod unpack;
mod wrapper;

pub use foreign::Converter;
pub use note::TraceNote;
pub use trace::{DamagedPacket, MAX_OBSERVATIONS, MAX_REQUESTS, Tally, Trace, TraceObservations};

/// The format of a file, detected from its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayFormat {
    /// A journal of this program.
    Journal,
    /// The log of a file server.
    Log,
    /// A packet capture.
    Capture,
}

/// Why a file cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is empty.
    #[error("{} is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is compressed by gzip and damaged from its beginning.
    #[error("{} is compressed by gzip, and its beginning is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The file is compressed, an archive or in another program's format.
    #[error("{} is {}", path.display(), converter.what)]
    Converted {
        /// The file.
        path: PathBuf,
        /// What it is, and what to do with it.
        converter: Converter,
    },
    /// xinetd started a TFTP server, which logs no requests.
    #[error(
        "{} has no request: xinetd started the TFTP server {starts} times, and the server logs \
         nothing",
        path.display()
    )]
    NotLogged {
        /// The file.
        path: PathBuf,
        /// How often it was started.
        starts: u64,
    },
    /// No line is a request.
    #[error("{} has no request: none of its {lines} lines is from a TFTP server", path.display())]
    NoLog {
        /// The file.
        path: PathBuf,
        /// The number of lines.
        lines: u64,
    },
    /// The capture has no readable packet.
    #[error("{} is a capture without a readable packet", path.display())]
    NoPacket {
        /// The file.
        path: PathBuf,
    },
    /// The file is neither text nor a capture.
    #[error("{} is neither text nor a capture", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The capture has the packets of one direction only.
    #[error("{} has data of a TFTP server and no requests: it has one direction only", path.display())]
    AnswersOnly {
        /// The file.
        path: PathBuf,
    },
    /// No packet is from or to a phone.
    #[error(
        "{} has no packet of a phone: of its {} packets {} are of an unknown link layer, {} are \
         damaged, and none is TFTP, a GET to port 6970 or a phone's CDP, LLDP, DHCP, SIP or SCCP",
        path.display(), tally.read, tally.unknown, tally.damaged
    )]
    NoCapture {
        /// The file.
        path: PathBuf,
        /// What was read.
        tally: Tally,
        /// What is wrong with the capture.
        notes: Vec<TraceNote>,
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
            Self::Read { .. } => "Name an existing file that this user can read".to_owned(),
            Self::Converted { converter, .. } => converter.cure.to_owned(),
            Self::Damaged { .. } => "Copy the file again: gzip -t FILE tests it".to_owned(),
            Self::AnswersOnly { .. } => {
                "Capture both directions: on the server with tcpdump -i any \
                                         -w FILE, on a switch with a mirror port for both"
                    .to_owned()
            }
            Self::NotLogged { .. } => {
                "Add --verbose to server_args in /etc/xinetd.d/tftp, restart \
                                       xinetd, and let a phone start again"
                    .to_owned()
            }
            Self::NoCapture { notes, .. } if !notes.is_empty() => {
                let notes: Vec<String> = notes.iter().map(TraceNote::sentence).collect();
                capitalized(&notes.join(". "))
            }
            Self::NoCapture { tally, .. } if tally.unknown > 0 => {
                "Readable link layers: Ethernet, Linux cooked, raw IP, PPP and BSD loopback. \
                 Capture on the server or on a mirror port: tcpdump -i any -w FILE"
                    .to_owned()
            }
            Self::Empty { .. }
            | Self::NoLog { .. }
            | Self::NoPacket { .. }
            | Self::NoCapture { .. }
            | Self::Foreign { .. } => {
                "Known formats: journals of this program; logs of tftpd-hpa, dnsmasq, atftpd, \
                 Tftpd32 and Tftpd64, PumpKIN, the tftpd of netkit and BSD, web servers, wazo-provd, IOS \
                 (debug tftp) and tcpdump; captures (pcap, pcapng). Run tftpd-hpa with --verbose, \
                 dnsmasq with log-facility, or capture while phones start: tcpdump -i any -w FILE"
                    .to_owned()
            }
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

fn format_of(head: &[u8]) -> ReplayFormat {
    let text = head.trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or(text);
    let contains = |words: &[u8]| line.windows(words.len()).any(|window| window == words);
    if capture::is_capture(head) {
        ReplayFormat::Capture
    } else if line.starts_with(b"{")
        && contains(b"\"kind\":")
        && (contains(b"\"journal\"") || line.starts_with(b"{\"at\":"))
    {
        // A journal, or the output of a run with `--json`. `journalctl -o json` has neither.
        ReplayFormat::Journal
    } else {
        ReplayFormat::Log
    }
}

/// An open file, not read yet.
pub struct TraceFile {
    /// The format.
    pub format: ReplayFormat,
    path: PathBuf,
    input: Box<dyn BufRead>,
    modified: Option<Timestamp>,
    /// Whether its first bytes contain a zero byte.
    is_binary: bool,
    /// Whether a compressed file turned out to be damaged.
    damaged: Rc<Cell<bool>>,
}

impl fmt::Debug for TraceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceFile")
            .field("format", &self.format)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Whether this names standard input.
#[must_use]
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Opens a file, which may be a pipe or compressed by gzip, and detects its format. `-` is standard
/// input.
///
/// # Errors
///
/// If the file cannot be read, is empty or is compressed in another way.
pub fn open(path: &Path) -> Result<TraceFile, ReplayError> {
    let failed = |source| unreadable(path, source);
    let name = if is_stdin(path) {
        Path::new("/dev/stdin")
    } else {
        path
    };
    let file = File::open(name).map_err(failed)?;
    let mut modified = file
        .metadata()
        .and_then(|about| about.modified())
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok());
    let mut input: Box<dyn BufRead> = Box::new(BufReader::new(file));
    let head = input.fill_buf().map_err(failed)?;
    let mut damaged = Rc::default();
    let is_packed = unpack::is_gzip(head);
    if is_packed {
        modified = unpack::modified(head).or(modified);
        let (unpacked, is_damaged) = unpack::unpacked(input);
        input = Box::new(unpacked);
        damaged = is_damaged;
    }
    let head = input.fill_buf().map_err(failed)?;
    if head.is_empty() {
        let path = path.to_owned();
        return Err(if damaged.get() {
            ReplayError::Damaged { path }
        } else {
            ReplayError::Empty { path }
        });
    }
    if let Some(converter) = foreign::converter_of(head, is_packed) {
        let path = path.to_owned();
        return Err(ReplayError::Converted { path, converter });
    }
    let format = format_of(head);
    let is_binary = head.contains(&0);
    Ok(TraceFile {
        format,
        path: path.to_owned(),
        input,
        modified,
        is_binary,
        damaged,
    })
}

impl TraceFile {
    /// The contents, without compression.
    #[must_use]
    pub fn into_reader(self) -> impl BufRead {
        self.input
    }

    /// Reads a log or a capture. `year` is the year of a log's first line if its times have none.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or contains no request and no phone.
    pub fn read(mut self, year: Option<i16>) -> Result<Trace, ReplayError> {
        let mut trace = read_from(&mut self.input, self.format, year, self.modified)
            .map_err(|source| unreadable(&self.path, source))?;
        trace.tally.cut |= self.damaged.get();
        if trace.is_empty() {
            let (path, tally) = (self.path, trace.tally);
            let starts = trace.notes.iter().find_map(|note| match note {
                TraceNote::RequestsNotLogged { starts } => Some(*starts),
                _ => None,
            });
            if let Some(starts) = starts {
                return Err(ReplayError::NotLogged { path, starts });
            }
            if trace.notes.contains(&TraceNote::AnswersOnly) {
                return Err(ReplayError::AnswersOnly { path });
            }
            return Err(match self.format {
                ReplayFormat::Capture if tally.read == 0 => ReplayError::NoPacket { path },
                ReplayFormat::Log if self.is_binary => ReplayError::Foreign { path },
                ReplayFormat::Capture => ReplayError::NoCapture {
                    path,
                    tally,
                    notes: trace.notes,
                },
                ReplayFormat::Log | ReplayFormat::Journal => ReplayError::NoLog {
                    path,
                    lines: tally.read,
                },
            });
        }
        Ok(trace)
    }
}

/// Reads a log or a capture from a stream. `modified` is when its file was last written to.
///
/// # Errors
///
/// If the stream cannot be read.
pub fn read_from(
    input: &mut impl BufRead,
    format: ReplayFormat,
    year: Option<i16>,
    modified: Option<Timestamp>,
) -> io::Result<Trace> {
    let mut trace = match format {
        ReplayFormat::Capture => packets::read(input),
        ReplayFormat::Log | ReplayFormat::Journal => log::read(input, year, modified),
    }?;
    sites::note_turns(&mut trace);
    Ok(trace)
}

/// The plan of a replay: these stages, or those inferred from the trace if there are none.
#[must_use]
pub fn plan(trace: &mut Trace, stages: Vec<StagePlan>) -> Plan {
    let stages = if stages.is_empty() {
        infer::stages(trace)
    } else {
        stages
    };
    Plan {
        stages,
        server: FileServer::Other,
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
