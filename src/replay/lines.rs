//! The lines of a log: cleaned, split into their parts, and only those of file servers.

use std::io::{self, BufRead, Read as _};

use super::{
    embedded::read_line,
    log_line::LogLine,
    servers::{is_server, recognize},
    timestamp::LogTime,
    trace::Tally,
    wrapper::{Entry, is_export},
};

/// Maximum size of a line in bytes; lines of TFTP servers are shorter.
const LINE_MAX: u64 = 16 * 1024;

/// Maximum number of lines of file servers that are kept.
const LINES_MAX: usize = 3_000_000;

/// Maximum number of lines of one entry of a journal.
const ENTRY_MAX: usize = 256;

/// A line of a file server.
#[derive(Debug)]
pub(super) struct ServerLine {
    /// Its number in the file, from 1.
    pub number: u64,
    pub line: LogLine,
}

/// Reads all lines, and keeps those of file servers.
pub(super) fn read(input: &mut impl BufRead, tally: &mut Tally) -> io::Result<Vec<ServerLine>> {
    let mut reader = LineReader::default();
    let mut kept = Vec::new();
    let mut entry = Entry::default();
    let mut time = LogTime::None;
    let mut take = |mut line: LogLine, tally: &mut Tally| {
        if line.time == LogTime::None {
            line.time = time;
        }
        time = line.time;
        if recognize(&line).is_some() {
            if kept.len() >= LINES_MAX {
                tally.cut = true;
                return;
            }
            let number = tally.read;
            kept.push(ServerLine { number, line });
        } else if is_server(&line.program) {
            tally.unknown += 1;
            tally.first_unknown.get_or_insert(tally.read);
        }
    };
    while !tally.cut && reader.next(input)? {
        let line = reader.text();
        if line.is_empty() || line.starts_with('#') {
            if !entry.is_empty() {
                take(std::mem::take(&mut entry).line(), tally);
            }
            continue;
        }
        tally.read += 1;
        // The braces around the fields of an indented object.
        if !entry.is_empty() && ["{", "}", "},", "]"].contains(&line.trim()) {
            take(std::mem::take(&mut entry).line(), tally);
            continue;
        }
        if is_export(&line) && entry.len() < ENTRY_MAX && entry.add(line.trim_start()) {
            continue;
        }
        if !entry.is_empty() {
            take(std::mem::take(&mut entry).line(), tally);
        }
        take(read_line(&line), tally);
    }
    if !entry.is_empty() {
        take(entry.line(), tally);
    }
    Ok(kept)
}

/// Reads lines of bytes.
#[derive(Debug, Default)]
struct LineReader {
    bytes: Vec<u8>,
}

impl LineReader {
    /// Reads the next line. Returns whether there is one.
    fn next(&mut self, input: &mut impl BufRead) -> io::Result<bool> {
        // A file system that lost power leaves zero bytes, as many as blocks.
        loop {
            let buffer = input.fill_buf()?;
            let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
            if zeros == 0 {
                break;
            }
            input.consume(zeros);
        }
        self.bytes.clear();
        input.take(LINE_MAX).read_until(b'\n', &mut self.bytes)?;
        if self.bytes.len() as u64 == LINE_MAX && !self.bytes.ends_with(b"\n") {
            skip_line(input)?;
        }
        Ok(!self.bytes.is_empty())
    }

    /// The line without a byte order mark, zero bytes (also those of UTF-16), colours and the
    /// blanks at its end.
    fn text(&self) -> String {
        let bytes: &[u8] = match &self.bytes[..] {
            [0xef, 0xbb, 0xbf, rest @ ..] | [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] => {
                rest
            }
            all => all,
        };
        let bytes: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
        let text = String::from_utf8_lossy(&bytes);
        let text = without_escapes(&text).replace(['\t', '\u{a0}'], " ");
        without_markup(text.trim_end())
    }
}

/// Reads to the end of the line and drops it.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(buffer.len(), |end| end + 1);
        let is_over = end.is_some() || buffer.is_empty();
        input.consume(length);
        if is_over {
            return Ok(());
        }
    }
}

/// Without the escape sequences of a terminal, also as `cat -v` prints them.
fn without_escapes(text: &str) -> String {
    let text = text.replace("^[[", "\u{1b}[");
    let mut parts = text.split('\u{1b}');
    let mut clean = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let rest = if let Some(rest) = part.strip_prefix('[') {
            let end = rest.find(|letter: char| letter.is_ascii_alphabetic());
            end.and_then(|end| rest.get(end + 1..))
        } else if let Some(rest) = part.strip_prefix(']') {
            // A title, which BEL ends, or the next sequence.
            rest.split_once('\u{7}').map(|(_, rest)| rest)
        } else {
            // A character set: `(B`; or one letter.
            let letters = if part.starts_with(['(', ')']) { 2 } else { 1 };
            part.char_indices()
                .nth(letters)
                .and_then(|(at, _)| part.get(at..))
        };
        clean.push_str(rest.unwrap_or(""));
    }
    clean
}

/// Without what a web page has around a line.
fn without_markup(text: &str) -> String {
    const ENDS: [&str; 9] = [
        "<br>", "<br/>", "<br />", "</p>", "</pre>", "</code>", "</div>", "</td>", "[/code]",
    ];
    const ENTITIES: [(&str, &str); 5] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    let mut text = text;
    while let Some(rest) = ENDS.iter().find_map(|end| text.strip_suffix(end)) {
        text = rest.trim_end();
    }
    let mut text = text.to_owned();
    for (entity, letter) in ENTITIES {
        if text.contains(entity) {
            text = text.replace(entity, letter);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(mut bytes: &[u8]) -> Vec<String> {
        let mut reader = LineReader::default();
        let mut texts = Vec::new();
        while reader.next(&mut bytes).unwrap() {
            texts.push(reader.text());
        }
        texts
    }

    #[test]
    fn zero_bytes_marks_and_colours_are_left_out() {
        assert_eq!(texts(b"\xef\xbb\xbfa\r\nb"), ["a", "b"]);
        assert_eq!(texts(b"\0\0\0\0a b\n\0c\n"), ["a b", "c"]);
        assert_eq!(texts(b"\xff\xfea\0b\0\n\0c\0\n\0"), ["ab", "c"]);
        assert_eq!(texts(b"\x1b[36mtftp | \x1b[0ma\n"), ["tftp | a"]);
        assert_eq!(texts(b"\x1b]0;t\x07a\x1b(B b\x1b[K\x1b"), ["a b"]);
        assert_eq!(texts(b"^[[32ma^[[0m\n"), ["a"]);
        assert_eq!(texts(b"a\tb<br>\n&lt;a&gt;</p>\n"), ["a b", "<a>"]);
        assert!(texts(&vec![0; 100_000]).is_empty());
    }
}
