//! TFTP transfers in a capture, identified by their pairs of ports (RFC 1350, 2347 to 2349).

use std::{collections::HashMap, net::SocketAddrV4};

use jiff::{SignedDuration, Timestamp};

use super::{
    directions::Directions,
    timestamp::LogTime,
    trace::{ReplayedRequest, Trace, TraceEvent},
};
use crate::{
    protocol::frame::Payload,
    track::{TftpError, TransferEnd, Transport},
};

/// The port of requests.
const TFTP_PORT: u16 = 69;

/// A transfer without packets for this long has ended.
const SILENCE: SignedDuration = SignedDuration::from_secs(30);

/// A repetition of a request at least this much later is caused by the phone's timer.
const TIMER: SignedDuration = SignedDuration::from_secs(2);

/// How often acknowledged bytes are reported.
const REPORT_INTERVAL: SignedDuration = SignedDuration::from_secs(5);

/// Maximum size of a file name in bytes.
const NAME_MAX: usize = 255;

/// Maximum number of transfers that are followed at once.
const RUNNING_MAX: usize = 65_536;

/// The block size of RFC 1350, which phones use.
const BLOCK: u64 = 512;

/// The size of a packet with a full block.
const FULL_BLOCK: usize = 516;

const READ: u16 = 1;
const DATA: u16 = 3;
const ACK: u16 = 4;
const ERROR: u16 = 5;
const OPTIONS: u16 = 6;

/// All running transfers, by the client's address and port.
#[derive(Debug, Default)]
pub(super) struct TftpTransfers {
    running: HashMap<SocketAddrV4, ReplayedTftpTransfer>,
    /// When silent transfers were last searched for.
    swept: Option<Timestamp>,
    newest: Option<Timestamp>,
    directions: Directions,
}

#[derive(Debug)]
struct ReplayedTftpTransfer {
    index: usize,
    name: Vec<u8>,
    /// The server's address and port, once it answered.
    server: Option<SocketAddrV4>,
    block: u64,
    /// Blocks sent and acknowledged; these counts do not wrap.
    sent: u64,
    acknowledged: u64,
    /// The number of the last block, and the size of the file.
    last: Option<(u64, u64)>,
    last_packet: Timestamp,
    last_report: Timestamp,
}

impl ReplayedTftpTransfer {
    fn bytes(&self) -> u64 {
        match self.last {
            Some((last, whole)) if self.acknowledged >= last => whole,
            _ => self.acknowledged.saturating_mul(self.block),
        }
    }

    fn vanished(&self) -> TransferEnd {
        TransferEnd::Vanished {
            all_sent: self.last.is_some(),
        }
    }

    /// The block number with these lower 16 bits that is nearest to `near`.
    fn block_number(near: u64, bits: u16) -> Option<u64> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the lower 16 bits are meant"
        )]
        let apart = bits.wrapping_sub(near as u16).cast_signed();
        near.checked_add_signed(i64::from(apart))
    }
}

impl TftpTransfers {
    /// Handles a packet. Returns whether it belongs to a transfer.
    pub(super) fn packet(
        &mut self,
        trace: &mut Trace,
        at: Timestamp,
        payload: &Payload<'_>,
    ) -> bool {
        self.newest = self.newest.max(Some(at));
        match *payload {
            Payload::Ipv4Udp {
                source: from,
                destination: to,
                length,
                payload,
                ..
            } => {
                let Some(code) = number(payload, 0) else {
                    return false;
                };
                if to.port() == TFTP_PORT && code == READ {
                    self.sweep(trace, at);
                    self.asked(trace, at, from, payload)
                } else if self.is_of(from, to) {
                    self.client_packet(trace, at, from, code, payload)
                } else if self.is_of(to, from) {
                    let is_known = self.server_packet(trace, at, (to, from), code, length, payload);
                    self.directions.answers |= is_known;
                    is_known
                } else {
                    self.directions.lone_answers |=
                        code == DATA && number(payload, 2) == Some(1) && length == FULL_BLOCK;
                    false
                }
            }
            Payload::Ipv4Closed {
                source: from,
                destination: to,
            } => {
                let is_ours = self
                    .running
                    .get(&to)
                    .is_some_and(|running| running.server == Some(from));
                if is_ours {
                    let end = TransferEnd::Aborted {
                        code: None,
                        message: None,
                    };
                    self.end(trace, at, to, end);
                }
                self.directions.answers |= is_ours || to.port() == TFTP_PORT;
                is_ours
            }
            _ => false,
        }
    }

    /// Whether a transfer may run between these two.
    fn is_of(&self, client: SocketAddrV4, server: SocketAddrV4) -> bool {
        self.running
            .get(&client)
            .is_some_and(|running| running.server.is_none_or(|known| known == server))
    }

    fn asked(
        &mut self,
        trace: &mut Trace,
        at: Timestamp,
        from: SocketAddrV4,
        payload: &[u8],
    ) -> bool {
        let rest = payload.get(2..).unwrap_or_default();
        let name: Vec<u8> = rest.iter().copied().take_while(|byte| *byte != 0).collect();
        if name.len() == rest.len() || name.len() > NAME_MAX {
            return false;
        }
        if let Some(running) = self.running.get_mut(&from) {
            if running.name == name && running.sent == 0 {
                // The request is repeated because it was not answered.
                let timer = at.duration_since(running.last_packet) >= TIMER;
                running.last_packet = at;
                if timer {
                    trace.repeat(LogTime::At(at), running.index);
                }
                return true;
            }
            self.end(trace, at, from, TransferEnd::Replaced);
        }
        if self.running.len() >= RUNNING_MAX {
            trace.tally.cut = true;
            return true;
        }
        let request = ReplayedRequest {
            address: *from.ip(),
            port: from.port(),
            transport: Transport::Tftp,
            name: String::from_utf8_lossy(&name).into_owned(),
            staged: None,
            found: true,
            size: None,
            ended: false,
        };
        if let Some(index) = trace.add_request(LogTime::At(at), request) {
            let running = ReplayedTftpTransfer {
                index,
                name,
                server: None,
                block: BLOCK,
                sent: 0,
                acknowledged: 0,
                last: None,
                last_packet: at,
                last_report: at,
            };
            self.running.insert(from, running);
        }
        true
    }

    fn client_packet(
        &mut self,
        trace: &mut Trace,
        at: Timestamp,
        client: SocketAddrV4,
        code: u16,
        payload: &[u8],
    ) -> bool {
        let (Some(running), Some(value)) = (self.running.get_mut(&client), number(payload, 2))
        else {
            return false;
        };
        match code {
            ACK => {
                running.last_packet = at;
                let block = ReplayedTftpTransfer::block_number(running.acknowledged, value);
                let Some(block) =
                    block.filter(|block| (running.acknowledged + 1..=running.sent).contains(block))
                else {
                    return true;
                };
                running.acknowledged = block;
                if running.last.is_some_and(|(last, _)| block >= last) {
                    self.end(trace, at, client, TransferEnd::Delivered);
                } else if at.duration_since(running.last_report) >= REPORT_INTERVAL {
                    running.last_report = at;
                    let fact = TraceEvent::Acknowledged(running.index, running.bytes());
                    trace.events.push((LogTime::At(at), fact));
                }
            }
            ERROR => {
                let end = TransferEnd::Aborted {
                    code: Some(value),
                    message: Some(error_text(payload)),
                };
                self.end(trace, at, client, end);
            }
            _ => return false,
        }
        true
    }

    fn server_packet(
        &mut self,
        trace: &mut Trace,
        at: Timestamp,
        (client, server): (SocketAddrV4, SocketAddrV4),
        code: u16,
        length: usize,
        payload: &[u8],
    ) -> bool {
        let Some(running) = self.running.get_mut(&client) else {
            return false;
        };
        match (code, number(payload, 2)) {
            (DATA, Some(bits)) => {
                running.server = Some(server);
                running.last_packet = at;
                let bytes = length.saturating_sub(4) as u64;
                if let Some(block) = ReplayedTftpTransfer::block_number(running.sent, bits)
                    && block > running.sent
                {
                    running.sent = block;
                    if bytes < running.block {
                        let whole = (block - 1).saturating_mul(running.block) + bytes;
                        running.last = Some((block, whole));
                        trace.requests[running.index].size = Some(whole);
                    }
                }
            }
            (OPTIONS, _) => {
                running.server = Some(server);
                running.last_packet = at;
                for (option, value) in options(payload.get(2..).unwrap_or_default()) {
                    match (option.as_str(), value) {
                        ("blksize", Some(bytes @ 8..=65_464)) => running.block = bytes,
                        ("tsize", Some(bytes)) => trace.requests[running.index].size = Some(bytes),
                        _ => {}
                    }
                }
            }
            (ERROR, Some(code)) if running.sent == 0 => {
                let message = error_text(payload);
                trace.refuse_with(running.index, TftpError { code, message });
                self.running.remove(&client);
            }
            (ERROR, _) => {
                // The server aborted the transfer.
                let end = running.vanished();
                self.end(trace, at, client, end);
            }
            _ => return false,
        }
        true
    }

    fn end(&mut self, trace: &mut Trace, at: Timestamp, client: SocketAddrV4, end: TransferEnd) {
        if let Some(running) = self.running.remove(&client) {
            trace.end(LogTime::At(at), running.index, end, Some(running.bytes()));
        }
    }

    /// Ends silent transfers.
    fn sweep(&mut self, trace: &mut Trace, now: Timestamp) {
        // At most once a second: captures can hold many transfers.
        if self
            .swept
            .is_some_and(|swept| now.duration_since(swept) < SignedDuration::from_secs(1))
        {
            return;
        }
        self.swept = Some(now);
        let mut silent: Vec<SocketAddrV4> = self
            .running
            .iter()
            .filter(|(_, running)| now.duration_since(running.last_packet) >= SILENCE)
            .map(|(client, _)| *client)
            .collect();
        // Sorted, as the order of the map is random.
        silent.sort_by_key(|client| self.running[client].index);
        for client in silent {
            let end = self.running[&client].vanished();
            self.end(trace, now, client, end);
        }
    }

    /// Ends silent transfers at the end of the capture.
    pub(super) fn close(&mut self, trace: &mut Trace) {
        if let Some(newest) = self.newest {
            self.swept = None;
            self.sweep(trace, newest);
        }
        self.directions.close(trace);
    }
}

/// The text of an ERROR packet.
fn error_text(payload: &[u8]) -> String {
    let text = payload.get(4..).unwrap_or_default();
    let text: Vec<u8> = text.iter().copied().take_while(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&text).into_owned()
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    let part = bytes.get(at..at + 2)?;
    Some(u16::from_be_bytes(part.try_into().ok()?))
}

/// The names and values of options (RFC 2347).
fn options(bytes: &[u8]) -> impl Iterator<Item = (String, Option<u64>)> + '_ {
    let mut texts = bytes
        .split(|byte| *byte == 0)
        .map(|text| String::from_utf8_lossy(text).to_ascii_lowercase());
    std::iter::from_fn(move || {
        let option = texts.next().filter(|option| !option.is_empty())?;
        Some((option, texts.next()?.parse().ok()))
    })
}
