//! `reflash explain`: the full explanation of a diagnosis.

use clap::builder::PossibleValuesParser;
use serde::Serialize;

use super::globals::{CommandOutcome, Globals, json_document, print};
use crate::{
    diagnose::{Code, Explanation, Severity},
    failure::Failure,
    lint::{self, FindingExplanation},
    text::wrap,
};

/// Explain a diagnosis, or a code of lint or verify
///
/// For a diagnosis: signature, causes, what to do. Without CODE, lists all codes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  reflash explain manifest-refused
  reflash explain endpoint-nat")]
pub(super) struct Args {
    /// Code, as runs, reports, lint and verify print it
    #[arg(value_name = "CODE", ignore_case = true, hide_possible_values = true,
          value_parser = PossibleValuesParser::new(known_codes()))]
    code: Option<String>,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct ExplainDocument {
    diagnoses: Vec<Explanation>,
    findings: Vec<FindingExplanation>,
}

/// The codes of diagnoses, of `lint` and of `verify`, each once.
fn known_codes() -> Vec<String> {
    let mut codes: Vec<String> = Code::ALL.iter().map(ToString::to_string).collect();
    for explained in lint::explanations() {
        if !codes.iter().any(|code| code == explained.code) {
            codes.push(explained.code.to_owned());
        }
    }
    codes
}

/// Runs the command.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    let is_wanted = |code: &str| {
        let wanted = args.code.as_deref();
        wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(code))
    };
    let codes = Code::ALL.iter().filter(|code| is_wanted(&code.to_string()));
    let diagnoses: Vec<_> = codes.map(|code| code.explanation()).collect();
    let mut findings = lint::explanations();
    findings.retain(|explained| is_wanted(explained.code));
    if globals.json {
        print(&json_document(&ExplainDocument {
            diagnoses,
            findings,
        })?)?;
    } else if args.code.is_some() {
        let mut texts: Vec<_> = diagnoses.iter().map(in_full).collect();
        texts.extend(findings.iter().map(finding_in_full));
        print(&texts.join("\n"))?;
    } else {
        print(&list(&diagnoses, &findings))?;
    }
    Ok(CommandOutcome::Done)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn in_full(explained: &Explanation) -> String {
    let code = explained.code;
    let fails = if code.is_final() {
        "; the phone counts as failed until it makes progress"
    } else {
        ""
    };
    let mut lines = vec![format!("{code} ({}{fails})", severity(explained.severity))];
    lines.extend(wrap(explained.title, "  ", "  "));
    for (name, text) in [
        ("Signature", explained.signature),
        ("Causes", explained.causes),
        ("What to do", explained.cure),
        ("Clears when", explained.clears_when),
    ] {
        lines.push(String::new());
        lines.push(name.to_owned());
        lines.extend(wrap(text, "  ", "  "));
    }
    // The texts are Markdown; a terminal does not render its code marks.
    lines.join("\n").replace('`', "") + "\n"
}

fn finding_in_full(explained: &FindingExplanation) -> String {
    let mut lines = vec![format!("{} ({})", explained.code, explained.severity)];
    lines.extend(wrap(
        &format!(
            "Found by reflash {} in {}.",
            explained.command,
            files(explained.files)
        ),
        "  ",
        "  ",
    ));
    lines.push(String::new());
    lines.push("Meaning".to_owned());
    lines.extend(wrap(&format!("{}.", explained.meaning), "  ", "  "));
    lines.join("\n").replace('`', "") + "\n"
}

/// The heading of the table in the middle of a sentence.
fn files(heading: &str) -> String {
    heading.replacen("Any file", "any file", 1)
}

fn list(all: &[Explanation], findings: &[FindingExplanation]) -> String {
    let indent = " ".repeat(29);
    let mut lines = Vec::new();
    for explained in all {
        let first = format!("{:<28} ", explained.code.to_string());
        lines.extend(wrap(explained.title, &first, &indent));
    }
    lines.push(String::new());
    for command in ["lint", "verify"] {
        let of_command = findings
            .iter()
            .filter(|explained| explained.command == command);
        let mut codes: Vec<_> = of_command.map(|explained| explained.code).collect();
        codes.sort_unstable();
        codes.dedup();
        let codes = format!("Codes of reflash {command}: {}", codes.join(", "));
        lines.extend(wrap(&codes, "", "  "));
        lines.push(String::new());
    }
    lines.push("For the full text: reflash explain CODE".to_owned());
    lines.join("\n").replace('`', "") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_within_80_columns_and_without_marks() {
        let all: Vec<_> = Code::ALL.iter().map(|code| code.explanation()).collect();
        let mut texts: Vec<_> = all.iter().map(in_full).collect();
        let findings = lint::explanations();
        texts.extend(findings.iter().map(finding_in_full));
        texts.push(list(&all, &findings));
        for text in texts {
            let long = text.lines().find(|line| line.chars().count() > 80);
            assert_eq!(long, None, "{text}");
            assert!(!text.contains('`'), "{text}");
        }
    }
}
