//! Lines of tftpd-hpa (`in.tftpd --verbose`), as Debian, Red Hat and `FreePBX` have it:
//!
//! ```text
//! RRQ from 192.0.2.9 filename term61.default.loads [remapped to x/term61.default.loads]
//! Client 192.0.2.9 finished term61.default.loads
//! Client 192.0.2.9 File not found CTLSEP….tlv
//! Client 192.0.2.9 timed out
//! sending NAK (1, File not found) to 192.0.2.9
//! tftpd: read(ack): Connection refused
//! ```
//!
//! A process serves one request, so its number connects a line with its request; otherwise address
//! and name do. No line has the source port.

use std::{collections::HashMap, net::Ipv4Addr};

use super::{
    log_line::{LineKind, LogLine, address},
    timestamp::LogTime,
    trace::{ReplayedRequest, Trace},
};
use crate::track::{TftpError, TransferEnd, Transport};

/// A request that is repeated within this many seconds is the same one: phones repeat an
/// unanswered request after 4 s.
const REPEAT_WITHIN: i64 = 5;

/// A repetition at least this many seconds later is caused by the phone's timer, not by a duplicate
/// packet.
const TIMER: i64 = 3;

/// Phones send this many requests from one port. If all of them are in the log, the request was not
/// answered.
const TRIES: u32 = 5;

/// Seconds in which a phone tries all its ports; a later repetition is a new request.
const TRIES_LAST: i64 = 60;

/// Maximum number of requests that are kept until their end is known; beyond it all are forgotten.
const OPEN_MAX: usize = 65_536;

/// The newest request of one name from one address.
#[derive(Debug, Clone, Copy)]
struct Newest {
    index: usize,
    first: i64,
    last: i64,
    tries: u32,
}

/// The state between lines.
#[derive(Debug, Default)]
pub(super) struct TftpdHpaReader {
    newest: HashMap<(Ipv4Addr, String), Newest>,
    by_process: HashMap<u32, usize>,
    /// The newest request of each address.
    by_address: HashMap<Ipv4Addr, usize>,
    /// Requests by their remapped name.
    remapped: HashMap<(Ipv4Addr, String), usize>,
    used: bool,
}

impl TftpdHpaReader {
    pub(super) fn is_used(&self) -> bool {
        self.used
    }

    pub(super) fn line(&mut self, trace: &mut Trace, line: LogLine<'_>) -> LineKind {
        let understood = self
            .request(trace, line)
            .or_else(|| self.client(trace, line))
            .or_else(|| self.refused(trace, line))
            .or_else(|| self.broken(trace, line));
        self.used |= understood.is_some();
        match understood {
            Some(()) => LineKind::Understood,
            None if line.program.is_empty() => LineKind::Foreign,
            None => LineKind::Unknown,
        }
    }

    fn request(&mut self, trace: &mut Trace, line: LogLine<'_>) -> Option<()> {
        let rest = line.text.strip_prefix("RRQ from ")?;
        let (from, name) = rest.split_once(" filename ")?;
        let from = address(from)?;
        let (name, remapped) = match name.rsplit_once(" remapped to ") {
            Some((name, to)) => (name, Some(to)),
            None => (name, None),
        };
        let key = (from, name.to_owned());
        let now = seconds(line.time);
        let repeated = self.newest.get_mut(&key).filter(|newest| {
            now.is_some_and(|now| {
                (0..=REPEAT_WITHIN).contains(&(now - newest.last))
                    && now - newest.first <= TRIES_LAST
            })
        });
        let index = if let (Some(newest), Some(now)) = (repeated, now) {
            let timer = now - newest.last >= TIMER;
            newest.tries += u32::from(timer);
            newest.last = now;
            let (index, tries) = (newest.index, newest.tries);
            if timer {
                trace.repeat(line.time, index);
            }
            if tries == TRIES {
                trace.end(
                    line.time,
                    index,
                    TransferEnd::Vanished { all_sent: false },
                    None,
                );
            }
            index
        } else {
            let request = ReplayedRequest {
                address: from,
                port: 0,
                transport: Transport::Tftp,
                name: name.to_owned(),
                staged: None,
                found: true,
                size: None,
                ended: false,
            };
            let index = trace.add_request(line.time, request)?;
            self.forget();
            // Half of the minimum, so that no difference overflows.
            let now = now.unwrap_or(i64::MIN / 2);
            let newest = Newest {
                index,
                first: now,
                last: now,
                tries: 1,
            };
            self.newest.insert(key, newest);
            index
        };
        if let Some(process) = line.process {
            self.by_process.insert(process, index);
        }
        if let Some(to) = remapped {
            self.remapped.insert((from, to.to_owned()), index);
        }
        self.by_address.insert(from, index);
        Some(())
    }

    fn client(&mut self, trace: &mut Trace, line: LogLine<'_>) -> Option<()> {
        let rest = line.text.strip_prefix("Client ")?;
        let (from, what) = rest.split_once(' ')?;
        let from = address(from)?;
        if let Some(name) = what.strip_prefix("finished ") {
            trace.has_ends = true;
            if let Some(index) = self.of(line, from, Some(name)) {
                trace.end(line.time, index, TransferEnd::Delivered, None);
            }
        } else if let Some(name) = what.strip_prefix("File not found ") {
            if let Some(index) = self.of(line, from, Some(name)) {
                trace.refuse(index);
            }
        } else if what.trim_end() == "timed out" {
            if let Some(index) = self.of(line, from, None) {
                trace.end(
                    line.time,
                    index,
                    TransferEnd::Vanished { all_sent: false },
                    None,
                );
            }
        } else {
            return None;
        }
        Some(())
    }

    fn refused(&mut self, trace: &mut Trace, line: LogLine<'_>) -> Option<()> {
        let rest = line.text.strip_prefix("sending NAK (")?;
        let (error, to) = rest.rsplit_once(") to ")?;
        let to = address(to)?;
        let (code, message) = error.split_once(", ").unwrap_or((error, ""));
        if let Some(index) = self.of(line, to, None) {
            let message = message.to_owned();
            match code.trim().parse() {
                Ok(code) => trace.refuse_with(index, TftpError { code, message }),
                Err(_) => trace.refuse(index),
            }
        }
        Some(())
    }

    fn broken(&mut self, trace: &mut Trace, line: LogLine<'_>) -> Option<()> {
        let words = line.text.strip_prefix("tftpd: ").unwrap_or(line.text);
        let is_refused = ["read(ack)", "read", "write"].iter().any(|call| {
            words
                .strip_prefix(call)
                .is_some_and(|rest| rest.trim_end() == ": Connection refused")
        });
        if !is_refused {
            return None;
        }
        let index = *self.by_process.get(&line.process?)?;
        let end = TransferEnd::Aborted {
            code: None,
            message: None,
        };
        trace.end(line.time, index, end, None);
        Some(())
    }

    /// The request that a line belongs to.
    fn of(&self, line: LogLine<'_>, address: Ipv4Addr, name: Option<&str>) -> Option<usize> {
        let by_process = line
            .process
            .and_then(|process| self.by_process.get(&process))
            .copied();
        let by_name = || {
            let key = (address, name?.to_owned());
            let newest = self.newest.get(&key).map(|newest| newest.index);
            newest.or_else(|| self.remapped.get(&key).copied())
        };
        by_process.or_else(by_name).or_else(|| {
            self.by_address
                .get(&address)
                .copied()
                .filter(|_| name.is_none())
        })
    }

    /// Limits the memory for logs of any length.
    fn forget(&mut self) {
        if self.newest.len() >= OPEN_MAX {
            self.newest.clear();
        }
        if self.remapped.len() >= OPEN_MAX {
            self.remapped.clear();
        }
        if self.by_process.len() >= OPEN_MAX {
            self.by_process.clear();
        }
    }
}

/// Seconds for computing differences only. A new year looks like a pause.
fn seconds(time: LogTime) -> Option<i64> {
    match time {
        LogTime::None => None,
        LogTime::At(time) => Some(time.as_second()),
        LogTime::Yearless { month, day, time } => {
            let days = i64::from(month) * 31 + i64::from(day);
            let (hour, minute) = (i64::from(time.hour()), i64::from(time.minute()));
            Some(((days * 24 + hour) * 60 + minute) * 60 + i64::from(time.second()))
        }
    }
}
