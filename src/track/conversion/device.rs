//! What kind of phone it is.

use super::loader_search::LoaderSearch;
use crate::phone::{Family, Model};

/// Model, family and hardware revision of a phone, as far as known.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::track) struct Device {
    pub model: Option<&'static Model>,
    pub family: Option<Family>,
    /// Its hardware classes, as `#HARDWARE_COMP_1` counts them.
    pub hardware: Option<u32>,
    /// Of a 7940 or 7960.
    pub(super) loader: LoaderSearch,
}

impl Device {
    pub(super) fn set_model(&mut self, model: &'static Model) {
        self.model = Some(model);
        self.family = Some(model.family);
    }

    /// Sets the family. If the family has only one model, that is the model too.
    pub(super) fn set_family(&mut self, family: Family) {
        if self.family == Some(family) {
            return;
        }
        self.family = Some(family);
        let mut models = family.models();
        self.model = models.next().filter(|_| models.next().is_none());
    }

    /// The family, or that of the model if only the model is known.
    pub(in crate::track) fn known_family(&self) -> Option<Family> {
        self.family.or(self.model.map(|model| model.family))
    }

    pub(super) fn absorb_earlier(&mut self, earlier: Self) {
        self.model = self.model.or(earlier.model);
        self.family = self.family.or(earlier.family);
        self.hardware = self.hardware.or(earlier.hardware);
    }
}
