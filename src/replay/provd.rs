//! Lines of the provisioning server of Wazo and `XiVO`:
//!
//! ```text
//! Processing tftp request: SEP….cnf.xml from 192.0.2.9
//! Processing http request: /SEP….cnf.xml from 192.0.2.9
//! ```

use super::{
    log_line::address,
    server_line::{LoggedRequest, ServerMessage},
};
use crate::track::Transport;

/// Reads a line. Accepts any text.
pub(super) fn read(text: &str) -> Option<ServerMessage<'_>> {
    let (_, rest) = text.split_once("Processing ")?;
    let (transport, rest) = if let Some(rest) = rest.strip_prefix("tftp request: ") {
        (Transport::Tftp, rest)
    } else {
        let rest = rest
            .strip_prefix("http request: ")
            .or_else(|| rest.strip_prefix("https request: "))?;
        (Transport::Http, rest)
    };
    let (name, from) = rest.rsplit_once(" from ")?;
    let from = from.split([' ', '(']).next()?;
    Some(ServerMessage::Request {
        request: LoggedRequest {
            address: address(from)?,
            port: 0,
            transport,
            name: match transport {
                Transport::Http => name.strip_prefix('/').unwrap_or(name),
                Transport::Tftp => name,
            },
        },
        alias: None,
    })
}
