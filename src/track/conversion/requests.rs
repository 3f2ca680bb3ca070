//! A request for a file: the entry point of all rules about requests.

use super::{
    context::{Context, FileRequest},
    core::Conversion,
};
use crate::{
    diagnose::Code,
    phone::{RequestedFile, normalized_name},
    track::{
        change::Change,
        history::{FetchAttempt, FileRole},
        observation::{EvidenceSource, Transport},
    },
};

impl Conversion {
    /// The phone requested a file.
    pub(in crate::track) fn on_request(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        self.on_activity(cx.at, out);
        self.reaches_this_machine(out);
        self.activity.requests += 1;
        self.count_unacked_request(cx, request, out);
        self.check_slot_start(cx, request);
        self.check_early(cx, request, out);
        self.check_unnamed_load(cx, request, out);
        self.check_config(cx, request, out);
        self.count_starts(cx, request, out);
        self.check_polls(cx, request, out);
        let is_http = request.transport == Transport::Http
            && !matches!(
                request.file,
                RequestedFile::Image | RequestedFile::Manifest(_) | RequestedFile::Recovery(_)
            );
        if request.file.is_from_application() || is_http || self.is_file_of_sip(request) {
            self.on_application_request(cx, request, out);
        }
        self.check_slots(cx, request, out);
        match request.file {
            RequestedFile::Recovery(model) => {
                self.activity.running_since = None;
                self.loads.in_recovery = true;
                if let Some(model) = model {
                    self.device.set_model(model);
                }
                self.check_recovery_start(cx, request, out);
                self.on_manifest_request(cx, request, true, out);
            }
            RequestedFile::Manifest(_) => self.on_manifest_request(cx, request, false, out),
            RequestedFile::Image => {
                self.delivery.last_image = Some(cx.at);
                self.on_image_request(cx, request, out);
            }
            file => {
                let role = FileRole::of(file);
                self.record(cx, request, role);
                if role == FileRole::OwnConfig && request.served.is_some() {
                    self.registration.on_configuration_requested();
                }
                if is_dial_plan(request.name) {
                    self.on_running(cx.at, out);
                    let detail = "requested dialplan.xml: it accepted a configuration".to_owned();
                    self.note(EvidenceSource::Requests, detail, out);
                }
            }
        }
        if request.served.is_none() {
            self.check_not_found(cx, request, out);
        } else {
            self.withdraw(Code::MissingImage, Some(request.file_name()), out);
            self.withdraw(Code::NameMismatch, Some(request.file_name()), out);
            self.withdraw(Code::AccessDenied, Some(request.file_name()), out);
        }
        self.check_loader(cx, request, out);
    }

    /// The phone requested its configuration and did not get it.
    pub(in crate::track) fn on_withheld(&mut self, cx: Context<'_>, request: FileRequest<'_>) {
        self.activity.requests += 1;
        self.record(cx, request, FileRole::of(request.file));
    }

    /// The phone sends requests to this machine, whatever its VLAN and its lease are.
    fn reaches_this_machine(&mut self, out: &mut Vec<Change>) {
        self.clear_other_subnet(out);
        self.clear_unused_lease(out);
    }

    /// Another host may have sent the request: nothing else follows from it.
    pub(in crate::track) fn record_unproven(&mut self, cx: Context<'_>, request: FileRequest<'_>) {
        self.activity.requests += 1;
        self.record(cx, request, FileRole::Other);
    }

    /// Records the request in the history.
    pub(super) fn record(&mut self, cx: Context<'_>, request: FileRequest<'_>, role: FileRole) {
        let FileRequest {
            transfer,
            transport,
            name,
            served,
            ..
        } = request;
        self.delivery.attempts.push(FetchAttempt {
            sequence: self.activity.requests,
            pass: self.delivery.pass,
            role,
            ..FetchAttempt::new(cx.at, transfer, transport, name, served)
        });
    }
}

/// Whether this is the dial plan, which only a phone that accepted a configuration requests.
pub(super) fn is_dial_plan(name: &str) -> bool {
    let name = normalized_name(name);
    name.rsplit('/').next() == Some("dialplan.xml")
}
