//! Phones with two slots: they run on while they fetch images, write the slot that does not run, and
//! restart.
//!
//! Such a phone requests its lists, its configuration, the manifest if the configuration names
//! another load than the one that runs, the images, and, after a restart, the lists and the
//! configuration again. Only then it requests what a running phone needs: locale, tones, dial plan.
//! So a phone that requests these with a manifest or with images rejected them. One that was given its
//! configuration after a restart and requests no manifest runs the load that the configuration names.

use std::time::Duration;

use super::{
    context::{Context, FileRequest},
    core::Conversion,
    request_loop::is_beside_configuration,
    requests::is_dial_plan,
    status::SETTLED_AFTER,
};
use crate::{
    diagnose::Code,
    phone::{LoadName, RequestedFile, Slots},
    track::{
        change::Change,
        diagnosis::text,
        event::{State, StepDetails},
        file_outcome::FileOutcome,
        history::{FetchAttempt, FileRole},
        observation::{EvidenceSource, RunTime},
    },
};

/// A request for a trust list this long after the last image, or later, shows a restart: real ones
/// take 60 s and more.
const RESTARTED_AFTER: Duration = Duration::from_secs(30);

/// Bytes of the end of a file whose ACKs may be missing although the phone has them.
const LAST_BLOCKS: u64 = 1024;

impl Conversion {
    /// The facts about the phone's two slots, if it has two.
    pub(super) fn slots(&self) -> Option<&'static Slots> {
        self.known_family()?.slots()
    }

    /// Whether the phone rejected its images and runs on with the load that it has.
    pub(super) fn runs_on_after_images(&self) -> bool {
        self.slots().is_some() && self.has_diagnosis(Code::ImagesRefused)
    }

    /// Whether a phone with two slots started since its newest image, as proven: what it runs from now
    /// on is not overwritten.
    pub(super) fn has_restarted(&self) -> bool {
        self.slots().is_some() && self.configuration.slots.is_proven
    }

    /// What a request shows about a phone with two slots, whether or not its address proves it.
    pub(super) fn check_slots(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let Some(slots) = self.slots() else {
            return;
        };
        let goes_on = matches!(
            request.file,
            RequestedFile::SipLocale | RequestedFile::SccpLocale | RequestedFile::Other
        ) && !is_beside_configuration(request.name);
        match (self.state, request.file) {
            (_, RequestedFile::Manifest(_) | RequestedFile::Image) => {
                self.configuration.slots.configured_at = None;
            }
            (_, RequestedFile::Config { .. } | RequestedFile::DefaultConfig)
                if cx.requests_only && request.served.is_some() =>
            {
                self.configuration.slots.configured_at = Some(cx.at);
            }
            (State::Writing, _) if goes_on => self.on_images_refused(cx, request, out),
            (State::Images, _) if goes_on && self.has_whole_newest_image() => {
                self.on_images_refused(cx, request, out);
            }
            (State::Manifest, _) if goes_on => {
                if let Some(delivery) = self.delivery.manifest_deliveries.last_mut() {
                    delivery.ran_on = true;
                }
            }
            _ => {}
        }
        if slots.dial_plan_shows_sip && is_dial_plan(request.name) {
            let detail = format!(
                "requested {}, which only a configuration for SIP names",
                text::printable(request.file_name())
            );
            self.on_sip_firmware(EvidenceSource::Requests, detail, out);
        }
    }

    /// A list is requested, before its request is proven.
    pub(super) fn check_slot_start(&mut self, cx: Context<'_>, request: FileRequest<'_>) {
        let apart = cx.at.saturating_sub(self.activity.before);
        if matches!(request.file, RequestedFile::TrustList(_)) && apart >= RESTARTED_AFTER {
            self.configuration.slots.is_late = true;
        }
    }

    /// A proven request of an application after the last image.
    pub(super) fn on_start_of_slots(&mut self, is_boot: bool, name: &str, out: &mut Vec<Change>) {
        if !is_boot || !self.configuration.slots.is_late {
            return;
        }
        self.configuration.slots.is_proven = true;
        self.configuration.requested_at = None;
        if self.state == State::Writing {
            self.transition_to(State::Rebooted, StepDetails::of_file(name), out);
        }
    }

    /// This configuration was delivered.
    pub(super) fn on_slots_configured(&mut self, cx: Context<'_>, attempt: &FetchAttempt) {
        let mut newest = self.delivery.attempts.iter().rev();
        let manifest = newest.find(|other| matches!(other.role, FileRole::Manifest(_)));
        let is_used = manifest.is_some_and(|manifest| manifest.sequence > attempt.sequence);
        if self.slots().is_some() && !is_used && !self.is_held(cx) {
            self.configuration.slots.configured_at = Some(cx.at);
        }
    }

    /// When a phone that was given its configuration counts as one that runs the load that it names:
    /// with another load it requests the manifest at once.
    pub(super) fn slots_due(&self) -> Option<RunTime> {
        let start = self.configuration.slots;
        let is_open = match self.state {
            State::Rebooted => start.is_proven,
            State::Configuring => self.lacks_last_ack_of_interrupted(),
            _ => false,
        };
        let has_load = self.slots().is_some() && !self.routing.suppress_load;
        start
            .configured_at
            .filter(|_| is_open && has_load)
            .map(|at| at + SETTLED_AFTER)
    }

    /// The phone was given its configuration, and requested no manifest.
    pub(super) fn on_slots_due(&mut self, out: &mut Vec<Change>) {
        self.configuration.slots.configured_at = None;
        if self.state == State::Configuring {
            self.imply_last_image(out);
        } else {
            self.on_application_start(None, out);
        }
        self.configuration.settled |= self.state == State::Flashed;
    }

    fn lacks_last_ack_of_interrupted(&self) -> bool {
        let pass = self.delivery.current.as_ref();
        pass.is_some_and(|pass| {
            pass.interrupted && !pass.complete && pass.lacks_only_the_last_ack()
        })
    }

    /// Only the final ACK of the last image was missing.
    fn imply_last_image(&mut self, out: &mut Vec<Change>) {
        let Some(pass) = &mut self.delivery.current else {
            return;
        };
        let last = pass.own_images().next_back().map(|(index, _)| index);
        if let Some(image) = last.and_then(|last| pass.images.get_mut(last))
            && image.all_sent
        {
            image.implied = true;
            if let Some(transfer) = image.transfer {
                self.delivery.imply(transfer);
            }
            self.check_complete(StepDetails::default(), out);
        }
    }

    /// Whether a phone with two slots lacks a part of its newest image, and not only an ACK.
    pub(super) fn has_broken_last_image(&self) -> bool {
        self.slots().is_some() && self.newest_image_broke_off()
    }

    /// Whether more than the last blocks of the newest image are known to be missing.
    pub(super) fn newest_image_broke_off(&self) -> bool {
        let mut newest = self.delivery.attempts.iter().rev();
        let newest = newest.find(|attempt| matches!(attempt.role, FileRole::Image(_)));
        newest.is_some_and(|attempt| {
            let lacks = |size: u64| size.saturating_sub(attempt.bytes) > LAST_BLOCKS;
            let has_begun = attempt.open || attempt.bytes > 0;
            has_begun && !attempt.all_sent && attempt.size.is_some_and(lacks)
        })
    }

    /// Whether the newest image of the pass was delivered, so that nothing but the image can be the
    /// reason why the phone goes on.
    fn has_whole_newest_image(&self) -> bool {
        let mut newest = self.delivery.attempts.iter().rev();
        newest
            .find(|attempt| matches!(attempt.role, FileRole::Image(_)))
            .is_some_and(|attempt| attempt.outcome == FileOutcome::Delivered)
    }

    /// The phone goes on without a restart: it rejected the images. A host that forges its address can
    /// request that too, so the state stays.
    fn on_images_refused(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let family = self.known_family();
        let diagnosis = text::images_refused(request.name, family, cx.at);
        self.raise("", diagnosis, out);
    }

    /// The phone requested the manifest of an SCCP load of its family, and is to have SIP.
    pub(super) fn check_sccp_load(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        self.loads.was_on_sccp = true;
        if let RequestedFile::Manifest(load) = request.file
            && let Some(family) = load.family()
        {
            self.device.set_family(family);
        }
        let target = self.known_family().and_then(|family| {
            let entry = cx.catalog.for_family(self.routing.stage, family)?;
            Some(&entry.load)
        });
        let diagnosis = text::sccp_load(request.name, target.map(LoadName::as_str), cx.at);
        self.raise("", diagnosis, out);
    }

    /// The phone shows that it has multiplatform firmware: by a request, or by its load.
    pub(super) fn on_multiplatform(&mut self, cx: Context<'_>, shown: &str, out: &mut Vec<Change>) {
        if !self.has_diagnosis(Code::Multiplatform) {
            self.raise("", text::multiplatform(shown, cx.at), out);
        }
    }
}
