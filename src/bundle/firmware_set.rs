//! One load of a bundle, with its images and recovery manifests.

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::{standalone, verdict::Verdict};
use crate::phone::{
    Family, Generation79x0, Installation, LoadName, Model, Protocol, Support, Unsupported,
    is_early_step,
};

/// A load with the images that its manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirmwareSet {
    /// The load, as its signed header spells it.
    pub load: LoadName,
    /// The verdict on its manifests and images.
    pub verdict: Verdict,
    /// The protocol, if the load's name or its phones show it.
    pub protocol: Option<Protocol>,
    /// The numbers of the models that it is for, -GE variants included.
    pub models: Vec<&'static str>,
    /// Whether phones are served this set: it is complete and valid, and for at least one model
    /// there is no better one in the bundle.
    pub is_served: bool,
    /// What its models find after a factory reset, for models that have a recovery manifest.
    pub recovery: Vec<Recovery>,
}

/// What the boot loader of a model finds in the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovery {
    /// The model.
    pub model: &'static Model,
    /// The name of its recovery manifest.
    pub manifest: &'static str,
    /// What the manifest installs.
    pub state: RecoveryState,
}

/// What a recovery manifest installs, compared with a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecoveryState {
    /// The images of the load.
    SameLoad,
    /// Another release of the same protocol.
    OtherRelease,
    /// Firmware of the other protocol.
    OtherProtocol,
    /// There is no recovery manifest, or images that it names are missing.
    Missing,
}

impl FirmwareSet {
    /// Whether the set is complete and valid. Its origin may be unproven.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(
            self.verdict,
            Verdict::Known | Verdict::Genuine | Verdict::Intact
        )
    }

    /// Whether it is for this model.
    #[must_use]
    pub fn is_for(&self, model: &Model) -> bool {
        self.models.contains(&model.number)
    }

    /// Whether this program converts the phones that it is for from SCCP to SIP.
    #[must_use]
    pub fn is_convertible(&self) -> bool {
        self.support() == Support::Converts
    }

    /// What this program does with the phones that it is for.
    #[must_use]
    pub fn support(&self) -> Support {
        if self.unsupported().is_some() {
            return Support::Recognised;
        }
        self.of_models()
    }

    /// What this program does with its phones, whatever the load.
    fn of_models(&self) -> Support {
        let of_models = self.models.iter().map(|number| {
            Model::by_number(number).map_or(Support::Recognised, |model| model.family.support())
        });
        of_models.max().unwrap_or(Support::Recognised)
    }

    /// Why the load is recognised only. `None` for a load that phones are converted or upgraded to,
    /// or that brings them back.
    #[must_use]
    pub fn unsupported(&self) -> Option<Unsupported> {
        if self.load.is_multiplatform() {
            return Some(Unsupported::Multiplatform);
        }
        // Firmware from before the loader of the 7940 and 7960 is installed in another way.
        if is_early_step(&self.load) {
            return Some(Unsupported::Step);
        }
        let generation = self.load.generation_79x0();
        if let Some(kind) = standalone::of_load(&self.load) {
            return Some(kind.why);
        }
        if generation.is_some_and(|generation| generation < Generation79x0::Loader) {
            return Some(Unsupported::BeforeLoader);
        }
        (self.of_models() == Support::Recognised).then_some(Unsupported::UnknownPhones)
    }

    /// Its models, for a message.
    #[must_use]
    pub fn models_text(&self) -> String {
        if self.models.is_empty() {
            "unknown phones".to_owned()
        } else {
            self.models.join(", ")
        }
    }

    /// The kind of its phones, for people: how they get firmware, or what they are.
    #[must_use]
    pub fn kind(&self) -> String {
        if let Some(kind) = standalone::of_load(&self.load) {
            return kind.what.to_owned();
        }
        let mut models = self.models.iter();
        let family = models.find_map(|number| Some(Model::by_number(number)?.family));
        family.map_or_else(
            || "unknown phones".to_owned(),
            |family| format!("{}: {}", family.numbers(), way_of(family)),
        )
    }

    /// The models that a factory reset would not bring to this load or to SIP: their recovery
    /// manifest is missing or of the other protocol.
    #[must_use]
    pub fn models_without_recovery(&self) -> Vec<&'static Model> {
        let stuck = |state| matches!(state, RecoveryState::Missing | RecoveryState::OtherProtocol);
        let stuck = self.recovery.iter().filter(|found| stuck(found.state));
        stuck.map(|found| found.model).collect()
    }
}

impl Serialize for FirmwareSet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut set = to.serialize_struct("FirmwareSet", 7)?;
        set.serialize_field("load", &self.load)?;
        set.serialize_field("verdict", &self.verdict)?;
        set.serialize_field("protocol", &self.protocol)?;
        set.serialize_field("models", &self.models)?;
        set.serialize_field("family", &self.kind())?;
        set.serialize_field("support", &self.support())?;
        set.serialize_field("reason", &self.unsupported())?;
        set.end()
    }
}

/// How the phones of a family hold their firmware.
fn way_of(family: Family) -> &'static str {
    match family.installation() {
        Installation::Recovery => "five images",
        Installation::Loader => "a loader and an application",
        Installation::Slots(_) if family.is_convertible() => "two slots, SCCP and SIP",
        Installation::Slots(_) => "two slots, SIP only",
        Installation::None => "SCCP only",
    }
}

/// Writes models as their numbers, sorted, -GE variants included.
pub(super) fn numbers<S: Serializer>(models: &[&'static Model], to: S) -> Result<S::Ok, S::Error> {
    let mut numbers: Vec<_> = models.iter().map(|model| model.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    to.collect_seq(numbers)
}
