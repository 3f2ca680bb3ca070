//! Lines of Tftpd32 and Tftpd64 for Windows, from its log window or its log file:
//!
//! ```text
//! Connection received from 192.0.2.9 on port 49152 [02/03 09:00:03.113]
//! Read request for file <term42.default.loads>. Mode octet [02/03 09:00:03.113]
//! File <CTLSEP….tlv> : error 2 in system call CreateFile The system cannot find … [02/03 …]
//! <term42.default.loads>: sent 2 blks, 662 bytes in 1 s. 0 blk resent [02/03 09:00:03.113]
//! ```
//!
//! Only the first line names the client, and `TIMEOUT waiting …` names no file. `sent` is logged
//! when the last block is acknowledged.

use super::{
    log_line::address,
    server_line::{LoggedOutcome, ServerMessage},
};

/// The system error of a file that does not exist, of a folder that does not, and of a file that
/// may not be read.
const NOT_FOUND: [&str; 2] = ["2", "3"];
const DENIED: &str = "5";

/// Reads a line. Accepts any text.
pub(super) fn read(text: &str) -> Option<ServerMessage<'_>> {
    if let Some(rest) = text.strip_prefix("Connection received from ") {
        let (from, port) = rest.split_once(" on port ")?;
        return Some(ServerMessage::Connected {
            address: address(from)?,
            port: port.trim().parse().ok()?,
        });
    }
    if let Some(rest) = text.strip_prefix("Read request for file <") {
        let (name, _) = rest.rsplit_once(">.")?;
        return Some(ServerMessage::Named { name });
    }
    if let Some(rest) = text.strip_prefix("File <") {
        let (name, rest) = rest.rsplit_once("> : error ")?;
        let code = rest.split(' ').next()?;
        let outcome = if NOT_FOUND.contains(&code) {
            LoggedOutcome::NotFound
        } else if code == DENIED {
            LoggedOutcome::Refused {
                code: 2,
                message: "Access denied",
            }
        } else {
            LoggedOutcome::Refused {
                code: 0,
                message: rest,
            }
        };
        return Some(outcome_of(name, outcome));
    }
    if let Some(rest) = text.strip_prefix('<') {
        let (name, rest) = rest.rsplit_once(">: sent ")?;
        let (_, rest) = rest.split_once(" blks, ")?;
        let size = rest.split(' ').next()?.parse().ok();
        return Some(outcome_of(name, LoggedOutcome::Delivered { size }));
    }
    let is_routine = [
        "Using local port ",
        "OACK: ",
        "TIMEOUT waiting ",
        "Rcvd DHCP ",
    ]
    .iter()
    .any(|start| text.starts_with(start));
    is_routine.then_some(ServerMessage::Routine)
}

fn outcome_of<'a>(name: &'a str, outcome: LoggedOutcome<'a>) -> ServerMessage<'a> {
    ServerMessage::Outcome {
        address: None,
        name: Some(name),
        outcome,
    }
}
