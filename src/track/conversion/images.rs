//! Requests for manifests and images: how passes begin and when they are complete.

use super::{
    configuration::SlotStart,
    context::{Context, FileRequest},
    core::Conversion,
    registration::RegistrationProgress,
};
use crate::{
    diagnose::Code,
    phone::{LoadName, RequestedFile},
    track::{
        change::Change,
        diagnosis::{rules, text},
        event::{Evidence, State, StepDetails},
        file_outcome::FileOutcome,
        history::{FetchAttempt, FileRole},
        observation::{EvidenceSource, ServedFile, TransferId},
        pass::{DUPLICATE_WITHIN, ImagePass, ImageStatus},
        route::StageRole,
    },
};

impl Conversion {
    /// A boot loader starts, unless this is the second request of a pair.
    pub(super) fn check_recovery_start(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let is_pair = self
            .delivery
            .current
            .as_ref()
            .is_some_and(|pass| cx.at.saturating_sub(pass.at) < DUPLICATE_WITHIN);
        if !is_pair {
            self.check_start(cx, request, true, out);
        }
    }

    /// The phone requested a manifest. `recovery`: its boot loader did.
    pub(super) fn on_manifest_request(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        recovery: bool,
        out: &mut Vec<Change>,
    ) {
        let entry = cx
            .catalog
            .manifest(self.offered_stage(), request.file_name());
        self.record(cx, request, FileRole::Manifest(entry));
        // A phone with two slots requests a manifest only if it runs another load.
        let may_keep = !recovery && self.slots().is_none();
        self.delivery.kept = self.kept_state().filter(|_| may_keep);
        if request.served.is_some() {
            self.delivery.manifest = Some(request.transfer);
            self.infer_manifest(cx, request);
            if let Some(family) = entry.and_then(|entry| cx.catalog.entry(entry).family) {
                if !recovery {
                    self.device.set_family(family);
                }
                self.withdraw(Code::WrongModelBundle, None, out);
                self.withdraw(Code::TrustList, None, out);
            } else if let RequestedFile::Manifest(load) = request.file
                && self.known_family().is_none()
                && let Some(family) = load.family()
            {
                self.device.set_family(family);
            }
        }
        // An application that is refused a load continues as before; a boot loader does not.
        let waits = recovery
            || request.served.is_some() && !self.is_routine_manifest()
            || matches!(self.state, State::Seen | State::Configuring) && !self.is_held(cx);
        if waits && self.state != State::Manifest {
            if self.awaits_proof(cx, request) {
                return self.keep_start(cx, request);
            }
            let details = StepDetails::of_file(request.file_name());
            self.transition_to(State::Manifest, details, out);
        }
    }

    /// The state of a phone that was converted by a pass and requests a manifest: that of its last
    /// pass again, as some do in every boot, or the one that its configuration names. It has images
    /// until it requests others.
    fn kept_state(&self) -> Option<State> {
        if self.state == State::Manifest {
            return self.delivery.kept;
        }
        let has_images = self.delivery.current.is_some() && self.is_converted();
        has_images.then_some(self.state)
    }

    /// The application goes on without an image: it runs what it has.
    pub(super) fn keep_images(&mut self, request: FileRequest<'_>, out: &mut Vec<Change>) {
        if self.state == State::Manifest
            && let Some(state) = self.delivery.kept.take()
        {
            let evidence = Evidence {
                source: EvidenceSource::Requests,
                detail: format!(
                    "requested its manifest and no image, then {}: it keeps the images that it has",
                    text::printable(request.file_name())
                ),
                disputed: false,
            };
            self.findings.add_evidence(evidence.clone());
            // It went past the manifest in the same boot, so it requests none of its images.
            self.configuration.settled |= *request.file == RequestedFile::SipLocale;
            self.transition_to(state, StepDetails::of_evidence(evidence), out);
        }
    }

    /// The phone requested an image.
    pub(super) fn on_image_request(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        if request.served.is_some() && self.awaits_image_proof(cx, request) {
            self.record(cx, request, FileRole::Image(None));
            return;
        }
        self.on_image_wanted(cx, request, out);
        if request.served.is_none() {
            self.record(cx, request, FileRole::Image(None));
            let is_listed = self.image_index(cx, request.name).is_some();
            if let Some(pass) = self.delivery.current.as_mut().filter(|_| is_listed) {
                pass.refused = true;
            }
            return self.plan_early(cx, request.name, out);
        }
        self.begin_pass_with_image(cx, request);
        let index = self.image_index(cx, request.file_name());
        self.record(cx, request, FileRole::Image(index));
        self.on_image_started(cx, request, index, out);
    }

    /// What it means that the phone wants an image, whether it gets it or not.
    fn on_image_wanted(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        self.delivery.manifest_deliveries.clear();
        self.delivery.kept = None;
        // An application that is refused an image goes on with the load that it has.
        if request.served.is_some() || self.loads.in_recovery {
            self.activity.running_since = None;
        }
        self.check_sccp_image(cx, request, out);
        self.check_unsigned_image(cx, request, out);
        for code in [
            Code::ManifestRefused,
            Code::BridgeNeeded,
            Code::HardwareMismatch,
            Code::ImagesRefused,
            // What it registered with is being replaced.
            Code::NotRegistering,
        ] {
            // Firmware from before the loader also looks for images that are not for it.
            if code != Code::BridgeNeeded || !self.early.is_present() {
                self.withdraw(code, None, out);
            }
        }
    }

    /// The place of the image in the current pass.
    fn image_index(&self, cx: Context<'_>, name: &str) -> Option<usize> {
        let pass = self.delivery.current.as_ref();
        let pass = pass.filter(|pass| !pass.interrupted)?;
        cx.catalog.entry(pass.entry).image_index(name)
    }

    /// A part of an image was acknowledged, which was requested when the phone had them all: it fetches
    /// them again.
    pub(super) fn prove_image(
        &mut self,
        cx: Context<'_>,
        transfer: TransferId,
        out: &mut Vec<Change>,
    ) {
        let attempt = self.delivery.attempts.get(transfer);
        let Some(attempt) = attempt.filter(|attempt| attempt.role == FileRole::Image(None)) else {
            return;
        };
        let (name, transport) = (attempt.name.clone(), attempt.transport);
        let served = ServedFile {
            name: name.clone(),
            size: attempt.size.unwrap_or(ServedFile::UNKNOWN_SIZE),
        };
        let request = FileRequest {
            transfer,
            transport,
            name: &name,
            port: 0,
            file: &RequestedFile::Image,
            served: Some(&served),
            error: None,
        };
        if !self.awaits_image_proof(cx, request) {
            return;
        }
        self.configuration.pending_start = None;
        self.on_image_wanted(cx, request, out);
        self.begin_pass_with_image(cx, request);
        let index = self.image_index(cx, &name);
        let pass = self.delivery.pass;
        if let Some(attempt) = self.delivery.attempts.get_mut(transfer) {
            attempt.role = FileRole::Image(index);
            attempt.pass = pass;
        }
        self.on_image_started(cx, request, index, out);
    }

    /// The phone fetches the image at `index` of the current pass, or another one.
    fn on_image_started(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        index: Option<usize>,
        out: &mut Vec<Change>,
    ) {
        if let Some(index) = index {
            self.on_image_of_pass(cx, request, index, out);
        }
        if self.state != State::Images {
            let details = StepDetails::of_file(request.file_name());
            self.transition_to(State::Images, details, out);
        }
        if !self.delivery.has_everything() {
            self.check_complete(StepDetails::default(), out);
        }
    }

    /// Begins a pass if the newest manifest lists the requested image.
    fn begin_pass_with_image(&mut self, cx: Context<'_>, request: FileRequest<'_>) {
        let newest = self
            .delivery
            .manifest
            .and_then(|transfer| self.delivery.attempts.get(transfer));
        if let Some(attempt) = newest
            && let FileRole::Manifest(Some(entry)) = attempt.role
            && let Some(index) = cx.catalog.entry(entry).image_index(request.file_name())
            && (attempt.open || attempt.all_sent)
        {
            let attempt = attempt.clone();
            // The phone accepts a manifest that counted as refused.
            self.routing.stage = cx.catalog.entry(entry).role;
            if self.delivery.begins_pass(&attempt, entry, Some(index)) {
                self.begin_pass(cx, &attempt, entry);
            }
        }
    }

    /// The phone requested the image at `index` of the current pass.
    fn on_image_of_pass(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        index: usize,
        out: &mut Vec<Change>,
    ) {
        let Some(pass) = &mut self.delivery.current else {
            return;
        };
        pass.refused = false;
        let implied = pass.on_image_request(index, request.transfer, self.activity.requests);
        if pass.stepwise && self.early.got_loader {
            let entry = cx.catalog.entry(pass.entry);
            let attempts = &self.delivery.attempts;
            let arrived = attempts
                .iter()
                .filter(|attempt| attempt.outcome == FileOutcome::Delivered);
            // The loader, which brought the phone here.
            for index in arrived.filter_map(|attempt| entry.image_index(&attempt.name)) {
                let image = &mut pass.images[index];
                image.delivered |= std::mem::take(&mut image.had_before);
            }
        }
        let image = pass.images[index];
        let attempts = image.attempts.saturating_sub(image.killed);
        let failures = self.delivery.failures(request.file_name());
        let attempts = attempts.max(failures.saturating_add(1));
        for transfer in implied {
            self.delivery.imply(transfer);
        }
        self.delivery.imply_manifest_if_sent();
        self.infer_images_before(cx, index, out);
        if attempts >= rules::BROKEN_ATTEMPTS && !image.delivered {
            self.check_broken(cx, request, attempts, out);
        }
    }

    /// Begins the pass of the manifest that `attempt` fetched.
    pub(super) fn begin_pass(&mut self, cx: Context<'_>, attempt: &FetchAttempt, entry: usize) {
        let delivery = &mut self.delivery;
        // A manifest that led to no image was not a pass through the images.
        if !delivery.pass_is_unused() {
            delivery.pass += 1;
        }
        delivery.pass_is_unused = false;
        self.registration = RegistrationProgress::default();
        self.configuration.pending_start = None;
        self.configuration.slots = SlotStart::default();
        let staged = cx.catalog.entry(entry);
        if staged.role == StageRole::Target {
            self.loads.to = Some(staged.load.clone());
        }
        delivery.current = Some(ImagePass {
            number: delivery.pass,
            entry,
            role: staged.role,
            stepwise: staged.stepwise,
            requests_only: cx.requests_only,
            transfer: attempt.transfer,
            at: attempt.at,
            has_manifest: attempt.outcome == FileOutcome::Delivered,
            images: vec![ImageStatus::default(); staged.count],
            platforms: staged.platforms.clone(),
            sequence: 0,
            complete: false,
            interrupted: false,
            refused: false,
            not_served: false,
        });
        let pass = delivery.pass;
        if let Some(attempt) = delivery.attempts.get_mut(attempt.transfer) {
            attempt.pass = pass;
        }
    }

    /// Completes the pass if every image is accounted for: then the phone writes. Returns
    /// whether it reported a step.
    pub(super) fn check_complete(&mut self, details: StepDetails, out: &mut Vec<Change>) -> bool {
        let Some(pass) = &mut self.delivery.current else {
            return false;
        };
        if !pass.is_whole() {
            return false;
        }
        let newly = !pass.complete;
        if newly {
            pass.complete = true;
            let had_every_ack = pass.own_images().all(|(_, image)| image.delivered);
            if pass.role == StageRole::Target {
                self.delivery.complete_passes += 1;
                self.delivery.had_every_ack |= had_every_ack;
            }
        }
        let interrupted = pass.interrupted;
        if newly {
            self.on_pass_complete(out);
        }
        // The missing part arrived after the application had started.
        if interrupted {
            if newly && self.state == State::Configuring {
                self.on_application_start(None, out);
                return true;
            }
            return false;
        }
        // A duplicate of the manifest may have been requested along with the last images.
        if self.state == State::Images || newly && self.state == State::Manifest {
            self.transition_to(State::Writing, details, out);
            return true;
        }
        false
    }

    fn on_pass_complete(&mut self, out: &mut Vec<Change>) {
        self.loads.on_overwritten();
        self.withdraw(Code::RebootedMidImage, None, out);
        let passes = self.delivery.complete_passes;
        if passes >= rules::REPEATED_PASSES && !self.routing.suppress_load {
            self.routing.suppress_load = true;
            let load = self.loads.to.clone();
            let load = load.unwrap_or_else(|| LoadName::new(""));
            let diagnosis = text::repeated(&load, passes);
            self.raise("", diagnosis, out);
        }
    }
}
