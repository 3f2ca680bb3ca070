//! The explanation of each code: the row of its table in docs/lint.md, docs/dialplans.md, or for
//! problems of bundles docs/verification.md.

use serde::Serialize;

/// What a code of `lint` or `verify` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FindingExplanation {
    /// The command that finds it: `lint` or `verify`.
    pub command: &'static str,
    /// The code.
    pub code: &'static str,
    /// The severity; where it depends on the case, the meaning says when another applies.
    pub severity: &'static str,
    /// The files in which it occurs.
    pub files: &'static str,
    /// What it means, in Markdown.
    pub meaning: &'static str,
}

/// The explanation of every code, in the order of the documents.
#[must_use]
pub fn explanations() -> Vec<FindingExplanation> {
    let lint = include_str!("../../docs/lint.md");
    let plans = include_str!("../../docs/dialplans.md");
    let mut all = rows(lint, None);
    all.extend(rows(plans, Some("dialplan.xml")));
    all.extend(problems(include_str!("../../docs/verification.md")));
    all
}

/// The rows of tables whose first column is a code: under the last heading, or in `files`.
fn rows(document: &'static str, files: Option<&'static str>) -> Vec<FindingExplanation> {
    let mut heading = "";
    let mut found = Vec::new();
    for line in document.lines() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text;
        }
        // A `|` within a cell would be written `\|`; no row has one.
        let mut cells = line
            .strip_prefix("| `")
            .into_iter()
            .flat_map(|row| row.trim_end_matches(" |").split(" | "));
        let (Some(code), Some(severity), Some(meaning), None) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        let Some(code) = code.strip_suffix('`') else {
            continue;
        };
        if ["error", "warning", "note"]
            .iter()
            .any(|one| severity.starts_with(one))
        {
            found.push(FindingExplanation {
                command: "lint",
                code,
                severity,
                files: files.unwrap_or(heading),
                meaning,
            });
        }
    }
    found
}

/// The rows of the table of problem codes: one or several codes, and what they mean.
fn problems(document: &'static str) -> Vec<FindingExplanation> {
    let table = document
        .split("## Problem codes")
        .nth(1)
        .unwrap_or_default();
    let table = table.split("\n## ").next().unwrap_or_default();
    let rows = table.lines().filter_map(|line| {
        let row = line.strip_prefix("| `")?.strip_suffix(" |")?;
        row.split_once("` | ")
    });
    rows.flat_map(|(codes, meaning)| {
        codes.split("`, `").map(move |code| FindingExplanation {
            command: "verify",
            code,
            severity: "problem of a bundle",
            files: "a firmware bundle",
            meaning,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::CODES;

    #[test]
    fn every_code_is_explained() {
        let all = explanations();
        for code in CODES {
            assert!(all.iter().any(|one| one.code == *code), "{code}");
        }
        for code in [
            "hidden-entry",
            "missing-image",
            "over-limit",
            "file-skipped",
        ] {
            assert!(all.iter().any(|one| one.code == code), "{code}");
        }
        for one in all {
            assert!(one.meaning.len() > 5 && !one.files.is_empty(), "{one:?}");
            assert!(!one.code.contains([' ', '`']), "{one:?}");
        }
    }
}
