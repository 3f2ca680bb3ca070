//! The explanation of each code: signature, causes, cure.
//!
//! docs/diagnoses.md has the same text; a test compares the two.

use serde::Serialize;

use super::{Code, Severity};

mod network;
mod phone;
mod registration;
mod text;

/// The explanation of one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The code.
    pub code: Code,
    /// Its severity.
    pub severity: Severity,
    /// The diagnosis in one line.
    pub title: &'static str,
    /// What is observed, and how often before the diagnosis is raised.
    pub signature: &'static str,
    /// Possible causes.
    pub causes: &'static str,
    /// What the operator does about it.
    pub cure: &'static str,
    /// What withdraws the diagnosis.
    pub clears_when: &'static str,
}

impl Code {
    /// The explanation of this code.
    ///
    /// # Panics
    ///
    /// Never: a test checks every code.
    #[must_use]
    pub fn explanation(self) -> Explanation {
        let text = phone::text(self)
            .or_else(|| network::text(self))
            .expect("every code is in one of the two tables: a test checks all");
        Explanation {
            code: self,
            severity: self.severity(),
            title: text.title,
            signature: text.signature,
            causes: text.causes,
            cure: text.cure,
            clears_when: text.clears_when,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text on one line.
    fn flat(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The section of a code in docs/diagnoses.md.
    fn section(code: Code) -> String {
        let all = code.explanation();
        let final_note = if code.is_final() {
            "; the phone counts as failed"
        } else {
            ""
        };
        let severity = match all.severity {
            Severity::Note => "Note",
            Severity::Warning => "Warning",
            Severity::Error => "Error",
        };
        format!(
            "`{code}` {}. {severity}{final_note}. **Signature.** {} **Causes.** {} **Cure.** {} \
             **Clears when.** {}",
            all.title, all.signature, all.causes, all.cure, all.clears_when
        )
    }

    #[test]
    fn docs_diagnoses_has_the_texts_of_the_program() {
        let page = include_str!("../../docs/diagnoses.md");
        let sections: Vec<String> = page.split("\n## ").skip(1).map(flat).collect();
        let expected: Vec<String> = Code::ALL.iter().map(|code| section(*code)).collect();
        for (found, expected) in sections.iter().zip(&expected) {
            assert_eq!(found, expected);
        }
        assert_eq!(sections.len(), expected.len());
    }

    #[test]
    fn every_part_of_every_explanation_is_present() {
        for code in Code::ALL {
            let all = code.explanation();
            for part in [all.signature, all.causes, all.cure, all.clears_when] {
                assert!(part.len() > 10 && part.ends_with('.'), "{code}: {part}");
            }
            assert!(!all.title.is_empty() && !all.title.ends_with('.'), "{code}");
        }
    }
}
