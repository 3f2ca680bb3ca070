//! A path as people type, paste or drag it into a terminal.

use std::{
    ffi::OsString,
    os::unix::ffi::OsStringExt as _,
    path::{Path, PathBuf},
};

use crate::privileges;

/// The path that a typed text means: in quotes, with backslashes, as `file://…`, or below `~`. A file
/// of exactly this name comes first.
pub(super) fn typed_path(text: &str) -> PathBuf {
    let text = text.trim();
    if Path::new(text).symlink_metadata().is_ok() {
        return PathBuf::from(text);
    }
    if let Some(address) = text.strip_prefix("file://") {
        let path = address.strip_prefix("localhost").unwrap_or(address);
        return PathBuf::from(OsString::from_vec(percent_decoded(path)));
    }
    let quoted = ['\'', '"'].into_iter().find_map(|quote| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        Some(inner.to_owned())
    });
    let plain = quoted.unwrap_or_else(|| without_backslashes(text));
    let rest = match plain.as_str() {
        "~" => Some(""),
        plain => plain.strip_prefix("~/"),
    };
    match (rest, privileges::home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(plain),
    }
}

/// A backslash makes the next character an ordinary one, as in a shell.
fn without_backslashes(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}

/// `%20` and others (RFC 3986, 2.1). What is no such code stays.
fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        decoded.push(code.unwrap_or(*byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_people_paste_them() {
        for (typed, meant) in [
            ("/a/b.zip", "/a/b.zip"),
            ("  '/a/my file.zip' ", "/a/my file.zip"),
            ("\"/a/my file.zip\"", "/a/my file.zip"),
            ("/a/my\\ file\\(1\\).zip", "/a/my file(1).zip"),
            ("file:///a/my%20file%281%29.zip", "/a/my file(1).zip"),
            ("file:///a/100%.zip", "/a/100%.zip"),
            ("it's.zip", "it's.zip"),
        ] {
            assert_eq!(typed_path(typed), PathBuf::from(meant), "{typed}");
        }
        let home = privileges::home().unwrap();
        assert_eq!(typed_path("~/x.zip"), home.join("x.zip"));
        assert_eq!(typed_path("'~/my x.zip'"), home.join("my x.zip"));
    }
}
