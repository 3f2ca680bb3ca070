//! What `tcpdump` prints of requests to port 69:
//!
//! ```text
//! IP 192.0.2.9.49152 > 192.0.2.1.69: TFTP, length 31, RRQ "term65.default.loads" octet
//! IP 192.0.2.9.49152 > 192.0.2.1.tftp:  31 RRQ "term65.default.loads" octet
//! ```
//!
//! The packets of a transfer have other ports, so `tcpdump` does not print what they are.

use std::net::Ipv4Addr;

use super::server_line::{LoggedRequest, ServerMessage};
use crate::track::Transport;

/// Reads a line. Accepts any text.
pub(super) fn read(text: &str) -> Option<ServerMessage<'_>> {
    let Some((head, rest)) = text.split_once(" RRQ ") else {
        return text.contains(" > ").then_some(ServerMessage::Routine);
    };
    let (client, _) = head.rsplit_once(" > ")?;
    let client = client.rsplit(' ').next()?;
    let (host, port) = client.rsplit_once('.')?;
    let address: Ipv4Addr = host.parse().ok()?;
    let name = rest.strip_prefix('"')?;
    let (name, _) = name.split_once('"')?;
    Some(ServerMessage::Request {
        request: LoggedRequest {
            address,
            port: port.parse().ok()?,
            transport: Transport::Tftp,
            name,
        },
        alias: None,
    })
}
