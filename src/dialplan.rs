//! Dial plans: reads `dialplan.xml`, predicts what a phone sends for dialled digits, checks
//! plans for errors, and generates `dialplan.xml` from a small source language.
//!
//! The matching rules are those of the SIP stack that Cisco published (dialplan.c of sipcc).
//! docs/dialplans.md describes them and the differences.

mod checks;
mod cut_off;
mod dial;
mod finding;
mod pattern;
mod plan;
mod read;
mod rewrite;
mod source;

pub use checks::{MAX_CHECKED_BYTES, check};
pub use cut_off::CutOffNumbers;
pub use dial::{DialResult, MatchedEntry, ToneAt};
pub use plan::{
    DEFAULT_SECONDS, DEFAULT_TONE, DialMode, DialPlan, MAX_DIGITS, MAX_PLAN_BYTES, MAX_TONES,
    MAX_VALUE_BYTES, MAX_VERSION_BYTES, PlanEntry, PlanPosition, ProxyRoute, TONES, UserParameter,
};
pub use source::{DialPlanSource, PRESETS, SourceError};

use crate::diagnose::Finding;

impl DialPlan {
    /// Reads a plan as a phone would: reading stops at the first entry that a phone rejects,
    /// and the entries before it are kept.
    ///
    /// # Errors
    ///
    /// The finding if the file is too large, not well-formed XML or not a dial plan.
    pub fn read(bytes: &[u8]) -> Result<Self, Finding> {
        if bytes.len() > MAX_PLAN_BYTES {
            return Err(finding::too_large(bytes.len()));
        }
        let read = read::read(bytes)?;
        let refused = read.refused.map(|(entries, finding)| {
            let finding = read.findings[finding].clone();
            (entries, finding)
        });
        let mut entries = read.entries;
        let stopped = refused.map(|(kept, finding)| {
            entries.truncate(kept);
            finding
        });
        Ok(Self {
            entries,
            version: read.version,
            stopped,
        })
    }

    /// The emergency numbers that an entry of the plan names: 112, 911 and others, and those
    /// with `Route="Emergency"`.
    #[must_use]
    pub fn emergency_numbers(&self) -> Vec<&str> {
        checks::emergency_numbers(&self.entries)
    }

    /// What a phone sends from its first line when `digits` are dialled one by one.
    #[must_use]
    pub fn dial(&self, digits: &str, mode: DialMode) -> DialResult {
        self.dial_on(1, digits, mode)
    }

    /// Like [`Self::dial`], from the given line (1 to 255).
    #[must_use]
    pub fn dial_on(&self, line: u8, digits: &str, mode: DialMode) -> DialResult {
        dial::dial(&self.entries, line, digits, mode)
    }
}
