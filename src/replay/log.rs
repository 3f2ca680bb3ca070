//! Reading logs of tftpd-hpa and dnsmasq.

use std::io::{self, BufRead, Read as _};

use jiff::Timestamp;

use super::{
    dnsmasq,
    log_line::{LineKind, parse_line},
    tftpd_hpa,
    timestamp::Calendar,
    trace::Trace,
};

/// Maximum size of a line in bytes; lines of TFTP servers are shorter.
const LINE_MAX: u64 = 16 * 1024;

/// Reads a log.
pub(super) fn read(
    input: &mut impl BufRead,
    year: Option<i16>,
    modified: Option<Timestamp>,
) -> io::Result<Trace> {
    let mut trace = Trace {
        calendar: Calendar {
            first: year,
            modified,
        },
        ..Trace::default()
    };
    let mut tftpd_hpa = tftpd_hpa::TftpdHpaReader::default();
    let mut dnsmasq = dnsmasq::DnsmasqReader::default();
    let mut bytes = Vec::new();
    while !trace.tally.cut {
        bytes.clear();
        if input.take(LINE_MAX).read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        trace.tally.read += 1;
        let line = parse_line(line);
        let outcome = if line.program.starts_with("dnsmasq") {
            dnsmasq.line(&mut trace, line)
        } else if line.program.contains("tftpd") || line.program.is_empty() {
            tftpd_hpa.line(&mut trace, line)
        } else {
            LineKind::Foreign
        };
        match outcome {
            LineKind::Understood => trace.tally.understood += 1,
            LineKind::Unknown => trace.tally.unknown += 1,
            LineKind::Foreign => {}
        }
    }
    trace.what = match (tftpd_hpa.is_used(), dnsmasq.is_used()) {
        (true, false) => "tftpd-hpa log",
        (false, true) => "dnsmasq log",
        _ => "log",
    };
    Ok(trace)
}
