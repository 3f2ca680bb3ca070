//! Prints findings to standard output: as text, or as one JSON document.

use serde::Serialize;

use super::globals::{Globals, Outcome, print};
use crate::{
    diagnose::{Finding, Severity},
    display::{self, Style},
    failure::Failure,
};

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Document<'a> {
    findings: &'a [Finding],
}

/// Prints the findings. If one is an error, the exit code is 1.
pub(super) fn print_all(findings: &[Finding], globals: &Globals) -> Result<Outcome, Failure> {
    if globals.json {
        let text = serde_json::to_string(&Document { findings })
            .map_err(|error| Failure::new(format!("cannot write JSON: {error}"), ""))?;
        print(&(text + "\n"))?;
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
        Outcome::Problems
    } else {
        Outcome::Done
    })
}
