//! Whether a phone accepts a manifest.

use std::time::Duration;

use super::{
    super::{
        PhoneFault,
        action::{ManifestRefusal, PhoneAction, PhoneEvent},
        read::ScriptManifest,
    },
    ScriptPass, SimulatedPhone,
    script::{BEFORE_IMAGES, BETWEEN_PAIRS, BRIDGE, BootStep, WITHIN_PAIR, WRITING},
};
use crate::phone::LoadName;

impl SimulatedPhone {
    /// Accepts the manifest and fetches its images, or refuses it and requests it again later.
    pub(super) fn take_manifest(
        &mut self,
        now: Duration,
        load: LoadName,
        name: String,
        bytes: &[u8],
        actions: &mut Vec<PhoneAction>,
    ) {
        match self.check(bytes) {
            Ok(manifest) => {
                if self.application.is_none() {
                    // A factory reset leaves nothing behind but the boot loader.
                    self.flash.retain(|name, _| manifest.images.contains(name));
                }
                self.history.refused_once = false;
                self.pass = Some(ScriptPass { load, manifest });
                if self.application.is_some() && self.has(&PhoneFault::PeerSharing) {
                    return self.wait(now, WRITING, BootStep::Written);
                }
                self.wait(now, BEFORE_IMAGES, BootStep::Image(0));
            }
            Err(reason) => {
                actions.push(PhoneAction::Event(PhoneEvent::Refused {
                    manifest: name,
                    reason,
                }));
                self.history.refused_once = !self.history.refused_once;
                // Observed with boot loaders. That an application also requests it twice, and
                // restarts in between, is a choice of this script.
                if self.history.refused_once {
                    self.wait_to_retry(now, WITHIN_PAIR, BootStep::Manifest(load));
                } else if self.application.is_some() {
                    self.wait_to_retry(now, BETWEEN_PAIRS, BootStep::PowerOn);
                } else {
                    self.wait_to_retry(now, BETWEEN_PAIRS, BootStep::Manifest(load));
                }
            }
        }
    }

    fn check(&self, bytes: &[u8]) -> Result<ScriptManifest, ManifestRefusal> {
        if self.has(&PhoneFault::RefusesManifest) {
            return Err(ManifestRefusal::Signature);
        }
        let manifest = ScriptManifest::read(bytes).ok_or(ManifestRefusal::Unreadable)?;
        // Class 1 stands for the phones of a family's first years, which loads without a mask also
        // support. No load is known to support the class of bit 6.
        let hardware = if self.has(&PhoneFault::WrongHardware) {
            0x40
        } else {
            1
        };
        if manifest.hardware.unwrap_or(1) & hardware != hardware {
            return Err(ManifestRefusal::Hardware);
        }
        let newer = manifest.release().is_some_and(|release| release > BRIDGE);
        if newer && self.has(&PhoneFault::NeedsBridge) && !self.history.is_bridged {
            return Err(ManifestRefusal::TooNew);
        }
        Ok(manifest)
    }
}
