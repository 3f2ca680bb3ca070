//! One line of a log: when it was written, by which program, and its text.

use std::net::{IpAddr, Ipv4Addr};

use super::timestamp::{self, LogTime};

/// Programs that write their name without a time before it on standard error.
const SERVERS: [&str; 3] = ["dnsmasq-tftp", "in.tftpd", "tftpd"];

/// How a line was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineKind {
    /// A request or how it ended.
    Understood,
    /// Another message of a TFTP server.
    Unknown,
    /// A line of another program.
    Foreign,
}

/// A line, split into its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogLine<'a> {
    pub time: LogTime,
    /// Such as `in.tftpd`; empty if the line has no program name.
    pub program: &'a str,
    /// The process number.
    pub process: Option<u32>,
    pub text: &'a str,
}

/// Splits `Mar 28 11:38:42 host in.tftpd[2080]: text`. Accepts any line.
pub(super) fn parse_line(line: &str) -> LogLine<'_> {
    let (time, rest) = timestamp::split_time(line);
    let head = rest.split_once(": ").and_then(|(head, text)| {
        let tag = head.rsplit(' ').next()?;
        let (program, process) = match tag.split_once('[') {
            Some((program, process)) => (program, process.strip_suffix(']')?.parse().ok()),
            None => (tag, None),
        };
        // A message with a colon in it has no program name: "Client 192.0.2.1 …: x".
        let is_head = time != LogTime::None || process.is_some() || SERVERS.contains(&program);
        is_head.then_some((program, process, text))
    });
    let (program, process, text) = head.unwrap_or(("", None, rest));
    LogLine {
        time,
        program,
        process,
        text,
    }
}

/// Parses an address of a log, also an IPv4 address in IPv6 form.
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
    fn program_and_text_are_split() {
        let line = "Mar 28 11:38:42 pbx in.tftpd[20]: RRQ from 1.2.3.4 filename a: b";
        let headed = parse_line(line);
        assert_eq!((headed.program, headed.process), ("in.tftpd", Some(20)));
        assert_eq!(headed.text, "RRQ from 1.2.3.4 filename a: b");
        let bare = parse_line("RRQ from 1.2.3.4 filename a: b");
        assert_eq!(
            (bare.program, bare.text),
            ("", "RRQ from 1.2.3.4 filename a: b")
        );
    }

    #[test]
    fn servers_are_known_without_a_time() {
        let line = parse_line("dnsmasq-tftp: sent /srv/x to 192.0.2.9");
        assert_eq!(line.program, "dnsmasq-tftp");
        assert_eq!(line.text, "sent /srv/x to 192.0.2.9");
        // A line of in.tftpd on standard error: it has neither a time nor a program name.
        let line = parse_line("Client 192.0.2.9 finished x: y");
        assert_eq!(line.program, "");
    }

    #[test]
    fn mapped_addresses_become_ipv4() {
        assert_eq!(
            address("::ffff:192.0.2.7"),
            Some(Ipv4Addr::new(192, 0, 2, 7))
        );
        assert_eq!(address("192.0.2.7"), Some(Ipv4Addr::new(192, 0, 2, 7)));
        assert_eq!(address("2001:db8::1"), None);
    }
}
