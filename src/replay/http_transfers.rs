//! HTTP transfers in a capture: GET requests to port 6970, which loads from 9.3 on try before TFTP.

use std::{collections::HashMap, net::SocketAddrV4};

use jiff::Timestamp;

use super::{
    timestamp::LogTime,
    trace::{ReplayedRequest, Trace},
};
use crate::{
    http::name::from_path,
    protocol::frame::Payload,
    track::{TransferEnd, Transport},
};

/// Where phones fetch files over HTTP.
const HTTP_PORT: u16 = 6970;

/// Maximum number of connections that are followed at once.
const RUNNING_MAX: usize = 65_536;

/// The newest GET of each connection.
#[derive(Debug, Default)]
pub(super) struct HttpTransfers {
    running: HashMap<(SocketAddrV4, SocketAddrV4), ReplayedHttpTransfer>,
}

#[derive(Debug, Clone, Copy)]
struct ReplayedHttpTransfer {
    index: usize,
    /// The sequence number of the body's first byte, and the body's length.
    body: Option<(u32, u64)>,
}

impl HttpTransfers {
    /// Handles a packet. Returns whether it belongs to a GET request.
    pub(super) fn packet(
        &mut self,
        trace: &mut Trace,
        at: Timestamp,
        payload: &Payload<'_>,
    ) -> bool {
        let Payload::Ipv4Tcp {
            source: from,
            destination: to,
            seq,
            ack,
            payload,
            ..
        } = *payload
        else {
            return false;
        };
        if to.port() == HTTP_PORT {
            let asked = self.asked(trace, at, (from, to), payload);
            asked | self.acknowledged(trace, at, (from, to), ack)
        } else if from.port() == HTTP_PORT {
            self.answered(trace, (to, from), seq, payload)
        } else {
            false
        }
    }

    fn asked(
        &mut self,
        trace: &mut Trace,
        at: Timestamp,
        ends: (SocketAddrV4, SocketAddrV4),
        payload: &[u8],
    ) -> bool {
        let Some(path) = payload
            .strip_prefix(b"GET ")
            .and_then(|rest| rest.split(|byte| *byte == b' ').next())
        else {
            return false;
        };
        if self.running.len() >= RUNNING_MAX {
            trace.tally.cut = true;
            return true;
        }
        let path = String::from_utf8_lossy(path);
        let request = ReplayedRequest {
            address: *ends.0.ip(),
            port: ends.0.port(),
            transport: Transport::Http,
            name: from_path(&path),
            staged: None,
            found: true,
            size: None,
            ended: false,
        };
        if let Some(index) = trace.add_request(LogTime::At(at), request) {
            self.running
                .insert(ends, ReplayedHttpTransfer { index, body: None });
        }
        true
    }

    fn answered(
        &mut self,
        trace: &mut Trace,
        ends: (SocketAddrV4, SocketAddrV4),
        sequence: u32,
        payload: &[u8],
    ) -> bool {
        let Some(running) = self.running.get_mut(&ends) else {
            return false;
        };
        let Some(status) = status(payload).filter(|_| running.body.is_none()) else {
            return false;
        };
        if status >= 400 {
            trace.refuse(running.index);
            self.running.remove(&ends);
        } else if status == 200
            && let Some((head, length)) = head(payload)
        {
            running.body = Some((sequence.wrapping_add(head), length));
            trace.requests[running.index].size = Some(length);
        }
        true
    }

    fn acknowledged(
        &mut self,
        trace: &mut Trace,
        at: Timestamp,
        ends: (SocketAddrV4, SocketAddrV4),
        acknowledged: Option<u32>,
    ) -> bool {
        let Some((running, acknowledged)) = self.running.get(&ends).copied().zip(acknowledged)
        else {
            return false;
        };
        let Some((first, length)) = running.body else {
            return false;
        };
        // Sequence numbers before the body wrap to large values.
        let bytes = acknowledged.wrapping_sub(first);
        if bytes < 1 << 31 && u64::from(bytes) >= length {
            trace.end(
                LogTime::At(at),
                running.index,
                TransferEnd::Delivered,
                Some(length),
            );
            self.running.remove(&ends);
        }
        true
    }
}

/// The number in `HTTP/1.1 200 OK`.
fn status(payload: &[u8]) -> Option<u16> {
    let rest = payload.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    std::str::from_utf8(rest).ok()?.parse().ok()
}

/// The length of a response's header, if it is complete in this segment, and its Content-Length.
fn head(payload: &[u8]) -> Option<(u32, u64)> {
    let end = payload.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(payload.get(..end)?).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))?;
    Some((u32::try_from(end).ok()?, length.trim().parse().ok()?))
}
