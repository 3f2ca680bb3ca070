//! One file of Asterisk's configuration: its lines without comments, and its includes.

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
};

/// One file, and those that it includes.
#[derive(Clone, Default)]
pub struct AsteriskFile {
    pub(super) text: String,
    /// Its path; empty if it has none.
    pub(in crate::lint) path: PathBuf,
    /// The files of each line with an include; a line that is missing here was not read.
    pub(super) included: HashMap<u32, Vec<AsteriskFile>>,
}

/// The kinds of lines that name other files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncludeKind {
    /// `#include`: without the file, Asterisk rejects the whole configuration.
    Required,
    /// `#tryinclude`: the file may be missing.
    Optional,
    /// `#exec`: the output of a command.
    Command,
}

/// A line that names other files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// The line, from 1.
    pub line: u32,
    /// What it asks for.
    pub kind: IncludeKind,
    /// The file, with wildcards, or the command.
    pub target: String,
}

impl fmt::Debug for AsteriskFile {
    /// Without the text, which has passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let includes = self.includes();
        f.debug_struct("AsteriskFile")
            .field("includes", &includes)
            .finish_non_exhaustive()
    }
}

impl AsteriskFile {
    /// A file of which no include is read yet.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }

    /// A file of which no include is read yet, with the path that findings name.
    #[must_use]
    pub fn at(path: &Path, text: String) -> Self {
        Self {
            path: path.to_owned(),
            ..Self::new(text)
        }
    }

    /// The lines that name other files.
    #[must_use]
    pub fn includes(&self) -> Vec<Include> {
        let lines = lines(&self.text);
        lines
            .filter_map(|(line, text)| include(line, &text))
            .collect()
    }

    /// Adds the files of a line.
    pub fn add(&mut self, line: u32, files: Vec<Self>) {
        self.included.insert(line, files);
    }
}

/// The include of a line, if it is one. Asterisk skips other lines that begin with `#`.
pub(super) fn include(line: u32, text: &str) -> Option<Include> {
    let (word, target) = text
        .trim()
        .strip_prefix('#')?
        .split_once(char::is_whitespace)?;
    let kind = match word.to_ascii_lowercase().as_str() {
        "include" => IncludeKind::Required,
        "tryinclude" => IncludeKind::Optional,
        "exec" => IncludeKind::Command,
        _ => return None,
    };
    let target = target.trim();
    let quoted = [('"', '"'), ('<', '>')]
        .iter()
        .find_map(|(open, close)| target.strip_prefix(*open)?.strip_suffix(*close));
    let target = quoted.unwrap_or(target);
    (!target.is_empty()).then(|| Include {
        line,
        kind,
        target: target.to_owned(),
    })
}

/// The lines with their numbers, without comments.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (u32, String)> {
    let mut depth = 0;
    (1..)
        .zip(text.trim_start_matches('\u{feff}').lines())
        .map(move |(number, line)| (number, without_comments(line, &mut depth)))
}

/// The line without `; …`, and without `;-- … --;`, which may span lines and be nested. `depth` is
/// the number of these comments that are open.
fn without_comments(line: &str, depth: &mut u32) -> String {
    let mut kept = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(';') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        if *depth == 0 && before.ends_with('\\') {
            kept.push_str(&before[..before.len() - 1]);
            kept.push(';');
            rest = after;
        } else if after.starts_with("--") && !after.starts_with("---") {
            if *depth == 0 {
                kept.push_str(before);
            }
            *depth += 1;
            rest = &after["--".len()..];
        } else if *depth > 0 {
            if before.ends_with("--") {
                *depth -= 1;
            }
            rest = after;
        } else {
            kept.push_str(before);
            return kept;
        }
    }
    if *depth == 0 {
        kept.push_str(rest);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_are_recognized_and_other_lines_with_a_number_sign_are_skipped() {
        let file = AsteriskFile::new(
            "# office\n#include \"a.conf\"\n#tryinclude <b/*.conf> ; none\n#exec /bin/x y\n\
             ;-- #include c.conf --;\n;#include d.conf\n #Include e.conf\n#include\n"
                .to_owned(),
        );
        let include = |line, kind, target: &str| Include {
            line,
            kind,
            target: target.to_owned(),
        };
        let expected = [
            include(2, IncludeKind::Required, "a.conf"),
            include(3, IncludeKind::Optional, "b/*.conf"),
            include(4, IncludeKind::Command, "/bin/x y"),
            include(7, IncludeKind::Required, "e.conf"),
        ];
        assert_eq!(file.includes(), expected);
    }
}
