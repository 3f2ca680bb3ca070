//! One load of a bundle, with its images and recovery manifests.

use serde::{Serialize, Serializer};

use super::verdict::Verdict;
use crate::phone::{Generation79x0, LoadName, Model, Protocol, Support};

/// A load with the images that its manifest names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FirmwareSet {
    /// The load, as its signed header spells it.
    pub load: LoadName,
    /// The verdict on its manifests and images.
    pub verdict: Verdict,
    /// The protocol, if the load's name shows it.
    pub protocol: Option<Protocol>,
    /// The numbers of the models that it is for, -GE variants included.
    pub models: Vec<&'static str>,
    /// Whether phones are served this set: it is complete and valid, and for at least one model
    /// there is no better one in the bundle.
    #[serde(skip)]
    pub is_served: bool,
    /// What its models find after a factory reset, for models that have a recovery manifest.
    #[serde(skip)]
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
        let of_models = self.models.iter().map(|number| {
            Model::by_number(number).map_or(Support::Recognised, |model| model.family.support())
        });
        // Firmware from before the loader of the 7940 and 7960 is installed in another way.
        let is_early = self
            .load
            .generation_79x0()
            .is_some_and(|generation| generation < Generation79x0::Loader);
        if is_early || self.load.is_multiplatform() {
            return Support::Recognised;
        }
        of_models.max().unwrap_or(Support::Recognised)
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

/// Writes models as their numbers, sorted, -GE variants included.
pub(super) fn numbers<S: Serializer>(models: &[&'static Model], to: S) -> Result<S::Ok, S::Error> {
    let mut numbers: Vec<_> = models.iter().map(|model| model.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    to.collect_seq(numbers)
}
