//! Writes Asterisk's configuration files: sections, names and values.

use std::fmt::Write as _;

/// A file under construction. Values are checked before; as a second safeguard, control characters
/// are removed and `;` is escaped, so that a value cannot start a new line or a comment.
#[derive(Debug)]
pub(super) struct Ini(String);

impl Ini {
    /// A file with these comment lines at the top.
    pub(super) fn new(comment: &[&str]) -> Self {
        let mut ini = Self(String::new());
        for line in comment {
            ini.comment(line);
        }
        ini
    }

    pub(super) fn comment(&mut self, text: &str) {
        self.line(&format!("; {}", plain(text)));
    }

    pub(super) fn section(&mut self, name: &str) {
        self.0.push('\n');
        self.line(&format!("[{}]", value(name)));
    }

    /// Adds to a section that another file began.
    pub(super) fn addition(&mut self, name: &str) {
        self.0.push('\n');
        self.line(&format!("[{}](+)", value(name)));
    }

    /// `name=value`.
    pub(super) fn set(&mut self, name: &str, text: &str) {
        self.line(&format!("{name}={}", value(text)));
    }

    /// `name => value`.
    pub(super) fn object(&mut self, name: &str, text: &str) {
        self.line(&format!("{name} => {}", value(text)));
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    fn line(&mut self, text: &str) {
        // Writing to a String does not fail.
        let _ = writeln!(self.0, "{}", text.trim_end());
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn value(text: &str) -> String {
    plain(text).replace(';', "\\;")
}
