//! Lines of dnsmasq's TFTP server, which logs a transfer when it is over:
//!
//! ```text
//! dnsmasq-tftp[20]: sent /srv/tftp/term65.default.loads to 192.0.2.9
//! dnsmasq-tftp[20]: file /srv/tftp/CTLSEP….tlv not found for 192.0.2.9
//! dnsmasq-tftp[20]: file /srv/tftp/CTLSEP….tlv not found
//! dnsmasq-tftp[20]: cannot access /srv/tftp/term65.default.loads: Permission denied
//! dnsmasq-tftp[20]: failed sending /srv/tftp/apps45.sbn to 192.0.2.9
//! dnsmasq-tftp[20]: error 0 text received from 192.0.2.9
//! ```
//!
//! Versions before 2.66 do not say for which client a file was not found, and none does where
//! access is denied.

use super::{
    log_line::address,
    server_line::{LoggedOutcome, LoggedRequest, ServerMessage},
};

/// The error code of an access violation (RFC 1350).
const ACCESS_VIOLATION: u16 = 2;

/// Reads a line. Accepts any text.
pub(super) fn read(text: &str) -> Option<ServerMessage<'_>> {
    let answered = |path, to, outcome| {
        Some(ServerMessage::Answered {
            request: LoggedRequest::tftp(address(to)?, base(path)),
            outcome,
        })
    };
    if let Some(rest) = text.strip_prefix("sent ") {
        let (path, to) = rest.rsplit_once(" to ")?;
        answered(path, to, LoggedOutcome::Delivered { size: None })
    } else if let Some(rest) = text.strip_prefix("failed sending ") {
        let (path, to) = rest.rsplit_once(" to ")?;
        let outcome = LoggedOutcome::Failed {
            code: None,
            message: "",
        };
        answered(path, to, outcome)
    } else if let Some(rest) = text.strip_prefix("file ") {
        if let Some((path, from)) = rest.rsplit_once(" not found for ") {
            return answered(path, from, LoggedOutcome::NotFound);
        }
        Some(ServerMessage::Clientless {
            name: base(rest.trim_end().strip_suffix(" not found")?),
            outcome: LoggedOutcome::NotFound,
        })
    } else if let Some(rest) = text.strip_prefix("cannot access ") {
        let (path, message) = rest.rsplit_once(": ")?;
        let outcome = LoggedOutcome::Refused {
            code: ACCESS_VIOLATION,
            message,
        };
        Some(ServerMessage::Clientless {
            name: base(path),
            outcome,
        })
    } else {
        let rest = text.strip_prefix("error ")?;
        let (what, from) = rest.rsplit_once(" received from ")?;
        let (code, message) = what.split_once(' ').unwrap_or((what, ""));
        Some(ServerMessage::PeerError {
            address: address(from)?,
            code: code.parse().ok()?,
            message,
        })
    }
}

/// The name without the server's folder.
fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
