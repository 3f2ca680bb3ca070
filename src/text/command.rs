//! Commands to copy into a shell.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt as _,
};

/// Columns of a command that is shown.
const COMMAND_WIDTH: usize = 80;

/// The command as lines to copy: `program` calls the program (`sudo reflash`), each line has an
/// option with its values, and a backslash continues it. Lines have at most 80 columns, if no word is
/// longer. `indent`: spaces before the first line; the others have two more.
pub(crate) fn command_lines(program: &str, words: &[OsString], indent: usize) -> String {
    let (first, rest) = (" ".repeat(indent), " ".repeat(indent + 2));
    let mut lines = vec![format!("{first}{program}")];
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let mut part = quoted(word);
        // A value stays with its option.
        if word.as_bytes().starts_with(b"--") && part != "--" {
            let is_value = |next: &&OsString| !next.as_bytes().starts_with(b"-");
            if let Some(value) = words.next_if(is_value) {
                part = format!("{part} {}", quoted(value));
            }
        }
        let last = lines.last_mut().filter(|last| {
            last.chars().count() + part.chars().count() + " \\".len() < COMMAND_WIDTH
        });
        match last {
            Some(last) => *last = format!("{last} {part}"),
            None => lines.push(format!("{rest}{part}")),
        }
    }
    lines.join(" \\\n")
}

/// Quotes a word for a shell: POSIX quotes, or those of bash for control characters.
pub(crate) fn quoted(word: &OsStr) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(byte);
    match word.to_str() {
        Some(text) if !text.is_empty() && text.bytes().all(|byte| is_plain(&byte)) => {
            text.to_owned()
        }
        Some(text) if !text.chars().any(char::is_control) => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => {
            let bytes = word.as_bytes().iter();
            let shown: String = bytes
                .map(|byte| match byte {
                    byte if is_plain(byte) => char::from(*byte).to_string(),
                    byte => format!("\\x{byte:02x}"),
                })
                .collect();
            format!("$'{shown}'")
        }
    }
}
