//! Lines of `PumpKIN`, a TFTP server for Windows and macOS, from its log file:
//!
//! ```text
//! [03/02/26 09:00:03] 'term65.default.loads' of type 'octet' is requested from 192.0.2.9
//! [03/02/26 09:00:03] Transfer of 'term65.default.loads' has successfully completed
//! [03/02/26 09:00:33] Transmission of 'apps45.sbn' is timed out
//! ```
//!
//! `completed` is logged when the last block is sent, before its acknowledgement. An ERROR to or from
//! the client names no file.

use super::{
    log_line::address,
    server_line::{LoggedOutcome, LoggedRequest, ServerMessage},
};

/// Reads a line. Accepts any text.
pub(super) fn read(text: &str) -> Option<ServerMessage<'_>> {
    if let Some(rest) = text.strip_prefix('\'') {
        let (what, from) = rest.rsplit_once("' is requested from ")?;
        let (name, _) = what.rsplit_once("' of type '")?;
        return Some(ServerMessage::Request {
            request: LoggedRequest::tftp(address(from.trim_end())?, name),
            alias: None,
        });
    }
    let named = |start: &str, end: &str| text.trim_end().strip_prefix(start)?.strip_suffix(end);
    let (name, outcome) = if let Some(name) = named("Transmission of '", "' is timed out") {
        (name, LoggedOutcome::TimedOut)
    } else {
        let name = named("Transfer of '", "' has successfully completed")?;
        (name, LoggedOutcome::Served { size: None })
    };
    Some(ServerMessage::Outcome {
        address: None,
        name: Some(name),
        outcome,
    })
}
