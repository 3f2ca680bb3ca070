//! Access logs of web servers (Apache, nginx, lighttpd, Python), which phones ask on port 6970:
//!
//! ```text
//! 192.0.2.9 - - [02/Mar/2026:09:00:00 +0100] "GET /SEP….cnf.xml HTTP/1.1" 200 4711 "-" "…"
//! 192.0.2.9 - - [02/Mar/2026 09:00:00] "GET /CTLSEP….tlv HTTP/1.1" 404 -
//! ```
//!
//! The status shows what the server answered, not that the answer arrived.

use super::{
    log_line::address,
    server_line::{LoggedOutcome, LoggedRequest, ServerMessage},
};
use crate::track::Transport;

/// The TFTP error of a server that denies access, as the tracker knows it.
const ACCESS_VIOLATION: u16 = 2;

/// Reads a line. Accepts any text.
pub(super) fn read(text: &str) -> Option<ServerMessage<'_>> {
    let (head, rest) = text.split_once(']')?;
    // `other_vhosts_access.log` has the host and its port first.
    let from = head.split(' ').take(2).find_map(address)?;
    let Some((_, rest)) = rest.split_once("\"GET ") else {
        let is_error = rest.starts_with(" code ") || rest.contains("\"HEAD ");
        return is_error.then_some(ServerMessage::Routine);
    };
    let (line, rest) = rest.split_once('"')?;
    let path = line.split(' ').next()?;
    let path = path.split(['?', '#']).next()?;
    // A request to a proxy names the host.
    let path = match path.strip_prefix("http://") {
        Some(rest) => rest.split_once('/').map_or("", |(_, path)| path),
        None => path.strip_prefix('/').unwrap_or(path),
    };
    let mut fields = rest.split(' ').filter(|field| !field.is_empty());
    let status: u16 = fields.next()?.parse().ok()?;
    let size = fields.next().and_then(|size| size.parse().ok());
    let outcome = match status {
        200 => LoggedOutcome::Served {
            size: size.filter(|size| *size > 0),
        },
        401 | 403 => LoggedOutcome::Refused {
            code: ACCESS_VIOLATION,
            message: "access denied",
        },
        404 | 410 => LoggedOutcome::NotFound,
        400.. => LoggedOutcome::Refused {
            code: 0,
            message: "the web server failed",
        },
        _ => LoggedOutcome::Served { size: None },
    };
    Some(ServerMessage::Answered {
        request: LoggedRequest {
            address: from,
            port: 0,
            transport: Transport::Http,
            name: path,
        },
        outcome,
    })
}
