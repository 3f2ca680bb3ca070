//! Lines of `debug tftp events` and `debug tftp packets` of a router (IOS):
//!
//! ```text
//! TFTP: read request from host 192.0.2.9(49152) via GigabitEthernet0/0
//! TFTP: Looking for CTLSEP….tlv
//! TFTP: Sending error 1 No such file
//! TFTP: Opened flash:term65.default.loads, fd 0, size 578 for process 334
//! TFTP: Finished flash:term65.default.loads, time 00:00:00 for process 334
//! ```
//!
//! Only `debug tftp packets` names the client.

use super::{
    log_line::address,
    server_line::{LoggedOutcome, ServerMessage},
};

/// Reads a line without its `TFTP: `. Accepts any text.
pub(super) fn read(text: &str) -> Option<ServerMessage<'_>> {
    if let Some(rest) = text.strip_prefix("read request from host ") {
        let (from, rest) = rest.split_once('(')?;
        return Some(ServerMessage::Connected {
            address: address(from)?,
            port: rest.split(')').next()?.parse().ok()?,
        });
    }
    if let Some(name) = text.strip_prefix("Looking for ") {
        return Some(ServerMessage::Named {
            name: name.trim_end(),
        });
    }
    if let Some(rest) = text.strip_prefix("Sending error ") {
        let (code, message) = rest.split_once(' ').unwrap_or((rest, ""));
        let outcome = LoggedOutcome::Refused {
            code: code.parse().ok()?,
            message: message.trim_end(),
        };
        return Some(ServerMessage::Outcome {
            address: None,
            name: None,
            outcome,
        });
    }
    if let Some(rest) = text.strip_prefix("Opened ") {
        let (path, rest) = rest.split_once(", fd ")?;
        let size = rest
            .split_once("size ")
            .and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        return Some(ServerMessage::Outcome {
            address: None,
            name: Some(base(path)),
            outcome: LoggedOutcome::Served { size },
        });
    }
    if let Some(rest) = text.strip_prefix("Finished ") {
        let (path, _) = rest.split_once(", time ")?;
        return Some(ServerMessage::Outcome {
            address: None,
            name: Some(base(path)),
            outcome: LoggedOutcome::Delivered { size: None },
        });
    }
    let is_routine = [
        "Server request ",
        "Sending block ",
        "Received ACK ",
        "Sending ",
    ]
    .iter()
    .any(|start| text.starts_with(start));
    is_routine.then_some(ServerMessage::Routine)
}

/// The name without the file system and its folders.
fn base(path: &str) -> &str {
    path.rsplit(['/', ':']).next().unwrap_or(path)
}
