//! What is wrong with a file or a machine: a stable code, where, and the cure.

use std::path::PathBuf;

use serde::Serialize;

use super::Severity;

/// Something that `check` or `lint` found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its stable name: lower case, with hyphens.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The file that it is about; `None` where it is about no file.
    pub path: Option<PathBuf>,
    /// Where in the file, from 1; `None` where it is about the file as a whole.
    pub line: Option<u32>,
    /// The character of that line, from 1.
    pub column: Option<u32>,
    /// What was found, and what was expected.
    pub message: String,
    /// What to do about it.
    pub cure: String,
}

/// The worst first, else as they came: by file, line and column.
pub fn worst_first(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
}
