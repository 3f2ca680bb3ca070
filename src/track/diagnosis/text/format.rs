//! Helpers of all texts.

use crate::{
    diagnose::{Code, Diagnosis},
    phone::{Family, Model},
    track::observation::RunTime,
};

/// Characters of a name from the wire that evidence contains.
const PRINTED_CHARACTERS: usize = 80;

pub(super) fn diagnosis(code: Code, evidence: String, cure: impl Into<String>) -> Diagnosis {
    Diagnosis {
        code,
        severity: code.severity(),
        evidence,
        cure: cure.into(),
    }
}

/// A name from the wire, escaped and truncated.
pub(crate) fn printable(name: &str) -> String {
    name.escape_debug().take(PRINTED_CHARACTERS).collect()
}

/// A run time as evidence gives it: `h:mm:ss` since the run began.
pub(super) fn clock(at: RunTime) -> String {
    let seconds = at.as_secs();
    format!(
        "{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// The model numbers of these families: `7945/7965`.
pub(crate) fn models(families: &[Family]) -> String {
    let mut numbers: Vec<&str> = families
        .iter()
        .flat_map(|family| family.models())
        .map(Model::plain_number)
        .collect();
    numbers.dedup();
    numbers.join("/")
}
