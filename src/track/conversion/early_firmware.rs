//! What is known of a phone whose firmware is from before the loader.

use crate::{
    phone::{EarlyFirmware, EarlyProtocol, Generation79x0, RequestedFile, load_of_image_79x0},
    track::route::StageRole,
};

/// So many whole deliveries of one image, each followed by a start with the earlier firmware, are no
/// interrupted installation.
const REPEATED: u8 = 3;
/// Two images that arrived so often each are installed in turn.
const IN_TURN: u8 = 2;
/// Images whose deliveries are counted; a phone with every step fetches seven.
const MAX_IMAGES: usize = 8;

/// Firmware from before the loader of a 7940 or 7960.
#[derive(Debug, Clone, Default)]
pub(in crate::track) struct Early {
    is_present: bool,
    /// The phone had such firmware in this run, and has the loader since.
    pub(super) got_loader: bool,
    pub(super) firmware: EarlyFirmware,
    /// Since `OS79XX.TXT`, the phone requested nothing but the image that it names.
    pub(super) has_begun: bool,
    /// The role of the bundle whose load a configuration named in this start.
    pub(super) named: Option<StageRole>,
    /// The image that arrived whole since the last start.
    pub(super) arrived: Option<String>,
    /// How often each image arrived.
    images: Vec<(String, u8)>,
}

impl Early {
    /// Whether the phone has such firmware now, as far as it is known.
    pub(in crate::track) fn is_present(&self) -> bool {
        self.is_present
    }

    pub(super) fn begin(&mut self) {
        if !self.is_present {
            self.firmware = EarlyFirmware::default();
        }
        self.is_present = true;
        self.got_loader = false;
        self.named = None;
    }

    /// The phone has the loader.
    pub(super) fn end(&mut self) {
        *self = Self {
            got_loader: self.is_present || self.got_loader,
            ..Self::default()
        };
    }

    /// Whether the image that the phone writes is a loader, which needs its application next.
    pub(super) fn writes_loader(&self) -> bool {
        let load = self.arrived.as_deref().and_then(load_of_image_79x0);
        load.is_some_and(|(load, _)| load.is_universal_loader())
    }

    /// Whether the phone only began to start: its next file may be any.
    pub(super) fn in_start(&self) -> bool {
        self.has_begun && self.arrived.is_none()
    }

    /// What is known of the firmware if the phone starts now.
    pub(super) fn firmware_at_start(&self) -> EarlyFirmware {
        let arrived = self.arrived.as_deref().and_then(load_of_image_79x0);
        let written = arrived.and_then(|(load, _)| EarlyFirmware::of(&load));
        written.unwrap_or(self.firmware)
    }

    /// A source reported the firmware.
    pub(super) fn report(&mut self, firmware: EarlyFirmware) {
        self.is_present = true;
        self.firmware = firmware;
    }

    /// Whether the firmware takes the name of its load from this file. `OS79XX.TXT` is not one: a
    /// phone ignores it, or fetches at once what it names.
    pub(super) fn reads_load(&self, file: &RequestedFile) -> bool {
        match self.firmware.protocol {
            Some(EarlyProtocol::Skinny) => matches!(
                file,
                RequestedFile::Config { .. } | RequestedFile::DefaultConfig
            ),
            Some(EarlyProtocol::Sip) => matches!(
                file,
                RequestedFile::LegacyConfig(_) | RequestedFile::LegacyDefault
            ),
            _ => false,
        }
    }

    /// The firmware speaks this protocol. Returns whether that is new.
    pub(super) fn speaks(&mut self, protocol: EarlyProtocol) -> bool {
        let is_new = match (self.firmware.protocol, protocol) {
            (Some(own), _) if own == protocol => false,
            // These also request the names of others.
            (Some(EarlyProtocol::SkinnyWithoutXml), EarlyProtocol::Skinny) => false,
            _ => true,
        };
        if is_new {
            if self.firmware.protocol.is_some() {
                self.firmware.release = None;
            }
            self.firmware.protocol = Some(protocol);
            // Signed firmware reads XML.
            if protocol == EarlyProtocol::SkinnyWithoutXml {
                self.firmware.generation = Some(Generation79x0::Unsigned);
            }
        }
        is_new
    }

    /// The firmware is of this generation.
    pub(super) fn shows(&mut self, generation: Generation79x0) {
        self.is_present = true;
        if self.firmware.generation.replace(generation) != Some(generation) {
            self.firmware.release = None;
        }
    }

    /// All of an image arrived.
    pub(super) fn count(&mut self, name: &str) {
        let is_own = |(known, _): &&mut (String, u8)| known.eq_ignore_ascii_case(name);
        if let Some((_, count)) = self.images.iter_mut().find(is_own) {
            *count = count.saturating_add(1);
            return;
        }
        if self.images.len() >= MAX_IMAGES {
            self.images.remove(0);
        }
        self.images.push((name.to_owned(), 1));
    }

    /// How often the image arrived, if that is too often.
    pub(super) fn repeated(&self, name: &str) -> Option<u8> {
        let mut images = self.images.iter();
        let (_, count) = images.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        (*count >= REPEATED).then_some(*count)
    }

    /// The image that is installed in turn with this one.
    pub(super) fn in_turn_with(&self, name: &str) -> Option<String> {
        let is_often = |(_, count): &&(String, u8)| *count >= IN_TURN;
        let mut often = self.images.iter().filter(is_often);
        let is = |(known, _): &&(String, u8)| known.eq_ignore_ascii_case(name);
        let is_own = often.clone().any(|image| is(&image));
        let other = often.find(|image| !is(image));
        other.filter(|_| is_own).map(|(known, _)| known.clone())
    }
}
