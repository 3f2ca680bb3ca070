//! `reflash explain`: a diagnosis in full.
//!
//! The text is that of docs/diagnoses.md: one text, two readers. A test there holds it
//! against the codes; the tests here hold it against what a terminal can show.

use clap::builder::PossibleValuesParser;
use serde::Serialize;

use super::{Failure, Globals, Outcome, print};
use crate::{
    diagnose::{Code, Severity},
    display::wrap,
};

const PAGE: &str = include_str!("../../docs/diagnoses.md");

/// Explain a diagnosis: what it looks like, what is behind it, what to do.
///
/// Without CODE, every code in a line.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  reflash explain manifest-refused")]
pub(super) struct Args {
    /// The code, as runs and reports name it.
    #[arg(value_name = "CODE", ignore_case = true, hide_possible_values = true,
          value_parser = PossibleValuesParser::new(names()))]
    code: Option<String>,
}

/// The codes as the page's headings name them.
fn names() -> impl Iterator<Item = &'static str> {
    let sections = PAGE.split("\n## `").skip(1);
    sections.filter_map(|section| Some(section.split_once('`')?.0))
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Document<'a> {
    diagnoses: &'a [Explained],
}

/// One code in full, each part in one line of text.
#[derive(Debug, Serialize)]
struct Explained {
    code: Code,
    severity: Severity,
    title: String,
    signature: String,
    causes: String,
    cure: String,
    ends: String,
}

/// Runs the verb.
pub(super) fn run(args: &Args, globals: &Globals) -> Result<Outcome, Failure> {
    let is_wanted = |code: &&Code| {
        let name = code.to_string();
        let wanted = args.code.as_deref();
        wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(&name))
    };
    let codes = Code::ALL.iter().filter(is_wanted);
    let explained: Vec<_> = codes.filter_map(|code| explain(*code)).collect();
    if globals.json {
        let document = Document {
            diagnoses: &explained,
        };
        let text = serde_json::to_string(&document)
            .map_err(|error| Failure::new(error, "report this as a bug"))?;
        print(&format!("{text}\n"))?;
    } else if args.code.is_some() {
        print(&explained.iter().map(in_full).collect::<String>())?;
    } else {
        print(&list(&explained))?;
    }
    Ok(Outcome::Done)
}

/// The code's section of the page. `None` where there is none, which a test forbids.
fn explain(code: Code) -> Option<Explained> {
    let head = format!("\n## `{code}`");
    let start = PAGE.find(&head)? + head.len();
    let section = PAGE[start..].split("\n## ").next()?;
    let plain = |text: &str| {
        let words: Vec<_> = text.split_whitespace().collect();
        words.join(" ").replace('`', "")
    };
    let part = |name: &str| {
        let text = section.split_once(&format!("**{name}.**"));
        let text = text.map_or("", |(_, rest)| rest);
        plain(text.split("\n**").next().unwrap_or_default())
    };
    // A part may begin in the middle of a line.
    let until = |text: String| {
        text.split("**")
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let signature = until(part("Signature"));
    let opening = plain(section.split("**").next().unwrap_or_default());
    let is_severity = |sentence: &&str| {
        ["Note", "Warning", "Error"]
            .iter()
            .any(|word| sentence.starts_with(word))
    };
    let title = opening
        .split(". ")
        .find(|sentence| !is_severity(sentence) && !sentence.is_empty())
        .or_else(|| signature.split(['.', ':', ';']).next())
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_owned();
    Some(Explained {
        code,
        severity: code.severity(),
        title,
        causes: until(part("Causes")),
        cure: until(part("Cure")),
        ends: until(part("Goes away")),
        signature,
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn in_full(explained: &Explained) -> String {
    let code = explained.code;
    let fails = if code.is_final() {
        "; the phone has failed, until it moves on"
    } else {
        ""
    };
    let mut lines = vec![format!("{code} ({}{fails})", severity(explained.severity))];
    // A section without a title of its own has the beginning of its signature.
    let title = Some(&explained.title).filter(|title| !explained.signature.starts_with(*title));
    for (name, text) in [
        ("", title.unwrap_or(&String::new())),
        ("Signature", &explained.signature),
        ("Causes", &explained.causes),
        ("Cure", &explained.cure),
        ("Goes away", &explained.ends),
    ] {
        if text.is_empty() {
            continue;
        }
        lines.push(String::new());
        if !name.is_empty() {
            lines.push(name.to_owned());
        }
        lines.extend(wrap(text, "  ", "  "));
    }
    lines.join("\n") + "\n"
}

fn list(all: &[Explained]) -> String {
    let indent = " ".repeat(29);
    let mut lines = Vec::new();
    for explained in all {
        let first = format!("{:<28} ", explained.code.to_string());
        lines.extend(wrap(&explained.title, &first, &indent));
    }
    lines.push(String::new());
    lines.push("In full: reflash explain CODE".to_owned());
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_within_80_columns_and_without_marks() {
        let all: Vec<_> = Code::ALL
            .iter()
            .map(|code| explain(*code).unwrap())
            .collect();
        assert_eq!(all.len(), Code::ALL.len());
        for explained in &all {
            let text = in_full(explained);
            for part in [
                &explained.title,
                &explained.signature,
                &explained.causes,
                &explained.cure,
            ] {
                assert!(part.len() > 10, "{explained:?}");
                assert!(!part.contains("**") && !part.contains('`'), "{part}");
            }
            let long = text.lines().find(|line| line.chars().count() > 80);
            assert_eq!(long, None, "{text}");
        }
        let long = list(&all)
            .lines()
            .find(|line| line.chars().count() > 80)
            .map(str::to_owned);
        assert_eq!(long, None);
    }
}
