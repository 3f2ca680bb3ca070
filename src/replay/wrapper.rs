//! What programs put around the lines of a server: journald, docker, containers, RFC 5424.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    log_line::{LogLine, parse_plain},
    time_form,
    timestamp::LogTime,
};

/// A line without its wrapper.
#[derive(Debug)]
enum Wrapped<'a> {
    /// A line, and the container that wrote it.
    Line { container: &'a str, rest: &'a str },
    /// An object of JSON.
    Json(Entry),
    /// RFC 5424.
    Syslog(LogLine),
}

/// An entry of a journal: `journalctl -o json`, `-o export`, docker's `json-file`.
#[derive(Debug, Default)]
pub(super) struct Entry {
    fields: Map<String, Value>,
}

impl Entry {
    /// Adds a field of `journalctl -o export` or of an indented object. Returns whether the line
    /// is one.
    pub(super) fn add(&mut self, line: &str) -> bool {
        if line.starts_with('"') {
            let field = line.trim_end_matches(',');
            let Ok(Value::Object(fields)) = serde_json::from_str(&format!("{{{field}}}")) else {
                return false;
            };
            self.fields.extend(fields);
            return true;
        }
        let Some((name, value)) = line.split_once('=').filter(|(name, _)| is_field(name)) else {
            return false;
        };
        self.fields.insert(name.to_owned(), Value::from(value));
        true
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The first of these fields; `a.b` is a field of an object.
    fn text(&self, names: &[&str]) -> Option<String> {
        let field = |name: &str| match name.split_once('.') {
            Some((name, inside)) => self.fields.get(name)?.get(inside),
            None => self.fields.get(name),
        };
        names.iter().find_map(|name| match field(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            // journald writes a text with control characters as a list of bytes.
            Value::Array(bytes) => {
                let bytes: Option<Vec<u8>> = bytes
                    .iter()
                    .map(|byte| u8::try_from(byte.as_u64()?).ok())
                    .collect();
                Some(String::from_utf8_lossy(&bytes?).into_owned())
            }
            _ => None,
        })
    }

    /// The line that it holds.
    pub(super) fn line(&self) -> LogLine {
        let text = self.text(&[
            "MESSAGE",
            "log",
            "message",
            "msg",
            "short_message",
            "line",
            "_raw",
            "text",
        ]);
        let text = text.unwrap_or_default();
        let text = text.trim_end();
        let program = self.text(&[
            "SYSLOG_IDENTIFIER",
            "_COMM",
            "PROGRAM",
            "program",
            "programname",
            "appname",
            "app-name",
            "ident",
            "_application_name",
            "process.name",
        ]);
        let mut line = match program {
            Some(program) => LogLine {
                program,
                text: text.to_owned(),
                ..LogLine::default()
            },
            None => parse_plain(text),
        };
        let process = self.text(&[
            "_PID",
            "SYSLOG_PID",
            "PID",
            "pid",
            "procid",
            "_process_id",
            "process.pid",
        ]);
        line.process = line.process.or_else(|| process?.parse().ok());
        let host = self.text(&["_HOSTNAME", "HOST", "host", "hostname", "host.name"]);
        line.host = host.unwrap_or(line.host);
        line.time = self.time().unwrap_or(line.time);
        line
    }

    fn time(&self) -> Option<LogTime> {
        let since = self.text(&["__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP"]);
        if let Some(microseconds) = since {
            let time = Timestamp::from_microsecond(microseconds.parse().ok()?).ok()?;
            return Some(LogTime::At(time));
        }
        let text = self.text(&[
            "time",
            "timestamp",
            "@timestamp",
            "ts",
            "ISODATE",
            "DATE",
            "date",
            "timereported",
            "timegenerated",
        ])?;
        match time_form::split_time(&format!("{text} ")).0 {
            LogTime::None => None,
            time => Some(time),
        }
    }
}

/// `_SYSTEMD_UNIT`.
fn is_field(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(is_letter)
}

/// Whether an entry of `journalctl -o export`, `-o verbose` or `-o json-pretty` begins or goes on
/// here.
pub(super) fn is_export(line: &str) -> bool {
    line.trim_start().starts_with('"') && (line.contains("\": ") || line.contains("\" : "))
        || line
            .split_once('=')
            .is_some_and(|(name, _)| is_field(name.trim_start()))
}

/// Splits `Mar 28 11:38:42 host in.tftpd[2080]: text` and its relatives. Accepts any line.
pub(super) fn parse_line(line: &str) -> LogLine {
    match unwrap(line) {
        Wrapped::Line { container, rest } => {
            let mut line = parse_plain(rest);
            if line.host.is_empty() {
                container.clone_into(&mut line.host);
            }
            line
        }
        Wrapped::Json(entry) => entry.line(),
        Wrapped::Syslog(line) => line,
    }
}

/// Takes off the wrapper. Accepts any line.
fn unwrap(line: &str) -> Wrapped<'_> {
    let line = line.strip_prefix('\u{1e}').unwrap_or(line);
    let line = line.strip_prefix("data: ").unwrap_or(line);
    // An array has one object a line.
    let element = line.trim_start_matches('[').trim_end_matches([',', ']']);
    if element.starts_with('{')
        && let Ok(Value::Object(fields)) = serde_json::from_str(element)
    {
        return Wrapped::Json(Entry { fields });
    }
    let (container, rest) = container(line);
    let rest = counted(rest);
    match priority(rest) {
        Some((rest, true)) => match rfc5424(rest) {
            Some(line) => Wrapped::Syslog(line),
            None => Wrapped::Line { container, rest },
        },
        Some((rest, false)) => Wrapped::Line { container, rest },
        None => Wrapped::Line { container, rest },
    }
}

/// `tftp-1  | text`, as `docker compose logs` writes it.
fn container(line: &str) -> (&str, &str) {
    let found = line.split_once(" | ").or_else(|| line.split_once("| "));
    match found.map(|(name, rest)| (name.trim_end(), rest)) {
        Some((name, rest)) if is_container(name) => (name, rest),
        _ => ("", line),
    }
}

fn is_container(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty() && name.len() <= 128 && name.bytes().all(is_letter)
}

/// Without the length that RFC 6587 puts before a message.
fn counted(line: &str) -> &str {
    match line.split_once(' ') {
        Some((count, rest))
            if rest.starts_with('<')
                && (1..=5).contains(&count.len())
                && count.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            rest
        }
        _ => line,
    }
}

/// Without `<30>`, and whether the version of RFC 5424 follows.
fn priority(line: &str) -> Option<(&str, bool)> {
    let (number, rest) = line.strip_prefix('<')?.split_once('>')?;
    let is_number = (1..=3).contains(&number.len()) && number.parse::<u8>().is_ok();
    is_number.then(|| match rest.strip_prefix("1 ") {
        Some(rest) => (rest, true),
        None => (rest, false),
    })
}

/// `TIME HOST APP PROCID MSGID [data] text` (RFC 5424, section 6).
fn rfc5424(line: &str) -> Option<LogLine> {
    let mut parts = line.splitn(6, ' ');
    let mut part = || parts.next();
    let (time, host, program, process) = (part()?, part()?, part()?, part()?);
    let (_, rest) = (part()?, part()?);
    let nil = |text: &str| {
        if text == "-" {
            String::new()
        } else {
            text.to_owned()
        }
    };
    let text = without_data(rest)?;
    Some(LogLine {
        time: time_form::split_time(&format!("{time} ")).0,
        host: nil(host),
        program: nil(program),
        process: process.parse().ok(),
        text: text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
    })
}

/// The text after the structured data.
fn without_data(rest: &str) -> Option<&str> {
    if let Some(text) = rest.strip_prefix('-') {
        return Some(text.trim_start());
    }
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted && rest.as_bytes().get(at + 1) != Some(&b'[') => {
                return rest.get(at + 1..).map(str::trim_start);
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> (String, String, Option<u32>, String) {
        let line = parse_line(line);
        (line.host, line.program, line.process, line.text)
    }

    #[test]
    fn host_program_and_text_are_split() {
        let request = "RRQ from 1.2.3.4 filename a: b";
        let of = |host: &str, program: &str, process| {
            (
                host.to_owned(),
                program.to_owned(),
                process,
                request.to_owned(),
            )
        };
        for (head, expected) in [
            (
                "Mar 28 11:38:42 pbx in.tftpd[20]: ",
                of("pbx", "in.tftpd", Some(20)),
            ),
            (
                "Mar 28 11:38:42 pbx in.tftpd: ",
                of("pbx", "in.tftpd", None),
            ),
            (
                "<30>Mar 28 11:38:42 pbx in.tftpd[20]: ",
                of("pbx", "in.tftpd", Some(20)),
            ),
            (
                "Mon Mar  2 09:00:00 2026 daemon.info in.tftpd[20]: ",
                of("", "in.tftpd", Some(20)),
            ),
            (
                "Mar  2 09:00:00 gw daemon.err in.tftpd[20]: ",
                of("gw", "in.tftpd", Some(20)),
            ),
            (
                "2026-03-02T09:00:00.123Z stdout F in.tftpd[20]: ",
                of("", "in.tftpd", Some(20)),
            ),
            (
                "2026-03-02T09:00:00.123Z Mar  2 10:00:00 pbx in.tftpd[20]: ",
                of("pbx", "in.tftpd", Some(20)),
            ),
            (
                "tftp-1  | in.tftpd[20]: ",
                of("tftp-1", "in.tftpd", Some(20)),
            ),
            ("", of("", "", None)),
            (
                "<30>1 2026-03-02T09:00:00.000+01:00 pbx in.tftpd 20 - - ",
                of("pbx", "in.tftpd", Some(20)),
            ),
            (
                "<30>1 2026-03-02T09:00:00Z pbx in.tftpd 20 ID [a b=\"]\\\"\"][c] \u{feff}",
                of("pbx", "in.tftpd", Some(20)),
            ),
            (
                "96 <30>1 - pbx in.tftpd - - - ",
                of("pbx", "in.tftpd", None),
            ),
        ] {
            assert_eq!(parts(&[head, request].concat()), expected, "{head}");
        }
    }

    #[test]
    fn a_router_s_lines_keep_the_syslog_server_s_time() {
        let line = "Mar  2 09:00:00 192.0.2.1 123: *Mar  1 00:00:07.5: TFTP: Looking for x";
        let line = parse_line(line);
        assert_eq!(
            (&*line.host, &*line.program, &*line.text),
            ("192.0.2.1", "TFTP", "Looking for x")
        );
        let alone = parse_line("*Mar  1 00:00:07.5: TFTP: Looking for x");
        assert_eq!((&*alone.program, &*alone.text), ("TFTP", "Looking for x"));
        assert!(matches!(alone.time, LogTime::Yearless { day: 1, .. }));
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
}
