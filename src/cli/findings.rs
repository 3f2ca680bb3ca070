//! Findings on standard output: for people a few lines each, for programs one document.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Failure, Globals, Outcome, print};
use crate::{
    diagnose::{Finding, Severity},
    display::{Style, escape, wrap},
};

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Document<'a> {
    findings: &'a [Finding],
}

/// Prints all of them. An error among them makes the verb exit with 1.
pub(super) fn tell(findings: &[Finding], globals: &Globals) -> Result<Outcome, Failure> {
    if globals.json {
        let text = serde_json::to_string(&Document { findings })
            .map_err(|error| Failure::new(format!("cannot write JSON: {error}"), ""))?;
        print(&(text + "\n"))?;
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
    let mut place = String::new();
    if let Some(path) = &finding.path {
        place = escape(&path.display().to_string());
        for number in [finding.line, finding.column].into_iter().flatten() {
            // Writing to a String does not fail.
            let _ = write!(place, ":{number}");
        }
        place.push_str(": ");
    }
    let severity = match finding.severity {
        Severity::Error => style.bad("error"),
        Severity::Warning => style.warn("warning"),
        Severity::Note => "note".to_owned(),
    };
    let what = format!(
        "{place}{severity}: {} [{}]",
        escape(&finding.message),
        finding.code
    );
    let mut lines = wrap(&what, "", "    ");
    if !finding.cure.is_empty() {
        lines.extend(wrap(&escape(&finding.cure), "    → ", "      "));
    }
    lines.join("\n") + "\n"
}
