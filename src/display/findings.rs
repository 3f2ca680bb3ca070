//! Findings about a file or a machine, in lines for a person.

use std::fmt::Write as _;

use super::style::Style;
use crate::{
    diagnose::{Finding, Severity},
    text::{escape, wrap},
};

/// `path:line:column: error: message [code]`, and what to do below.
#[must_use]
pub fn finding(finding: &Finding, style: Style) -> String {
    let mut location = String::new();
    if let Some(path) = &finding.path {
        location = escape(&path.display().to_string());
        for number in [finding.line, finding.column].into_iter().flatten() {
            // Writing to a String does not fail.
            let _ = write!(location, ":{number}");
        }
        location.push_str(": ");
    }
    let severity = match finding.severity {
        Severity::Error => style.bad("error"),
        Severity::Warning => style.warn("warning"),
        Severity::Note => "note".to_owned(),
    };
    let what = format!(
        "{location}{severity}: {} [{}]",
        escape(&finding.message),
        finding.code
    );
    let mut lines = wrap(&what, "", "    ");
    let mut first = "    → ";
    for line in finding.cure.lines() {
        match line.strip_prefix(COMMAND) {
            Some(command) => lines.push(format!("        {}", escape(command))),
            None => lines.extend(wrap(&escape(line), first, "      ")),
        }
        first = "      ";
    }
    lines.join("\n") + "\n"
}

/// The beginning of a command line in a cure: it is printed on a line of its own and never
/// wrapped, so that it can be copied.
const COMMAND: &str = "    ";

#[cfg(test)]
mod tests {
    use clap::ColorChoice;

    use super::*;

    #[test]
    fn text_is_wrapped_and_commands_are_not() {
        let command = format!("sudo nft insert {}", "rule ".repeat(20));
        let found = Finding {
            code: "port-busy",
            severity: Severity::Error,
            path: None,
            line: None,
            column: None,
            message: "word ".repeat(30),
            cure: format!("{}\n    {command}\nthen again", "cure ".repeat(30)),
        };
        let text = finding(&found, Style::new(ColorChoice::Never));
        let long: Vec<&str> = text
            .lines()
            .filter(|line| line.chars().count() > 80)
            .collect();
        assert_eq!(long, [format!("        {command}")]);
        assert_eq!(text.matches('→').count(), 1, "{text}");
        assert!(text.ends_with("\n      then again\n"), "{text}");
    }

    #[test]
    fn a_finding_without_a_cure_is_one_line() {
        let found = Finding {
            code: "dhcp",
            severity: Severity::Note,
            path: None,
            line: None,
            column: None,
            message: "a server\u{1b}[2J".to_owned(),
            cure: String::new(),
        };
        let text = finding(&found, Style::new(ColorChoice::Never));
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
