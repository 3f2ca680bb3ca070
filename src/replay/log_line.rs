//! One line of a log: when it was written, on which host, by which program, and its text.

use std::net::{IpAddr, Ipv4Addr};

use super::{time_form, timestamp::LogTime};

/// Programs that write their name without a time before it on standard error.
const SERVERS: [&str; 5] = [
    "dnsmasq-tftp",
    "dnsmasq-dhcp",
    "in.tftpd",
    "tftpd",
    "atftpd",
];

/// Maximum number of words before the text of a line: host, facility and program.
const HEAD_WORDS: usize = 4;

/// A line, split into its parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct LogLine {
    pub time: LogTime,
    /// The host or the container that wrote it; empty if the line names none.
    pub host: String,
    /// Such as `in.tftpd`; empty if the line has no program name.
    pub program: String,
    /// The process number.
    pub process: Option<u32>,
    pub text: String,
}

/// Parses a line without a wrapper.
pub(super) fn parse_plain(line: &str) -> LogLine {
    let (time, rest) = time_form::split_time(line);
    let rest = without_stream(rest);
    if is_packet(rest) {
        return LogLine {
            time,
            program: "tcpdump".to_owned(),
            text: rest.to_owned(),
            ..LogLine::default()
        };
    }
    if time == LogTime::None {
        if let Some((time, rest)) = time_form::split_last_time(rest) {
            return LogLine {
                time,
                text: rest.to_owned(),
                ..LogLine::default()
            };
        }
        if let Some(time) = time_form::of_access(rest) {
            return LogLine {
                time,
                text: rest.to_owned(),
                ..LogLine::default()
            };
        }
    }
    let Some(head) = head(rest, time != LogTime::None) else {
        return inner(LogLine {
            time,
            text: rest.to_owned(),
            ..LogLine::default()
        });
    };
    inner(LogLine {
        time,
        host: head.host.to_owned(),
        program: head.program.to_owned(),
        process: head.process,
        text: head.text.to_owned(),
    })
}

/// A line whose text has a time of its own: a syslog server, or a router's, wrote one before it.
fn inner(line: LogLine) -> LogLine {
    let is_sequence =
        !line.program.is_empty() && line.program.bytes().all(|it| it.is_ascii_digit());
    if !(line.program.is_empty() || is_sequence) || line.time == LogTime::None {
        return line;
    }
    let (time, rest) = time_form::split_time(&line.text);
    if time == LogTime::None {
        return line;
    }
    let mut found = match head(rest, true) {
        Some(head) => LogLine {
            time: line.time,
            host: head.host.to_owned(),
            program: head.program.to_owned(),
            process: head.process,
            text: head.text.to_owned(),
        },
        None => LogLine {
            time: line.time,
            text: rest.to_owned(),
            ..LogLine::default()
        },
    };
    if found.host.is_empty() {
        found.host = line.host;
    }
    found
}

/// Whether `tcpdump` printed this.
fn is_packet(text: &str) -> bool {
    let is_read = text.contains(" RRQ \"") || text.contains(" RRQ from ");
    (is_read || text.starts_with("IP ")) && text.contains(" > ")
}

#[derive(Debug)]
struct Head<'a> {
    host: &'a str,
    program: &'a str,
    process: Option<u32>,
    text: &'a str,
}

/// The host and the program before the text. `timed`: a time stands before them.
fn head(rest: &str, timed: bool) -> Option<Head<'_>> {
    let (head, text) = rest.split_once(": ").or_else(|| {
        let head = rest.strip_suffix(':')?;
        Some((head, ""))
    })?;
    if head.split(' ').count() > HEAD_WORDS {
        return None;
    }
    let mut words = head.split(' ').filter(|word| !word.is_empty());
    let tag = words.next_back()?;
    let (program, process) = match tag.split_once('[') {
        Some((program, process)) => (program, process.strip_suffix(']')?.parse().ok()),
        None => (tag, None),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/@%#".contains(&byte);
    if program.is_empty() || !program.bytes().all(is_name) {
        return None;
    }
    // A message with a colon in it has no program name: "Client 192.0.2.1 …: x".
    let is_head = timed || process.is_some() || SERVERS.contains(&program);
    let host = words.find(|word| !is_facility(word)).unwrap_or("");
    is_head.then_some(Head {
        host,
        program,
        process,
        text,
    })
}

/// `daemon.info`, as `logread` and busybox write it before the program.
fn is_facility(word: &str) -> bool {
    let level = word.rsplit_once('.').map(|(_, level)| level);
    level.is_some_and(|level| {
        [
            "debug", "info", "notice", "warn", "warning", "err", "error", "crit", "alert", "emerg",
        ]
        .contains(&level)
    })
}

/// Parses an address of a log, also an IPv4 address in IPv6 form.
pub(super) fn address(text: &str) -> Option<Ipv4Addr> {
    let text = text.trim_end_matches(['.', ',', ':']);
    match text.parse().ok()? {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(address) => address.to_ipv4_mapped(),
    }
}

/// Without the stream that Kubernetes writes before a line: `stdout F text`.
fn without_stream(text: &str) -> &str {
    ["stdout F ", "stderr F ", "stdout P ", "stderr P "]
        .iter()
        .find_map(|stream| text.strip_prefix(stream))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

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
