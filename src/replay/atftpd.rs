//! Lines of atftpd:
//!
//! ```text
//! atftpd[811]: Serving term65.default.loads to 192.0.2.9:49152
//! atftpd[811]: File CTLSEP….tlv not found
//! ```
//!
//! `Serving` is logged for each request, before the file is opened.

use super::{
    log_line::address,
    server_line::{LoggedOutcome, LoggedRequest, ServerMessage},
};
use crate::track::Transport;

/// Reads a line. Accepts any text.
pub(super) fn read(text: &str) -> Option<ServerMessage<'_>> {
    if let Some(rest) = text.strip_prefix("Serving ") {
        let (name, client) = rest.rsplit_once(" to ")?;
        let (from, port) = client.trim_end().rsplit_once(':')?;
        return Some(ServerMessage::Request {
            request: LoggedRequest {
                address: address(from)?,
                port: port.parse().ok()?,
                transport: Transport::Tftp,
                name,
            },
            alias: None,
        });
    }
    let name = text
        .strip_prefix("File ")?
        .trim_end()
        .strip_suffix(" not found")?;
    Some(ServerMessage::Outcome {
        address: None,
        name: Some(name),
        outcome: LoggedOutcome::NotFound,
    })
}
