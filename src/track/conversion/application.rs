//! Requests of a running application.

use super::{
    context::{Context, FileRequest},
    core::Conversion,
};
use crate::{
    diagnose::Code,
    phone::{LoadName, RequestedFile},
    track::{
        change::Change,
        diagnosis::text,
        event::{Evidence, State, StepDetails},
        observation::EvidenceSource,
        remark::RemarkMeaning,
        route::StageRole,
    },
};

impl Conversion {
    /// A running application requested a file, so the phone is not in its boot loader.
    pub(super) fn on_application_request(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        if self.awaits_proof(cx, request) {
            self.keep_start(cx, request);
            self.check_trust_list(cx, request, out);
        } else {
            self.configuration.pending_start = None;
            self.on_proven_request(cx, request, out);
        }
    }

    /// The application requested the file, as its address proves or nothing needs to.
    pub(super) fn on_proven_request(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        self.on_start_request(cx, request, out);
        self.check_trust_list(cx, request, out);
        let name = request.file_name();
        match request.file {
            RequestedFile::SipLocale => {
                let detail = format!(
                    "requested {}, as only SIP firmware does",
                    text::printable(name)
                );
                self.on_sip_firmware(EvidenceSource::Requests, detail, out);
                self.on_running(cx.at, out);
            }
            RequestedFile::SccpLocale => {
                self.on_sccp_locale(name, out);
                self.on_running(cx.at, out);
            }
            _ => {}
        }
    }

    fn check_trust_list(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        match request.file {
            RequestedFile::Config { signed: true, .. } => {
                self.raise(
                    "",
                    text::trust_list(request.name, self.family_in_run(cx), cx.at),
                    out,
                );
            }
            RequestedFile::Config { signed: false, .. } => {
                self.withdraw(Code::TrustList, None, out);
            }
            _ => {}
        }
    }

    /// What the request shows about a start of the application.
    pub(super) fn on_start_request(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        let name = request.file_name();
        // The first file of every boot; it is not requested later.
        let is_boot = matches!(request.file, RequestedFile::TrustList(_));
        let is_config = matches!(
            request.file,
            RequestedFile::Config { .. }
                | RequestedFile::DefaultConfig
                | RequestedFile::LegacyDefault
        );
        let may_be_boot = is_boot
            || matches!(
                request.file,
                RequestedFile::IdentityList(_) | RequestedFile::Config { .. }
            );
        if may_be_boot && let Some(delivery) = self.delivery.manifest_deliveries.last_mut() {
            delivery.booted_since = true;
        }
        if may_be_boot || self.is_sip_application(cx, request) {
            self.infer_last_image(cx, request, out);
        }
        if is_boot {
            self.on_boot_of_running(cx.at, out);
            self.clear_closed_contact(out);
            self.check_start(cx, request, false, out);
            self.interrupt_pass(out);
            self.loads.reports.clear();
        }
        if may_be_boot || matches!(request.file, RequestedFile::SipLocale) {
            self.keep_images(request, out);
        }
        match self.state {
            State::Seen => self.transition_to(State::Configuring, StepDetails::of_file(name), out),
            _ if self.delivery.is_stepwise() => self.on_stepwise_request(cx, request, out),
            // The phone requested the manifest again but no images, so the last complete pass
            // counts.
            State::Manifest
                if self.slots().is_none()
                    && self.delivery.has_everything()
                    && (may_be_boot
                        || matches!(
                            request.file,
                            RequestedFile::SipLocale | RequestedFile::SccpLocale
                        )) =>
            {
                self.on_application_start(Some(name), out);
            }
            State::Manifest if may_be_boot => {
                self.transition_to(State::Configuring, StepDetails::of_file(name), out);
            }
            State::Images if is_boot => {
                self.transition_to(State::Configuring, StepDetails::of_file(name), out);
            }
            State::Writing | State::Rebooted if self.slots().is_some() => {
                self.on_start_of_slots(is_boot, name, out);
            }
            State::Writing | State::Rebooted => {
                self.configuration.requested_at = None;
                self.on_application_start(Some(name), out);
            }
            _ => {}
        }
        // During a survey the configuration names no load, so no manifest request follows.
        if is_config && self.configuration.requested_at.is_none() && !self.is_held(cx) {
            self.configuration.requested_at = Some(cx.at);
        }
    }

    /// An application starts, so an incomplete pass is over.
    fn interrupt_pass(&mut self, out: &mut Vec<Change>) {
        self.configuration.requested_at = None;
        self.delivery.manifest = None;
        let broke_off = self.newest_image_broke_off();
        let Some(pass) = &mut self.delivery.current else {
            return;
        };
        if pass.complete || pass.interrupted || pass.stepwise {
            return;
        }
        pass.interrupted = true;
        if pass.lacks_only_the_last_ack() && !broke_off {
            let detail = format!(
                "pass {}: only the final ACK of the last image is missing, and an application \
                 started; no proof that the image arrived",
                pass.number
            );
            self.note(EvidenceSource::Requests, detail, out);
        }
    }

    /// Every image is present and an application requested a file: flashed.
    pub(super) fn on_application_start(&mut self, file: Option<&str>, out: &mut Vec<Change>) {
        // The image of a step before the loader proves nothing about the target.
        if self.delivery.current.is_none() {
            let file = file.map(str::to_owned);
            let details = StepDetails {
                file,
                ..StepDetails::default()
            };
            return self.transition_to(State::Configuring, details, out);
        }
        if let Some(pass) = &self.delivery.current
            && matches!(pass.role, StageRole::Bridge(_))
        {
            return self.on_bridge_installed(file, out);
        }
        if self.has_diagnosis(Code::BundleIsSccp) {
            return self.on_sccp_installed(file, out);
        }
        let details = |evidence| StepDetails {
            file: file.map(str::to_owned),
            evidence,
            ..StepDetails::default()
        };
        if self.state != State::Rebooted {
            self.transition_to(State::Rebooted, details(None), out);
        }
        let evidence = Evidence {
            source: EvidenceSource::Requests,
            detail: format!(
                "{}; then an application requested {}",
                self.delivery.describe_images(),
                file.map_or_else(|| "a file".to_owned(), text::printable),
            ),
            disputed: false,
        };
        self.findings.add_evidence(evidence.clone());
        // Two passes are normal (recovery, then the load of the configuration). A phone that makes
        // a third one may make a fourth one, so it does not count as settled yet.
        self.configuration.settled = self.delivery.complete_passes == 2;
        self.transition_to(State::Flashed, details(Some(evidence)), out);
    }

    /// SIP firmware identified itself, without the name of its load. It is the target if a
    /// whole load was delivered in this run and the phone did not run SIP before.
    pub(super) fn on_sip_firmware(
        &mut self,
        source: EvidenceSource,
        detail: String,
        out: &mut Vec<Change>,
    ) {
        let was_other = self.loads.was_on_sccp || self.loads.in_recovery || self.early.got_loader;
        let is_proof = self.delivery.had_every_ack && was_other;
        if is_proof && matches!(self.state, State::Flashed | State::Confirmed) {
            self.loads.shown_by(source, self.state == State::Flashed);
        }
        if is_proof && self.state == State::Flashed {
            let evidence = Evidence {
                source,
                detail,
                disputed: false,
            };
            self.findings.add_evidence(evidence.clone());
            self.transition_to(State::Confirmed, StepDetails::of_evidence(evidence), out);
        } else {
            self.note(source, detail, out);
        }
    }

    fn on_sccp_locale(&mut self, file: &str, out: &mut Vec<Change>) {
        self.loads.was_on_sccp = true;
        let detail = format!(
            "requested {}, as only SCCP firmware does",
            text::printable(file)
        );
        self.on_other_load(EvidenceSource::Requests, detail, None, out);
    }

    /// A source reports something that no other observation covers.
    pub(in crate::track) fn on_remark(
        &mut self,
        source: EvidenceSource,
        detail: String,
        means: Option<RemarkMeaning>,
        out: &mut Vec<Change>,
    ) {
        match means {
            Some(RemarkMeaning::RunsSccp) => {
                self.loads.was_on_sccp = true;
                // In normal operation, but not in that of a converted phone.
                self.activity.running_since = None;
                self.on_other_load(source, detail, None, out);
            }
            Some(RemarkMeaning::NotServed) => {
                self.activity.not_served = true;
                if let Some(pass) = &mut self.delivery.current {
                    pass.not_served = true;
                }
                self.note(source, detail, out);
            }
            None => self.note(source, detail, out),
        }
    }

    /// The phone runs another load than it was given.
    pub(super) fn on_other_load(
        &mut self,
        source: EvidenceSource,
        detail: String,
        load: Option<LoadName>,
        out: &mut Vec<Change>,
    ) {
        if self.is_converted() {
            let evidence = Evidence {
                source,
                detail,
                disputed: false,
            };
            self.findings.add_deciding_evidence(evidence.clone());
            let details = StepDetails {
                load,
                ..StepDetails::of_evidence(evidence)
            };
            self.transition_to(State::Configuring, details, out);
        } else {
            self.note(source, detail, out);
        }
    }
}
