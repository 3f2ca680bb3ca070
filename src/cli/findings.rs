//! Prints findings to standard output: as text, or as one JSON document.

use serde::Serialize;

use super::globals::{CommandOutcome, Globals, json_document, print};
use crate::{
    diagnose::{Finding, Severity},
    display::{self, Style},
    failure::Failure,
};

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct FindingsDocument<'a> {
    findings: &'a [Finding],
}

/// Prints the findings. If one is an error, the exit code is 1.
pub(super) fn print_all(
    findings: &[Finding],
    globals: &Globals,
) -> Result<CommandOutcome, Failure> {
    if globals.json {
        print(&json_document(&FindingsDocument { findings })?)?;
    } else {
        let style = Style::new(globals.color);
        let text: String = findings
            .iter()
            .map(|one| display::finding(one, style))
            .collect();
        print(&text)?;
    }
    let is_error = |finding: &Finding| finding.severity == Severity::Error;
    Ok(if findings.iter().any(is_error) {
        CommandOutcome::Problems
    } else {
        CommandOutcome::Done
    })
}
