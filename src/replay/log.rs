//! Logs: lines, the program that wrote each, and what it says.

use std::{
    io::{self, BufRead, Read as _},
    net::{IpAddr, Ipv4Addr},
};

use jiff::Timestamp;

use super::{
    dnsmasq, hpa,
    record::Record,
    stamp::{self, Calendar, Stamp},
};

/// Bytes of a line that are read; a longer one is none of a TFTP server's.
const LINE_MAX: u64 = 16 * 1024;

/// Programs whose name stands before a line even where no time does: on standard error.
const SERVERS: [&str; 3] = ["dnsmasq-tftp", "in.tftpd", "tftpd"];

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// It tells of a request or of its fate.
    Understood,
    /// A TFTP server wrote it, and it says something else.
    Unknown,
    /// Another program wrote it.
    Foreign,
}

/// A line without its time: who wrote it, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said<'a> {
    pub stamp: Stamp,
    /// `in.tftpd`; empty where the line has no such head.
    pub program: &'a str,
    /// The process that wrote it.
    pub process: Option<u32>,
    pub words: &'a str,
}

/// Reads a log.
pub(super) fn record(
    input: &mut impl BufRead,
    year: Option<i16>,
    modified: Option<Timestamp>,
) -> io::Result<Record> {
    let mut record = Record {
        calendar: Calendar {
            first: year,
            modified,
        },
        ..Record::default()
    };
    let mut hpa = hpa::Reader::default();
    let mut dnsmasq = dnsmasq::Reader::default();
    let mut bytes = Vec::new();
    while !record.tally.cut {
        bytes.clear();
        if input.take(LINE_MAX).read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        record.tally.read += 1;
        let said = said(line);
        let outcome = if said.program.starts_with("dnsmasq") {
            dnsmasq.line(&mut record, said)
        } else if said.program.contains("tftpd") || said.program.is_empty() {
            hpa.line(&mut record, said)
        } else {
            Line::Foreign
        };
        match outcome {
            Line::Understood => record.tally.understood += 1,
            Line::Unknown => record.tally.unknown += 1,
            Line::Foreign => {}
        }
    }
    record.what = match (hpa.is_used(), dnsmasq.is_used()) {
        (true, false) => "tftpd-hpa log",
        (false, true) => "dnsmasq log",
        _ => "log",
    };
    Ok(record)
}

/// Splits `Mar 28 11:38:42 host in.tftpd[2080]: words`. Total.
pub(super) fn said(line: &str) -> Said<'_> {
    let (stamp, rest) = stamp::take(line);
    let head = rest.split_once(": ").and_then(|(head, words)| {
        let tag = head.rsplit(' ').next()?;
        let (program, process) = match tag.split_once('[') {
            Some((program, process)) => (program, process.strip_suffix(']')?.parse().ok()),
            None => (tag, None),
        };
        // A sentence with a colon in it has no head: "Client 192.0.2.1 …: x".
        let is_head = stamp != Stamp::None || process.is_some() || SERVERS.contains(&program);
        is_head.then_some((program, process, words))
    });
    let (program, process, words) = head.unwrap_or(("", None, rest));
    Said {
        stamp,
        program,
        process,
        words,
    }
}

/// An address as logs write it, an IPv4 one in IPv6 form included.
pub(super) fn address(text: &str) -> Option<Ipv4Addr> {
    let text = text.trim_end_matches(['.', ',', ':']);
    match text.parse().ok()? {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(address) => address.to_ipv4_mapped(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_s_head_is_told_from_its_words() {
        let line = "Mar 28 11:38:42 pbx in.tftpd[20]: RRQ from 1.2.3.4 filename a: b";
        let said_ = said(line);
        assert_eq!((said_.program, said_.process), ("in.tftpd", Some(20)));
        assert_eq!(said_.words, "RRQ from 1.2.3.4 filename a: b");
        let bare = said("RRQ from 1.2.3.4 filename a: b");
        assert_eq!(
            (bare.program, bare.words),
            ("", "RRQ from 1.2.3.4 filename a: b")
        );
    }

    #[test]
    fn a_server_that_writes_to_standard_error_is_known_by_its_name() {
        let line = said("dnsmasq-tftp: sent /srv/x to 192.0.2.9");
        assert_eq!(line.program, "dnsmasq-tftp");
        assert_eq!(line.words, "sent /srv/x to 192.0.2.9");
        // This one is of in.tftpd itself, without any head.
        let line = said("Client 192.0.2.9 finished x: y");
        assert_eq!(line.program, "");
    }

    #[test]
    fn mapped_addresses_are_what_they_map() {
        assert_eq!(
            address("::ffff:192.0.2.7"),
            Some(Ipv4Addr::new(192, 0, 2, 7))
        );
        assert_eq!(address("192.0.2.7"), Some(Ipv4Addr::new(192, 0, 2, 7)));
        assert_eq!(address("2001:db8::1"), None);
    }
}
