//! Whether the phone is of the model that the inventory lists.

use super::{context::Context, core::Conversion};
use crate::{
    diagnose::Code,
    track::{change::Change, diagnosis::text},
};

impl Conversion {
    /// Compares the observed model, or else its family, with the listed one.
    pub(in crate::track) fn check_listed_model(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        let Some(listed) = cx.listed else {
            return;
        };
        let observed = match (self.device.model, self.device.family) {
            (Some(model), _) if model.plain_number() != listed.plain_number() => {
                model.plain_number().to_owned()
            }
            (None, Some(family)) if family != listed.family => text::models(&[family]),
            _ => return,
        };
        if !self.has_diagnosis(Code::ModelMismatch) {
            let diagnosis = text::model_mismatch(listed, &observed, cx.at);
            self.raise("", diagnosis, out);
        }
    }

    /// Whether the file that was made for the listed model is not for this phone.
    pub(in crate::track) fn is_of_another_model(&self) -> bool {
        self.has_diagnosis(Code::ModelMismatch)
    }
}
