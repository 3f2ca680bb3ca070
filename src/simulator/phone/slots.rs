//! A phone with two slots: it runs one, writes the load that its configuration names into the other,
//! and swaps them.
//!
//! Order and decisions are those of Cisco's images of the 69xx, 6945, 8941/8945 and 8961, and of
//! public records of boots.

use std::time::Duration;

use super::{
    super::{
        PhoneFault,
        action::{ManifestRefusal, PhoneAction, PhoneEvent},
        client::Fetched,
        read,
    },
    Application, SimulatedPhone,
    script::{AFTER_IMAGE, BEFORE_IMAGES, BootStep, SlotStep, TimeRange, WITHOUT_POWER, range},
};
use crate::phone::{Lists, LoadName, Protocol};

/// From the last image, or the configuration that names the other slot, to the next start.
const RESTART: TimeRange = range(60_000, 120_000);
/// Without a usable configuration, the list is repeated after this long.
const LIST_AGAIN: TimeRange = range(45_000, 45_000);
/// The pause of a phone of other firmware between two lists (a choice of the script).
const OTHER_FIRMWARE: TimeRange = range(60_000, 60_000);
/// The image during which the power fails on a weak port: the fifth, or the last.
const WEAK_IMAGE: usize = 4;
/// How often a phone on a weak port starts over before the script ends.
const WEAK_STARTS: u8 = 3;
/// How often a phone without a usable configuration repeats its list before the script ends.
const LISTS: u8 = 4;

impl SimulatedPhone {
    /// The name of the file that a step requests.
    pub(super) fn slot_file(&self, step: &SlotStep) -> String {
        let mac = self.config.mac.upper_hex();
        match step {
            SlotStep::TrustList => format!("CTLSEP{mac}.tlv"),
            SlotStep::IdentityList => format!("ITLSEP{mac}.tlv"),
            SlotStep::SharedList => "ITLFile.tlv".to_owned(),
            SlotStep::OwnConfig => format!("SEP{mac}.cnf.xml"),
            SlotStep::SignedConfig => format!("SEP{mac}.cnf.xml.sgn"),
            SlotStep::DefaultConfig => "XMLDefault.cnf.xml".to_owned(),
            SlotStep::Manifest(load) => load.manifest(),
            SlotStep::Image(index) => {
                let image = self.slots.as_ref().and_then(|slots| slots.image(*index));
                image.map(|image| image.name.clone()).unwrap_or_default()
            }
            SlotStep::Locale => {
                let shared = self
                    .slots
                    .as_ref()
                    .map_or("", |slots| slots.facts.shared_locale);
                let folder = self.fetched_config.locale.as_deref().unwrap_or_default();
                match shared {
                    "" => format!("{folder}/sp-sip.jar"),
                    shared => format!("{folder}/{shared}"),
                }
            }
            SlotStep::Tones => "/g3-tones.xml".to_owned(),
            SlotStep::DialPlan => "dialplan.xml".to_owned(),
            SlotStep::OtherProfile => format!("{mac}.xml"),
        }
    }

    /// Starts the firmware of the active slot.
    pub(super) fn boot_slots(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        if let Some(slots) = &mut self.slots {
            slots.update = None;
            slots.written.clear();
        }
        let first = if self.has(&PhoneFault::Multiplatform) {
            SlotStep::OtherProfile
        } else {
            SlotStep::TrustList
        };
        self.slot_begin(now, first, actions);
    }

    fn slot_begin(&mut self, now: Duration, step: SlotStep, actions: &mut Vec<PhoneAction>) {
        self.begin(now, BootStep::Slots(step), actions);
    }

    fn slot_wait(&mut self, now: Duration, times: TimeRange, step: SlotStep) {
        self.wait_to_retry(now, times, BootStep::Slots(step));
    }

    /// A file arrived.
    pub(super) fn slot_got(
        &mut self,
        now: Duration,
        step: &SlotStep,
        file: &Fetched,
        actions: &mut Vec<PhoneAction>,
    ) {
        match step {
            SlotStep::OwnConfig | SlotStep::DefaultConfig
                if self.has(&PhoneFault::ConfigRefused) =>
            {
                let name = self.slot_file(step);
                actions.push(PhoneAction::Event(PhoneEvent::DroppedConfig(name)));
                self.list_again(now, actions);
            }
            SlotStep::OwnConfig | SlotStep::DefaultConfig => {
                self.slot_configured(now, &file.body, actions);
            }
            SlotStep::Manifest(load) => {
                self.take_slot_manifest(now, load.clone(), &file.body, actions);
            }
            SlotStep::Image(index) => self.slot_image_arrived(now, *index, file),
            _ => self.after_slot_file(now, step, actions),
        }
    }

    /// A file was not found, or did not arrive.
    pub(super) fn slot_missed(
        &mut self,
        now: Duration,
        step: &SlotStep,
        actions: &mut Vec<PhoneAction>,
    ) {
        match step {
            SlotStep::OwnConfig => self.slot_begin(now, SlotStep::DefaultConfig, actions),
            SlotStep::DefaultConfig => self.list_again(now, actions),
            // It runs on with the load that it has.
            SlotStep::SignedConfig | SlotStep::Manifest(_) | SlotStep::Image(_) => {
                self.settle_slots(now, actions);
            }
            _ => self.after_slot_file(now, step, actions),
        }
    }

    /// Continues after an optional file.
    fn after_slot_file(&mut self, now: Duration, step: &SlotStep, actions: &mut Vec<PhoneAction>) {
        let lists = self
            .slots
            .as_ref()
            .map_or(Lists::Ctl, |slots| slots.facts.lists);
        let configuration = if self.has(&PhoneFault::TrustList) {
            SlotStep::SignedConfig
        } else {
            SlotStep::OwnConfig
        };
        let is_sip = self.runs_sip();
        let next = match step {
            SlotStep::TrustList if lists == Lists::Itl => SlotStep::IdentityList,
            SlotStep::IdentityList => SlotStep::SharedList,
            SlotStep::TrustList | SlotStep::SharedList => configuration,
            SlotStep::Locale => SlotStep::Tones,
            SlotStep::Tones if is_sip && !self.has(&PhoneFault::NoWitness) => SlotStep::DialPlan,
            SlotStep::OtherProfile => {
                let lists = self.slots.as_mut().map_or(LISTS, |slots| {
                    slots.lists += 1;
                    slots.lists
                });
                if lists < LISTS {
                    return self.slot_wait(now, OTHER_FIRMWARE, SlotStep::OtherProfile);
                }
                return self.idle(actions);
            }
            _ => return self.idle(actions),
        };
        self.slot_begin(now, next, actions);
    }

    fn runs_sip(&self) -> bool {
        let running = self.application.as_ref();
        running.is_some_and(|running| running.protocol == Protocol::Sip)
    }

    fn list_again(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        self.close_port(actions);
        let lists = self.slots.as_mut().map_or(LISTS, |slots| {
            slots.lists += 1;
            slots.lists
        });
        if lists < LISTS {
            self.slot_wait(now, LIST_AGAIN, SlotStep::TrustList);
        } else {
            self.idle(actions);
        }
    }

    fn slot_configured(&mut self, now: Duration, config: &[u8], actions: &mut Vec<PhoneAction>) {
        self.fetched_config.locale = read::locale(config);
        let running = self
            .application
            .as_ref()
            .map(|running| running.load.clone());
        let wanted = read::load_information(config, self.config.model.device_type);
        let Some(load) = wanted.filter(|load| Some(load) != running.as_ref()) else {
            return self.settle_slots(now, actions);
        };
        // Every image has the prefixes of the loads that it permits, of both protocols.
        if load.family() != Some(self.config.model.family) || load.is_multiplatform() {
            return self.refuse_slot_manifest(
                now,
                load.to_string(),
                ManifestRefusal::Unreadable,
                actions,
            );
        }
        let is_inactive = self
            .slots
            .as_ref()
            .is_some_and(|slots| slots.inactive.as_ref() == Some(&load) && slots.facts.flips);
        if is_inactive || self.has(&PhoneFault::OtherSlot) {
            return self.swap_slots(now, load, actions);
        }
        self.slot_begin(now, SlotStep::Manifest(load), actions);
    }

    fn take_slot_manifest(
        &mut self,
        now: Duration,
        load: LoadName,
        bytes: &[u8],
        actions: &mut Vec<PhoneAction>,
    ) {
        let refusal = if self.has(&PhoneFault::RefusesManifest) {
            Err(ManifestRefusal::Signature)
        } else if self.has(&PhoneFault::WrongHardware) {
            Err(ManifestRefusal::Hardware)
        } else {
            let platform = self.slots.as_ref().map_or(1, |slots| slots.platform);
            read::slot_images(bytes, platform).ok_or(ManifestRefusal::Unreadable)
        };
        match refusal {
            Ok(images) => {
                if let Some(slots) = &mut self.slots {
                    slots.update = Some((load, images));
                    slots.written.clear();
                }
                if self.has(&PhoneFault::PeerSharing) {
                    return self.wait(now, RESTART, BootStep::Written);
                }
                self.wait(now, BEFORE_IMAGES, BootStep::Slots(SlotStep::Image(0)));
            }
            Err(reason) => self.refuse_slot_manifest(now, load.manifest(), reason, actions),
        }
    }

    fn refuse_slot_manifest(
        &mut self,
        now: Duration,
        manifest: String,
        reason: ManifestRefusal,
        actions: &mut Vec<PhoneAction>,
    ) {
        actions.push(PhoneAction::Event(PhoneEvent::Refused { manifest, reason }));
        self.settle_slots(now, actions);
    }

    fn slot_image_arrived(&mut self, now: Duration, index: usize, file: &Fetched) {
        let refuses = self.has(&PhoneFault::RefusesImages);
        let Some(slots) = &mut self.slots else {
            return;
        };
        let Some(image) = slots.image(index).cloned() else {
            return;
        };
        let is_last = slots.image(index + 1).is_none();
        slots.written.push((image.name, file.sha256));
        let is_wrong = image.size.is_some_and(|size| size != file.bytes);
        if is_wrong || is_last && refuses {
            // The update ends, and the phone runs on. That it takes as long as after a good image is a
            // choice of this script.
            slots.update = None;
            return self.slot_wait(now, AFTER_IMAGE, SlotStep::Locale);
        }
        if is_last {
            self.wait(now, RESTART, BootStep::Written);
        } else {
            self.wait(
                now,
                AFTER_IMAGE,
                BootStep::Slots(SlotStep::Image(index + 1)),
            );
        }
    }

    /// The other slot is whole, and the phone starts it.
    pub(super) fn slots_written(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        let update = self.slots.as_mut().and_then(|slots| slots.update.take());
        if let Some((load, _)) = update {
            self.activate(load, actions);
        }
        if self.has(&PhoneFault::AddressChange) && !self.history.changed_address {
            self.history.changed_address = true;
            actions.push(PhoneAction::ChangeAddress);
        }
        self.boot(now, actions);
    }

    /// The wanted load is in the other slot: it is started without a download.
    fn swap_slots(&mut self, now: Duration, load: LoadName, actions: &mut Vec<PhoneAction>) {
        self.close_port(actions);
        self.activate(load, actions);
        self.wait_to_retry(now, RESTART, BootStep::PowerOn);
    }

    fn activate(&mut self, load: LoadName, actions: &mut Vec<PhoneAction>) {
        let before = self.application.take().map(|before| before.load);
        if let Some(slots) = &mut self.slots {
            slots.inactive = before;
            self.flash = slots.written.drain(..).collect();
        }
        actions.push(PhoneAction::Event(PhoneEvent::Installed(load.clone())));
        self.application = Some(Application {
            protocol: load.protocol().unwrap_or(Protocol::Sip),
            release: load.release(),
            load,
        });
    }

    /// The rest of the start, with the firmware that runs.
    fn settle_slots(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        if let Some(slots) = &mut self.slots {
            slots.update = None;
        }
        self.slot_begin(now, SlotStep::Locale, actions);
    }

    /// Whether the power fails during this image of this update.
    pub(super) fn is_weak_at(&self, step: &BootStep) -> bool {
        let (BootStep::Slots(SlotStep::Image(index)), Some(slots)) = (step, &self.slots) else {
            return false;
        };
        let is_weak = *index == WEAK_IMAGE || slots.image(index + 1).is_none();
        is_weak && self.has(&PhoneFault::WeakPower) && slots.starts < WEAK_STARTS
    }

    /// The power is lost during the update; the firmware of the active slot starts.
    pub(super) fn lose_power_of_slots(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        if let Some(slots) = &mut self.slots {
            slots.starts += 1;
            slots.update = None;
        }
        self.history.lost_power = true;
        self.close_port(actions);
        actions.push(PhoneAction::Event(PhoneEvent::PowerLost));
        self.wait(now, WITHOUT_POWER, BootStep::PowerOn);
    }
}
