//! What comes out of the fleet: steps, which are never lost, and progress, of which the
//! newest counts.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::EvidenceSource;
use crate::{
    diagnose::Diagnosis,
    phone::{LoadName, MacAddress},
};

/// How far a phone is. docs/design.md has the table of what each state proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is there.
    Seen,
    /// Its application asks for trust lists and configuration.
    Configuring,
    /// It asked for a manifest.
    Manifest,
    /// It fetches images.
    Images,
    /// It has every image and is silent while it writes them. Cutting the power now hurts.
    Writing,
    /// It came back after writing.
    Rebooted,
    /// Every image was delivered in one pass and an application asked afterwards.
    Flashed,
    /// A witness named the target load.
    Confirmed,
    /// A witness named the target load before anything was fetched.
    Already,
    /// Silent past the documented limit of its state.
    Stalled,
    /// A diagnosis stands that waiting cannot heal.
    Failed,
}

impl State {
    /// Every state, in the order in which a phone comes through them.
    pub const ALL: [Self; 11] = [
        Self::Seen,
        Self::Configuring,
        Self::Manifest,
        Self::Images,
        Self::Writing,
        Self::Rebooted,
        Self::Flashed,
        Self::Confirmed,
        Self::Already,
        Self::Stalled,
        Self::Failed,
    ];
}

/// One phone of a run, whatever becomes of its address; counts from 0 in the order of
/// appearance and is never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneId(pub u32);

/// A phone as events and lines name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneRef {
    /// Joins the events of one phone; not in the JSON, where `mac` and `address` do it.
    #[serde(skip, default = "PhoneRef::no_id")]
    pub id: PhoneId,
    /// `None` until it named itself.
    pub mac: Option<MacAddress>,
    /// Where it was last seen.
    pub address: Ipv4Addr,
    /// The number without letters, `7965`; `None` until known.
    pub model: Option<String>,
    /// What people call it, by their inventory. Tracking does not know; the session does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
}

impl PhoneRef {
    fn no_id() -> PhoneId {
        PhoneId(u32::MAX)
    }
}

/// A phone whose application runs and of which nobody has said which load that is: it can be
/// asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollCandidate {
    /// Which.
    pub id: PhoneId,
    /// Where it was last seen.
    pub address: Ipv4Addr,
    /// `None` where it never named itself.
    pub mac: Option<MacAddress>,
    /// Its pass through the images: with each it may have another firmware.
    pub pass: u32,
}

/// Why a state is believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Who saw it.
    #[serde(rename = "witness")]
    pub source: EvidenceSource,
    /// What was seen, in one line.
    pub detail: String,
}

/// Something happened to a phone that its record needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Whom it happened to.
    pub phone: PhoneRef,
    /// The state after it.
    pub state: State,
    /// Which pass through the images this is, from 1; 0 before the first manifest.
    pub pass: u32,
    /// The file, load and evidence, as far as they apply.
    #[serde(flatten)]
    pub details: StepDetails,
}

/// What a step is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDetails {
    /// The file that was requested or transferred.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<String>,
    /// Acknowledged bytes of that file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bytes: Option<u64>,
    /// The load that the step is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub load: Option<LoadName>,
    /// The evidence for the state, where the state needs evidence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub evidence: Option<Evidence>,
}

/// How much of one file a phone acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Who fetches.
    pub phone: PhoneRef,
    /// Which file.
    pub file: String,
    /// Acknowledged bytes.
    pub bytes: u64,
    /// The file's bytes.
    pub size: u64,
    /// Which pass.
    pub pass: u32,
    /// This image's place in the manifest, from 1, and how many there are; (0, 0) for a
    /// file that is no image. For the display; not in the JSON.
    #[serde(skip, default)]
    pub place: (u32, u32),
}

/// What the fleet says of a observation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Event {
    /// Never to be lost.
    Step(Step),
    /// The newest of one phone replaces the older ones.
    Progress(Progress),
    /// Something stands in the way, and what to do.
    Diagnosis {
        /// Whose; `None` for the run as a whole.
        phone: Option<PhoneRef>,
        /// What.
        #[serde(flatten)]
        diagnosis: Diagnosis,
    },
    /// A phone of this number is no more: it turned out to be another one that is known, or
    /// no phone. For displays that keep a line a phone; never in the JSON.
    #[serde(skip)]
    Gone {
        /// Which.
        phone: PhoneRef,
    },
    /// A diagnosis was refuted by what the phone did next.
    Withdrawn {
        /// Whose.
        phone: Option<PhoneRef>,
        /// What.
        #[serde(flatten)]
        diagnosis: Diagnosis,
    },
}
