//! The requests of a log, and which line belongs to which of them.

use std::{collections::HashMap, net::Ipv4Addr};

use jiff::Timestamp;

use super::{
    server_line::LoggedRequest,
    timestamp::LogTime,
    trace::{ReplayedRequest, Trace},
};
use crate::{phone::normalized_name, track::TransferEnd};

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

/// Where and when a line was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineSource {
    /// The number of the host.
    pub host: usize,
    pub process: Option<u32>,
    pub at: Timestamp,
    /// Whether the log has times.
    pub timed: bool,
}

/// The newest request of one name from one address.
#[derive(Debug, Clone, Copy)]
struct Newest {
    index: usize,
    port: u16,
    first: i64,
    last: i64,
    tries: u32,
}

/// The requests so far.
#[derive(Debug, Default)]
pub(super) struct LoggedRequests {
    newest: HashMap<(usize, Ipv4Addr, String), Newest>,
    by_process: HashMap<(usize, u32), usize>,
    /// The newest request of each address.
    by_address: HashMap<(usize, Ipv4Addr), usize>,
    /// The newest request of each name, by its bare form.
    by_name: HashMap<(usize, String), usize>,
    /// Requests by the name that the server made of theirs.
    by_alias: HashMap<(usize, Ipv4Addr, String), usize>,
    by_host: HashMap<usize, usize>,
}

impl LoggedRequests {
    /// Adds a request, unless it repeats one. Returns its index.
    pub(super) fn add(
        &mut self,
        trace: &mut Trace,
        source: LineSource,
        request: LoggedRequest<'_>,
        alias: Option<&str>,
    ) -> Option<usize> {
        let LoggedRequest {
            address,
            port,
            name,
            ..
        } = request;
        let key = (source.host, address, name.to_owned());
        let now = source.at.as_second();
        let repeated = self.newest.get_mut(&key).filter(|newest| {
            source.timed
                && newest.port == port
                && trace.requests[newest.index].transport == request.transport
                && (0..=REPEAT_WITHIN).contains(&(now - newest.last))
                && now - newest.first <= TRIES_LAST
        });
        let index = if let Some(newest) = repeated {
            let timer = now - newest.last >= TIMER;
            newest.tries += u32::from(timer);
            newest.last = now;
            let (index, tries) = (newest.index, newest.tries);
            let time = LogTime::At(source.at);
            if timer {
                trace.repeat(time, index);
            }
            if tries == TRIES {
                let end = TransferEnd::Vanished { all_sent: false };
                trace.end(time, index, end, None);
            }
            index
        } else {
            let index = add(trace, source.at, request)?;
            self.forget();
            let newest = Newest {
                index,
                port,
                first: now,
                last: now,
                tries: 1,
            };
            self.newest.insert(key, newest);
            index
        };
        if let Some(process) = source.process {
            self.by_process.insert((source.host, process), index);
        }
        if let Some(alias) = alias {
            let key = (source.host, address, alias.to_owned());
            self.by_alias.insert(key, index);
        }
        self.by_address.insert((source.host, address), index);
        self.by_name.insert((source.host, bare(name)), index);
        self.by_host.insert(source.host, index);
        Some(index)
    }

    /// The request that a line belongs to. By the process, if a process serves one request; or else
    /// by the address and the name, as far as the line has them.
    pub(super) fn find(
        &self,
        trace: &Trace,
        source: LineSource,
        address: Option<Ipv4Addr>,
        name: Option<&str>,
    ) -> Option<usize> {
        let host = source.host;
        let of_process = source
            .process
            .and_then(|process| self.by_process.get(&(host, process)))
            .copied()
            .filter(|index| {
                let known = &trace.requests[*index];
                // Process numbers are used again, and some servers have one process.
                address.is_none_or(|address| known.address == address)
                    && (address.is_some()
                        || name.is_none_or(|name| bare(name) == bare(&known.name)))
            });
        of_process.or_else(|| match (address, name) {
            (Some(address), Some(name)) => {
                let key = (host, address, name.to_owned());
                let newest = self.newest.get(&key).map(|newest| newest.index);
                newest.or_else(|| self.by_alias.get(&key).copied())
            }
            (Some(address), None) => self.by_address.get(&(host, address)).copied(),
            (None, Some(name)) => self.by_name.get(&(host, bare(name))).copied(),
            (None, None) if source.process.is_none() => self.by_host.get(&host).copied(),
            (None, None) => None,
        })
    }

    /// Limits the memory for logs of any length.
    fn forget(&mut self) {
        let sizes = [
            self.newest.len(),
            self.by_process.len(),
            self.by_alias.len(),
            self.by_name.len(),
        ];
        if sizes.iter().any(|size| *size >= OPEN_MAX) {
            *self = Self::default();
        }
    }
}

/// Adds a request that no other line belongs to.
pub(super) fn add(trace: &mut Trace, at: Timestamp, request: LoggedRequest<'_>) -> Option<usize> {
    let request = ReplayedRequest {
        address: request.address,
        port: request.port,
        transport: request.transport,
        name: request.name.to_owned(),
        staged: None,
        found: true,
        size: None,
        ended: false,
    };
    trace.add_request(LogTime::At(at), request)
}

/// The last part of a name, in the form in which names are compared. Windows servers write `\`.
fn bare(name: &str) -> String {
    normalized_name(name.rsplit(['/', '\\']).next().unwrap_or(name))
}
