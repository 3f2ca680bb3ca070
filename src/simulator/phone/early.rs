//! A 7940 or 7960 whose firmware is from before the loader: one image, and one installation per
//! start.
//!
//! Order and rules are those of Cisco's guides; the times of the restart are those of the loader
//! (a choice of this script).

use std::time::Duration;

use super::{
    super::{
        PhoneFault,
        action::{ManifestRefusal, PhoneAction, PhoneEvent},
        client::Fetched,
        read,
    },
    Application, SimulatedPhone,
    script::{BootStep, EarlyRequest, TimeRange, range},
};
use crate::phone::{FirmwareRelease, Generation79x0, LoadName, Protocol};

/// From an image to the restart.
const WRITTEN: TimeRange = range(26_000, 37_000);
/// From an image that was rejected to the restart.
const REJECTED: TimeRange = range(16_000, 36_000);
/// Until a person restarts a phone that did nothing (a choice of this script).
const RESTARTED: TimeRange = range(120_000, 180_000);
/// Of SIP, the first release that takes 5.0.
const LEADS_ON: FirmwareRelease = FirmwareRelease {
    major: 4,
    minor: 4,
    maintenance: 0,
    service: 0,
};

impl SimulatedPhone {
    /// Whether it runs firmware from before the loader.
    pub(super) fn is_early(&self) -> bool {
        let generation = self
            .application
            .as_ref()
            .and_then(|own| own.load.generation_79x0());
        generation.is_some_and(|generation| generation < Generation79x0::Loader)
    }

    fn own_load(&self) -> LoadName {
        let own = self.application.as_ref();
        own.map_or_else(|| LoadName::new(""), |own| own.load.clone())
    }

    fn is_signed(&self) -> bool {
        self.own_load().generation_79x0() == Some(Generation79x0::Signed)
    }

    fn is_without_xml(&self) -> bool {
        self.own_load().as_str().starts_with("P003AL")
    }

    pub(super) fn early_file(&self, step: &EarlyRequest) -> String {
        let mac = self.config.mac.upper_hex();
        match step {
            EarlyRequest::ImageName => "OS79XX.TXT".to_owned(),
            EarlyRequest::NamedImage(load) | EarlyRequest::ConfiguredImage(load) => {
                format!("{load}.{}", if self.is_signed() { "sbn" } else { "bin" })
            }
            EarlyRequest::CommonSettings => "SIPDefault.cnf".to_owned(),
            EarlyRequest::OwnSettings => format!("SIP{mac}.cnf"),
            EarlyRequest::OwnXml if self.is_without_xml() => format!("SEP{mac}.cnf"),
            EarlyRequest::OwnXml => format!("SEP{mac}.cnf.xml"),
            EarlyRequest::DefaultXml if self.is_without_xml() => "SEPDefault.cnf".to_owned(),
            // Some loads spell it in this way.
            EarlyRequest::DefaultXml if self.config.mac.bytes()[5] % 2 == 1 => {
                "xmlDefault.CNF.XML".to_owned()
            }
            EarlyRequest::DefaultXml => "XMLDefault.cnf.xml".to_owned(),
            EarlyRequest::RingList => "RINGLIST.DAT".to_owned(),
        }
    }

    fn early_begin(&mut self, now: Duration, step: EarlyRequest, actions: &mut Vec<PhoneAction>) {
        self.begin(now, BootStep::Early(step), actions);
    }

    pub(super) fn early_got(
        &mut self,
        now: Duration,
        step: &EarlyRequest,
        file: &Fetched,
        actions: &mut Vec<PhoneAction>,
    ) {
        let own = self.own_load();
        match step {
            EarlyRequest::ImageName => {
                let text = String::from_utf8_lossy(&file.body);
                // A blank at the end belongs to the name.
                let name = text.lines().next().unwrap_or_default();
                let start = |name: &str| name.get(..4).map(str::to_ascii_uppercase);
                if start(name).is_none() || start(name) == start(own.as_str()) {
                    return self.early_configure(now, actions);
                }
                let load = LoadName::new(name);
                self.early_begin(now, EarlyRequest::NamedImage(load), actions);
            }
            EarlyRequest::NamedImage(load) | EarlyRequest::ConfiguredImage(load) => {
                self.install_early(now, load, file, actions);
            }
            EarlyRequest::CommonSettings => {
                self.early_load = read::image_version(&file.body);
                self.early_begin(now, EarlyRequest::OwnSettings, actions);
            }
            EarlyRequest::OwnSettings => {
                let named = read::image_version(&file.body);
                self.early_load = named.or(self.early_load.take());
                self.early_configured(now, actions);
            }
            EarlyRequest::OwnXml | EarlyRequest::DefaultXml if !self.is_without_xml() => {
                let device_type = self.config.model.device_type;
                self.early_load = read::load_of_first_phones(&file.body, device_type);
                self.early_configured(now, actions);
            }
            _ => self.early_missed(now, step, actions),
        }
    }

    pub(super) fn early_missed(
        &mut self,
        now: Duration,
        step: &EarlyRequest,
        actions: &mut Vec<PhoneAction>,
    ) {
        match step {
            EarlyRequest::ImageName | EarlyRequest::NamedImage(_) => {
                self.early_configure(now, actions);
            }
            EarlyRequest::CommonSettings => {
                self.early_begin(now, EarlyRequest::OwnSettings, actions);
            }
            EarlyRequest::OwnSettings => self.early_configured(now, actions),
            EarlyRequest::OwnXml => self.early_begin(now, EarlyRequest::DefaultXml, actions),
            EarlyRequest::ConfiguredImage(_) => self.early_runs(now, actions),
            EarlyRequest::DefaultXml | EarlyRequest::RingList => self.early_idle(now, actions),
        }
    }

    /// Nothing was installed by `OS79XX.TXT`.
    fn early_configure(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        self.early_load = None;
        let is_sip = self.own_load().protocol() == Some(Protocol::Sip);
        let first = if is_sip {
            EarlyRequest::CommonSettings
        } else {
            EarlyRequest::OwnXml
        };
        self.early_begin(now, first, actions);
    }

    fn early_configured(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        let own = self.own_load();
        match self.early_load.take().filter(|load| *load != own) {
            Some(load) => self.early_begin(now, EarlyRequest::ConfiguredImage(load), actions),
            None => self.early_runs(now, actions),
        }
    }

    fn early_runs(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        if self.own_load().protocol() == Some(Protocol::Sip) {
            self.early_begin(now, EarlyRequest::RingList, actions);
        } else {
            self.early_idle(now, actions);
        }
    }

    /// It found nothing to install. Its firmware does nothing more; a person restarts it.
    fn early_idle(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        match self.early_restarts.checked_sub(1) {
            Some(rest) => {
                self.early_restarts = rest;
                self.wait_to_retry(now, RESTARTED, BootStep::PowerOn);
            }
            None => self.idle(actions),
        }
    }

    fn install_early(
        &mut self,
        now: Duration,
        load: &LoadName,
        file: &Fetched,
        actions: &mut Vec<PhoneAction>,
    ) {
        let name = self.early_file(&EarlyRequest::NamedImage(load.clone()));
        self.close_port(actions);
        if !self.takes(load, file) {
            actions.push(PhoneAction::Event(PhoneEvent::Refused {
                manifest: name,
                reason: ManifestRefusal::Signature,
            }));
            return self.wait_to_retry(now, REJECTED, BootStep::PowerOn);
        }
        self.flash.clear();
        self.flash.insert(name, file.sha256);
        actions.push(PhoneAction::Event(PhoneEvent::Installed(load.clone())));
        let is_loader = load.generation_79x0() == Some(Generation79x0::Loader);
        self.application = (!is_loader).then(|| Application {
            protocol: load.protocol().unwrap_or(Protocol::Sip),
            release: load.release(),
            load: load.clone(),
        });
        if let Some(loader) = self.loader.as_mut().filter(|_| is_loader) {
            loader.version = read::loader_version(&file.body).unwrap_or_default();
        }
        self.wait_to_retry(now, WRITTEN, BootStep::PowerOn);
    }

    /// Whether it installs the image: signed firmware takes signed images, and no firmware takes
    /// those that are too new for it.
    fn takes(&self, load: &LoadName, file: &Fetched) -> bool {
        let own = self.own_load();
        let is_image_signed = file.body.starts_with(&[1, 0, 2]);
        let next = load.generation_79x0();
        !self.has(&PhoneFault::RefusesManifest)
            && if self.is_signed() {
                is_image_signed && next >= Some(Generation79x0::Signed)
            } else {
                let is_sip = own.protocol() == Some(Protocol::Sip);
                let leads_on = !is_sip || own.release() >= Some(LEADS_ON);
                next == Some(Generation79x0::Unsigned)
                    || next == Some(Generation79x0::Signed) && leads_on
            }
    }
}
