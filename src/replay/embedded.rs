//! Lines with something else before them: copied from a forum or a console, printed by `grep`,
//! exported as CSV, or wrapped by a program that is not known.

use super::{
    log_line::LogLine,
    server_line::ServerMessage,
    servers::{is_server, recognize},
    time_form::split_time,
    timestamp::LogTime,
    wrapper::parse_line,
};

/// A line begins within this many bytes of what contains it.
const BEFORE_MAX: usize = 256;

/// Maximum number of places where a line is looked for.
const PLACES_MAX: usize = 32;

/// Maximum number of fields of a row of CSV.
const FIELDS_MAX: usize = 64;

/// Parts of the lines of file servers. Other lines are not searched.
const PARTS: [&str; 10] = [
    "RRQ ",
    "ftp",
    "TFTP",
    "Client ",
    "GET /",
    "ead request",
    "> : error ",
    ">: sent ",
    "' is requested from ",
    "Connection received from ",
];

/// Splits a line into its parts, also if it is inside another text. Accepts any line.
pub(super) fn read_line(line: &str) -> LogLine {
    let whole = parse_line(line);
    let is_known = recognize(&whole).is_some();
    let is_whole = is_known && whole.time != LogTime::None;
    if is_whole || !PARTS.iter().any(|part| line.contains(part)) {
        return whole;
    }
    let mut found = row(line);
    if found.is_none() {
        let mut untimed = None;
        for at in places(line) {
            let inside = parse_line(&line[at..]);
            if !is_acceptable(&line[..at], &inside) {
                continue;
            }
            if inside.time != LogTime::None {
                found = Some(inside);
                break;
            }
            untimed.get_or_insert(inside);
        }
        found = found.or(untimed.filter(|_| !is_known));
    }
    let Some(mut found) = found else { return whole };
    if found.time == LogTime::None {
        found.time = match whole.time {
            LogTime::None => split_time(line.trim_start()).0,
            time => time,
        };
    }
    if found.host.is_empty() && whole.time != LogTime::None {
        found.host = whole.host;
    }
    found
}

/// Where a line may begin: at the beginning of each word.
fn places(line: &str) -> impl Iterator<Item = usize> {
    let bytes = line.as_bytes();
    let end = bytes.len().min(BEFORE_MAX);
    let is_before = |byte: u8| b" \"':|>],;".contains(&byte);
    (1..end)
        .filter(move |at| is_before(bytes[at - 1]) && !bytes[*at].is_ascii_whitespace())
        .filter(|at| line.is_char_boundary(*at))
        .take(PLACES_MAX)
}

/// Whether this is a line of a file server, after `before`.
fn is_acceptable(before: &str, line: &LogLine) -> bool {
    // A time of day whose date is in another form has no date here.
    if matches!(line.time, LogTime::OfDay(_)) {
        let numbers = before.split(|it: char| !it.is_ascii_digit());
        let numbers = numbers.filter(|number| !number.is_empty()).count();
        let has_words = before.contains(|it: char| it.is_alphabetic());
        if numbers > 1 || numbers == 1 && has_words {
            return false;
        }
    }
    let is_complete = match recognize(line) {
        None | Some((_, ServerMessage::Routine)) => return false,
        Some((_, ServerMessage::Clientless { .. })) => false,
        Some((_, message)) => matches!(
            message,
            ServerMessage::Request { .. }
                | ServerMessage::Answered { .. }
                | ServerMessage::Connected { .. }
                | ServerMessage::Outcome {
                    address: Some(_),
                    ..
                }
        ),
    };
    is_complete || is_server(&line.program) || line.time != LogTime::None && line.program.is_empty()
}

/// A row of CSV: the time in one field and the line in another, which is the last that is one.
fn row(line: &str) -> Option<LogLine> {
    if !line.contains(',') || !line.contains('"') {
        return None;
    }
    let fields = fields(line)?;
    let mut found = fields.iter().rev().find_map(|field| {
        let line = parse_line(field);
        recognize(&line).is_some().then_some(line)
    })?;
    if found.time == LogTime::None {
        found.time = fields
            .iter()
            .map(|field| split_time(&format!("{field} ")).0)
            .find(|time| *time != LogTime::None)?;
    }
    Some(found)
}

/// The fields of a row; `None` if it is none.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        if fields.len() >= FIELDS_MAX {
            return None;
        }
        let Some(quoted) = rest.strip_prefix('"') else {
            let (field, more) = match rest.split_once(',') {
                Some((field, more)) => (field, Some(more)),
                None => (rest, None),
            };
            fields.push(field.to_owned());
            match more {
                Some(more) => rest = more,
                None => return Some(fields),
            }
            continue;
        };
        let mut field = String::new();
        let mut letters = quoted.char_indices().peekable();
        let end = loop {
            match letters.next()? {
                (_, '"') if letters.next_if(|(_, next)| *next == '"').is_some() => field.push('"'),
                (at, '"') => break at + 1,
                (_, letter) => field.push(letter),
            }
        };
        fields.push(field);
        match quoted.get(end..)? {
            "" => return Some(fields),
            more => rest = more.strip_prefix(',')?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_behind_what_was_put_before_it() {
        let line = "Mar  8 10:00:00 pbx in.tftpd[7]: RRQ from 192.0.2.9 filename a b";
        let expected = parse_line(line);
        for before in [
            "    ",
            "> ",
            ">> > ",
            "  12  ",
            "12:",
            "12. ",
            "/var/log/syslog:",
            "syslog.1:12:",
            "[code]",
            "0|tftp  | ",
            "log \"12\",\"x\" ",
        ] {
            let found = read_line(&[before, line].concat());
            assert_eq!(found, expected, "{before}");
        }
        let row = "\"2026-03-08T10:00:00.000Z\",\"pbx\",\"in.tftpd[7]: RRQ from 192.0.2.9 \
                   filename a \"\"b\"\"\"";
        let found = read_line(row);
        assert_eq!(found.text, "RRQ from 192.0.2.9 filename a \"b\"");
        assert!(matches!(found.time, LogTime::At(_)));
    }

    #[test]
    fn the_time_before_a_known_line_counts() {
        let found =
            read_line("2026-03-08T10:00:00Z app: x in.tftpd[7]: RRQ from 192.0.2.9 filename a");
        assert!(matches!(found.time, LogTime::At(_)));
        assert_eq!(found.text, "RRQ from 192.0.2.9 filename a");
        // A date in an unknown form is no time of today.
        let found = read_line("8 mars 2026 10:00:00 in.tftpd[7]: RRQ from 192.0.2.9 filename a");
        assert_eq!(found.time, LogTime::None);
    }

    #[test]
    fn other_texts_are_no_lines_of_servers() {
        for line in [
            "Mar  8 10:00:00 pbx php[7]: ftp: file /x not found",
            "Mar  8 10:00:00 pbx sudo: COMMAND=/bin/grep tftp sent",
            "\"TFTP\",\"",
            "ftp\u{e9}\"\u{e9}",
        ] {
            assert!(recognize(&read_line(line)).is_none(), "{line}");
        }
    }
}
