//! One line of a journal.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Header, Network, read::Finished};
use crate::track::{Event, ObservationKind, RunTime};

/// A line, with the time of day that it was written for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) at: Timestamp,
    #[serde(flatten)]
    pub(super) what: What,
}

/// What a line says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum What {
    /// The first line.
    Journal(Box<Header>),
    /// A fact, and what came of it.
    Seen {
        #[serde(with = "nanoseconds")]
        ns: RunTime,
        address: Ipv4Addr,
        seen: ObservationKind,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        told: Vec<Event>,
    },
    /// What came of time alone.
    Told {
        #[serde(with = "nanoseconds")]
        ns: RunTime,
        told: Vec<Event>,
    },
    /// The run was resumed.
    Sitting {
        #[serde(with = "nanoseconds")]
        ns: RunTime,
        program: String,
        network: Network,
    },
    /// The run ended in order.
    Finished {
        #[serde(with = "nanoseconds")]
        ns: RunTime,
        #[serde(flatten)]
        finished: Finished,
    },
}

impl What {
    /// The run's time of the line; the header's is 0.
    pub(super) fn moment(&self) -> RunTime {
        match self {
            Self::Journal(_) => RunTime::ZERO,
            Self::Seen { ns, .. }
            | Self::Told { ns, .. }
            | Self::Sitting { ns, .. }
            | Self::Finished { ns, .. } => *ns,
        }
    }
}

/// The kinds of lines that this version writes.
pub(super) const KINDS: [&str; 5] = ["journal", "seen", "told", "sitting", "finished"];

/// A moment as nanoseconds: exact, so that what is folded again comes to the same.
pub(super) mod nanoseconds {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::track::RunTime;

    pub(in super::super) fn serialize<S: Serializer>(
        moment: &RunTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(moment.as_nanos()).unwrap_or(u64::MAX))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<RunTime, D::Error> {
        u64::deserialize(deserializer).map(RunTime::from_nanos)
    }
}
