//! What the fleet reports: steps, which are never lost, and progress, of which only the
//! newest matters.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{
    file_outcome::FileOutcome,
    observation::EvidenceSource,
    restart::{RestartStatus, Uplink},
};
use crate::{
    diagnose::Diagnosis,
    phone::{LoadName, MacAddress},
};

/// The state of a phone. docs/states.md defines what each state proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The phone was observed and has requested nothing.
    Seen,
    /// Its application requests trust lists and configuration.
    Configuring,
    /// It requested a manifest.
    Manifest,
    /// It fetches images.
    Images,
    /// It has every image and is silent while it writes them. A power cut now does damage.
    Writing,
    /// It requested an address by DHCP after the last image. A neighbour can forge that, so a power
    /// cut may still do damage.
    Rebooted,
    /// Every image was delivered in one pass, and an application requested a file afterwards.
    Flashed,
    /// An evidence source named the target load.
    Confirmed,
    /// An evidence source named the target load before the phone fetched anything.
    Already,
    /// Silent for longer than the limit of its state.
    Stalled,
    /// A diagnosis is active that waiting cannot resolve.
    Failed,
}

impl State {
    /// Every state, in the order in which a phone passes through them.
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

    /// Whether a phone in this state may be writing its flash.
    #[must_use]
    pub const fn may_be_writing(self) -> bool {
        matches!(self, Self::Writing | Self::Rebooted)
    }
}

/// The number of one phone in a run, whatever address it has. Numbers count from 0 in the
/// order of appearance and are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneId(pub u32);

impl PhoneId {
    /// The id of a phone that was read from JSON, which does not contain the number.
    pub const UNKNOWN: Self = Self(u32::MAX);

    pub(super) fn unknown() -> Self {
        Self::UNKNOWN
    }
}

/// A phone as events name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneRef {
    /// Joins the events of one phone. Not in the JSON, where `mac` and `address` identify it.
    #[serde(skip, default = "PhoneId::unknown")]
    pub id: PhoneId,
    /// `None` until a request or an evidence source names it.
    pub mac: Option<MacAddress>,
    /// Its last known address.
    pub address: Ipv4Addr,
    /// The number without letters, `7965`; `None` until known.
    pub model: Option<String>,
    /// The models of its family, `7945/7965`, as long as only the family is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub family: Option<String>,
    /// The operator's name for the phone, from the inventory.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
}

#[cfg(test)]
impl PhoneRef {
    /// A phone of which only the MAC and the address are known; both end in `last`.
    pub(crate) fn example(last: u8) -> Self {
        Self {
            id: PhoneId(last.into()),
            mac: Some(MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, last])),
            address: Ipv4Addr::new(192, 0, 2, last),
            model: None,
            family: None,
            name: None,
        }
    }
}

/// A phone whose application runs and whose load no source has reported: its web page can be
/// polled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollCandidate {
    /// The phone.
    pub id: PhoneId,
    /// Its last known address.
    pub address: Ipv4Addr,
    /// `None` if no MAC is known.
    pub mac: Option<MacAddress>,
    /// Its pass through the images. Each pass may install another load.
    pub pass: u32,
}

/// The reason for a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where the evidence comes from.
    #[serde(rename = "witness")]
    pub source: EvidenceSource,
    /// What was observed, in one line.
    pub detail: String,
    /// Something that outweighs it contradicts it, so it proves nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub disputed: bool,
}

/// A change of a phone that belongs in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneStep {
    /// The phone.
    pub phone: PhoneRef,
    /// The state after the step.
    pub state: State,
    /// Whether the phone is done: `confirmed`, `already`, or `flashed` and settled.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub done: bool,
    /// Whether its application is in normal operation and no conversion is in progress: it
    /// accepted a configuration, or it is registered. Its state is then `seen`, `configuring` or
    /// `manifest`.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub up: bool,
    /// The pass through the images, from 1; 0 before the first manifest.
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
    /// How the transfer of that file ended, if it did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub outcome: Option<FileOutcome>,
    /// The size of that file in bytes, if known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub size: Option<u64>,
    /// The load that the step is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub load: Option<LoadName>,
    /// The evidence for the state, if the state needs evidence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub evidence: Option<Evidence>,
    /// The restarts of the phone that were ordered.
    #[serde(flatten)]
    pub restarts: RestartStatus,
    /// The switch port of the phone.
    #[serde(flatten)]
    pub uplink: Uplink,
}

/// Which of the images of a manifest a phone fetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageNumber {
    /// Its place in the manifest, from 1.
    pub number: u32,
    /// The number of images.
    pub count: u32,
}

/// How much of one file a phone has acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferProgress {
    /// The phone.
    pub phone: PhoneRef,
    /// The file.
    pub file: String,
    /// Acknowledged bytes.
    pub bytes: u64,
    /// The size of the file in bytes.
    pub size: u64,
    /// The pass through the images.
    pub pass: u32,
    /// `None` for a file that is not an image. For displays; not in the JSON.
    #[serde(skip, default)]
    pub image: Option<ImageNumber>,
}

impl Event {
    /// A step with the restarts and the switch port of its phone; any other event as it is.
    pub(super) fn with(mut self, restarts: RestartStatus, uplink: &Uplink) -> Self {
        if let Self::Step(step) = &mut self {
            step.details.restarts = restarts;
            step.details.uplink.clone_from(uplink);
        }
        self
    }
}

/// What the fleet reports about an observation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Event {
    /// Never lost.
    Step(PhoneStep),
    /// The newest of one phone replaces earlier ones.
    Progress(TransferProgress),
    /// A diagnosis was raised.
    Diagnosis {
        /// The phone; `None` for the run as a whole.
        phone: Option<PhoneRef>,
        /// The diagnosis.
        #[serde(flatten)]
        diagnosis: Diagnosis,
    },
    /// The number of this phone is no longer used: its history was merged into another phone,
    /// or it is not a phone. For displays with a row per phone; never in the JSON.
    #[serde(skip)]
    Gone {
        /// The phone.
        phone: PhoneRef,
    },
    /// A later observation refuted a diagnosis.
    Withdrawn {
        /// The phone; `None` for the run as a whole.
        phone: Option<PhoneRef>,
        /// The diagnosis.
        #[serde(flatten)]
        diagnosis: Diagnosis,
    },
}
