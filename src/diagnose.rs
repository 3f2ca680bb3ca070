//! Diagnoses: a stable code, the evidence, the cure.

use std::fmt;

use serde::{Deserialize, Serialize};

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
