//! The lines of a log: cleaned, split into their parts, and only those of file servers.

use std::io::{self, BufRead, Read as _};

use super::{
    log_line::LogLine,
    servers::{is_server, recognize},
    timestamp::LogTime,
    trace::Tally,
    wrapper::{Entry, is_export, parse_line},
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
        if is_export(&line) && entry.len() < ENTRY_MAX && entry.add(line.trim_start()) {
            continue;
        }
        if !entry.is_empty() {
            take(std::mem::take(&mut entry).line(), tally);
        }
        take(parse_line(&line), tally);
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
        without_colours(text.trim_end())
    }
}

/// Without the escape sequences of a terminal.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut clean = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let end = part.find(|letter: char| letter.is_ascii_alphabetic());
        clean.push_str(end.and_then(|end| part.get(end + 1..)).unwrap_or(""));
    }
    clean
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
        assert!(texts(&vec![0; 100_000]).is_empty());
    }
}
