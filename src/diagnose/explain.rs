//! Each code in full, for a person: what it looks like, why, and what to do.
//!
//! docs/diagnoses.md is the same text; a test holds the two together.

use serde::Serialize;

use super::{Code, Severity};

mod network;
mod phone;
mod registering;

/// A code in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The code.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// In one line.
    pub title: &'static str,
    /// What is seen, and how often before it is said.
    pub signature: &'static str,
    /// What lies behind it.
    pub causes: &'static str,
    /// What a person does about it.
    pub cure: &'static str,
    /// What makes it go away.
    pub ends: &'static str,
}

/// The words of one code.
struct Words {
    title: &'static str,
    signature: &'static str,
    causes: &'static str,
    cure: &'static str,
    ends: &'static str,
}

impl Code {
    /// This code in full.
    ///
    /// # Panics
    ///
    /// Never: a test goes through every code.
    #[must_use]
    pub fn explanation(self) -> Explanation {
        let words = phone::words(self)
            .or_else(|| network::words(self))
            .expect("every code is in one of the two lists: a test goes through all");
        Explanation {
            code: self,
            severity: self.severity(),
            title: words.title,
            signature: words.signature,
            causes: words.causes,
            cure: words.cure,
            ends: words.ends,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One text whatever its line breaks.
    fn flat(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// A section of docs/diagnoses.md as it must stand there.
    fn section(code: Code) -> String {
        let all = code.explanation();
        let ends_it = if code.is_final() {
            "; the phone has failed"
        } else {
            ""
        };
        let severity = match all.severity {
            Severity::Note => "Note",
            Severity::Warning => "Warning",
            Severity::Error => "Error",
        };
        format!(
            "`{code}` {}. {severity}{ends_it}. **Signature.** {} **Causes.** {} **Cure.** {} \
             **Goes away.** {}",
            all.title, all.signature, all.causes, all.cure, all.ends
        )
    }

    #[test]
    fn the_page_says_what_the_program_says() {
        let page = include_str!("../../docs/diagnoses.md");
        let sections: Vec<String> = page.split("\n## ").skip(1).map(flat).collect();
        let expected: Vec<String> = Code::ALL.iter().map(|code| section(*code)).collect();
        for (found, expected) in sections.iter().zip(&expected) {
            assert_eq!(found, expected);
        }
        assert_eq!(sections.len(), expected.len());
    }

    #[test]
    fn every_part_of_every_code_is_written() {
        for code in Code::ALL {
            let all = code.explanation();
            for part in [all.signature, all.causes, all.cure, all.ends] {
                assert!(part.len() > 10 && part.ends_with('.'), "{code}: {part}");
            }
            assert!(!all.title.is_empty() && !all.title.ends_with('.'), "{code}");
        }
    }
}
