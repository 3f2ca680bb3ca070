//! Lines of netkit's tftpd, which old Linux distributions have, and of xinetd:
//!
//! ```text
//! in.tftpd[20]: connect from 192.0.2.9 (192.0.2.9)
//! tftpd[21]: tftpd: trying to get file: term65.default.loads
//! tftpd[21]: tftpd: serving file from /srv/tftp
//! xinetd[939]: START: tftp pid=20 from=192.0.2.9
//! ```
//!
//! The client and the file are in two lines of two processes, the second a child of the first.

use super::{
    log_line::address,
    server_line::{LoggedOutcome, ServerMessage},
};

/// Reads a line. Accepts any text.
pub(super) fn read(text: &str) -> Option<ServerMessage<'_>> {
    if let Some(rest) = text.strip_prefix("connect from ") {
        let first = rest.split(' ').next().and_then(address);
        let inside = || {
            let (_, inside) = rest.split_once('(')?;
            address(inside.split(')').next()?)
        };
        return Some(ServerMessage::Connected {
            address: first.or_else(inside)?,
            port: 0,
        });
    }
    let words = text.strip_prefix("tftpd: ").unwrap_or(text);
    if let Some(name) = words.strip_prefix("trying to get file: ") {
        return Some(ServerMessage::Named { name });
    }
    if words.starts_with("serving file from ") {
        return Some(ServerMessage::Outcome {
            address: None,
            name: None,
            outcome: LoggedOutcome::Served { size: None },
        });
    }
    None
}

/// Reads a line of xinetd about a TFTP server. Accepts any text.
pub(super) fn read_inetd(text: &str) -> Option<ServerMessage<'_>> {
    let (what, rest) = text.split_once(": ")?;
    let mut words = rest.split(' ');
    let service = words.next()?;
    if !service.contains("tftp") {
        return None;
    }
    match what {
        "START" => Some(ServerMessage::Started {
            address: words.find_map(|word| address(word.strip_prefix("from=")?))?,
        }),
        "EXIT" => Some(ServerMessage::Routine),
        _ => None,
    }
}
