//! Findings on standard output: for people a few lines each, for programs one document.

use serde::Serialize;

use super::{Failure, Globals, Outcome, json_document, print};
use crate::{
    diagnose::{Finding, Severity},
    display::{self, Style},
};

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Document<'a> {
    findings: &'a [Finding],
}

/// Prints all of them. An error among them makes the verb exit with 1.
pub(super) fn tell(findings: &[Finding], globals: &Globals) -> Result<Outcome, Failure> {
    if globals.json {
        print(&json_document(&Document { findings })?)?;
    } else {
        let style = Style::new(globals.color);
        let text: String = findings.iter().map(|found| lines(found, style)).collect();
        print(&text)?;
    }
    let is_error = |finding: &Finding| finding.severity == Severity::Error;
    Ok(if findings.iter().any(is_error) {
        Outcome::Problems
    } else {
        Outcome::Done
    })
}

/// `path:line:column: error: what [code]`, and the cure below.
pub(super) fn lines(finding: &Finding, style: Style) -> String {
    display::finding(finding, style)
}
