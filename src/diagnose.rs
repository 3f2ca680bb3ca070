//! Diagnoses: a stable code, the evidence, the cure.
//!
//! `rules` judges what a phone did, `text` puts the finding into words. The tracking
//! decides when a rule is asked, and withdraws a diagnosis that the phone refuted.

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) mod rules;
pub(crate) mod text;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// May stop something.
    Warning,
    /// Stops something.
    Error,
}

/// The stable name of a diagnosis. Each has a section in docs/diagnoses.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// Silent past the documented limit of its state.
    Stalled,
    /// A manifest or image was asked for that is not in the stage.
    MissingImage,
    /// The phone's family is not the bundle's.
    WrongModelBundle,
    /// The manifest was taken again and again and no image asked for.
    ManifestRefused,
    /// The family is recognised and cannot be converted by this program.
    UnsupportedModel,
    /// The signed form of the configuration was asked for: the phone holds a trust list.
    TrustList,
    /// A name that was not found differs from a staged one as a slip of the pen does.
    NameMismatch,
    /// The same image was begun again and again and never came through.
    TransferBroken,
}

impl Code {
    /// Every code, in the order of docs/diagnoses.md.
    pub const ALL: &'static [Self] = &[
        Self::Stalled,
        Self::MissingImage,
        Self::WrongModelBundle,
        Self::ManifestRefused,
        Self::UnsupportedModel,
        Self::TrustList,
        Self::NameMismatch,
        Self::TransferBroken,
    ];

    /// How much it matters, always.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::MissingImage | Self::WrongModelBundle | Self::ManifestRefused => Severity::Error,
            Self::Stalled
            | Self::UnsupportedModel
            | Self::TrustList
            | Self::NameMismatch
            | Self::TransferBroken => Severity::Warning,
        }
    }

    /// Whether waiting cannot heal it: a phone with it has failed, until it moves on.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::WrongModelBundle | Self::ManifestRefused)
    }
}

/// What stands in a phone's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Its stable name.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// What was seen that says so: which requests, when.
    pub evidence: String,
    /// What a person does about it.
    pub cure: String,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The serialised form is the name; a second table of names would only drift.
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_its_section_and_every_section_its_code() {
        let page = include_str!("../docs/diagnoses.md");
        let sections: Vec<&str> = page.split("\n## ").skip(1).collect();
        let described: BTreeSet<String> = sections
            .iter()
            .filter_map(|section| section.strip_prefix('`')?.split_once('`'))
            .map(|(code, _)| code.to_owned())
            .collect();
        let codes: BTreeSet<String> = Code::ALL.iter().map(Code::to_string).collect();
        assert_eq!(described, codes);
        assert_eq!(sections.len(), Code::ALL.len());
        for section in sections {
            for part in ["**Signature.**", "**Causes.**", "**Cure.**"] {
                assert!(section.contains(part), "{part} is missing: {section}");
            }
        }
    }

    #[test]
    fn a_code_is_named_alike_in_text_and_in_json() {
        for code in Code::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
        }
    }
}
