//! Lines that a phone with two slots (69xx, 8941, 8945) writes to its console about its own requests:
//!
//! ```text
//! provision_download_file 1611: HTTP server=192.0.2.1 filename=CTLSEP….tlv
//! HTTP download error, try tftp download
//! provision_download_file 1638: TFTP server=192.0.2.1 filename=CTLSEP….tlv
//! Error code 1: File not found
//! ```
//!
//! It requests each file over HTTP and then over TFTP. No line has the phone's address.

use super::server_line::{LoggedOutcome, ServerMessage};
use crate::track::Transport;

/// Reads a line. Accepts any text.
pub(super) fn read(text: &str) -> Option<ServerMessage<'_>> {
    if let Some(rest) = text.strip_prefix("provision_download_file ") {
        let (_, rest) = rest.split_once(": ")?;
        let (transport, rest) = rest.split_once(" server=")?;
        let (_, name) = rest.split_once(" filename=")?;
        let transport = match transport {
            "HTTP" => Transport::Http,
            "TFTP" => Transport::Tftp,
            _ => return None,
        };
        let name = name.trim_end();
        return Some(ServerMessage::Own { transport, name });
    }
    let outcome = if let Some(rest) = text.strip_prefix("Error code ") {
        let (code, message) = rest.split_once(": ")?;
        LoggedOutcome::Refused {
            code: code.parse().ok()?,
            message: message.trim_end(),
        }
    } else if text.starts_with("HTTP download error") {
        LoggedOutcome::NotFound
    } else {
        return None;
    };
    Some(ServerMessage::Outcome {
        address: None,
        name: None,
        outcome,
    })
}
