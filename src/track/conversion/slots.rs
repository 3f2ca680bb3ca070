//! Phones with two slots: they run on while they fetch images, write the slot that does not run, and
//! restart.
//!
//! Such a phone requests its lists, its configuration, the manifest if the configuration names
//! another load than the one that runs, the images, and, after a restart, the lists and the
//! configuration again. Only then it requests what a running phone needs: locale, tones, dial plan.
//! So a phone that requests these with a manifest or with images rejected them, and one that
//! requests them after a restart and its configuration runs the load that the configuration names.

use std::time::Duration;

use super::{
    context::{Context, FileRequest},
    core::Conversion,
    request_loop::is_beside_configuration,
    requests::is_dial_plan,
};
use crate::{
    diagnose::Code,
    phone::{LoadName, RequestedFile, Slots},
    track::{
        change::Change,
        diagnosis::text,
        event::{State, StepDetails},
        file_outcome::FileOutcome,
        history::FileRole,
        observation::EvidenceSource,
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

    /// Whether the phone was given a configuration in this start. To be called before the request
    /// that shows that it used it.
    pub(super) fn has_configuration(&self, cx: Context<'_>) -> bool {
        let boot = &self.configuration.boot;
        boot.own_delivered || boot.default_delivered || cx.requests_only && boot.found
    }

    /// Whether a request comes long enough after the last image for a restart.
    fn is_restart(&self, cx: Context<'_>) -> bool {
        cx.at.saturating_sub(self.activity.before) >= RESTARTED_AFTER
    }

    /// Whether a phone with two slots requested its lists since its newest image: it restarted, and
    /// what it runs from now on is not overwritten.
    pub(super) fn has_restarted(&self) -> bool {
        let mut newest = self.delivery.attempts.iter().rev();
        let image = newest.find(|attempt| matches!(attempt.role, FileRole::Image(_)));
        let began = self.configuration.boot.began;
        self.slots().is_some()
            && image
                .zip(began)
                .is_some_and(|(image, began)| began > image.at)
    }

    /// What a request shows about a phone with two slots. `has_configuration`: see
    /// [`Self::has_configuration`].
    pub(super) fn check_slots(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        has_configuration: bool,
        out: &mut Vec<Change>,
    ) {
        let Some(slots) = self.slots() else {
            return;
        };
        let is_start = matches!(request.file, RequestedFile::TrustList(_));
        let goes_on = matches!(
            request.file,
            RequestedFile::SipLocale | RequestedFile::SccpLocale | RequestedFile::Other
        ) && !is_beside_configuration(request.name);
        let details = StepDetails::of_file(request.file_name());
        match self.state {
            State::Writing if is_start && self.is_restart(cx) => {
                self.configuration.requested_at = None;
                self.transition_to(State::Rebooted, details, out);
            }
            State::Writing if goes_on => self.on_images_refused(cx, request, out),
            State::Images if goes_on && self.has_whole_newest_image() => {
                self.on_images_refused(cx, request, out);
            }
            // Its configuration names no load any more, so the phone shows nothing.
            State::Rebooted if goes_on && self.routing.suppress_load => {
                self.transition_to(State::Configuring, details, out);
                self.on_running(cx.at, out);
            }
            State::Rebooted => {
                let is_next_start = is_start && self.configuration.boot.boots_without_effect > 0;
                let is_settled = goes_on && has_configuration || is_next_start;
                if is_settled && !self.routing.suppress_load && !self.is_held(cx) {
                    self.on_application_start(Some(request.file_name()), out);
                    self.configuration.settled |= self.state == State::Flashed;
                }
            }
            State::Configuring if goes_on && has_configuration => {
                self.imply_last_image(out);
            }
            State::Manifest if goes_on => {
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

    /// After a restart, the phone read its configuration and requests no manifest, so it runs the
    /// load of the images. Only the final ACK of the last one was missing.
    fn imply_last_image(&mut self, out: &mut Vec<Change>) {
        if self.routing.suppress_load {
            return;
        }
        let Some(pass) = &mut self.delivery.current else {
            return;
        };
        if !pass.interrupted || pass.complete || !pass.lacks_only_the_last_ack() {
            return;
        }
        let last = pass.own_images().next_back().map(|(index, _)| index);
        if let Some(image) = last.and_then(|last| pass.images.get_mut(last))
            && image.all_sent
        {
            image.implied = true;
            let transfer = image.transfer;
            if let Some(transfer) = transfer {
                self.delivery.imply(transfer);
            }
            self.check_complete(StepDetails::default(), out);
        }
    }

    /// Whether a phone with two slots lacks a part of its newest image, and not only an ACK.
    pub(super) fn has_broken_last_image(&self) -> bool {
        let mut newest = self.delivery.attempts.iter().rev();
        let newest = newest.find(|attempt| matches!(attempt.role, FileRole::Image(_)));
        self.slots().is_some()
            && newest.is_some_and(|attempt| {
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

    /// The phone goes on without a restart: it rejected the images.
    fn on_images_refused(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        if let Some(pass) = &mut self.delivery.current {
            pass.interrupted = true;
        }
        let family = self.known_family();
        let diagnosis = text::images_refused(request.name, family, cx.at);
        self.raise("", diagnosis, out);
        let details = StepDetails::of_file(request.file_name());
        self.transition_to(State::Configuring, details, out);
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
