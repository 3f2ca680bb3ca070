//! Dial plans: what `dialplan.xml` says, what a phone makes of dialled digits by it, what is
//! wrong with it, and a small source language that it is written from.
//!
//! The rules are those of the SIP stack that Cisco published (dialplan.c of its sipcc);
//! docs/dialplans.md has them in words, and where this program differs.

mod checks;
mod dial;
mod finding;
mod pattern;
mod plan;
mod read;
mod rewrite;
mod source;

pub use checks::{MAX_CHECKED_BYTES, check};
pub use dial::{DialResult, MatchedEntry, ToneAt};
pub use plan::{
    DEFAULT_SECONDS, DEFAULT_TONE, DialMode, DialPlan, Entry, MAX_DIGITS, MAX_PLAN_BYTES,
    MAX_TONES, MAX_VALUE_BYTES, MAX_VERSION_BYTES, Position, ProxyRoute, TONES, UserParameter,
};
pub use source::{DialPlanSource, PRESETS, SourceError};

use crate::diagnose::Finding;

impl DialPlan {
    /// Reads a plan as a phone would. An entry that a phone refuses ends the reading; those
    /// before it stay.
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

    /// What a phone sends from its first line when `digits` are pressed one after the other.
    #[must_use]
    pub fn dial(&self, digits: &str, mode: DialMode) -> DialResult {
        self.dial_on(1, digits, mode)
    }

    /// The same from another line.
    #[must_use]
    pub fn dial_on(&self, line: u8, digits: &str, mode: DialMode) -> DialResult {
        dial::dial(&self.entries, line, digits, mode)
    }
}
