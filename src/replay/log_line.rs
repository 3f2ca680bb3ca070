//! One line of a log: when it was written, by which program, and its text.

use std::net::{IpAddr, Ipv4Addr};

use super::timestamp::{self, LogTime};

/// Programs whose name stands before a line even where no time does: on standard error.
const SERVERS: [&str; 3] = ["dnsmasq-tftp", "in.tftpd", "tftpd"];

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineKind {
    /// It tells of a request or of its fate.
    Understood,
    /// A TFTP server wrote it, and it says something else.
    Unknown,
    /// Another program wrote it.
    Foreign,
}

/// A line without its time: who wrote it, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogLine<'a> {
    pub time: LogTime,
    /// `in.tftpd`; empty where the line has no such head.
    pub program: &'a str,
    /// The process that wrote it.
    pub process: Option<u32>,
    pub words: &'a str,
}

/// Splits `Mar 28 11:38:42 host in.tftpd[2080]: words`. Total.
pub(super) fn parse_line(line: &str) -> LogLine<'_> {
    let (time, rest) = timestamp::take(line);
    let head = rest.split_once(": ").and_then(|(head, words)| {
        let tag = head.rsplit(' ').next()?;
        let (program, process) = match tag.split_once('[') {
            Some((program, process)) => (program, process.strip_suffix(']')?.parse().ok()),
            None => (tag, None),
        };
        // A sentence with a colon in it has no head: "Client 192.0.2.1 …: x".
        let is_head = time != LogTime::None || process.is_some() || SERVERS.contains(&program);
        is_head.then_some((program, process, words))
    });
    let (program, process, words) = head.unwrap_or(("", None, rest));
    LogLine {
        time,
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
        let headed = parse_line(line);
        assert_eq!((headed.program, headed.process), ("in.tftpd", Some(20)));
        assert_eq!(headed.words, "RRQ from 1.2.3.4 filename a: b");
        let bare = parse_line("RRQ from 1.2.3.4 filename a: b");
        assert_eq!(
            (bare.program, bare.words),
            ("", "RRQ from 1.2.3.4 filename a: b")
        );
    }

    #[test]
    fn a_server_that_writes_to_standard_error_is_known_by_its_name() {
        let line = parse_line("dnsmasq-tftp: sent /srv/x to 192.0.2.9");
        assert_eq!(line.program, "dnsmasq-tftp");
        assert_eq!(line.words, "sent /srv/x to 192.0.2.9");
        // This one is of in.tftpd itself, without any head.
        let line = parse_line("Client 192.0.2.9 finished x: y");
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
