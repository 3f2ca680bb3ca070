//! Lines of the tftpd of `FreeBSD`, `NetBSD` and macOS:
//!
//! ```text
//! tftpd[20]: 192.0.2.9: read request for term65.default.loads: success
//! tftpd[21]: 192.0.2.9: read request for CTLSEP….tlv: File not found
//! ```
//!
//! `success` means that the file was opened. The end of the transfer is not logged.

use super::{
    log_line::address,
    server_line::{LoggedOutcome, LoggedRequest, ServerMessage},
};

/// The error codes of RFC 1350, by their texts.
const ERRORS: [(&str, u16); 4] = [
    ("access violation", 2),
    ("permission denied", 2),
    ("illegal tftp operation", 4),
    ("unknown transfer id", 5),
];

/// Reads a line. Accepts any text.
pub(super) fn read(text: &str) -> Option<ServerMessage<'_>> {
    let (from, rest) = text.split_once(": read request for ")?;
    let (name, result) = rest.rsplit_once(": ")?;
    let result = result.trim_end();
    let lower = result.to_ascii_lowercase();
    let known = ERRORS.iter().find(|(text, _)| lower == *text);
    let outcome = match (lower.as_str(), known) {
        ("success", _) => LoggedOutcome::Served { size: None },
        ("file not found", _) => LoggedOutcome::NotFound,
        (_, Some((_, code))) => LoggedOutcome::Refused {
            code: *code,
            message: result,
        },
        _ => LoggedOutcome::Refused {
            code: 0,
            message: result,
        },
    };
    Some(ServerMessage::Answered {
        request: LoggedRequest::tftp(address(from)?, name),
        outcome,
    })
}
