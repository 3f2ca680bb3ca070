//! Folds the lines of file servers into a trace.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    net::Ipv4Addr,
};

use jiff::{SignedDuration, Timestamp};

use super::{
    lines::ServerLine,
    logged_requests::{self, LineSource, LoggedRequests},
    note::TraceNote,
    rewritten::RewrittenNames,
    server_line::{LoggedOutcome, LoggedRequest, ServerMessage},
    servers::{SERVERS, recognize},
    sites,
    timestamp::LogTime,
    trace::Trace,
    unaddressed::Unaddressed,
    unfinished,
};
use crate::{
    phone::RequestedFile,
    track::{TftpError, TransferEnd, Transport},
};

/// Maximum number of errors, and of clients, that are kept until the line of their file.
const WAITING_MAX: usize = 4096;

/// Maximum number of clients of one host that wait for the line of their file.
const CLIENTS_MAX: usize = 64;

/// A client's request is logged within this time of its address.
const CLIENT_WITHIN: SignedDuration = SignedDuration::from_secs(30);

/// The state between lines.
#[derive(Debug, Default)]
pub(super) struct ServerLog {
    requests: LoggedRequests,
    hosts: HashMap<String, usize>,
    /// Clients whose file is named in a later line, by host and server.
    clients: HashMap<(usize, usize), VecDeque<Client>>,
    /// A client's last ERROR packet; the next line has the file that it ended.
    errors: HashMap<(usize, Ipv4Addr), (u16, String)>,
    sources: BTreeMap<(usize, usize), Source>,
    /// The source of each request.
    asked: Vec<(usize, (usize, usize))>,
    /// Addresses that requested over HTTP what only phones request.
    phones: HashSet<Ipv4Addr>,
    unaddressed: Unaddressed,
    starts: u64,
    rewritten: RewrittenNames,
    timed: bool,
}

/// One server on one host.
#[derive(Debug, Default)]
struct Source {
    requests: u64,
    ends: bool,
}

/// A client whose request is in a later line.
#[derive(Debug, Clone, Copy)]
struct Client {
    address: Ipv4Addr,
    port: u16,
    process: Option<u32>,
    at: Timestamp,
}

/// Folds lines, which are in the order of their times.
pub(super) fn fold(trace: &mut Trace, lines: &[(Timestamp, ServerLine)], timed: bool) {
    let mut log = ServerLog {
        timed,
        ..ServerLog::default()
    };
    for (_, line) in lines {
        let Some((_, message)) = recognize(&line.line) else {
            continue;
        };
        let host = log.host(&line.line.host);
        match message {
            ServerMessage::Named { name }
            | ServerMessage::Own { name, .. }
            | ServerMessage::Clientless { name, .. } => {
                log.unaddressed.expect(host, None, name);
            }
            ServerMessage::Request { request, .. } | ServerMessage::Answered { request, .. } => {
                log.unaddressed
                    .expect(host, Some(request.address), request.name);
            }
            ServerMessage::Leased { address, mac } => log.unaddressed.expect_mac(address, mac),
            _ => {}
        }
    }
    for (at, line) in lines {
        if trace.tally.cut {
            break;
        }
        if let Some((server, message)) = recognize(&line.line) {
            let host = log.host(&line.line.host);
            let source = LineSource {
                host,
                process: line.line.process,
                at: *at,
                timed,
            };
            log.sources.entry((host, server)).or_default();
            if log.message(trace, source, server, message).is_some() {
                trace.tally.understood += 1;
            }
        }
    }
    log.close(trace);
}

impl ServerLog {
    fn host(&mut self, name: &str) -> usize {
        if let Some(host) = self.hosts.get(name) {
            return *host;
        }
        let host = self.hosts.len();
        self.hosts.insert(name.to_owned(), host);
        host
    }

    /// Handles a message. Returns whether it is about a file.
    fn message(
        &mut self,
        trace: &mut Trace,
        source: LineSource,
        server: usize,
        message: ServerMessage<'_>,
    ) -> Option<()> {
        let key = (source.host, server);
        match message {
            ServerMessage::Request { request, alias } => {
                self.request(trace, source, key, request, alias)?;
            }
            ServerMessage::Answered { request, outcome } => {
                self.answered(trace, source, key, request, outcome)?;
            }
            ServerMessage::Outcome {
                address,
                name,
                outcome,
            } => {
                let index = self.requests.find(trace, source, address, name);
                if let (LoggedOutcome::NotFound, Some(index), Some(name)) = (outcome, index, name) {
                    self.rewritten.not_found(&trace.requests[index].name, name);
                }
                self.outcome(trace, source, key, index, outcome);
            }
            ServerMessage::Connected { address, port } => {
                let has_place = self.clients.len() < WAITING_MAX || self.clients.contains_key(&key);
                let queue = has_place.then(|| self.clients.entry(key).or_default())?;
                if queue.len() >= CLIENTS_MAX {
                    queue.pop_front();
                }
                queue.push_back(Client {
                    address,
                    port,
                    process: source.process,
                    at: source.at,
                });
            }
            ServerMessage::Named { name } => {
                let client = self.client(source, key);
                let (address, port) = match client {
                    Some(client) => (client.address, client.port),
                    None => (self.unaddressed.address(source.host, name)?, 0),
                };
                let request = LoggedRequest {
                    port,
                    ..LoggedRequest::tftp(address, name)
                };
                self.request(trace, source, key, request, None)?;
            }
            ServerMessage::Own { transport, name } => {
                let address = self.unaddressed.address(source.host, name)?;
                let request = LoggedRequest {
                    transport,
                    ..LoggedRequest::tftp(address, name)
                };
                self.request(trace, source, key, request, None)?;
            }
            ServerMessage::PeerError {
                address,
                code,
                message,
            } => {
                if self.errors.len() >= WAITING_MAX {
                    self.errors.clear();
                }
                let error = (code, message.to_owned());
                self.errors.insert((source.host, address), error);
            }
            ServerMessage::Clientless { name, outcome } => {
                let address = self.unaddressed.address(source.host, name)?;
                let request = LoggedRequest::tftp(address, name);
                self.answered(trace, source, key, request, outcome)?;
            }
            ServerMessage::Started { .. } => {
                self.starts += 1;
                return None;
            }
            ServerMessage::Leased { address, mac } => {
                self.unaddressed.observe(address, Some(mac));
                return None;
            }
            ServerMessage::Routine => return None,
        }
        Some(())
    }

    fn observe(&mut self, request: &LoggedRequest<'_>) {
        let mac = RequestedFile::parse(request.name).mac();
        self.unaddressed.observe(request.address, mac);
    }

    fn request(
        &mut self,
        trace: &mut Trace,
        source: LineSource,
        key: (usize, usize),
        request: LoggedRequest<'_>,
        alias: Option<&str>,
    ) -> Option<usize> {
        self.observe(&request);
        let before = trace.requests.len();
        let index = self.requests.add(trace, source, request, alias)?;
        if index == before {
            self.count(index, key);
        }
        Some(index)
    }

    fn answered(
        &mut self,
        trace: &mut Trace,
        source: LineSource,
        key: (usize, usize),
        request: LoggedRequest<'_>,
        outcome: LoggedOutcome<'_>,
    ) -> Option<()> {
        self.observe(&request);
        if request.transport == Transport::Http {
            // Browsers use the same server.
            let is_other = RequestedFile::parse(request.name) == RequestedFile::Other;
            if is_other && !self.phones.contains(&request.address) {
                return None;
            }
            if !is_other && self.phones.len() < WAITING_MAX {
                self.phones.insert(request.address);
            }
            let name = crate::http::name::from_path(request.name);
            let request = LoggedRequest {
                name: &name,
                ..request
            };
            let index = logged_requests::add(trace, source.at, request)?;
            self.count(index, key);
            self.outcome(trace, source, key, Some(index), outcome);
            return Some(());
        }
        let index = logged_requests::add(trace, source.at, request)?;
        self.count(index, key);
        self.outcome(trace, source, key, Some(index), outcome);
        Some(())
    }

    fn count(&mut self, index: usize, key: (usize, usize)) {
        self.sources.entry(key).or_default().requests += 1;
        self.asked.push((index, key));
    }

    fn outcome(
        &mut self,
        trace: &mut Trace,
        source: LineSource,
        key: (usize, usize),
        index: Option<usize>,
        outcome: LoggedOutcome<'_>,
    ) {
        let is_answered = SERVERS[key.1].logs_ends;
        if matches!(outcome, LoggedOutcome::Delivered { .. }) || is_answered {
            self.sources.entry(key).or_default().ends = true;
        }
        let Some(index) = index else { return };
        let time = LogTime::At(source.at);
        let end = match outcome {
            LoggedOutcome::Served { size } => {
                let known = &mut trace.requests[index].size;
                *known = known.or(size);
                return;
            }
            LoggedOutcome::NotFound => return trace.refuse(index),
            LoggedOutcome::Refused { code, message } => {
                let message = message.to_owned();
                return trace.refuse_with(index, TftpError { code, message });
            }
            LoggedOutcome::Delivered { size } => {
                let known = &mut trace.requests[index].size;
                *known = known.or(size);
                TransferEnd::Delivered
            }
            LoggedOutcome::TimedOut => TransferEnd::Vanished { all_sent: false },
            LoggedOutcome::PortClosed => TransferEnd::Aborted {
                code: None,
                message: None,
            },
            LoggedOutcome::Failed { code, message } => {
                let address = trace.requests[index].address;
                let error = match code {
                    Some(code) => Some((code, message.to_owned())),
                    None => self.errors.remove(&(source.host, address)),
                };
                match error {
                    Some((code, message)) => TransferEnd::Aborted {
                        code: Some(code),
                        message: Some(message),
                    },
                    None => TransferEnd::Vanished { all_sent: false },
                }
            }
        };
        trace.end(time, index, end, None);
    }

    /// The client of a file that is named in this line: that of the parent process, or the one that
    /// waits longest.
    fn client(&mut self, source: LineSource, key: (usize, usize)) -> Option<Client> {
        let queue = self.clients.get_mut(&key)?;
        if self.timed {
            queue.retain(|client| source.at.duration_since(client.at) <= CLIENT_WITHIN);
        }
        let parent = queue
            .iter()
            .enumerate()
            .filter(|(_, client)| client.process < source.process)
            .max_by_key(|(_, client)| client.process)
            .map(|(index, _)| index);
        queue.remove(parent.unwrap_or(0))
    }

    /// What only the whole log shows.
    fn close(self, trace: &mut Trace) {
        let used = self.sources.iter().filter(|(_, it)| it.requests > 0);
        let mut names: Vec<&str> = used.clone().map(|((_, at), _)| SERVERS[*at].name).collect();
        names.sort_unstable();
        names.dedup();
        trace.what = match names[..] {
            [name] => format!("{name} log"),
            _ => "log".to_owned(),
        };
        let mut hosts: Vec<&str> = self.hosts.keys().map(String::as_str).collect();
        hosts.sort_unstable_by_key(|name| self.hosts[*name]);
        let asked = self.asked.iter().map(|(index, (host, _))| (*index, *host));
        sites::separate(trace, asked, &hosts);
        let ends = used.clone().any(|(_, source)| source.ends);
        let all = used.clone().all(|(_, source)| source.ends);
        trace.has_ends = ends && all;
        if ends && !all {
            let has_ends = |key: &(usize, usize)| self.sources[key].ends;
            unfinished::end(trace, &self.asked, has_ends);
        }
        let nameless = self.unaddressed.tally();
        nameless.hide(&mut trace.stand_ins);
        if nameless.lines > 0 {
            trace.notes.push(TraceNote::NoClients {
                lines: nameless.lines,
                left_out: nameless.left_out,
                unaddressed: nameless.stand_ins.len() as u64,
            });
        }
        trace.notes.extend(self.rewritten.note());
        if self.starts > 0 && trace.requests.is_empty() {
            let starts = self.starts;
            trace.notes.push(TraceNote::RequestsNotLogged { starts });
        }
    }
}
