//! A 7940 or 7960 with the universal application loader: the loader runs at every start, finds out
//! which load the phone should have, fetches what differs, and starts the application.
//!
//! Order, limits and decisions are those of the loaders 7.5 and 8.12; times are
//! those of public captures.

use std::time::Duration;

use super::{
    super::{
        action::{PhoneAction, PhoneEvent},
        client::Fetched,
        read::{self, LoaderManifest},
    },
    Application, SimulatedPhone,
    script::{BootStep, LoaderStep, TimeRange, range},
};
use crate::phone::{LoadName, Protocol};

/// The largest configuration or manifest in bytes; a larger one counts as missing.
const MAX_TEXT: usize = 8192;
/// From the loader's image to the restart.
const LOADER_WRITTEN: TimeRange = range(26_000, 37_000);
/// From the application's image to its first request.
const APPLICATION_WRITTEN: TimeRange = range(45_000, 69_000);
/// From the manifest to the first request of an application that is already there.
const APPLICATION_STARTS: TimeRange = range(23_000, 24_000);
/// Without a valid application: until the loader starts again.
const NO_APPLICATION: TimeRange = range(16_000, 36_000);
/// A SIP application without a line requests its file again after this long.
const WITHOUT_LINE: TimeRange = range(31_000, 31_000);
/// How often it does so before the script ends. Real phones never stop (a choice of the script).
const POLLS: u8 = 2;

impl SimulatedPhone {
    /// The name of the file that a step of the loader or of its application requests.
    pub(super) fn loader_file(&self, step: &LoaderStep) -> String {
        let mac = self.config.mac.upper_hex();
        let target = self
            .loader
            .as_ref()
            .and_then(|loader| loader.target.as_ref());
        let image = |of: fn(&LoaderManifest) -> &String| {
            target
                .map(|(_, manifest)| of(manifest).clone())
                .unwrap_or_default()
        };
        match step {
            LoaderStep::TrustList => format!("CTLSEP{mac}.tlv"),
            LoaderStep::OwnXml | LoaderStep::SkinnyConfig => format!("SEP{mac}.cnf.xml"),
            LoaderStep::OwnSip => format!("SIP{mac}.cnf"),
            LoaderStep::OwnMgcp => format!("MGC{mac}.cnf"),
            LoaderStep::DefaultXml => "XMLDefault.cnf.xml".to_owned(),
            LoaderStep::SipDefault | LoaderStep::CommonSettings => "SIPDefault.cnf".to_owned(),
            LoaderStep::MgcpDefault => "MGCDefault.cnf".to_owned(),
            LoaderStep::Manifest(load) => load.manifest(),
            LoaderStep::LegacyImage(load) => format!("{load}.sbn"),
            LoaderStep::LoaderImage => image(|manifest| &manifest.loader),
            LoaderStep::ApplicationImage => image(|manifest| &manifest.application),
            // The SIP application puts its folder before the name, and has none.
            LoaderStep::OwnSettings => format!("./SIP{mac}.cnf"),
            LoaderStep::RingList => "RINGLIST.DAT".to_owned(),
        }
    }

    /// Starts the loader.
    pub(super) fn boot_loader(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        if let Some(loader) = &mut self.loader {
            loader.target = None;
        }
        self.loader_begin(now, LoaderStep::TrustList, actions);
    }

    fn loader_begin(&mut self, now: Duration, step: LoaderStep, actions: &mut Vec<PhoneAction>) {
        self.begin(now, BootStep::Loader(step), actions);
    }

    fn loader_wait(&mut self, now: Duration, times: TimeRange, step: LoaderStep) {
        self.wait_to_retry(now, times, BootStep::Loader(step));
    }

    /// A file of the loader or of its application arrived.
    pub(super) fn loader_got(
        &mut self,
        now: Duration,
        step: &LoaderStep,
        file: &Fetched,
        actions: &mut Vec<PhoneAction>,
    ) {
        let is_text = file.body.len() <= MAX_TEXT;
        match step {
            LoaderStep::TrustList => self.loader_begin(now, LoaderStep::OwnXml, actions),
            LoaderStep::OwnXml | LoaderStep::DefaultXml if is_text => {
                match read::load_of_first_phones(&file.body, self.config.model.device_type) {
                    Some(load) => self.loader_begin(now, LoaderStep::Manifest(load), actions),
                    // "No LoadID found": the search ends.
                    None => self.start_application(now, APPLICATION_STARTS, actions),
                }
            }
            LoaderStep::OwnSip | LoaderStep::SipDefault if is_text => {
                let next = match read::image_version(&file.body) {
                    Some(load) => LoaderStep::Manifest(load),
                    None if *step == LoaderStep::OwnSip => LoaderStep::SipDefault,
                    None => LoaderStep::MgcpDefault,
                };
                self.loader_begin(now, next, actions);
            }
            LoaderStep::Manifest(load) if is_text => {
                self.take_loader_manifest(now, load.clone(), &file.body, actions);
            }
            // As of a P003 name: the loader installs itself and starts again.
            LoaderStep::LegacyImage(_) => self.restart_loader(now, LOADER_WRITTEN),
            LoaderStep::LoaderImage => self.loader_written(now, file, actions),
            LoaderStep::ApplicationImage => self.application_written(now, file, actions),
            LoaderStep::CommonSettings => {
                self.loader_begin(now, LoaderStep::OwnSettings, actions);
            }
            LoaderStep::OwnSettings => self.settings_read(now, &file.body, actions),
            LoaderStep::SkinnyConfig => self.skinny_configured(now, &file.body, actions),
            _ => self.loader_missed(now, step, actions),
        }
    }

    /// An ERROR arrived: codes 3 and 9 count as a server that does not answer, 8 as a file without
    /// bytes, all others as a file that is not there.
    pub(super) fn loader_refused(
        &mut self,
        now: Duration,
        step: &LoaderStep,
        code: u16,
        actions: &mut Vec<PhoneAction>,
    ) {
        let is_of_application = matches!(
            step,
            LoaderStep::CommonSettings
                | LoaderStep::OwnSettings
                | LoaderStep::RingList
                | LoaderStep::SkinnyConfig
        );
        match code {
            _ if is_of_application => self.loader_missed(now, step, actions),
            3 | 9 => self.start_application(now, APPLICATION_STARTS, actions),
            8 => {
                let nothing = Fetched {
                    bytes: 0,
                    sha256: [0; 32],
                    body: Vec::new(),
                };
                self.loader_got(now, step, &nothing, actions);
            }
            _ => self.loader_missed(now, step, actions),
        }
    }

    /// A file was not found, is too long, or did not arrive.
    pub(super) fn loader_missed(
        &mut self,
        now: Duration,
        step: &LoaderStep,
        actions: &mut Vec<PhoneAction>,
    ) {
        let next = match step {
            LoaderStep::TrustList => LoaderStep::OwnXml,
            LoaderStep::OwnXml => LoaderStep::OwnSip,
            LoaderStep::OwnSip => LoaderStep::OwnMgcp,
            LoaderStep::OwnMgcp => LoaderStep::DefaultXml,
            LoaderStep::DefaultXml => LoaderStep::SipDefault,
            LoaderStep::SipDefault => LoaderStep::MgcpDefault,
            LoaderStep::Manifest(load) => LoaderStep::LegacyImage(load.clone()),
            LoaderStep::CommonSettings => LoaderStep::OwnSettings,
            LoaderStep::OwnSettings => return self.settings_read(now, &[], actions),
            LoaderStep::RingList | LoaderStep::SkinnyConfig => return self.idle(actions),
            LoaderStep::MgcpDefault
            | LoaderStep::LegacyImage(_)
            | LoaderStep::LoaderImage
            | LoaderStep::ApplicationImage => {
                return self.start_application(now, APPLICATION_STARTS, actions);
            }
        };
        self.loader_begin(now, next, actions);
    }

    fn take_loader_manifest(
        &mut self,
        now: Duration,
        load: LoadName,
        bytes: &[u8],
        actions: &mut Vec<PhoneAction>,
    ) {
        let Some(manifest) = LoaderManifest::read(bytes) else {
            return self.start_application(now, APPLICATION_STARTS, actions);
        };
        let running = self.application.as_ref().map(|own| own.load.clone());
        let Some(loader) = &mut self.loader else {
            return;
        };
        let own_loader = loader.version == manifest.version;
        let own_application = running == Some(LoadName::new(manifest.application_id()));
        loader.target = Some((load, manifest));
        if !own_loader {
            self.loader_begin(now, LoaderStep::LoaderImage, actions);
        } else if own_application {
            self.start_application(now, APPLICATION_STARTS, actions);
        } else {
            self.loader_begin(now, LoaderStep::ApplicationImage, actions);
        }
    }

    fn loader_written(&mut self, now: Duration, file: &Fetched, actions: &mut Vec<PhoneAction>) {
        let name = self.loader_file(&LoaderStep::LoaderImage);
        let version = read::loader_version(&file.body);
        let Some(loader) = &mut self.loader else {
            return;
        };
        // An image of another version is not what the manifest promised.
        let expected = loader
            .target
            .as_ref()
            .map(|(_, manifest)| &manifest.version);
        let is_signed = file.body.starts_with(&[1, 0, 2]);
        if !is_signed || version.is_none() || version.as_ref() != expected {
            return self.start_application(now, APPLICATION_STARTS, actions);
        }
        loader.version = version.unwrap_or_default();
        self.flash.insert(name, file.sha256);
        self.restart_loader(now, LOADER_WRITTEN);
    }

    fn application_written(
        &mut self,
        now: Duration,
        file: &Fetched,
        actions: &mut Vec<PhoneAction>,
    ) {
        let target = self.loader.as_mut().and_then(|loader| loader.target.take());
        let Some((_, manifest)) = target else {
            return;
        };
        self.flash.retain(|name, _| *name == manifest.loader);
        self.flash.insert(manifest.application.clone(), file.sha256);
        let load = LoadName::new(manifest.application_id());
        actions.push(PhoneAction::Event(PhoneEvent::Installed(load.clone())));
        self.application = Some(Application {
            protocol: load.protocol().unwrap_or(Protocol::Sip),
            release: load.release(),
            load,
        });
        self.start_application(now, APPLICATION_WRITTEN, actions);
    }

    /// Starts the stored application, or the loader again if there is none.
    fn start_application(
        &mut self,
        now: Duration,
        times: TimeRange,
        actions: &mut Vec<PhoneAction>,
    ) {
        self.close_port(actions);
        match self.application.as_ref().map(|own| own.protocol) {
            Some(Protocol::Sip) => self.loader_wait(now, times, LoaderStep::CommonSettings),
            Some(Protocol::Sccp) => self.loader_wait(now, times, LoaderStep::SkinnyConfig),
            None => self.restart_loader(now, NO_APPLICATION),
        }
    }

    fn restart_loader(&mut self, now: Duration, times: TimeRange) {
        self.wait_to_retry(now, times, BootStep::PowerOn);
    }

    /// The SIP application read both files.
    fn settings_read(&mut self, now: Duration, own: &[u8], actions: &mut Vec<PhoneAction>) {
        let running = self.application.as_ref().map(|own| own.load.clone());
        let wanted = read::image_version(own);
        let Some(loader) = &mut self.loader else {
            return;
        };
        if wanted.is_some() && wanted != running && !loader.has_retried {
            loader.has_retried = true;
            return self.restart_loader(now, APPLICATION_STARTS);
        }
        if read::has_line(own) {
            return self.loader_begin(now, LoaderStep::RingList, actions);
        }
        loader.polls += 1;
        if loader.polls > POLLS {
            return self.idle(actions);
        }
        self.loader_wait(now, WITHOUT_LINE, LoaderStep::OwnSettings);
    }

    /// The SCCP application read its configuration: with another load it restarts into the loader.
    fn skinny_configured(&mut self, now: Duration, body: &[u8], actions: &mut Vec<PhoneAction>) {
        let load = read::load_of_first_phones(body, self.config.model.device_type);
        let running = self.application.as_ref().map(|own| own.load.clone());
        match load {
            Some(load) if Some(&load) != running.as_ref() => {
                self.restart_loader(now, APPLICATION_STARTS);
            }
            _ => self.idle(actions),
        }
    }
}
