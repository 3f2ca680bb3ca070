//! `reflash explain`: the full explanation of a diagnosis.

use clap::builder::PossibleValuesParser;
use serde::Serialize;

use super::globals::{CommandOutcome, Globals, json_document, print};
use crate::{
    diagnose::{Code, Explanation, Severity},
    failure::Failure,
    text::wrap,
};

/// Explain a diagnosis: signature, causes, what to do
///
/// Without CODE, lists all codes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  reflash explain manifest-refused")]
pub(super) struct Args {
    /// Code, as runs and reports print it
    #[arg(value_name = "CODE", ignore_case = true, hide_possible_values = true,
          value_parser = PossibleValuesParser::new(Code::ALL.iter().map(ToString::to_string)))]
    code: Option<String>,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct ExplainDocument {
    diagnoses: Vec<Explanation>,
}

/// Runs the command.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    let is_wanted = |code: &&Code| {
        let wanted = args.code.as_deref();
        wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(&code.to_string()))
    };
    let codes = Code::ALL.iter().filter(is_wanted);
    let diagnoses: Vec<_> = codes.map(|code| code.explanation()).collect();
    if globals.json {
        print(&json_document(&ExplainDocument { diagnoses })?)?;
    } else if args.code.is_some() {
        print(&diagnoses.iter().map(in_full).collect::<String>())?;
    } else {
        print(&list(&diagnoses))?;
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

fn list(all: &[Explanation]) -> String {
    let indent = " ".repeat(29);
    let mut lines = Vec::new();
    for explained in all {
        let first = format!("{:<28} ", explained.code.to_string());
        lines.extend(wrap(explained.title, &first, &indent));
    }
    lines.push(String::new());
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
        texts.push(list(&all));
        for text in texts {
            let long = text.lines().find(|line| line.chars().count() > 80);
            assert_eq!(long, None, "{text}");
            assert!(!text.contains('`'), "{text}");
        }
    }
}
