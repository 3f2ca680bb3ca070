//! The explanation of each code: the row of its table in docs/lint.md or docs/dialplans.md.

use serde::Serialize;

/// What a code of `lint` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FindingExplanation {
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
                code,
                severity,
                files: files.unwrap_or(heading),
                meaning,
            });
        }
    }
    found
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
        assert!(all.iter().any(|one| one.code == "hidden-entry"));
        for one in all {
            assert!(one.meaning.len() > 5 && !one.files.is_empty(), "{one:?}");
            assert!(!one.code.contains([' ', '`']), "{one:?}");
        }
    }
}
