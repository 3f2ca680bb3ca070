//! Findings of `check` and `lint`: a stable code, the place, and the cure.

use std::path::PathBuf;

use serde::Serialize;

use super::Severity;

/// A finding of `check` or `lint`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its stable name: lower case, with hyphens.
    pub code: &'static str,
    /// Its severity.
    pub severity: Severity,
    /// The file that it is about, if any.
    pub path: Option<PathBuf>,
    /// The line in the file, from 1; `None` if it is about the whole file.
    pub line: Option<u32>,
    /// The character in that line, from 1.
    pub column: Option<u32>,
    /// What was found and what was expected.
    pub message: String,
    /// What to do about it.
    pub cure: String,
}

/// Sorts by severity, the worst first, and otherwise keeps the order.
pub fn worst_first(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
}
