//! What a phone requests, in which order, and what it does with the files.

use std::time::Duration;

use super::{
    super::{
        PhoneFault,
        action::{PhoneAction, PhoneEvent},
        client::{FIRST_PORT, FetchProgress, Fetched},
        read,
    },
    Application, ScriptPass, ScriptState, SimulatedPhone,
    script::{
        AFTER_APPS, AFTER_IMAGE, BETWEEN_PAIRS, BRIDGE, BootStep, EarlyRequest, LoaderStep,
        PORT_SPREAD, SHORTEST_RETRY, START, SlotStep, TimeRange, UNCONFIGURED, WITHOUT_POWER,
        WRITING,
    },
};
use crate::phone::{Family, LoadName, Protocol};

/// Bytes of an image after which a weak port fails.
const WEAK_BYTES: u64 = 4096;

impl SimulatedPhone {
    /// Waits before the next step.
    pub(super) fn wait(&mut self, now: Duration, times: TimeRange, step: BootStep) {
        let pause = self.pause(times);
        self.state = ScriptState::Waiting(now + pause, step);
    }

    /// Waits before a retry.
    pub(super) fn wait_to_retry(&mut self, now: Duration, times: TimeRange, step: BootStep) {
        let pause = self.pause(times).max(SHORTEST_RETRY);
        self.state = ScriptState::Waiting(now + pause, step);
    }

    /// Begins the step, or requests its file.
    pub(super) fn begin(&mut self, now: Duration, step: BootStep, actions: &mut Vec<PhoneAction>) {
        let name = match &step {
            BootStep::PowerOn => return self.boot(now, actions),
            BootStep::Written if self.slots.is_some() => return self.slots_written(now, actions),
            BootStep::Written => return self.written(now, actions),
            BootStep::TrustList => format!("CTLSEP{}.tlv", self.config.mac.upper_hex()),
            BootStep::IdentityList => format!("ITLSEP{}.tlv", self.config.mac.upper_hex()),
            BootStep::SharedList => "ITLFile.tlv".to_owned(),
            BootStep::OwnConfig { .. } => format!("SEP{}.cnf.xml", self.config.mac.upper_hex()),
            BootStep::DefaultConfig => "XMLDefault.cnf.xml".to_owned(),
            BootStep::Manifest(load) => load.manifest(),
            BootStep::SccpLocale => self.locale_file("sccp"),
            BootStep::SipLocale => self.locale_file("sip"),
            BootStep::DialPlan => "dialplan.xml".to_owned(),
            BootStep::Loader(step) => self.loader_file(step),
            BootStep::Slots(step) => self.slot_file(step),
            BootStep::Early(step) => self.early_file(step),
            BootStep::Image(index) | BootStep::Dropped(index) => {
                let images = self.pass.as_ref().map(|pass| &pass.manifest.images);
                match images.and_then(|images| images.get(*index)) {
                    Some(image) => image.clone(),
                    None => return self.wait(now, WRITING, BootStep::Written),
                }
            }
        };
        self.request(now, step, name, actions);
    }

    /// The locale file's name: its device part differs between models, and without a
    /// locale the path begins with `/`.
    fn locale_file(&self, protocol: &str) -> String {
        let device = match self.config.model.family {
            Family::F41 | Family::F42 => "mk",
            Family::F11 | Family::F31 => "tc",
            _ => "sp",
        };
        let folder = self.fetched_config.locale.as_deref().unwrap_or_default();
        format!("{folder}/{device}-{protocol}.jar")
    }

    pub(super) fn boot(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        self.close_port(actions);
        self.pass = None;
        self.fetched_config.load = None;
        self.history.refused_once = false;
        let load = self
            .application
            .as_ref()
            .map(|application| application.load.clone());
        let (is_of_loader, has_slots) = (self.loader.is_some(), self.slots.is_some());
        let first = if load.is_none() && !is_of_loader && !has_slots {
            self.next_port = FIRST_PORT;
            BootStep::Manifest(self.recovery())
        } else {
            let spread = self.script.below(PORT_SPREAD);
            self.next_port = FIRST_PORT.saturating_add(u16::try_from(spread).unwrap_or(0));
            BootStep::TrustList
        };
        actions.push(PhoneAction::Event(PhoneEvent::Booted(load)));
        if is_of_loader && self.is_early() {
            return self.begin(now, BootStep::Early(EarlyRequest::ImageName), actions);
        }
        if is_of_loader {
            return self.boot_loader(now, actions);
        }
        if has_slots {
            return self.boot_slots(now, actions);
        }
        self.begin(now, first, actions);
    }

    fn recovery(&self) -> LoadName {
        // A model without a recovery manifest requests a name that no server has.
        LoadName::new(
            self.config
                .model
                .recovery_manifest
                .unwrap_or("term.default.loads"),
        )
    }

    /// Every image is in flash and the restart is complete.
    fn written(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        self.close_port(actions);
        if let Some(ScriptPass { load, manifest }) = self.pass.take() {
            self.flash.retain(|name, _| manifest.images.contains(name));
            let named = manifest
                .is_sip()
                .map(|sip| if sip { Protocol::Sip } else { Protocol::Sccp });
            let release = manifest.release();
            self.history.is_bridged |= release.is_some_and(|release| release >= BRIDGE);
            actions.push(PhoneAction::Event(PhoneEvent::Installed(load.clone())));
            self.application = Some(Application {
                protocol: named.or(load.protocol()).unwrap_or(Protocol::Sip),
                load,
                release,
            });
        }
        if self.has(&PhoneFault::AddressChange) && !self.history.changed_address {
            self.history.changed_address = true;
            actions.push(PhoneAction::ChangeAddress);
        }
        self.boot(now, actions);
    }

    /// Handles the progress of the file that is being fetched.
    pub(super) fn progressed(
        &mut self,
        now: Duration,
        progress: FetchProgress,
        actions: &mut Vec<PhoneAction>,
    ) {
        let ScriptState::Fetching(step) = &self.state else {
            return;
        };
        let step = step.clone();
        let (name, bytes, begun) = match (self.open_stream(), &self.fetch) {
            (Some(it), _) => (it.name().to_owned(), it.bytes(), it.has_begun()),
            (None, Some(it)) => (it.name().to_owned(), it.bytes(), it.has_begun()),
            (None, None) => return,
        };
        let is_image = matches!(
            step,
            BootStep::Image(_)
                | BootStep::Loader(LoaderStep::LoaderImage | LoaderStep::ApplicationImage)
                | BootStep::Slots(SlotStep::Image(_))
                | BootStep::Early(EarlyRequest::NamedImage(_) | EarlyRequest::ConfiguredImage(_))
        );
        if begun && bytes >= WEAK_BYTES && self.is_weak_at(&step) {
            return self.lose_power_of_slots(now, actions);
        }
        if is_image && !self.history.lost_power {
            let cut = self.config.power_cut(&name);
            let is_reached = begun && cut.is_some_and(|at| bytes >= at);
            // An image that is shorter than expected: power is lost at its end.
            if is_reached || cut.is_some() && matches!(progress, FetchProgress::Got(_)) {
                return self.lose_power(now, actions);
            }
        }
        match progress {
            FetchProgress::Going if begun && matches!(step, BootStep::Dropped(_)) => {
                self.close_port(actions);
                self.wait_to_retry(now, START, BootStep::PowerOn);
            }
            FetchProgress::Going => {}
            FetchProgress::Got(fetched) => {
                self.end_stream(actions);
                actions.push(PhoneAction::Event(PhoneEvent::Fetched {
                    name: name.clone(),
                    bytes,
                }));
                self.got(now, step, name, &fetched, actions);
            }
            FetchProgress::Refused(_) | FetchProgress::Silent => {
                let code = match progress {
                    FetchProgress::Refused(code) => Some(code),
                    _ => None,
                };
                self.close_port(actions);
                actions.push(PhoneAction::Event(PhoneEvent::Missed { name, code }));
                match (&step, code) {
                    (BootStep::Loader(step), Some(code)) => {
                        self.loader_refused(now, step, code, actions);
                    }
                    _ => self.missed(now, &step, actions),
                }
            }
        }
    }

    /// Switches power off and on again a little later. Between two images and while writing, the
    /// phone then starts in its boot loader.
    pub fn power_cycle(&mut self, now: Duration) -> Vec<PhoneAction> {
        let mut actions = Vec::new();
        self.close_port(&mut actions);
        if self.pass.take().is_some() && self.slots.is_none() {
            self.application = None;
        }
        actions.push(PhoneAction::Event(PhoneEvent::PowerLost));
        self.wait(now, WITHOUT_POWER, BootStep::PowerOn);
        actions
    }

    fn lose_power(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        if self.slots.is_some() {
            return self.lose_power_of_slots(now, actions);
        }
        self.history.lost_power = true;
        self.close_port(actions);
        // Firmware from before the loader writes an image once it has all of it.
        if !self.is_early() {
            self.application = None;
        }
        actions.push(PhoneAction::Event(PhoneEvent::PowerLost));
        self.wait(now, WITHOUT_POWER, BootStep::PowerOn);
    }

    fn got(
        &mut self,
        now: Duration,
        step: BootStep,
        name: String,
        file: &Fetched,
        actions: &mut Vec<PhoneAction>,
    ) {
        match step {
            BootStep::OwnConfig { .. } | BootStep::DefaultConfig
                if self.has(&PhoneFault::ConfigRefused) =>
            {
                actions.push(PhoneAction::Event(PhoneEvent::DroppedConfig(name)));
                match step {
                    BootStep::OwnConfig { again: false } => {
                        self.begin(now, BootStep::OwnConfig { again: true }, actions);
                    }
                    BootStep::OwnConfig { again: true } => {
                        self.begin(now, BootStep::DefaultConfig, actions);
                    }
                    _ => self.wait_to_retry(now, UNCONFIGURED, BootStep::TrustList),
                }
            }
            BootStep::OwnConfig { .. } | BootStep::DefaultConfig => {
                self.configured(now, &file.body, actions);
            }
            BootStep::Manifest(load) => self.take_manifest(now, load, name, &file.body, actions),
            BootStep::Image(index) => {
                let after = if name.starts_with("apps") {
                    AFTER_APPS
                } else {
                    AFTER_IMAGE
                };
                self.flash.insert(name, file.sha256);
                let count = self
                    .pass
                    .as_ref()
                    .map_or(0, |pass| pass.manifest.images.len());
                if index + 1 < count {
                    self.wait(now, after, BootStep::Image(index + 1));
                } else {
                    self.wait(now, WRITING, BootStep::Written);
                }
            }
            BootStep::Dropped(_) => self.wait_to_retry(now, START, BootStep::PowerOn),
            BootStep::Loader(step) => self.loader_got(now, &step, file, actions),
            BootStep::Slots(step) => self.slot_got(now, &step, file, actions),
            BootStep::Early(step) => self.early_got(now, &step, file, actions),
            _ => self.after_optional(now, &step, actions),
        }
    }

    fn missed(&mut self, now: Duration, step: &BootStep, actions: &mut Vec<PhoneAction>) {
        match step {
            BootStep::OwnConfig { .. } => self.begin(now, BootStep::DefaultConfig, actions),
            BootStep::DefaultConfig => self.wait_to_retry(now, UNCONFIGURED, BootStep::TrustList),
            // A boot loader tries again; an application keeps running.
            BootStep::Manifest(_) if self.application.is_none() => {
                self.wait_to_retry(now, BETWEEN_PAIRS, BootStep::PowerOn);
            }
            BootStep::Manifest(_) => self.settle(now, actions),
            BootStep::Image(index) => {
                let count = self
                    .pass
                    .as_ref()
                    .map_or(0, |pass| pass.manifest.images.len());
                if index + 1 < count {
                    self.begin(now, BootStep::Dropped(index + 1), actions);
                } else {
                    self.wait_to_retry(now, START, BootStep::PowerOn);
                }
            }
            BootStep::Dropped(_) => self.wait_to_retry(now, START, BootStep::PowerOn),
            BootStep::Loader(step) => self.loader_missed(now, step, actions),
            BootStep::Slots(step) => self.slot_missed(now, step, actions),
            BootStep::Early(step) => self.early_missed(now, step, actions),
            _ => self.after_optional(now, step, actions),
        }
    }

    /// Continues after an optional file.
    fn after_optional(&mut self, now: Duration, step: &BootStep, actions: &mut Vec<PhoneAction>) {
        let next = match step {
            BootStep::TrustList => {
                let release = self
                    .application
                    .as_ref()
                    .and_then(|application| application.release);
                // Identity lists came with 8.5(2).
                if release.is_none_or(|release| release >= BRIDGE) {
                    BootStep::IdentityList
                } else {
                    BootStep::OwnConfig { again: false }
                }
            }
            BootStep::IdentityList => BootStep::SharedList,
            BootStep::SharedList => BootStep::OwnConfig { again: false },
            BootStep::SccpLocale => match self.fetched_config.load.clone() {
                Some(load) => BootStep::Manifest(load),
                None => return self.idle(actions),
            },
            BootStep::SipLocale => BootStep::DialPlan,
            _ => return self.idle(actions),
        };
        self.begin(now, next, actions);
    }

    fn configured(&mut self, now: Duration, config: &[u8], actions: &mut Vec<PhoneAction>) {
        let Some(application) = self.application.clone() else {
            return;
        };
        self.fetched_config.locale = read::locale(config);
        let ignores = application.load.is_recovery() && self.has(&PhoneFault::NoSecondPass);
        self.fetched_config.load = read::load_information(config, self.config.model.device_type)
            .filter(|load| *load != application.load && !ignores);
        match self.fetched_config.load.clone() {
            // Real SCCP phones have their locale files before they get a new load, so these are
            // requested first: the server has then seen the phone on SCCP.
            _ if application.protocol == Protocol::Sccp && !self.history.requested_sccp_locale => {
                self.history.requested_sccp_locale = true;
                self.begin(now, BootStep::SccpLocale, actions);
            }
            Some(load) => self.begin(now, BootStep::Manifest(load), actions),
            None => self.settle(now, actions),
        }
    }

    /// The load is right, or not available: does the rest of the boot.
    fn settle(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        self.fetched_config.load = None;
        let sip = self
            .application
            .as_ref()
            .is_some_and(|application| application.protocol == Protocol::Sip);
        match sip {
            true if self.has(&PhoneFault::NoWitness) => {
                self.begin(now, BootStep::DialPlan, actions);
            }
            true => self.begin(now, BootStep::SipLocale, actions),
            false => self.idle(actions),
        }
    }

    /// The last socket stays open, so that a repeated last block is still acknowledged.
    pub(super) fn idle(&mut self, actions: &mut Vec<PhoneAction>) {
        self.state = ScriptState::Idle;
        actions.push(PhoneAction::Event(PhoneEvent::Idle));
    }
}
