//! Lines of dnsmasq's TFTP server, which logs a transfer when it is over:
//!
//! ```text
//! dnsmasq-tftp[20]: sent /srv/tftp/term65.default.loads to 192.0.2.9
//! dnsmasq-tftp[20]: file /srv/tftp/CTLSEP….tlv not found for 192.0.2.9
//! dnsmasq-tftp[20]: failed sending /srv/tftp/apps45.sbn to 192.0.2.9
//! dnsmasq-tftp[20]: error 0 text received from 192.0.2.9
//! ```

use std::{collections::HashMap, net::Ipv4Addr};

use super::{
    log_line::{LineKind, LogLine, address},
    trace::{ReplayedRequest, Trace},
};
use crate::track::{TransferEnd, Transport};

/// Maximum number of errors that are kept until the line of their file.
const ERRORS_MAX: usize = 4096;

/// The state between lines.
#[derive(Debug, Default)]
pub(super) struct DnsmasqReader {
    /// The phone's last ERROR packet; the next line has the file that it ended.
    errors: HashMap<Ipv4Addr, (u16, String)>,
    used: bool,
}

impl DnsmasqReader {
    pub(super) fn is_used(&self) -> bool {
        self.used
    }

    pub(super) fn line(&mut self, trace: &mut Trace, line: LogLine<'_>) -> LineKind {
        if line.program == "dnsmasq-dhcp" || line.program == "dnsmasq" {
            // DHCP and DNS: only the TFTP server logs files.
            return LineKind::Foreign;
        }
        let understood = self.read(trace, line);
        self.used |= understood.is_some();
        understood.map_or(LineKind::Unknown, |()| LineKind::Understood)
    }

    fn read(&mut self, trace: &mut Trace, line: LogLine<'_>) -> Option<()> {
        let words = line.text;
        if let Some(rest) = words.strip_prefix("sent ") {
            let (path, to) = rest.rsplit_once(" to ")?;
            let index = add_ended_request(trace, line, path, address(to)?)?;
            trace.end(line.time, index, TransferEnd::Delivered, None);
        } else if let Some(rest) = words.strip_prefix("failed sending ") {
            let (path, to) = rest.rsplit_once(" to ")?;
            let to = address(to)?;
            let end = match self.errors.remove(&to) {
                Some((code, message)) => TransferEnd::Aborted {
                    code: Some(code),
                    message: Some(message),
                },
                None => TransferEnd::Vanished { all_sent: false },
            };
            let index = add_ended_request(trace, line, path, to)?;
            trace.end(line.time, index, end, None);
        } else if let Some(rest) = words.strip_prefix("file ") {
            let (path, from) = rest.rsplit_once(" not found for ")?;
            let index = add_ended_request(trace, line, path, address(from)?)?;
            trace.refuse(index);
        } else {
            let rest = words.strip_prefix("error ")?;
            let (what, from) = rest.rsplit_once(" received from ")?;
            let (code, message) = what.split_once(' ').unwrap_or((what, ""));
            let code = code.parse().ok()?;
            if self.errors.len() >= ERRORS_MAX {
                self.errors.clear();
            }
            self.errors
                .insert(address(from)?, (code, message.to_owned()));
        }
        trace.has_ends = true;
        Some(())
    }
}

/// Adds the request of a file whose transfer is over, without the server's folder.
fn add_ended_request(
    trace: &mut Trace,
    line: LogLine<'_>,
    path: &str,
    address: Ipv4Addr,
) -> Option<usize> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let request = ReplayedRequest {
        address,
        port: 0,
        transport: Transport::Tftp,
        name: name.to_owned(),
        staged: None,
        found: true,
        size: None,
        ended: false,
    };
    trace.add_request(line.time, request)
}
