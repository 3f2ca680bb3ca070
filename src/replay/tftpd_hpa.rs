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

use super::{
    log_line::address,
    server_line::{LoggedOutcome, LoggedRequest, ServerMessage},
};

/// Reads a line. Accepts any text.
pub(super) fn read(text: &str) -> Option<ServerMessage<'_>> {
    request(text)
        .or_else(|| client(text))
        .or_else(|| refused(text))
        .or_else(|| closed(text))
}

fn request(text: &str) -> Option<ServerMessage<'_>> {
    let rest = text.strip_prefix("RRQ from ")?;
    let (from, name) = rest.split_once(" filename ")?;
    let (name, alias) = match name.rsplit_once(" remapped to ") {
        Some((name, alias)) => (name, Some(alias)),
        None => (name, None),
    };
    Some(ServerMessage::Request {
        request: LoggedRequest::tftp(address(from)?, name),
        alias,
    })
}

fn client(text: &str) -> Option<ServerMessage<'_>> {
    let rest = text.strip_prefix("Client ")?;
    let (from, what) = rest.split_once(' ')?;
    let (name, outcome) = if let Some(name) = what.strip_prefix("finished ") {
        (Some(name), LoggedOutcome::Delivered { size: None })
    } else if let Some(name) = what.strip_prefix("File not found ") {
        (Some(name), LoggedOutcome::NotFound)
    } else if what.trim_end() == "timed out" {
        (None, LoggedOutcome::TimedOut)
    } else {
        return None;
    };
    Some(ServerMessage::Outcome {
        address: Some(address(from)?),
        name,
        outcome,
    })
}

fn refused(text: &str) -> Option<ServerMessage<'_>> {
    let rest = text.strip_prefix("sending NAK (")?;
    let (error, to) = rest.rsplit_once(") to ")?;
    let (code, message) = error.split_once(", ").unwrap_or((error, ""));
    let outcome = match code.trim().parse() {
        Ok(code) => LoggedOutcome::Refused { code, message },
        Err(_) => LoggedOutcome::NotFound,
    };
    Some(ServerMessage::Outcome {
        address: Some(address(to)?),
        name: None,
        outcome,
    })
}

fn closed(text: &str) -> Option<ServerMessage<'_>> {
    let words = text.strip_prefix("tftpd: ").unwrap_or(text);
    let is_closed = ["read(ack)", "read", "write"].iter().any(|call| {
        words
            .strip_prefix(call)
            .is_some_and(|rest| rest.trim_end() == ": Connection refused")
    });
    is_closed.then_some(ServerMessage::Outcome {
        address: None,
        name: None,
        outcome: LoggedOutcome::PortClosed,
    })
}
