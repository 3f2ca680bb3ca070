//! One line of a journal.
//!
//! The aliases are the names of schema 1.

use std::{io, net::Ipv4Addr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    header::{JournalHeader, Network},
    run_time,
};
use crate::track::{Counted, Event, ObservationKind, RunTime, Totals};

/// The kind of the first line.
pub(super) const HEADER: &str = "journal";

/// A line, with the time of day that it was written for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct JournalLine {
    pub(super) at: Timestamp,
    #[serde(flatten)]
    pub(super) content: LineContent,
}

/// The bytes of a line, with its end.
pub(super) fn line(at: Timestamp, content: LineContent) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(&JournalLine { at, content })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// What a line records.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum LineContent {
    /// The first line.
    Journal(Box<JournalHeader>),
    /// An observation, and the events that followed from it.
    #[serde(alias = "seen")]
    Observation {
        #[serde(with = "run_time")]
        ns: RunTime,
        address: Ipv4Addr,
        #[serde(alias = "seen")]
        observed: ObservationKind,
        #[serde(default, skip_serializing_if = "Vec::is_empty", alias = "told")]
        events: Vec<Event>,
    },
    /// Events that followed from the passing of time alone.
    #[serde(alias = "told")]
    Events {
        #[serde(with = "run_time")]
        ns: RunTime,
        #[serde(alias = "told")]
        events: Vec<Event>,
    },
    /// Observations that were over the limits, or repeated the last one, since the last such line.
    Counted {
        #[serde(with = "run_time")]
        ns: RunTime,
        #[serde(flatten)]
        counted: Counted,
    },
    /// The run was resumed.
    #[serde(alias = "sitting")]
    Session {
        #[serde(with = "run_time")]
        ns: RunTime,
        /// The schema of the lines that follow.
        #[serde(default = "first_schema")]
        schema: u32,
        program: String,
        network: Network,
    },
    /// The run ended in order.
    Finished {
        #[serde(with = "run_time")]
        ns: RunTime,
        #[serde(flatten)]
        finished: RunFinished,
    },
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFinished {
    /// Phones by state.
    pub totals: Totals,
    /// Whether every expected phone was done.
    pub succeeded: bool,
    /// The number of the signal that ended it.
    pub signal: Option<u8>,
}

/// Session lines of schema 1 do not name it.
fn first_schema() -> u32 {
    1
}

impl LineContent {
    /// The run time of the line; the header's is 0.
    pub(super) fn run_time(&self) -> RunTime {
        match self {
            Self::Journal(_) => RunTime::ZERO,
            Self::Observation { ns, .. }
            | Self::Events { ns, .. }
            | Self::Counted { ns, .. }
            | Self::Session { ns, .. }
            | Self::Finished { ns, .. } => *ns,
        }
    }
}
